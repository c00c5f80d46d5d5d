"""Start pose_ros: ``ros2 launch pose_ros pose.launch.py image:=/camera/image_raw``.

Without a camera of your own: ``source:=camera``, ``source:=actor`` or ``source:=VIDEO``.
``--show-args`` lists the arguments.
"""

from math import pi
import posixpath

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from pose_ros.core.resources import config_file
from pose_ros.process_environment import image_transport_environment

BOOLEAN = ['true', 'false']
ARGUMENTS = (
    DeclareLaunchArgument('image', default_value='image', description='topic of the images'),
    DeclareLaunchArgument(
        'camera_info',
        default_value='',
        description='topic of the calibration; empty: camera_info beside the images',
    ),
    DeclareLaunchArgument(
        'source',
        default_value='none',
        description='starts source_node: camera, a device such as /dev/video2, actor, or a video '
        "file's path; none: the images come from elsewhere",
    ),
    DeclareLaunchArgument(
        'model',
        default_value='',
        description='name as in `pose-ros models list`; empty: as in the parameter files',
    ),
    DeclareLaunchArgument(
        'device',
        default_value='',
        description='where the model runs, such as cpu; empty: as in the parameter files',
    ),
    DeclareLaunchArgument(
        'mode',
        default_value='',
        description='whom to follow: single, multi or auto; empty: as in the parameter files',
        choices=['', 'single', 'multi', 'auto'],
    ),
    DeclareLaunchArgument(
        'max_people',
        default_value='',
        description='most people to follow in multi and auto; empty: as in the parameter files',
    ),
    DeclareLaunchArgument(
        'detector',
        default_value='',
        description='what finds people in the whole image, a name as in `pose-ros models list`; '
        'empty: as in the parameter files',
    ),
    DeclareLaunchArgument(
        'gestures',
        default_value='',
        description='gestures to report, such as wave,stop; all or none; empty: as in the '
        'parameter files',
    ),
    DeclareLaunchArgument(
        'learned',
        default_value='',
        description='.tflite file of learned gestures; empty: as in the parameter files',
    ),
    DeclareLaunchArgument(
        'exercise',
        default_value='',
        description='exercise to watch, such as squat; auto or none; empty: as in the parameter '
        'files',
    ),
    DeclareLaunchArgument(
        'transport',
        default_value='',
        description='raw or compressed images; empty: as in the parameter files',
        choices=['', 'raw', 'compressed'],
    ),
    DeclareLaunchArgument(
        'autostart',
        default_value='true',
        description='whether pose_node activates itself; false: a lifecycle manager does',
        choices=BOOLEAN,
    ),
    DeclareLaunchArgument(
        'params_file',
        default_value='',
        description='YAML file whose parameters, of any of the nodes, go before those in config/',
    ),
    DeclareLaunchArgument('namespace', default_value='', description='of all nodes and topics'),
    DeclareLaunchArgument(
        'use_sim_time', default_value='false', description='time from /clock', choices=BOOLEAN
    ),
    DeclareLaunchArgument('log_level', default_value='info', description='debug to fatal'),
    DeclareLaunchArgument(
        'rviz', default_value='false', description='whether to start RViz', choices=BOOLEAN
    ),
    DeclareLaunchArgument(
        'fixed_frame', default_value='camera_optical_frame', description="RViz' fixed frame"
    ),
)


def generate_launch_description() -> LaunchDescription:
    """Arguments, then the environment in which images pass quickly, then the nodes."""
    environment = [
        SetEnvironmentVariable(name, value)
        for name, value in image_transport_environment().items()
    ]
    return LaunchDescription([*ARGUMENTS, *environment, OpaqueFunction(function=make_nodes)])


def make_nodes(context: LaunchContext) -> list[Node]:
    """Nodes that the arguments ask for."""
    arguments = {a.name: LaunchConfiguration(a.name).perform(context) for a in ARGUMENTS}
    nodes = [
        make_node('pose_node', arguments, pose_parameters(arguments)),
        make_node('gesture_node', arguments, gesture_parameters(arguments)),
        make_node('marker_node', arguments, {}),
    ]
    own_source = arguments['source'] != 'none'
    if own_source:
        nodes.append(make_node('source_node', arguments, source_parameters(arguments['source'])))
    if arguments['rviz'] == 'true':
        nodes.append(make_rviz(arguments))
        if own_source:
            nodes.append(make_camera_frame())
    return nodes


def pose_parameters(arguments: dict[str, str]) -> dict[str, str | int | bool]:
    """Parameters of pose_node that the arguments set."""
    names = ('model', 'device', 'mode', 'max_people', 'detector', 'transport')
    chosen: dict[str, str | int] = {name: arguments[name] for name in names if arguments[name]}
    # What is no number is for the node to refuse, in one line.
    if arguments['max_people'].isdecimal():
        chosen['max_people'] = int(arguments['max_people'])
    return {**chosen, 'autostart': arguments['autostart'] == 'true'}


def gesture_parameters(arguments: dict[str, str]) -> dict[str, str]:
    """Parameters of gesture_node that the arguments set."""
    names = ('gestures', 'learned', 'exercise')
    return {name: arguments[name] for name in names if arguments[name]}


def source_parameters(source: str) -> dict[str, str]:
    """Parameters of source_node that stand for a source."""
    if source in ('camera', 'actor'):
        return {'source': source}
    if source.startswith('/dev/'):
        return {'source': 'camera', 'device': source}
    return {'source': 'video', 'path': source}


def topics(arguments: dict[str, str]) -> dict[str, str]:
    """Topics by the names that they have in the nodes."""
    image = arguments['image']
    beside = posixpath.join(posixpath.dirname(image), 'camera_info')
    return {'image': image, 'camera_info': arguments['camera_info'] or beside}


def make_node(name: str, arguments: dict[str, str], parameters: dict) -> Node:
    """Node with the parameters of its file, of the user's file and of the arguments."""
    files = [str(config_file(f'{name}.yaml')), arguments['params_file']]
    common = {'use_sim_time': arguments['use_sim_time'] == 'true'}
    return Node(
        package='pose_ros',
        executable=name,
        name=name,
        namespace=arguments['namespace'],
        parameters=[*filter(None, files), {**common, **parameters}],
        remappings=list(topics(arguments).items()),
        ros_arguments=['--log-level', arguments['log_level']],
        output='screen',
        emulate_tty=True,
    )


def make_rviz(arguments: dict[str, str]) -> Node:
    """RViz; the absolute names in pose.rviz become those of the nodes."""
    own = {name: name for name in ('skeleton_markers', 'image_overlay')}
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=arguments['namespace'],
        arguments=['-d', str(config_file('pose.rviz')), '-f', arguments['fixed_frame']],
        parameters=[{'use_sim_time': arguments['use_sim_time'] == 'true'}],
        remappings=[(f'/{name}', topic) for name, topic in {**own, **topics(arguments)}.items()],
    )


def make_camera_frame() -> Node:
    """Frame of source_node's camera, looking along x: RViz shows only frames that tf knows."""
    return Node(
        package='tf2_ros',
        executable='static_transform_publisher',
        arguments=[
            *('--frame-id', 'world', '--child-frame-id', 'camera_optical_frame'),
            *('--z', '1.5', '--roll', str(-pi / 2), '--yaw', str(-pi / 2)),
        ],
    )
