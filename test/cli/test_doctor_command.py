"""``pose-ros doctor``: the table, the advice that can be copied, the exit code."""

from __future__ import annotations

import pytest


def test_everything_is_in_the_table(pose_ros, monkeypatch):
    monkeypatch.setenv('COLUMNS', '100')
    code, out, _ = pose_ros('doctor', '--wait', '0')
    # A machine may lack a camera, but the model must run: nothing here is beyond repair.
    assert code == 0, out
    for subject in ('processor', 'memory', 'runtime', 'model blazepose_full', 'image transport'):
        assert subject in out


def test_what_does_not_work_gives_exit_code_1_and_a_command(pose_ros, monkeypatch, tmp_path):
    monkeypatch.delenv('POSE_ROS_MODEL_PATH', raising=False)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    code, out, _ = pose_ros('doctor', '--wait', '0', '--model', 'movenet_lightning')
    assert code == 1
    assert 'pose-ros models install movenet_lightning' in out


@pytest.mark.parametrize('missing', ['nonsense'])
def test_an_unknown_model_lists_those_there_are(pose_ros, missing):
    code, out, _ = pose_ros('doctor', '--wait', '0', '--model', missing)
    assert code == 1
    assert 'blazepose_full' in out
