import os

import cv2
import numpy as np
import pytest

from pose_ros.cli import demo_recorder
from pose_ros.cli.demo_recorder import (
    CAPTION,
    LONGEST_GAP,
    TILE,
    WHITE,
    FilmRecorder,
    Moment,
    caption_of,
    choose_moments,
    contact_sheet,
    write_contact_sheet,
)
from pose_ros.core.colours import colour_of
from pose_ros.core.media import open_media
from pose_ros.core.motion.events import MotionEvent


def picture(level, size=(96, 64)):
    """Grey picture, (width, height) [px]."""
    return np.full((size[1], size[0], 3), level, np.uint8)


def event(stamp, phase='started', gesture='wave', hand='left', person=1):
    return MotionEvent(stamp, 'gesture', gesture, phase, person, hand)


def shown(path):
    """Brightness and time [s] of each image of a video."""
    frames = list(open_media(path).frames())
    return [frame.image.mean() for frame in frames], [frame.stamp for frame in frames]


def test_film_shows_each_image_at_its_time(tmp_path):
    film = FilmRecorder(tmp_path / 'film.mp4', 10.0)
    stamps = (50.0, 50.1, 50.44, 50.45, 51.9)
    for number, stamp in enumerate(stamps):
        film.add(stamp, picture(40 * number))
    film.close()
    levels, times = shown(film.path)
    assert np.allclose(levels, [0, 40, 80, 120, 160], atol=4)
    assert np.allclose(times, [0, 0.1, 0.44, 0.45, 1.9], atol=1e-3)
    assert film.time_of(50.44) == pytest.approx(0.44)
    assert (film.first_stamp, film.last_stamp) == (50.0, 51.9)


def test_film_takes_no_picture_twice_and_none_out_of_order(tmp_path):
    film = FilmRecorder(tmp_path / 'film.mp4', 10.0)
    for stamp, level in ((1.0, 0), (1.1, 100), (1.1, 200), (1.02, 250), (1.2, 200)):
        film.add(stamp, picture(level))
    film.close()
    assert np.allclose(shown(film.path)[0], [0, 100, 200], atol=4)


def test_film_cuts_a_long_standstill(tmp_path):
    film = FilmRecorder(tmp_path / 'film.mp4', 10.0)
    stamps = (0.0, 0.1, 3600.0, 3600.1, 7200.0)
    for stamp in stamps:
        film.add(stamp, picture(0))
    film.close()
    expected = [0, 0.1, 0.1 + LONGEST_GAP, 0.2 + LONGEST_GAP, 0.2 + 2 * LONGEST_GAP]
    assert np.allclose(shown(film.path)[1], expected, atol=1e-3)
    # Times before a cut stay what they were.
    assert [film.time_of(stamp) for stamp in stamps] == pytest.approx(expected)


def test_film_says_when_it_cannot_be_written(tmp_path):
    film = FilmRecorder(tmp_path / 'none' / 'film.mp4', 10.0)
    film.add(0.0, picture(0))
    film.close()
    assert 'cannot write the overlay: No such file or directory' in film.error
    assert write_contact_sheet(tmp_path / 'sheet.png', film, [], 0.0) == 0


def test_film_on_a_full_disk_says_so_and_leaves_no_file(tmp_path):
    (tmp_path / 'film.mp4').symlink_to('/dev/full')
    film = FilmRecorder(tmp_path / 'film.mp4', 10.0)
    film.add(0.0, picture(0))
    film.close()
    assert 'No space left on device' in film.error
    assert not os.path.lexists(tmp_path / 'film.mp4')


def brighter(stamps):
    """Images that differ the more, the more time lies between them."""
    return [picture(round(8 * stamp)) for stamp in stamps]


def moments_of(events, first, last, look=brighter):
    return [moment for moment, _ in choose_moments(events, first, last, look)]


def test_moments_are_nine_in_order_and_show_each_gesture():
    events = []
    for number, (gesture, hand) in enumerate(
        [('wave', 'left'), ('wave', 'left'), ('raise', 'right'), ('t_pose', 'none')]
    ):
        start = 2.0 + 5 * number
        events += [
            event(start, 'started', gesture, hand),
            event(start + 2, 'ended', gesture, hand),
        ]
    moments = moments_of(events, 0.0, 30.0)
    assert len(moments) == 9
    stamps = [moment.stamp for moment in moments]
    assert stamps == sorted(stamps)
    assert min(np.diff(stamps)) > 0.5
    shown = {moment.titles[0][1]: moment.stamp for moment in moments if moment.titles}
    assert set(shown) == {'wave (left)', 'raise (right)', 't pose'}
    assert shown['t pose'] == 18.0


def test_moments_prefer_gestures_not_yet_shown():
    events = []
    for number in range(20):
        gesture = 'wave' if number < 19 else 't_pose'
        events += [event(number, 'started', gesture), event(number + 0.5, 'ended', gesture)]
    moments = moments_of(events, 0.0, 20.0)
    assert len(moments) == 9
    assert [m.titles for m in moments].count(((1, 't pose (left)'),)) == 1


def test_of_more_kinds_than_there_is_room_for_the_moments_are_spread():
    events = []
    for number in range(17):
        name = f'gesture_{number}'
        events += [event(number, 'started', name), event(number + 0.5, 'ended', name)]
    moments = moments_of(events, 0.0, 20.0)
    assert [moment.stamp for moment in moments] == [number + 0.25 for number in range(0, 17, 2)]


def test_falls_and_repetitions_are_moments_when_they_are_seen_best():
    def fall(stamp, phase):
        return MotionEvent(stamp, 'fall', 'fall', phase, 1)

    events = [
        fall(5.0, 'falling'),
        fall(6.0, 'fallen'),
        fall(9.0, 'recovered'),
        MotionEvent(14.0, 'exercise', 'squat', 'repetition', 1, duration=2.0),
        MotionEvent(1.0, 'posture', 'standing', 'started', 1),
    ]
    moments = {moment.titles: moment.stamp for moment in moments_of(events, 0.0, 20.0)}
    later = demo_recorder.SHOWN_LATER
    assert moments[((1, 'falling'),)] == 5.0 + later
    assert 6.0 + later <= moments[((1, 'fallen'),)] < 9.0
    assert moments[((1, 'squat'),)] == 13.0


def test_gesture_that_does_not_end_lasts_to_the_end():
    moments = moments_of([event(10.0)], 0.0, 20.0)
    assert 15.0 in [moment.stamp for moment in moments]
    waving = ((1, 'wave (left)'),)
    assert all((moment.titles == waving) == (moment.stamp >= 10) for moment in moments)


def test_moments_that_look_the_same_are_shown_once():
    # A person stands still but for the time from 10 to 12 s.
    def look(stamps):
        return [picture(100 if 10 < stamp < 12 else 50) for stamp in stamps]

    found = choose_moments([event(4.0), event(6.0, 'ended')], 0.0, 20.0, look)
    assert [image.mean() for _, image in found] == [50, 100]
    assert found[0][0].stamp == 5.0
    # What cannot be read is left out.
    assert choose_moments([], 0.0, 20.0, lambda stamps: [None] * len(stamps)) == []


def test_events_at_the_same_time_share_a_moment():
    events = [event(4.0), event(4.1, gesture='clap', hand='both')]
    events += [event(6.0, 'ended'), event(6.1, 'ended', 'clap', 'both')]
    titled = [moment for moment in moments_of(events, 0.0, 20.0) if moment.stamp == 5.0]
    assert [moment.titles for moment in titled] == [((1, 'wave (left)'), (1, 'clap (both)'))]
    assert not any(5.0 < moment.stamp < 5.3 for moment in moments_of(events, 0.0, 20.0))


def test_moments_without_gestures_are_spread():
    stamps = [moment.stamp for moment in moments_of([], 5.0, 15.0)]
    assert len(stamps) == 9
    assert np.diff(stamps).min() > 0.5
    assert np.diff(stamps).max() < 2.0


def test_captions_of_several_people_have_their_numbers_and_colours():
    moment = Moment(7.5, ((2, 'wave (left)'), (5, 't pose'), (2, 'wave (left)')))
    assert caption_of(moment, 5.0, several=True)[:3] == [
        ('2.5 s', WHITE),
        ('2 wave (left)', colour_of(2)),
        ('5 t pose', colour_of(5)),
    ]
    # One alone needs no number.
    alone = [('2.5 s', WHITE), ('wave (left)', WHITE), ('t pose', WHITE)]
    assert caption_of(moment, 5.0, several=False) == alone


def test_the_contact_sheet_shows_the_colour_of_each_person():
    captions = [[('1.0 s', WHITE), (f'{person} wave', colour_of(person))] for person in (1, 2)]
    sheet = contact_sheet([picture(100, (640, 480))] * 2, captions)
    width = (sheet.shape[1] - 6) // 3
    for column, person in enumerate((1, 2)):
        under = sheet[-CAPTION:, column * width : (column + 1) * width].reshape(-1, 3) / 255
        distance = np.abs(under - colour_of(person)[::-1]).max(axis=1)
        assert distance.min() < 0.05
        other = np.abs(under - colour_of(3 - person)[::-1]).max(axis=1)
        assert other.min() > 0.1


def test_a_caption_too_long_for_its_picture_is_made_smaller():
    words = [(f'{person} hand raised (both)', colour_of(person)) for person in range(1, 7)]
    sheet = contact_sheet([picture(0, (640, 480))], [words])
    width = (sheet.shape[1] - 6) // 3
    under = sheet[-CAPTION:]
    assert under[:, width - 60 : width].max() > 100
    assert under[:, width + 6 :].max() < 40


@pytest.mark.parametrize('size', [(640, 480), (1920, 1080), (240, 640), (100, 100)])
def test_contact_sheet_fits_all_shapes_without_distortion(size):
    sheet = contact_sheet([picture(100 + i, size) for i in range(9)], [[('wave', WHITE)]] * 9)
    width, height = (sheet.shape[1] - 6) / 3 - 6, (sheet.shape[0] - 6) / 3 - 6 - CAPTION
    assert width <= TILE[0]
    assert height <= TILE[1]
    assert width / height == pytest.approx(size[0] / size[1], rel=0.02)
    # The caption stands under each picture, not on it.
    for row, column in ((0, 0), (1, 1), (2, 2)):
        x, y = 6 + column * (width + 6), 6 + row * (height + CAPTION + 6)
        tile = sheet[round(y) : round(y + height), round(x) : round(x + width)]
        assert np.ptp(tile[2:-2, 2:-2]) == 0
        under = sheet[round(y + height) : round(y + height + CAPTION), round(x) :]
        assert under.max() > 150


def test_contact_sheet_of_a_film_shows_nine_moments(tmp_path, monkeypatch):
    texts = []
    draw = demo_recorder.contact_sheet
    monkeypatch.setattr(
        demo_recorder,
        'contact_sheet',
        lambda p, captions: texts.extend(captions) or draw(p, captions),
    )
    film = FilmRecorder(tmp_path / 'film.mp4', 2.5)
    for index in range(25):
        film.add(7.0 + index / 2.5, picture(index * 8))
    film.close()
    path = tmp_path / 'sheet.png'
    events = [event(9.0), event(11.4, 'ended')]
    assert write_contact_sheet(path, film, events, 5.0) == 9
    # The middle of the gesture, in seconds since the first image, not since the film's start.
    assert [('5.2 s', WHITE), ('wave (left)', WHITE)] in texts
    sheet = cv2.imread(str(path))
    rows, columns = ((np.arange(3) + 0.4) / 3)[:, None], (np.arange(3) + 0.5) / 3
    found = sheet[(rows * sheet.shape[0]).astype(int), (columns * sheet.shape[1]).astype(int), 0]
    assert (np.diff(found.ravel().astype(int)) > 0).all()
    # The middle of the gesture, 3.2 s after the start, is picture 8.
    assert np.abs(found.ravel().astype(int) - 64).min() <= 6


def test_no_film_no_contact_sheet(tmp_path):
    film = FilmRecorder(tmp_path / 'film.mp4', 10.0)
    film.close()
    assert write_contact_sheet(tmp_path / 'sheet.png', film, [], 0.0) == 0
    assert not (tmp_path / 'sheet.png').exists()
