"""Markers of people for RViz."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.core.camera import CameraModel
from pose_ros.core.types import Person
from pose_ros.ros.labels import Remarks
from pose_ros.ros.person_markers import LABEL, MarkerStyle, PersonMarkers

_LETTER = 0.55  # mean width of letters in their height


class SkeletonMarkers:
    """The markers of all people, from message to message.

    Parameters
    ----------
    style
        May be changed in between.
    """

    def __init__(self, style: MarkerStyle) -> None:
        self.style = style
        self._people: dict[int, PersonMarkers] = {}
        self._message = MarkerArray()

    def update(
        self,
        header: Header,
        people: Iterable[tuple[Person, np.ndarray | None]],
        camera: CameraModel | None,
        remarks: Remarks,
        locked: int = 0,
    ) -> MarkerArray:
        """Markers that show these people and no others.

        Parameters
        ----------
        header
            Of the skeletons; put into the markers as it is.
        people
            Each with its 3D positions [K, 3] [m] in the camera's optical frame (NaN where
            unknown), or with None: those are placed on a plane.
        camera
            Without one, people without positions are not shown.
        remarks
            What to show of people besides.
        locked
            Id of the person to be framed; 0 = nobody.

        Returns
        -------
        MarkerArray
            Valid until the next call; publish it before.
        """
        markers: list[Marker] = []
        present = set()
        untracked = 0
        for person, positions in people:
            places = positions
            if places is None:
                if camera is None:
                    continue
                places = camera.back_project(person.keypoints, self.style.distance)
            # Several people may be untracked: they are counted downwards from -1.
            untracked -= not person.id
            key = _marker_id(person.id or untracked)
            present.add(key)
            kept = self._people.get(key)
            if kept is None or kept.topology is not person.topology:
                kept = self._people[key] = PersonMarkers(person.topology, person.id, key)
            kept.locked = 0 < person.id == locked
            kept.fallen = person.id in remarks.fallen
            kept.words = remarks.words.get(person.id, '')
            kept.angles = remarks.angles.get(person.id, {})
            markers += kept.update(header, places, person.observed, self.style)
        spread([m for m in markers if m.ns == LABEL and m.action == Marker.ADD])
        for key in self._people.keys() - present:
            markers += self._people.pop(key).delete(header)
        self._message.markers = markers
        return self._message


def spread(texts: Sequence[Marker]) -> None:
    """Move texts upwards until none hides another from the camera; the first stay."""
    placed: list[tuple[float, float, float, float]] = []
    for text in texts:
        place = text.pose.position
        if not place.z > 0:
            continue
        lines = text.text.splitlines()
        # As seen from the camera: people may stand at different distances.
        height = len(lines) * text.scale.z / place.z
        width = _LETTER * max(map(len, lines)) * text.scale.z / place.z
        x, y = place.x / place.z, place.y / place.z
        beside = [other for other in placed if abs(x - other[0]) < (width + other[2]) / 2]
        for _, other_y, _, other_height in sorted(beside, key=lambda other: -other[1]):
            apart = (height + other_height) / 2
            if abs(y - other_y) < apart - 1e-9:
                y = other_y - apart
        place.y = y * place.z
        placed.append((x, y, width, height))


def _marker_id(number: int) -> int:
    """Skeleton ids are uint32, those of markers int32: the upper half goes below zero."""
    return number if number < 2**31 else number - 2**32
