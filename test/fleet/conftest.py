"""Videos of the actor, and an engine that runs tasks in the test itself."""

from collections import deque

import cv2
import pytest

from pose_ros.actor import Action, Actor, Scene, frames
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.media import VideoWriter
from pose_ros.core.motion.observer import MotionConfig
from pose_ros.fleet.storage import Storage
from pose_ros.fleet.tasks import BatchSettings

pytest.importorskip('pyarrow')

FPS = 10.0


def write_video(path, actors, duration):
    scene = Scene(480, 360, duration=duration, fps=FPS, actors=actors)
    with VideoWriter(path, FPS) as writer:
        for frame in frames(scene, seed=5):
            writer.write(cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR), frame.stamp)
    return path


@pytest.fixture(scope='session')
def long_video(tmp_path_factory):
    """Sixteen seconds of a person who waves twice."""
    first, second = Action('wave_left', 2.0, 3.0), Action('wave_right', 9.0, 3.0)
    actor = Actor((first, second), x=240, height=260)
    return write_video(tmp_path_factory.mktemp('videos') / 'long.mp4', (actor,), 16.0)


@pytest.fixture(scope='session')
def short_video(tmp_path_factory):
    """Two seconds of a person who stands."""
    actor = Actor('stand', x=240, height=260)
    return write_video(tmp_path_factory.mktemp('videos') / 'short.mp4', (actor,), 2.0)


@pytest.fixture
def settings(tmp_path):
    """BatchSettings whose results go to the folder out."""
    return BatchSettings(
        EstimatorConfig(threads=1), MotionConfig(), Storage(str(tmp_path / 'out'))
    )


class InlineEngine:
    """Runs a task when its result is asked for.

    Attributes
    ----------
    ran
        Names of the functions that ran.
    stop_after
        Tasks after which the batch is stopped as by Ctrl-C.
    """

    workers = 1

    def __init__(self, stop_after=1000):
        self.ran = []
        self.stop_after = stop_after
        self._tasks = deque()

    def submit(self, key, function, *arguments):
        self._tasks.append((key, function, arguments))

    def next(self):
        if len(self.ran) == self.stop_after:
            raise KeyboardInterrupt
        key, function, arguments = self._tasks.popleft()
        self.ran.append(function.__name__)
        try:
            return key, function(*arguments)
        except Exception as error:
            return key, error

    def close(self):
        self._tasks.clear()


@pytest.fixture
def inline_engine():
    return InlineEngine
