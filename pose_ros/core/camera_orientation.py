"""Cameras that are mounted sideways or upside down, and images that are mirrored."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pose_ros.core.positions import Positions
from pose_ros.core.types import Box, Frame, Person, TrackedHand

ROTATIONS = (0, 90, 180, 270)
_CODES = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}

Size = tuple[int, int]


@dataclass(frozen=True)
class CameraOrientation:
    """How the image of a camera must be turned before people stand upright in it.

    Models and gestures need upright, unmirrored images. Pixels that are published are those of the
    image as the camera delivers it. Places in space are in the camera's optical frame, which is
    never mirrored.

    Attributes
    ----------
    rotate
        Angle [deg] clockwise by which the image becomes upright: 0, 90, 180 or 270.
    mirrored
        Whether the image is mirrored, left to right; this is undone before it is rotated.
    """

    rotate: int = 0
    mirrored: bool = False

    def __post_init__(self) -> None:
        """Refuse other angles."""
        if self.rotate not in ROTATIONS:
            angles = ', '.join(map(str, ROTATIONS))
            raise ValueError(f'rotate must be one of {angles}, got {self.rotate}')

    @property
    def is_upright(self) -> bool:
        """Whether images can be used as they are."""
        return not self.rotate and not self.mirrored

    def upright_frame(self, frame: Frame) -> Frame:
        """Upright copy of a frame; the frame itself where nothing need be done."""
        if self.is_upright:
            return frame
        image = cv2.flip(frame.image, 1) if self.mirrored else frame.image
        if self.rotate:
            image = cv2.rotate(image, _CODES[self.rotate])
        return replace(frame, image=image)

    def upright_person(self, person: Person, size: Size) -> Person:
        """Person of an image of (width, height) [px] as the upright image shows them."""
        if self.is_upright:
            return person
        matrix = self._matrix
        return _moved(person, matrix, _centre(size), _centre(self.upright_size(size)), self._turn)

    def person_in_image(self, person: Person, size: Size) -> Person:
        """Person found in the upright image as the image of (width, height) [px] shows them."""
        if self.is_upright:
            return person
        matrix = self._matrix.T
        centre = _centre(self.upright_size(size))
        return _moved(person, matrix, centre, _centre(size), self._turn.T)

    def upright_hand(self, hand: TrackedHand, size: Size) -> TrackedHand:
        """Hand of an image of (width, height) [px] as the upright image shows it."""
        return self._moved_hand(hand, self._matrix, size, self.upright_size(size), self._turn)

    def hand_in_image(self, hand: TrackedHand, size: Size) -> TrackedHand:
        """Hand found in the upright image as the image of (width, height) [px] shows it."""
        matrix, turn = self._matrix.T, self._turn.T
        return self._moved_hand(hand, matrix, self.upright_size(size), size, turn)

    def _moved_hand(
        self, hand: TrackedHand, matrix: np.ndarray, old: Size, new: Size, turn: np.ndarray
    ) -> TrackedHand:
        if self.is_upright:
            return hand
        keypoints = (hand.keypoints - _centre(old)) @ matrix.T + _centre(new)
        return replace(
            hand, keypoints=keypoints.astype(np.float32), world=_turned(hand.world, turn)
        )

    def direction_in_image(
        self, direction: tuple[float, float, float]
    ) -> tuple[float, float, float]:
        """Direction (x, y, z), known in the upright camera's axes, in those of the camera."""
        if self.is_upright:
            return direction
        x, y = (self._turn.T @ np.asarray(direction[:2])).tolist()
        return x, y, direction[2]

    @property
    def _turn(self) -> np.ndarray:
        """Rotation [2, 2] of x and y from the camera's axes to the upright ones."""
        cosine = {0: 1, 90: 0, 180: -1, 270: 0}[self.rotate]
        sine = {0: 0, 90: 1, 180: 0, 270: -1}[self.rotate]
        return np.array([[cosine, -sine], [sine, cosine]], float)

    @property
    def _matrix(self) -> np.ndarray:
        """Matrix [2, 2] from the image to the upright image, about their centres."""
        return self._turn @ np.diag([-1.0 if self.mirrored else 1.0, 1.0])

    def upright_size(self, size: Size) -> Size:
        """(width, height) of the upright image [px]."""
        return size[::-1] if self.rotate in (90, 270) else size


UPRIGHT = CameraOrientation()


def _centre(size: Size) -> np.ndarray:
    """Centre (x, y) [px] of an image: (0, 0) is the centre of the first pixel."""
    return (np.asarray(size) - 1) / 2


def _moved(
    person: Person, matrix: np.ndarray, old: np.ndarray, new: np.ndarray, turn: np.ndarray
) -> Person:
    """Person whose pixels are moved about centres [2], whose places in space are turned."""
    box = person.box
    corners = np.array([[box.x, box.y], [box.x + box.width, box.y + box.height]])
    positions = person.positions
    if positions is not None:
        points = _turned(positions.points, turn)
        positions = Positions(points, positions.deviations, positions.source)
    return replace(
        person,
        keypoints=((person.keypoints - old) @ matrix.T + new).astype(np.float32),
        box=Box.around((corners - old) @ matrix.T + new),
        world=None if person.world is None else _turned(person.world, turn),
        positions=positions,
    )


def _turned(points: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Points [K, 3] with x and y turned."""
    turned = points.copy()
    turned[:, :2] = points[:, :2] @ turn.T.astype(points.dtype)
    return turned
