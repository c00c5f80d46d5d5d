import pytest
from std_msgs.msg import Header

from pose_ros.msg import GestureEvent
from pose_ros.ros.labels import GestureLabels

pytestmark = pytest.mark.ros


def event(stamp, phase, gesture='wave', hand=GestureEvent.NONE, person=1):
    header = Header()
    header.stamp.sec, header.stamp.nanosec = int(stamp), round(stamp % 1 * 1e9)
    return GestureEvent(header=header, gesture=gesture, phase=phase, hand=hand, skeleton_id=person)


@pytest.mark.parametrize(
    ('gesture', 'hand', 'words'),
    [
        ('wave', GestureEvent.LEFT, 'wave left'),
        ('hand_raised', GestureEvent.BOTH, 'hand raised both'),
        ('point_right', GestureEvent.RIGHT, 'point right'),
        ('point_left', GestureEvent.RIGHT, 'point left right'),
        ('t_pose', GestureEvent.NONE, 't pose'),
    ],
)
def test_words_name_gesture_and_hand(gesture, hand, words):
    labels = GestureLabels()
    labels.update(event(10.0, GestureEvent.STARTED, gesture, hand))
    assert labels.at(10.0) == {1: words}


def test_a_gesture_is_there_from_its_start_to_its_end():
    labels = GestureLabels()
    assert labels.at(9.0) == {}
    labels.update(event(10.0, GestureEvent.STARTED))
    labels.update(event(10.5, GestureEvent.HELD))
    assert labels.at(10.5) == {1: 'wave'}
    labels.update(event(11.0, GestureEvent.ENDED))
    assert labels.at(11.0) == {}


def test_the_end_of_one_gesture_leaves_the_others():
    labels = GestureLabels()
    labels.update(event(10.0, GestureEvent.STARTED, hand=GestureEvent.LEFT))
    labels.update(event(10.0, GestureEvent.STARTED, hand=GestureEvent.RIGHT))
    labels.update(event(10.0, GestureEvent.STARTED, hand=GestureEvent.LEFT, person=2))
    assert labels.at(10.0) == {1: 'wave left, wave right', 2: 'wave left'}
    labels.update(event(10.1, GestureEvent.ENDED, hand=GestureEvent.LEFT))
    assert labels.at(10.1) == {1: 'wave right', 2: 'wave left'}


def test_a_gesture_whose_end_was_lost_does_not_stay():
    labels = GestureLabels(patience=1.0)
    labels.update(event(10.0, GestureEvent.STARTED))
    assert labels.at(10.9) == {1: 'wave'}
    labels.update(event(10.9, GestureEvent.HELD))
    assert labels.at(11.8) == {1: 'wave'}
    assert labels.at(12.0) == {}


def test_a_clock_set_back_ends_what_was_seen_before():
    labels = GestureLabels()
    labels.update(event(100.0, GestureEvent.STARTED))
    assert labels.at(3.0) == {}
