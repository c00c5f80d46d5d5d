"""What each node publishes, subscribes to and serves.

Names as in the code, relative ones without a leading slash; ``*`` stands for one part of a name.
"""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.ros.motion_outputs import OUTPUTS


@dataclass(frozen=True)
class Connections:
    """How a node is connected to others.

    Attributes
    ----------
    publishes, subscribes
        Topics.
    serves
        Services.
    """

    publishes: tuple[str, ...] = ()
    subscribes: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()

    def __add__(self, other: Connections) -> Connections:
        """Return both together."""
        return Connections(
            self.publishes + other.publishes,
            self.subscribes + other.subscribes,
            self.serves + other.serves,
        )


_PARAMETERS = (
    'describe_parameters',
    'get_parameter_types',
    'get_parameters',
    'list_parameters',
    'set_parameters',
    'set_parameters_atomically',
)
# What rclpy gives every node. Of a simulation there is /clock.
NODE = Connections(
    publishes=('/parameter_events', '/rosout'),
    subscribes=('/clock',),
    serves=(*(f'~/{name}' for name in _PARAMETERS), '~/get_type_description'),
)
LIFECYCLE = Connections(
    publishes=('~/transition_event',),
    serves=(
        '~/change_state',
        '~/get_available_states',
        '~/get_available_transitions',
        '~/get_state',
        '~/get_transition_graph',
    ),
)
_DIAGNOSTICS = Connections(publishes=('/diagnostics',))
_IMAGE = ('image', 'image/compressed')
_TOLD = tuple(output.topic for output in OUTPUTS)
_BODY = (
    *('roi', 'skeleton2d', 'cropped', 'joint_states', 'posture', 'gesture'),
    *('position', 'velocity', 'urdf', 'segments'),
)

NODES = {
    'pose_node': NODE
    + LIFECYCLE
    + _DIAGNOSTICS
    + Connections(
        publishes=(
            *('skeletons', 'skeleton_format', 'hands', 'hand_format'),
            *('~/target', '~/target_state'),
        ),
        subscribes=(
            *(*_IMAGE, 'camera_info', 'depth', 'depth/compressedDepth'),
            *('/tf', '/tf_static'),
        ),
        serves=('~/lock', '~/unlock'),
    ),
    'gesture_node': NODE
    + _DIAGNOSTICS
    + Connections(publishes=_TOLD, subscribes=('skeletons', 'hands')),
    'marker_node': NODE
    + _DIAGNOSTICS
    + Connections(
        publishes=('skeleton_markers', 'image_overlay', 'image_overlay/compressed'),
        subscribes=(
            *('skeletons', 'hands', 'camera_info', *_IMAGE),
            *('gestures', 'postures', 'falls', 'exercise', 'joint_angles'),
        ),
    ),
    'bridge_node': NODE
    + _DIAGNOSTICS
    + Connections(
        publishes=(
            *('detections', 'image_annotations', 'hand_annotations', 'people'),
            *('/tf', '/humans/bodies/tracked'),
            *(f'/humans/bodies/*/{topic}' for topic in _BODY),
        ),
        subscribes=(
            *('skeletons', 'hands', *_IMAGE),
            *('gestures', 'joint_angles', 'postures', 'falls', 'exercise'),
        ),
    ),
    'fusion_node': NODE
    + _DIAGNOSTICS
    + Connections(
        publishes=('skeletons', 'skeleton_format'),
        subscribes=('/tf', '/tf_static', '*/skeletons', '*/camera_info'),
    ),
    'web_node': NODE
    + _DIAGNOSTICS
    + Connections(
        subscribes=(
            *('skeletons', 'hands', '/diagnostics', *_IMAGE),
            *('gestures', 'joint_angles', 'postures', 'falls', 'exercise'),
        ),
    ),
    'source_node': NODE + Connections(publishes=('image', 'camera_info', 'truth', 'depth')),
}
