"""People to messages and back: pure functions, and a writer that keeps messages."""

from __future__ import annotations

from collections.abc import Sequence
import math

import numpy as np

from pose_ros.core.camera_orientation import UPRIGHT, CameraOrientation
from pose_ros.core.kinematics import Kinematics
from pose_ros.core.positions import Positions
from pose_ros.core.topology import Topology
from pose_ros.core.types import Box, Person
from pose_ros.message_types import (
    Header,
    Keypoint,
    Point,
    RegionOfInterest,
    Skeleton,
    SkeletonArray,
    SkeletonFormat,
)
from pose_ros.message_values import KINEMATIC_VECTORS


class SkeletonWriter:
    """Fills one kept SkeletonArray, over and over: several times faster than making new ones.

    Parameters
    ----------
    model
        Name of the model, as in config/models.yaml.
    orientation
        Of the images.
    """

    def __init__(self, model: str = '', orientation: CameraOrientation = UPRIGHT) -> None:
        self._message = SkeletonArray(
            model=model, rotate=orientation.rotate, mirrored=orientation.mirrored
        )
        self._kept: list[Skeleton] = []

    def write(
        self, people: Sequence[Person], header: Header, image_size: tuple[int, int]
    ) -> SkeletonArray:
        """Message with these people.

        Parameters
        ----------
        people
            In the order in which they shall stand in the message.
        header
            Of the source image; put into the message as it is.
        image_size
            (width, height) of the source image [px].

        Returns
        -------
        SkeletonArray
            Valid until the next call; publish it before.
        """
        message = self._message
        while len(self._kept) < len(people):
            self._kept.append(Skeleton())
        for skeleton, person in zip(self._kept, people):
            fill_skeleton(skeleton, person, image_size)
        message.header = header
        message.image_width, message.image_height = image_size
        message.skeletons = self._kept[: len(people)]
        return message


def fill_skeleton(skeleton: Skeleton, person: Person, image_size: tuple[int, int]) -> None:
    """Write a person into a message that may hold another one."""
    keypoints = skeleton.keypoints
    if len(keypoints) != len(person.scores):
        keypoints = [Keypoint() for _ in person.scores]
        skeleton.keypoints = keypoints
    for keypoint, (x, y), score, state in zip(
        keypoints, person.keypoints.tolist(), person.scores.tolist(), person.states.tolist()
    ):
        keypoint.x = x
        keypoint.y = y
        keypoint.score = score
        keypoint.state = state
    skeleton.id = person.id
    skeleton.format = person.topology.name
    skeleton.score = float(person.score)
    fill_region(skeleton.box, person.box, image_size)
    fill_positions(skeleton, person.positions)
    fill_kinematics(skeleton, person.kinematics)


def fill_positions(skeleton: Skeleton, positions: Positions | None) -> None:
    """Write positions in space, or that there are none."""
    if positions is None:
        skeleton.position_source = Skeleton.POSITIONS_NONE
        skeleton.positions = []
        skeleton.position_deviations = []
        return
    points = skeleton.positions
    if len(points) != len(positions):
        skeleton.positions = points = [Point() for _ in range(len(positions))]
    for point, (x, y, z) in zip(points, positions.points.tolist()):
        point.x = x
        point.y = y
        point.z = z
    skeleton.position_source = int(positions.source)
    skeleton.position_deviations = positions.deviations.astype(np.float32)


def fill_kinematics(skeleton: Skeleton, kinematics: Kinematics) -> None:
    """Write how a body moves and faces; NaN where unknown."""
    skeleton.motion = int(kinematics.motion)
    skeleton.fixed_yaw = kinematics.fixed_yaw
    skeleton.fixed_yaw_deviation = kinematics.fixed_yaw_deviation
    for name, axes in KINEMATIC_VECTORS.items():
        vector = getattr(skeleton, name)
        for axis, value in zip(axes, getattr(kinematics, name).tolist()):
            setattr(vector, axis, value)


def fill_region(region: RegionOfInterest, box: Box, image_size: tuple[int, int]) -> None:
    """Write a box, cut to the image and grown to whole pixels; empty if it lies outside."""
    width, height = image_size
    left = min(max(math.floor(box.x), 0), width)
    top = min(max(math.floor(box.y), 0), height)
    region.x_offset = left
    region.y_offset = top
    region.width = max(min(math.ceil(box.x + box.width), width) - left, 0)
    region.height = max(min(math.ceil(box.y + box.height), height) - top, 0)


def person_to_msg(person: Person, image_size: tuple[int, int]) -> Skeleton:
    """New message of a person in an image of (width, height) [px]."""
    skeleton = Skeleton()
    fill_skeleton(skeleton, person, image_size)
    return skeleton


def skeleton_array(
    people: Sequence[Person], header: Header, image_size: tuple[int, int], model: str = ''
) -> SkeletonArray:
    """New message of all people in an image; see `SkeletonWriter.write`."""
    return SkeletonWriter(model).write(people, header, image_size)


def positions_to_msg(positions: np.ndarray | None) -> list[Point]:
    """Points of 3D positions [K, 3] [m]; an empty list for None."""
    if positions is None:
        return []
    return [Point(x=x, y=y, z=z) for x, y, z in positions.tolist()]


def format_to_msg(topology: Topology) -> SkeletonFormat:
    """Message of a keypoint format."""
    return SkeletonFormat(
        name=topology.name,
        keypoint_names=list(topology.keypoint_names),
        edges=[index for edge in topology.edges for index in edge],
    )


def msg_to_format(message: SkeletonFormat) -> Topology:
    """Keypoint format of a message."""
    ends = [int(index) for index in message.edges]
    return Topology(message.name, tuple(message.keypoint_names), tuple(zip(ends[::2], ends[1::2])))
