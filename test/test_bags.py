"""Bags written and read with rosbags; the types are those of our msg files."""

from __future__ import annotations

from contextlib import closing
import re
import sqlite3
from types import SimpleNamespace

import numpy as np
import pytest

from pose_ros import bags
from pose_ros.actor import Actor, Scene, skeletons
from pose_ros.bag_messages import classes
from pose_ros.core.motion.falls import Fall, FallPhase
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.message_values import people_of, value_of

rosbag2 = pytest.importorskip('rosbags.rosbag2')


@pytest.fixture(scope='module')
def store():
    return bags.typestore()


@pytest.fixture
def make(store):
    """Make a message of this package."""

    def message(name, stamp=0.0, frame='camera', **fields):
        types = store.types
        time = types['builtin_interfaces/msg/Time'](sec=int(stamp), nanosec=round(stamp % 1 * 1e9))
        header = types['std_msgs/msg/Header'](stamp=time, frame_id=frame)
        return types[f'pose_ros/msg/{name}'](header=header, **fields)

    return message


@pytest.fixture
def write(store, tmp_path):
    """Write (topic, message) one millisecond apart, each kept under its own type."""

    def bag(items, storage='SQLITE3'):
        plugin = rosbag2.StoragePlugin[storage]
        writer = rosbag2.Writer(tmp_path / 'bag', version=9, storage_plugin=plugin)
        with writer:
            connections = {}
            for number, (topic, message) in enumerate(items):
                kind = message.__msgtype__
                if topic not in connections:
                    connections[topic] = writer.add_connection(topic, kind, typestore=store)
                data = store.serialize_cdr(message, kind)
                writer.write(connections[topic], 10**18 + number * 10**6, data)
        return tmp_path / 'bag'

    return bag


def posture(make, stamp, number=3):
    return make('Posture', stamp, skeleton_id=7, posture=number, confidence=0.5, duration=1.25)


def angles(make, stamp):
    return make(
        'JointAngles',
        stamp,
        skeleton_id=7,
        in_space=False,
        names=['left_knee', 'trunk'],
        angles=np.array([1.5, np.nan]),
        confidences=np.array([0.75, 0.0], np.float32),
        standard_deviations=np.array([0.125, np.nan], np.float32),
    )


@pytest.mark.parametrize('storage', ['SQLITE3', 'MCAP'])
def test_what_was_written_is_read(make, write, storage):
    items = [
        ('/robot/postures', posture(make, 5.25)),
        ('/robot/joint_angles', angles(make, 5.5)),
        ('/robot/image', posture(make, 5.6)),
        ('/robot/postures', posture(make, 5.75, number=5)),
    ]

    read = list(bags.messages(write(items, storage=storage), ['joint_angles', 'postures']))

    assert [(topic, stamp) for topic, stamp, _ in read] == [
        ('postures', 5.25), ('joint_angles', 5.5), ('postures', 5.75),
    ]  # fmt: skip
    first, second, third = (message for _, _, message in read)
    assert (first.skeleton_id, first.posture, third.posture) == (7, 3, 5)
    assert (first.duration, first.LYING) == (1.25, 5)
    assert second.names == ['left_knee', 'trunk']
    np.testing.assert_array_equal(second.angles, [1.5, np.nan])


def test_a_single_file_and_a_bag_without_definitions_are_read(make, write):
    """As Humble records them: the types come from our own msg files."""
    path = write([('/postures', posture(make, 1.0))])
    [file] = path.glob('*.db3')
    with closing(sqlite3.connect(file)) as database, database:
        database.execute('DELETE FROM message_definitions')
        database.execute("UPDATE topics SET type_description_hash = ''")
    metadata = path / 'metadata.yaml'
    metadata.write_text(re.sub('RIHS01_[0-9a-f]+', "''", metadata.read_text()))
    for source in (path, file):
        [(topic, stamp, message)] = bags.messages(source, ['/postures'])
        assert (topic, stamp, message.posture) == ('/postures', 1.0, 3)
        assert bags.is_bag(source)


def test_a_folder_that_holds_more_than_a_bag_is_no_bag(tmp_path):
    for name in ('drive_0.db3', 'drive_0.db3-wal', 'drive_1.db3', 'notes.txt'):
        (tmp_path / name).touch()
    assert bags.is_bag(tmp_path)
    (tmp_path / 'video.mp4').touch()
    assert not bags.is_bag(tmp_path)


def test_a_recording_that_was_cut_off_is_refused(make, write):
    path = write([('/postures', posture(make, 1.0))])
    [file] = path.glob('*.db3')
    with closing(sqlite3.connect(file)) as database, database:
        database.execute('UPDATE messages SET data = substr(data, 1, 20)')
    with pytest.raises(bags.BagError, match='bag: cannot be read as a bag'):
        list(bags.messages(path, ['postures']))


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33])
@pytest.mark.parametrize('world', [False, True])
def test_skeletons_come_back_as_people(make, store, write, topology, world):
    scene = Scene(duration=0.1, actors=(Actor('wave_left'),))
    items = []
    for frame in skeletons(scene, topology=topology, world=world):
        array = [skeleton(person) for person in frame.people]
        items.append(
            (
                '/skeletons',
                make(
                    'SkeletonArray', frame.stamp, image_width=640, image_height=480, rotate=0,
                    mirrored=False, model='actor',
                    skeletons=array, locked_id=0, locked_seen=False, latency=0.0,
                    inference_time=0.0, dropped=0, depth=0, fixed_frame='',
                ),
            )
        )  # fmt: skip

    read = [people_of(message) for _, _, message in bags.messages(write(items), ['skeletons'])]

    expected = [frame.people for frame in skeletons(scene, topology=topology, world=world)]
    assert len(read) == len(expected) == 3
    for [person], [true] in zip(read, expected):
        assert (person.id, person.topology) == (true.id, topology)
        np.testing.assert_array_equal(person.keypoints, true.keypoints)
        np.testing.assert_array_equal(person.scores, true.scores)
        np.testing.assert_array_equal(person.states, true.states)
        assert (person.world is None) == (not world)
        if world:
            np.testing.assert_array_equal(person.world, true.world)


def skeleton(person):
    make_skeleton, make_keypoint = classes('pose_ros', 'Skeleton', 'Keypoint')
    (make_point,) = classes('geometry_msgs', 'Point')
    positions = [] if person.world is None else person.world.tolist()
    return make_skeleton(
        id=person.id,
        format=person.topology.name,
        score=person.score,
        keypoints=[
            make_keypoint(x=x, y=y, score=score, state=state)
            for (x, y), score, state in zip(
                person.keypoints.tolist(), person.scores.tolist(), person.states.tolist()
            )
        ],
        position_source=2 if positions else 0,
        positions=[make_point(x=x, y=y, z=z) for x, y, z in positions],
        position_deviations=np.full(len(positions), 0.1, np.float32),
    )


def test_a_topic_in_two_namespaces_must_be_named_in_full(make, write):
    path = write([('/a/postures', posture(make, 1.0)), ('/b/postures', posture(make, 2.0))])
    with pytest.raises(bags.BagError, match='more than once: /a/postures, /b/postures'):
        list(bags.messages(path, ['postures']))
    [(_, stamp, _)] = bags.messages(path, ['/b/postures'])
    assert stamp == 2.0


def test_a_bag_without_the_topics_says_what_it_holds(make, write):
    path = write([('/other', posture(make, 1.0))])
    with pytest.raises(bags.BagError, match='none of gestures, falls was recorded, but /other'):
        list(bags.messages(path, ['gestures', 'falls']))


@pytest.mark.parametrize('name', ['none', 'broken.mcap', 'broken.db3', 'folder'])
def test_what_is_no_bag_is_refused_by_name(tmp_path, name):
    if name == 'folder':
        (tmp_path / name).mkdir()
        (tmp_path / name / 'metadata.yaml').write_text('rosbag2_bagfile_information: 3')
    elif name != 'none':
        (tmp_path / name).write_bytes(b'no bag')
    with pytest.raises(bags.BagError, match=f'{name}: cannot be read as a bag'):
        list(bags.messages(tmp_path / name, ['gestures']))


def test_a_field_added_after_the_recording_has_its_default():
    time = SimpleNamespace(sec=5, nanosec=0)
    fields = {
        'skeleton_id': 3,
        'phase': 1,
        'confidence': 0.5,
        'onset': time,
        'landing': time,
        'duration': 1.0,
        'peak_descent_rate': 2.0,
    }
    fall = value_of(Fall, SimpleNamespace(**fields), zero=2.0)
    assert fall == Fall(3, FallPhase.FALLEN, 0.5, 3.0, 3.0, 1.0, 2.0, lost=False)
    del fields['confidence']
    with pytest.raises(ValueError, match="a recorded Fall has no field 'confidence'"):
        value_of(Fall, SimpleNamespace(**fields))
