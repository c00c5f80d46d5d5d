"""Log where the left wrist of each person is, with any model.

ros2 launch pose_ros webcam.launch.py
python3 read_wrist.py
"""

from contextlib import suppress

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from pose_ros.keypoints import keypoint, position
from pose_ros.msg import Keypoint, SkeletonArray


class WristReader(Node):
    """Subscriber of skeletons."""

    def __init__(self) -> None:
        super().__init__('wrist_reader')
        self.create_subscription(SkeletonArray, 'skeletons', self.on_skeletons, 5)

    def on_skeletons(self, message: SkeletonArray) -> None:
        """Log the wrist of everybody whose wrist is seen in this image."""
        for person in message.skeletons:
            wrist = keypoint(person, 'left_wrist')  # the person's own left
            if wrist.state != Keypoint.OBSERVED:
                continue
            text = f'person {person.id}: left wrist at pixel {wrist.x:.0f}, {wrist.y:.0f}'
            place = position(person, 'left_wrist')
            if place is not None:  # None without camera_info or depth
                text += f', {place.z:.2f} m away'
            self.get_logger().info(text)


if __name__ == '__main__':
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):  # Ctrl+C
        rclpy.spin(WristReader())
