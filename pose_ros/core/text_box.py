"""Text in a box, drawn onto an image where no other box is."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

_FONT = cv2.FONT_HERSHEY_DUPLEX
_DARK, _WHITE = (17, 17, 17), (255, 255, 255)
_LEADING = 1.7  # from one line to the next, in heights of the letters
_EDGE = 2  # [px] that the frame reaches beyond the box
_GAP = 5  # [px] between boxes


class TextBox:
    """Text in a dark box with a frame.

    Parameters
    ----------
    text
        One or more lines of ASCII; other characters become question marks.
    scale
        Of the letters, within bounds that can be read.

    Attributes
    ----------
    x, y
        Of the upper left corner [px].
    width, height
        [px]
    """

    def __init__(self, text: str, scale: float) -> None:
        self._lines = text.encode('ascii', 'replace').decode().splitlines() or ['']
        self._scale = float(np.clip(scale, 0.45, 1.6))
        sizes = [cv2.getTextSize(line, _FONT, self._scale, 1)[0] for line in self._lines]
        self._text_height = sizes[0][1]
        self._pad = round(self._text_height * 0.5)
        self._step = round(self._text_height * _LEADING)
        self.width = max(width for width, _ in sizes) + 2 * self._pad
        self.height = (len(sizes) - 1) * self._step + self._text_height + 2 * self._pad
        self.x = self.y = 0

    def place(self, x: float, y: float, size: tuple[int, int], others: Sequence[TextBox]) -> None:
        """Put the corner here, or as near as the edges and other boxes allow.

        Parameters
        ----------
        x, y
            Wanted upper left corner [px].
        size
            (width, height) of the image [px].
        others
            Boxes already placed; this one moves above them or, without room there, below.
        """
        top = _EDGE
        right, bottom = (
            max(side - own - _EDGE - 1, top) for side, own in zip(size, (self.width, self.height))
        )
        self.x = int(np.clip(x, top, right))
        wanted = int(np.clip(y, top, bottom))
        beside = [other for other in others if self._overlaps(other)]
        above = [other.y - self.height - _GAP for other in beside]
        below = [other.y + other.height + _GAP for other in beside]
        places = [y for y in (wanted, *above, *below) if top <= y <= bottom]
        free = [y for y in places if all(self._clears(y, other) for other in beside)]
        # With equal ways to go, up: there the person is not.
        self.y = min(free, key=lambda y: (abs(y - wanted), y), default=wanted)

    def _overlaps(self, other: TextBox) -> bool:
        """Whether they would meet at the same height."""
        return self.x < other.x + other.width + _GAP and other.x < self.x + self.width + _GAP

    def _clears(self, y: int, other: TextBox) -> bool:
        """Whether another plate would be free of this one at a height."""
        return y >= other.y + other.height + _GAP or other.y >= y + self.height + _GAP

    def draw(
        self,
        image: np.ndarray,
        colour: tuple[int, int, int],
        strength: float = 1.0,
        ground: tuple[int, int, int] = _DARK,
    ) -> None:
        """Draw onto an image.

        Parameters
        ----------
        image
            uint8 [height, width, 3]; is changed.
        colour
            Of the frame, in the order of the image's channels.
        strength
            1 is solid, less is faint.
        ground
            Colour behind the words, in the same order.
        """
        end = (self.x + self.width, self.y + self.height)
        rows = slice(max(self.y - _EDGE, 0), end[1] + _EDGE + 1)
        columns = slice(max(self.x - _EDGE, 0), end[0] + _EDGE + 1)
        area = image[rows, columns]
        before = area.copy() if strength < 1 else area
        cv2.rectangle(image, (self.x, self.y), end, ground, cv2.FILLED)
        cv2.rectangle(image, (self.x, self.y), end, colour, 2, cv2.LINE_AA)
        for i, line in enumerate(self._lines):
            below = self.y + self._pad + self._text_height + i * self._step
            origin = (self.x + self._pad, below)
            cv2.putText(image, line, origin, _FONT, self._scale, _WHITE, 1, cv2.LINE_AA)
        if strength < 1:
            cv2.addWeighted(area, strength, before, 1.0 - strength, 0.0, dst=area)
