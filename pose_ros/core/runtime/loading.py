"""Which runtime runs a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pose_ros.core.runtime.image_model import ModelLoader, PixelRange
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.runtime.manifest import ModelEntry
from pose_ros.core.runtime.openvino import OpenVinoModel


def model_loader(entry: ModelEntry, precision: str = 'f32') -> ModelLoader:
    """Return what loads the files of a model, on its runtime and with its pixel range.

    Parameters
    ----------
    entry
        The model.
    precision
        'f32', or 'auto': OpenVINO may calculate in bfloat16 or float16.
    """

    def load(
        path: Path, threads: int = 1, pixel_range: PixelRange = (0.0, 255.0), **options: Any
    ) -> Any:
        pixel_range = entry.pixel_range or pixel_range
        if entry.runtime == 'openvino':
            return OpenVinoModel(
                path, threads, pixel_range, entry.input, precision=precision, **options
            )
        return TfliteModel(path, threads, pixel_range, **options)

    return load
