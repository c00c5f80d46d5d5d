"""The gestures that people make at each other and at robots."""

from __future__ import annotations

from pose_ros.actor.motions.motion import Motion

GESTURES: dict[str, Motion] = {}
