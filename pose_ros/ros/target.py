"""Pose and state of the locked person, for robots that follow people."""

from __future__ import annotations

from collections.abc import Sequence
import math

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Pose, PoseStamped
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from pose_ros.core.types import Person
from pose_ros.msg import TargetState
from pose_ros.ros.pose_result import PoseResult
from pose_ros.ros.qos import LATCHED, SKELETONS


class TargetOutput:
    """Publishes ~/target with every image of a locked person, and ~/target_state when it changes.

    The pose is on the floor, the plane z = 0 of the fixed frame, and faces where the person does.
    While the person is out of sight it stays; without a fixed frame there is none.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._pose = node.create_lifecycle_publisher(PoseStamped, '~/target', SKELETONS)
        self._state = node.create_lifecycle_publisher(TargetState, '~/target_state', LATCHED)
        self._last = TargetState()
        self._place: Pose | None = None
        self._restarted = False

    def begin(self) -> None:
        """Publish that there is no target, once the node is active."""
        self._last, self._place, self._restarted = TargetState(), None, False
        self._state.publish(self._last)

    def restart(self) -> None:
        """Report the target as lost with the next image: a jump back ends all tracks."""
        self._restarted = True

    @property
    def wanted(self) -> bool:
        """Whether the pose or the state has subscribers."""
        return any(p.get_subscription_count() for p in (self._pose, self._state))

    def publish(self, result: PoseResult, expired_id: int) -> None:
        """Publish the target of an image; the id is that of the last lock that has expired."""
        person_id, seen = result.locked_id, result.locked_seen
        before = self._last
        if person_id != before.id:
            self._place = None
        if person_id:
            state = TargetState.VISIBLE if seen else TargetState.OUT_OF_SIGHT
        elif before.id and (
            before.state == TargetState.LOST
            or (before.state == TargetState.OUT_OF_SIGHT and before.id == expired_id)
            or self._restarted
        ):
            person_id, state = before.id, TargetState.LOST
        else:
            state = TargetState.NONE
        last_seen = before.last_seen if person_id == before.id else Time()
        if state == TargetState.VISIBLE:
            last_seen = result.header.stamp
            self._place = _place(result.people, person_id) or self._place
        message = TargetState(header=result.header, id=person_id, state=state, last_seen=last_seen)
        if (person_id, state) != (before.id, before.state):
            self._state.publish(message)
        self._last, self._restarted = message, False
        if self._place is not None and state in (TargetState.VISIBLE, TargetState.OUT_OF_SIGHT):
            header = Header(stamp=result.header.stamp, frame_id=result.fixed_frame)
            self._pose.publish(PoseStamped(header=header, pose=self._place))

    def destroy(self) -> None:
        """Remove the publishers."""
        for publisher in (self._pose, self._state):
            self._node.destroy_lifecycle_publisher(publisher)


def _place(people: Sequence[Person], person_id: int) -> Pose | None:
    """Pose of a person on the floor of the fixed frame; None if it is unknown."""
    for person in people:
        x, y, _ = person.kinematics.fixed_position.tolist()
        if person.id == person_id and math.isfinite(x):
            pose = Pose()
            pose.position.x, pose.position.y = x, y
            yaw = person.kinematics.fixed_yaw
            if math.isfinite(yaw):
                pose.orientation.z, pose.orientation.w = math.sin(yaw / 2), math.cos(yaw / 2)
            return pose
    return None
