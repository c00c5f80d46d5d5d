"""The image of a timeline: its rows, its curves and bars, and the red of a fall."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pose_ros.core.motion.events import MotionEvent
from pose_ros.plotting import chart
from pose_ros.plotting.recording import Recording

pytest.importorskip('matplotlib')


@pytest.fixture
def make():
    """A timeline of so many people who bend their left knee and wave, and may fall."""

    def timeline(people=1, fallen=False, angles=True, **details):
        made = Recording()
        for person in range(1, people + 1):
            for time in np.arange(0, 10, 0.1) if angles else ():
                values = [('left_knee', 1.5 + np.sin(time), 0.1), ('trunk', 0.1, 0.02)]
                made.add_angles('video.mp4', time, person, values)
            events = [
                MotionEvent(0.5, 'posture', 'standing', 'started', person),
                MotionEvent(2.0, 'gesture', 'wave', 'started', person, 'left'),
                MotionEvent(4.0, 'gesture', 'wave', 'ended', person, 'left', duration=2.0),
                MotionEvent(
                    6.0, 'exercise', 'squat', 'repetition', person, duration=1.5,
                    details={'repetitions': 3, 'faults': [{'name': 'knees', 'certain': True}]},
                ),
            ]  # fmt: skip
            if fallen:
                details = {'onset': 7.0, 'landing': 8.0}
                events.append(MotionEvent(9.0, 'fall', 'fall', 'fallen', person, details=details))
            for event in events:
                made.add_event('video.mp4', event)
        return made

    return timeline


def labels(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_each_person_has_curves_above_and_bars_below(make):
    figure = chart.figure_of(make(people=3))
    assert len(figure.axes) == 6
    heights = [axes.get_position().y0 for axes in figure.axes]
    assert heights == sorted(heights, reverse=True)
    for number, (curves, bars) in enumerate(zip(figure.axes[::2], figure.axes[1::2]), 1):
        assert f'video.mp4 · person {number}' in curves.get_title('left')
        assert curves.get_xlim() == bars.get_xlim() == pytest.approx((0, 9.9))
        assert labels(bars) == ['posture', 'wave (left)', 'squat']
        assert bars.get_position().height > 0.02


def test_a_curve_is_in_degrees_with_a_band_of_its_deviation(make):
    curves, _ = chart.figure_of(make(), ['left_knee']).axes
    [line] = curves.get_lines()
    assert line.get_label() == 'left knee'
    np.testing.assert_allclose(line.get_ydata(), np.degrees(1.5 + np.sin(line.get_xdata())))
    [band] = curves.collections
    low, high = band.get_paths()[0].get_extents().intervaly
    assert high - line.get_ydata().max() == pytest.approx(np.degrees(0.1), abs=0.01)
    assert line.get_ydata().min() - low == pytest.approx(np.degrees(0.1), abs=0.01)


def test_bars_are_where_and_as_long_as_what_they_show(make):
    _, bars = chart.figure_of(make()).axes
    places = [(patch.get_x(), patch.get_width()) for patch in bars.patches]
    assert places == [pytest.approx(p) for p in ((0.5, 9.4), (2.0, 2.0), (4.5, 1.5))]
    words = [text.get_text().strip() for text in bars.texts]
    assert words == ['standing', '2.0 s', '3, knees']


def test_of_many_angles_those_that_move_most_are_drawn():
    timeline = Recording()
    for time in np.arange(0, 5, 0.1):
        values = [(f'a{i}_knee', i * np.sin(time) / 10, 0.1) for i in range(1, 10)]
        timeline.add_angles('video', time, 1, [*values, ('trunk', np.nan, np.nan)])
    curves, _ = chart.figure_of(timeline).axes
    shown = [line.get_label() for line in curves.get_lines()]
    assert shown == [f'a{i} knee' for i in range(4, 10)]
    assert '6 of 10 angles' in curves.get_title('left')


def test_files_of_the_same_name_are_told_apart_by_their_folders():
    timeline = Recording()
    for source in ('a/events.csv', 'b/events.csv', 'c/video.mp4'):
        timeline.add_event(source, MotionEvent(1.0, 'gesture', 'wave', 'started', 1))
    titles = [axes.get_title('left') for axes in chart.figure_of(timeline).axes[::2]]
    assert titles == [
        'a/events.csv · person 1', 'b/events.csv · person 1', 'video.mp4 · person 1',
    ]  # fmt: skip


def red(image):
    """Share of the pixels that are reddish."""
    blue, green, red = (image[..., i].astype(int) for i in range(3))
    return float(((red > green + 20) & (red > blue + 20)).mean())


def test_the_image_has_its_rows_and_the_red_of_a_fall(make, tmp_path):
    heights = {}
    for people in (1, 3):
        chart.draw(make(people), tmp_path / 'chart.png', ['left_knee'])
        image = cv2.imread(str(tmp_path / 'chart.png'))
        heights[people] = image.shape[0]
        assert image.shape[1] == 1430
        # Rows of the image with the curve's or a bar's colour: as many blocks as people.
        inked = (image.max(axis=2).astype(int) - image.min(axis=2) > 60).any(axis=1)
        assert inked.sum() > 0.3 * image.shape[0]
        assert red(image) < 0.02
    assert heights[3] == pytest.approx(3 * heights[1], abs=3)
    chart.draw(make(fallen=True), tmp_path / 'fall.png', ['left_knee'])
    assert red(cv2.imread(str(tmp_path / 'fall.png'))) > 0.1


def test_events_alone_are_drawn_without_room_for_curves(make, tmp_path):
    chart.draw(make(angles=False), tmp_path / 'events.png')
    alone = cv2.imread(str(tmp_path / 'events.png'))
    chart.draw(make(), tmp_path / 'both.png')
    both = cv2.imread(str(tmp_path / 'both.png'))
    assert alone.shape[0] < both.shape[0] - 200
    assert alone.std() > 10


def test_what_cannot_be_drawn_is_refused(make):
    with pytest.raises(ValueError, match='nothing to draw'):
        chart.figure_of(Recording())
    with pytest.raises(ValueError, match="unknown angle 'nose', there are: left_knee, trunk"):
        chart.figure_of(make(), ['nose'])
    with pytest.raises(ValueError, match='31 people are too many'):
        chart.figure_of(make(31, angles=False))
