"""A camera of this machine as a video."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
import time

from pose_ros.core.media import Media, MediaError
from pose_ros.core.types import Frame
from pose_ros.ros.image_sources import CameraSource, SourceError

# Format that is asked for: width and height [px], rate [Hz].
_FORMAT = 640, 480, 30.0


@dataclass(frozen=True)
class CameraMedia(Media):
    """A camera; `source` is its device, such as /dev/video0. Its frames have no end."""

    def _all_frames(self) -> Iterator[Frame]:
        try:
            with closing(CameraSource(self.source, *_FORMAT)) as camera:
                began = time.monotonic()
                while (shot := camera.read()) is not None:
                    stamp = time.monotonic() - shot.age - began
                    yield Frame(shot.image, max(stamp, 0.0), 'bgr')
        except SourceError as error:
            raise MediaError(str(error)) from error
