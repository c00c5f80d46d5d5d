"""Poses of the camera in a fixed frame, from /tf and /tf_static."""

from __future__ import annotations

import importlib
import time
from typing import Any

import numpy as np
from rclpy.time import Time
from scipy.spatial.transform import Rotation
from std_msgs.msg import Header

from pose_ros.core.space.motion_track import Pose
from pose_ros.core.space.transform_buffer import TransformBuffer
from pose_ros.ros.missing_package import MissingPackageError
from pose_ros.ros.on_demand import OnDemandSubscriptions
from pose_ros.ros.qos import TF, TF_STATIC

# Time without poses after which the reason is reported [s]: transforms may come after the image.
_PATIENCE = 1.0


class FixedFrame:
    """Looks up poses through tf2_ros; without it through the package's own small buffer.

    Parameters
    ----------
    name
        Of the frame, such as odom; its z points up (REP-105).

    Raises
    ------
    MissingPackageError
        The messages of tf are not installed.
    """

    def __init__(self, name: str) -> None:
        try:
            from tf2_msgs.msg import TFMessage  # noqa: PLC0415
        except ImportError as error:
            raise MissingPackageError('fixed_frame', 'tf2_ros', error) from error
        self.name = name
        self._reason = ''
        self._found = self._failed = time.monotonic()
        self._kind = TFMessage
        self._buffer = _Tf2Buffer() if _tf2_ros() is not None else TransformBuffer()

    @property
    def fault(self) -> str:
        """Reason why no pose was found for a while; empty if poses are found."""
        return self._reason if self._failed - self._found > _PATIENCE else ''

    def listen(self, inputs: OnDemandSubscriptions, wanted: bool) -> None:
        """Subscribe to transforms while they are wanted."""
        if not wanted:
            self._found = time.monotonic()  # none are missing
        inputs.keep('/tf', self._kind, self._on_tf, TF, wanted)
        inputs.keep('/tf_static', self._kind, self._on_tf_static, TF_STATIC, wanted)

    def clear(self) -> None:
        """Forget the transforms before, which hide new ones when time goes back."""
        self._buffer.clear()

    def pose(self, header: Header) -> Pose | None:
        """Pose of the frame of a header in the fixed frame at its time; None if unknown."""
        stamp = header.stamp.sec * 10**9 + header.stamp.nanosec
        try:
            pose = self._buffer.pose(self.name, header.frame_id, stamp)
        except LookupError as error:
            self._reason, self._failed = str(error), time.monotonic()
            return None
        self._found = time.monotonic()
        return pose

    def _on_tf(self, message: Any) -> None:
        for transform in message.transforms:
            self._buffer.set_transform(transform, 'default_authority')

    def _on_tf_static(self, message: Any) -> None:
        for transform in message.transforms:
            self._buffer.set_transform_static(transform, 'default_authority')


def _tf2_ros() -> Any:
    try:
        return importlib.import_module('tf2_ros')
    except ImportError:
        return None


class _Tf2Buffer:
    """Buffer of tf2_ros with the methods of `TransformBuffer`."""

    def __init__(self) -> None:
        self._tf2_ros = _tf2_ros()
        buffer = self._tf2_ros.Buffer()
        self._look_up = buffer.lookup_transform_core
        self.set_transform = buffer.set_transform
        self.set_transform_static = buffer.set_transform_static
        self.clear = buffer.clear

    def pose(self, target: str, source: str, stamp: int) -> Pose:
        """See `TransformBuffer.pose`."""
        try:
            found = self._look_up(target, source, Time(nanoseconds=stamp)).transform
        except self._tf2_ros.TransformException as error:
            raise LookupError(str(error)) from error
        turn, move = found.rotation, found.translation
        rotation = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).as_matrix()
        return rotation, np.array([move.x, move.y, move.z])
