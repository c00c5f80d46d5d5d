import pytest
from std_msgs.msg import Header

from pose_ros.ros.pairing import StampPairs

pytestmark = pytest.mark.ros


def at(stamp):
    header = Header()
    header.stamp.sec, header.stamp.nanosec = divmod(stamp, 1000)
    return header


def test_each_image_meets_the_skeletons_of_its_own_stamp():
    pairs = StampPairs(10)
    for stamp in (1, 2, 3):
        assert pairs.add_image(at(stamp), f'image {stamp}') is None
    assert pairs.add_skeletons(at(2), 'two') == ('image 2', 'two')
    assert pairs.add_skeletons(at(3), 'three') == ('image 3', 'three')


def test_seconds_and_nanoseconds_both_count():
    pairs = StampPairs(10)
    pairs.add_image(at(1005), 'a')
    assert pairs.add_skeletons(at(5), 'x') is None
    assert pairs.add_skeletons(at(1006), 'x') is None
    assert pairs.add_skeletons(at(1005), 'x') == ('a', 'x')


def test_what_is_older_than_a_pair_is_gone():
    pairs = StampPairs(10)
    for stamp in (1, 2, 3):
        pairs.add_image(at(stamp), stamp)
    pairs.add_skeletons(at(2), 'two')
    assert pairs.add_skeletons(at(1), 'one') is None
    assert pairs.add_skeletons(at(2), 'two') is None


def test_skeletons_that_come_first_wait_until_newer_ones_come():
    pairs = StampPairs(10)
    assert pairs.add_skeletons(at(1), 'one') is None
    assert pairs.add_image(at(1), 'image') == ('image', 'one')
    assert pairs.add_image(at(1), 'again') is None
    pairs.add_skeletons(at(2), 'two')
    pairs.add_skeletons(at(3), 'three')
    assert pairs.add_image(at(2), 'image') is None
    assert pairs.add_image(at(3), 'image') == ('image', 'three')


def test_only_so_many_images_wait():
    pairs = StampPairs(3)
    for stamp in range(1, 6):
        pairs.add_image(at(stamp), stamp)
    assert pairs.add_skeletons(at(2), 'x') is None
    assert pairs.add_skeletons(at(3), 'x') == (3, 'x')
    pairs.capacity = 1
    pairs.add_image(at(6), 6)
    assert pairs.add_skeletons(at(5), 'x') is None
    assert pairs.add_skeletons(at(6), 'x') == (6, 'x')


def test_stamps_that_jump_back():
    pairs = StampPairs(10)
    for stamp in (100, 101, 1, 2):
        pairs.add_image(at(stamp), stamp)
    assert pairs.add_skeletons(at(101), 'x') == (101, 'x')
    assert pairs.add_skeletons(at(1), 'x') == (1, 'x')


def test_clear_forgets():
    pairs = StampPairs(10)
    pairs.add_image(at(1), 1)
    pairs.add_skeletons(at(2), 'x')
    pairs.clear()
    assert pairs.add_skeletons(at(1), 'x') is None
    pairs.clear()
    assert pairs.add_image(at(2), 2) is None
