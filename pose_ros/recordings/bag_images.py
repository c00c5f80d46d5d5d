"""Images of a ROS 2 bag as frames, without ROS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pose_ros.bags import BagError, recorded_messages, stamp_of, topics_of
from pose_ros.core.media import Media, MediaError
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.space.strategy import CameraView
from pose_ros.core.types import Frame, FrameError
from pose_ros.extras import MissingLibraryError
from pose_ros.recordings.image_times import ImageTimes
from pose_ros.ros.calibration import camera_model
from pose_ros.ros.depth_images import DepthQueue, depth_of
from pose_ros.ros.images import ImageReader

_RAW = 'sensor_msgs/msg/Image'
_COMPRESSED = 'sensor_msgs/msg/CompressedImage'
# By how much the time of recording may differ from the stamp, from beginning to place [s].
_SEEK_MARGIN = 1.0
# Maximum difference of the stamps of an image and its depth image [s]: pose_node's default.
_DEPTH_TOLERANCE = 0.02


@dataclass(frozen=True, eq=False)
class BagFrame(Frame):
    """One image of a bag.

    Attributes
    ----------
    header
        Of the image's message. The frame's own stamp counts from the first image of the bag.
    zero
        Stamp of that first image [s], or when it was recorded if its stamp is zero.
    view
        The calibrated camera, with the depth image of the same time if there is one; None
        without camera_info.
    expects_depth
        Whether the bag has depth images for the camera.
    """

    header: Any = None
    zero: float = 0.0
    view: CameraView | None = None
    expects_depth: bool = False


@dataclass(frozen=True)
class BagImages(Media):
    """The images of one topic of a bag; `source` is the bag's folder or file.

    Attributes
    ----------
    topic
        Whole name of the topic.
    camera_info, depth
        Names of the topics of its calibration and of registered depth images; empty: none.
    """

    topic: str = ''
    camera_info: str = ''
    depth: str = ''

    @cached_property
    def zero(self) -> float:
        """Stamp of the first image, from which the times of frames count [s].

        When it was recorded if its stamp is zero. MediaError if there is no image.
        """
        stamp, recorded = self._first
        return stamp or recorded

    @cached_property
    def _first(self) -> tuple[float, float]:
        """Stamp of the first image, and when it was recorded [s]; MediaError if there is none."""
        for _, recorded, message in recorded_messages(Path(self.source), [self.topic]):
            return stamp_of(message), recorded
        raise MediaError(f'{self.name}: there are no messages in {self.topic}')

    def frames_from(self, time: float) -> Iterator[Frame]:
        """Read the images from a time on, as `Media.frames_from`; images only."""
        reader, start = ImageReader(), time - _SEEK_MARGIN
        with suppress(BagError, FrameError):
            times = ImageTimes(self._first)
            for _, recorded, message in recorded_messages(Path(self.source), [self.topic], start):
                found = times.read(stamp_of(message), recorded)
                if found is not None and found >= time - 1e-6:
                    yield replace(reader.frame(message), stamp=found)

    def _all_frames(self) -> Iterator[Frame]:
        """Read all images in the order in which they were recorded.

        Images that come late are left out, as pose_node does. MediaError after the good images
        if the bag is damaged; FrameError for an image that cannot be used.
        """
        scene = _Scene()
        count = 0
        topics = [name for name in (self.topic, self.camera_info, self.depth) if name]
        try:
            for topic, recorded, message in recorded_messages(Path(self.source), topics):
                if topic == self.camera_info:
                    scene.camera_info = scene.camera_info or message
                    continue
                add = scene.add_image if topic == self.topic else scene.add_depth
                for frame in add(recorded, message):
                    yield frame
                    count += 1
            yield from scene.flush()
            scene.times.report(self.name)
        except FrameError as error:
            raise FrameError(f'{self.name}, image {count + 1} of {self.topic}: {error}') from error
        except (BagError, MissingLibraryError) as error:
            for frame in scene.flush():
                yield frame
                count += 1
            after = f', after {count} images' if count else ''
            raise MediaError(f'{error}{after}') from error


class _Scene:
    """Pairs each image with its camera and depth image, as pose_node does.

    While there are depth images, an image waits for that of its time, at most until the next
    image.
    """

    def __init__(self) -> None:
        self.camera_info: Any = None
        self.times = ImageTimes()
        self._reader = ImageReader()
        self._depths = DepthQueue(_DEPTH_TOLERANCE)
        self._has_depth = False
        self._waiting: tuple[float, Any] | None = None

    def add_image(self, recorded: float, message: Any) -> Iterator[BagFrame]:
        """Take an image; yields the frames that are complete now."""
        time = self.times.read(stamp_of(message), recorded)
        if time is None:
            return
        yield from self.flush()
        self._waiting = time, message
        if not self._has_depth or self._depths.is_decided(stamp_of(message)):
            yield from self.flush()

    def add_depth(self, _: float, message: Any) -> Iterator[BagFrame]:
        """Take a depth image; yields the frame that is complete now."""
        self._has_depth = True
        self._depths.add(stamp_of(message), message)
        if self._waiting is not None and self._depths.is_decided(stamp_of(self._waiting[1])):
            yield from self.flush()

    def flush(self) -> Iterator[BagFrame]:
        """Yield the frame of the image that waits, if there is one."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        time, message = waiting
        image = self._reader.frame(message)
        view = self._view(stamp_of(message), time, (image.width, image.height))
        yield BagFrame(
            image.image,
            time,
            image.channels,
            message.header,
            self.times.zero,
            view,
            expects_depth=self._has_depth,
        )

    def _view(self, stamp: float, time: float, size: tuple[int, int]) -> CameraView | None:
        """The calibrated camera; None without a usable camera_info."""
        if self.camera_info is None:
            return None
        try:
            camera = camera_model(self.camera_info, size)
        except ValueError:
            return None
        nearest = self._depths.nearest(stamp)
        return CameraView(
            camera, size, time, None if nearest is None else _depth_image(nearest, size)
        )


def _depth_image(message: Any, size: tuple[int, int]) -> DepthImage | None:
    """Depth image for an image of (width, height) [px]; None if it cannot be used."""
    try:
        depth = depth_of(message)
        depth.check_covers(size)
    except ValueError:
        return None
    return depth


def open_bag_images(source: str, topic: str = '', depth: str = '') -> BagImages:
    """Choose the images of a bag.

    Parameters
    ----------
    source
        Folder of the bag, or its .mcap or .db3 file.
    topic
        Of the images, with or without namespace; by default the only topic of images.
    depth
        Topic of depth images that are registered to them; by default none are used.

    Raises
    ------
    MediaError
        If the bag cannot be read, or which images are meant cannot be told.
    """
    path = Path(source)
    try:
        topics = topics_of(path)
    except (BagError, MissingLibraryError) as error:
        raise MediaError(str(error)) from error
    images = {
        one.name: one
        for one in topics
        if one.kind in (_RAW, _COMPRESSED) and not one.name.endswith('/compressedDepth')
    }
    wanted = topic.lstrip('/')
    found = [n for n in images if n == f'/{wanted}' or n.endswith(f'/{wanted}')] if topic else []
    if not topic:
        # A raw topic and its compressed copy are the same images.
        found = [n for n in images if n.removesuffix('/compressed') not in images.keys() - {n}]
        found = [n for n in found if 'depth' not in n.split('/')] or found
    if not images:
        raise MediaError(f'{source}: contains no images')
    if len(found) != 1:
        there = ', '.join(sorted(images)) or 'none'
        problem = 'has several topics of images' if found else 'has no such topic of images'
        asked = f' {topic}' if topic else ''
        raise MediaError(f'{source}: {problem}{asked}: choose with --topic (there: {there})')
    one = images[found[0]]
    rate = one.count / one.duration if one.duration > 0 and one.count else 0.0
    info = f'{one.name.removesuffix("/compressed").rpartition("/")[0]}/camera_info'
    names = {other.name for other in topics}
    if depth and f'/{depth.lstrip("/")}' not in names:
        raise MediaError(f'{source}: has no topic {depth} (there: {", ".join(sorted(names))})')
    return BagImages(
        source,
        True,
        rate,
        one.count or None,
        topic=one.name,
        camera_info=info if info in names else '',
        depth=f'/{depth.lstrip("/")}' if depth else '',
    )
