"""People of one image on their way to SkeletonArray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from std_msgs.msg import Header

from pose_ros.core.types import Person
from pose_ros.msg import SkeletonArray
from pose_ros.ros.conversions import SkeletonWriter
from pose_ros.ros.frame_times import FrameTime


@dataclass(frozen=True)
class PoseResult:
    """People of one image, and the figures of the estimator at that time.

    Attributes
    ----------
    people
        In pixels of the image.
    header
        Of the image.
    size
        (width, height) of the image [px].
    time
        When the image was taken.
    inference_time
        Of the estimator [s].
    locked_id, locked_seen
        The locked person, 0 = none, and whether this image shows them.
    dropped
        Images dropped since the last result.
    depth
        One of SkeletonArray.DEPTH_*.
    fixed_frame
        Frame of the kinematics; empty without one.
    """

    people: Sequence[Person]
    header: Header
    size: tuple[int, int]
    time: FrameTime
    inference_time: float
    locked_id: int
    locked_seen: bool
    dropped: int
    depth: int = SkeletonArray.DEPTH_OFF
    fixed_frame: str = ''

    def to_msg(self, writer: SkeletonWriter, now: float) -> SkeletonArray:
        """Message of the writer; ``now`` [s] is on the clock of the stamps."""
        message = writer.write(self.people, self.header, self.size)
        message.depth = self.depth
        message.fixed_frame = self.fixed_frame
        message.inference_time = self.inference_time
        message.locked_id, message.locked_seen = self.locked_id, self.locked_seen
        message.dropped = self.dropped
        message.latency = self.time.latency(now)
        return message
