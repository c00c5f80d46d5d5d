"""The parameters of pose_node; those of the estimator come from its own declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pose_ros.core.camera_orientation import ROTATIONS, CameraOrientation
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.space.position_estimator import WAYS
from pose_ros.ros.parameters import Parameter

TABLE = (
    *(
        Parameter(setting.name, getattr(EstimatorConfig, setting.name), **setting.metadata)
        for setting in fields(EstimatorConfig)
    ),
    Parameter(
        'image_transport',
        'raw',
        'image topic; raw: sensor_msgs/Image on image; compressed: CompressedImage on '
        'image/compressed',
        choices=('raw', 'compressed'),
    ),
    Parameter(
        'reliability',
        'auto',
        'reliability of the image subscription; auto: reliable if all publishers are',
        choices=('auto', 'reliable', 'best_effort'),
    ),
    Parameter(
        'rotate',
        0,
        'clockwise rotation that makes images upright, such as 180 for a camera upside '
        'down; keypoints are in the image as published',
        'deg',
        choices=ROTATIONS,
    ),
    Parameter(
        'mirrored',
        False,
        "images are mirrored, left to right; keypoints still use the person's own left",
    ),
    Parameter(
        'keypoint_format',
        'native',
        "published keypoints; native: all of the model; coco17: COCO's 17",
        choices=('native', 'coco17'),
    ),
    Parameter(
        'positions',
        'auto',
        'source of 3D positions, which need camera_info; depth: images on the topic '
        "depth; model: the model's metric landmarks; height: body_height; auto: the "
        'first available; none',
        choices=WAYS,
    ),
    Parameter('body_height', 1.7, 'assumed body height of all people', 'm', 0.3, 2.5),
    Parameter(
        'depth_tolerance',
        0.02,
        'maximum stamp difference between an image and its depth image',
        's',
        0.0,
        1.0,
    ),
    Parameter(
        'depth_wait',
        0.05,
        'maximum time a processed image waits for its depth image, at most until the next image',
        's',
        0.0,
        1.0,
    ),
    Parameter('rectified', False, 'images and depth are rectified: only P of camera_info counts'),
    Parameter(
        'fixed_frame',
        '',
        'frame for velocities and the target, with z up, such as odom; needs /tf from it to the '
        "images' frame; empty: none",
    ),
    Parameter(
        'executor',
        'single',
        'executor of the node: single, or events (less CPU if rclpy supports it, as in '
        'Jazzy; dropped images are then only estimated)',
        choices=('single', 'events'),
    ),
    Parameter('autostart', True, 'configure and activate the node at its start'),
)


def estimator_config(values: Mapping[str, Any]) -> EstimatorConfig:
    """Settings of the estimator among the values of the parameters."""
    return EstimatorConfig(
        **{setting.name: values[setting.name] for setting in fields(EstimatorConfig)}
    )


def orientation(values: Mapping[str, Any]) -> CameraOrientation:
    """How images are turned, among the values of the parameters."""
    return CameraOrientation(values['rotate'], values['mirrored'])
