"""People for social costmaps: people_msgs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from people_msgs.msg import People
from people_msgs.msg import Person as PersonMessage
from rclpy.node import Node

from pose_ros.core.types import Person
from pose_ros.msg import SkeletonArray
from pose_ros.ros.bridges.body_id import body_id
from pose_ros.ros.bridges.body_motion import motion_header, place_and_velocity
from pose_ros.ros.conversions import positions_to_msg
from pose_ros.ros.qos import SKELETONS


class PeopleBridge:
    """Publishes place and velocity of people, in the fixed frame if skeletons have one."""

    takes: Mapping[str, Callable[[Any], None]] = {}

    def __init__(self, node: Node) -> None:
        self._namespace = node.get_namespace()
        self._publisher = node.create_publisher(People, 'people', SKELETONS)

    def wanted(self) -> Collection[str]:
        """Skeletons, while there are subscribers."""
        return ('skeletons',) if self._publisher.get_subscription_count() else ()

    def show(self, people: Sequence[Person], message: SkeletonArray) -> None:
        """Publish the people whose place is known; the list may be empty."""
        known = []
        for person in people:
            place, velocity = place_and_velocity(person, message)
            if np.isfinite(place).all():
                # Costmaps cannot take NaN.
                vectors = positions_to_msg(np.stack([place, np.nan_to_num(velocity)]))
                known.append(
                    PersonMessage(
                        name=body_id(person.id, self._namespace),
                        position=vectors[0],
                        velocity=vectors[1],
                        reliability=float(person.score),
                        tagnames=['motion'],
                        tags=[person.kinematics.motion.name.lower()],
                    )
                )
        self._publisher.publish(People(header=motion_header(message), people=known))
