"""Node that publishes the images of a camera, a video or the actor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
import time
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.timer import Timer
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from pose_ros.actor.mixed_scene import MAX_ACTORS
from pose_ros.core.camera import CameraModel
from pose_ros.core.media import is_url
from pose_ros.core.topology import COCO17
from pose_ros.msg import Keypoint, Skeleton, SkeletonArray
from pose_ros.ros.conversions import positions_to_msg
from pose_ros.ros.handover import HandoverPublisher
from pose_ros.ros.image_sources import (
    ActorSource,
    BackgroundReader,
    CameraSource,
    Source,
    SourceError,
    SourceImage,
)
from pose_ros.ros.images import ImageWriter
from pose_ros.ros.parameters import EXECUTOR, Parameter, declare
from pose_ros.ros.run import run
from pose_ros.ros.video_sources import open_source

PARAMETERS = (
    Parameter(
        'source',
        'camera',
        'Source of the images',
        choices=('camera', 'video', 'actor'),
    ),
    Parameter('device', '0', 'Number or path of the camera, such as 0 or /dev/video2'),
    Parameter(
        'reconnect',
        2.0,
        'Pause before a lost camera or network stream is retried; 0: end',
        's',
        0,
        3600,
    ),
    Parameter('path', '', 'Video file, GIF or URL (rtsp, http …), for the source video'),
    Parameter('loop', True, 'Restart a video at its end; false: the node ends'),
    Parameter(
        'scene',
        'mixed',
        'Scene of the actor: mixed, gestures, falls, fitness, or the name of a motion',
    ),
    Parameter('people', 1, 'Number of actors', low=1, high=MAX_ACTORS),
    Parameter('seed', 0, "Seed of the actor's noise", low=0, high=2**31 - 1),
    Parameter(
        'width',
        640,
        'Image width: requested from a camera, used by the actor; a video has its own',
        'px',
        16,
        7680,
    ),
    Parameter('height', 480, 'Image height, as width', 'px', 16, 4320),
    Parameter('fps', 30.0, 'Frame rate: requested from a camera, used by the actor', 'Hz', 1, 240),
    Parameter('frame_id', 'camera_optical_frame', 'Frame of the images and of camera_info'),
    Parameter(
        'field_of_view',
        1.05,
        'Horizontal field of view, for camera_info',
        'rad',
        0.01,
        3.1,
        live=True,
    ),
    Parameter('depth', False, 'Publish depth images of the actor on depth'),
    Parameter(
        'wait_for_subscribers',
        0,
        'Number of subscribers to image before the first image is published',
        '',
        0,
        100,
    ),
    EXECUTOR,
)

# Reliable serves every subscriber; only the newest image is kept.
IMAGE_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
SMALL_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
# A video or actor that falls behind its stamps by more goes on from there, without haste [s].
LARGEST_DELAY = 0.5
# Shortest period of the timer; 0 would keep the executor from anything else [s].
SHORTEST_PERIOD = 0.001


class SourceNode(Node):
    """Publishes image and camera_info with the same header, for the actor truth and depth, too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('source_node', **kwargs)
        self._depth: Publisher | None = None
        self._values = declare(self, PARAMETERS, check=self._check)
        self._image = HandoverPublisher(self, 'image', IMAGE_QOS)
        self._info: Publisher = self.create_publisher(CameraInfo, 'camera_info', SMALL_QOS)
        self._truth: Publisher | None = None
        if self._values.source == 'actor':
            self._truth = self.create_publisher(SkeletonArray, 'truth', SMALL_QOS)
        if self._values.source == 'actor' and self._values.depth:
            self._depth = self.create_publisher(Image, 'depth', IMAGE_QOS)
        self._depth_writer = ImageWriter('16UC1')
        self._published = 0
        self._next: SourceImage | None = None
        self._reader: BackgroundReader | None = None
        self._open()
        if self._values.wait_for_subscribers:
            count = self._values.wait_for_subscribers
            self.get_logger().info(f'waiting for {count} subscribers of image')
        self._timer = self._timer_every(0.01, self._wait)

    def _check(self, values: Mapping[str, Any]) -> None:
        """ValueError for another field of view than that of the actor's depth images."""
        if self._depth is not None and values['field_of_view'] != self._values.field_of_view:
            raise ValueError('field_of_view cannot change while depth is published: start anew')

    def _open(self) -> None:
        p = self._values
        if p.source == 'camera':
            self._source: Source = CameraSource(p.device, p.width, p.height, p.fps)
        elif p.source == 'video':
            self._source = open_source(p.path, p.loop, self.get_logger().error)
        else:
            focal = None
            if p.depth:
                focal = CameraModel.from_field_of_view(p.width, p.height, p.field_of_view).focal
            self._source = ActorSource(
                p.scene, p.width, p.height, p.fps, p.seed, people=p.people, focal=focal
            )
        self._writer = ImageWriter(self._source.encoding)
        if not self._source.live:
            self._next = self._source.read()

    def _timer_every(self, period: float, callback: Callable[[], None]) -> Timer:
        """Timer by the monotonic clock: images are due by it, also where time is simulated."""
        return self.create_timer(period, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _tick_every(self, period: float, callback: Callable[[], None]) -> None:
        self.destroy_timer(self._timer)
        self._timer = self._timer_every(period, callback)

    def _wait(self) -> None:
        """Start when enough subscribers are there."""
        if self._image.subscribers < self._values.wait_for_subscribers:
            return
        self.get_logger().info(f'publishing images of the {self._values.source}')
        self._play()

    def _play(self) -> None:
        """Publish from now on."""
        self._start = time.monotonic()
        if self._source.live:
            self.destroy_timer(self._timer)
            assert self.executor is not None  # it called this method
            # Not a guard condition: rclpy's EventsExecutor has none.
            arrived = partial(self.executor.create_task, self._tick_live)
            self._reader = BackgroundReader(self._source, arrived)
        else:
            self._tick_every(SHORTEST_PERIOD, self._tick)

    def _tick(self) -> None:
        """Publish the image that is due, then prepare the next one."""
        if self._next is None:
            self.get_logger().info(f'the video has ended after {self._published} images')
            self._image.publisher.wait_for_all_acked(Duration(seconds=1))
            raise SystemExit(0)
        late = time.monotonic() - self._start - self._next.due
        if late > LARGEST_DELAY:
            self._start += late
            late = 0.0
        self._publish(replace(self._next, age=max(late, 0.0)))
        try:
            self._next = self._source.read()
        except SourceError as error:
            self._lose(error)
            return
        due = 0.0 if self._next is None else self._next.due
        wait = max(self._start + due - time.monotonic(), SHORTEST_PERIOD)
        self._timer.timer_period_ns = int(wait * 1e9)
        self._timer.reset()

    def _tick_live(self) -> None:
        """Publish the newest image."""
        if self._reader is None:
            return
        try:
            image = self._reader.take()
        except SourceError as error:
            self._lose(error)
            return
        if image is not None:
            self._publish(image)

    def _lose(self, error: SourceError) -> None:
        """Try again later what can come back, a camera or stream; else end."""
        pause = self._values.reconnect
        self._close()
        if not pause or not (self._source.live or is_url(self._values.path)):
            self.get_logger().fatal(str(error))
            raise SystemExit(1) from error
        self.get_logger().error(f'{error} Trying again every {pause:g} s.')
        self._tick_every(pause, self._reconnect)

    def _reconnect(self) -> None:
        try:
            self._open()
        except SourceError as error:
            self.get_logger().error(str(error), throttle_duration_sec=30.0)
        else:
            self.get_logger().info(f'the {self._values.source} is back')
            self._play()

    def _publish(self, image: SourceImage) -> None:
        p = self._values
        now = self.get_clock().now()
        # Simulated time may be younger than the image.
        age = Duration(nanoseconds=min(int(image.age * 1e9), now.nanoseconds))
        header = Header(stamp=(now - age).to_msg(), frame_id=p.frame_id)
        self._image.publish(self._writer.write(image.image, header))
        height, width = image.image.shape[:2]
        self._info.publish(camera_info(header, width, height, p.field_of_view))
        if self._truth is not None and image.truth is not None:
            self._truth.publish(truth_message(header, width, height, image.truth))
        if self._depth is not None and image.depth is not None:
            self._depth.publish(self._depth_writer.write(image.depth, header))
        self._published += 1

    def _close(self) -> None:
        """Let go of the camera or file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        else:
            self._source.close()

    def destroy_node(self) -> None:
        """Let go of the camera or file, too."""
        # From Kilted on, a node whose settings were refused is destroyed, too.
        if hasattr(self, '_source'):
            self._close()
        super().destroy_node()


def camera_info(header: Header, width: int, height: int, field_of_view: float) -> CameraInfo:
    """Pinhole camera without distortion.

    Parameters
    ----------
    header
        Of the image.
    width, height
        Of the image [px].
    field_of_view
        Horizontal [rad].
    """
    camera = CameraModel.from_field_of_view(width, height, field_of_view)
    info = CameraInfo(header=header, width=width, height=height, distortion_model='plumb_bob')
    info.d = [0.0] * 5
    info.k = camera.matrix.ravel().tolist()
    info.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    info.p = camera.projection.ravel().tolist()
    return info


def truth_message(header: Header, width: int, height: int, people: Sequence) -> SkeletonArray:
    """Message with the true joints of the actors; hidden keypoints have score 0."""
    message = SkeletonArray(header=header, image_width=width, image_height=height, model='actor')
    for number, person in enumerate(people, start=1):
        skeleton = Skeleton(id=number, format=COCO17.name, score=1.0)
        skeleton.keypoints = [
            Keypoint(
                x=float(x),
                y=float(y),
                score=float(visible),
                state=Keypoint.OBSERVED if visible else Keypoint.BELOW_THRESHOLD,
            )
            for (x, y), visible in zip(person.keypoints, person.visible)
        ]
        skeleton.positions = positions_to_msg(person.positions)
        message.skeletons.append(skeleton)
    return message


def main() -> None:
    """Run the node."""
    run('source_node', SourceNode)
