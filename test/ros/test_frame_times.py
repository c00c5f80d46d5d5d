"""Nodes and the stamps of their images: in order, late, standing still, zero, jumping back."""

from types import SimpleNamespace

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.core.timeline import Step
from pose_ros.msg import GestureEvent, SkeletonArray
from pose_ros.ros import diagnostics
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.frame_times import FrameTimes
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import DIAGNOSTICS, IMAGE_RELIABLE, SKELETONS

pytestmark = pytest.mark.ros

ROS_TIME = 1_795_000_000.0
UNUSABLE = 'stamps are zero or stand still: frames are tracked by time of receipt'


def header(stamp):
    message = Header(frame_id='camera')
    message.stamp.sec, message.stamp.nanosec = divmod(round(stamp * 1e9), 10**9)
    return message


class Stream:
    """Stamps that come one after the other, at times of receipt."""

    def __init__(self, monkeypatch, **options):
        self.received = 50.0
        self.log = []
        monkeypatch.setattr('time.monotonic', lambda: self.received)
        logger = SimpleNamespace(warning=lambda text, **_: self.log.append(text))
        clock = SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=int(ROS_TIME * 1e9)))
        node = SimpleNamespace(get_logger=lambda: logger, get_clock=lambda: clock)
        self.times = FrameTimes(node, **options)

    def read(self, *stamps, period=0.1):
        """What is made of these stamps."""
        found = []
        for stamp in stamps:
            self.received += period
            found.append(self.times.read(header(stamp)))
        return found


@pytest.fixture
def stream(monkeypatch):
    return Stream(monkeypatch)


class TestFrameTimes:
    def test_usable_stamps_are_the_times(self, stream):
        stamps = [1000.0, 1000.1, 1000.15, 1300.0]
        found = stream.read(*stamps)
        assert [when.time for when in found] == pytest.approx(stamps)
        assert {when.step for when in found} == {Step.NEXT}
        assert all(when.is_stamped for when in found)
        assert stream.times.take_fault() == ''
        assert stream.log == []

    def test_zero_stamps_go_by_the_time_of_receipt(self, stream):
        found = stream.read(0.0, 0.0, 0.0)
        assert [when.time for when in found] == pytest.approx(
            [ROS_TIME, ROS_TIME + 0.1, ROS_TIME + 0.2]
        )
        assert not any(when.is_stamped for when in found)
        assert stream.times.unstamped == 3
        assert stream.times.take_fault() == UNUSABLE
        assert 'stamp of a frame is zero' in stream.log[0]

    def test_stamps_that_stand_still_too(self, stream):
        found = stream.read(70.0, 70.0, 70.0)
        assert [when.time for when in found] == pytest.approx([70.0, 70.1, 70.2])
        assert [when.is_stamped for when in found] == [True, False, False]
        assert {when.step for when in found} == {Step.NEXT}

    def test_the_fault_stays_until_stamps_are_usable(self, stream):
        stream.read(0.0)
        assert [stream.times.take_fault() for _ in range(2)] == [UNUSABLE] * 2
        stream.read(70.0)
        assert stream.times.take_fault() == ''

    def test_time_goes_on_where_stamps_come_and_go(self, stream):
        """Neither zeros among good stamps nor good ones after zeros are a jump."""
        found = stream.read(70.0, 0.0, 70.2, 70.3, 0.0, 0.0, 9000.0, 9000.1)
        assert [when.time for when in found] == pytest.approx([70.0 + i / 10 for i in range(8)])
        assert {when.step for when in found} == {Step.NEXT}
        assert stream.times.jumps == stream.times.late == 0

    def test_a_late_frame_is_counted_and_leaves_no_trace(self, stream):
        found = stream.read(70.0, 69.999, 70.1)
        assert [when.step for when in found] == [Step.NEXT, Step.LATE, Step.NEXT]
        assert found[2].time == pytest.approx(70.1)
        assert stream.times.take_fault() == '1 late frames dropped, the last 1.0 ms late'
        assert stream.times.take_fault() == ''
        assert 'its stamp is 1.0 ms before' in stream.log[0]
        assert stream.times.figures()['late frames'] == '1'

    def test_a_jump_is_logged(self, stream):
        found = stream.read(70.0, 10.0, 10.1)
        assert [when.step for when in found] == [Step.NEXT, Step.JUMP, Step.NEXT]
        assert [when.time for when in found] == pytest.approx([70.0, 10.0, 10.1])
        assert stream.log == ['stamps went back from 70.000 s to 10.000 s: starting anew']

    @pytest.mark.parametrize('unusable', [0.0, 1000.0])
    def test_a_jump_after_unusable_stamps_is_one_too(self, stream, unusable):
        steps = [time.step for time in stream.read(1000.0, *[unusable] * 30, 900.0, 900.1)]
        assert steps[-2:] == [Step.JUMP, Step.NEXT]
        assert stream.times.jumps == 1

    def test_the_limit_says_what_is_late(self, monkeypatch):
        stream = Stream(monkeypatch, limit=0.05)
        assert [w.step for w in stream.read(70.0, 69.9, 70.0)][1] is Step.JUMP

    def test_latency_is_from_the_stamp_or_from_receipt(self, stream):
        (stamped,) = stream.read(70.0)
        assert stamped.latency(70.25) == pytest.approx(0.25)
        (zero,) = stream.read(0.0)
        stream.received += 0.03
        assert zero.latency(1.8e9) == pytest.approx(0.03)

    @pytest.mark.parametrize('seed', range(10))
    def test_whatever_comes_times_go_forward_between_jumps(self, stream, seed):
        random = np.random.default_rng(seed)
        last = -np.inf
        for _ in range(200):
            stamp = float(random.choice([0.0, 5.0, random.uniform(0, 30), 2**31]))
            (when,) = stream.read(stamp, period=float(random.uniform(0.001, 0.2)))
            assert np.isfinite(when.time)
            if when.step is Step.NEXT:
                assert when.time > last
            if when.step is not Step.LATE:
                last = when.time


@pytest.fixture
def show(ros, estimators, make_person, monkeypatch):
    """Start pose_node; give a function that shows it images of these stamps."""
    monkeypatch.setattr(diagnostics, 'PERIOD', 0.05)
    node = ros.start(lambda **options: PoseNode(estimators, **options))
    (estimator,) = estimators.made
    estimator.people, estimator.frames, estimator.resets = [make_person()], [], 0
    monkeypatch.setattr(
        estimator, 'estimate', lambda frame: estimator.frames.append(frame) or estimator.people
    )

    def reset():
        estimator.resets += 1

    monkeypatch.setattr(estimator, 'reset', reset)
    publisher = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    skeletons = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    statuses = ros.collect(DiagnosticArray, '/diagnostics', DIAGNOSTICS)
    image = Image(height=2, width=2, encoding='mono8', step=2, data=bytes(4))

    def show(*stamps, dropped=0):
        for number, stamp in enumerate(stamps, 1):
            image.header = header(stamp)
            publisher.publish(image)
            ros.spin_until(lambda: node.statistics.arrivals == number, 'the image')  # noqa: B023
        ros.spin_until(lambda: len(skeletons) == len(stamps) - dropped, 'skeletons')
        return skeletons

    def status(text, **figures):
        def fits(status):
            found = {pair.key: pair.value for pair in status.values}
            return text in status.message and figures.items() <= found.items()

        def find():
            return next((s for array in statuses for s in array.status if fits(s)), None)

        return ros.spin_until(find, f'diagnostics with {text!r} and {figures}')

    show.estimator, show.status = estimator, status
    return show


class TestPoseNode:
    def test_without_stamps_it_warns_and_goes_by_receipt(self, show):
        skeletons = show(0.0, 0.0, 0.0)
        assert all(message.header == header(0.0) for message in skeletons)
        stamps = [frame.stamp for frame in show.estimator.frames]
        assert stamps[0] < stamps[1] < stamps[2] < stamps[0] + 60
        assert all(0 <= message.latency < 60 for message in skeletons)
        status = show.status(UNUSABLE, **{'frames without a usable stamp': '3'})
        assert status.level == DiagnosticStatus.WARN

    def test_a_late_image_is_dropped_and_reported(self, show):
        resets = show.estimator.resets
        skeletons = show(70.0, 69.999, 70.1, dropped=1)
        assert [message.header for message in skeletons] == [header(70.0), header(70.1)]
        assert [frame.stamp for frame in show.estimator.frames] == pytest.approx([70.0, 70.1])
        assert skeletons[1].dropped == 1
        assert show.estimator.resets == resets
        status = show.status('late frames dropped')
        assert status.level == DiagnosticStatus.WARN
        assert status.message == '1 late frames dropped, the last 1.0 ms late'

    def test_after_a_jump_it_starts_anew(self, show):
        resets = show.estimator.resets
        skeletons = show(70.0, 10.0, 10.1)
        assert len(skeletons) == 3
        assert show.estimator.resets == resets + 1


def test_gestures_are_seen_without_stamps(make_stage, ros, make_person, monkeypatch):
    """The hand is up for longer than the rule asks for, by the times of receipt."""
    monkeypatch.setattr(diagnostics, 'PERIOD', 0.05)
    statuses = ros.collect(DiagnosticArray, '/diagnostics', DIAGNOSTICS, count=0)
    stage = make_stage('gestures')
    person = make_person()
    for name, (x, y) in {
        'left_shoulder': (80, 110),
        'right_shoulder': (40, 110),
        'left_elbow': (85, 80),
        'left_wrist': (85, 40),
        'right_elbow': (38, 140),
        'right_wrist': (38, 170),
        'left_hip': (75, 170),
        'right_hip': (45, 170),
    }.items():
        person.keypoints[person.topology.index(name)] = (x, y)

    def started():
        stage.send(skeleton_array([person], header(0.0), (640, 480)))
        return [e for e in stage.heard['gestures'] if e.phase == GestureEvent.STARTED]

    (event, *_) = ros.spin_until(started, 'a gesture')
    assert event.header == header(0.0)
    assert event.skeleton_id == 1
    found = [s for array in statuses for s in array.status if s.message == UNUSABLE]
    assert found[-1].name == 'gesture_node'
    assert found[-1].level == DiagnosticStatus.WARN
