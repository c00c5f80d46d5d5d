"""Backgrounds for the actor, drawn once per scene."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np


def _plain(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """One colour."""
    return np.full((height, width, 3), rng.integers(110, 200, 3), np.uint8)


def _gradient(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """One colour running into another, from corner to corner."""
    first, last = rng.uniform(70, 220, (2, 3))
    along = np.linspace(0, 1, width)[None, :, None]
    down = np.linspace(0, 1, height)[:, None, None]
    share = along * rng.uniform(0, 0.5) + down * 0.5
    return np.clip(first + (last - first) * share, 0, 255).astype(np.uint8)


def _room(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """A wall with a window, a picture and a shelf; a floor of boards; stains on all."""
    wall, floor = rng.uniform(150, 205, 3), rng.uniform(90, 140) * np.array([1.1, 0.95, 0.8])
    light = np.linspace(1.08, 0.86, width)[None, :, None]
    image = np.broadcast_to(wall * light, (height, width, 3)).copy()
    horizon = int(height * rng.uniform(0.72, 0.80))
    image[horizon:] = floor * np.linspace(0.8, 1.15, height - horizon)[:, None, None]
    middle = width * rng.uniform(0.3, 0.7)
    for board in np.linspace(-3, 3, 25):
        ends = [(middle + board * width * 0.25, horizon), (middle + board * width, height)]
        (x0, y0), (x1, y1) = np.round(ends).astype(int).tolist()
        cv2.line(image, (x0, y0), (x1, y1), (floor * 0.72).tolist(), max(1, height // 300))
    cv2.rectangle(
        image, (0, horizon - height // 40), (width, horizon), (wall * 0.7).tolist(), cv2.FILLED
    )
    for left, top, wide, high in ((0.03, 0.06, 0.16, 0.24), (0.83, 0.07, 0.12, 0.14)):
        x0, y0 = int(left * width), int(top * height)
        x1, y1 = x0 + int(wide * width), y0 + int(high * height)
        cv2.rectangle(image, (x0, y0), (x1, y1), (wall * 0.55).tolist(), cv2.FILLED)
        edge = max(2, width // 90)
        pane = rng.uniform(140, 235, 3).tolist()
        cv2.rectangle(image, (x0 + edge, y0 + edge), (x1 - edge, y1 - edge), pane, cv2.FILLED)
    stains = rng.normal(0, 1, (max(2, height // 40), max(2, width // 40), 1)).astype(np.float32)
    fine = rng.normal(0, 3, (height, width, 1))
    image += cv2.resize(stains, (width, height), interpolation=cv2.INTER_CUBIC)[..., None] * 5
    return np.clip(image + fine, 0, 255).astype(np.uint8)


BACKGROUNDS: dict[str, Callable[[int, int, np.random.Generator], np.ndarray]] = {
    'plain': _plain,
    'gradient': _gradient,
    'room': _room,
}
