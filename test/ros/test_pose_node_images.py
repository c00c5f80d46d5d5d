"""pose_node from image to skeleton, over DDS, with the real model."""

from array import array
from functools import partial
from itertools import count
from types import SimpleNamespace

from builtin_interfaces.msg import Time
import cv2
import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.topology import BLAZEPOSE33, COCO17, keypoint_map
from pose_ros.core.types import Frame
from pose_ros.msg import Skeleton, SkeletonArray
from pose_ros.ros.images import ENCODINGS
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import IMAGE_RELIABLE, SKELETONS

GREY = ('mono8', 'mono16', '8UC1')

pytestmark = pytest.mark.ros


@pytest.fixture
def exchange(ros):
    """Function that makes a node's image arrive and returns the skeletons of it."""
    received = ros.collect(SkeletonArray, 'skeletons', SKELETONS, count=0)
    publishers = {}

    def send(message, topic='image'):
        if topic not in publishers:
            publishers[topic] = ros.publisher(type(message), topic, IMAGE_RELIABLE)
        ros.spin_until(lambda: ros.node.count_publishers('skeletons'), 'a publisher of skeletons')
        received.clear()
        publishers[topic].publish(message)
        return ros.spin_until(lambda: received and received[-1], 'skeletons')

    send.publishers = publishers
    return send


@pytest.fixture
def headers():
    """Endless headers, ten seconds apart: nothing is carried over from frame to frame."""
    return (Header(frame_id='camera', stamp=_time(10 * i)) for i in count(1))


def _time(seconds):
    return Time(sec=seconds)


def points(skeletons):
    """Keypoints [K, 2] of the only person."""
    (skeleton,) = skeletons.skeletons
    return np.array([(k.x, k.y) for k in skeleton.keypoints])


@pytest.fixture(scope='module')
def actor(actor_image):
    """Image, truth, and the keypoints [33, 2] that the core finds in the image."""
    image, truth = actor_image
    (person,) = PoseEstimator().estimate(Frame(image))
    return SimpleNamespace(image=image, truth=truth, keypoints=person.keypoints)


def test_every_encoding_gives_the_same_person(ros, exchange, headers, encoded_image, actor):
    grey = actor.image.mean(axis=2, keepdims=True).round().astype(np.uint8)
    (grey_person,) = PoseEstimator().estimate(Frame(np.repeat(grey, 3, axis=2)))
    ros.start(PoseNode)
    misses = {}
    for encoding in ENCODINGS:
        expected = grey_person.keypoints if encoding in GREY else actor.keypoints
        for padding, bigendian in ((0, False), (6, True)):
            message = encoded_image(actor.image, encoding, padding, bigendian, next(headers))
            found = points(exchange(message))
            misses[encoding, padding] = np.linalg.norm(found - expected, axis=1).mean()
    for (encoding, padding), miss in misses.items():
        # Colours of half the resolution make another image of it.
        halved = encoding.startswith(('bayer', 'nv', 'yu', 'uy'))
        assert miss < (4.0 if halved else 0.01), f'{encoding} with padding {padding}: {miss} px'


def test_the_person_is_where_the_actor_is(ros, exchange, headers, encoded_image, actor):
    image, truth = actor.image, actor.truth
    ros.start(PoseNode, keypoint_format='coco17')
    skeletons = exchange(encoded_image(image, header=next(headers)))
    found = points(skeletons)
    assert (skeletons.image_width, skeletons.image_height) == (640, 480)
    assert skeletons.model == 'blazepose_full'
    assert found == pytest.approx(actor.keypoints[keypoint_map(BLAZEPOSE33, COCO17)], abs=0.01)
    error = np.linalg.norm(found - truth.keypoints, axis=1) / truth.height
    assert np.median(error) < 0.05
    # The left arm is up; facing the camera, left is on the right side of the image.
    assert found[Skeleton.LEFT_WRIST][1] < found[Skeleton.NOSE][1]
    assert found[Skeleton.RIGHT_WRIST][1] > found[Skeleton.RIGHT_ELBOW][1]
    assert found[Skeleton.LEFT_SHOULDER][0] > found[Skeleton.RIGHT_SHOULDER][0]
    box = skeletons.skeletons[0].box
    assert box.x_offset <= found[:, 0].min() + 1
    assert box.x_offset + box.width >= found[:, 0].max() - 1


def test_the_header_is_copied_to_the_bit(ros, exchange, encoded_image, actor):
    ros.start(PoseNode)
    for header in (
        Header(frame_id='räume/küche_optical_frame ', stamp=_time(2_147_483_647)),
        Header(frame_id=''),
    ):
        header.stamp.nanosec = 999_999_999
        skeletons = exchange(encoded_image(actor.image, header=header))
        assert serialize_message(skeletons.header) == serialize_message(header)


@pytest.mark.parametrize(('extension', 'tolerance'), [('.jpg', 4.0), ('.png', 0.01)])
def test_compressed_images(ros, exchange, actor, extension, tolerance):
    ros.start(PoseNode, image_transport='compressed')
    data = cv2.imencode(extension, actor.image[..., ::-1])[1].tobytes()
    message = CompressedImage(
        header=Header(frame_id='camera'), format=extension[1:], data=array('B', data)
    )
    found = points(exchange(message, 'image/compressed'))
    assert np.linalg.norm(found - actor.keypoints, axis=1).mean() < tolerance


class CountingEstimator(PoseEstimator):
    calls = 0

    def estimate(self, frame):
        type(self).calls += 1
        return super().estimate(frame)


def test_no_inference_while_no_one_subscribes(ros, encoded_image, actor):
    CountingEstimator.calls = 0
    node = ros.start(lambda **arguments: PoseNode(CountingEstimator, **arguments))
    publisher = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    image = encoded_image(actor.image)

    def publish_until(condition, what):
        def step():
            arrived = node.statistics.arrivals
            publisher.publish(image)
            ros.spin_until(lambda: node.statistics.arrivals > arrived, 'arrival of an image')
            return condition()

        ros.spin_until(step, what)

    publish_until(lambda: node.statistics.arrivals >= 5, 'five images')
    assert CountingEstimator.calls == 0
    for _ in range(2):
        received = []
        subscription = ros.node.create_subscription(
            SkeletonArray, 'skeletons', received.append, SKELETONS
        )
        publish_until(partial(len, received), 'skeletons')
        # What came while no one wanted to know was not dropped.
        assert {message.dropped for message in received} == {0}
        assert CountingEstimator.calls > 0
        ros.node.destroy_subscription(subscription)
        ros.spin_until(lambda: not node.count_subscribers('skeletons'), 'end of the subscription')
        calls, arrivals = CountingEstimator.calls, node.statistics.arrivals
        publish_until(partial(lambda count: node.statistics.arrivals >= count, arrivals + 5), '5')
        assert CountingEstimator.calls == calls


def test_images_of_several_publishers_are_not_counted_as_dropped(ros, encoded_image, actor):
    node = ros.start(PoseNode)
    received = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    publishers = [ros.publisher(Image, 'image', IMAGE_RELIABLE) for _ in range(2)]
    ros.spin_until(lambda: node.count_publishers('image') == 2, 'both publishers')
    header = Header(frame_id='camera')
    # Each numbers its own images.
    for index, publisher in enumerate([0, 0, 0, 0, 1, 0, 1, 1, 0]):
        header.stamp.nanosec = index * 10_000_000
        publishers[publisher].publish(encoded_image(actor.image[::2, ::2], header=header))
        ros.spin_until(partial(lambda count: len(received) == count, index + 1), 'skeletons')
    assert [message.dropped for message in received] == [0] * 9


def malformed(index, good):
    """Image with one of twenty faults."""
    random = np.random.default_rng(index)
    good.header.stamp.nanosec = index
    message = Image(
        header=good.header,
        height=good.height,
        width=good.width,
        encoding=good.encoding,
        step=good.step,
        data=good.data,
    )
    short = array('B', random.bytes(int(random.integers(0, 5000))))
    faults = (
        {'encoding': ''},
        {'encoding': 'RGB8'},
        {'encoding': 'h264'},
        {'encoding': 'bgra16', 'data': short},
        {'width': 0},
        {'height': 0},
        {'width': 0, 'height': 0, 'step': 0, 'data': array('B')},
        {'width': 4_294_967_295},
        {'height': 4_294_967_295},
        {'width': 4_294_967_295, 'height': 4_294_967_295, 'step': 4_294_967_295},
        {'step': 0},
        {'step': 1},
        {'step': 4_294_967_295},
        {'data': array('B')},
        {'data': short},
        {'height': good.height + 1},
        {'width': good.width + 1},
        {'encoding': 'uyvy', 'width': good.width - 1},
        {'encoding': 'nv12', 'height': good.height - 1},
        {'encoding': 'rgba16'},
    )
    for name, value in faults[index % len(faults)].items():
        setattr(message, name, value)
    return message


def test_a_thousand_malformed_images_in_a_row(ros, exchange, encoded_image, actor, capfd):
    node = ros.start(PoseNode)

    def dropped(count):
        return node.statistics.bad == count

    good = encoded_image(actor.image[::2, ::2], header=Header(frame_id='camera'))
    before = points(exchange(good))
    publisher = exchange.publishers['image']
    for index in range(1000):
        publisher.publish(malformed(index, good))
        ros.spin_until(partial(dropped, index + 1), f'drop of image {index}')
    assert node.statistics.processed == 1
    good.header.stamp.sec = 10
    skeletons = exchange(good)
    assert points(skeletons) == pytest.approx(before, abs=0.01)
    assert skeletons.dropped == 1000
    log = capfd.readouterr().err
    lines = [line for line in log.splitlines() if 'image dropped' in line]
    assert 1 <= len(lines) < 100
    assert 'unknown encoding' in lines[0]
