"""Parameters of marker_node, and what they say of what is told of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pose_ros.msg import ExerciseState, FallEvent, GestureEvent, JointAngles, Posture
from pose_ros.ros.labels import ANGLES, Labels
from pose_ros.ros.parameters import EXECUTOR, Parameter, names_in
from pose_ros.ros.qos import EVENTS, FALLS

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
        'all',
        'Events to draw: gestures, postures, falls, exercise, separated by commas; all; none',
        live=True,
    ),
    Parameter(
        'angles',
        'none',
        'Joint angles to draw, such as "left_knee,trunk"; all; none',
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

# Topics of what is told of people: kind, what takes it, quality of service.
ANNOTATIONS = {
    'gestures': (GestureEvent, Labels.on_gesture, EVENTS),
    'postures': (Posture, Labels.on_posture, EVENTS),
    'falls': (FallEvent, Labels.on_fall, FALLS),
    'exercise': (ExerciseState, Labels.on_exercise, EVENTS),
    'joint_angles': (JointAngles, Labels.on_angles, EVENTS),
}


def chosen_remarks(values: Mapping[str, Any]) -> tuple[set[str], frozenset[str]]:
    """Topics of annotations that are wanted, and names of angles; ValueError for unknown ones."""
    shown = set(names_in(values['show'], ANNOTATIONS.keys() - {'joint_angles'}, 'remark'))
    angles = names_in(values['angles'], ANGLES, 'angle')
    return shown | ({'joint_angles'} if angles else set()), angles
