"""3D positions of people, from camera_info and depth images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.timer import Timer
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.space.kinematics_estimator import KinematicsEstimator
from pose_ros.core.space.position_estimator import PositionEstimator
from pose_ros.core.space.strategy import CameraView
from pose_ros.msg import SkeletonArray
from pose_ros.ros.calibration import Calibration
from pose_ros.ros.depth_images import KEPT_DEPTH_IMAGES, DepthQueue, depth_of
from pose_ros.ros.images import stamp_of
from pose_ros.ros.on_demand import OnDemandSubscriptions
from pose_ros.ros.pose_parameters import orientation
from pose_ros.ros.pose_result import PoseResult
from pose_ros.ros.qos import CAMERA_INFO

if TYPE_CHECKING:
    from pose_ros.ros.fixed_frame import FixedFrame

# Time without depth images after which images no longer wait for one [s].
_SILENCE = 2.0


class Localizer:
    """Adds 3D positions to people, without blocking the node.

    While depth images arrive, the people of an image wait for its depth image: for ``depth_wait``,
    at most until the next image. Without depth images they do not wait.

    Parameters
    ----------
    node
        The node.
    values
        Its parameters.
    is_wanted
        Returns whether skeletons has subscribers.
    publish
        Publishes a result.
    fixed_frame
        Frame of the kinematics; None without one.
    """

    def __init__(
        self,
        node: Node,
        values: Any,
        is_wanted: Callable[[], bool],
        publish: Callable[[PoseResult], None],
        fixed_frame: FixedFrame | None = None,
    ) -> None:
        self._node = node
        self._publish = publish
        self._is_wanted = is_wanted
        self._placement = PositionEstimator(values.positions, values.body_height)
        up = orientation(vars(values)).direction_in_image((0.0, -1.0, 0.0))
        self._kinematics = KinematicsEstimator(np.array(up))
        self._fixed_frame = fixed_frame
        self._calibration = Calibration(
            values.rectified, values.mirrored, node.get_logger().warning
        )
        self._depths = DepthQueue(values.depth_tolerance)
        self._wait = values.depth_wait
        self._asked = values.positions == 'depth'
        # EventsExecutor delivers messages in the order of arrival.
        self._in_order = values.executor == 'events'
        self._waiting: PoseResult | None = None
        self._timer: Timer | None = None
        self._last_depth = -math.inf
        self._publishers = self.paired = self.missing = self.bad = self._placed = 0
        self._fault = ''
        self._inputs = OnDemandSubscriptions(node, self._watch)
        self._watch()

    @property
    def calibration_fault(self) -> str:
        """Reason why the last camera_info was refused; empty if it was not."""
        return self._calibration.fault

    @property
    def fixed_frame_fault(self) -> str:
        """Reason why there are no velocities in the fixed frame; empty if unknown."""
        return '' if self._fixed_frame is None else self._fixed_frame.fault

    def begin(self, jumped: bool = False) -> None:
        """Start the next image: people who still wait are published.

        If its time has jumped back, the transforms before are forgotten.
        """
        if self._waiting is not None:
            self._take_waiting()
            self.flush()
        if jumped and self._fixed_frame is not None:
            self._fixed_frame.clear()

    def place(self, result: PoseResult) -> None:
        """Publish the people with their positions, now or after ``depth_wait``."""
        self._take_waiting()
        self._waiting = result
        stamp = result.time.stamp
        silent = time.monotonic() - self._last_depth > _SILENCE
        if silent:
            self._depths.clear()  # if stamps do not advance, an old image would always match
        if silent or self._wait == 0 or self._depths.is_decided(stamp):
            self.flush()
        elif self._timer is None:
            clock = Clock(clock_type=ClockType.STEADY_TIME)
            self._timer = self._node.create_timer(self._wait, self.flush, clock=clock)
        else:
            self._timer.reset()

    def flush(self) -> None:
        """Publish the waiting people, with or without depth."""
        if self._timer is not None:
            self._timer.cancel()
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        camera = self._calibration.camera(waiting.size)
        depth, state = None, SkeletonArray.DEPTH_OFF
        if self._expects_depth:
            depth = self._depth(waiting.time.stamp, waiting.size)
            state = SkeletonArray.DEPTH_MISSING if depth is None else SkeletonArray.DEPTH_PAIRED
            self.paired += depth is not None
            self.missing += depth is None
        people = waiting.people
        if camera is not None:
            view = CameraView(camera, waiting.size, waiting.time.time, depth)
            people = self._placement.place(people, view)
            self._placed += sum(person.positions is not None for person in people)
        self._publish(self._with_kinematics(replace(waiting, people=people, depth=state)))

    def _with_kinematics(self, result: PoseResult) -> PoseResult:
        """Add velocities and orientations, also in the fixed frame."""
        pose, name = None, ''
        if self._fixed_frame is not None:
            pose = partial(self._fixed_frame.pose, result.header)
            name = self._fixed_frame.name
        people = self._kinematics.update(result.people, result.time.time, pose)
        return replace(result, people=people, fixed_frame=name)

    def figures(self) -> dict[str, str]:
        """Names and values for /diagnostics."""
        return {
            'positions': self._why_not() or f'{self._placed} people placed',
            'depth images paired': str(self.paired),
            'depth images missing': str(self.missing),
            'depth image after image [ms]': (
                '' if math.isnan(self._depths.gap) else f'{1e3 * self._depths.gap:.1f}'
            ),
            'bad depth images': str(self.bad),
            'last bad depth image': self._fault,
            'fixed frame': self.fixed_frame_fault
            or ('' if self._fixed_frame is None else self._fixed_frame.name),
        }

    def destroy(self) -> None:
        """End the subscriptions; waiting people are dropped."""
        self._waiting = None
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
        self._inputs.destroy()

    def _take_waiting(self) -> None:
        """Process depth images that arrived during the last callback."""
        if not self._in_order:
            self._inputs.take_waiting()

    @property
    def _expects_depth(self) -> bool:
        return self._placement.wants_depth and (self._asked or self._publishers > 0)

    def _why_not(self) -> str:
        """Reason why people have no positions; empty if unknown."""
        if not self._calibration.known:
            topic = self._node.resolve_topic_name('camera_info')
            return f'none: no camera_info has come on {topic}'
        if self._calibration.fault:
            return f'none: {self._calibration.fault}'
        if self._asked and not self._publishers:
            return f'none: no publisher on {self._node.resolve_topic_name("depth")}'
        return ''

    def _watch(self) -> None:
        """Subscribe while skeletons has subscribers."""
        wanted = self._is_wanted()
        on_camera_info = self._calibration.on_camera_info
        self._inputs.keep('camera_info', CameraInfo, on_camera_info, CAMERA_INFO, wanted)
        if self._fixed_frame is not None:
            self._fixed_frame.listen(self._inputs, wanted)
        if self._placement.wants_depth:
            self._publishers = self._inputs.keep_images(
                'depth', self._on_depth, KEPT_DEPTH_IMAGES, wanted, 'compressedDepth'
            )

    def _on_depth(self, message: Image | CompressedImage) -> None:
        self._last_depth = time.monotonic()
        self._depths.add(stamp_of(message.header), message)
        if self._waiting is not None and self._depths.is_decided(self._waiting.time.stamp):
            self.flush()

    def _depth(self, stamp: float, size: tuple[int, int]) -> DepthImage | None:
        """Depth image for an image; None if it is missing or invalid."""
        message = self._depths.nearest(stamp)
        if message is None:
            return None
        try:
            depth = depth_of(message)
            depth.check_covers(size)
        except ValueError as error:
            self.bad += 1
            self._fault = str(error)
            self._node.get_logger().warning(
                f'depth image dropped: {error}', throttle_duration_sec=5.0
            )
            return None
        return depth
