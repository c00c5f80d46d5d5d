"""Markers of people for RViz: built once for each person, then only changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import math

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point
import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.core.camera import CameraModel
from pose_ros.core.colours import bone_colours, colour_of, keypoint_colours
from pose_ros.core.drawing import bracket
from pose_ros.core.topology import Topology
from pose_ros.core.types import Person

KEYPOINTS, BONES, LABEL = NAMESPACES = ('keypoints', 'bones', 'label')
LOCK = 'lock'  # frame around the person who is locked

# Shares of the person's size.
_SPHERE = 0.03
_LINE = 0.016
_FRAME = 0.02
_TEXT = 0.06
_TEXT_ABOVE = 0.12
_LEAST_SIZE = 0.02  # [m], so that a person of one keypoint can be seen
_FAINT, _FAINT_TEXT = 0.3, 0.5  # alpha of what was not observed


@dataclass
class MarkerStyle:
    """How markers look and where they stand.

    Attributes
    ----------
    distance
        From the camera to the plane of people without 3D positions [m].
    lifetime
        Time after which a marker that was not renewed vanishes [s]; 0 = never.
    scale
        Factor on the thickness of bones and keypoints and the height of text [-].
    """

    distance: float = 2.0
    lifetime: float = 0.5
    scale: float = 1.0


def camera_model(
    info: CameraInfo, image_size: tuple[int, int], rectified: bool = False
) -> CameraModel:
    """Camera of a message.

    Parameters
    ----------
    info
        Its region of interest and binning are undone: the region covers the picture.
    image_size
        (width, height) of the picture in whose pixels the keypoints are.
    rectified
        Whether that picture is the rectified one (P alone counts) or the raw one (K, D, R, P).

    Returns
    -------
    CameraModel
        ValueError if the message says nothing (uncalibrated) or something unknown.
    """
    matrix = np.array(info.k, float).reshape(3, 3)
    projection = np.array(info.p, float).reshape(3, 4)
    # Drivers of cameras that need no rectification often fill in one of the two.
    if not projection.any():
        projection[:, :3] = matrix
    elif not matrix.any():
        matrix = projection[:, :3].copy()
    rotation = np.array(info.r, float).reshape(3, 3)
    size = (info.roi.width or info.width, info.roi.height or info.height)
    scale_x, scale_y = ((full or own) / own if own else 1.0 for full, own in zip(size, image_size))
    return CameraModel(
        matrix=matrix,
        projection=projection,
        distortion=np.array(info.d, float),
        distortion_model=info.distortion_model,
        rectification=rotation if rotation.any() else None,
        rectified=rectified,
        scale=(scale_x, scale_y),
        offset=(info.roi.x_offset, info.roi.y_offset),
    )


class SkeletonMarkers:
    """The markers of all people, from message to message.

    Parameters
    ----------
    style
        May be changed in between.
    """

    def __init__(self, style: MarkerStyle) -> None:
        self.style = style
        self._people: dict[int, _PersonMarkers] = {}
        self._message = MarkerArray()

    def update(
        self,
        header: Header,
        people: Iterable[tuple[Person, np.ndarray | None]],
        camera: CameraModel | None,
        labels: Mapping[int, str],
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
        labels
            Words to stand beside a person's id, by id.
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
                kept = self._people[key] = _PersonMarkers(person.topology, person.id, key)
            kept.locked = 0 < person.id == locked
            markers += kept.update(
                header, places, person.observed, labels.get(person.id, ''), self.style
            )
        for key in self._people.keys() - present:
            markers += self._people.pop(key).delete(header)
        self._message.markers = markers
        return self._message


def _marker_id(number: int) -> int:
    """Skeleton ids are uint32, those of markers int32: the upper half goes below zero."""
    return number if number < 2**31 else number - 2**32


class _PersonMarkers:
    """Spheres, lines and text of one person, sharing their points; a frame if locked."""

    def __init__(self, topology: Topology, person_id: int, marker_id: int) -> None:
        self.topology = topology
        self.locked = False
        self._id = person_id
        self._edges = np.array(topology.edges)
        self._points = [Point() for _ in range(len(topology))]
        dots = keypoint_colours(topology, person_id)
        bones = bone_colours(topology, person_id)
        # First the faint ones, then those of what was observed.
        self._dot_colours = [_colours(dots, alpha) for alpha in (_FAINT, 1.0)]
        self._bone_colours = [_colours(bones, alpha) for alpha in (_FAINT, 1.0)]
        self._shown = b''
        self._spheres, self._lines, self._text = self._markers = [
            Marker(ns=name, id=marker_id, type=kind)
            for name, kind in zip(
                NAMESPACES, (Marker.SPHERE_LIST, Marker.LINE_LIST, Marker.TEXT_VIEW_FACING)
            )
        ]
        self._frame = Marker(ns=LOCK, id=marker_id, type=Marker.LINE_LIST, action=Marker.DELETE)
        self._frame.points = [Point() for _ in range(16)]
        for marker in (*self._markers, self._frame):
            marker.pose.orientation.w = 1.0
        # Each point has its own colour; this one only must not be transparent.
        self._spheres.color.a = self._lines.color.a = 1.0
        self._text.color, self._frame.color = _colours(np.array([colour_of(person_id)] * 2), 1.0)

    def update(
        self,
        header: Header,
        places: np.ndarray,
        observed: np.ndarray,
        words: str,
        style: MarkerStyle,
    ) -> list[Marker]:
        """Move to places [K, 3] [m]; those that are not finite are left out."""
        known = np.isfinite(places).all(axis=1)
        for point, (x, y, z) in zip(self._points, places.tolist()):
            point.x = x
            point.y = y
            point.z = z
        shown = known.tobytes() + observed.tobytes()
        if shown != self._shown:
            self._shown = shown
            self._choose(known, observed)

        trusted = places[known & observed] if (known & observed).any() else places[known]
        size = _LEAST_SIZE
        identity = f'{self._id}' if self._id else ''
        text = ' '.join(filter(None, (identity, 'locked' if self.locked else '', words)))
        self._text.text = text if len(trusted) else ''
        self._text.color.a = 1.0 if observed.any() else _FAINT_TEXT
        if len(trusted):
            low, high = trusted.min(axis=0), trusted.max(axis=0)
            size = max(size, *(high - low)[:2].tolist())
            place = self._text.pose.position
            place.x, _, place.z = ((low + high) / 2).tolist()
            place.y = float(low[1]) - _TEXT_ABOVE * size
            if self.locked:
                self._set_frame(low, high)
        size *= style.scale
        self._spheres.scale.x = self._spheres.scale.y = self._spheres.scale.z = _SPHERE * size
        self._lines.scale.x = _LINE * size
        self._frame.scale.x = _FRAME * size
        self._text.scale.z = _TEXT * size

        fraction, seconds = math.modf(style.lifetime)
        lifetime = Duration(sec=int(seconds), nanosec=int(fraction * 1e9))
        markers = self._shown_markers(framed=self.locked and len(trusted) > 0)
        for marker in markers:
            marker.header = header
            marker.lifetime = lifetime
        return markers

    def _shown_markers(self, framed: bool) -> list[Marker]:
        """Markers to be sent; those that shall not be there any more delete theirs."""
        for marker in self._markers:
            # RViz calls a marker without content an error.
            empty = not (marker.points or marker.text)
            marker.action = Marker.DELETE if empty else Marker.ADD
        # Few are ever locked: the frame is sent while it is there, and once to go.
        was_framed = self._frame.action == Marker.ADD
        self._frame.action = Marker.ADD if framed else Marker.DELETE
        return [*self._markers, self._frame] if framed or was_framed else self._markers

    def _set_frame(self, low: np.ndarray, high: np.ndarray) -> None:
        """Put the frame around a box in space, upright before the camera."""
        depth = float(low[2] + high[2]) / 2
        corners = bracket(low[:2], high[:2]).reshape(-1, 2).tolist()
        for point, (x, y) in zip(self._frame.points, corners):
            point.x, point.y, point.z = x, y, depth

    def delete(self, header: Header) -> list[Marker]:
        """Markers that take those of this person away."""
        return [
            Marker(header=header, ns=marker.ns, id=marker.id, action=Marker.DELETE)
            for marker in self._shown_markers(framed=False)
        ]

    def _choose(self, known: np.ndarray, observed: np.ndarray) -> None:
        """Keypoints and bones to be shown, and how."""
        dots = np.flatnonzero(known)
        self._spheres.points = [self._points[i] for i in dots]
        self._spheres.colors = [self._dot_colours[int(observed[i])][i] for i in dots]
        bones = np.flatnonzero(known[self._edges].all(axis=1))
        solid = observed[self._edges].all(axis=1)
        self._lines.points = [self._points[i] for i in self._edges[bones].ravel()]
        self._lines.colors = [
            self._bone_colours[int(solid[i])][i] for i in bones for _ in ('from', 'to')
        ]


def _colours(colours: np.ndarray, alpha: float) -> list[ColorRGBA]:
    """Messages of colours [N, 3]."""
    return [ColorRGBA(r=r, g=g, b=b, a=alpha) for r, g, b in colours.astype(float).tolist()]
