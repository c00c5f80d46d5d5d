"""Files of recorded examples."""

from dataclasses import replace
import json
import resource

import numpy as np
import pytest

from pose_ros.core.motion.rules import Hand
from pose_ros.learning.examples import (
    Example,
    MotionClass,
    append_example,
    read_class,
    read_folder,
    read_head,
)

SIGN = 'left_up_right_up'


def test_what_is_recorded_is_read(make_example, tmp_path):
    world = np.random.default_rng(1).normal(size=(17, 3)).astype(np.float32)
    world[3] = np.nan
    first, second = make_example(SIGN), make_example(SIGN, np.random.default_rng(2))
    people = (replace(second.people[0], world=world), *second.people[1:])
    second = replace(second, people=people)
    given = MotionClass(SIGN, Hand.BOTH, 'right_up_left_up')
    for example in (first, second):
        path = append_example(tmp_path / 'new', given, example)

    read = read_class(path)

    assert (read.name, read.hand, read.mirror) == (SIGN, Hand.BOTH, 'right_up_left_up')
    for found, true in zip(read.examples, (first, second)):
        assert found.stamps == pytest.approx(true.stamps, abs=1e-4)
        for one, other in zip(found.people, true.people):
            assert one.topology is other.topology
            assert one.keypoints == pytest.approx(other.keypoints, abs=0.051)
            assert one.scores == pytest.approx(other.scores, abs=0.01)
            assert (one.states == other.states).all()
    assert not read.examples[0].has_positions
    assert read.examples[1].people[0].world == pytest.approx(world, abs=1e-3, nan_ok=True)
    assert [motion.name for motion in read_folder(path.parent)] == [SIGN]


def test_hands_are_recorded_with_their_format(make_take, make_example, tmp_path):
    take = make_take('victory', lost=[(0.6, 1.0)])
    append_example(tmp_path, MotionClass(SIGN), take)
    path = append_example(tmp_path, MotionClass(SIGN), make_example(SIGN))

    found, without = read_class(path).examples

    assert [len(hands) for hands in found.hands] == [len(hands) for hands in take.hands]
    for own, true in zip(found.hands, take.hands):
        for hand, other in zip(own, true):
            assert (hand.side, hand.skeleton_id) == ('right', 1)
            assert hand.keypoints == pytest.approx(other.keypoints, abs=0.051)
            assert hand.world == pytest.approx(other.world, abs=1e-4)
    # As recordings of earlier versions.
    assert without.hands is None
    lines = path.read_text().splitlines()
    record = json.loads(lines[1])
    assert record['hands']['format'] == 'hand21'
    record['hands']['format'] = 'hand42'
    path.write_text('\n'.join([lines[0], json.dumps(record)]))
    with pytest.raises(ValueError, match='hands must be hand21'):
        read_class(path)


def test_a_file_is_of_one_motion(make_example, tmp_path):
    path = append_example(tmp_path, MotionClass(SIGN, Hand.BOTH), make_example(SIGN))
    with pytest.raises(ValueError, match='holds a motion of hand both'):
        append_example(tmp_path, MotionClass(SIGN, Hand.LEFT), make_example(SIGN))
    path.rename(tmp_path / 'other.jsonl')
    with pytest.raises(ValueError, match='must be called so'):
        read_class(tmp_path / 'other.jsonl')


def test_a_broken_line_is_named(make_example, tmp_path):
    path = append_example(tmp_path, MotionClass(SIGN), make_example(SIGN))
    lines = path.read_text().splitlines()
    record = json.loads(lines[1])
    record['scores'][0] = [0.5]
    path.write_text('\n'.join([*lines, json.dumps(record)]))
    with pytest.raises(ValueError, match=r'left_up_right_up\.jsonl:3: not an example'):
        read_class(path)
    path.write_text('hello\n')
    with pytest.raises(ValueError, match=r'jsonl:1: not a file of recorded motions'):
        read_class(path)
    path.write_bytes(b'\xff')
    for read in (read_class, read_head):
        with pytest.raises(ValueError, match=r'left_up_right_up\.jsonl: not a file of recorded'):
            read(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ValueError, match=r'left_up_right_up\.jsonl: Is a directory'):
        read_class(path)


def test_a_full_disk_leaves_what_was_recorded_before(make_example, tmp_path):
    motion, example = MotionClass(SIGN), make_example(SIGN)
    path = append_example(tmp_path / 'motions', motion, example)
    content = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(content) + 1000, limits[1]))
    try:
        with pytest.raises(OSError, match=SIGN):
            append_example(tmp_path / 'motions', motion, example)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        with pytest.raises(OSError, match=SIGN):
            append_example(tmp_path / 'new', motion, example)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == content
    assert not any((tmp_path / 'new').iterdir())


def test_an_empty_folder_says_how_to_record(tmp_path):
    with pytest.raises(ValueError, match='motions record'):
        read_folder(tmp_path)


def test_a_motion_of_one_hand_is_not_its_own_mirror_image():
    for mirror in ('same', 'wave'):
        with pytest.raises(ValueError, match='cannot be same'):
            MotionClass('wave', Hand.LEFT, mirror)
    MotionClass('clap', Hand.BOTH, 'same')
    MotionClass('wave_left', Hand.LEFT, 'wave_right')


@pytest.mark.parametrize('name', ['', 'a/b', '../x', 'with space', 'x' * 61])
def test_a_name_must_make_a_file(name):
    with pytest.raises(ValueError, match='letters'):
        MotionClass(name)


def test_an_example_lasts(make_example):
    people = make_example(SIGN).people
    with pytest.raises(ValueError, match='at least 5'):
        Example.of(people[:3], [0.0, 0.1, 0.2])
    with pytest.raises(ValueError, match='increase'):
        Example.of(people[:5], [0.0, 0.1, 0.1, 0.2, 0.3])
