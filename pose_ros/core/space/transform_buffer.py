"""Transforms between frames over time: the part of tf2 that a fixed frame needs.

For machines without tf2_ros, which has priority where it is installed.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

_KEPT = 10 * 10**9  # [ns] age up to which transforms are kept, as in tf2
_MAX_DEPTH = 1000  # frames on the way to a root, as in tf2


class TransformBuffer:
    """Stores transforms and interpolates them, with the methods of tf2_ros.Buffer."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._moving: dict[str, list[tuple[int, np.ndarray, Rotation]]] = {}
        self._static: dict[str, tuple[np.ndarray, Rotation]] = {}

    def set_transform(self, message: Any, authority: str = '') -> None:
        """Add a TransformStamped; quaternions without a length are ignored."""
        place, turn = _translation(message), _rotation(message)
        if not np.isfinite(place).all() or turn is None:
            return
        stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        child = message.child_frame_id
        if self._parents.get(child) != message.header.frame_id:
            self._moving.pop(child, None)
        self._parents[child] = message.header.frame_id
        self._static.pop(child, None)
        samples = self._moving.setdefault(child, [])
        samples.insert(bisect_left(samples, stamp, key=lambda s: s[0]), (stamp, place, turn))
        del samples[: bisect_left(samples, samples[-1][0] - _KEPT, key=lambda s: s[0])]

    def set_transform_static(self, message: Any, authority: str = '') -> None:
        """Add a TransformStamped that holds at any time."""
        place, turn = _translation(message), _rotation(message)
        if np.isfinite(place).all() and turn is not None:
            self._parents[message.child_frame_id] = message.header.frame_id
            self._static[message.child_frame_id] = place, turn

    def clear(self) -> None:
        """Forget the moving transforms, as when time went back."""
        self._moving = {child: [] for child in self._moving}

    def pose(self, target: str, source: str, stamp: int) -> tuple[np.ndarray, np.ndarray]:
        """Rotation [3, 3] and translation [3] [m] from source to target at a time [ns].

        Raises
        ------
        LookupError
            The frames are not connected, or the time is outside the stored one.
        """
        targets, sources = self._ancestors(target), self._ancestors(source)
        common = next((frame for frame in sources if frame in targets), None)
        if common is None:
            raise LookupError(f'no transform from {source!r} to {target!r}')
        rotation, place = self._up(sources[: sources.index(common)], stamp)
        to_target, origin = self._up(targets[: targets.index(common)], stamp)
        return to_target.T @ rotation, to_target.T @ (place - origin)

    def _ancestors(self, frame: str) -> list[str]:
        """The frame, its parent, and so on."""
        chain = [frame]
        while chain[-1] in self._parents:
            chain.append(self._parents[chain[-1]])
            if len(chain) > _MAX_DEPTH:
                raise LookupError(f'the frames above {frame!r} form a loop')
        return chain

    def _up(self, frames: list[str], stamp: int) -> tuple[np.ndarray, np.ndarray]:
        """Transform from the first of these frames to the parent of the last."""
        rotation, place = np.eye(3), np.zeros(3)
        for frame in frames:
            translation, turn = self._at(frame, stamp)
            rotation, place = turn.as_matrix() @ rotation, turn.apply(place) + translation
        return rotation, place

    def _at(self, frame: str, stamp: int) -> tuple[np.ndarray, Rotation]:
        """Translation and rotation of a frame at a time [ns]."""
        if frame in self._static:
            return self._static[frame]
        samples = self._moving[frame]
        after = bisect_left(samples, stamp, key=lambda s: s[0])
        if after < len(samples) and samples[after][0] == stamp:
            return samples[after][1:]
        if not samples:
            raise LookupError(f'{frame!r} is not known since time went back')
        if not 0 < after < len(samples):
            first, last = samples[0][0] / 1e9, samples[-1][0] / 1e9
            raise LookupError(
                f'{frame!r} is known from {first:.3f} to {last:.3f} s, not at {stamp / 1e9:.3f} s'
            )
        (start, a, p), (end, b, q) = samples[after - 1], samples[after]
        share = (stamp - start) / (end - start)
        return a + share * (b - a), Slerp([0, 1], Rotation.concatenate([p, q]))(share)


def _translation(message: Any) -> np.ndarray:
    move = message.transform.translation
    return np.array([move.x, move.y, move.z])


def _rotation(message: Any) -> Rotation | None:
    """Rotation of a quaternion; None for one without a length."""
    turn = message.transform.rotation
    quaternion = np.array([turn.x, turn.y, turn.z, turn.w])
    return Rotation.from_quat(quaternion) if 0 < quaternion @ quaternion < np.inf else None
