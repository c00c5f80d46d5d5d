"""Turn and drive a robot towards the locked person: skeletons in, velocities on cmd_vel out.

    ros2 launch pose_ros pose.launch.py image:=/camera/image_raw camera_info:=/camera/camera_info
    python3 follow_person.py
    python3 raised_hand.py      # locks the person who raises a hand

The camera looks ahead. Your robot itself must avoid obstacles, and stop when cmd_vel is silent.
"""

from contextlib import suppress
import time

from geometry_msgs.msg import Twist
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from pose_ros.keypoints import position
from pose_ros.msg import SkeletonArray

TURN = 0.8  # [rad/s] while the person is at the edge of the image
DISTANCE = 1.5  # [m] to keep from the person
GAIN = 0.5  # [1/s] speed over the distance that is too much
MAX_SPEED = 0.4  # [m/s]
TIMEOUT = 0.5  # [s] without skeletons after which the robot stops


class Follower(Node):
    """Follows one person, and stops when that person is not seen."""

    def __init__(self) -> None:
        super().__init__('follower')
        self.commands = self.create_publisher(Twist, 'cmd_vel', 1)
        self.create_subscription(SkeletonArray, 'skeletons', self.on_skeletons, 5)
        self.create_timer(0.1, self.stop_without_skeletons)
        self.received = 0.0

    def on_skeletons(self, message: SkeletonArray) -> None:
        """Command a velocity for every image: zero unless it shows the locked person."""
        self.received = time.monotonic()
        command = Twist()
        for person in message.skeletons:
            if message.locked_seen and person.id == message.locked_id:
                middle = person.box.x_offset + person.box.width / 2
                turn = TURN * (1 - 2 * middle / message.image_width)  # positive turns left
                command.angular.z = -turn if message.mirrored else turn
                if (hip := position(person, 'left_hip')) is not None:  # else it only turns
                    command.linear.x = min(max(GAIN * (hip.z - DISTANCE), 0.0), MAX_SPEED)
        self.commands.publish(command)

    def stop_without_skeletons(self) -> None:
        """Command zero while pose_node is silent."""
        if time.monotonic() - self.received > TIMEOUT:
            self.commands.publish(Twist())


if __name__ == '__main__':
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):  # Ctrl+C
        rclpy.spin(Follower())
