"""A recording on the page: who is where at which time, and which image belongs to it."""

import json
import struct

import cv2
import numpy as np
import pytest

from pose_ros.core.media import VideoWriter, open_media
from pose_ros.core.motion.events import MotionEvent
from pose_ros.core.motion.watcher import MotionWatcher
from pose_ros.core.runtime.errors import OutputError
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, Person
from pose_ros.recordings.show_files import analyse_show
from pose_ros.web.current_words import CurrentWords
from pose_ros.web.show import RecordedShow, ShowReader

SIZE = (64, 48)


def person(x, person_id=1):
    points = np.full((17, 2), x, np.float32)
    ones = np.ones(17, np.float32)
    return Person(COCO17, points, ones, np.zeros(17, np.uint8), 1.0, Box(0, 0, 1, 1), person_id)


def event(time, kind, name, phase, person_id=1, **details):
    return MotionEvent(time, kind, name, phase, person_id, details=details)


def content_of(message):
    (length,) = struct.unpack_from('<I', message)
    return json.loads(message[4 : 4 + length]), message[4 + length :]


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """Twenty frames at 10 Hz, each brighter by 12."""
    path = tmp_path_factory.mktemp('video') / 'video.mp4'
    with VideoWriter(path, 10) as writer:
        for number in range(20):
            writer.write(np.full((*SIZE[::-1], 3), 12 * number, np.uint8), number / 10)
    return open_media(path)


@pytest.fixture
def show(video):
    show = RecordedShow()
    show.media = video
    for number in range(20):
        show.add_people(number / 10, SIZE, [person(number)])
    return show


def test_words_follow_the_events():
    words = CurrentWords()
    for one in (
        event(1.0, 'posture', 'standing', 'started'),
        event(1.5, 'gesture', 'hand_raised', 'started'),
        event(2.0, 'posture', 'sitting', 'started', 2),
    ):
        words.take(one)
    assert words.at(2.0) == {1: 'standing\nhand raised', 2: 'sitting'}
    words.take(event(3.0, 'gesture', 'hand_raised', 'ended'))
    squat = {'repetitions': 3, 'range_reached': 'yes', 'faults': []}
    words.take(event(3.0, 'exercise', 'squat', 'repetition', **squat))
    assert words.at(4.0)[1] == 'standing\nsquat 3'
    assert words.at(9.0)[1] == 'standing'
    words.take(event(9.0, 'fall', 'fall', 'falling', 2))
    assert (words.at(9.0)[2], words.fallen) == ('falling', frozenset())
    words.take(event(9.5, 'fall', 'fall', 'fallen', 2))
    assert (words.at(9.5)[2], words.fallen) == ('fallen', {2})
    words.take(event(12.0, 'fall', 'fall', 'recovered', 2))
    assert (words.at(12.0)[2], words.fallen) == ('sitting', frozenset())
    words.take(event(12.0, 'posture', 'sitting', 'ended', 2))
    assert 2 not in words.at(12.0)


def test_each_place_shows_the_image_and_the_people_of_that_time(show):
    reader = ShowReader(show)
    # Forwards, a jump back, a jump ahead, little steps, beyond the end.
    for time in (0.0, 0.1, 0.25, 0.3, 1.5, 0.2, 1.9, 0.0, 0.05, 0.11, 1.0, 1.0001, 5.0):
        message = reader.message_at(time)
        expected = min(int(time * 10 + 1e-3), 19)
        if message is None:
            assert time in (0.05, 1.0001)  # the last image again
            continue
        content, jpeg = content_of(message)
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        shown = round(content['time'] * 10)
        assert shown in (expected, expected + 1), time
        assert image.mean() == pytest.approx(12 * shown, abs=5)
        assert content['people'][0]['points'][0] == [shown, shown]


def test_an_image_without_known_people_is_shown_alone_and_again_with_them(video):
    show = RecordedShow()
    show.media = video
    reader = ShowReader(show)
    content, jpeg = content_of(reader.message_at(0.0))
    assert content['people'] == []
    assert jpeg
    show.add_people(0.0, SIZE, [person(5)])
    assert content_of(reader.message_at(0.0))[0]['people']
    assert reader.message_at(0.0) is None


class BrokenEstimator:
    """Fails in the second frame."""

    def __init__(self):
        self.frames = 0

    def reset(self):
        pass

    def estimate(self, frame):
        self.frames += 1
        if self.frames == 2:
            raise OutputError('no numbers')
        return [person(5)]

    def find_hands(self):
        return []


def test_a_model_that_fails_ends_the_reading_with_its_reason(video):
    show = RecordedShow()
    show.media = video
    analyse_show(show, BrokenEstimator(), MotionWatcher())
    assert (show.progress, show.fault) == (1.0, 'no numbers')
    assert show.scene_at(0.0)['people']


def test_people_without_images(show):
    show.media = None
    reader = ShowReader(show)
    assert reader.message_at(-1.0) is None
    content, jpeg = content_of(reader.message_at(0.57))
    assert content['people'][0]['points'][0] == [5, 5]
    assert jpeg == b''


def test_labels_are_those_of_their_time():
    show = RecordedShow()
    show.add_event(event(0.2, 'posture', 'lying', 'started'))
    show.add_event(event(0.4, 'fall', 'fall', 'fallen', lost=False))
    for number in range(6):
        show.add_people(number / 10, SIZE, [person(1)])
    words = [show.scene_at(n / 10)['people'][0] for n in range(6)]
    assert [p['words'] for p in words] == [[], [], ['lying'], ['lying'], ['fallen'], ['fallen']]
    assert [p['fallen'] for p in words] == [False] * 4 + [True] * 2


def test_angles_are_thinned_out():
    show = RecordedShow()
    for number in range(5000):
        show.add_angles(number / 100, 1, ['neck'], [0.5])
    assert [a['time'] for a in show.angles_between(1.0, 1.03)] == [1.01, 1.02, 1.03]
    many = show.angles_between(-1.0, 99.0)
    assert 300 < len(many) <= 600
    assert show.angles_between(99.0, 100.0) == []
    assert show.end == pytest.approx(49.99)
