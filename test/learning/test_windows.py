"""What the training sees as a motion, and what as none."""

import numpy as np
import pytest

from pose_ros.core.motion.normalised import Window
from pose_ros.core.motion.point_set import BODY
from pose_ros.learning.clips import clip_of
from pose_ros.learning.windows import Dataset, hidden, vary

WINDOW = Window(3.0)
WRISTS = [2 * BODY.index(f'{side}_wrist') + 1 for side in ('left', 'right')]


@pytest.fixture(scope='module')
def dataset(make_class):
    names = ('left_up_right_up', 'right_up_left_up')
    return Dataset(
        [[clip_of(e, WINDOW) for e in make_class(n, 5).examples] for n in names],
        [clip_of(e, WINDOW) for e in make_class('right_out', 5).examples],
    )


@pytest.mark.parametrize('augment', [True, False])
def test_every_motion_gets_its_windows_and_none_as_many_as_all(dataset, augment):
    features, labels = dataset.draw(WINDOW, np.random.default_rng(0), (20, 20), augment)
    assert features.shape == (80, *WINDOW.shape)
    assert features.dtype == np.float32
    assert np.bincount(labels).tolist() == [20, 20, 40]


def test_a_motion_is_shown_whole_with_its_order(dataset):
    features, labels = dataset.draw(WINDOW, np.random.default_rng(0), (20, 20), augment=False)
    for number, label in zip(range(len(labels)), labels):
        if label < 2:
            left, right = (features[number, :, i] for i in WRISTS)
            # Up is negative: the first of the two is up before the other.
            assert min(left.min(), right.min()) < -0.5
            up = [int(np.argmax(wrist < -0.3)) for wrist in (left, right)]
            assert (up[0] < up[1]) == (label == 0)


def test_what_moves_most_is_hidden(dataset):
    movement = dataset.others[0].movement  # of the right arm
    seen = hidden(movement.points, movement.seen, np.random.default_rng(0), BODY)
    shares = dict(zip(BODY.names, seen.mean(axis=0)))
    assert shares['right_wrist'] < 0.4
    assert {shares[name] for name in BODY.names if name[:8] not in ('right_wr', 'right_el')} == {
        1.0
    }


def test_variation_is_small_and_hides_joints():
    rng = np.random.default_rng(0)
    points, seen = rng.normal(size=(200, 45, 13, 2)), np.ones((200, 45, 13), bool)
    varied, known = vary(points, seen, rng, BODY)
    assert 0.05 < np.abs(varied - points).mean() < 0.25
    assert 0.01 < (~known).mean() < 0.15
    assert vary(np.zeros((4, 45, 13, 3)), np.ones((4, 45, 13), bool), rng, BODY)[0].shape[-1] == 3
