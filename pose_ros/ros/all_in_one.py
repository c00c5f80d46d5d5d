"""Several nodes in one process, on one executor: less memory on small boards.

``ros2 run pose_ros pose_ros_all [[NAMESPACE/]NODE ...] --ros-args --params-file ...``
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
import posixpath
import sys

from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from pose_ros.ros.run import run_all

CLASSES = {
    'pose_node': 'PoseNode',
    'gesture_node': 'GestureNode',
    'marker_node': 'MarkerNode',
    'bridge_node': 'BridgeNode',
    'fusion_node': 'FusionNode',
    'web_node': 'WebNode',
    'source_node': 'SourceNode',
}
USUAL = ('pose_node', 'gesture_node', 'marker_node')


def maker(full_name: str) -> Callable[[], Node]:
    """Factory of a node by name, with or without a namespace; ValueError if it is unknown."""
    namespace, name = posixpath.split(full_name)
    if name not in CLASSES:
        raise ValueError(f'unknown node {name!r}, there are: {", ".join(CLASSES)}')
    # Imported by name: modules of other nodes are not loaded.
    kind = getattr(import_module(f'pose_ros.ros.{name}'), CLASSES[name])
    return partial(kind, namespace=namespace) if namespace else kind


def main() -> None:
    """Run the nodes that the command line names, by default those that need no further package."""
    names = remove_ros_args(sys.argv)[1:] or USUAL
    try:
        makers = {name: maker(name) for name in names}
    except ValueError as error:
        sys.stderr.write(f'pose_ros_all: {error}\n')
        sys.exit(2)
    run_all(makers)
