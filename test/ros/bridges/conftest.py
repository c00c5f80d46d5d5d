"""People for the bridges, and a bridge_node to be spoken to."""

from dataclasses import replace

import numpy as np
import pytest
from std_msgs.msg import Header

from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, Person

SIZE = (640, 480)


class Bridged:
    """bridge_node that speaks some standards, and skeletons for it with stamps of their own.

    Attributes
    ----------
    node
        The node; None until `start`.
    """

    def __init__(self, ros):
        self.ros = ros
        self.node = None
        self._time = 1_234_567_890_123_456_789

    def start(self, *standards, **options):
        """Start the node; then listen to its topics, and then make the publishers of its inputs.

        It subscribes only when a person listens.
        """
        from pose_ros.ros.bridge_node import BridgeNode  # noqa: PLC0415

        self.node = self.ros.start(BridgeNode, **dict.fromkeys(standards, True), **options)
        return self.node

    def header(self):
        """A new header, a tenth of a second after the last."""
        header = Header(frame_id='camera')
        header.stamp.sec, header.stamp.nanosec = divmod(self._time, 10**9)
        self._time += 10**8
        return header

    def skeletons(self, *people, header=None, size=SIZE):
        """Message of these people."""
        from pose_ros.ros.conversions import positions_to_msg, skeleton_array  # noqa: PLC0415

        message = skeleton_array(people, header or self.header(), size)
        for skeleton, person in zip(message.skeletons, people):
            skeleton.positions = positions_to_msg(person.world)
        return message

    def play_until(self, publisher, heard, *people):
        """Publish these people until a list has a message; returns the last."""
        heard.clear()

        def arrived():
            publisher.publish(self.skeletons(*people))
            self.ros.executor.spin_once(timeout_sec=0.05)
            return heard

        self.ros.spin_until(arrived)
        return heard[-1]


@pytest.fixture
def bridged(foreign_messages, ros):
    """A `Bridged` of its own."""
    return Bridged(ros)


@pytest.fixture(scope='session')
def spread_person():
    """Function that makes a COCO-17 person with each keypoint at a place of its own."""

    def make(person_id=1, states=(), **values):
        points = np.array([(100 + 7 * i, 50 + 11 * i) for i in range(17)], np.float32)
        person = Person(
            topology=COCO17,
            keypoints=points,
            scores=np.linspace(0.5, 0.9, 17, dtype=np.float32),
            states=np.zeros(17, np.uint8),
            score=0.75,
            box=Box.around(points),
            id=person_id,
        )
        for name, state in dict(states).items():
            person.states[COCO17.index(name)] = state
        return replace(person, **values)

    return make
