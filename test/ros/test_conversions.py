"""People to messages and back."""

from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from pose_ros.core.kinematics import Kinematics, MotionState
from pose_ros.core.topology import BLAZEPOSE33, COCO17, TOPOLOGIES
from pose_ros.core.types import Box, KeypointState, Person
from pose_ros.message_values import KINEMATIC_VECTORS, msg_to_person, positions_of
from pose_ros.msg import Keypoint, Skeleton, SkeletonArray
from pose_ros.ros.conversions import (
    SkeletonWriter,
    format_to_msg,
    msg_to_format,
    person_to_msg,
    positions_to_msg,
    skeleton_array,
)

SIZE = (640, 480)


def make_person(topology=COCO17, seed=0, box=None, **changes):
    random = np.random.default_rng(seed)
    count = len(topology)
    # x and y from ranges that do not meet, so that swapping them would be seen.
    keypoints = np.stack([random.uniform(500, 600, count), random.uniform(10, 400, count)], axis=1)
    return Person(
        topology=topology,
        keypoints=keypoints.astype(np.float32),
        scores=random.uniform(0, 1, count).astype(np.float32),
        states=random.integers(0, 4, count).astype(np.uint8),
        score=0.75,
        box=box or Box(500.0, 10.0, 100.0, 390.0),
        id=7,
        **changes,
    )


def through_the_wire(message):
    return deserialize_message(serialize_message(message), type(message))


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33])
def test_a_person_comes_back_the_same(topology):
    person = make_person(topology)
    message = through_the_wire(person_to_msg(person, SIZE))
    assert (message.keypoints[0].x, message.keypoints[0].y) == tuple(person.keypoints[0])
    back = msg_to_person(message)
    assert back.topology is topology
    assert (back.id, back.score, back.box) == (7, 0.75, person.box)
    for name in ('keypoints', 'scores', 'states'):
        before, after = getattr(person, name), getattr(back, name)
        assert (before == after).all()
        assert before.dtype == after.dtype
    assert back.kinematics.motion is MotionState.UNKNOWN
    assert np.isnan(back.kinematics.velocity).all()


def test_motion_and_orientation_come_back_the_same():
    values = iter(range(1, 100))
    known = {
        name: np.array([next(values) / 100 for _ in axes])
        for name, axes in KINEMATIC_VECTORS.items()
    }
    kinematics = Kinematics(MotionState.MOVING, fixed_yaw=0.5, fixed_yaw_deviation=0.25, **known)
    person = make_person(kinematics=kinematics)
    back = msg_to_person(through_the_wire(person_to_msg(person, SIZE))).kinematics
    for field in fields(Kinematics):
        assert np.array_equal(getattr(back, field.name), getattr(kinematics, field.name))


def test_a_recording_of_before_has_no_motion():
    message = person_to_msg(make_person(), SIZE)
    old = SimpleNamespace(
        **{name: getattr(message, name) for name in message.get_fields_and_field_types()}
    )
    del old.motion
    assert msg_to_person(old).kinematics.motion is MotionState.UNKNOWN


@pytest.mark.parametrize(
    ('box', 'expected'),
    [
        (Box(10.6, 20.4, 30.0, 40.0), (10, 20, 31, 41)),
        (Box(-50.0, -60.0, 100.0, 100.0), (0, 0, 50, 40)),
        (Box(600.0, 440.0, 100.0, 100.0), (600, 440, 40, 40)),
        (Box(-100.0, -100.0, 50.0, 50.0), (0, 0, 0, 0)),
        (Box(900.0, 900.0, 50.0, 50.0), (640, 480, 0, 0)),
    ],
)
def test_the_box_is_cut_to_the_image(box, expected):
    region = person_to_msg(make_person(box=box), SIZE).box
    assert (region.x_offset, region.y_offset, region.width, region.height) == expected


def test_a_kept_message_carries_nothing_over():
    writer = SkeletonWriter('some_model')
    header = Header(frame_id='camera')
    writer.write([make_person(BLAZEPOSE33, 1), make_person(COCO17, 2)], header, SIZE)
    for people in (
        [make_person(COCO17, 3)],
        [],
        [make_person(COCO17, 4), make_person(COCO17, 5), make_person(BLAZEPOSE33, 6)],
    ):
        kept = through_the_wire(writer.write(people, header, (320, 240)))
        fresh = through_the_wire(skeleton_array(people, header, (320, 240), 'some_model'))
        assert str(kept) == str(fresh)  # NaN differs from itself, and padding bytes are arbitrary
        assert (kept.image_width, kept.image_height, kept.model) == (320, 240, 'some_model')
        assert len(kept.skeletons) == len(people)
        for skeleton, person in zip(kept.skeletons, people):
            assert str(skeleton) == str(through_the_wire(person_to_msg(person, (320, 240))))


def test_the_header_is_put_in_as_it_is():
    header = Header(frame_id='camera')
    assert skeleton_array([], header, SIZE).header is header
    assert isinstance(skeleton_array([], header, SIZE), SkeletonArray)


def test_an_incomplete_or_unknown_skeleton_is_refused():
    with pytest.raises(ValueError, match="unknown keypoint format 'coco99'"):
        msg_to_person(Skeleton(format='coco99'))
    with pytest.raises(ValueError, match=r'\(17, 2\), got \(3, 2\)'):
        msg_to_person(Skeleton(format='coco17', keypoints=[Keypoint() for _ in range(3)]))
    with pytest.raises(ValueError, match=r'\(17, 2\), got \(0, 2\)'):
        msg_to_person(Skeleton(format='coco17'))


def test_positions():
    skeleton = Skeleton()
    assert positions_of(skeleton) is None
    assert positions_to_msg(None) == []
    positions = np.array([[1.0, 2.0, 3.0], [np.nan, np.nan, np.nan], [-1.0, 0.5, 4.0]])
    skeleton.positions = positions_to_msg(positions)
    read = positions_of(through_the_wire(skeleton))
    assert np.array_equal(read.points, positions, equal_nan=True)


@pytest.mark.parametrize('topology', TOPOLOGIES.values())
def test_formats(topology):
    message = through_the_wire(format_to_msg(topology))
    assert msg_to_format(message) == topology


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33])
def test_indices(topology):
    for i, name in enumerate(topology.keypoint_names):
        constant = name.upper() if topology is COCO17 else f'BLAZEPOSE_{name.upper()}'
        assert getattr(Skeleton, constant) == i


def test_states_are_those_of_the_message():
    for state in MotionState:
        assert getattr(Skeleton, f'MOTION_{state.name}') == state
    for state in KeypointState:
        assert getattr(Keypoint, state.name) == state
