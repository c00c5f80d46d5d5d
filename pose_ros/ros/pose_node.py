"""Images in, skeletons out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rclpy.lifecycle import LifecycleNode, LifecyclePublisher, LifecycleState
from rclpy.lifecycle import TransitionCallbackReturn as Result
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.runtime.errors import ModelError, OutputError
from pose_ros.core.timeline import Step
from pose_ros.core.topology import COCO17, Topology
from pose_ros.core.types import FrameError
from pose_ros.msg import SkeletonArray, SkeletonFormat
from pose_ros.ros.conversions import SkeletonWriter, format_to_msg
from pose_ros.ros.diagnostics import DiagnosticsPublisher, DropCounter, FrameStatistics
from pose_ros.ros.frame_times import FrameTimes
from pose_ros.ros.hand_output import HandOutput
from pose_ros.ros.image_subscription import ImageSubscription
from pose_ros.ros.images import ImageReader
from pose_ros.ros.localizer import Localizer
from pose_ros.ros.missing_package import MissingPackageError
from pose_ros.ros.parameters import declare
from pose_ros.ros.pose_parameters import TABLE, estimator_config, orientation
from pose_ros.ros.pose_result import PoseResult
from pose_ros.ros.pose_status import DeviceLog, estimator_figures, lock_unavailable_reason, summary
from pose_ros.ros.qos import LATCHED, SKELETONS
from pose_ros.ros.run import run, transition
from pose_ros.ros.target import TargetOutput
from pose_ros.ros.target_lock import TargetLock

if TYPE_CHECKING:
    from pose_ros.ros.fixed_frame import FixedFrame


class PoseNode(LifecycleNode):
    """Finds people in the newest image while `skeletons` or `hands` has subscribers.

    Parameters
    ----------
    make_estimator
        Makes the estimator from its settings.

    Attributes
    ----------
    statistics
        Of the frames since the node was activated.
    """

    def __init__(
        self,
        make_estimator: Callable[[EstimatorConfig], PoseEstimator] = PoseEstimator,
        **arguments: Any,
    ) -> None:
        super().__init__('pose_node', **arguments)
        self._make_estimator = make_estimator
        self._estimator: PoseEstimator | None = None
        self._values = declare(self, TABLE, check=self._check, apply=self._apply, lifecycle=True)
        self._skeletons: LifecyclePublisher | None = None
        self._format: LifecyclePublisher | None = None
        self._hands: HandOutput | None = None
        self._images: ImageSubscription | None = None
        self._localizer: Localizer | None = None
        self._target_lock: TargetLock | None = None
        self._target: TargetOutput | None = None
        self._fixed_frame: FixedFrame | None = None
        self._looked = False
        self._writer = SkeletonWriter()
        self.statistics = FrameStatistics()
        self._drops = DropCounter()
        self._times = FrameTimes(self)
        self._dropped = 0
        self._fault = ''
        self._diagnostics = DiagnosticsPublisher(self, self._diagnose)
        if self._values.autostart and self.trigger_configure() == Result.SUCCESS:
            self.trigger_activate()

    @transition
    def on_configure(self, state: LifecycleState) -> Result:
        """Load the model; failure, with the reason in the log, leaves the node unconfigured."""
        values = self._values
        try:
            self._fixed_frame = _fixed_frame(values.fixed_frame)
            self._estimator = self._make_estimator(estimator_config(vars(values)))
        except (ModelError, MissingPackageError) as error:
            self._fault = str(error)
            self.get_logger().error(f'{self._fault} (pose_node stays unconfigured)')
            return Result.FAILURE
        self._fault = ''
        self._device_log = DeviceLog(self.get_logger(), values.model)
        self._device_log.tell(self._estimator.device)
        values.locked = True
        skeletons = self.create_lifecycle_publisher(SkeletonArray, 'skeletons', SKELETONS)
        self._skeletons = skeletons
        self._target_lock = TargetLock(
            self,
            self._estimator,
            lambda: lock_unavailable_reason(
                self._images, skeletons.topic_name, self._is_wanted(), self._looked
            ),
        )
        self._target = TargetOutput(self)
        self._orientation = orientation(vars(values))
        self._writer = SkeletonWriter(values.model, self._orientation)
        self._format = self.create_lifecycle_publisher(SkeletonFormat, 'skeleton_format', LATCHED)
        if values.hands != 'none':
            self._hands = HandOutput(self, self._estimator, self._orientation)
        return super().on_configure(state)

    @transition
    def on_activate(self, state: LifecycleState) -> Result:
        """Subscribe to images and publish."""
        result = super().on_activate(state)
        assert self._estimator is not None
        assert self._format is not None
        self._format.publish(format_to_msg(self._topology(self._estimator)))
        assert self._target is not None
        self._target.begin()
        if self._hands is not None:
            self._hands.publish_format()
        self._estimator.reset()
        self._drops.reset()
        self._times.reset()
        if self._fixed_frame is not None:
            self._fixed_frame.clear()
        self._looked = False
        self._dropped = 0
        self.statistics = FrameStatistics()
        topic = self.resolve_topic_name('image')
        raw = self._values.image_transport == 'raw'
        self._reader = ImageReader()
        if self._values.positions != 'none':
            self._localizer = Localizer(
                self, self._values, self._is_wanted, self._publish, self._fixed_frame
            )
        self._images = ImageSubscription(
            self,
            Image if raw else CompressedImage,
            topic if raw else f'{topic}/compressed',
            self._on_image,
            reliability=self._values.reliability,
            plain=self._values.executor == 'events',
        )
        return result

    @transition
    def on_deactivate(self, state: LifecycleState) -> Result:
        """End the subscription; the model stays loaded."""
        self._unsubscribe()
        return super().on_deactivate(state)

    @transition
    def on_cleanup(self, state: LifecycleState) -> Result:
        """Let everything go, in whichever state the node is."""
        self._unsubscribe()
        for publisher in (self._skeletons, self._format):
            if publisher is not None:
                self.destroy_lifecycle_publisher(publisher)
        for part in (self._hands, self._target_lock, self._target):
            if part is not None:
                part.destroy()
        if self._estimator is not None:
            self._estimator.close()
        self._skeletons = self._format = self._hands = None
        self._estimator = self._target_lock = self._target = None
        self._values.locked = False
        return Result.SUCCESS

    # After an error the node starts over from unconfigured.
    on_shutdown = on_error = on_cleanup

    def destroy_node(self) -> None:
        """Let go of the device, too, in whichever state the node is."""
        if self._estimator is not None:
            self._estimator.close()
        super().destroy_node()

    def _unsubscribe(self) -> None:
        if self._images is not None:
            self._images.destroy()
            self._images = None
        if self._localizer is not None:
            self._localizer.destroy()
            self._localizer = None

    def _is_wanted(self) -> bool:
        if any(part is not None and part.wanted for part in (self._hands, self._target)):
            return True
        return self._skeletons is not None and self._skeletons.get_subscription_count() > 0

    def _topology(self, estimator: PoseEstimator) -> Topology:
        """Format of the published keypoints."""
        return estimator.topology if self._values.keypoint_format == 'native' else COCO17

    def _on_image(self, message: Image | CompressedImage, number: int | None) -> None:
        """Convert, estimate, publish."""
        self.statistics.add_arrival()
        if not self._is_wanted():
            self._drops.reset()
            self._looked = False
            return
        self._times.limit = self._values.track_timeout
        when = self._times.read(message.header)
        self._dropped += self._drops.missed(number, when.stamp)
        if when.step is Step.LATE:
            self._dropped += 1
            return
        estimator = self._estimator
        assert estimator is not None
        assert self._target_lock is not None
        assert self._target is not None
        if when.step is Step.JUMP:
            estimator.reset()
            self._target.restart()
        if self._localizer is not None:
            self._localizer.begin(when.step is Step.JUMP)
        try:
            frame = replace(self._reader.frame(message), stamp=when.time)
            found = estimator.estimate(self._orientation.upright_frame(frame))
        except (FrameError, OutputError) as error:
            self._refuse(error)
            return
        except ModelError as error:
            self._give_up(error)
            return
        self._target_lock.report_expired()
        size = (frame.width, frame.height)
        result = PoseResult(
            [
                self._orientation.person_in_image(
                    person.converted(self._topology(estimator)), size
                )
                for person in found
            ],
            message.header,
            size,
            when,
            inference_time=estimator.statistics.inference_time,
            locked_id=estimator.locked_id,
            locked_seen=estimator.locked_seen,
            dropped=self._dropped,
        )
        self._dropped = 0
        if self._localizer is None:
            self._publish(result)
        else:
            self._localizer.place(result)
        self._looked = True
        self._publish_hands(message.header, size)

    def _publish(self, result: PoseResult) -> None:
        assert self._skeletons is not None  # by on_configure
        message = result.to_msg(self._writer, self.get_clock().now().nanoseconds * 1e-9)
        self._skeletons.publish(message)
        assert self._estimator is not None
        assert self._target is not None
        self._target.publish(result, self._estimator.statistics.expired_lock)
        self.statistics.add(message.latency, result.inference_time, result.dropped)

    def _publish_hands(self, header: Header, size: tuple[int, int]) -> None:
        """Publish the hands after the skeletons, which do not wait for them."""
        if self._hands is None:
            return
        try:
            self._hands.publish(header, size)
        except OutputError as error:
            self.statistics.add_bad(str(error))
            self.get_logger().warning(f'hands left out: {error}', throttle_duration_sec=1.0)
        except ModelError as error:
            self._give_up(error)

    def _refuse(self, error: FrameError | OutputError) -> None:
        self._dropped += 1
        self.statistics.add_bad(str(error))
        self.get_logger().warning(f'image dropped: {error}', throttle_duration_sec=1.0)

    def _give_up(self, error: ModelError) -> None:
        """Start over from unconfigured, as after any error; without its device nothing works."""
        self._fault = str(error)
        self.get_logger().error(self._fault)
        self.trigger_deactivate()
        self.trigger_cleanup()

    def _check(self, values: Mapping[str, Any]) -> None:
        """Raise ValueError for settings out of range, or whose detector is missing."""
        config = estimator_config(values)
        if self._estimator is not None:
            self._estimator.check(config)

    def _apply(self, _: frozenset[str]) -> None:
        """Put changed settings to work."""
        if self._estimator is not None:
            self._estimator.reconfigure(estimator_config(vars(self._values)))

    def _diagnose(self) -> None:
        report = self.statistics.report(self._times.take_fault())
        values = self._values
        figures = {'model': values.model, 'device': values.device, **report.figures()}
        figures.update(self._times.figures())
        device = values.device
        if self._estimator is not None:
            device = self._estimator.device.device
            self._device_log.tell(self._estimator.device)
            figures.update(estimator_figures(self._estimator))
        if self._images is not None:
            self._images.match()
            figures.update(self._images.figures())
        for part in (self._localizer, self._hands):
            if part is not None:
                figures.update(part.figures())
        level, text = summary(
            self._fault,
            self._estimator,
            self._images,
            self._skeletons,
            wanted=self._is_wanted(),
            report=report,
            localizer=self._localizer,
        )
        self._diagnostics.publish(level, text, f'{values.model} on {device}', figures)


def _fixed_frame(name: str) -> FixedFrame | None:
    """Poses in a frame; None without its name."""
    if not name:
        return None
    from pose_ros.ros.fixed_frame import FixedFrame  # noqa: PLC0415 slow to import

    return FixedFrame(name)


def main() -> None:
    """Entry point of the executable."""
    run('pose_node', PoseNode)
