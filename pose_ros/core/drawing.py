"""People drawn onto an image."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
import math
from types import MappingProxyType
from typing import Any, Literal

import cv2
import numpy as np

from pose_ros.core.colours import (
    FALLEN,
    UNTRACKED,
    Colour,
    bone_colours,
    colour_of,
    keypoint_colours,
    pixel_colour,
)
from pose_ros.core.hand_drawing import draw_hands, hand_words
from pose_ros.core.label_places import Labelled, LabelPlaces
from pose_ros.core.outlines import angle_keypoints, bracket
from pose_ros.core.text_box import TextBox
from pose_ros.core.types import Box, Person, TrackedHand

_OUTLINE: Colour = (0.06, 0.06, 0.08)
_FAINT = 0.5  # share of the colour in what was not observed
_SHIFT = 4  # fraction bits of the coordinates that OpenCV draws with
_FARTHEST = 1e5  # [px] beyond which OpenCV's integers could overflow
# Shorter side of an image [px] over the scale of OpenCV's letters on its labels: 13 px high on
# 640x480, as small as can be read in a window.
_IMAGE_PER_SCALE = 800
_GAP = 8  # [px] between a hand and its label
_NOTHING: Mapping[int, Any] = MappingProxyType({})


def draw_people(
    image: np.ndarray,
    people: Sequence[Person],
    channels: Literal['rgb', 'bgr'] = 'bgr',
    labels: Mapping[int, str] = _NOTHING,
    locked: int = 0,
    *,
    fallen: Collection[int] = (),
    angles: Mapping[int, Mapping[str, float]] = _NOTHING,
    places: LabelPlaces | None = None,
    hands: Sequence[TrackedHand] = (),
) -> np.ndarray:
    """Draw people onto a copy of an image.

    Parameters
    ----------
    image
        uint8 [height, width, 3]; is not changed.
    people
        Keypoints in pixels of the image. Those observed are drawn solid, the others faint and
        hollow; those that are not finite are left out, with their bones. The first people are
        drawn over the others.
    channels
        Order of the image's channels.
    labels
        Words to stand beside a person's id, by id, such as the gesture. ASCII, may have lines.
        Those of hands without a person are by their negative id.
    locked
        Id of the person to draw a frame around; 0 = none. A note says so if the person is not in
        the image.
    fallen
        Ids of the people to draw in red. A note lists those who are not in the image.
    angles
        Joint angles [rad] to be written at the joints [deg], by id and name.
    places
        Of the labels in the frames before, so that they stay where they are; None for one image.
    hands
        Hands in pixels of the image, in the colours of their people.

    Returns
    -------
    np.ndarray
        uint8 [height, width, 3], contiguous. ValueError for any other input.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(
            f'expected a uint8 image [height, width, 3], got {image.dtype} {image.shape}'
        )
    canvas = np.array(image, order='C')
    drawings = [
        _PersonDrawing(canvas, person, channels, 0 < person.id == locked, person.id in fallen)
        for person in people
    ]
    for drawing in reversed(drawings):
        drawing.draw()
    draw_hands(canvas, hands, channels)
    # Labels last: no other person may hide them, nor they each other, nor a joint.
    taken = _draw_labels(drawings, labels, places or LabelPlaces())
    for hand in hands:
        words, at = hand_words(hand, labels), Box.around(hand.keypoints)
        if words:
            plate = TextBox(words, min(_size_of(canvas)) / _IMAGE_PER_SCALE)
            plate.place(
                at.centre[0] - plate.width / 2, at.y - plate.height - _GAP, _size_of(canvas), taken
            )
            taken.append(plate)
            plate.draw(canvas, pixel_colour(UNTRACKED, channels))
    for drawing in drawings:
        drawing.draw_angles(angles, taken)
    present = {person.id for person in people}
    away = [(f'{person} fallen, out of sight', FALLEN) for person in sorted({*fallen} - present)]
    if locked and locked not in present:
        away.append((f'{locked} locked, out of sight', UNTRACKED))
    for text, colour in away:
        plate = TextBox(text, image.shape[0] / 900)
        plate.place(0, image.shape[0], _size_of(canvas), taken)
        taken.append(plate)
        plate.draw(canvas, pixel_colour(colour, channels))
    return canvas


def _draw_labels(
    drawings: Sequence[_PersonDrawing], labels: Mapping[int, str], places: LabelPlaces
) -> list[TextBox]:
    """Draw the labels beside their people; returns the plates in their places."""
    shown = [drawing for drawing in drawings if drawing.shown.any()]
    plates = [drawing.label(labels) for drawing in shown]
    if not any(plates):
        return []
    people = [drawing.labelled(plate) for drawing, plate in zip(shown, plates)]
    middles = places.arrange(people, np.zeros(2), np.array(shown[0].image_size))
    taken = []
    for drawing, plate, middle in zip(shown, plates, middles):
        if plate is not None and middle is not None:
            drawing.draw_label(plate, middle)
            taken.append(plate)
    return taken


def _size_of(image: np.ndarray) -> tuple[int, int]:
    """(width, height) [px]."""
    return image.shape[1], image.shape[0]


class _PersonDrawing:
    """One person on an image that is drawn into."""

    def __init__(
        self, image: np.ndarray, person: Person, channels: str, locked: bool, fallen: bool
    ) -> None:
        self._image = image
        self._person = person
        self._channels = channels
        self._locked = locked
        self._fallen = fallen
        points = person.keypoints.astype(np.float64)
        with np.errstate(invalid='ignore'):
            self._known = np.all(np.abs(points) < _FARTHEST, axis=1)
        self._points = np.where(self._known[:, None], points, 0.0)
        self._solid = self._known & person.observed
        size = self._size()
        self._line = float(np.clip(size / 90, 2.0, 14.0))
        self._edge = float(np.clip(self._line * 0.35, 1.0, 3.0))

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) [px]."""
        return _size_of(self._image)

    def draw(self) -> None:
        """Bones and keypoints: what was not observed first and faintly, then the outlines."""
        edges = np.array(self._person.topology.edges)
        known = self._known[edges].all(axis=1)
        solid = self._solid[edges].all(axis=1)
        bones = bone_colours(self._person.topology, self._person.id, self._fallen)
        dots = keypoint_colours(self._person.topology, self._person.id)
        lengths = np.linalg.norm(self._points[edges[:, 0]] - self._points[edges[:, 1]], axis=1)
        widths = np.clip(lengths * 0.3, 1.0, self._line)
        radii = self._radii(edges, lengths, known)

        faint_bones = np.flatnonzero(known & ~solid)
        faint_dots = np.flatnonzero(self._known & ~self._solid)
        if faint_bones.size or faint_dots.size:
            area = self._area(np.append(edges[faint_bones].ravel(), faint_dots))
            before = area.copy()
            for i in faint_bones:
                self._draw_line(self._points[edges[i]], bones[i], 1.0)
            for i in faint_dots:
                self._draw_dot(i, dots[i], radii[i], hollow=True)
            cv2.addWeighted(area, _FAINT, before, 1.0 - _FAINT, 0.0, dst=area)

        for i in np.flatnonzero(solid):
            self._draw_line(
                self._points[edges[i]], _OUTLINE, widths[i] + 2 * min(self._edge, widths[i] / 2)
            )
        for i in np.flatnonzero(solid):
            self._draw_line(self._points[edges[i]], bones[i], widths[i])
        for i in np.flatnonzero(self._solid):
            self._draw_dot(i, _OUTLINE, radii[i] + min(self._edge, radii[i] / 2))
            self._draw_dot(i, dots[i], radii[i])
        if self._locked:
            self._draw_bracket()

    def label(self, labels: Mapping[int, str]) -> TextBox | None:
        """Id and words, of the same size on every image; None if there are none to be seen."""
        identity = f'{self._person.id}' if self._person.id else ''
        words = labels.get(self._person.id, '')
        text = '  '.join(filter(None, [identity, 'locked' if self._locked else '', words]))
        points = self._points[self.shown]
        inside = np.all((points >= 0) & (points < _size_of(self._image)), axis=1)
        if not text or not inside.any():
            return None
        return TextBox(text, min(_size_of(self._image)) / _IMAGE_PER_SCALE)

    def labelled(self, plate: TextBox | None) -> Labelled:
        """The person and the size of the label, as `LabelPlaces` takes them."""
        return Labelled(
            self._person.id,
            np.where(self._known[:, None], self._points, np.nan),
            self.shown,
            self._person.topology,
            None if plate is None else (plate.width, plate.height),
        )

    def draw_label(self, plate: TextBox, middle: np.ndarray) -> None:
        """The label in the person's colour; faint if no keypoint is observed."""
        left, top = middle - (plate.width / 2, plate.height / 2)
        plate.place(left, top, _size_of(self._image), ())
        colour = self._colour(colour_of(self._person.id, self._fallen))
        strength = 1 if self._solid.any() else _FAINT
        if self._fallen:
            plate.draw(self._image, colour, strength, ground=colour)
        else:
            plate.draw(self._image, colour, strength)

    def draw_angles(self, angles: Mapping[int, Mapping[str, float]], taken: list[TextBox]) -> None:
        """Each angle at its joint."""
        if not self._person.id or not self.shown.any():
            return
        size = self._size()
        middle = self._points[self.shown, 0].mean()
        for name, angle in angles.get(self._person.id, {}).items():
            joint = angle_keypoints(self._person.topology, name)
            if not joint or not self._known[joint].all() or not np.isfinite(angle):
                continue
            x, y = self._points[joint].mean(axis=0)
            plate = TextBox(f'{np.degrees(angle):.0f}', size / 900)
            left, top, away = x - plate.width / 2, y - plate.height / 2, 0.03 * size
            # Beside a joint, away from the body; over the line between two.
            if len(joint) > 1:
                top -= away + plate.height / 2
            else:
                left += math.copysign(away + plate.width / 2, x - middle)
            plate.place(left, top, _size_of(self._image), taken)
            taken.append(plate)
            plate.draw(self._image, self._colour(colour_of(self._person.id, self._fallen)))

    def _draw_bracket(self) -> None:
        """Frame the person."""
        if not self.shown.any():
            return
        points = self._points[self.shown]
        lines = bracket(points.min(axis=0), points.max(axis=0))
        colour = colour_of(self._person.id, self._fallen)
        for width, ink in ((self._line + 2 * self._edge, _OUTLINE), (self._line, colour)):
            for ends in lines:
                self._draw_line(ends, ink, width)

    @property
    def shown(self) -> np.ndarray:
        """Mask [K] of the keypoints that tell where the person is."""
        return self._solid if self._solid.any() else self._known

    def _size(self) -> float:
        """Greater side [px] of the box around what is shown, at most the image's."""
        shown = self.shown
        if not shown.any():
            return 0.0
        points = self._points[shown]
        side = (points.max(axis=0) - points.min(axis=0)).max()
        return float(min(side, max(self._image.shape[:2])))

    def _radii(self, edges: np.ndarray, lengths: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Radius [px] of each dot [K]: smaller where bones are short, as in face and hands."""
        radii = np.full(len(self._person.topology), self._line * 0.8)
        for (a, b), length in zip(edges[known], lengths[known]):
            radii[[a, b]] = np.minimum(radii[[a, b]], length * 0.3)
        return np.maximum(radii, 1.2)

    def _area(self, indices: np.ndarray) -> np.ndarray:
        """View of the image that holds these keypoints with their dots."""
        points = self._points[indices]
        margin = self._line + self._edge + 2
        height, width = self._image.shape[:2]
        x0, y0 = np.clip(points.min(axis=0) - margin, 0, (width, height)).astype(int)
        x1, y1 = np.clip(points.max(axis=0) + margin + 1, 0, (width, height)).astype(int)
        return self._image[y0:y1, x0:x1]

    def _draw_line(self, ends: np.ndarray, colour: Sequence[float], width: float) -> None:
        start, end = (self._fixed(point) for point in ends)
        thickness = max(1, round(float(width)))
        cv2.line(self._image, start, end, self._colour(colour), thickness, cv2.LINE_AA, _SHIFT)

    def _draw_dot(
        self, index: int | np.integer, colour: Sequence[float], radius: float, hollow: bool = False
    ) -> None:
        cv2.circle(
            self._image,
            self._fixed(self._points[index]),
            round(float(radius) * 2**_SHIFT),
            self._colour(colour),
            1 if hollow else cv2.FILLED,
            cv2.LINE_AA,
            _SHIFT,
        )

    def _fixed(self, point: np.ndarray) -> tuple[int, int]:
        x, y = (point * 2**_SHIFT).round().astype(int)
        return int(x), int(y)

    def _colour(self, colour: Sequence[float]) -> tuple[int, int, int]:
        return pixel_colour(colour, self._channels)
