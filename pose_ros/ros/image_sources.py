"""Where the images of source_node come from: a camera or the actor; videos: video_sources."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
import os
from pathlib import Path
import threading
import time
from typing import Protocol

import cv2
import numpy as np

from pose_ros.actor import MOTIONS, Action, ActorTruth, Scene, frames, line_up
from pose_ros.actor.demo_scenes import SCENES
from pose_ros.actor.depth import with_errors
from pose_ros.ros.images import WrittenEncoding

# A driver's time stamp that is older is on another clock.
OLDEST_IMAGE = 1.0
# Longest wait for a source that is being closed [s].
CLOSING_TIME = 1.0


class SourceError(ValueError):
    """A source that gives no images; one line that says which and why."""


@dataclass(frozen=True, eq=False)
class SourceImage:
    """One image of a source.

    Attributes
    ----------
    image
        uint8 [height, width, 3].
    age
        Time since its exposure [s].
    due
        When it is to be published, since the first one [s]; without meaning if the source is live.
    truth
        The people in it, where they are known.
    depth
        uint16 [height, width] [mm] of half its size, 0 where unknown; None without one.
    """

    image: np.ndarray
    age: float = 0.0
    due: float = 0.0
    truth: Sequence[ActorTruth] | None = None
    depth: np.ndarray | None = None


class Source(Protocol):
    """Sequence of images."""

    @property
    def encoding(self) -> WrittenEncoding:
        """Encoding of the images."""

    @property
    def live(self) -> bool:
        """Whether images arrive by themselves, as from a camera; else each is due at its time."""

    def read(self) -> SourceImage | None:
        """Return the next image, None after the last; SourceError if it cannot be read."""

    def close(self) -> None:
        """Let go of the device or file."""


class BackgroundReader:
    """Reads a live source in a thread and keeps the newest image.

    Parameters
    ----------
    source
        The source; closed with the reader.
    arrived
        Called in the thread after each image, and when the source fails.
    """

    def __init__(self, source: Source, arrived: Callable[[], object]) -> None:
        self._source = source
        self._arrived = arrived
        self._newest: deque[tuple[SourceImage, float]] = deque(maxlen=1)
        self._error: SourceError | None = None
        self._closed = False
        # A daemon: a stalled camera or connection must not hold up the end of the process.
        self._thread = threading.Thread(target=self._work, name='source', daemon=True)
        self._thread.start()

    def take(self) -> SourceImage | None:
        """Return the newest image, once; SourceError if the source has failed."""
        if self._newest:
            image, arrival = self._newest.pop()
            return replace(image, age=image.age + time.monotonic() - arrival)
        if self._error is not None:
            raise self._error
        return None

    def close(self) -> None:
        """End the thread, which closes the source; a stalled one is left to itself."""
        self._closed = True
        self._thread.join(CLOSING_TIME)

    def _work(self) -> None:
        while not self._closed and self._error is None:
            try:
                image = self._source.read()
            except SourceError as error:
                self._error = error
            else:
                if image is not None:
                    self._newest.append((image, time.monotonic()))
            if not self._closed:
                self._arrived()
        self._source.close()


class CameraSource:
    """A V4L2 camera through OpenCV, which sets format and size and tells the driver's stamps."""

    encoding: WrittenEncoding = 'bgr8'
    live = True

    def __init__(self, device: str, width: int, height: int, fps: float) -> None:
        self.path = f'/dev/video{device}' if device.isdigit() else device
        check_camera(self.path)
        self._capture = cv2.VideoCapture(self.path, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise SourceError(f'camera {self.path} cannot be opened: it is busy or no camera')
        # MJPG is what USB cameras need to be fast; those that lack it stay as they are.
        settings = {
            cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*'MJPG'),
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: fps,
            cv2.CAP_PROP_BUFFERSIZE: 1,
        }
        for name, value in settings.items():
            self._capture.set(name, value)

    def read(self) -> SourceImage | None:
        """Wait for the next image."""
        # The driver's stamp is that of the exposure; decoding comes later.
        if self._capture.grab():
            age = time.monotonic() - self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            age = age if 0 <= age < OLDEST_IMAGE else 0.0
            grabbed = time.monotonic()
            success, image = self._capture.retrieve()
            if success:
                return SourceImage(image, age + time.monotonic() - grabbed)
        raise SourceError(f'camera {self.path} gives no images any more: is it unplugged?')

    def close(self) -> None:
        """Let go of the camera."""
        self._capture.release()


class ActorSource:
    """The drawn people, over and over; the true joints are known.

    With a focal length [px] they are drawn in perspective, and depth images come along.
    """

    encoding: WrittenEncoding = 'rgb8'
    live = False

    def __init__(
        self,
        scene: str,
        width: int,
        height: int,
        fps: float,
        seed: int,
        *,
        people: int = 1,
        focal: float | None = None,
    ) -> None:
        self._fps = fps
        self._count = 0
        self._seed = seed
        try:
            self._scene = actor_scene(scene, width, height, fps, people)
        except ValueError as error:
            raise SourceError(f'actor: {error}') from error
        self._focal = focal
        self._rng = np.random.default_rng(seed)
        self._start()

    def _start(self) -> None:
        self._frames = frames(self._scene, self._seed, self._focal)

    def read(self) -> SourceImage | None:
        """Draw the next image."""
        frame = next(self._frames, None)
        if frame is None:
            self._start()
            frame = next(self._frames)
        depth = None if frame.depth is None else with_errors(frame.depth, self._rng)
        due, self._count = self._count / self._fps, self._count + 1
        return SourceImage(frame.image, due=due, truth=frame.people, depth=depth)

    def close(self) -> None:
        """Nothing is held."""


def actor_scene(name: str, width: int, height: int, fps: float, people: int = 1) -> Scene:
    """Scene that the actor plays over and over.

    Parameters
    ----------
    name
        One of `SCENES`; or the motion that is done for four seconds, with a second of standing
        before and after, several people beginning one after the other.
    width, height
        Of the image [px]; the actor grows with it.
    fps
        Images a second [Hz].
    people
        How many, 1 to 6.

    Raises
    ------
    ValueError
        Unknown name, or number of people.
    """
    if name not in SCENES and name not in MOTIONS:
        raise ValueError(
            f'unknown motion {name!r}, there are the scenes {", ".join(SCENES)} and the motions '
            f'{", ".join(MOTIONS)}'
        )
    scene = SCENES[name](people) if name in SCENES else one_motion(name, people)
    scale = min(width / scene.width, height / scene.height)
    actors = tuple(
        replace(
            actor,
            x=width / 2 + (actor.x - scene.width / 2) * scale,
            y=height + (actor.y - scene.height) * scale,
            height=actor.height * scale,
        )
        for actor in scene.actors
    )
    return replace(scene, width=width, height=height, fps=fps, actors=actors)


def one_motion(name: str, people: int = 1) -> Scene:
    """Scene in which each does one motion for four seconds."""
    actors = []
    for number, actor in enumerate(line_up(people)):
        action = Action(name, start=1.0 + 0.5 * number, duration=4.0)
        # Whoever walks comes in from the side.
        x = 100.0 if name == 'walk' and people == 1 else actor.x
        actors.append(replace(actor, motion=(action,), x=x))
    return Scene(duration=5.5 + 0.5 * people, actors=tuple(actors))


def check_camera(path: str) -> None:
    """Find out why a camera could not be opened; SourceError says it."""
    if not Path(path).exists():
        present = ', '.join(map(str, camera_devices())) or 'none'
        raise SourceError(f'camera {path}: there is no such device (there are: {present})')
    if not os.access(path, os.R_OK | os.W_OK):
        raise SourceError(
            f'camera {path}: permission denied; put the user into its group: '
            'sudo usermod -aG video $USER, then log in again'
        )


def camera_devices() -> list[Path]:
    """Video devices of this machine, in the order of their numbers."""
    devices = Path('/dev').glob('video[0-9]*')
    return sorted(devices, key=lambda path: (len(path.name), path.name))
