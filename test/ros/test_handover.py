"""Images handed over on one executor; through DDS to everyone else."""

from builtin_interfaces.msg import Time
import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.msg import SkeletonArray
from pose_ros.ros.handover import HandoverPublisher
from pose_ros.ros.image_subscription import ImageSubscription
from pose_ros.ros.images import ImageWriter, image_to_frame
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import IMAGE, IMAGE_RELIABLE, SKELETONS
from pose_ros.ros.source_node import SourceNode

pytestmark = pytest.mark.ros

PIXELS = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)


@pytest.fixture
def publisher(ros):
    return HandoverPublisher(ros.node, 'image', IMAGE_RELIABLE)


@pytest.fixture
def subscribe(ros):
    """Function that subscribes with a node of its own; returns subscription and images."""

    def start(**options):
        node = ros.add(rclpy.create_node('receiver', context=ros.context, **options))
        images = []
        receive = lambda message, number: images.append((message, number))  # noqa: E731
        return ImageSubscription(node, Image, 'image', receive), images

    return start


def way(subscription):
    return subscription.figures()['image hand-over']


def message(count=0):
    return ImageWriter().write(PIXELS + np.uint8(count), Header(stamp=Time(sec=count)))


def test_an_image_is_handed_over_without_a_subscription_in_dds(ros, publisher, subscribe):
    subscription, images = subscribe()
    ros.spin_until(lambda: way(subscription) == 'in the process', 'the hand-over')
    ros.spin_until(lambda: ros.node.count_subscribers('image') == 0, 'the end of DDS')
    sent = message()
    publisher.publish(sent)
    assert images == [(sent, None)]
    assert images[0][0] is sent
    assert (subscription.publishers, publisher.subscribers) == (1, 1)


def test_other_subscribers_get_every_image_through_dds(ros, publisher, subscribe):
    subscription, images = subscribe()
    ros.spin_until(lambda: way(subscription) == 'in the process', 'the hand-over')
    others = ros.collect(Image, 'image', IMAGE)
    ros.spin_until(lambda: publisher.subscribers == 2, 'both')
    publisher.publish(message(7))
    ros.spin_until(lambda: others, 'the image')
    assert (image_to_frame(others[0]).image == PIXELS + np.uint8(7)).all()
    ros.spin_for(0.2)
    assert (len(images), len(others)) == (1, 1)


def test_a_second_publisher_is_heard_too(ros, publisher, subscribe):
    subscription, images = subscribe()
    ros.spin_until(lambda: way(subscription) == 'in the process', 'the hand-over')
    second = ros.node.create_publisher(Image, 'image', IMAGE_RELIABLE)

    def goes(expected):
        subscription.match()  # as the diagnostics do every second
        return way(subscription) == expected

    ros.spin_until(lambda: goes('DDS'), 'DDS')
    ros.spin_until(lambda: second.get_subscription_count() > 0, 'the subscription')
    ros.spin_until(lambda: publisher.subscribers, 'the subscription')
    for number, sender in enumerate((publisher, second), start=1):
        sender.publish(message(number))
        ros.spin_until(lambda: len(images) == number, 'the image')  # noqa: B023
    assert [image.header.stamp.sec for image, _ in images] == [1, 2]
    ros.node.destroy_publisher(second)
    ros.spin_until(lambda: goes('in the process'), 'the hand-over again')


@pytest.mark.parametrize(
    'options',
    [
        {'namespace': 'front'},
        {'cli_args': ['--ros-args', '-r', 'image:=camera/image_raw']},
    ],
)
def test_names_are_those_of_ros(ros, publisher, subscribe, options):
    subscription, images = subscribe(**options)
    publisher.publish(message())
    ros.spin_for(0.2)
    subscription.match()
    assert way(subscription) == 'DDS'
    assert images == []


def test_another_executor_gets_its_images_through_dds(ros, publisher):
    node = rclpy.create_node('elsewhere', context=ros.context)
    executor = SingleThreadedExecutor(context=ros.context)
    executor.add_node(node)
    images = []
    subscription = ImageSubscription(node, Image, 'image', lambda *given: images.append(given))
    ros.spin_until(lambda: publisher.subscribers, 'the subscription')
    subscription.match()
    assert way(subscription) == 'DDS'
    publisher.publish(message())
    while not images:
        executor.spin_once(timeout_sec=1.0)
    executor.shutdown()
    node.destroy_node()


def test_nothing_is_handed_to_a_subscription_that_has_ended(ros, publisher, subscribe):
    subscription, images = subscribe()
    ros.spin_until(lambda: way(subscription) == 'in the process', 'the hand-over')
    subscription.destroy()
    publisher.publish(message())
    assert images == []
    assert publisher.subscribers == 0


@pytest.mark.parametrize('executor', ['single', 'events'])
def test_pose_node_takes_the_images_of_source_node(ros, executor):
    skeletons = ros.collect(SkeletonArray, 'skeletons', SKELETONS, count=0)
    source = ros.start(SourceNode, source='actor', width=320, height=240)
    pose = ros.start(PoseNode, executor=executor)
    ros.spin_until(lambda: ros.node.count_subscribers('image') == 0, 'the hand-over')
    skeletons.clear()
    ros.spin_until(lambda: len(skeletons) > 5, 'skeletons')
    # Deactivation ends it, and both go on afterwards.
    pose.trigger_deactivate()
    assert source._image.subscribers == 0
    pose.trigger_activate()
    skeletons.clear()
    ros.spin_until(lambda: len(skeletons) > 5, 'skeletons after a pause')
