"""Wait for the first image, then become RViz with its frame and topics.

``ros2 run pose_ros start_rviz --config FILE [--frame FRAME] [--light] [--ros-args ...]``
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
import os
from pathlib import Path
import posixpath
import sys
from typing import Any, NamedTuple

from ament_index_python.packages import get_package_prefix
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image
import yaml

from pose_ros.msg import SkeletonArray
from pose_ros.ros import qos
from pose_ros.ros.on_demand import WATCH_PERIOD, OnDemandSubscriptions
from pose_ros.ros.run import run

# Log period while waiting [calls of OnDemandSubscriptions], 5 s.
REMINDER = round(5.0 / WATCH_PERIOD)
# Topics as in the configurations of RViz.
IMAGE, CAMERA_INFO, SKELETONS = '/image', '/camera_info', '/skeletons'
_IMAGE_TYPES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')


class RvizView(NamedTuple):
    """Frame of the images, and topics by their names in RViz' configuration."""

    frame: str
    topics: dict[str, str]


class FirstImage(Node):
    """Waits for an image, or with ``light`` for the skeletons of one, and ends.

    Parameters
    ----------
    found
        Called with the `RvizView`.
    names
        Topics in RViz' configuration.
    light
        Do without images: the header of skeletons is that of their image.
    """

    def __init__(
        self,
        found: Callable[[RvizView], None],
        names: Sequence[str] = (),
        light: bool = False,
        **options: Any,
    ) -> None:
        super().__init__('start_rviz', **options)
        self._found = found
        self._names = names
        self._light = light
        self._waited = 0
        self._inputs = OnDemandSubscriptions(self, self._watch)

    def _watch(self) -> None:
        if self._light:
            self._inputs.keep(SKELETONS, SkeletonArray, self._on_message, qos.SKELETONS, True)
        else:
            self._inputs.keep_images(IMAGE, self._on_message, 1, wanted=True)
        if self._waited % REMINDER == 0:
            self._remind()
        self._waited += 1

    def _remind(self) -> None:
        topic = self.resolve_topic_name(SKELETONS if self._light else IMAGE)
        publishers = self.count_publishers(topic) + self.count_publishers(f'{topic}/compressed')
        message = f'RViz starts with the first message of {topic}'
        if self._waited and not publishers:
            others = ', '.join(self._other_images()) or 'no topic'
            message += f': it has no publisher. Images are on {others}; choose one with image:='
        self.get_logger().info(message)

    def _other_images(self) -> list[str]:
        """Topics of images that have publishers."""
        return [
            name
            for name, types in self.get_topic_names_and_types()
            if any(kind in _IMAGE_TYPES for kind in types) and self.count_publishers(name)
        ]

    def _on_message(self, message: Image | CompressedImage | SkeletonArray) -> None:
        frame = message.header.frame_id
        if not frame:
            self.get_logger().warning(
                'the images have no frame_id, so RViz cannot show people: set the parameter '
                'frame_id of the camera driver'
            )
        topics = {name: self.resolve_topic_name(name) for name in (*self._names, CAMERA_INFO)}
        if isinstance(message, CompressedImage) and IMAGE in topics:
            topics[IMAGE] += '/compressed'
        self.get_logger().info(f'images are in frame {frame!r}; RViz starts')
        self._found(RvizView(frame, topics))
        self.context.try_shutdown()


def shown_topics(config: Any) -> list[str]:
    """Topics of the displays of a configuration of RViz."""
    displays = config['Visualization Manager']['Displays']
    topics = [display.get('Topic') for display in displays]
    return [topic['Value'] for topic in topics if topic]


def configured(config: Any, view: RvizView) -> str:
    """Text of a configuration of RViz, which is changed, with the frame and topics of a view."""
    manager = config['Visualization Manager']
    if view.frame:
        manager['Global Options']['Fixed Frame'] = view.frame
    for display in manager['Displays']:
        topic = display.get('Topic')
        if topic:
            topic['Value'] = view.topics.get(topic['Value'], topic['Value'])
    return str(yaml.safe_dump(config, sort_keys=False))


def rviz_arguments(view: RvizView) -> list[str]:
    """Remapping of the calibration: RViz looks for it beside the image."""
    if IMAGE not in view.topics:
        return []
    beside = posixpath.join(posixpath.dirname(view.topics[IMAGE]), 'camera_info')
    calibration = view.topics[CAMERA_INFO]
    return [] if beside == calibration else ['--ros-args', '-r', f'{beside}:={calibration}']


def write_config(text: str, name: str) -> Path:
    """Write a configuration where RViz finds it as long as it runs."""
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    path = cache / 'pose_ros' / 'rviz' / f'{name.replace("/", "_")}.rviz'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding='utf-8')
    return path


def main() -> None:
    """Wait, then replace this process by RViz; exit code 2 if that cannot be."""
    parser = argparse.ArgumentParser(prog='start_rviz', allow_abbrev=False)
    parser.add_argument('--config', type=Path, required=True, help='a .rviz file')
    parser.add_argument('--frame', default='', help="fixed frame; empty: the images'")
    parser.add_argument('--light', action='store_true', help='without any raw image')
    given, rest = parser.parse_known_args()
    views: list[RvizView] = []
    try:
        config = yaml.safe_load(given.config.read_text(encoding='utf-8'))
        names = shown_topics(config)
        program = str(Path(get_package_prefix('rviz2'), 'lib/rviz2/rviz2'))
        try:
            run('start_rviz', partial(FirstImage, views.append, names, given.light))
        except SystemExit:
            if not views:
                raise
        view = views[0]._replace(frame=given.frame or views[0].frame)
        path = write_config(configured(config, view), f'{given.config.stem}_{view.frame}')
        os.execv(program, [program, '-d', str(path), *rest, *rviz_arguments(view)])
    except (OSError, yaml.YAMLError, LookupError, TypeError, AttributeError) as error:
        sys.stderr.write(f'start_rviz: {error}\n')
        sys.exit(2)
