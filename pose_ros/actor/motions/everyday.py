"""What people do all day: none of it is a gesture or a fall."""

from __future__ import annotations

from pose_ros.actor.motions.motion import Motion

EVERYDAY: dict[str, Motion] = {}
