"""Let Nav2 follow the locked person: the target of pose_node becomes the goal of Nav2.

    ros2 launch pose_ros pose.launch.py … params_file:=follow.yaml   # fixed_frame: odom
    python3 follow_with_nav2.py
    python3 raised_hand.py      # locks the person who raises a hand

Nav2 runs its behaviour tree follow_point.xml as default_nav_to_pose_bt_xml. That tree plans a path
to goal_update once a second and ends it 1 m before: change the distance of TruncatePath in a copy
of the tree to keep another one.
"""

from contextlib import suppress

from action_msgs.srv import CancelGoal
from geometry_msgs.msg import PoseStamped
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from pose_ros.msg import TargetState

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
ENDED = {TargetState.NONE: 'not locked any more', TargetState.LOST: 'lost'}


class NavigationFollower(Node):
    """Starts Nav2 at a locked person, updates its goal, and cancels it when they are lost."""

    def __init__(self) -> None:
        super().__init__('navigation_follower')
        self.goal = self.create_publisher(PoseStamped, 'goal_pose', 1)
        self.update = self.create_publisher(PoseStamped, 'goal_update', 1)
        self.cancel = self.create_client(CancelGoal, 'navigate_to_pose/_action/cancel_goal')
        self.create_subscription(PoseStamped, 'pose_node/target', self.on_target, 1)
        self.create_subscription(TargetState, 'pose_node/target_state', self.on_state, LATCHED)
        self.following = False

    def on_target(self, target: PoseStamped) -> None:
        """Send the first pose as a new goal, and later ones as its updates."""
        (self.update if self.following else self.goal).publish(target)
        self.following = True

    def on_state(self, state: TargetState) -> None:
        """Stop when the person is gone; while they are out of sight the target stays."""
        if state.state in ENDED and self.following:
            self.get_logger().info(f'person {state.id} is {ENDED[state.state]}: stop')
            self.cancel.call_async(CancelGoal.Request())  # all goals
            self.following = False


if __name__ == '__main__':
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):  # Ctrl+C
        rclpy.spin(NavigationFollower())
