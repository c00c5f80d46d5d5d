"""Exercises, done well and with faults."""

from __future__ import annotations

from pose_ros.actor.motions.motion import Motion

EXERCISES: dict[str, Motion] = {}
