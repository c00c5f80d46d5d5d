"""Lock the person who raises a hand: gestures in, the service ~/lock of pose_node called.

ros2 launch pose_ros webcam.launch.py
python3 raised_hand.py
"""

from contextlib import suppress

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.task import Future

from pose_ros.msg import GestureEvent
from pose_ros.srv import LockTarget


class HandReader(Node):
    """Subscriber of gestures, client of a service."""

    def __init__(self) -> None:
        super().__init__('hand_reader')
        self.create_subscription(GestureEvent, 'gestures', self.on_gesture, 50)
        self.lock = self.create_client(LockTarget, 'pose_node/lock')

    def on_gesture(self, event: GestureEvent) -> None:
        """React once to each raised hand: an event is STARTED, then HELD, then ENDED."""
        if event.gesture != 'hand_raised' or event.phase != GestureEvent.STARTED:
            return
        self.get_logger().info(f'person {event.skeleton_id} raises a hand')
        if not self.lock.service_is_ready():
            self.get_logger().warning('pose_node is not running: no person is locked')
            return
        request = LockTarget.Request(method=LockTarget.Request.BY_ID, id=event.skeleton_id)
        # Never wait for a service within a callback: the answer comes to another one.
        self.lock.call_async(request).add_done_callback(self.on_answer)

    def on_answer(self, answer: Future) -> None:
        """Log what pose_node says."""
        self.get_logger().info(answer.result().message)


if __name__ == '__main__':
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):  # Ctrl+C
        rclpy.spin(HandReader())
