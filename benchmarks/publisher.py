"""Publishes ready images at a rate, each stamped just before: a bare camera driver."""

from __future__ import annotations

import argparse

from core_speed import images
import rclpy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.ros.images import ImageWriter
from pose_ros.ros.qos import IMAGE_RELIABLE
from pose_ros.ros.run import run


class Publisher(rclpy.node.Node):
    """The camera."""

    def __init__(self, width: int, height: int, rate: float) -> None:
        super().__init__('publisher')
        self._images = images(width, height)
        self._writer = ImageWriter('bgr8')
        self._publisher = self.create_publisher(Image, 'image', IMAGE_RELIABLE)
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
    given = parser.parse_args()
    run(lambda: Publisher(given.width, given.height, given.rate))
