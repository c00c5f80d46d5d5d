"""What the doctor finds of the libraries."""

import importlib
import sys

import numpy as np
import pytest

from pose_ros.doctor.findings import State
from pose_ros.doctor.software import libraries


@pytest.fixture
def import_fails(monkeypatch):
    """Function that lets the import of a module fail with a text."""
    real = importlib.import_module

    def fail(name, text):
        def import_module(wanted, package=None):
            if wanted == name:
                raise ImportError(text)
            return real(wanted, package)

        monkeypatch.setattr(importlib, 'import_module', import_module)

    return fail


def test_an_opencv_built_for_numpy_1_under_numpy_2_is_recognised(import_fails, monkeypatch):
    # As opencv-python-headless 4.6.0 fails under NumPy 2.4.
    import_fails('cv2', 'numpy.core.multiarray failed to import')
    monkeypatch.setattr(np, '__version__', '2.4.6')
    fault, others = libraries()
    assert (fault.subject, fault.state) == ('cv2', State.BAD)
    assert 'was built for NumPy 1, but NumPy 2.4.6 is found first, in' in fault.found
    assert 'cv2' in fault.found.split()[0]
    assert "pip install 'numpy<2'" in fault.advice
    assert others.state is State.GOOD


def test_another_fault_of_opencv_is_told_as_it_is(import_fails, monkeypatch):
    for version, text in (('2.4.6', 'libGL.so.1: cannot open shared object file'),
                          ('1.26.4', 'numpy.core.multiarray failed to import')):  # fmt: skip
        import_fails('cv2', text)
        monkeypatch.setattr(np, '__version__', version)
        fault, _ = libraries()
        assert (fault.subject, fault.found) == ('library', f'cv2: {text}')


def test_libraries_that_are_there_are_listed_with_their_versions():
    (found,) = libraries()
    assert found.state is State.GOOD
    assert f'numpy {np.__version__}' in found.found
    assert 'cv2' in sys.modules
