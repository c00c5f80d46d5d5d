"""Models of OpenPose's kind: heatmaps and part affinity fields for a whole image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pose_ros.core.models.crop import apply_affine
from pose_ros.core.models.frame_input import FrameInput
from pose_ros.core.models.part_affinity import FIELD_LAYOUTS, FieldDecoder, FieldLayout
from pose_ros.core.models.pose import Pose
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.types import Frame

# What pixel values 0 and 255 become in OpenPose's own models; an entry's pixel_range replaces it.
_PIXEL_RANGE = (-0.5, 0.5)
_SIDES_OF = 16  # an open input's sides are multiples of this [px]


class OpenPose:
    """A model with heatmaps and part affinity fields of the layout COCO or BODY_25.

    Two outputs in any order, heatmaps [1, h, w, 19] and fields [1, h, w, 38] (COCO) or 26 and 52
    (BODY_25), or one with the heatmaps before the fields. The background's heatmap may be
    missing.

    Parameters
    ----------
    path
        The .tflite file.
    threads
        Number of CPU threads.
    size
        Longer side of the input image [px], a multiple of 16, where the file leaves it open.
    load
        Loads the file, see `TfliteModel`.

    Raises
    ------
    ModelError
        The file cannot be used or is no such model.
    """

    min_score = 0.08

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        size: int = 368,
        load: Callable[..., TfliteModel] = TfliteModel,
    ) -> None:
        if size < _SIDES_OF or size % _SIDES_OF:
            raise ValueError(f'size must be a positive multiple of {_SIDES_OF}, got {size}')
        self._model = load(path, threads, _PIXEL_RANGE, input_size=(size, size))
        self._input = FrameInput(self._model, size, _SIDES_OF)
        layout, self._heatmaps_first = _recognised(path, self._model.run_shapes())
        self._decoder = FieldDecoder(layout)
        self.topology = layout.topology

    def estimate_all(self, frame: Frame) -> list[Pose]:
        """Poses of all people in the frame, the surest first."""
        image, to_image = self._input.read(frame)
        outputs = self._model.run(image)
        maps = np.concatenate(outputs if self._heatmaps_first else outputs[::-1], axis=3)[0]
        channels = self._decoder.layout.channels
        people = self._decoder.decode(
            maps[..., :-channels], np.ascontiguousarray(maps[..., -channels:])
        )
        return [
            Pose(
                _in_image(person.keypoints, maps.shape, image.shape, to_image),
                person.scores,
                person.score,
            )
            for person in people
            if person.score >= self.min_score
        ]


def _recognised(path: Path, shapes: list[tuple[int, ...]]) -> tuple[FieldLayout, bool]:
    """Layout of the outputs, and whether heatmaps come before fields."""
    maps = all(len(shape) == 4 and shape[0] == 1 for shape in shapes)
    if maps and len({shape[1:3] for shape in shapes}) == 1:
        channels = [shape[3] for shape in shapes]
        for layout in FIELD_LAYOUTS:
            count, fields = len(layout.topology), layout.channels
            for heatmaps in (count + 1, count):
                if channels in ([heatmaps, fields], [heatmaps + fields]):
                    return layout, True
                if channels == [fields, heatmaps]:
                    return layout, False
    expected = ' or '.join(
        f'[1, h, w, {len(layout.topology) + 1}] and [1, h, w, {layout.channels}]'
        for layout in FIELD_LAYOUTS
    )
    found = ', '.join(str(list(shape)) for shape in shapes)
    raise ModelError(f'{path}: expected the outputs {expected}, found {found}')


def _in_image(
    cells: np.ndarray, maps: tuple[int, ...], image: tuple[int, ...], to_image: np.ndarray
) -> np.ndarray:
    """Points [K, 2] in pixels of the source image; `maps` and `image` are shapes.

    A cell is as wide as its share of the image and counts as its middle.
    """
    size = np.array([image[1], image[0]])
    relative = (cells + 0.5) / (maps[1], maps[0]) - 0.5 / size
    return apply_affine(to_image, relative).astype(np.float32)
