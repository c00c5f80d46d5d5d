"""Parameters of marker_node, and the annotations that they choose."""

from __future__ import annotations

from pose_ros.ros.labels import ANGLES, ANNOTATIONS
from pose_ros.ros.parameters import EXECUTOR, Parameter, Values, expand_all

EVENT_TOPICS = tuple(topic for topic in ANNOTATIONS if topic != 'joint_angles')

PARAMETERS = (
    Parameter(
        'distance',
        2.0,
        'Distance from the camera to the plane of people without 3D positions',
        'm',
        0.1,
        1000.0,
        live=True,
    ),
    Parameter('rectified', False, 'Images are rectified: only P of camera_info counts', live=True),
    Parameter(
        'field_of_view',
        0.0,
        'Horizontal field of view without camera_info; 0: no markers',
        'rad',
        0.0,
        3.1,
        live=True,
    ),
    Parameter(
        'scale',
        1.0,
        'Scale of bone thickness and text height',
        low=0.1,
        high=10.0,
        live=True,
    ),
    Parameter(
        'lifetime',
        0.5,
        'Time before a marker without updates disappears; 0: never',
        's',
        0.0,
        3600.0,
        live=True,
    ),
    Parameter(
        'show',
        ('all',),
        'Events to draw; empty: none',
        choices=('all', *EVENT_TOPICS),
        live=True,
    ),
    Parameter(
        'angles',
        (),
        'Joint angles to draw; empty: none',
        choices=('all', *ANGLES),
        live=True,
    ),
    Parameter(
        'image_buffer',
        15,
        'Maximum number of images that wait for their skeletons',
        'images',
        1,
        300,
        live=True,
    ),
    Parameter(
        'jpeg_quality',
        80,
        'Quality of image_overlay/compressed; higher: sharper and larger',
        '',
        1,
        100,
        live=True,
    ),
    EXECUTOR,
)


def chosen_annotations(values: Values) -> tuple[frozenset[str], frozenset[str]]:
    """Topics of the annotations to draw, and names of the joint angles to draw."""
    topics = expand_all(values.show, EVENT_TOPICS)
    angles = expand_all(values.angles, ANGLES)
    return topics | ({'joint_angles'} if angles else set()), angles
