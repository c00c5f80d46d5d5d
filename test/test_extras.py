"""Libraries that only some commands need."""

import ast
from pathlib import Path

import pytest

from pose_ros.extras import EXTRAS, MissingLibraryError, library


def test_a_missing_library_says_what_to_install():
    with pytest.raises(MissingLibraryError, match=r"nosuchlibrary.*pip install '\.\[plot\]'"):
        library('nosuchlibrary', 'plot')


def test_a_library_that_is_there_is_imported():
    assert library('json').dumps([1]) == '[1]'


def test_extras_are_those_of_the_package():
    setup = ast.parse((Path(__file__).parents[1] / 'setup.py').read_text())
    extras = next(k.value for k in ast.walk(setup) if getattr(k, 'arg', '') == 'extras_require')
    assert {k: tuple(v) for k, v in ast.literal_eval(extras).items()} == EXTRAS
