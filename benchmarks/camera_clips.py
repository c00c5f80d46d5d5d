"""Short clips from still images: a camera that pans, zooms and has sensor noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from pose_ros.core.types import Frame

# The view is at least this much smaller than the image, so that no border is ever in it.
_ZOOM = 1.15
# Amplitude of pan and zoom over what the margin allows, at most, and periods [s].
_ZOOM_RANGE = 0.05
_PERIODS = (4.0, 12.0)
# Standard deviation of the sensor's noise [grey levels].
_NOISE = 3.0


@dataclass(frozen=True, eq=False)
class ClipFrame:
    """One frame of a clip.

    Attributes
    ----------
    frame
        Image and stamp.
    from_image
        [2, 3] affine matrix from pixels of the still image to pixels of the frame.
    """

    frame: Frame
    from_image: np.ndarray


def camera_clip(
    image: np.ndarray, seconds: float, rate: float = 30.0, seed: int = 0
) -> Iterator[ClipFrame]:
    """Frames of a camera that moves slowly over a still image.

    Parameters
    ----------
    image
        uint8 [height, width, 3], BGR.
    seconds
        Length of the clip [s].
    rate
        Frames per second.
    seed
        Chooses the path of the camera and the noise.

    Yields
    ------
    ClipFrame
        Of the image's size, from stamp 0 on.
    """
    rng = np.random.default_rng(seed)
    height, width = image.shape[:2]
    rates = 2 * np.pi / rng.uniform(*_PERIODS, size=3)
    phases = rng.uniform(0, 2 * np.pi, size=3)
    noise = rng.normal(0.0, _NOISE, size=(height + 64, width + 64, 3)).astype(np.float32)
    for index in range(round(seconds * rate)):
        stamp = index / rate
        x, y, zoom = np.sin(rates * stamp + phases)
        scale = _ZOOM * (1 + _ZOOM_RANGE * zoom)
        margin = (scale - 1) / 2 * np.array([width, height])
        shift = -margin + margin * (x, y)
        matrix = np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
        view = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
        # One large field of noise, shifted at random, is as good as a new one and far cheaper.
        left, top = rng.integers(0, 64, size=2)
        grain = noise[top : top + height, left : left + width]
        noisy = np.clip(view + grain, 0, 255).astype(np.uint8)
        yield ClipFrame(Frame(noisy, stamp, 'bgr'), matrix)


def textures(size: tuple[int, int] = (640, 480), seed: int = 0) -> dict[str, np.ndarray]:
    """Generated images (width, height) [px] without people, by their names.

    Noise of two scales, stripes, a checkerboard, a gradient, and shapes of random colours.
    """
    rng = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    coarse = rng.integers(0, 256, (height // 40, width // 40, 3), dtype=np.uint8)
    grey = {
        'black': np.zeros((height, width)),
        'stripes': 255.0 * (x // 24 % 2),
        'checkerboard': 255.0 * ((x // 48 + y // 48) % 2),
        'gradient': 255.0 * (x + y) / (width + height),
    }
    images = {name: np.repeat(plane[..., None], 3, axis=2) for name, plane in grey.items()}
    images['noise'] = rng.integers(0, 256, (height, width, 3))
    images['clouds'] = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    for number in range(4):
        images[f'shapes_{number}'] = _shapes(size, rng)
    return {name: image.astype(np.uint8) for name, image in images.items()}


def _shapes(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Upright boxes, discs and poles of random colours before a plain wall."""
    width, height = size
    image = np.full((height, width, 3), rng.integers(60, 200, 3), np.uint8)
    for _ in range(12):
        colour = [int(value) for value in rng.integers(0, 256, 3)]
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        a, b = int(rng.integers(8, width // 5)), int(rng.integers(20, height // 2))
        kind = int(rng.integers(3))
        if kind == 0:
            cv2.rectangle(image, (x, y), (x + a, y + b), colour, -1)
        elif kind == 1:
            cv2.circle(image, (x, y), a // 2 + 8, colour, -1)
        else:
            cv2.line(image, (x, y), (x + a // 4, y + b), colour, a // 6 + 4)
    return image
