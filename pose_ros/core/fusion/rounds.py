"""Which images of cameras that are not synchronised belong together."""

from __future__ import annotations

import math

from pose_ros.core.fusion.rays import CameraImage


class Rounds:
    """Collects images until each camera of the last round has sent a new one.

    Images nearer to the next round than to the oldest image of theirs count for that one, too:
    cameras with the same stamps are paired.

    A camera that fails delays one round, since the second image of any camera ends it, and is not
    waited for until it sends again. There are as many rounds as the fastest camera has images.

    Parameters
    ----------
    tolerance
        Maximum age of an image against the newest one of a round [s].
    """

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._newest: dict[str, CameraImage] = {}
        self._new: set[str] = set()
        self._periods: dict[str, float] = {}
        self._awaited: set[str] = set()

    def add(self, image: CameraImage) -> list[list[CameraImage]]:
        """Rounds that an image completes, each with the newest image of every camera."""
        last = self._newest.get(image.camera)
        if last is not None and image.stamp < last.stamp:  # a recording starts again
            self._newest.clear()
            self._new.clear()
            last = None
        complete = [self._end()] if image.camera in self._new else []
        self._newest[image.camera] = image
        self._periods[image.camera] = math.inf if last is None else image.stamp - last.stamp
        self._new.add(image.camera)
        if self._new >= self._awaited:
            complete.append(self._end())
        return complete

    def _end(self) -> list[CameraImage]:
        stamps = {camera: self._newest[camera].stamp for camera in self._new}
        oldest, newest = min(stamps.values()), max(i.stamp for i in self._newest.values())
        self._awaited = self._new
        self._new = {c for c, s in stamps.items() if s - oldest > self._periods[c] / 2}
        return [i for i in self._newest.values() if newest - i.stamp <= self._tolerance]
