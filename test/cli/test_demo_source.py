import cv2
import numpy as np
import pytest

from pose_ros.actor.demo_scenes import SCENES
from pose_ros.cli import demo_source
from pose_ros.cli.demo_nodes import DemoError
from pose_ros.cli.demo_source import choose_source


class Camera:
    """Stands for V4L2 devices behind OpenCV; only those whose name holds 'good' give images."""

    def __init__(self, path, api):
        self.good = 'good' in path

    def isOpened(self):  # noqa: N802  (OpenCV's name)
        return True

    def set(self, name, value):
        return True

    def get(self, name):
        return 0.0

    def grab(self):
        return self.good

    def retrieve(self):
        return True, np.zeros((48, 64, 3), np.uint8)

    def release(self):
        pass


@pytest.fixture
def devices(monkeypatch, tmp_path):
    """Sets which video devices this machine has."""
    monkeypatch.setattr(cv2, 'VideoCapture', Camera)

    def set_devices(*names):
        paths = [tmp_path / name for name in names]
        for path in paths:
            path.touch()
        monkeypatch.setattr(demo_source, 'camera_devices', lambda: paths)
        return [str(path) for path in paths]

    return set_devices


@pytest.mark.parametrize('wanted', ['auto', 'camera'])
def test_first_camera_that_gives_a_image_is_taken(devices, wanted):
    _, good, _ = devices('metadata0', 'good1', 'good2')
    source = choose_source(wanted)
    assert source.name == f'camera {good}'
    assert source.argument == good
    assert source.actors == ()


def test_without_any_camera_the_actor_steps_in(devices):
    devices()
    source = choose_source('auto')
    assert source.name == 'actor'
    assert source.note == ''
    assert source.argument == 'actor:mixed'
    assert source.actors[0].height > 100


def test_camera_that_cannot_be_used_is_not_passed_over_silently(devices):
    (path,) = devices('broken')
    source = choose_source('auto')
    assert source.name == 'actor'
    assert path in source.note
    with pytest.raises(DemoError, match=f'no camera can be used: camera {path} gives no images'):
        choose_source('camera')


def test_machine_without_camera_is_told_so(devices):
    devices()
    with pytest.raises(DemoError, match='no camera can be used: this machine has no /dev/video'):
        choose_source('camera')


def test_video_is_played_once_from_its_own_place_at_its_rate(tmp_path, monkeypatch):
    path = tmp_path / 'video.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 12.0, (64, 48))
    for _ in range(3):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    monkeypatch.chdir(tmp_path)
    source = choose_source('video.mp4')
    assert source.name == 'video.mp4'
    assert source.argument == str(path)
    assert source.rate == pytest.approx(12)


def test_one_motion_of_the_actor():
    source = choose_source('actor:squat')
    assert source.name == source.argument == 'actor:squat'


@pytest.mark.parametrize('scene', ['actor', 'actor:wave_left'])
def test_several_actors_each_with_the_own_height(scene):
    source = choose_source(scene, people=4)
    assert len({actor.height for actor in source.actors}) == 4


def test_more_actors_than_there_is_room_for_are_refused():
    with pytest.raises(DemoError, match='people must be 1 to 6, got 7'):
        choose_source('actor', people=7)


@pytest.mark.parametrize('wanted', ['auto', 'actor'])
def test_a_scene_is_one_of_the_actor_and_shown_once(devices, wanted):
    devices('good')
    source = choose_source(wanted, people=2, scene='falls')
    assert source.name == 'actor:falls'
    assert source.argument == 'actor:falls'
    assert source.length == pytest.approx(SCENES['falls'](2).duration)
    assert len(source.actors) == 2


def test_without_a_scene_half_a_minute_is_shown(devices):
    devices()
    assert choose_source('auto').length == choose_source('actor:wave_left').length == 30.0


def test_a_scene_that_there_is_not_or_not_of_the_actor_is_refused():
    with pytest.raises(
        DemoError, match=r"'dance', there are the scenes .*falls.* and the motions"
    ):
        choose_source('auto', scene='dance')
    with pytest.raises(DemoError, match='the scene falls is one of the actor, not of camera'):
        choose_source('camera', scene='falls')
