"""Videos by OpenCV: the way without PyAV, less exact."""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path

import cv2
import numpy as np

from pose_ros.core.media.containers import is_cut_off
from pose_ros.core.media.media_errors import MediaError, display_name, is_url
from pose_ros.core.media.stamps import StampCounter, usable_rate


class OpenCvReader:
    """An open video, as `VideoReader`.

    Stamps are OpenCV's, which may be those of the average rate. Rotation is applied where
    OpenCV does.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._name = display_name(source)
        self.finite = not is_url(source)
        # OpenCV crashes on names that are not UTF-8; the descriptor's name is ASCII.
        self._descriptor: int | None = None
        try:
            if self.finite:
                self._descriptor = os.open(source, os.O_RDONLY)
                source = f'/proc/self/fd/{self._descriptor}'
        except OSError as error:
            raise MediaError(f'{self._name}: {error.strerror}') from error
        self._capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            self.close()
            raise MediaError(f'{self._name}: not a video that can be decoded')
        self.rate = usable_rate(self._capture.get(cv2.CAP_PROP_FPS))
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.count = int(count) if 1 <= count < 1e9 else None

    def frames(self) -> Iterator[tuple[np.ndarray, float]]:
        """Read on, as `VideoReader.frames`."""
        stamps = StampCounter(self.rate)
        count = 0
        while (image := self._read()) is not None:
            yield image, stamps.stamp(self._position())
            count += 1
        if not self.finite:
            raise MediaError(f'{self._name}: no more images after {count}')
        if is_cut_off(Path(self._source)):
            raise MediaError(f'{self._name}: the file is cut off, after {count} frames')
        if count == 0:
            raise MediaError(f'{self._name}: no frame of it can be decoded')

    def image_at(self, stamp: float) -> np.ndarray | None:
        """Image at a time, as `VideoReader.image_at`."""
        self._capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * stamp)
        return self._read()

    def frames_from(self, stamp: float) -> Iterator[tuple[np.ndarray, float]]:
        """Read on from a time, as `VideoReader.frames_from`."""
        self._capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * stamp)
        position = self._position()
        while (image := self._read()) is not None:
            yield image, position
            position = self._position()

    def close(self) -> None:
        """Release the file."""
        self._capture.release()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _read(self) -> np.ndarray | None:
        good, image = self._capture.read()
        if not good:
            return None
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image

    def _position(self) -> float:
        return self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
