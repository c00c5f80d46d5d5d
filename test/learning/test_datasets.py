"""What is trained on, and what is kept."""

from dataclasses import replace

import numpy as np
import pytest

from pose_ros.core.motion.normalised import Window
from pose_ros.learning.datasets import datasets, split


@pytest.mark.parametrize(('count', 'kept'), [(4, 1), (10, 2), (15, 3), (1, 0)])
def test_a_fifth_is_held_out_and_nothing_is_in_both(make_class, count, kept):
    motion = make_class('left_up_right_up', count)
    training, validation = split(motion, 0.2, np.random.default_rng(0))
    assert (len(training.examples), len(validation.examples)) == (count - kept, kept)
    both = [*training.examples, *validation.examples]
    assert {id(example) for example in both} == {id(example) for example in motion.examples}


@pytest.mark.parametrize('in_space', [False, True])
def test_mirror_images_train_the_class_that_they_are(make_class, in_space):
    rng, window = np.random.default_rng(0), Window(3.0, in_space=in_space)
    mirrors = {
        'left_up_right_up': 'right_up_left_up',
        'right_up_left_up': 'none',
        'both_chest_both_out': 'same',
    }
    classes = [make_class(n, 5, mirror=m, world=in_space) for n, m in mirrors.items()]
    classes.append(replace(make_class('right_out', 3, world=in_space), name='none'))

    training, validation = datasets([split(c, 0.2, rng) for c in classes], window, rng)

    assert [len(clips) for clips in training.motions] == [4, 4 + 4, 4 + 4]
    assert [len(clips) for clips in validation.motions] == [1, 1, 1]
    assert len(training.others) > 100
    for dataset in (training, validation):
        features, labels = dataset.draw(window, rng, 2)
        assert features.shape[1:] == window.shape
        assert np.isfinite(features).all()
        assert set(labels) == {0, 1, 2, 3}
