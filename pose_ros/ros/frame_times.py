"""Times of a stream's frames: their stamps, or the times of receipt where those are unusable."""

from __future__ import annotations

from dataclasses import dataclass
import time

from rclpy.node import Node
from std_msgs.msg import Header

from pose_ros.core.timeline import LATE_LIMIT, Step, Timeline
from pose_ros.ros.images import stamp_of


@dataclass(frozen=True)
class FrameTime:
    """When a frame was taken, as far as it is known.

    Attributes
    ----------
    time
        For tracking [s]: the stamp where all stamps are usable.
    stamp
        As in the header [s].
    step
        Whether the frame goes on, is late, or begins anew.
    received
        Monotonic time of receipt [s].
    is_stamped
        Whether the stamp was usable.
    """

    time: float
    stamp: float
    step: Step
    received: float
    is_stamped: bool

    def latency(self, now: float) -> float:
        """Time since the stamp, else since receipt [s]; ``now`` is on the clock of the stamps."""
        return now - self.stamp if self.is_stamped else time.monotonic() - self.received


class FrameTimes:
    """Reads the stamps of a stream, and reports what is wrong with them.

    A stamp is unusable if it is zero, or the same as in the frame before. Time then goes on by
    the time of receipt, and from there with the next usable stamps.

    Parameters
    ----------
    node
        Its owner: gives the time, and its log takes the reports.
    limit
        Largest step back that counts as late [s].

    Attributes
    ----------
    late, unstamped, jumps
        Frames a little before the one before them, frames with unusable stamps, and new starts.
    """

    def __init__(self, node: Node, limit: float = LATE_LIMIT) -> None:
        self._node = node
        self._timeline = Timeline(limit)
        self.late = self.unstamped = self.jumps = 0
        self._told = (0, 0)
        self._last_late = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget the frames before, as after a pause; the counts stay."""
        self._timeline.reset()
        self._stamp: float | None = None
        self._usable: float | None = None  # last usable stamp [s]
        self._received = 0.0
        self._ahead: float | None = 0.0  # time less stamp [s]; None after an unusable stamp

    @property
    def limit(self) -> float:
        """Largest step back that counts as late [s]."""
        return self._timeline.limit

    @limit.setter
    def limit(self, limit: float) -> None:
        self._timeline.limit = limit

    def read(self, header: Header) -> FrameTime:
        """Time of the next frame, which has come just now."""
        stamp, received = stamp_of(header), time.monotonic()
        is_stamped = stamp > 0 and stamp != self._stamp
        before = self._timeline.last
        restarts = self._usable is not None and stamp < self._usable - self.limit
        if is_stamped and (self._ahead is not None or before is None or restarts):
            moment = stamp + (self._ahead or 0.0)
        elif before is None:
            moment = self._node.get_clock().now().nanoseconds * 1e-9
        else:
            moment = before + received - self._received
        step = self._timeline.advance(moment)
        if step is Step.LATE:
            self._report_late((before or 0.0) - moment)
            return FrameTime(moment, stamp, step, received, is_stamped)
        self._ahead = moment - stamp if is_stamped else None
        self._stamp, self._received = stamp, received
        if is_stamped:
            self._usable = stamp
        if step is Step.JUMP:
            self.jumps += 1
            self._node.get_logger().warning(
                f'stamps went back from {before:.3f} s to {moment:.3f} s: starting anew'
            )
        if not is_stamped:
            self._report_unstamped(stamp)
        return FrameTime(moment, stamp, step, received, is_stamped)

    def take_fault(self) -> str:
        """What has been wrong with the stamps since the last call; empty if nothing was.

        Unusable stamps are reported until usable ones come.
        """
        unstamped, late = self.unstamped - self._told[0], self.late - self._told[1]
        self._told = (self.unstamped, self.late)
        if unstamped or self._ahead is None:
            return 'stamps are zero or stand still: frames are tracked by time of receipt'
        if late:
            return f'{late} late frames dropped, the last {1e3 * self._last_late:.1f} ms late'
        return ''

    def figures(self) -> dict[str, str]:
        """Names and values for /diagnostics."""
        return {
            'late frames': str(self.late),
            'frames without a usable stamp': str(self.unstamped),
            'jumps of the stamps': str(self.jumps),
        }

    def _report_late(self, gap: float) -> None:
        self.late += 1
        self._last_late = gap
        self._node.get_logger().warning(
            f'frame dropped: its stamp is {1e3 * gap:.1f} ms before that of an earlier one',
            throttle_duration_sec=5.0,
        )

    def _report_unstamped(self, stamp: float) -> None:
        self.unstamped += 1
        found = f'{stamp:.3f} s again' if stamp else 'zero'
        self._node.get_logger().warning(
            f'the stamp of a frame is {found}: it is tracked by its time of receipt; let the '
            'camera driver stamp each image with the time of its exposure',
            throttle_duration_sec=30.0,
        )
