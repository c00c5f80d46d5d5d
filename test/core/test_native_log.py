"""What native libraries write to the standard error while a model is loaded."""

import os
import subprocess
import sys

import pytest

from pose_ros.core.runtime.native_log import without_info_lines

LOAD = """
import os, sys
from pose_ros.core.runtime.litert import load_interpreter
from pose_ros.core.runtime.store import ModelStore
load_interpreter(ModelStore().locate('blazepose_full')['landmarks'], 1)
os.write(2, b'loaded\\n')
"""


def test_info_lines_are_dropped_and_others_stay_in_order(capfd):
    with without_info_lines():
        os.write(2, b'INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nWARNING: old\n')
        os.write(2, b'ERROR: node 7 failed\nunfinished')
    os.write(2, b' line\n')
    assert capfd.readouterr().err == 'WARNING: old\nERROR: node 7 failed\nunfinished line\n'


def test_lines_stay_when_loading_fails(capfd):
    @without_info_lines()
    def load():
        os.write(2, b'ERROR: no flatbuffer\n')
        raise ValueError('damaged')

    with pytest.raises(ValueError, match='damaged'):
        load()
    os.write(2, b'INFO: later\n')
    assert capfd.readouterr().err == 'ERROR: no flatbuffer\nINFO: later\n'


def test_a_model_is_loaded_without_a_word():
    result = subprocess.run(
        [sys.executable, '-c', LOAD], capture_output=True, text=True, check=True
    )
    assert result.stderr == 'loaded\n'
