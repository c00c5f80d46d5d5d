"""Hands of pose_node: found and published while `hands` has subscribers."""

from __future__ import annotations

from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from pose_ros.core.camera_orientation import CameraOrientation
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.topology import HAND21
from pose_ros.msg import HandArray, SkeletonFormat
from pose_ros.ros.conversions import format_to_msg
from pose_ros.ros.hand_conversions import hand_array
from pose_ros.ros.qos import LATCHED, SKELETONS


class HandOutput:
    """Publishers of `hands` and `hand_format`.

    Parameters
    ----------
    node
        Owner of the publishers.
    estimator
        Finds the hands.
    orientation
        Of the images.
    """

    def __init__(
        self, node: LifecycleNode, estimator: PoseEstimator, orientation: CameraOrientation
    ) -> None:
        self._node = node
        self._estimator = estimator
        self._orientation = orientation
        self._hands = node.create_lifecycle_publisher(HandArray, 'hands', SKELETONS)
        self._format = node.create_lifecycle_publisher(SkeletonFormat, 'hand_format', LATCHED)

    def publish_format(self) -> None:
        """Publish the format, once the node is active."""
        self._format.publish(format_to_msg(HAND21))

    @property
    def wanted(self) -> bool:
        """Whether `hands` has subscribers."""
        return bool(self._hands.get_subscription_count())

    def publish(self, header: Header, size: tuple[int, int]) -> None:
        """Find and publish the hands of the last frame, if they have subscribers.

        Parameters
        ----------
        header
            Of the image.
        size
            (width, height) of the image [px].
        """
        if not self.wanted:
            return
        hands = [
            self._orientation.hand_in_image(hand, size) for hand in self._estimator.find_hands()
        ]
        duration = self._estimator.statistics.hands_time
        self._hands.publish(hand_array(hands, header, size, self._orientation, duration))

    def figures(self) -> dict[str, str]:
        """Names and values for diagnostics; a time is empty until it was measured."""
        statistics = self._estimator.statistics
        return {
            name: f'{seconds * 1e3:.1f}' if seconds else ''
            for name, seconds in (
                ('time per hand [ms]', statistics.hand_time),
                ('time of all hands [ms]', statistics.hands_time),
            )
        }

    def destroy(self) -> None:
        """Remove the publishers."""
        for publisher in (self._hands, self._format):
            self._node.destroy_lifecycle_publisher(publisher)
