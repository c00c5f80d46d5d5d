"""Positions of pose_node over DDS: depth images of every kind and time, camera_info or none."""

from array import array
import math
import struct
import threading

from builtin_interfaces.msg import Time
import cv2
from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.actor import Actor, Scene, frames
from pose_ros.actor.depth import with_errors
from pose_ros.core.camera import CameraModel
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, FrameError, Person
from pose_ros.msg import Skeleton, SkeletonArray
from pose_ros.ros.depth_images import DepthQueue, depth_of
from pose_ros.ros.images import stamp_of
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import DIAGNOSTICS, IMAGE_RELIABLE, SKELETONS
from pose_ros.ros.source_node import camera_info

pytestmark = pytest.mark.ros

SIZE = (640, 480)
ANGLE = 1.05
CAMERA = CameraModel.from_field_of_view(*SIZE, ANGLE)
DISTANCE = 2.0
PNG_OF_8_BITS = bytes(12) + cv2.imencode('.png', np.zeros((2, 3), np.uint8))[1].tobytes()


@pytest.fixture(scope='module')
def shot():
    """Image of the actor two metres away, and what is true of it."""
    actor = Actor('wave_right', height=CAMERA.focal * 1.7 / DISTANCE, y=470.0, start=0.0)
    *_, shot = frames(Scene(duration=1.2, fps=5, actors=(actor,)), 1, CAMERA.focal)
    return shot


@pytest.fixture(scope='module')
def person(shot):
    """Who is found in the image by a model that does not err."""
    truth = shot.people[0]
    states = np.where(truth.visible, 0, 1).astype(np.uint8)
    box = Box.around(truth.keypoints)
    return Person(COCO17, truth.keypoints, np.ones(17, np.float32), states, 1.0, box, 1)


@pytest.fixture(scope='module')
def places(shot):
    """Where the joints are [17, 3] [m]."""
    return shot.people[0].positions


@pytest.fixture(scope='module')
def millimetres(shot):
    """Depths as a camera measures them."""
    return with_errors(shot.depth, np.random.default_rng(1))


def header(seconds, nanoseconds=0):
    return Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id='optical')


def depth_message(values, head, encoding='16UC1', bigendian=False):
    values = np.ascontiguousarray(values.astype(values.dtype.newbyteorder('<>'[bigendian])))
    height, width = values.shape
    return Image(
        header=head, height=height, width=width, encoding=encoding, is_bigendian=bigendian,
        step=width * values.itemsize, data=array('B', values.tobytes()),
    )  # fmt: skip


def packed(values, head, kind='16UC1'):
    """As compressed_depth_image_transport packs it."""
    first = struct.pack('<iff', 0, 0.0, 0.0)
    if kind == '32FC1':
        # Its defaults: depth_max 10, depth_quantization 100.
        quantum = 100.0 * 101.0
        offset = 1.0 - quantum / 10.0
        first = struct.pack('<iff', 1, quantum, offset)
        known = np.isfinite(values)
        values = np.where(known, quantum / np.where(known, values, 1) + offset, 0)
    png = cv2.imencode('.png', values.astype(np.uint16))[1].tobytes()
    return CompressedImage(
        header=head, format=f'{kind}; compressedDepth png', data=array('B', first + png)
    )


class Camera:
    """Publishes what a camera publishes, and hears what the node makes of it."""

    def __init__(self, ros, estimators, encoded_image, shot, person):
        self._ros, self._estimators, self._person = ros, estimators, person
        self._image = encoded_image(shot.image)
        self.heard = ros.collect(SkeletonArray, 'skeletons', SKELETONS, count=0)
        self._publishers = {}

    def start(self, *depth_types, calibrated=True, **parameters):
        """Start the node, with publishers of these types of depth image."""

        def make(config):
            estimator = self._estimators(config)
            estimator.people = [self._person]
            return estimator

        for kind in depth_types:
            topic = 'depth' if kind is Image else 'depth/compressedDepth'
            self._publishers[kind] = self._ros.node.create_publisher(kind, topic, IMAGE_RELIABLE)
        self.node = self._ros.start(lambda **a: PoseNode(make, **a), **parameters)
        self._images = self._ros.publisher(Image, 'image', IMAGE_RELIABLE)
        self._ros.spin_until(lambda: self._ros.node.count_publishers('skeletons'), 'skeletons')
        if calibrated:
            info = self._ros.publisher(
                type(camera_info(header(0), *SIZE, ANGLE)), 'camera_info', 1
            )
            info.publish(camera_info(header(0), *SIZE, ANGLE))
            known = self.node._localizer._calibration
            self._ros.spin_until(lambda: known.known, 'camera_info')
        for kind, publisher in self._publishers.items():
            self._ros.spin_until(publisher.get_subscription_count, f'a subscriber of {kind}')

    def depth(self, message):
        self._publishers[type(message)].publish(message)

    def image(self, head):
        self._image.header = head
        self._images.publish(self._image)

    def wait(self, count=1):
        """The next messages."""
        self._ros.spin_until(lambda: len(self.heard) >= count, f'{count} skeletons')
        messages, self.heard[:] = list(self.heard), []
        return messages


@pytest.fixture
def camera(ros, estimators, encoded_image, shot, person):
    return Camera(ros, estimators, encoded_image, shot, person)


def positions(message):
    [skeleton] = message.skeletons
    points = np.array([(p.x, p.y, p.z) for p in skeleton.positions]).reshape(-1, 3)
    return points, np.array(skeleton.position_deviations)


KINDS = {
    '16UC1': depth_message,
    '16UC1 bigendian': lambda mm, head: depth_message(mm, head, bigendian=True),
    '32FC1': lambda mm, head: depth_message(_metres(mm), head, '32FC1'),
    'compressed 16UC1': packed,
    'compressed 32FC1': lambda mm, head: packed(_metres(mm), head, '32FC1'),
}


def _metres(millimetres):
    metres = millimetres.astype(np.float32) / 1000
    metres[millimetres == 0] = np.nan
    return metres


@pytest.mark.parametrize('kind', KINDS)
def test_every_kind_of_depth_image(camera, kind, millimetres, places, person):
    make = KINDS[kind]
    camera.start(CompressedImage if 'compressed' in kind else Image)
    camera.depth(make(millimetres, header(1)))
    camera.image(header(1))
    [message] = camera.wait()
    assert message.depth == SkeletonArray.DEPTH_PAIRED
    assert message.header.frame_id == 'optical'
    assert message.skeletons[0].position_source == Skeleton.POSITIONS_DEPTH
    points, deviations = positions(message)
    errors = np.linalg.norm(points - places, axis=1)[person.observed]
    assert np.nanmedian(errors) < 0.03
    assert np.isfinite(errors).mean() > 0.85
    assert np.isnan(points[~person.observed]).all()
    np.testing.assert_array_equal(np.isnan(points[:, 2]), np.isnan(deviations))


def test_depth_that_comes_after_the_image_is_waited_for(ros, camera, millimetres):
    camera.start(Image, depth_wait=1.0)
    camera.depth(depth_message(millimetres, header(0)))
    ros.spin_until(lambda: camera.node._localizer._depths._messages, 'the first depth image')
    for second in range(1, 4):
        camera.image(header(second))
        ros.spin_until(lambda: camera.node._localizer._waiting, 'people who wait')
        assert not camera.heard
        # Half of the tolerance later.
        camera.depth(depth_message(millimetres, header(second, 10_000_000)))
        [message] = camera.wait()
        assert message.depth == SkeletonArray.DEPTH_PAIRED
        assert message.header.stamp.sec == second
        assert message.skeletons[0].position_source == Skeleton.POSITIONS_DEPTH


def test_what_is_too_far_apart_is_no_pair(camera, millimetres):
    camera.start(Image)
    camera.depth(depth_message(millimetres, header(1, 21_000_000)))
    camera.image(header(1))
    [message] = camera.wait()
    assert message.depth == SkeletonArray.DEPTH_MISSING
    assert message.skeletons[0].position_source == Skeleton.POSITIONS_HEIGHT
    # Measured a moment ago, no person is guessed.
    camera.depth(depth_message(millimetres, header(2)))
    camera.image(header(2))
    [first] = camera.wait()
    assert first.depth == SkeletonArray.DEPTH_PAIRED
    camera.image(header(2, 100_000_000))
    [second] = camera.wait()
    assert second.depth == SkeletonArray.DEPTH_MISSING
    assert second.skeletons[0].position_source == Skeleton.POSITIONS_NONE
    assert not second.skeletons[0].positions


def test_images_go_on_when_depth_stays_away(ros, camera, millimetres):
    camera.start(Image, depth_wait=0.02)
    camera.image(header(0))
    [message] = camera.wait()
    assert message.depth == SkeletonArray.DEPTH_MISSING
    camera.depth(depth_message(millimetres, header(0)))
    ros.spin_until(lambda: camera.node._localizer._depths._messages, 'the only depth image')
    for second in range(1, 4):
        camera.image(header(second))
        [message] = camera.wait()
        assert message.depth == SkeletonArray.DEPTH_MISSING


def _halve(message):
    message.height //= 2
    message.data = message.data[: len(message.data) // 2]


@pytest.mark.parametrize(
    ('spoil', 'words'),
    [
        (lambda m: setattr(m, 'encoding', 'rgb8'), "unknown depth encoding 'rgb8'"),
        (lambda m: setattr(m, 'step', 7), 'a row needs'),
        (lambda m: setattr(m, 'data', m.data[:100]), 'bytes of data, got 100'),
        (_halve, 'it must be registered to the image'),
    ],
)
def test_a_bad_depth_image_is_dropped_with_the_reason(ros, camera, millimetres, spoil, words):
    told = ros.collect(DiagnosticArray, '/diagnostics', DIAGNOSTICS, count=0)
    camera.start(Image)
    bad = depth_message(millimetres, header(1))
    spoil(bad)
    camera.depth(bad)
    camera.image(header(1))
    [message] = camera.wait()
    assert message.depth == SkeletonArray.DEPTH_MISSING
    assert len(message.skeletons) == 1

    def figures():
        return [v for m in told for v in {p.key: p.value for p in m.status[0].values}.items()]

    ros.spin_until(lambda: ('bad depth images', '1') in figures(), 'diagnostics')
    [fault, *_] = [v for k, v in figures() if k == 'last bad depth image' and v]
    assert words in fault


@pytest.mark.parametrize(
    ('name', 'data', 'words'),
    [
        ('16UC1; compressedDepth png', b'', 'without data'),
        ('16UC1; compressedDepth png', bytes(60), 'neither JPEG nor PNG'),
        ('16UC1; compressedDepth png', PNG_OF_8_BITS, 'of 16 bits, got a PNG of 3×2 px'),
        ('16UC1; compressedDepth rvl', bytes(60), 'to png'),
        ('jpeg', bytes(60), 'no depth image of the transport compressedDepth'),
        ('8UC1; compressedDepth png', bytes(60), 'no depth image of the transport'),
    ],
)
def test_a_compressed_depth_image_that_is_none_says_so(name, data, words):
    with pytest.raises(ValueError, match=words):
        depth_of(CompressedImage(format=name, data=array('B', data)))


@pytest.mark.parametrize('quantum', [0.0, -1.0, math.nan, math.inf])
def test_a_compressed_depth_image_of_odd_parameters_is_refused(quantum):
    png = cv2.imencode('.png', np.ones((2, 3), np.uint16))[1].tobytes()
    data = array('B', struct.pack('<iff', 0, quantum, 1.0) + png)
    with pytest.raises(FrameError, match='must be finite, the first positive'):
        depth_of(CompressedImage(format='32FC1; compressedDepth png', data=data))


def test_rows_may_be_padded():
    values = (np.arange(12).reshape(3, 4) + 1000).astype('>u2')
    rows = np.pad(values.view(np.uint8).reshape(3, 8), ((0, 0), (0, 5)))
    message = Image(
        height=3, width=4, encoding='16UC1', is_bigendian=True, step=13,
        data=array('B', rows.tobytes()[:-5]),
    )  # fmt: skip
    np.testing.assert_array_equal(depth_of(message).values, values)


def test_without_camera_info_no_one_is_placed_and_it_says_why(ros, camera):
    told = ros.collect(DiagnosticArray, '/diagnostics', DIAGNOSTICS, count=0)
    camera.start(calibrated=False)
    camera.image(header(1))
    [message] = camera.wait()
    assert message.depth == SkeletonArray.DEPTH_OFF
    assert message.skeletons[0].position_source == Skeleton.POSITIONS_NONE
    assert not message.skeletons[0].positions
    ros.spin_until(
        lambda: any(
            'no camera_info has come on /camera_info' in pair.value
            for m in told
            for pair in m.status[0].values
            if pair.key == 'positions'
        ),
        'the reason',
    )


@pytest.mark.parametrize(
    ('way', 'source'), [('height', 3), ('model', 0), ('depth', 0), ('none', 0)]
)
def test_the_way_can_be_chosen(camera, way, source):
    camera.start(positions=way, depth_wait=0.0, calibrated=way != 'none')
    camera.image(header(1))
    [message] = camera.wait()
    assert message.skeletons[0].position_source == source
    wanted = SkeletonArray.DEPTH_MISSING if way == 'depth' else SkeletonArray.DEPTH_OFF
    assert message.depth == wanted


def test_depth_comes_five_milliseconds_later_while_the_model_runs(
    ros, encoded_image, shot, millimetres
):
    """A camera in a thread of its own, whose pace no callback of the node holds up."""
    heard = ros.collect(SkeletonArray, 'skeletons', SKELETONS, count=0)
    depths = ros.node.create_publisher(Image, 'depth', IMAGE_RELIABLE)
    ros.start(PoseNode)
    images = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    infos = ros.publisher(CameraInfo, 'camera_info', 1)
    ros.spin_until(depths.get_subscription_count, 'a subscriber of depth')
    image, over = encoded_image(shot.image), threading.Event()

    def video():
        for number in range(1, 100):
            head = header(number)
            image.header = head
            infos.publish(camera_info(head, *SIZE, ANGLE))
            images.publish(image)
            over.wait(0.005)
            depths.publish(depth_message(millimetres, head))
            if over.wait(0.05):
                break

    thread = threading.Thread(target=video)
    thread.start()
    try:
        ros.spin_until(lambda: len(heard) >= 12, 'skeletons')
    finally:
        over.set()
        thread.join()
    # For the first image the model takes its time, and newer depth images push out that one's.
    del heard[0]
    assert {message.depth for message in heard} == {SkeletonArray.DEPTH_PAIRED}
    sources = {skeleton.position_source for message in heard for skeleton in message.skeletons}
    assert sources == {Skeleton.POSITIONS_DEPTH}


def test_the_queue_of_depth_images():
    queue = DepthQueue(0.02)
    assert queue.nearest(1.0) is None
    assert not queue.is_decided(1.0)
    queue.add(0.985, 'before')
    assert queue.nearest(1.0) == 'before'
    assert not queue.is_decided(1.0)  # a better one may come
    queue.add(1.005, 'after')
    assert queue.is_decided(1.0)
    assert queue.nearest(1.0) == 'after'
    assert queue.gap == pytest.approx(0.005)
    assert queue.nearest(1.03) is None
    queue.add(0.5, 'again')  # the bag has started again
    assert queue.nearest(0.5) == 'again'
    assert queue.nearest(0.6) is None
    assert queue.nearest(0.5) is None  # let go
    for i in range(20):
        queue.add(2.0 + i, i)
    assert queue.nearest(2.0) is None
    assert queue.nearest(21.0) == 19


def test_a_late_depth_image_clears_nothing():
    queue = DepthQueue(0.02)
    queue.add(1.0, 'first')
    queue.add(1.033, 'second')
    queue.add(0.966, 'late')
    assert queue.nearest(1.033) == 'second'
    assert queue.is_decided(1.0)


@pytest.mark.parametrize('stamp', [0.0, 7.0])
def test_where_stamps_stand_still_the_newest_depth_image_is_taken(stamp):
    queue = DepthQueue(0.02)
    for number in range(20):
        queue.add(stamp, number)
        assert queue.is_decided(stamp)
        assert queue.nearest(stamp) == number


def test_stamps_of_today_are_told_apart():
    queue = DepthQueue(0.0)
    head = header(1_795_394_251, 974_602_259)
    queue.add(stamp_of(head), 'same')
    assert queue.nearest(stamp_of(head)) == 'same'
