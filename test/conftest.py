"""What all tests share: the folder of test data and the models that may be missing."""

import os
from pathlib import Path

import pytest

TEST_DATA = Path(os.environ.get('POSE_ROS_TEST_DATA') or '/nonexistent')

if (TEST_DATA / 'models').is_dir():
    given = os.environ.get('POSE_ROS_MODEL_PATH')
    paths = [given, str(TEST_DATA / 'models')] if given else [str(TEST_DATA / 'models')]
    os.environ['POSE_ROS_MODEL_PATH'] = os.pathsep.join(paths)


def pytest_runtest_setup(item):
    """Skip, with the reason, what needs data or models that are not here."""
    for marker in item.iter_markers('test_data'):
        for name in marker.args:
            if not (TEST_DATA / name).exists():
                pytest.skip(f'needs {name} in the folder POSE_ROS_TEST_DATA')
    for marker in item.iter_markers('model'):
        from pose_ros.core.runtime.errors import ModelError  # noqa: PLC0415
        from pose_ros.core.runtime.store import ModelStore  # noqa: PLC0415

        for name in marker.args:
            try:
                ModelStore().locate(name)
            except ModelError as error:
                pytest.skip(str(error))


@pytest.fixture(scope='session')
def test_data():
    """Folder of test data; only for tests marked with what they need of it."""
    return TEST_DATA


_MEASURED = []


@pytest.fixture(scope='session')
def measured():
    """Take lines of figures that are printed at the end of the run."""
    return _MEASURED.append


def pytest_terminal_summary(terminalreporter):
    """Print what the tests measured."""
    if _MEASURED:
        terminalreporter.section('measured')
        for line in _MEASURED:
            terminalreporter.write_line(line)
