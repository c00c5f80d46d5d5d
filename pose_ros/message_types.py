"""Classes of the messages that pose_ros writes, with or without ROS 2.

Where ROS 2 is installed they are its own. Elsewhere rosbags describes the same messages, so that
recordings can be written on any machine.
"""

from __future__ import annotations

try:
    from builtin_interfaces.msg import Duration, Time
    from geometry_msgs.msg import Point, Vector3
    from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState, RegionOfInterest
    from std_msgs.msg import ColorRGBA, Header
    from visualization_msgs.msg import Marker, MarkerArray

    from pose_ros.msg import (
        ExerciseFault,
        ExerciseState,
        FallEvent,
        GestureEvent,
        Hand,
        HandArray,
        JointAngles,
        Keypoint,
        Posture,
        Skeleton,
        SkeletonArray,
        SkeletonFormat,
    )
except ImportError:
    from pose_ros.bag_messages import classes

    Duration, Time = classes('builtin_interfaces', 'Duration', 'Time')
    Point, Vector3 = classes('geometry_msgs', 'Point', 'Vector3')
    CameraInfo, CompressedImage, Image, JointState, RegionOfInterest = classes(
        'sensor_msgs', 'CameraInfo', 'CompressedImage', 'Image', 'JointState', 'RegionOfInterest'
    )
    ColorRGBA, Header = classes('std_msgs', 'ColorRGBA', 'Header')
    Marker, MarkerArray = classes('visualization_msgs', 'Marker', 'MarkerArray')
    ExerciseFault, ExerciseState, FallEvent, GestureEvent, JointAngles = classes(
        'pose_ros', 'ExerciseFault', 'ExerciseState', 'FallEvent', 'GestureEvent', 'JointAngles'
    )
    Hand, HandArray = classes('pose_ros', 'Hand', 'HandArray')
    Keypoint, Posture, Skeleton, SkeletonArray, SkeletonFormat = classes(
        'pose_ros', 'Keypoint', 'Posture', 'Skeleton', 'SkeletonArray', 'SkeletonFormat'
    )

__all__ = [
    'CameraInfo',
    'ColorRGBA',
    'CompressedImage',
    'Duration',
    'ExerciseFault',
    'ExerciseState',
    'FallEvent',
    'GestureEvent',
    'Hand',
    'HandArray',
    'Header',
    'Image',
    'JointAngles',
    'JointState',
    'Keypoint',
    'Marker',
    'MarkerArray',
    'Point',
    'Posture',
    'RegionOfInterest',
    'Skeleton',
    'SkeletonArray',
    'SkeletonFormat',
    'Time',
    'Vector3',
]
