"""Markers of hands for RViz."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point
import numpy as np
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker

from pose_ros.core.camera import CameraModel
from pose_ros.core.colours import UNTRACKED
from pose_ros.core.hand_drawing import hand_colours, hand_words
from pose_ros.core.topology import HAND21
from pose_ros.core.types import Person, TrackedHand
from pose_ros.ros.conversions import positions_to_msg
from pose_ros.ros.person_markers import MarkerStyle, duration_to_msg

BONES, KEYPOINTS, LABEL = 'hand_bones', 'hand_keypoints', 'hand_label'
_LINE, _SPHERE = 0.006, 0.012  # [m] thickness of bones, diameter of keypoints
_LETTER = 0.03  # [m] height of letters
_ABOVE = 0.02  # [m] from a hand to its label
# A label vanishes with its hand [s].
_LABEL_LIFETIME = Duration(nanosec=500_000_000)
_EDGES = np.array(HAND21.edges)


def hand_markers(
    header: Header,
    hands: Sequence[TrackedHand],
    people: Sequence[Person],
    camera: CameraModel | None,
    style: MarkerStyle,
    *,
    words: Mapping[int, str] = MappingProxyType({}),
) -> list[Marker]:
    """Two markers, of the bones and the keypoints of all hands, and the labels.

    Without hands the two delete theirs.

    Parameters
    ----------
    header
        Of the hands.
    hands
        In pixels of the image.
    people
        Of the same image; a hand is placed at the wrist of its person where that is known.
    camera
        Places the other hands, at the distance of the style; None leaves them out.
    style
        Distance, lifetime and scale.
    words
        Labels by id; of hands without a person by their negative id.
    """
    lines = _marker(header, BONES, Marker.LINE_LIST)
    spheres = _marker(header, KEYPOINTS, Marker.SPHERE_LIST)
    lines.scale.x = _LINE * style.scale
    spheres.scale.x = spheres.scale.y = spheres.scale.z = _SPHERE * style.scale
    lines.lifetime = spheres.lifetime = duration_to_msg(style.lifetime)
    labels = []
    by_id = {person.id: person for person in people if person.id}
    for hand in hands:
        places = _at_wrist(hand, by_id.get(hand.skeleton_id))
        if places is None and camera is not None:
            places = camera.back_project(hand.keypoints, style.distance)
        if places is None or not np.isfinite(places).all():
            continue
        bones, dots = hand_colours(hand)
        lines.points += positions_to_msg(places[_EDGES].reshape(-1, 3))
        lines.colors += [_colour(colour) for colour in bones for _ in ('from', 'to')]
        spheres.points += positions_to_msg(places)
        spheres.colors += [_colour(dots)] * len(places)
        if text := hand_words(hand, words):
            labels.append(_label(header, hand.id, text, places, style.scale))
    for marker in (lines, spheres):
        marker.action = Marker.ADD if marker.points else Marker.DELETE
    return [lines, spheres, *labels]


def _at_wrist(hand: TrackedHand, person: Person | None) -> np.ndarray | None:
    """Places [21, 3] [m] of a hand whose wrist is known in space."""
    if person is None or person.positions is None or hand.side is None:
        return None
    wrist = person.positions.points[person.topology.index(f'{hand.side}_wrist')]
    return np.asarray(hand.world - hand.world[0] + wrist)


def _label(header: Header, hand_id: int, text: str, places: np.ndarray, scale: float) -> Marker:
    """Words above a hand at places [21, 3] [m]."""
    marker = _marker(header, LABEL, Marker.TEXT_VIEW_FACING)
    marker.id, marker.text, marker.lifetime = hand_id % 2**31, text, _LABEL_LIFETIME
    marker.scale.z, marker.color = _LETTER * scale, _colour(UNTRACKED)
    x, y, z = places.mean(axis=0)
    y = places[:, 1].min() - _ABOVE
    marker.pose.position = Point(x=float(x), y=float(y), z=float(z))
    return marker


def _marker(header: Header, name: str, kind: int) -> Marker:
    marker = Marker(header=header, ns=name, type=kind)
    marker.pose.orientation.w = marker.color.a = 1.0
    return marker


def _colour(rgb: Sequence[float] | np.ndarray) -> ColorRGBA:
    red, green, blue = (float(value) for value in rgb)
    return ColorRGBA(r=red, g=green, b=blue, a=1.0)
