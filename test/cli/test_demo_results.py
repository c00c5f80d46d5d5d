import csv
import json
import os

import cv2
import numpy as np
import pytest

from pose_ros.cli.demo_nodes import DemoError
from pose_ros.cli.demo_results import (
    CAPTION,
    FALL_DELAY,
    TILE,
    OverlayRecorder,
    output_folder,
    sheet_entries,
    write_contact_sheet,
    write_results,
)
from pose_ros.core.media import open_media
from pose_ros.core.motion.events import MotionEvent


def image(level, size=(96, 64)):
    """Grey image, (width, height) [px]."""
    return np.full((size[1], size[0], 3), level, np.uint8)


def event(stamp, phase='started', gesture='wave', hand='left', person=1, **values):
    return MotionEvent(stamp, 'gesture', gesture, phase, person, hand, **values)


@pytest.fixture
def record(tmp_path):
    """Finished recorder of images (stamp, image)."""

    def make(images, rate=10.0):
        recorder = OverlayRecorder(tmp_path / 'overlay.mp4', rate)
        for stamp, one in images:
            recorder.add(stamp, one)
        recorder.close()
        return recorder

    return make


def test_video_shows_each_image_at_its_time(record):
    stamps = (50.0, 50.1, 50.44, 50.45, 51.9)
    recorder = record([(stamp, image(40 * number)) for number, stamp in enumerate(stamps)])
    frames = list(open_media(recorder.path).frames())
    assert np.allclose([f.image.mean() for f in frames], [0, 40, 80, 120, 160], atol=4)
    assert np.allclose([f.stamp for f in frames], [0, 0.1, 0.44, 0.45, 1.9], atol=1e-3)
    assert (recorder.first, recorder.last) == (50.0, 51.9)


def test_video_ignores_images_out_of_order(record):
    levels = ((1.0, 0), (1.1, 100), (1.1, 200), (1.02, 250), (1.2, 200))
    recorder = record([(stamp, image(level)) for stamp, level in levels])
    means = [frame.image.mean() for frame in open_media(recorder.path).frames()]
    assert np.allclose(means, [0, 100, 200], atol=4)


def test_video_that_cannot_be_written_is_an_error(tmp_path):
    recorder = OverlayRecorder(tmp_path / 'none' / 'overlay.mp4', 10.0)
    recorder.add(0.0, image(0))
    recorder.close()
    assert 'cannot write the overlay: No such file or directory' in recorder.error
    write_contact_sheet(tmp_path / 'sheet.png', [], 0.0, recorder)
    assert list(tmp_path.iterdir()) == []


def test_video_on_a_full_disk_leaves_no_file(tmp_path, record):
    (tmp_path / 'overlay.mp4').symlink_to('/dev/full')
    recorder = record([(0.0, image(0))])
    assert 'No space left on device' in recorder.error
    assert not os.path.lexists(tmp_path / 'overlay.mp4')


def test_moments_show_the_first_event_of_each_kind_and_the_times_between():
    events = []
    for number, (gesture, hand) in enumerate(
        [('wave', 'left'), ('wave', 'left'), ('raise', 'right'), ('t_pose', 'none')]
    ):
        start = 2.0 + 5 * number
        events += [
            event(start, 'started', gesture, hand),
            event(start + 2, 'ended', gesture, hand),
        ]
    entries = sheet_entries(events, 0.0, 30.0)
    titled = {title: stamp for stamp, title in entries if title}
    assert titled == {'1 wave (left)': 3.0, '1 raise (right)': 13.0, '1 t pose': 18.0}
    stamps = [stamp for stamp, _ in entries]
    assert len(stamps) == 9
    assert stamps == sorted(stamps)
    assert np.diff([0.0, *stamps, 30.0]).max() <= 5.0


def test_moments_of_more_kinds_than_tiles_are_spread():
    events = []
    for number in range(17):
        name = f'gesture_{number}'
        events += [event(number, 'started', name), event(number + 0.5, 'ended', name)]
    entries = sheet_entries(events, 0.0, 20.0)
    assert [stamp for stamp, _ in entries] == [number + 0.25 for number in range(0, 17, 2)]


def test_falls_and_repetitions_are_shown_where_they_are_seen_best():
    events = [
        MotionEvent(1.0, 'posture', 'standing', 'started', 1),
        *(MotionEvent(stamp, 'fall', 'fall', phase, 1)
          for stamp, phase in ((5.0, 'falling'), (6.0, 'fallen'), (9.0, 'recovered'))),
        MotionEvent(14.0, 'exercise', 'squat', 'repetition', 1, duration=2.0),
    ]  # fmt: skip
    entries = {title: stamp for stamp, title in sheet_entries(events, 0.0, 20.0) if title}
    fallen = {'1 falling': 5.0 + FALL_DELAY, '1 fallen': 6.0 + FALL_DELAY}
    assert entries == {**fallen, '1 squat': 13.0}


def test_a_fall_at_the_end_is_shown_with_the_last_image():
    fall = MotionEvent(19.9, 'fall', 'fall', 'fallen', 1)
    assert (20.0, '1 fallen') in sheet_entries([fall], 0.0, 20.0)


def test_gesture_without_an_end_lasts_to_the_end():
    assert (15.0, '1 wave (left)') in sheet_entries([event(10.0)], 0.0, 20.0)


@pytest.mark.parametrize('size', [(640, 480), (1920, 1080), (240, 640)])
def test_contact_sheet_shows_the_images_in_order_without_distortion(tmp_path, record, size):
    recorder = record([(7.0 + i / 2.5, image(40 + i * 8, size)) for i in range(25)], 2.5)
    path = tmp_path / 'sheet.png'
    write_contact_sheet(path, [event(9.0), event(11.4, 'ended')], 5.0, recorder)
    sheet = cv2.imread(str(path))
    width, height = sheet.shape[1] / 3, sheet.shape[0] / 3
    assert (width - 6) <= TILE[0]
    assert (height - 6 - CAPTION) <= TILE[1]
    assert (width - 6) / (height - 6 - CAPTION) == pytest.approx(size[0] / size[1], rel=0.02)
    levels = [
        int(sheet[int((row + 0.4) * height), int((column + 0.5) * width), 0])
        for row in range(3)
        for column in range(3)
    ]
    assert levels == sorted(set(levels))
    # The middle of the gesture, 3.2 s after the first image, is image 8.
    assert min(abs(level - 104) for level in levels) <= 6
    caption = sheet[int(height) - 6 - CAPTION : int(height) - 6, : int(width) - 6]
    assert caption.max() > 150


def test_no_video_no_contact_sheet(tmp_path, record):
    names = write_results(tmp_path, {'people': []}, [], 0.0, record([]))
    assert names == ['events.csv', 'summary.json']
    assert json.loads((tmp_path / 'summary.json').read_text()) == {'people': []}


def test_events_file_has_times_since_the_first_image(tmp_path, record):
    events = [event(101.5), event(103.0, 'ended', duration=1.5)]
    write_results(tmp_path, {}, events, 100.0, record([]))
    with (tmp_path / 'events.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['time'] for row in rows] == ['1.500', '3.000']
    assert [row['phase'] for row in rows] == ['started', 'ended']
    assert rows[1]['duration'] == '1.500'
    assert [(row['kind'], row['name'], row['hand']) for row in rows] == [
        ('gesture', 'wave', 'left')
    ] * 2


def test_output_folder_forgets_older_results_but_nothing_else(tmp_path):
    folder = tmp_path / 'a' / 'b'
    folder.mkdir(parents=True)
    for name in ('summary.json', 'overlay.mp4', 'notes.txt'):
        (folder / name).write_text('old')
    with output_folder(folder):
        assert sorted(path.name for path in folder.iterdir()) == ['log', 'notes.txt']


def test_output_folder_is_for_one_demo_at_a_time(tmp_path):
    with output_folder(tmp_path):
        (tmp_path / 'summary.json').write_text('mine')
        with pytest.raises(DemoError, match='another demo is writing to'), output_folder(tmp_path):
            pytest.fail('two demos in one folder')
        assert (tmp_path / 'summary.json').read_text() == 'mine'
    with output_folder(tmp_path):
        pass


def test_output_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / 'file').touch()
    with (
        pytest.raises(DemoError, match=r'cannot write to .*file/demo: .*--output'),
        output_folder(tmp_path / 'file' / 'demo'),
    ):
        pytest.fail('a file is no folder')
    with (
        pytest.raises(DemoError, match='cannot write to /proc/demo'),
        output_folder(type(tmp_path)('/proc/demo')),
    ):
        pytest.fail('it cannot be written')
