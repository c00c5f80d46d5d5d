"""Time of the same model files on LiteRT and on OpenVINO, and of the models of OpenVINO alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
import time

import numpy as np

from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.image_model import ImageModel
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.runtime.openvino import OpenVinoModel
from pose_ros.core.runtime.store import ModelStore

RUNS = 100
# (model, role of the file)
CASES = (
    ('blazepose_full', 'landmarks'),
    ('blazepose_full', 'detector'),
    ('movenet_lightning', 'model'),
    ('yolox_nano', 'model'),
    ('picodet_192', 'model'),
    ('picodet_320', 'model'),
    ('picodet_416', 'model'),
    ('tinypose_128', 'model'),
    ('tinypose_256', 'model'),
)


def measure() -> Iterator[dict]:
    """One row a model; the runtimes take turns run by run, one thread and f32 each."""
    store = ModelStore()
    for name, role in CASES:
        try:
            path = store.locate(name)[role]
            size = store.entry(name).input if role == 'model' else None
            openvino = OpenVinoModel(path, input_size=size)
        except ModelError:
            continue  # not installed
        models: dict[str, ImageModel] = {'openvino_ms': openvino}
        if path.suffix == '.tflite':
            models['litert_ms'] = TfliteModel(path)
        width, height = openvino.input_size
        image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        times = median_times({key: partial(model.run, image) for key, model in models.items()})
        row: dict = {'what': 'LiteRT and OpenVINO', 'model': f'{name}, {role}'}
        row['litert_ms'] = times.get('litert_ms', '-')
        row['openvino_ms'] = times['openvino_ms']
        row['ratio'] = times['openvino_ms'] / times['litert_ms'] if len(times) > 1 else '-'
        yield row


def median_times(actions: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median time [ms] of each action; all take turns."""
    times: dict[str, list[float]] = {key: [] for key in actions}
    for _ in range(RUNS):
        for key, action in actions.items():
            started = time.perf_counter()
            action()
            times[key].append(time.perf_counter() - started)
    return {key: 1e3 * float(np.median(of)) for key, of in times.items()}
