"""Whole frames for models whose input may have any size."""

from __future__ import annotations

from math import ceil

import numpy as np

from pose_ros.core.models.crop import FrameReader
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.types import Frame


class FrameInput:
    """Fits frames into a model's input, which follows their aspect ratio if its size is open.

    Parameters
    ----------
    model
        Is given another input size where frames of another aspect ratio come.
    size
        Longer side of an input whose size is open [px].
    multiple
        What both sides of such an input must be multiples of [px].
    """

    def __init__(self, model: TfliteModel, size: int, multiple: int) -> None:
        self._model = model
        self._size = size
        self._multiple = multiple
        self._reader = FrameReader(model.input_size)

    def read(self, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
        """Image of a frame, and the way back from it, as `FrameReader.read` gives them."""
        if self._model.resizable:
            self._follow(frame)
        return self._reader.read(frame)

    def _follow(self, frame: Frame) -> None:
        scale = self._size / max(frame.width, frame.height)
        width, height = (
            max(ceil(round(scale * side) / self._multiple), 1) * self._multiple
            for side in (frame.width, frame.height)
        )
        if (width, height) != self._model.input_size:
            self._model.resize(width, height)
            self._reader = FrameReader((width, height))
