"""Markers of one person for RViz: built once, then only changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import math

import numpy as np

from pose_ros.core.colours import bone_colours, colour_of, keypoint_colours
from pose_ros.core.label_places import Labelled
from pose_ros.core.outlines import (
    RING_POINTS,
    angle_keypoints,
    bracket,
    face_keypoints,
    head_outline,
)
from pose_ros.core.topology import Topology
from pose_ros.message_types import ColorRGBA, Duration, Header, Marker, Point

KEYPOINTS, BONES, LABEL = NAMESPACES = ('keypoints', 'bones', 'label')
HEAD = 'head'  # ring around the head, and the neck
LOCK = 'lock'  # frame around the person who is locked
ANGLE = 'angle_'  # and the angle's name: text at a joint

# Shares of the person's size.
_SPHERE = 0.03
_LINE = 0.016
_FRAME = 0.02
_ANGLE = 0.035
_ANGLE_BESIDE = 0.05
# Height of the label's letters over its depth [m/m], so that it looks the same near and far: 17 px
# in an image of 640 px and 60 degrees. The depth that it is made for follows that of the person
# in steps, as depths from one camera vary by some per cent from image to image.
_TEXT = 0.03
_DEPTH_STEP = 1.2
_LETTER = 0.55  # mean width of letters over their height
_MIN_SIZE = 0.02  # [m], so that a person of one keypoint can be seen
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


def duration_to_msg(seconds: float) -> Duration:
    """Message of a time span [s]."""
    fraction, whole = math.modf(seconds)
    return Duration(sec=int(whole), nanosec=int(fraction * 1e9))


class PersonMarkers:
    """Spheres and lines that share their points, and words; at times head, frame and angles.

    Parameters
    ----------
    topology
        The keypoint format.
    person_id
        Of the person.
    marker_id
        Of all of the person's markers.

    Attributes
    ----------
    locked, fallen
        Whether the person is to be framed, and to be red.
    words
        To stand beside the id.
    angles
        [rad] to be written at the joints, by name.
    """

    def __init__(self, topology: Topology, person_id: int, marker_id: int) -> None:
        self.topology = topology
        self.locked = self.fallen = False
        self.words = ''
        self.angles: Mapping[str, float] = {}
        self._text_depth = _MIN_SIZE
        self._id = person_id
        self._marker_id = marker_id
        self._edges = np.array(topology.edges)
        self._points = [Point() for _ in range(len(topology))]
        dots = keypoint_colours(topology, person_id)
        # First the faint ones, then those of what was observed.
        self._dot_colours = [_colours(dots, alpha) for alpha in (_FAINT, 1.0)]
        self._spheres, self._lines, self._text = self._always = [
            self._make(name, kind)
            for name, kind in zip(
                NAMESPACES, (Marker.SPHERE_LIST, Marker.LINE_LIST, Marker.TEXT_VIEW_FACING)
            )
        ]
        # Each point has its own colour; this one only must not be transparent.
        self._spheres.color.a = self._lines.color.a = 1.0
        self._frame = self._make(LOCK, Marker.LINE_LIST)
        self._frame.points = [Point() for _ in range(16)]
        self._frame.action = Marker.DELETE
        self._head = self._make(HEAD, Marker.LINE_LIST)
        self._head.points = [Point() for _ in range(2 * RING_POINTS + 2)]
        self._head.action = Marker.DELETE
        # Faces are not always seen, few people are ever locked, and angles are shown on request:
        # these come and go.
        self._sometimes: dict[str, Marker] = {HEAD: self._head, LOCK: self._frame}
        self._paint()

    def _make(self, name: str, kind: int) -> Marker:
        marker = Marker(ns=name, id=self._marker_id, type=kind)
        marker.pose.orientation.w = 1.0
        return marker

    def _paint(self) -> None:
        """Take the person's colours, or red."""
        self._painted = self.fallen
        self._shown = b''
        bones = bone_colours(self.topology, self._id, self.fallen)
        self._bone_colours = [_colours(bones, alpha) for alpha in (_FAINT, 1.0)]
        own = np.array([colour_of(self._id, self.fallen)] * 2)
        self._text.color, self._frame.color = _colours(own, 1.0)
        self._head_colours = [_colours(own[:1], alpha)[0] for alpha in (_FAINT, 1.0)]
        # Lighter, to be read over bones.
        (self._angle_colour,) = _colours(0.4 * own[:1] + 0.6, 1.0)

    def update(
        self, header: Header, places: np.ndarray, observed: np.ndarray, style: MarkerStyle
    ) -> list[Marker]:
        """Move to places [K, 3] [m]; those that are not finite are left out."""
        known = np.isfinite(places).all(axis=1)
        for point, (x, y, z) in zip(self._points, places.tolist()):
            point.x = x
            point.y = y
            point.z = z
        if self.fallen != self._painted:
            self._paint()
        shown = known.tobytes() + observed.tobytes()
        if shown != self._shown:
            self._shown = shown
            self._choose(known, observed)

        trusted = places[known & observed] if (known & observed).any() else places[known]
        size = _MIN_SIZE
        self._text.text = self._label() if len(trusted) else ''
        self._text.color.a = 1.0 if observed.any() else _FAINT_TEXT
        wanted = set()
        if len(trusted):
            low, high = trusted.min(axis=0), trusted.max(axis=0)
            size = max(size, *(high - low)[:2].tolist())
            if self.locked:
                wanted.add(LOCK)
                self._set_frame(low, high)
            wanted |= self._set_angles(places, (low + high) / 2, size, style.scale)
            wanted |= self._set_head(places, observed)
            self._set_depth(float(low[2] + high[2]) / 2)
        size *= style.scale
        self._spheres.scale.x = self._spheres.scale.y = self._spheres.scale.z = _SPHERE * size
        self._lines.scale.x = self._head.scale.x = _LINE * size
        self._frame.scale.x = _FRAME * size
        self._text.scale.z = _TEXT * self._text_depth * style.scale

        lifetime = duration_to_msg(style.lifetime)
        markers = self._shown_markers(wanted)
        for marker in markers:
            marker.header = header
            marker.lifetime = lifetime
        return markers

    def labelled(self, places: np.ndarray, observed: np.ndarray) -> Labelled | None:
        """The person as the camera sees them at places [K, 3] [m], with the label.

        On the plane at a depth of 1 m. None if there is nothing that the camera could see.
        """
        known = np.isfinite(places).all(axis=1)
        known &= places[:, 2] > 0
        if not known.any():
            return None
        points = np.full((len(places), 2), np.nan)
        points[known] = places[known, :2] / places[known, 2:]
        seen = known & observed
        lines = self._text.text.splitlines()
        height = self._text.scale.z / self._text_depth
        size = (_LETTER * height * max(map(len, lines)), height * len(lines)) if lines else None
        return Labelled(
            self._marker_id, points, seen if seen.any() else known, self.topology, size
        )

    def put_label(self, middle: np.ndarray) -> None:
        """Place the label at the depth of the person, as the camera sees it at 1 m."""
        place = self._text.pose.position
        place.x, place.y = (self._text_depth * middle).tolist()
        place.z = self._text_depth

    def _label(self) -> str:
        identity = f'{self._id}' if self._id else ''
        return ' '.join(filter(None, (identity, 'locked' if self.locked else '', self.words)))

    def _shown_markers(self, wanted: Iterable[str] = ()) -> list[Marker]:
        """Markers to be sent; those that shall not be there any more delete theirs."""
        for marker in self._always:
            # RViz calls a marker without content an error.
            empty = not (marker.points or marker.text)
            marker.action = Marker.DELETE if empty else Marker.ADD
        sent = list(self._always)
        for name, marker in self._sometimes.items():
            # Sent while it is there, and once to go.
            was_there = marker.action == Marker.ADD
            marker.action = Marker.ADD if name in wanted else Marker.DELETE
            if was_there or name in wanted:
                sent.append(marker)
        return sent

    def _set_frame(self, low: np.ndarray, high: np.ndarray) -> None:
        """Put the frame around a box in space, upright before the camera."""
        depth = float(low[2] + high[2]) / 2
        corners = bracket(low[:2], high[:2]).reshape(-1, 2).tolist()
        for point, (x, y) in zip(self._frame.points, corners):
            point.x, point.y, point.z = x, y, depth

    def _set_head(self, places: np.ndarray, observed: np.ndarray) -> set[str]:
        """Draw the head and the neck, if there is a face; returns its namespace."""
        outline = head_outline(self.topology, places)
        if outline is None:
            return set()
        ring, neck = outline
        lines = np.stack([ring, np.roll(ring, -1, axis=0)], axis=1).reshape(-1, 3)
        if not np.isfinite(neck).all():
            neck = lines[:2]
        for point, (x, y, z) in zip(self._head.points, np.concatenate([neck, lines]).tolist()):
            point.x, point.y, point.z = x, y, z
        seen = observed[face_keypoints(self.topology)].any()
        self._head.color = self._head_colours[int(seen)]
        return {HEAD}

    def _set_depth(self, depth: float) -> None:
        """Follow the person's depth with that of the label, where it is another by a step."""
        if not 1 / _DEPTH_STEP < self._text_depth / max(depth, _MIN_SIZE) < _DEPTH_STEP:
            self._text_depth = max(depth, _MIN_SIZE)

    def _set_angles(
        self, places: np.ndarray, middle: np.ndarray, size: float, scale: float
    ) -> set[str]:
        """Write the angles at their joints; returns their namespaces."""
        written = set()
        for name, angle in self.angles.items():
            joint = angle_keypoints(self.topology, name)
            if not joint or not math.isfinite(angle) or not np.isfinite(places[joint]).all():
                continue
            space = ANGLE + name
            text = self._sometimes.get(space)
            if text is None:
                text = self._sometimes[space] = self._make(space, Marker.TEXT_VIEW_FACING)
                text.action = Marker.DELETE
            place = text.pose.position
            place.x, place.y, place.z = places[joint].mean(axis=0).tolist()
            # Beside a joint, away from the body; over the line between two.
            if len(joint) > 1:
                place.y -= _ANGLE_BESIDE * size
            else:
                place.x += math.copysign(_ANGLE_BESIDE * size, place.x - middle[0])
            text.text = f'{math.degrees(angle):.0f}°'
            text.scale.z = _ANGLE * size * scale
            text.color = self._angle_colour
            written.add(space)
        return written

    def delete(self, header: Header) -> list[Marker]:
        """Markers that take those of this person away."""
        return [
            Marker(header=header, ns=marker.ns, id=marker.id, action=Marker.DELETE)
            for marker in self._shown_markers()
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
