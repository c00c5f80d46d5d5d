"""Run the property tests of untrusted input for long, with new examples each time.

    tools/env.py python benchmarks/fuzz.py
    tools/env.py python benchmarks/fuzz.py test/ros/test_image_border.py

Each test draws 20,000 examples instead of 100; a failure is printed in its smallest form.
"""

from __future__ import annotations

from pathlib import Path
import sys

import pytest

TESTS = Path(__file__).resolve().parent.parent / 'test'


def main() -> None:
    """Run the tests that use hypothesis, all or those given."""
    files = sys.argv[1:] or [
        str(path) for path in sorted(TESTS.rglob('test_*.py')) if 'hypothesis' in path.read_text()
    ]
    options = ['-v', '--hypothesis-profile=fuzz', '--hypothesis-show-statistics', '--timeout=0']
    sys.exit(pytest.main([*options, *files]))


if __name__ == '__main__':
    main()
