"""The parameters of pose_node; those of the estimator come from its own declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.orientation import ROTATIONS, CameraOrientation
from pose_ros.core.space.placement import WAYS
from pose_ros.ros.parameters import Parameter

TABLE = (
    *(
        Parameter(setting.name, setting.default, **setting.metadata)
        for setting in fields(EstimatorConfig)
    ),
    Parameter(
        'transport',
        'raw',
        'raw: sensor_msgs/Image on the topic image; compressed: CompressedImage on '
        'image/compressed',
        choices=('raw', 'compressed'),
    ),
    Parameter(
        'reliability',
        'auto',
        'reliability of the subscription to images; auto: reliable while all publishers are',
        choices=('auto', 'reliable', 'best_effort'),
    ),
    Parameter(
        'rotate',
        0,
        'clockwise angle by which images become upright before people are looked for, such as 180 '
        'for a camera upside down; keypoints are in the image as published',
        'deg',
        choices=ROTATIONS,
    ),
    Parameter(
        'mirrored',
        False,
        'whether images are mirrored, left to right; then left is still the left of the person',
    ),
    Parameter(
        'keypoint_format',
        'native',
        "keypoints to publish; native: all of the model's own, coco17: the 17 of COCO",
        choices=('native', 'coco17'),
    ),
    Parameter(
        'positions',
        'auto',
        'how people are placed in space, which needs camera_info; depth: measured in images on '
        "the topic depth; model: by the model's metric landmarks; height: by body_height; auto: "
        'the first of these that can be had',
        choices=WAYS,
    ),
    Parameter('body_height', 1.7, 'assumed of everybody', 'm', 0.3, 2.5),
    Parameter(
        'depth_tolerance',
        0.02,
        'greatest difference of the stamps of an image and its depth image',
        's',
        0.0,
        1.0,
    ),
    Parameter(
        'depth_wait',
        0.05,
        'for so long an image that has been looked at waits for its depth image, until the next '
        'one comes',
        's',
        0.0,
        1.0,
    ),
    Parameter(
        'rectified', False, 'whether images and depth are rectified: only P of camera_info counts'
    ),
    Parameter(
        'executor',
        'single',
        'what waits for messages; events takes less CPU where rclpy has it (Jazzy), but then '
        'dropped images are only estimated',
        choices=('single', 'events'),
    ),
    Parameter('autostart', True, 'whether the node configures and activates itself'),
)


def estimator_config(values: Mapping[str, Any]) -> EstimatorConfig:
    """Settings of the estimator among the values of the parameters."""
    return EstimatorConfig(
        **{setting.name: values[setting.name] for setting in fields(EstimatorConfig)}
    )


def orientation(values: Mapping[str, Any]) -> CameraOrientation:
    """How images are turned, among the values of the parameters."""
    return CameraOrientation(values['rotate'], values['mirrored'])
