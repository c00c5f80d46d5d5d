"""Benchmarks can be started as their pages say."""

from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(
    path.name
    for path in (ROOT / 'benchmarks').glob('*.py')
    if '__main__' in path.read_text() and path.stem not in ('fuzz', 'full_samples')
)
FEW = ('heatmaps.py', 'recorded_motion.py', 'signs.py')


def command_of(script):
    marks = [pytest.mark.ros] if script in FEW else [pytest.mark.ros, pytest.mark.full]
    return pytest.param(script, marks=marks)


@pytest.mark.parametrize('script', [command_of(script) for script in SCRIPTS])
def test_a_benchmark_starts(script):
    command = [sys.executable, 'tools/env.py', 'python', f'benchmarks/{script}', '--help']
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 'usage: ' in done.stdout.lower()
