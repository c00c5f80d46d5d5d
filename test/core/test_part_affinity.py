"""People out of heatmaps and fields painted from scenes whose people are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import yaml

from pose_ros.actor import Actor, Scene, frames
from pose_ros.actor.motions import BASIC
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.models.openpose import OpenPose
from pose_ros.core.models.part_affinity import (
    BODY25_FIELDS,
    COCO18_FIELDS,
    FIELD_LAYOUTS,
    FieldDecoder,
    FieldLayout,
    _sampled,
    find_peaks,
)
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.topology import COCO17, COCO18, Topology, keypoint_map
from pose_ros.core.types import Frame

WIDTH, HEIGHT = 640, 480
SIGMA = 7 / 8  # of the painted peaks [cells], OpenPose's
MIN_PARTS = 4
CLEAR = 3.0  # keypoints of one kind nearer to one another than this may melt [cells]

by_layout = pytest.mark.parametrize(
    'layout', FIELD_LAYOUTS, ids=[layout.topology.name for layout in FIELD_LAYOUTS]
)


# --- painting -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Painting:
    """People in cells: each (x, y) [N, K, 2] and whether it is painted [N, K]."""

    layout: FieldLayout
    points: np.ndarray
    painted: np.ndarray
    size: tuple[int, int]  # (width, height) [cells]

    def maps(self, noise=0.0, seed=0):
        """Heatmaps with the background's, and fields, as the models are trained to give them."""
        width, height = self.size
        rows, columns = np.mgrid[:height, :width].astype(float)
        count = len(self.layout.topology)
        heatmaps = np.zeros((height, width, count + 1))
        fields = np.zeros((height, width, self.layout.channels))
        people_there = np.zeros((height, width, len(self.layout.limbs)))
        for points, painted in zip(self.points, self.painted):
            for kind in np.flatnonzero(painted):
                x, y = points[kind]
                across, down = np.arange(width) - x, np.arange(height) - y
                peak = np.exp(-np.add.outer(down**2, across**2) / (2 * SIGMA**2))
                np.maximum(heatmaps[..., kind], peak, out=heatmaps[..., kind])
            for number, (start, end, channel) in enumerate(self.layout.limbs):
                if painted[start] and painted[end]:
                    x, y = points[start]
                    way = points[end] - points[start]
                    length = max(np.hypot(*way), 1e-9)
                    right, down = way / length
                    along = (columns - x) * right + (rows - y) * down
                    across = np.abs((columns - x) * down - (rows - y) * right)
                    there = (along >= -1) & (along <= length + 1) & (across <= 1)
                    fields[there, channel] += right
                    fields[there, channel + 1] += down
                    people_there[there, number] += 1
        for number, (_, _, channel) in enumerate(self.layout.limbs):
            fields[..., channel : channel + 2] /= np.maximum(people_there[..., number, None], 1)
        heatmaps[..., -1] = 1 - heatmaps[..., :-1].max(axis=2)
        rng = np.random.default_rng(seed)
        return tuple(
            (array + rng.normal(0, noise, array.shape)).astype(np.float32)
            for array in (heatmaps, fields)
        )

    def parts(self):
        """Masks [K] of what hangs together on painted limbs, with the person's number."""
        for number, painted in enumerate(self.painted):
            for mask in self.joined(painted):
                if self.enough(mask):
                    yield number, mask

    def enough(self, mask):
        """Whether these keypoints [K] make a person: neck and feet do not count."""
        names = np.array(self.layout.topology.keypoint_names)[mask]
        return len(set(names) & set(COCO17.keypoint_names)) >= MIN_PARTS

    def joined(self, there):
        """Masks [K] of the keypoints there that limbs join."""
        body = np.arange(len(there))
        for start, end, _ in self.layout.limbs:
            if there[start] and there[end]:
                body[body == body[end]] = body[start]
        return [(body == one) & there for one in np.unique(body[there])]

    def clear(self):
        """Mask [N, K] of the keypoints that no other one of their kind is near to."""
        clear = self.painted.copy()
        for number in range(len(self.points)):
            others = np.delete(self.points, number, axis=0)
            there = np.delete(self.painted, number, axis=0)
            distances = np.linalg.norm(others - self.points[number], axis=2)
            clear[number] &= ~(there & (distances < CLEAR)).any(axis=0)
        return clear


FEET = {'big_toe': (0.03, 0.045), 'small_toe': (0.07, 0.035), 'heel': (-0.03, 0.02)}


def joints(person, topology: Topology):
    """Keypoints and visibility of an actor in OpenPose's formats."""
    points = dict(zip(COCO17.keypoint_names, person.keypoints.astype(float)))
    seen = dict(zip(COCO17.keypoint_names, person.visible))
    for name, part in (('neck', 'shoulder'), ('mid_hip', 'hip')):
        points[name] = (points[f'left_{part}'] + points[f'right_{part}']) / 2
        seen[name] = seen[f'left_{part}'] or seen[f'right_{part}']
    for side, outwards in (('left', 1), ('right', -1)):
        for part, (x, y) in FEET.items():
            away = np.array([outwards * x, y]) * person.height
            points[f'{side}_{part}'] = points[f'{side}_ankle'] + away
            seen[f'{side}_{part}'] = seen[f'{side}_ankle']
    names = topology.keypoint_names
    return np.array([points[name] for name in names]), np.array([seen[name] for name in names])


def crowd(seed, people):
    """A person beside and before another person, at some moment of what they do."""
    rng = np.random.default_rng(seed)
    actors = [
        Actor(
            motion=str(rng.choice(list(BASIC))),
            x=90 + 460 * (place + 0.5) / people + rng.uniform(-25, 25),
            y=rng.uniform(430, 470),
            height=rng.uniform(220, 380),
            start=0.2,
            speed=rng.choice([-1, 1]) * 0.3,
            distance=rng.uniform(2, 5),
        )
        for place in range(people)
    ]
    scene = Scene(WIDTH, HEIGHT, fps=1, duration=2, noise=0, actors=tuple(actors))
    return list(frames(scene, seed))[1]


def painting_of(frame, layout, *, cell=8.0, only_visible=False):
    """Paint a frame's people with cells of so many pixels."""
    points, seen = zip(*(joints(person, layout.topology) for person in frame.people))
    points, seen = np.array(points), np.array(seen)
    inside = ((points >= 0) & (points <= (WIDTH - 1, HEIGHT - 1))).all(axis=2)
    painted = inside & seen if only_visible else inside
    size = round(WIDTH / cell), round(HEIGHT / cell)
    cells = (points + 0.5) * size / (WIDTH, HEIGHT) - 0.5
    return Painting(layout, cells, painted, size)


def check(painting, found, tolerance=0.5):
    """Everybody is found, with their own keypoints, and no other person is.

    Where keypoints of one kind melt, only what hangs together without them is asked for.
    """
    clear = painting.clear()
    names = np.array(painting.layout.topology.keypoint_names)
    people = []
    unsure = painting.painted.copy()
    for number, part in painting.parts():
        sure = max(painting.joined(clear[number] & part), key=np.count_nonzero, default=part)
        if painting.enough(sure):
            people.append((number, part, sure))
            unsure[number] &= ~sure
    errors = []
    left = list(found)
    for number, part, sure in people:
        truth = painting.points[number]

        def hits(person, truth=truth, sure=sure):
            near = np.linalg.norm(person.keypoints - truth, axis=1) < tolerance
            return np.count_nonzero(near & (person.scores > 0) & sure)

        assert left, f'person {number} is missing'
        person = max(left, key=hits)
        left.remove(person)
        away = np.linalg.norm(person.keypoints - truth, axis=1)
        lost = sure & (person.scores == 0)
        moved = sure & ~lost & (away >= tolerance)
        strange = (person.scores > 0) & ~part & ~unsure.any(axis=0)
        assert not (lost | moved | strange).any(), (
            f'person {number}: lost {names[lost]}, moved {names[moved]}, strange {names[strange]}'
        )
        errors.append(away[sure])
    if not unsure.any():
        assert not left, f'{len(left)} people too many'
    return np.concatenate(errors)


# --- scenes -------------------------------------------------------------------------------------


@by_layout
@pytest.mark.parametrize('people', [1, 2, 3, 4, 5])
@pytest.mark.parametrize('seed', range(2))
def test_everybody_is_found_with_their_own_limbs(layout, people, seed):
    painting = painting_of(crowd(seed, people), layout)
    errors = check(painting, FieldDecoder(layout).decode(*painting.maps()))
    assert errors.max() < 0.05


@by_layout
@pytest.mark.parametrize('seed', range(10, 12))
def test_five_in_noisy_maps_of_few_cells(layout, seed):
    painting = painting_of(crowd(seed, 5), layout, cell=14)  # 46 × 34 cells
    errors = check(painting, FieldDecoder(layout).decode(*painting.maps(noise=0.02, seed=seed)))
    assert errors.mean() < 0.05


@by_layout
@pytest.mark.parametrize('seed', range(20, 22))
def test_five_who_hide_one_another(layout, seed):
    """Where limbs are hidden, people are found as far as they hang together."""
    frame = crowd(seed, 5)
    assert not all(person.visible.all() for person in frame.people)
    painting = painting_of(frame, layout, only_visible=True)
    check(painting, FieldDecoder(layout).decode(*painting.maps(noise=0.02, seed=seed)))


def test_the_scenes_are_crowded():
    """People of the scenes above cover one another, and keypoints of one kind do come close."""
    covered = melted = 0
    for seed in range(4):
        frame = crowd(seed, 5)
        covered += sum(not person.visible.all() for person in frame.people)
        painting = painting_of(frame, COCO18_FIELDS)
        melted += np.count_nonzero(painting.painted & ~painting.clear())
    assert covered >= 10
    assert melted >= 2


# --- hand-made ----------------------------------------------------------------------------------


def body(x, y, size, **moved):
    """A person facing the camera, in cells, as COCO18; `moved` are (x, y) from the neck."""
    standing = {
        'nose': (0, -0.7), 'neck': (0, 0), 'right_shoulder': (-1, 0), 'right_elbow': (-1.2, 1.4),
        'right_wrist': (-1.3, 2.7), 'left_shoulder': (1, 0), 'left_elbow': (1.2, 1.4),
        'left_wrist': (1.3, 2.7), 'right_hip': (-0.7, 2.6), 'right_knee': (-0.7, 4.5),
        'right_ankle': (-0.7, 6.2), 'left_hip': (0.7, 2.6), 'left_knee': (0.7, 4.5),
        'left_ankle': (0.7, 6.2), 'right_eye': (-0.3, -1), 'left_eye': (0.3, -1),
        'right_ear': (-0.6, -0.8), 'left_ear': (0.6, -0.8),
    }  # fmt: skip
    places = {**standing, **moved}
    return np.array([(x, y)]) + size * np.array([places[n] for n in COCO18.keypoint_names])


def paint(*people, hidden=(), size=(80, 60)):
    """Painting of bodies, all without the hidden keypoints."""
    painted = np.ones((len(people), len(COCO18)), bool)
    painted[:, [COCO18.index(name) for name in hidden]] = False
    return Painting(COCO18_FIELDS, np.array(people), painted, size)


def decode(painting, **settings):
    return FieldDecoder(COCO18_FIELDS, **settings).decode(*painting.maps())


def test_a_person_comes_back_with_left_and_right_and_x_and_y():
    raised = {'left_elbow': (1.4, -1.5), 'left_wrist': (1.5, -2.8)}
    painting = paint(body(30.3, 20.6, 4, **raised))
    [person] = decode(painting)
    np.testing.assert_allclose(person.keypoints, painting.points[0], atol=0.01)
    assert person.keypoints.dtype == person.scores.dtype == np.float32
    # A peak between cells is as much lower in its highest cell as it is away from it.
    assert (person.scores > np.exp(-0.5 / (2 * SIGMA**2)) - 0.01).all()
    assert 0.8 < person.score <= 1


def test_forearms_that_cross_stay_with_their_elbows():
    """My left wrist lies nearer to your left elbow than to mine."""
    first = body(20, 20, 5, left_elbow=(2, 1), left_wrist=(3.4, 2.4))
    second = body(40, 20, 5, right_elbow=(-2, 1), right_wrist=(-3.4, 2.4),
                  left_elbow=(-1.4, 2.2), left_wrist=(-1.0, 0.6))  # fmt: skip
    painting = paint(first, second)
    check(painting, decode(painting))


@pytest.mark.parametrize('order', [1, -1])
@pytest.mark.parametrize('shift', [0.0, 0.2, 0.5, 0.7])
def test_two_in_one_line_keep_their_own_limbs(order, shift):
    """Lying one upon the other: along the line any hip could have any knee."""
    turned = [body(0, 0, 4)[:, ::-1] + (20 + (4 + shift) * i, 30) for i in range(2)][::order]
    painting = paint(*turned)
    check(painting, decode(painting))


def test_of_two_peaks_along_a_limb_the_higher_one_is_its_end():
    painting = paint(body(30, 20, 4))
    heatmaps, fields = painting.maps()
    hip, knee = (COCO18.index(f'right_{part}') for part in ('hip', 'knee'))
    x, y = painting.points[0][[hip, knee]].mean(axis=0)
    heatmaps[round(y), round(x), knee] = 0.4
    [person] = FieldDecoder(COCO18_FIELDS).decode(heatmaps, fields)
    np.testing.assert_allclose(person.keypoints[knee], painting.points[0][knee], atol=0.1)


def test_a_field_with_a_gap_is_no_limb():
    painting = paint(body(30, 20, 4))
    heatmaps, fields = painting.maps()
    elbow, wrist = (COCO18.index(f'left_{part}') for part in ('elbow', 'wrist'))
    _, y = painting.points[0][[elbow, wrist]].mean(axis=0)
    (channel,) = [c for start, end, c in COCO18_FIELDS.limbs if (start, end) == (elbow, wrist)]
    fields[round(y) - 1 : round(y) + 2, :, channel : channel + 2] = 0
    [person] = FieldDecoder(COCO18_FIELDS).decode(heatmaps, fields)
    assert (person.scores == 0).nonzero()[0].tolist() == [wrist]


def test_the_ear_goes_to_the_eye_however_strong_the_field_to_a_shoulder_is():
    first, second = body(20, 20, 4), body(32, 24, 4)
    painting = paint(first, second)
    ear, eye, shoulder = (COCO18.index(f'left_{part}') for part in ('ear', 'eye', 'shoulder'))
    painting.painted[0, ear] = False
    heatmaps, fields = painting.maps()
    limbs = {(start, end): channel for start, end, channel in COCO18_FIELDS.limbs}
    fields[..., limbs[eye, ear] : limbs[eye, ear] + 2] *= 0.5
    way = second[ear] - first[shoulder]
    fields[..., limbs[shoulder, ear] : limbs[shoulder, ear] + 2] = way / np.hypot(*way)
    check(painting, FieldDecoder(COCO18_FIELDS).decode(heatmaps, fields))


def test_hidden_keypoints_score_nothing_and_stand_where_the_body_goes_on():
    hidden = ('left_wrist', 'left_elbow', 'right_ankle', 'right_ear')
    painting = paint(body(30, 20, 4), hidden=hidden)
    [person] = decode(painting)
    place = {name: person.keypoints[COCO18.index(name)] for name in COCO18.keypoint_names}
    for name in COCO18.keypoint_names:
        assert (person.scores[COCO18.index(name)] == 0) == (name in hidden)
    np.testing.assert_array_equal(place['left_elbow'], place['left_shoulder'])
    np.testing.assert_array_equal(place['left_wrist'], place['left_shoulder'])
    np.testing.assert_array_equal(place['right_ankle'], place['right_knee'])
    np.testing.assert_array_equal(place['right_ear'], place['right_eye'])
    assert person.score < decode(paint(body(30, 20, 4)))[0].score


def test_a_head_seen_from_behind_hangs_on_the_shoulders():
    hidden = ('nose', 'left_eye', 'right_eye')
    [person] = decode(paint(body(30, 20, 4), hidden=hidden))
    assert (person.scores > 0).sum() == 15


def test_people_of_few_parts_are_no_one():
    arm = [n for n in COCO18.keypoint_names if n not in ('left_shoulder', 'left_elbow', 'neck')]
    painting = paint(body(30, 20, 4), hidden=arm)
    assert decode(painting) == []
    [person] = decode(painting, min_parts=2)
    assert (person.scores > 0).sum() == 3


def test_a_foot_is_no_one():
    painting = painting_of(crowd(3, 1), BODY25_FIELDS)
    names = painting.layout.topology.keypoint_names
    foot = ['left_knee', 'left_ankle', 'left_heel', 'left_big_toe', 'left_small_toe']
    painting.painted[:] = np.isin(names, foot)
    assert FieldDecoder(BODY25_FIELDS).decode(*painting.maps()) == []


def test_the_surest_comes_first():
    far, near = body(15, 20, 2), body(40, 15, 6)
    painting = paint(far, near)
    painting.painted[0, 5:] = False
    sure, unsure = decode(painting)
    assert sure.score > unsure.score
    assert sure.keypoints[0, 0] == pytest.approx(40, abs=0.1)


def test_peaks_without_a_field_between_them_are_no_one():
    heatmaps, fields = paint(body(30, 20, 4)).maps()
    assert FieldDecoder(COCO18_FIELDS).decode(heatmaps, np.zeros_like(fields)) == []
    assert FieldDecoder(COCO18_FIELDS).decode(heatmaps, -fields) == []
    swapped = fields.reshape(*fields.shape[:2], -1, 2)[..., ::-1].reshape(fields.shape)
    found = FieldDecoder(COCO18_FIELDS).decode(heatmaps, np.ascontiguousarray(swapped))
    assert all((person.scores > 0).sum() < 18 for person in found)


def test_the_backgrounds_map_may_be_missing_and_empty_maps_hold_no_one():
    heatmaps, fields = paint(body(30, 20, 4)).maps()
    decoder = FieldDecoder(COCO18_FIELDS)
    with_, without = decoder.decode(heatmaps, fields), decoder.decode(heatmaps[..., :-1], fields)
    np.testing.assert_array_equal(with_[0].keypoints, without[0].keypoints)
    assert decoder.decode(np.zeros_like(heatmaps), fields) == []


@by_layout
def test_pure_noise_is_no_one(layout):
    rng = np.random.default_rng(0)
    heatmaps = rng.normal(0, 0.1, (46, 62, len(layout.topology) + 1)).astype(np.float32)
    fields = rng.normal(0, 0.1, (46, 62, layout.channels)).astype(np.float32)
    assert len(find_peaks(heatmaps, 0.1).points) > 200
    assert FieldDecoder(layout).decode(heatmaps, fields) == []


@pytest.mark.parametrize(
    ('heatmaps', 'fields', 'reason'),
    [
        ((46, 62, 20), (46, 62, 38), r'heatmaps \[height, width, 18 or 19\], got \[46, 62, 20\]'),
        ((46, 62, 19), (46, 62, 36), r'fields \[46, 62, 38\], got \[46, 62, 36\]'),
        ((46, 62, 19), (62, 46, 38), r'fields \[46, 62, 38\], got \[62, 46, 38\]'),
    ],
)
def test_maps_that_do_not_fit_are_refused(heatmaps, fields, reason):
    with pytest.raises(ValueError, match=reason):
        FieldDecoder(COCO18_FIELDS).decode(np.zeros(heatmaps), np.zeros(fields))


# --- peaks --------------------------------------------------------------------------------------


def bump(x, y, width=12, height=9):
    rows, columns = np.mgrid[:height, :width]
    peak = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * SIGMA**2))
    return peak[..., None].astype(np.float32)


@pytest.mark.parametrize('x', [0.0, 0.3, 4.5, 4.75, 7.25, 10.6, 11.0])
@pytest.mark.parametrize('y', [0.0, 2.5, 3.1, 8.0])
def test_a_peak_is_found_once_and_exactly(x, y):
    peaks = find_peaks(bump(x, y), 0.1)
    np.testing.assert_allclose(peaks.points, [[x, y]], atol=0.01)


def test_peaks_are_those_of_their_kind_highest_first():
    maps = np.concatenate([bump(2, 2), 0.5 * bump(3, 3) + bump(9, 6), 0.05 * bump(4, 4)], axis=2)
    peaks = find_peaks(maps, 0.1)
    assert peaks.kinds.tolist() == [0, 1, 1]
    np.testing.assert_allclose(peaks.points[peaks.of(1)], [(9, 6), (3, 3)], atol=0.05)
    np.testing.assert_allclose(peaks.scores, [1, 1, 0.5], atol=0.01)
    assert peaks.of(2).size == 0


def test_a_plateau_is_one_peak():
    maps = np.zeros((9, 12, 1), np.float32)
    maps[4:6, 5:7] = 0.8
    peaks = find_peaks(maps, 0.1)
    np.testing.assert_allclose(peaks.points, [[5.5, 4.5]])


def test_fields_are_read_between_cells():
    rows, columns = np.mgrid[:6, :8].astype(np.float32)
    fields = np.stack([columns, rows, 10 + columns, 20 + rows], axis=2)
    points = np.array([[[0.0, 0.0], [2.5, 3.25], [7.0, 5.0], [9.0, -1.0]]])
    inside = points.clip(0, (7, 5))
    np.testing.assert_allclose(_sampled(fields, points, np.array([0])), inside)
    later = inside + np.array([10, 20])
    np.testing.assert_allclose(_sampled(fields, points, np.array([2])), later)


# --- layouts ------------------------------------------------------------------------------------


@by_layout
def test_every_channel_belongs_to_one_limb_and_limbs_join_the_whole_body(layout):
    channels = sorted(channel for _, _, channel in layout.limbs)
    assert channels == list(range(0, layout.channels, 2))
    tree = layout.limbs[: len(layout.limbs) - layout.spare]
    assert len(tree) == len(layout.topology) - 1
    whole = Painting(layout, np.zeros((1, 1, 2)), np.zeros((1, 1), bool), (1, 1))
    [joined] = whole.joined(np.ones(len(layout.topology), bool))
    assert joined.all()


# As they stand in OpenPose's poseParameters.cpp: pairs of parts, and the fields' channels.
# fmt: off
PUBLISHED = {
    'coco18': (
        '1,2 1,5 2,3 3,4 5,6 6,7 1,8 8,9 9,10 1,11 11,12 12,13 1,0 0,14 14,16 0,15 15,17 2,16 '
        '5,17',
        '12,13 20,21 14,15 16,17 22,23 24,25 0,1 2,3 4,5 6,7 8,9 10,11 28,29 30,31 34,35 32,33 '
        '36,37 18,19 26,27',
    ),
    'body25': (
        '1,8 1,2 1,5 2,3 3,4 5,6 6,7 8,9 9,10 10,11 8,12 12,13 13,14 1,0 0,15 15,17 0,16 16,18 '
        '2,17 5,18 14,19 19,20 14,21 11,22 22,23 11,24',
        '0,1 14,15 22,23 16,17 18,19 24,25 26,27 6,7 2,3 4,5 8,9 10,11 12,13 30,31 32,33 36,37 '
        '34,35 38,39 20,21 28,29 40,41 42,43 44,45 46,47 48,49 50,51',
    ),
}
# fmt: on


@by_layout
def test_limbs_and_channels_are_openposes(layout):
    pairs, channels = (text.split() for text in PUBLISHED[layout.topology.name])
    ours = {f'{start},{end}': f'{x},{x + 1}' for start, end, x in layout.limbs}
    assert ours == dict(zip(pairs, channels))


@by_layout
def test_people_turn_into_coco17(layout):
    painting = painting_of(crowd(3, 1), layout)
    [person] = FieldDecoder(layout).decode(*painting.maps())
    index = keypoint_map(layout.topology, COCO17)
    truth, _ = joints(crowd(3, 1).people[0], COCO17)
    expected = (truth + 0.5) / 8 - 0.5
    np.testing.assert_allclose(person.keypoints[index], expected, atol=0.05)


# --- whole models -------------------------------------------------------------------------------

RED = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
RED[..., 0] = 255


@pytest.fixture
def write_model(tflite_builder, tmp_path):
    """Write a model whose outputs are the given maps, as bright as the image's red."""

    def write(outputs, height, width, dtype=np.float32, fixed=True):
        builder = tflite_builder
        signature = None if fixed else (1, -1, -1, 3)
        shape = (1, height, width, 3) if fixed else (1, 1, 1, 3)
        image = builder.tensor(shape, dtype, signature)
        real = image if dtype == np.float32 else builder.cast(image, shape)
        brightest = builder.operator(
            'REDUCE_MAX', [real, builder.constant([1, 2], np.int32)], (1, 3),
            options='ReducerOptions', keepDims=False,
        )  # fmt: skip
        # -0.5 to 0.5 becomes 0 to 1.
        gain = builder.operator(
            'FULLY_CONNECTED',
            [brightest, builder.constant([[1.0, 0, 0]]), builder.constant([0.5])],
            (1, 1),
            options='FullyConnectedOptions',
        )
        gain = builder.operator(
            'RESHAPE', [gain, builder.constant([1, 1, 1, 1], np.int32)], (1, 1, 1, 1)
        )
        maps = [
            builder.operator(
                'MUL', [builder.constant(output[None]), gain], (1, *output.shape),
                options='MulOptions',
            )
            for output in outputs
        ]  # fmt: skip
        return builder.write(tmp_path / 'openpose.tflite', [image], maps)

    return write


def maps_of(frame, layout, height, width):
    """Maps of a frame that is fitted into an input of this size, with black bars; and truth."""
    points, _ = zip(*(joints(person, layout.topology) for person in frame.people))
    points = np.array(points)
    scale = min(width / WIDTH, height / HEIGHT)
    bars = (np.array([width, height]) - scale * np.array([WIDTH, HEIGHT])) / 2
    cells = ((points + 0.5) * scale + bars) / 8 - 0.5
    painted = ((points >= 0) & (points < (WIDTH, HEIGHT))).all(axis=2)
    painting = Painting(layout, cells, painted, (width // 8, height // 8))
    return painting.maps(), points


ORDERS = {
    'heatmaps, fields': lambda heatmaps, fields: [heatmaps, fields],
    'fields, heatmaps': lambda heatmaps, fields: [fields, heatmaps],
    'one': lambda heatmaps, fields: [np.concatenate([heatmaps, fields], axis=2)],
    'no background': lambda heatmaps, fields: [fields, heatmaps[..., :-1]],
}


@by_layout
@pytest.mark.parametrize('order', ORDERS)
def test_a_model_finds_people_at_their_pixels(write_model, layout, order):
    scene = crowd(2, 2)
    maps, points = maps_of(scene, layout, 368, 368)
    model = OpenPose(write_model(ORDERS[order](*maps), 368, 368))
    assert model.topology is layout.topology
    poses = model.estimate_all(Frame(RED))
    assert len(poses) == 2
    for truth in points:
        errors = [np.abs(pose.keypoints - truth)[pose.scores > 0].max() for pose in poses]
        assert min(errors) < 0.3  # a cell is 14 px wide
    assert all(pose.keypoints.dtype == np.float32 for pose in poses)
    assert all(0 < pose.score <= 1 for pose in poses)


@pytest.mark.parametrize(('channels', 'people'), [('rgb', 1), ('bgr', 0)])
def test_a_model_is_fed_rgb_in_its_pixel_range(write_model, channels, people):
    maps, _ = maps_of(crowd(2, 1), COCO18_FIELDS, 368, 368)
    path = write_model(maps, 368, 368)
    model = OpenPose(path)
    assert len(model.estimate_all(Frame(RED, channels=channels))) == people
    assert len(model.estimate_all(Frame(RED[..., ::-1], channels='bgr'))) == 1

    def load(path, threads, _, **settings):
        return TfliteModel(path, threads, (-0.5, -0.45), **settings)

    shifted = OpenPose(path, load=load)
    assert shifted.estimate_all(Frame(RED)) == []


def test_an_open_input_follows_the_frames_shape(write_model):
    maps, points = maps_of(crowd(2, 1), COCO18_FIELDS, 288, 368)
    model = OpenPose(write_model(maps, 288, 368, fixed=False))
    [pose] = model.estimate_all(Frame(RED))
    assert model._model.input_size == (368, 288)
    assert np.abs(pose.keypoints - points[0])[pose.scores > 0].max() < 0.3


@pytest.mark.parametrize(
    ('shapes', 'found'),
    [
        ([(46, 46, 19)], r'\[1, 46, 46, 19\]$'),
        ([(46, 46, 19), (46, 46, 52)], r'\[1, 46, 46, 19\], \[1, 46, 46, 52\]$'),
        ([(46, 46, 19), (23, 46, 38)], r'\[1, 46, 46, 19\], \[1, 23, 46, 38\]$'),
    ],
)
def test_outputs_of_no_known_layout_are_refused(write_model, shapes, found):
    path = write_model([np.zeros(shape, np.float32) for shape in shapes], 368, 368)
    expected = r'openpose\.tflite: expected the outputs \[1, h, w, 19\] and \[1, h, w, 38\] or '
    with pytest.raises(ModelError, match=f'{expected}.*52\\], found {found}'):
        OpenPose(path)


def test_a_side_that_is_no_multiple_of_16_is_refused(tmp_path):
    with pytest.raises(ValueError, match='size must be a positive multiple of 16, got 360'):
        OpenPose(tmp_path, size=360)


@pytest.fixture
def own_store(tmp_path):
    """Store with a model of the user's own, whose file lies beside its entry."""

    def make(**changes):
        entry = {
            'family': 'openpose',
            'format': 'body25',
            'input': [368, 368],
            'licence': 'MIT',
            'summary': 'mine',
            'files': [{'role': 'model', 'name': 'openpose.tflite'}],
        }
        models = {'models': {'mine': {**entry, **changes}}}
        (tmp_path / 'models.yaml').write_text(yaml.safe_dump(models))
        return ModelStore(folders=[tmp_path])

    return make


def test_a_model_of_the_users_own_runs_by_its_name(write_model, own_store):
    maps, _ = maps_of(crowd(2, 3), BODY25_FIELDS, 368, 368)
    write_model(maps, 368, 368)
    estimator = PoseEstimator(EstimatorConfig(model='mine', mode='multi'), own_store())
    assert estimator.topology is BODY25_FIELDS.topology
    for number in range(6):
        people = estimator.estimate(Frame(RED, stamp=number / 15))
    assert {person.id for person in people} == {1, 2, 3}
    truth, _ = zip(*(joints(person, COCO17) for person in crowd(2, 3).people))
    for person in people:
        found = person.converted(COCO17).keypoints
        assert min(np.abs(found - points).max() for points in truth) < 1.0


def test_an_impossible_input_of_an_own_model_is_told_by_its_name(write_model, own_store):
    maps, _ = maps_of(crowd(2, 1), BODY25_FIELDS, 368, 368)
    write_model(maps, 368, 368)
    with pytest.raises(ModelError, match='mine: size must be a positive multiple of 16, got 100'):
        PoseEstimator(EstimatorConfig(model='mine'), own_store(input=[100, 90]))
