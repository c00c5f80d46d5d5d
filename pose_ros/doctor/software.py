"""The software: Python, the runtime, the model, and whether it finds a person."""

from __future__ import annotations

from collections.abc import Iterator
import importlib
from importlib.metadata import PackageNotFoundError, version
import importlib.util
from pathlib import Path
import platform
import time

from pose_ros.doctor.findings import Finding, State

FRAMES = 12  # of the trial; the first ones find the person and warm up
SLOW = 100.0  # [ms] a frame: fewer than ten people are found a second


def libraries() -> Iterator[Finding]:
    """Python and what every node needs."""
    found = [platform.python_version()]
    for name in ('numpy', 'cv2', 'scipy', 'yaml'):
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            yield _numpy_mismatch(name, error) or Finding(
                'library',
                State.BAD,
                f'{name}: {error}',
                'rosdep install --from-paths src --ignore-src -y; or pip install .',
            )
        else:
            found.append(f'{name} {module.__version__}')
    try:
        found.append(f'av {importlib.import_module("av").__version__}')
    except ImportError as error:
        advice = 'OpenCV reads and writes videos, less exactly: pip install av'
        yield Finding('library', State.HINT, f'av: {error}', advice)
    yield Finding('Python', State.GOOD, ', '.join(found))


def _numpy_mismatch(name: str, error: ImportError) -> Finding | None:
    """Finding if a module was built for NumPy 1 and NumPy 2 is installed; else None."""
    import numpy  # noqa: PLC0415

    # What NumPy 2 says when the C API of NumPy 1 is asked for.
    if int(numpy.__version__.partition('.')[0]) < 2 or 'multiarray failed' not in str(error):
        return None
    spec = importlib.util.find_spec(name)
    place = spec.origin if spec is not None else 'unknown place'
    return Finding(
        name,
        State.BAD,
        f'{place} was built for NumPy 1, but NumPy {numpy.__version__} is found first, in '
        f'{Path(numpy.__file__).parent}',
        "in a virtual environment: pip install 'numpy<2'; otherwise remove what pip installed "
        'over the system: pip uninstall numpy (Ubuntu 24.04: with --break-system-packages); '
        'see docs/robot.md',
    )


def runtime() -> Iterator[Finding]:
    """Which of the two TFLite runtimes is there."""
    newer, older = _version('ai-edge-litert'), _version('tflite-runtime')
    if newer:
        yield Finding('runtime', State.GOOD, f'ai-edge-litert {newer}')
    elif older:
        advice = 'several times as slow: pip install ai-edge-litert'
        yield Finding('runtime', State.HINT, f'tflite-runtime {older}', advice)
    else:
        yield Finding('runtime', State.BAD, 'none', 'pip install ai-edge-litert')


def model(name: str = '') -> Iterator[Finding]:
    """A model's files, and what it makes of a drawn person; '' is the default model."""
    from pose_ros.core.runtime.errors import ModelError  # noqa: PLC0415
    from pose_ros.core.runtime.store import ModelStore, remedy  # noqa: PLC0415

    store = ModelStore()
    name = name or store.default
    subject = f'model {name}'
    checks = store.verify(name)
    for check in checks:
        if check.state == 'missing':
            yield Finding(subject, State.BAD, 'not installed', remedy(check.file, name))
        elif check.state == 'wrong':
            advice = f'{check.fault}: delete the file, then pose-ros models install {name}'
            yield Finding(subject, State.BAD, f'{check.path} is damaged', advice)
    if any(check.state in ('missing', 'wrong') for check in checks):
        return
    try:
        seen, milliseconds = _trial(name)
    except (ModelError, ValueError) as error:
        yield Finding(subject, State.BAD, str(error), 'see the error')
        return
    found = f'{milliseconds:.1f} ms a frame on the CPU, a drawn person seen in {seen} of {FRAMES}'
    if seen < FRAMES // 2:
        advice = 'it should be seen in nearly all: pose-ros models verify; else please report it'
        yield Finding(subject, State.BAD, found, advice)
    elif milliseconds > SLOW:
        advice = 'take a faster one, such as movenet_lightning'
        yield Finding(subject, State.HINT, found, advice)
    else:
        yield Finding(subject, State.GOOD, found)


def _trial(name: str) -> tuple[int, float]:
    """Frames of a drawn person in which a model finds him, and its median time [ms]."""
    from pose_ros.actor import Actor, Scene, frames  # noqa: PLC0415
    from pose_ros.core.configuration import EstimatorConfig  # noqa: PLC0415
    from pose_ros.core.estimator import PoseEstimator  # noqa: PLC0415
    from pose_ros.core.types import Frame  # noqa: PLC0415

    estimator = PoseEstimator(EstimatorConfig(model=name, device='cpu'))
    scene = Scene(duration=FRAMES / 30, actors=(Actor(),))
    seen, times = 0, []
    for frame in frames(scene):
        start = time.perf_counter()
        people = estimator.estimate(Frame(frame.image, frame.stamp))
        times.append(time.perf_counter() - start)
        seen += bool(people)
    return seen, 1e3 * sorted(times)[len(times) // 2]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ''
