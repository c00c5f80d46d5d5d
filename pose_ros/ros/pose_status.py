"""What pose_node says of itself: figures and a summary for /diagnostics; what it cannot see."""

from __future__ import annotations

from collections.abc import Iterator

from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.lifecycle import LifecyclePublisher

from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.runtime.device import DeviceStatus
from pose_ros.ros.diagnostics import ERROR, OK, WARN, FrameReport
from pose_ros.ros.image_subscription import ImageSubscription
from pose_ros.ros.localizer import Localizer

SILENCE = 2.0  # [s] without an image after which the reason is looked for


def summary(
    fault: str,
    estimator: PoseEstimator | None,
    images: ImageSubscription | None,
    skeletons: LifecyclePublisher | None,
    *,
    wanted: bool,
    report: FrameReport,
    localizer: Localizer | None = None,
) -> tuple[bytes, str]:
    """Level and one line on the node's state.

    Parameters
    ----------
    fault
        Why it could not be configured; empty if nothing was wrong.
    estimator, images, skeletons
        The node's parts as far as they are there in its state.
    wanted
        Whether an output has subscribers.
    report
        What happened to the frames.
    localizer
        Estimates positions; None without.
    """
    if estimator is None or skeletons is None:
        return (ERROR, fault) if fault else (WARN, 'unconfigured')
    if images is None:
        return OK, 'inactive'
    warnings = list(_warnings(estimator, images, report, localizer))
    if warnings:
        return WARN, '; '.join(warnings)
    if not wanted:
        return OK, f'idle: no subscriber on {skeletons.topic_name}'
    return OK, f'{report.rate:.1f} frames per second'


def _warnings(
    estimator: PoseEstimator,
    images: ImageSubscription,
    report: FrameReport,
    localizer: Localizer | None,
) -> Iterator[str]:
    """What is wrong with a node that is active."""
    if report.silence > SILENCE:
        yield f'no image for {report.silence:.0f} s: {images.silence()}'
    if report.new_bad:
        yield f'{report.new_bad} images dropped: {report.last_fault}'
    if report.stamp_fault:
        yield report.stamp_fault
    if localizer is not None and localizer.calibration_fault:
        yield f'no 3D positions: {localizer.calibration_fault}'
    if localizer is not None and localizer.fixed_frame_fault:
        yield f'no velocities in the fixed frame: {localizer.fixed_frame_fault}'
    if estimator.device.fault:
        yield f'on {estimator.device}'


class DeviceLog:
    """Logs where a model runs, and why, whenever that changes."""

    def __init__(self, logger: RcutilsLogger, model: str) -> None:
        self._logger = logger
        self._model = model
        self._told: DeviceStatus | None = None

    def tell(self, status: DeviceStatus) -> None:
        """Log the status if it is another one."""
        if status == self._told:
            return
        self._told = status
        # Two calls, for rclpy wants one severity from one line.
        if status.fault:
            self._logger.warning(f'{self._model} runs on {status}')
        else:
            self._logger.info(f'{self._model} runs on {status}')


def estimator_figures(estimator: PoseEstimator) -> dict[str, str]:
    """Names and values of device and people followed; a time is empty until it was measured."""
    device = estimator.device
    statistics = estimator.statistics
    times = {
        name: f'{seconds * 1e3:.1f}' if seconds else ''
        for name, seconds in (
            ('time per person [ms]', statistics.person_time),
            ('detector time [ms]', statistics.detector_time),
        )
    }
    return {
        'device in use': device.device,
        'reason for the device': device.reason,
        'times the device was lost': str(device.losses),
        'mode now': 'multi' if statistics.multi else 'single',
        'people followed': str(statistics.people),
        **times,
        'detections': str(statistics.detections),
        're-initialisations': str(statistics.reinitialised),
        'swaps repaired': str(statistics.swaps),
        'implausible keypoints': str(statistics.implausible),
        'locked id': str(estimator.locked_id or ''),
        'locked seen': str(estimator.locked_seen).lower() if estimator.locked_id else '',
        'last expired lock': str(statistics.expired_lock or ''),
    }


def lock_unavailable_reason(
    images: ImageSubscription | None, topic: str, wanted: bool, looked: bool
) -> str:
    """Reason why no person of the last image can be locked; empty if one can.

    Parameters
    ----------
    images
        Subscription of the node; None if it is not active.
    topic
        Of the skeletons.
    wanted
        Whether an output has subscribers.
    looked
        Whether an image was processed since there are subscribers.
    """
    if images is None:
        return 'pose_node is not active'
    if not wanted:
        return f'no subscriber on {topic}, so people are not looked for: subscribe first'
    return '' if looked else f'no image has come on {images.topic} yet'
