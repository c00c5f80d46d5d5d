"""The parameters of pose_node; those of the estimator come from its own declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pose_ros.core.configuration import EstimatorConfig
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
        'keypoint_format',
        'native',
        "keypoints to publish; native: all of the model's own, coco17: the 17 of COCO",
        choices=('native', 'coco17'),
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
