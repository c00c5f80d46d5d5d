"""The two machines of network.py: a robot that publishes, a desk that listens. Prints JSON."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
import itertools
import json
import statistics
import time
from typing import Any

import cv2
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.actor import Scene, frames, line_up, skeletons
from pose_ros.msg import SkeletonArray
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.images import ImageWriter
from pose_ros.ros.qos import IMAGE, IMAGE_RELIABLE, SKELETONS

SIZE = (640, 480)
DEEP = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
# Name: type, topic, quality of service, rate [Hz].
STREAMS: dict[str, tuple[type, str, QoSProfile, float]] = {
    'skeletons': (SkeletonArray, 'skeletons', SKELETONS, 30.0),
    'JPEG, depth 1': (CompressedImage, 'image/compressed', IMAGE_RELIABLE, 15.0),
    'JPEG, depth 5': (CompressedImage, 'deep/compressed', DEEP, 15.0),
    'JPEG, best effort': (CompressedImage, 'best/compressed', IMAGE, 15.0),
    'raw, reliable': (Image, 'image', IMAGE_RELIABLE, 5.0),
    'raw, best effort': (Image, 'best', IMAGE, 5.0),
}
# compressed_image_transport's parameter jpeg_quality.
JPEG = (cv2.IMWRITE_JPEG_QUALITY, 80)
# [s] for the other side to know, too, and for what is sent again.
SETTLING = 1.0
AFTERWARDS = 2.0


def messages(kind: type) -> Iterator[Any]:
    """Messages of the actor, over and over, their headers empty."""
    header = Header(frame_id='camera')
    if kind is SkeletonArray:
        scene = Scene(duration=2.0, actors=line_up(2))
        made = [skeleton_array(frame.people, header, SIZE) for frame in skeletons(scene, seed=1)]
        return itertools.cycle(made)
    images = [frame.image for frame in frames(Scene(duration=1.0), seed=1)]
    if kind is CompressedImage:
        jpegs = [cv2.imencode('.jpg', image[..., ::-1], JPEG)[1].tobytes() for image in images]
        return (CompressedImage(format='jpeg', data=jpeg) for jpeg in itertools.cycle(jpegs))
    writer = ImageWriter('rgb8')
    return (writer.write(image, header) for image in itertools.cycle(images))


class Robot(Node):
    """Publishes for a while, once everybody listens."""

    def __init__(self, streams: list[str], duration: float) -> None:
        super().__init__('robot')
        self._started = time.monotonic()
        self._duration = duration
        self._found = 0.0
        self.done = False
        self.told = {name: {'sent': 0, 'longest publish [ms]': 0.0} for name in streams}
        self._outputs = {}
        for name in streams:
            kind, topic, profile, rate = STREAMS[name]
            publisher = self.create_publisher(kind, topic, profile)
            self._outputs[name] = publisher
            source = messages(kind)
            self.create_timer(
                1 / rate, lambda n=name, p=publisher, s=source: self._publish(n, p, s)
            )
        self.back = 0
        self.create_subscription(SkeletonArray, 'back', self._on_back, SKELETONS)

    def _on_back(self, _: SkeletonArray) -> None:
        self.back += 1

    def _publish(self, name: str, publisher: Any, source: Iterator[Any]) -> None:
        now = time.monotonic()
        if not self._found:
            if all(p.get_subscription_count() for p in self._outputs.values()):
                self._found = now
            return
        if now < self._found + SETTLING:
            return
        over = now - self._found - SETTLING - self._duration
        if over > 0:
            self.done = over > AFTERWARDS
            return
        message = next(source)
        message.header.stamp = self.get_clock().now().to_msg()
        begun = time.monotonic()
        publisher.publish(message)
        told = self.told[name]
        told['sent'] += 1
        took = (time.monotonic() - begun) * 1e3
        told['longest publish [ms]'] = max(told['longest publish [ms]'], took)

    def report(self) -> dict[str, Any]:
        """What was sent."""
        found = self._found - self._started
        return {'found each other [s]': found, 'back': self.back, 'streams': self.told}


class Desk(Node):
    """Listens until it is told to end."""

    done = False

    def __init__(self, streams: list[str], _: float) -> None:
        super().__init__('desk')
        self._arrivals: dict[str, list[tuple[float, float]]] = {name: [] for name in streams}
        for name in streams:
            kind, topic, profile, _ = STREAMS[name]
            self.create_subscription(kind, topic, self._taker(name), profile)

    def _taker(self, name: str) -> Any:
        def take(message: Any) -> None:
            stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
            self._arrivals[name].append((time.monotonic(), time.time() - stamp))

        return take

    def report(self) -> dict[str, Any]:
        """What came."""
        return {name: self._figures(arrivals) for name, arrivals in self._arrivals.items()}

    @staticmethod
    def _figures(arrivals: list[tuple[float, float]]) -> dict[str, Any]:
        times, latencies = [a[0] for a in arrivals], [a[1] for a in arrivals]
        gaps = [b - a for a, b in itertools.pairwise(times)]
        return {
            'received': len(arrivals),
            'median latency [ms]': statistics.median(latencies) * 1e3 if latencies else None,
            'longest gap [s]': max(gaps) if gaps else None,
        }


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser()
    parser.add_argument('end', choices=('robot', 'desk'))
    parser.add_argument('duration', type=float)
    parser.add_argument('streams', nargs='*')
    given = parser.parse_args()
    rclpy.init(args=[])
    node = {'robot': Robot, 'desk': Desk}[given.end](given.streams, given.duration)
    try:
        while not node.done:
            rclpy.spin_once(node, timeout_sec=0.2)
    except KeyboardInterrupt:
        pass
    print(json.dumps(node.report()), flush=True)  # noqa: T201


if __name__ == '__main__':
    main()
