"""``pose-ros motions`` end to end: record, list, train, evaluate."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from pose_ros import bags
from pose_ros.actor import Action, Actor, Scene, skeletons
from pose_ros.actor.motions.sign_motions import INVENTED, UNKNOWN, SignStyle
from pose_ros.bag_messages import serialize
from pose_ros.core.motion.rules import Hand
from pose_ros.core.topology import COCO17
from pose_ros.learning.examples import Example, MotionClass, append_example, read_class
from pose_ros.message_types import Header
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.motion_conversions import time_to_msg

SIGN = 'left_up_right_up'


@pytest.fixture
def recorded(tmp_path):
    """Folder with examples of signs."""

    def make(count=5, names=(SIGN,), folder='motions'):
        for name in names:
            rng = np.random.default_rng((count, *name.encode()))
            for _ in range(count):
                motion, duration = (INVENTED | UNKNOWN)[name].played(SignStyle.of(rng))
                actor = Actor((Action(motion, 0.5, duration),))
                scene = Scene(fps=10.0, duration=duration + 1.0, actors=(actor,))
                clip = list(skeletons(scene, int(rng.integers(1000))))
                people, stamps = [f.people[0] for f in clip], [f.stamp for f in clip]
                example = Example.of(people, stamps, 'actor')
                append_example(tmp_path / folder, MotionClass(name, Hand.BOTH), example)
        return tmp_path / folder

    return make


@pytest.fixture
def bag(tmp_path):
    """Write a bag of skeletons on a topic."""
    rosbag2 = pytest.importorskip('rosbags.rosbag2')

    def write(scene, topic='/skeletons'):
        store = bags.typestore()
        writer = rosbag2.Writer(tmp_path / 'bag', version=9)
        with writer:
            kind = 'pose_ros/msg/SkeletonArray'
            connection = writer.add_connection(topic, kind, typestore=store)
            for frame in skeletons(scene):
                header = Header(frame_id='camera', stamp=time_to_msg(1000 + frame.stamp))
                message = skeleton_array(frame.people, header, (640, 480))
                writer.write(connection, 0, serialize(message))
        return tmp_path / 'bag'

    return write


def test_a_video_becomes_examples(pose_ros, clip, save_video, tmp_path):
    video = save_video(tmp_path / 'wave.mp4', clip('raise_left', 0.8))
    options = ('--folder', tmp_path / 'motions', '--hand', 'left')
    options = (*options, '--person', 'anna')
    code, _, err = pose_ros('motions', 'record', 'hello', video, *options, '--every', 0.4)
    assert code == 0, err
    assert '2 examples, hand left, mirror none' in err
    motion = read_class(tmp_path / 'motions' / 'hello.jsonl')
    assert [len(example.people) for example in motion.examples] == [12, 12]
    assert motion.examples[0].people[0].observed.any()
    assert motion.examples[0].has_positions
    assert {example.person for example in motion.examples} == {'anna'}


def test_a_bag_becomes_examples_that_are_added(pose_ros, bag, tmp_path):
    path = bag(Scene(duration=4.0, fps=15.0, actors=(Actor('wave_left'),)))
    record = ('motions', 'record', 'hello', path, '--folder', tmp_path / 'motions')
    code, _, err = pose_ros(*record, '--hand', 'left', '--cut', '0.5-2', '--cut', '2-3.5')
    assert code == 0, err
    code, _, err = pose_ros(*record)
    assert (code, '3 examples, hand left' in err) == (0, True)
    found = read_class(tmp_path / 'motions' / 'hello.jsonl').examples
    assert [example.duration for example in found] == pytest.approx([1.5, 1.5, 3.93], abs=0.1)
    assert found[0].people[0].topology is COCO17
    code, out, _ = pose_ros('motions', 'list', tmp_path / 'motions')
    assert code == 0
    assert out.split('\n')[3].split() == ['hello', '3', '6.9', 'left', 'none']


@pytest.mark.timeout(400)  # a busy machine takes several times as long as an idle one
def test_train_then_evaluate(pose_ros, recorded, tmp_path):
    folder, results = recorded(5, (SIGN, 'right_up_left_up')), tmp_path / 'learned'
    code, out, err = pose_ros('motions', 'train', folder, '--output', results, '--seed', 4)
    assert code == 0, err
    assert 'cross-validation (5-fold, persons mixed)' in err
    assert ' of 10 examples (95 % confidence interval 0.' in out
    written = json.loads((results / 'training.json').read_text())
    assert [one['name'] for one in written['classes']] == [SIGN, 'right_up_left_up']
    assert (written['seed'], written['report']['examples']) == (4, 10)
    recorded(2, ('left_up',))
    figures, image = tmp_path / 'figures.json', tmp_path / 'matrix.png'
    code, out, err = pose_ros(
        'motions', 'evaluate', results / 'motions.npz', folder,
        '--json', figures, '--plot', image,
    )  # fmt: skip
    assert code == 0, err
    assert 'accuracy' in out
    read = json.loads(figures.read_text())
    assert np.array(read['counts']).sum(axis=1).tolist() == [5, 5, 2]
    assert read['names'] == [SIGN, 'right_up_left_up', 'none']
    assert image.exists()


@pytest.mark.parametrize(
    ('arguments', 'told'),
    [
        (('record', 'a b', 'x.mp4'), 'a name has letters'),
        (('record', 'x', 'missing.mp4'), 'missing.mp4: there is no such file'),
        (('record', 'x', 'y.mp4', '--hand', 'third'), 'hand must be one of none, left'),
        (('record', 'x', 'y.mp4', '--cut', '3'), '--cut takes two times'),
        (('record', 'x', 'y.mp4', '--cut', '3-1'), 'the end must be after'),
        (('record', 'x', 'y.mp4', '--hand', 'left', '--mirror', 'same'), 'cannot be same'),
        (('record', 'x', 'y.mp4', '--count', '10'), '--count does not apply to a SOURCE'),
        (('record', 'x', 'y.mp4', '--seconds', '4'), '--seconds does not apply to a SOURCE'),
        (('record', 'x', '--cut', '3-4'), '--cut does not apply to the live topic'),
        (('record', 'x', '--every', '2'), '--every does not apply to the live topic'),
        (('record', 'x', '--model', 'y'), '--model does not apply to the live topic'),
        (('list', 'nowhere'), 'motions record'),
        (('train', 'nowhere'), 'motions record'),
        (('train', 'nowhere.npz'), 'nowhere.npz: not point sequences'),
        (('train', 'motions', '--output', '.'), 'choose a folder'),
        (('train', 'motions'), 'at least 4 examples are needed, got 1'),
        (('evaluate', 'missing.npz', 'motions'), 'no such model file'),
        (('evaluate', f'motions/{SIGN}.jsonl', 'motions'), 'motions train'),
    ],
)
def test_what_cannot_be_done_is_one_line(pose_ros, recorded, monkeypatch, arguments, told):
    monkeypatch.chdir(recorded(1).parent)
    code, _, err = pose_ros('motions', *arguments)
    assert code == 2
    assert told in err
    assert len(err.strip().splitlines()) == 1


def test_without_matplotlib_the_extra_is_named(pose_ros, recorded, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib', None)
    code, _, err = pose_ros('motions', 'train', recorded(), '--output', tmp_path / 'learned')
    assert code == 2
    assert "pip install '.[plot]'" in err
    assert not (tmp_path / 'learned').exists()


def test_live_without_ros_says_so(pose_ros, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'rclpy', None)
    code, _, err = pose_ros('motions', 'record', 'x', '--folder', tmp_path)
    assert code == 2
    assert 'needs ROS 2' in err
