"""Parts for cross-validation, and what belongs to them."""

from dataclasses import replace

import numpy as np
import pytest

from pose_ros.core.motion.normalised import Window
from pose_ros.learning.datasets import datasets, part_of, split


@pytest.mark.parametrize(('count', 'parts'), [(4, 4), (7, 5)])
def test_every_example_is_held_out_once(make_class, count, parts):
    motion = make_class('left_up_right_up', count)
    divided = split([motion, make_class('right_out', 9)], np.random.default_rng(0))
    assert (divided.count, divided.method) == (parts, f'{parts}-fold, persons mixed')
    held = [part_of([motion], divided, number)[0].examples for number in range(parts)]
    assert max(map(len, held)) - min(map(len, held)) <= 1
    assert sorted(id(e) for own in held for e in own) == sorted(map(id, motion.examples))


def test_known_persons_are_held_out_whole(make_class):
    motion = make_class('left_up_right_up', 6)
    named = [replace(e, person=name) for e, name in zip(motion.examples, 'abcabc')]
    divided = split([replace(motion, examples=tuple(named))], np.random.default_rng(0))
    assert (divided.count, divided.method) == (3, 'leave one person out, 3 persons')
    assert (divided.parts[0][:3] == divided.parts[0][3:]).all()
    unknown = replace(motion, examples=(*named[:5], motion.examples[5]))
    assert 'persons mixed' in split([unknown], np.random.default_rng(0)).method


@pytest.mark.parametrize('in_space', [False, True])
def test_mirror_images_train_the_class_that_they_are(make_class, in_space):
    rng, window = np.random.default_rng(0), Window(3.0, in_space=in_space)
    mirrors = {
        'left_up_right_up': 'right_up_left_up',
        'right_up_left_up': 'none',
        'both_chest_both_out': 'same',
    }
    classes = [make_class(n, 4, mirror=m, world=in_space) for n, m in mirrors.items()]
    classes.append(replace(make_class('right_out', 4, world=in_space), name='none'))
    divided = split(classes, rng)

    found = datasets([part_of(classes, divided, n) for n in range(4)], window, rng)

    assert len(found) == 4
    for dataset in found:
        assert [len(clips) for clips in dataset.motions] == [1, 1 + 1, 1 + 1]
        assert len(dataset.others) > 25
        channels, labels = dataset.draw(window, rng, (2, 3, 4))
        assert channels.shape == (18, *window.shape)
        assert np.isfinite(channels).all()
        assert np.bincount(labels).tolist() == [2, 3, 4, 9]
