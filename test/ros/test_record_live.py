"""Examples from a topic, as they come."""

from contextlib import contextmanager
from itertools import count, islice
import threading

import pytest
from std_msgs.msg import Header

from pose_ros.actor import Actor, Scene, skeletons
from pose_ros.actor.hand_pose import HAND_POSES, hand_points, seen_hand
from pose_ros.learning.dictionary import SignDictionary, SignWatcher
from pose_ros.learning.example_sources import LiveSkeletons, examples
from pose_ros.learning.examples import MotionClass
from pose_ros.msg import HandArray, SkeletonArray
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.hand_conversions import hand_array
from pose_ros.ros.qos import SKELETONS

pytestmark = pytest.mark.ros


@contextmanager
def publishing(ros, rows):
    """Publish stamps, people and hands 30 times a second."""
    skeletons_of = ros.node.create_publisher(SkeletonArray, 'skeletons', SKELETONS)
    hands_of = ros.node.create_publisher(HandArray, 'hands', SKELETONS)
    stop = threading.Event()

    def run():
        for stamp, people, hands in rows:
            header = Header(frame_id='camera')
            header.stamp.sec, header.stamp.nanosec = int(stamp), int(stamp % 1 * 1e9)
            skeletons_of.publish(skeleton_array(people, header, (640, 480)))
            hands_of.publish(hand_array(hands, header, (640, 480)))
            if stop.wait(1 / 30):
                return

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.fixture
def published(ros):
    """The actor's skeletons, published until the test is over."""
    found = seen_hand(hand_points(HAND_POSES['fist']), (200.0, 200.0), 300.0, 'right', 1)
    scene = Scene(duration=30.0, actors=(Actor('wave_left'),))
    with publishing(ros, ((f.stamp, f.people, [found]) for f in skeletons(scene))):
        yield


def test_what_comes_while_listening_is_an_example(published):
    with LiveSkeletons() as live:
        live.wait()
        (example,) = examples(live.listen(1.0), 'topic')
        (later,) = examples(live.listen(0.5), 'topic')
    assert 0.5 < example.duration < 1.5
    assert example.people[0].id == 1
    assert len(later.people) < len(example.people)


def test_hands_come_with_their_people(published):
    with LiveSkeletons(with_hands=True) as live:
        live.wait()
        (example,) = examples(live.listen(1.0), 'topic')
        observed = list(live.stream(1.0))
    with_hand = [bool(hands) for hands in example.hands]
    assert sum(with_hand) >= len(with_hand) - 2
    assert {hand.side for hands in example.hands for hand in hands} == {'right'}
    stamps = [stamp for stamp, _, _ in observed]
    assert stamps == sorted(set(stamps))
    assert sum(bool(hands) for _, _, hands in observed) >= len(observed) - 2 > 5


@pytest.fixture
def signed(ros, make_take):
    """One sign again and again, with hands, until the test is over."""
    take = make_take('victory')
    length = len(take.people)
    rows = ((1 + n / 15, [take.people[n % length]], take.hands[n % length]) for n in count())
    with publishing(ros, rows):
        yield


def test_signs_are_found_live(signed, make_take):
    shapes = ('fist', 'victory', 'call')
    dictionary = SignDictionary([MotionClass(s, examples=(make_take(s),)) for s in shapes])
    watcher = SignWatcher()
    with LiveSkeletons(with_hands=dictionary.uses_hands) as live:
        live.wait()
        made = (
            one
            for stamp, people, hands in live.stream()
            for one in watcher.observe(people, stamp, hands)
        )
        _, whole = islice(made, 2)  # of the first one the beginning may be missing
    best, second, _ = dictionary.find(whole.example)
    assert best.name == 'victory'
    assert best.score > 1.1 * second.score


def test_hands_that_do_not_come_are_told(ros):
    publisher = ros.node.create_publisher(SkeletonArray, 'skeletons', SKELETONS)
    with LiveSkeletons(with_hands=True) as live:
        ros.spin_until(lambda: publisher.get_subscription_count() == 1, 'the recorder')
        header = Header(frame_id='camera')
        header.stamp.sec = 5
        publisher.publish(skeleton_array([], header, (640, 480)))
        live.wait()
        with pytest.raises(ValueError, match='hands:=tracked'):
            live.listen(0.1)


def test_silence_is_told(ros_domain):
    with LiveSkeletons('nothing') as live, pytest.raises(ValueError, match='is pose_node'):
        live.wait(0.2)
