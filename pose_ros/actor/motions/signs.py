"""Invented signs of two hands."""

from __future__ import annotations

from pose_ros.actor.motions.motion import Motion

SIGNS: dict[str, Motion] = {}
