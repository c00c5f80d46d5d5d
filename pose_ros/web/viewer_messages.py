"""What a browser needs to draw people: skeletons, colours and words as JSON, image as JPEG."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
import math
import struct
from typing import Any

import cv2
import numpy as np

from pose_ros.core.colours import (
    Colour,
    bone_colours,
    colour_of,
    keypoint_colours,
    pixel_colour,
)
from pose_ros.core.encoded_image import encode_jpeg
from pose_ros.core.hand_drawing import hand_colours, hand_words
from pose_ros.core.motion.events import MotionEvent, describe_event
from pose_ros.core.topology import HAND21, TOPOLOGIES, Topology
from pose_ros.core.types import Frame, Person, TrackedHand
from pose_ros.web.hub import encode


def formats() -> dict[str, Any]:
    """Bones of all keypoint formats, as pairs of indices."""
    return {t.name: t.edges for t in (*TOPOLOGIES.values(), HAND21)}


def scene(
    people: Sequence[Person],
    time: float,
    size: tuple[int, int],
    *,
    words: Mapping[int, str],
    fallen: Collection[int] = (),
    locked: int = 0,
    hands: Sequence[TrackedHand] = (),
) -> dict[str, Any]:
    """People of one image.

    Parameters
    ----------
    people
        In pixels of the image.
    time
        Stamp [s].
    size
        (width, height) of the image [px].
    words
        Lines beside a person, by id; of hands without a person by their negative id.
    fallen
        Ids of people who have fallen.
    locked
        Id of the locked person; 0: none.
    hands
        In pixels of the image.

    Returns
    -------
    dict
        Ready for JSON.
    """
    present = {person.id for person in people}
    return {
        'time': time,
        'width': size[0],
        'height': size[1],
        'locked': locked,
        'people': [
            _person(person, words.get(person.id, ''), person.id in fallen) for person in people
        ],
        'hands': [_hand(hand, hand_words(hand, words)) for hand in hands],
        'away': [
            {'id': number, 'colour': css(colour_of(number, True)), 'words': 'fallen'}
            for number in sorted({*fallen} - present)
        ],
    }


def frame_message(content: Mapping[str, Any], jpeg: bytes = b'') -> bytes:
    """Message with an image and what is seen in it: length of the JSON, JSON, JPEG."""
    text = encode({'type': 'frame', **content}).encode()
    return struct.pack('<I', len(text)) + text + jpeg


def small_jpeg(frame: Frame, max_width: int, quality: int) -> bytes:
    """JPEG of a frame, at most `max_width` [px] wide."""
    image = frame.image
    if frame.width > max_width:
        height = max(round(frame.height * max_width / frame.width), 1)
        image = cv2.resize(image, (max_width, height), interpolation=cv2.INTER_AREA)
    return encode_jpeg(image, frame.channels, quality)


def event_message(event: MotionEvent) -> dict[str, Any]:
    """Event for the timeline."""
    return {
        'type': 'event',
        'time': rounded(event.time, 3),
        'kind': event.kind,
        'name': event.name,
        'hand': event.hand,
        'phase': event.phase,
        'id': event.subject,
        'duration': rounded(event.duration, 3),
        'words': describe_event(event),
        'colour': css(colour_of(event.skeleton_id)),
    }


def angles_message(
    person_id: int, time: float, names: Sequence[str], angles: Sequence[float]
) -> dict[str, Any]:
    """Joint angles [rad] of a person, in degrees; unknown ones are null."""
    degrees = {n: rounded(math.degrees(a), 1) for n, a in zip(names, angles)}
    return {
        'type': 'angles',
        'id': person_id,
        'time': time,
        'colour': css(colour_of(person_id)),
        'angles': degrees,
    }


def report_message(name: str, status: Any) -> dict[str, Any]:
    """What a node says of itself, from its DiagnosticStatus."""
    return {
        'type': 'node',
        'name': name,
        'level': int.from_bytes(status.level, 'little'),
        'message': status.message,
        'values': {pair.key: pair.value for pair in status.values},
    }


def css(colour: Colour) -> str:
    """Colour, 0 to 1, as CSS has it."""
    return '#{:02x}{:02x}{:02x}'.format(*pixel_colour(colour, 'rgb'))


def _person(person: Person, words: str, fallen: bool) -> dict[str, Any]:
    bones, dots = _colours(person.topology, person.id, fallen)
    return {
        'id': person.id,
        'colour': css(colour_of(person.id, fallen)),
        'fallen': fallen,
        'words': words.splitlines(),
        'format': person.topology.name,
        'points': _points(person.keypoints),
        'states': person.states.tolist(),
        'bones': bones,
        'dots': dots,
    }


def _hand(hand: TrackedHand, words: str) -> dict[str, Any]:
    bones, dot = hand_colours(hand)
    return {
        'format': HAND21.name,
        'words': words.splitlines(),
        'points': _points(hand.keypoints),
        'bones': [css(bone) for bone in bones.tolist()],
        'dot': css(dot),
    }


@lru_cache(maxsize=256)
def _colours(topology: Topology, person_id: int, fallen: bool) -> tuple[list[str], list[str]]:
    """Colours of bones and keypoints."""
    bones = bone_colours(topology, person_id, fallen).tolist()
    dots = keypoint_colours(topology, person_id).tolist()
    return [css(c) for c in bones], [css(c) for c in dots]


def _points(points: np.ndarray) -> list[tuple[float, float] | None]:
    """Pixels [K, 2]; null where unknown."""
    rows = np.round(points.astype(float), 1).tolist()
    return [(x, y) if math.isfinite(x + y) else None for x, y in rows]


def rounded(value: float, digits: int) -> float | None:
    """Value with few decimals; None if it is not finite."""
    return round(float(value), digits) if math.isfinite(value) else None
