"""Markers of people for RViz."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from pose_ros.core.camera import CameraModel
from pose_ros.core.label_places import Labelled, LabelPlaces
from pose_ros.core.types import Person
from pose_ros.message_types import Header, Marker, MarkerArray
from pose_ros.ros.labels import Annotations
from pose_ros.ros.person_markers import MarkerStyle, PersonMarkers

# Around all people, as a share of the box around them, where labels go if no image is known.
_ROOM = 0.5


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
        self._places = LabelPlaces()
        self._message = MarkerArray()

    def update(
        self,
        header: Header,
        people: Iterable[tuple[Person, np.ndarray | None]],
        camera: CameraModel | None,
        annotations: Annotations,
        locked: int = 0,
        *,
        image_size: tuple[int, int] = (0, 0),
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
        annotations
            Gestures, falls and other words beside people.
        locked
            Id of the person to be framed; 0 = none.
        image_size
            (width, height) of the image [px], in which labels stay where the camera is known;
            zeros if it is not known.

        Returns
        -------
        MarkerArray
            Valid until the next call; publish it before.
        """
        markers: list[Marker] = []
        present = set()
        shown: list[tuple[PersonMarkers, Labelled]] = []
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
            kept.fallen = person.id in annotations.fallen
            kept.words = annotations.words.get(person.id, '')
            kept.angles = annotations.angles.get(person.id, {})
            markers += kept.update(header, places, person.observed, self.style)
            labelled = kept.labelled(places, person.observed)
            if labelled is not None:
                shown.append((kept, labelled))
        if shown:
            labels = [labelled for _, labelled in shown]
            area = area_of_labels(labels, camera, image_size)
            for (kept, _), place in zip(shown, self._places.arrange(labels, *area)):
                if place is not None:
                    kept.put_label(place)
        for key in self._people.keys() - present:
            markers += self._people.pop(key).delete(header)
        self._message.markers = markers
        return self._message


def area_of_labels(
    people: Sequence[Labelled], camera: CameraModel | None, image_size: tuple[int, int]
) -> np.ndarray:
    """Corners [2, 2] of where labels may be, on the plane at a depth of 1 m.

    The image's where the camera is known, else those of the people's surroundings.
    """
    if camera is not None and min(image_size) > 0:
        corners = camera.back_project(np.array([(0, 0), image_size], np.float32), 1.0)[:, :2]
        corners = np.sort(corners, axis=0)  # x goes down in mirrored images
        if np.isfinite(corners).all() and (corners[1] > corners[0]).all():
            return np.asarray(corners)
    low = np.min([person.box[0] for person in people], axis=0)
    high = np.max([person.box[1] for person in people], axis=0)
    sizes = [person.size for person in people if person.size is not None]
    room = _ROOM * float((high - low).max()) + 2 * np.max([(0.0, 0.0), *sizes], axis=0)
    return np.array([low - room, high + room])


def _marker_id(number: int) -> int:
    """Skeleton ids are uint32, those of markers int32: the upper half goes below zero."""
    return number if number < 2**31 else number - 2**32
