"""Message classes and CDR without ROS 2, from the message definitions that rosbags has."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from pose_ros.bags import typestore
from pose_ros.extras import library

# Types of numbers whose name is not that of NumPy's.
_NUMPY_NAMES = {'byte': 'uint8', 'char': 'uint8'}


def classes(package: str, *names: str) -> list[Any]:
    """Classes of messages that are made and changed as rclpy's: all fields have a default."""
    return [_message_class(f'{package}/msg/{name}') for name in names]


def type_name(message: Any) -> str:
    """Name of the type of a message of `classes` or of rclpy: pose_ros/msg/Skeleton."""
    kind = type(message)
    if hasattr(kind, '__msgtype__'):
        return str(kind.__msgtype__)
    return f'{kind.__module__.partition(".")[0]}/msg/{kind.__name__}'


def serialize(message: Any) -> bytes:
    """CDR of a message of `classes` or of rclpy, little endian.

    rclpy's own serialisation leaves bytes after a last empty array, which readers refuse.
    """
    kind = type_name(message)
    if not hasattr(message, '__msgtype__'):
        message = _copied(kind, message)
    return bytes(_store().serialize_cdr(message, kind))


def _copied(kind: str, message: Any) -> Any:
    """Message of `classes` with the fields of a message of rclpy."""
    nodes = library('rosbags.interfaces', 'bags').Nodetype
    values = {}
    for name, (node, content) in _store().fielddefs[kind][1]:
        value = getattr(message, name)
        if node is nodes.NAME:
            value = _copied(content, value)
        elif node is not nodes.BASE and content[0][0] is nodes.NAME:
            value = [_copied(content[0][1], one) for one in value]
        values[name] = value
    return _message_class(kind)(**values)


@cache
def _store() -> Any:
    return typestore()


@cache
def _message_class(kind: str) -> Any:
    constants, fields = _store().fielddefs[kind]
    numbers = {name: dtype for name, field in fields if (dtype := _dtype(field)) is not None}

    class Message:
        __slots__ = tuple(name for name, _ in fields)

        def __init__(self, **values: Any) -> None:
            unknown = values.keys() - set(self.__slots__)
            if unknown:
                raise TypeError(f'{kind} has no field {min(unknown)!r}')
            for name, field in fields:
                setattr(self, name, values[name] if name in values else _default(field))

        def __setattr__(self, name: str, value: Any) -> None:
            # The serializer needs arrays of exactly this type.
            if name in numbers:
                value = np.asarray(value, numbers[name])
            super().__setattr__(name, value)

    Message.__name__ = Message.__qualname__ = kind.rpartition('/')[2]
    for name, _, value in [*constants, ('__msgtype__', '', kind)]:
        setattr(Message, name, value)
    return Message


def _dtype(field: Any) -> np.dtype | None:
    """Type of the numbers in a field that is a sequence or array of them."""
    nodes = library('rosbags.interfaces', 'bags').Nodetype
    node, content = field
    if node in (nodes.NAME, nodes.BASE) or content[0][0] is nodes.NAME:
        return None
    name = content[0][1][0]
    return None if name == 'string' else np.dtype(_NUMPY_NAMES.get(name, name))


def _default(field: Any) -> Any:
    """Zero, an empty text or sequence, or a message of defaults."""
    nodes = library('rosbags.interfaces', 'bags').Nodetype
    node, content = field
    if node is nodes.NAME:
        value = _message_class(content)()
        if content == 'geometry_msgs/msg/Quaternion':
            value.w = 1.0  # the only default in a message definition
        return value
    if node is nodes.BASE:
        return {'string': '', 'bool': False, 'float32': 0.0, 'float64': 0.0}.get(content[0], 0)
    element, length = content
    return [_default(element) for _ in range(length if node is nodes.ARRAY else 0)]
