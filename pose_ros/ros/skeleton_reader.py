"""Validated people and events from messages, with a count of the refused ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import time
from typing import Any

from rclpy.node import Node

from pose_ros.core.types import Person
from pose_ros.message_values import msg_to_person
from pose_ros.msg import Skeleton, SkeletonArray
from pose_ros.ros.diagnostics import OK, WARN
from pose_ros.ros.message_checks import CHECKS, check_person, check_skeleton

SILENCE = 2.0  # [s] without skeletons after which a node reports it
LOG_PERIOD = 5.0  # [s] between log lines on refused messages


class SkeletonReader:
    """Validates every message of a node and reports the refused ones.

    Parameters
    ----------
    node
        The node; refused messages are logged there.
    topic
        Topic of the skeletons.
    """

    def __init__(self, node: Node, topic: str) -> None:
        self._node = node
        self._topic = node.resolve_topic_name(topic)
        self._last_fault = ''
        self._messages = self._bad = 0
        self._reported = (0, 0)
        self._reported_at = self._arrival = time.monotonic()

    def read(self, message: SkeletonArray, unconfirmed: bool = False) -> list[Person] | None:
        """People of a message, with 3D positions.

        Invalid skeletons are skipped.

        Parameters
        ----------
        message
            The message.
        unconfirmed
            Include people without an id. Do not count anything for them: they get an id
            a few images later.

        Returns
        -------
        list of Person or None
            None if the whole message is invalid.
        """
        self._messages += 1
        self._arrival = time.monotonic()
        if not self._accepts('skeletons', message):
            return None
        people: dict[int, Person] = {}
        for number, skeleton in enumerate(message.skeletons):
            try:
                person = _readable(skeleton)
                if person.id in people:
                    raise ValueError(f'id {person.id} appears twice')
            except ValueError as error:
                self.refuse('skeleton', error)
                continue
            if person.id or unconfirmed:
                people[person.id or -1 - number] = person
        return list(people.values())

    def checked(self, topic: str, callback: Callable[[Any], None]) -> Callable[[Any], None]:
        """Wrap a callback so that it receives only valid messages."""

        def check(message: Any) -> None:
            if self._accepts(topic, message):
                callback(message)

        return check

    def refuse(self, what: str, error: ValueError) -> None:
        """Count and log a refused message or a part of one.

        Parameters
        ----------
        what
            Topic, or part of a message.
        error
            Reason.
        """
        self._bad += 1
        self._last_fault = f'{what}: {error}'
        self._node.get_logger().warning(
            f'{what} left out: {error}', throttle_duration_sec=LOG_PERIOD
        )

    def status(self, wanted: bool, stamps: str = '') -> tuple[bytes, str, Mapping[str, str]]:
        """Level, summary and figures for /diagnostics since the last call.

        Parameters
        ----------
        wanted
            Whether the node subscribes to skeletons now.
        stamps
            Fault of their stamps; empty if there is none.
        """
        now = time.monotonic()
        messages, bad = (a - b for a, b in zip((self._messages, self._bad), self._reported))
        rate = messages / max(now - self._reported_at, 1e-3)
        self._reported, self._reported_at = (self._messages, self._bad), now
        if not wanted:
            self._arrival = now
        figures = {
            'frame rate [1/s]': f'{rate:.1f}',
            'frames': str(self._messages),
            'bad messages': str(self._bad),
            'last bad message': self._last_fault,
        }
        if bad:
            return WARN, f'{bad} messages or skeletons left out; {self._last_fault}', figures
        if stamps:
            return WARN, stamps, figures
        if not wanted:
            return OK, 'idle: no subscribers', figures
        silence = now - self._arrival
        if silence > SILENCE:
            there = self._node.count_publishers(self._topic)
            reason = f'{there or "no"} publisher{"s" * (there > 1)} on {self._topic}'
            return WARN, f'no skeletons for {silence:.0f} s: {reason}', figures
        return OK, f'{rate:.1f} frames per second', figures

    def _accepts(self, topic: str, message: Any) -> bool:
        try:
            CHECKS[type(message)](message)
        except ValueError as error:
            self.refuse(topic, error)
            return False
        return True


def _readable(skeleton: Skeleton) -> Person:
    """Person of a message; ValueError with the reason if it is invalid."""
    check_skeleton(skeleton)
    person = msg_to_person(skeleton)
    check_person(person)
    return person
