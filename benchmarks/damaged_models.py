"""Run damaged copies of a model: refused, or with usable results, never any other exception.

    tools/env.py python benchmarks/damaged_models.py --count 500

Bits are flipped, parts zeroed or cut off, and the checksums are left out. Each copy is loaded in
a child process, since a damaged file can crash the native runtime: those crashes are counted.
What protects against them is the checksum, which is verified before a file is loaded.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import traceback

import numpy as np
import yaml

from pose_ros.actor import Actor, Scene, frames
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.runtime.errors import ModelError, OutputError
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.types import Frame

MODEL = 'blazepose_full'
SCENE = Scene(duration=0.1, actors=(Actor('wave_left'),))  # three frames
WINDOW = 4096  # near an end, where the tables of a TFLite file are [bytes]


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Content with a few faults."""
    data = np.frombuffer(content, np.uint8).copy()
    kind = rng.choice(['flip', 'flip_window', 'zero', 'noise', 'truncate'])
    if kind == 'truncate':
        return content[: int(rng.integers(0, len(content)))]
    first = int(rng.choice([0, rng.integers(0, len(data)), max(len(data) - WINDOW, 0)]))
    places = rng.integers(first, min(first + WINDOW, len(data)), rng.integers(1, 50))
    if kind == 'flip':
        places = rng.integers(0, len(data), rng.integers(1, 2000))
    if kind == 'zero':
        data[first : first + int(rng.integers(1, WINDOW))] = 0
    elif kind == 'noise':
        data[places] = rng.integers(0, 256, len(places))
    else:
        data[places] ^= np.uint8(1) << rng.integers(0, 8, len(places), dtype=np.uint8)
    return data.tobytes()


def outcome(folder: Path, seed: int) -> str:
    """Load one damaged copy and run it: what happened, in a word or with a traceback."""
    rng = np.random.default_rng(seed)
    shipped = ModelStore()
    entry = shipped.entry(MODEL)
    chosen = rng.choice([file.role for file in entry.files])
    files = []
    for role, path in shipped.locate(MODEL).items():
        content = path.read_bytes()
        name = f'damaged_{role}.tflite'
        (folder / name).write_bytes(damaged(content, rng) if role == chosen else content)
        files.append({'role': role, 'name': name})
    fields = {key: getattr(entry, key) for key in ('family', 'format', 'licence', 'summary')}
    models = {'damaged': {**fields, 'input': list(entry.input), 'files': files}}
    (folder / 'models.yaml').write_text(yaml.safe_dump({'models': models}))
    try:
        estimator = PoseEstimator(EstimatorConfig(model='damaged'), ModelStore(folders=[folder]))
        found = 'no people'
        for frame in frames(SCENE):
            try:
                people = estimator.estimate(Frame(frame.image, frame.stamp))
            except OutputError:
                found = 'unusable output'
                continue
            for person in people:
                assert np.isfinite(person.keypoints).all()
                assert np.isfinite(person.scores).all()
                found = 'people'
        return found
    except ModelError:
        return 'refused'
    except Exception:
        return traceback.format_exc()


def run(first: int, count: int) -> tuple[Counter[str], list[str]]:
    """Run damaged copies in child processes: how often what happened, and the faults."""
    counts: Counter[str] = Counter()
    faults = []
    seed, end = first, first + count
    while seed < end:
        numbers = ['--first', str(seed), '--count', str(end - seed)]
        child = subprocess.run(
            [sys.executable, __file__, '--child', *numbers],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        for line in child.stdout.splitlines():
            result = line.partition(' ')[2].encode().decode('unicode_escape')
            counts[result if result.count('\n') == 0 else 'fault'] += 1
            if '\n' in result:
                faults.append(f'seed {seed}: {result}')
            seed += 1
        if seed < end and child.returncode < 0:
            counts[f'native {signal.Signals(-child.returncode).name}'] += 1
            seed += 1
        elif child.returncode > 0:
            faults.append(f'seed {seed}: the child ended with exit code {child.returncode}')
            break
    return counts, faults


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f'{line}\n')
    sys.stdout.flush()


def main() -> int:
    """Print the counts; exit code 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--first', type=int, default=0, help='first seed')
    parser.add_argument('--count', type=int, default=500, help='number of damaged copies')
    parser.add_argument('--child', action='store_true', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        for seed in range(options.first, options.first + options.count):
            with tempfile.TemporaryDirectory() as folder:
                result = outcome(Path(folder), seed)
            say(f'{seed} {result.encode("unicode_escape").decode()}')
        return 0
    counts, faults = run(options.first, options.count)
    for name, number in sorted(counts.items()):
        say(f'{number:6} {name}')
    for fault in faults:
        say(fault)
    return bool(faults)


if __name__ == '__main__':
    sys.exit(main())
