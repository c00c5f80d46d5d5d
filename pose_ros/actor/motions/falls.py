"""Falls, and what looks like one."""

from __future__ import annotations

from pose_ros.actor.motions.motion import Motion

FALLS: dict[str, Motion] = {}
