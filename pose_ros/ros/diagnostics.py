"""What a node knows of its frames, and what it tells /diagnostics of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from pose_ros.ros.qos import DIAGNOSTICS

PERIOD = 1.0  # [s] between two messages
OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


# Stamps closer together are no camera's; stamps further apart are a pause, not a loss [s].
SHORTEST_PERIOD, LONGEST_PERIOD = 1e-3, 2.0


class DropCounter:
    """Counts the images that were published but never reached the callback.

    A subscription that keeps the newest image only does not learn of those that newer ones
    replaced. But most middlewares number a publisher's messages: with one publisher the gaps
    are the images dropped here or lost on the way. Otherwise the count is estimated from the
    stamps, by the shortest time between two of the last images. That is a lower bound: it sees
    no drop if every second image is dropped.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Do not count what is missed until the next image."""
        self._number: int | None = None
        self._stamp: float | None = None
        self._periods: list[float] = []

    def missed(self, number: int | None, stamp: float) -> int:
        """Images missed between the one before and this one.

        Parameters
        ----------
        number
            Given to the image by its publisher; None if not known or if there are several.
        stamp
            Of the image [s].
        """
        before, self._number = self._number, number
        earlier, self._stamp = self._stamp, stamp
        period = stamp - earlier if earlier is not None else 0.0
        if number is not None:
            # A publisher that starts anew counts from one.
            return max(number - before - 1, 0) if before is not None else 0
        if not SHORTEST_PERIOD < period < LONGEST_PERIOD:
            self._periods.clear()
            return 0
        self._periods = [*self._periods[-29:], period]
        return max(round(period / min(self._periods)) - 1, 0)


@dataclass(frozen=True)
class FrameReport:
    """What happened to the frames since the last report.

    Attributes
    ----------
    rate
        Frames processed per second.
    latency, inference
        Means [s]; None without a frame.
    silence
        Time without an image [s].
    new_bad
        Images that could not be used, since the last report.
    processed, dropped, bad
        Frames since the start.
    last_fault
        What was wrong with the last bad image.
    stamp_fault
        What was wrong with the stamps since the last report; empty if nothing was.
    """

    rate: float
    latency: float | None
    inference: float | None
    silence: float
    new_bad: int
    processed: int
    dropped: int
    bad: int
    last_fault: str
    stamp_fault: str = ''

    def figures(self) -> dict[str, str]:
        """Names and values for /diagnostics."""
        milliseconds = {
            name: '' if seconds is None else f'{seconds * 1e3:.1f}'
            for name, seconds in (('latency', self.latency), ('inference', self.inference))
        }
        return {
            'frame rate [1/s]': f'{self.rate:.1f}',
            'latency [ms]': milliseconds['latency'],
            'inference time [ms]': milliseconds['inference'],
            'frames processed': str(self.processed),
            'frames dropped': str(self.dropped),
            'bad images': str(self.bad),
            'last bad image': self.last_fault,
        }


class FrameStatistics:
    """Counts frames, and sums up their times from report to report.

    Attributes
    ----------
    arrivals
        Images that came, whatever became of them.
    processed
        Frames for which skeletons were published.
    dropped
        Images not processed although there were subscribers, the bad ones among them.
    bad
        Images that could not be used.
    """

    def __init__(self) -> None:
        self.arrivals = self.processed = self.dropped = self.bad = 0
        self._last_fault = ''
        self._last_arrival = time.monotonic()
        self._restart(self._last_arrival)

    def _restart(self, now: float) -> None:
        self._started = now
        self._frames = self._new_bad = 0
        self._latency = self._inference = 0.0

    def add_arrival(self) -> None:
        """Count an image that came."""
        self.arrivals += 1
        self._last_arrival = time.monotonic()

    def add(self, latency: float, inference: float, dropped: int) -> None:
        """Count a frame that was processed; times in seconds."""
        self.processed += 1
        self.dropped += dropped
        self._frames += 1
        self._latency += latency
        self._inference += inference

    def add_bad(self, fault: str) -> None:
        """Count an image that could not be used."""
        self.bad += 1
        self._new_bad += 1
        self._last_fault = fault

    def report(self, stamp_fault: str = '') -> FrameReport:
        """Return the figures since the last report, with what was wrong with the stamps."""
        now = time.monotonic()
        report = FrameReport(
            rate=self._frames / max(now - self._started, 1e-3),
            latency=self._latency / self._frames if self._frames else None,
            inference=self._inference / self._frames if self._frames else None,
            silence=now - self._last_arrival,
            new_bad=self._new_bad,
            processed=self.processed,
            dropped=self.dropped,
            bad=self.bad,
            last_fault=self._last_fault,
            stamp_fault=stamp_fault,
        )
        self._restart(now)
        return report


class DiagnosticsPublisher:
    """Publishes one status of a node, in every state: it is no lifecycle publisher.

    Parameters
    ----------
    node
        The node.
    diagnose
        Called once per period, to call `publish`.
    """

    def __init__(self, node: Node, diagnose: Callable[[], None]) -> None:
        self._node = node
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', DIAGNOSTICS)
        # Steady: diagnostics go on while simulated time stands still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(PERIOD, diagnose, clock=steady)

    def publish(
        self, level: bytes, message: str, hardware: str, values: Mapping[str, object]
    ) -> None:
        """Publish level, summary, hardware id and values."""
        name = self._node.get_fully_qualified_name().lstrip('/')
        pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        status = DiagnosticStatus(
            level=level, name=name, message=message, hardware_id=hardware, values=pairs
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)
