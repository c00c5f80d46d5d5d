import dataclasses
import math

import numpy as np
import pytest

from pose_ros.core.colours import (
    FALLEN,
    SIDE_COLOURS,
    UNTRACKED,
    bone_colours,
    colour_of,
    keypoint_colours,
)
from pose_ros.core.drawing import draw_people
from pose_ros.core.outlines import angle_keypoints
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import Box, KeypointState, Person

GREY = 90
# Facing the camera: the person's left is on the image's right. Share of the body's height.
STANDING = {
    'nose': (0.0, 0.06),
    'left_eye': (0.03, 0.04),
    'right_eye': (-0.03, 0.04),
    'left_ear': (0.06, 0.05),
    'right_ear': (-0.06, 0.05),
    'left_shoulder': (0.12, 0.2),
    'right_shoulder': (-0.12, 0.2),
    'left_elbow': (0.28, 0.3),
    'right_elbow': (-0.28, 0.3),
    'left_wrist': (0.4, 0.42),
    'right_wrist': (-0.4, 0.42),
    'left_hip': (0.09, 0.52),
    'right_hip': (-0.09, 0.52),
    'left_knee': (0.1, 0.75),
    'right_knee': (-0.1, 0.75),
    'left_ankle': (0.11, 0.97),
    'right_ankle': (-0.11, 0.97),
}


def standing(height=300.0, x=200.0, y=30.0, person_id=1, states=None):
    points = np.array([STANDING[name] for name in COCO17.keypoint_names], np.float32)
    points = (points * height + (x, y)).astype(np.float32)
    if states is None:
        states = np.zeros(17, np.uint8)
    return Person(
        COCO17, points, np.ones(17, np.float32), states, 1.0, Box.around(points), person_id
    )


def moved(person, **places):
    points = person.keypoints.copy()
    for name, place in places.items():
        points[person.topology.index(name)] = place
    return Person(
        person.topology, points, person.scores, person.states, 1.0, person.box, person.id
    )


def grey(width=400, height=360):
    return np.full((height, width, 3), GREY, np.uint8)


def colour_at(image, point):
    """Colour 0 to 1 of the pixel that holds a point of continuous coordinates."""
    return image[math.floor(point[1]), math.floor(point[0])] / 255


def changed(image):
    return (image != GREY).any(axis=2)


def middle_of(person, first, second):
    index = person.topology.index
    return (person.keypoints[index(first)] + person.keypoints[index(second)]) / 2


def test_draws_on_a_copy_even_of_a_image_that_cannot_be_written():
    image = grey()
    for given in (image, image[:, ::-1]):
        assert changed(draw_people(given, [standing()])).any()
        assert not changed(image).any()
    image.setflags(write=False)
    assert changed(draw_people(image, [standing()])).any()


def test_no_one_leaves_the_image_as_it_was():
    np.testing.assert_array_equal(draw_people(grey(), []), grey())


@pytest.mark.parametrize('channels', ['rgb', 'bgr'])
def test_left_and_right_are_told_apart_in_either_order_of_channels(channels):
    person = standing()
    drawn = draw_people(grey(), [person], channels)
    if channels == 'bgr':
        drawn = drawn[..., ::-1]
    for side, name in ((-1, 'left'), (1, 'right')):
        wrist = person.keypoints[COCO17.index(f'{name}_wrist')]
        np.testing.assert_allclose(colour_at(drawn, wrist), SIDE_COLOURS[side], atol=0.01)
        edge = (COCO17.index(f'{name}_elbow'), COCO17.index(f'{name}_wrist'))
        expected = bone_colours(COCO17, 1)[COCO17.edges.index(edge)]
        middle = middle_of(person, f'{name}_elbow', f'{name}_wrist')
        np.testing.assert_allclose(colour_at(drawn, middle), expected, atol=0.01)


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33])
def test_left_bones_are_lighter_than_right_ones_and_the_middle_lies_between(topology):
    colours = bone_colours(topology, 3)
    assert colours.shape == (len(topology.edges), 3)

    def light(first, second):
        edge = (topology.index(first), topology.index(second))
        return colours[topology.edges.index(edge)].sum()

    left = light('left_hip', 'left_knee')
    middle = light('left_shoulder', 'right_shoulder')
    assert left > 1.2 * middle > 1.2 * light('right_hip', 'right_knee')
    sides = [SIDE_COLOURS[int(side)] for side in topology.sides]
    np.testing.assert_allclose(keypoint_colours(topology, 1), sides, rtol=1e-6)


def test_a_dot_lies_where_the_coordinates_say():
    places = dict.fromkeys(COCO17.keypoint_names, (np.nan, np.nan))
    for place in ((50.0, 40.0), (50.5, 40.5), (71.25, 33.75)):
        places['left_wrist'] = place
        drawn = draw_people(grey(), [moved(standing(person_id=0), **places)])
        weight = np.abs(drawn.astype(float) - GREY).sum(axis=2)
        y, x = np.indices(weight.shape)
        centre = [(axis * weight).sum() / weight.sum() for axis in (x, y)]
        assert centre == pytest.approx(place, abs=0.2)


def test_bones_follow_anatomy_not_the_order_of_keypoints():
    person = standing()
    drawn = changed(draw_people(grey(), [person]))
    for first, second in COCO17.edges:
        x, y = (person.keypoints[first] + person.keypoints[second]) / 2
        assert drawn[int(y), int(x)], (first, second)
    # Consecutive in the format, but no bone: wrist to wrist, knee to knee, ankle to ankle.
    for name in ('wrist', 'knee', 'ankle'):
        x, y = middle_of(person, f'left_{name}', f'right_{name}')
        assert not drawn[int(y), int(x)], name


@pytest.mark.parametrize(
    'state',
    [KeypointState.BELOW_THRESHOLD, KeypointState.PREDICTED, KeypointState.IMPLAUSIBLE],
)
def test_only_what_was_observed_is_solid(state):
    states = np.zeros(17, np.uint8)
    states[COCO17.index('left_wrist')] = state
    person = standing(states=states)
    solid = draw_people(grey(), [standing()])
    drawn = draw_people(grey(), [person])
    x, y = person.keypoints[COCO17.index('left_wrist')].astype(int)
    around = np.s_[y - 8 : y + 9, x - 8 : x + 9]
    assert changed(drawn)[around].any()
    assert changed(drawn)[around].sum() < 0.6 * changed(solid)[around].sum()
    faint = np.abs(drawn[around].astype(int) - GREY).max()
    assert 0 < faint < 0.7 * np.abs(solid[around].astype(int) - GREY).max()
    # The other arm has not changed.
    x, y = person.keypoints[COCO17.index('right_wrist')].astype(int)
    np.testing.assert_array_equal(drawn[y, x], solid[y, x])


def test_a_keypoint_that_was_not_observed_is_hollow():
    states = np.zeros(17, np.uint8)
    states[COCO17.index('left_wrist')] = KeypointState.BELOW_THRESHOLD
    person = moved(standing(1000, x=500, states=states), left_elbow=(np.nan, np.nan))
    drawn = changed(draw_people(grey(1000, 1100), [person]))
    x, y = person.keypoints[COCO17.index('left_wrist')].astype(int)
    assert not drawn[y - 2 : y + 3, x - 2 : x + 3].any()
    assert drawn[y, x - 15 : x + 16].sum() >= 2


def test_a_keypoint_that_is_not_known_takes_only_its_own_bones_along():
    person = moved(standing(), left_elbow=(np.nan, np.nan))
    drawn = changed(draw_people(grey(), [person]))
    whole = standing()
    for first, second, expected in (
        ('left_shoulder', 'left_elbow', False),
        ('left_elbow', 'left_wrist', False),
        ('right_elbow', 'right_wrist', True),
        ('left_hip', 'left_knee', True),
    ):
        x, y = middle_of(whole, first, second).astype(int)
        assert drawn[y, x] == expected, (first, second)


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 1e12, -1e12, 9e4, -9e4])
@pytest.mark.parametrize('state', list(KeypointState))
def test_places_that_no_image_has_do_not_harm(value, state):
    states = np.full(17, state, np.uint8)
    person = moved(standing(states=states), left_wrist=(value, 5.0), right_ankle=(5.0, value))
    drawn = draw_people(grey(), [person], labels={1: 'wave'})
    x, y = person.keypoints[COCO17.index('left_hip')].astype(int)
    assert changed(drawn)[y - 8 : y + 9, x - 8 : x + 9].any()
    nowhere = standing(states=states)
    nowhere.keypoints[:] = value
    np.testing.assert_array_equal(draw_people(grey(), [nowhere], labels={1: 'wave'}), grey())


@pytest.mark.parametrize('size', [(1, 1), (2, 300), (300, 2), (17, 9)])
def test_images_smaller_than_a_label_do_not_harm(size):
    image = grey(*size)
    drawn = draw_people(image, [standing(person_id=123456789)], labels={123456789: 'wave ' * 50})
    assert drawn.shape == image.shape


def test_lines_grow_with_the_person():
    image = grey(1600, 1600)
    areas = [
        changed(draw_people(image, [standing(height, x=800, person_id=0)])).sum()
        for height in (400, 1200)
    ]
    # Three times the length; with lines of the same width the area would grow as much.
    assert 5 < areas[1] / areas[0] < 10


def label_of(drawn):
    """Rows and columns of the label's ground."""
    return np.nonzero((drawn == 17).all(axis=2))


def test_the_label_is_beside_its_person():
    person = standing(person_id=7, x=250, y=100, height=300)
    with_id = draw_people(grey(640, 480), [person])
    words = draw_people(grey(640, 480), [person], labels={7: 'wave'})
    others = draw_people(grey(640, 480), [person], labels={8: 'wave'})
    areas = []
    for drawn in (with_id, words):
        rows, columns = label_of(drawn)
        # Beside one shoulder or the other.
        assert abs(rows.mean() - (100 + 0.2 * 300)) < 30
        assert columns.min() > 250 + 0.4 * 300 or columns.max() < 250 - 0.4 * 300
        areas.append(np.ptp(columns))
    assert areas[1] > 1.5 * areas[0]
    np.testing.assert_array_equal(others, with_id)


def test_a_label_is_as_large_whatever_the_person_does():
    sizes = set()
    for height, wrist in (
        (300.0, (330.0, 240.0)),
        (300.0, (330.0, 40.0)),
        (120.0, (300.0, 150.0)),
    ):
        person = moved(standing(height, x=250, y=100, person_id=7), left_wrist=wrist)
        rows, columns = label_of(draw_people(grey(640, 480), [person], labels={7: 'a'}))
        sizes.add((np.ptp(rows), np.ptp(columns)))
    assert len(sizes) == 1


@pytest.mark.parametrize('place', [(1, 1), (399, 1), (1, 359), (399, 359)])
def test_a_label_at_the_edge_is_moved_in_not_cut(place):
    def label_area(wrist):
        places = dict.fromkeys(COCO17.keypoint_names, (np.nan, np.nan)) | {'left_wrist': wrist}
        # Without bones only the label is of the person's own.
        with_label, without = (
            draw_people(grey(), [moved(standing(person_id=i), **places)], labels={7: 'wave'})
            for i in (7, 0)
        )
        return (with_label != without).any(axis=2).sum()

    assert label_area(place) > 0.97 * label_area((200, 180)) > 500


def test_a_person_without_an_id_is_grey_and_has_no_number():
    drawn = draw_people(grey(), [standing(person_id=0)], labels={})
    assert not changed(drawn)[:20].any()
    assert np.ptp(drawn.astype(int), axis=2).max() <= 10
    assert colour_of(0) == UNTRACKED
    assert np.ptp(keypoint_colours(COCO17, 0)) == 0
    assert (np.ptp(bone_colours(COCO17, 0), axis=1) < 1e-6).all()


def test_several_without_an_id_are_all_drawn():
    people = [standing(person_id=0, x=x) for x in (80.0, 200.0, 320.0)]
    together = changed(draw_people(grey(), people))
    for person in people:
        alone = changed(draw_people(grey(), [person]))
        assert together[alone].mean() > 0.99


def test_the_locked_person_is_framed_and_the_others_are_not():
    people = [standing(person_id=i, x=x, height=200) for i, x in ((1, 100.0), (2, 300.0))]
    plain = draw_people(grey(), people, 'rgb')
    drawn = draw_people(grey(), people, 'rgb', locked=2)
    new = (plain != drawn).any(axis=2)
    assert not new[:, :180].any()
    without, framed = (draw_people(grey(), people[1:], 'rgb', locked=i) for i in (0, 2))
    rows, columns = np.nonzero((framed != without).any(axis=2))
    box = people[1].box
    assert rows.max() > box.y + box.height + 8
    assert columns.min() < box.x - 8
    assert columns.max() > box.x + box.width + 8
    # Only the corners: the middle of each side is free.
    assert not new[int(box.centre[1]), :].any()
    colours = {tuple(pixel) for pixel in drawn[new]}
    assert tuple(round(255 * c) for c in colour_of(2)) in colours


@pytest.mark.parametrize('channels', ['rgb', 'bgr'])
def test_a_locked_person_who_is_away_is_told_of(channels):
    people = [standing(person_id=1, height=150)]
    plain = draw_people(grey(), people, channels)
    away = draw_people(grey(), people, channels, locked=2)
    rows, columns = np.nonzero((plain != away).any(axis=2))
    assert rows.min() > 320
    assert columns.max() < 300
    # No one is not away.
    np.testing.assert_array_equal(draw_people(grey(), people, channels, locked=0), plain)


def test_a_person_predicted_is_faint_label_and_all():
    def strength(state):
        person = standing(person_id=1, states=np.full(17, state, np.uint8))
        drawn = draw_people(grey(), [person]).astype(int)
        plain = draw_people(grey(), [dataclasses.replace(person, id=0)]).astype(int)
        label = (plain == GREY) & (drawn != GREY)
        return np.abs(drawn - GREY)[label].max(), np.abs(plain - GREY).max()

    for predicted, observed in zip(
        strength(KeypointState.PREDICTED), strength(KeypointState.OBSERVED)
    ):
        assert 0 < predicted < 0.7 * observed


def test_labels_of_people_close_together_do_not_hide_each_other():
    people = [standing(person_id=i, x=x, y=120, height=200) for i, x in ((1, 200.0), (2, 210.0))]
    words = {1: 'wave left', 2: 'wave left'}
    areas = []
    for i, person in enumerate(people, start=1):
        alone = draw_people(grey(640, 480), [person], labels={i: words[i]})
        areas.append(label_of(alone)[0].size)
    both = label_of(draw_people(grey(640, 480), people, labels=words))
    assert both[0].size == sum(areas)


def test_the_first_person_covers_the_others():
    first, second = standing(person_id=1), standing(person_id=2)
    for people in ([first, second], [second, first]):
        drawn = draw_people(grey(), people, 'rgb')
        hips = middle_of(first, 'left_hip', 'right_hip')
        expected = colour_of(people[0].id)
        np.testing.assert_allclose(colour_at(drawn, hips), expected, atol=0.02)


def reds(image):
    """Mask of the pixels in the colour of the fallen."""
    return (np.abs(image / 255 - FALLEN) < 0.02).all(axis=2)


@pytest.mark.parametrize('channels', ['rgb', 'bgr'])
def test_the_fallen_are_red_with_their_label_and_no_one_else_is(channels):
    people = [standing(person_id=i, x=x, y=100, height=200) for i, x in ((1, 100.0), (2, 300.0))]
    plain = draw_people(grey(), people, channels)
    drawn = draw_people(grey(), people, channels, fallen={2})
    if channels == 'bgr':
        plain, drawn = plain[..., ::-1], drawn[..., ::-1]
    assert not reds(plain).any()
    assert not reds(drawn)[:, :200].any()
    for side in ('left', 'right'):
        x, y = middle_of(people[1], f'{side}_elbow', f'{side}_wrist').astype(int)
        assert reds(drawn)[y, x]
    # Of the label, which is beside the person.
    assert reds(drawn)[:, 390:].sum() + reds(drawn)[:, 200:215].sum() > 100
    # No id is as red: the colour alone tells.
    assert max(np.dot(colour_of(i), (1, -1, -1)) for i in range(1, 500)) < 0.6


def test_the_fallen_who_are_away_are_told_of_beside_the_locked():
    people = [standing(person_id=1, height=150)]
    plain = draw_people(grey(), people, 'rgb')
    one = draw_people(grey(), people, 'rgb', fallen={2})
    three = draw_people(grey(), people, 'rgb', locked=5, fallen={2, 3})
    assert reds(one)[320:].any()
    notes = [(plain != drawn).any(axis=2).sum() for drawn in (one, three)]
    assert notes[1] == pytest.approx(3 * notes[0], rel=0.05)


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33])
def test_an_angle_stands_at_its_joint_or_between_the_two_that_it_is_of(topology):
    index = topology.index
    assert angle_keypoints(topology, 'left_knee') == [index('left_knee')]
    assert angle_keypoints(topology, 'neck') == [index('left_shoulder'), index('right_shoulder')]
    assert angle_keypoints(topology, 'trunk') == [index('left_hip'), index('right_hip')]
    assert angle_keypoints(topology, 'tail') == []


def test_angles_are_written_where_they_hide_no_bone():
    person = standing()
    plain = draw_people(grey(), [person])
    for name, side in (('left_knee', 1), ('right_knee', -1)):
        drawn = draw_people(grey(), [person], angles={1: {name: 1.5, 'tail': 1.0}})
        rows, columns = np.nonzero((plain != drawn).any(axis=2))
        x, y = person.keypoints[COCO17.index(name)]
        assert abs(rows.mean() - y) < 5
        assert 10 < side * (columns.mean() - x) < 60
        assert np.ptp(rows) < 30
    for name, joint in (('neck', 'shoulder'), ('trunk', 'hip')):
        drawn = draw_people(grey(), [person], angles={1: {name: 1.5}})
        rows, columns = np.nonzero((plain != drawn).any(axis=2))
        x, y = middle_of(person, f'left_{joint}', f'right_{joint}')
        assert abs(columns.mean() - x) < 5
        assert 5 < y - rows.mean() < 40


def test_angles_that_are_not_known_and_those_of_others_are_not_written():
    places = {'left_knee': (np.nan, np.nan)}
    people = [moved(standing(), **places), standing(person_id=0, x=300.0)]
    plain = draw_people(grey(), people)
    angles = {0: {'left_elbow': 1.0}, 1: {'left_knee': 1.0, 'trunk': np.nan}, 7: {'trunk': 1.0}}
    np.testing.assert_array_equal(draw_people(grey(), people, angles=angles), plain)


def test_all_angles_of_one_person_hide_no_other():
    joints = ('shoulder', 'elbow', 'hip', 'knee', 'ankle')
    names = ['neck', 'trunk', *(f'{side}_{j}' for side in ('left', 'right') for j in joints)]
    person = standing()
    plain = draw_people(grey(), [person])

    def area(*shown):
        drawn = draw_people(grey(), [person], angles={1: dict.fromkeys(shown, 3.0)})
        return (plain != drawn).any(axis=2).sum()

    assert area(*names) > 0.9 * sum(area(name) for name in names)


def test_a_label_beyond_ascii_does_not_harm():
    drawn = draw_people(grey(), [standing()], labels={1: 'händ → 手'})
    assert changed(drawn).any()


def test_colours_are_stable_far_apart_and_light():
    colours = np.array([colour_of(i) for i in range(1, 200)])
    assert ((colours >= 0) & (colours <= 1)).all()
    np.testing.assert_array_equal(colours[6], colour_of(7))
    assert (np.abs(np.diff(colours, axis=0)).max(axis=1) > 0.3).all()
    assert (colours @ (0.2126, 0.7152, 0.0722) > 0.44).all()


@pytest.mark.parametrize(
    'image',
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)],
)
def test_what_is_no_image_is_refused(image):
    with pytest.raises(ValueError, match='expected a uint8 image'):
        draw_people(image, [])
