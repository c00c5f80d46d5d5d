"""People of messages, with a count of what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
import time

import numpy as np
from rclpy.node import Node

from pose_ros.core.types import Person
from pose_ros.message_values import msg_to_person
from pose_ros.msg import Skeleton, SkeletonArray
from pose_ros.ros.diagnostics import OK, WARN

SILENCE = 2.0  # [s] without a message after which it is told


class SkeletonReader:
    """Reads the messages of a topic for a node, and tells how that went.

    Parameters
    ----------
    node
        Its owner; what cannot be read goes to its log.
    topic
        That the messages come from.
    """

    def __init__(self, node: Node, topic: str) -> None:
        self._node = node
        self._topic = node.resolve_topic_name(topic)
        self._last_fault = ''
        self._messages = self._bad = 0
        self._told = (0, 0)
        self._told_at = self._arrival = time.monotonic()

    def read(self, message: SkeletonArray) -> list[Person]:
        """People of a message, with their positions in space.

        Left out are those that cannot be read, and those who have no id yet: somebody gets one a
        few images after the first, and what was seen of nobody before would be counted again.
        """
        self._messages += 1
        self._arrival = time.monotonic()
        people = []
        for skeleton in message.skeletons:
            try:
                person = _readable(skeleton)
            except ValueError as error:
                self._bad += 1
                self._last_fault = str(error)
                self._node.get_logger().warning(
                    f'skeleton left out: {error}', throttle_duration_sec=5.0
                )
                continue
            if person.id:
                people.append(person)
        return people

    def status(self, wanted: bool) -> tuple[bytes, str, Mapping[str, str]]:
        """Level, one line and figures for /diagnostics, on the time since the last call.

        Parameters
        ----------
        wanted
            Whether messages are asked for.
        """
        now = time.monotonic()
        messages, bad = (a - b for a, b in zip((self._messages, self._bad), self._told))
        rate = messages / max(now - self._told_at, 1e-3)
        self._told, self._told_at = (self._messages, self._bad), now
        if not wanted:
            self._arrival = now
        figures = {
            'frame rate [1/s]': f'{rate:.1f}',
            'frames': str(self._messages),
            'bad skeletons': str(self._bad),
            'last bad skeleton': self._last_fault,
        }
        if bad:
            return WARN, f'{bad} skeletons left out: {self._last_fault}', figures
        if not wanted:
            return OK, 'idle: nobody subscribes', figures
        silence = now - self._arrival
        if silence > SILENCE:
            there = self._node.count_publishers(self._topic)
            reason = f'{there or "no"} publisher{"s" * (there > 1)} on {self._topic}'
            return WARN, f'no skeletons for {silence:.0f} s: {reason}', figures
        return OK, f'{rate:.1f} frames per second', figures


def _readable(skeleton: Skeleton) -> Person:
    """Person of a message; ValueError says what is wrong with it."""
    person = msg_to_person(skeleton)
    wrong = person.observed & ~np.isfinite(person.keypoints).all(axis=1)
    if wrong.any():
        name = person.topology.keypoint_names[int(wrong.argmax())]
        raise ValueError(f'{name} is OBSERVED, but its place is not finite')
    if not np.isfinite(person.scores).all():
        raise ValueError('scores must be finite')
    return person
