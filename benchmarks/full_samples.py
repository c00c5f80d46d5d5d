"""Run the statistical tests on all their samples; the suite runs them on a few.

    tools/env.py python benchmarks/full_samples.py
    tools/env.py python benchmarks/full_samples.py test/core/test_estimator.py

What the tests measure is printed at the end.
"""

from __future__ import annotations

from pathlib import Path
import re
import sys

import pytest

TESTS = Path(__file__).resolve().parent.parent / 'test'


def main() -> None:
    """Run the files with such tests, all or those given."""
    files = sys.argv[1:] or [
        str(path)
        for path in sorted(TESTS.rglob('test_*.py'))
        if re.search(r'\bsample_count\b|\bmark\.full\b', path.read_text())
    ]
    sys.exit(pytest.main(['-v', '--full', '--timeout=0', *files]))


if __name__ == '__main__':
    main()
