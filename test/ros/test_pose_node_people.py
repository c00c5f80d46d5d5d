"""Two people before the real pose_node with the default model, over DDS."""

from dataclasses import replace

import numpy as np
import pytest
from rclpy.duration import Duration
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.actor import Scene, frames, line_up
from pose_ros.msg import SkeletonArray
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import IMAGE_RELIABLE, SKELETONS
from pose_ros.srv import LockTarget, UnlockTarget

pytestmark = pytest.mark.ros

RATE = 10  # [Hz]


@pytest.fixture(scope='module')
def images():
    """RGB images of two people, the right one raises a hand; and the truth of the last."""
    left, right = line_up(2)
    actors = (left, replace(right, motion='raise_left', start=-1.0))
    video = list(frames(Scene(duration=1.0, fps=RATE, actors=actors), seed=5))
    return [frame.image for frame in video], video[-1].people


class Stage:
    """A pose_node and a camera that videos two people over and over."""

    def __init__(self, ros, encoded_image, images, **parameters):
        self.ros = ros
        self.node = ros.start(PoseNode, detector='blazepose_full', **parameters)
        self.received = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
        self.publisher = ros.publisher(Image, 'image', IMAGE_RELIABLE)
        self.encoded_image = encoded_image
        self.images = images
        self.shown = 0

    def show(self, images=None):
        """Skeletons of the next image."""
        images = images or self.images
        stamp = Time(seconds=100) + Duration(seconds=self.shown / RATE)
        image = self.encoded_image(
            images[self.shown % len(images)], header=Header(stamp=stamp.to_msg())
        )
        self.shown += 1
        before = len(self.received)
        self.publisher.publish(image)
        return self.ros.spin_until(
            lambda: len(self.received) > before and self.received[-1], 'skeletons'
        )

    def show_until(self, condition, most=20):
        """First skeletons that are as wanted."""
        for _ in range(most):
            message = self.show()
            if condition(message):
                return message
        return pytest.fail(f'not within {most} images; the last: {ids(message)}')

    def call(self, kind, name, **fields):
        client = self.ros.node.create_client(kind, f'pose_node/{name}')
        self.ros.spin_until(client.service_is_ready, f'service {name}')
        future = client.call_async(kind.Request(**fields))
        return self.ros.spin_until(lambda: future.done() and future.result(), name)


@pytest.fixture
def stage(ros, encoded_image, images):
    return lambda **parameters: Stage(ros, encoded_image, images[0], **parameters)


def ids(message):
    return [skeleton.id for skeleton in message.skeletons]


def middle(skeleton):
    return np.mean([(keypoint.x, keypoint.y) for keypoint in skeleton.keypoints], axis=0)


def two_with_ids(message):
    return len(ids(message)) == 2 and all(ids(message))


def test_two_people_are_found_where_they_are(stage, images):
    message = stage(mode='multi', keypoint_format='coco17').show_until(two_with_ids)
    truths = images[1]
    found = sorted(message.skeletons, key=lambda skeleton: middle(skeleton)[0])
    for skeleton, truth in zip(found, truths):
        places = np.array([(keypoint.x, keypoint.y) for keypoint in skeleton.keypoints])
        error = np.linalg.norm(places - truth.keypoints, axis=1)[truth.visible].mean()
        assert error < 0.05 * truth.height


def test_the_mode_is_switched_while_it_runs(ros, stage):
    stage = stage()
    (alone,) = stage.show_until(lambda m: len(ids(m)) == 1 and ids(m)[0]).skeletons
    assert ros.set_parameter(stage.node, 'mode', 'multi').successful
    both = stage.show_until(two_with_ids)
    assert alone.id in ids(both)
    assert ros.set_parameter(stage.node, 'max_people', 1).successful
    assert len(ids(stage.show())) == 1
    assert ros.set_parameter(stage.node, 'max_people', 6).successful
    stage.show_until(two_with_ids)
    assert ros.set_parameter(stage.node, 'mode', 'single').successful
    assert len(ids(stage.show())) == 1


def test_who_raises_a_hand_is_locked_and_stands_first(stage):
    stage = stage(mode='multi')
    message = stage.show_until(two_with_ids)
    right = max(message.skeletons, key=lambda skeleton: middle(skeleton)[0])
    answer = stage.call(LockTarget, 'lock', method=LockTarget.Request.HAND_RAISED)
    assert answer.success, answer.message
    assert answer.id == right.id
    message = stage.show()
    assert (message.locked_id, message.locked_seen) == (right.id, True)
    assert ids(message)[0] == right.id
    # Away with everybody: the lock stays.
    for _ in range(8):
        message = stage.show([np.full_like(stage.images[0], 120)])
    assert (message.locked_id, message.locked_seen) == (right.id, False)
    assert stage.call(UnlockTarget, 'unlock').success
    assert stage.show().locked_id == 0


def test_answers_of_the_real_estimator_say_what_is_wrong(stage):
    stage = stage(mode='multi')
    stage.show([np.full_like(stage.images[0], 120)])
    answer = stage.call(LockTarget, 'lock', method=LockTarget.Request.LARGEST)
    assert not answer.success
    assert answer.message
    there = ids(stage.show_until(two_with_ids))
    answer = stage.call(LockTarget, 'lock', method=LockTarget.Request.BY_ID, id=77)
    assert not answer.success
    assert 'no person 77' in answer.message
    assert all(str(number) in answer.message for number in there)
