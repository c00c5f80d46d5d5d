"""Publishes ready images at a rate, each stamped just before: a bare camera driver.

publisher.py WIDTH HEIGHT RATE [NODE ...] [--ros-args ...]

The nodes run in its process.
"""

from __future__ import annotations

import argparse
from functools import partial

from core_speed import images
import rclpy
from rclpy.utilities import remove_ros_args
from std_msgs.msg import Header

from pose_ros.ros.all_in_one import maker
from pose_ros.ros.handover import HandoverPublisher
from pose_ros.ros.images import ImageWriter
from pose_ros.ros.qos import IMAGE_RELIABLE
from pose_ros.ros.run import run_all


class Publisher(rclpy.node.Node):
    """The camera."""

    def __init__(self, width: int, height: int, rate: float) -> None:
        super().__init__('publisher')
        self._images = images(width, height)
        self._writer = ImageWriter('bgr8')
        self._publisher = HandoverPublisher(self, 'image', IMAGE_RELIABLE)
        self._count = 0
        self.create_timer(1 / rate, self._publish)

    def _publish(self) -> None:
        image = self._images[self._count % len(self._images)]
        self._count += 1
        header = Header(frame_id='camera')
        message = self._writer.write(image, header)
        header.stamp = self.get_clock().now().to_msg()
        self._publisher.publish(message)


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('width', type=int)
    parser.add_argument('height', type=int)
    parser.add_argument('rate', type=float)
    parser.add_argument('nodes', nargs='*')
    given = parser.parse_args(remove_ros_args()[1:])
    camera = partial(Publisher, given.width, given.height, given.rate)
    run_all({'publisher': camera, **{name: maker(name) for name in given.nodes}})
