"""Parameters given to a node that it does not have: misspelt ones are named with the nearest."""

from __future__ import annotations

from collections.abc import Collection

from rclpy.node import Node

from pose_ros.core.names import nearest_name
from pose_ros.ros.parameter_docs import TABLES, table

# Read by rclpy itself, some only in later versions.
_OF_RCLPY = ('use_sim_time', 'start_type_description_service', 'enable_logger_service')
_QOS = 'qos_overrides.'


def warn_of_unknown(node: Node) -> None:
    """Log the parameters of -p and of files, also of their wildcards, that a node ignores."""
    given = getattr(node, '_parameter_overrides', {})
    unknown = sorted(name for name in given if not node.has_parameter(name))
    if not unknown:
        return
    known = {row.name for name in TABLES for row in table(name)}
    own = {name for name in known if node.has_parameter(name)}
    foreign = ', '.join(name for name in unknown if name in known)
    if foreign:
        node.get_logger().info(f'parameters of other nodes are ignored here: {foreign}')
    for name in unknown:
        if name not in known and name not in _OF_RCLPY and not name.startswith(_QOS):
            node.get_logger().warning(unknown_text(name, own))


def unknown_text(name: str, known: Collection[str]) -> str:
    """One line on an unknown parameter, with the known name that is most like it."""
    near = nearest_name(name, known)
    hint = '' if near is None else f'; did you mean {near}?'
    return f'unknown parameter {name} is ignored{hint}'
