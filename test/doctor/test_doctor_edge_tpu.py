"""What the doctor says of Edge TPUs; a stand-in for their library."""

from __future__ import annotations

import pytest

from pose_ros.core.runtime import edgetpu
from pose_ros.doctor import edge_tpu as examination
from pose_ros.doctor.findings import State


@pytest.fixture(autouse=True)
def tiny_model(monkeypatch):
    monkeypatch.setattr(examination, 'MODEL', 'tiny')


def test_none_is_needed_by_most(edge_tpu):
    [finding] = examination.edge_tpu()
    assert finding.state is State.HINT
    assert 'none plugged in' in finding.found


def test_a_model_really_runs_on_it(edge_tpu):
    edge_tpu.plug_in()
    device, run = examination.edge_tpu()
    assert (device.state, run.state) == (State.GOOD, State.GOOD)
    assert device.found.startswith('usb')
    assert 'tiny runs in' in run.found


def test_without_permission_the_rule_is_told(edge_tpu, monkeypatch):
    edge_tpu.plug_in()
    monkeypatch.setattr(edgetpu.os, 'access', lambda *_: False)
    [finding] = examination.edge_tpu()
    assert finding.state is State.BAD
    assert 'udev' in finding.advice


def test_without_library_it_is_told_what_to_install(edge_tpu, monkeypatch, tmp_path):
    edge_tpu.plug_in()
    monkeypatch.setenv(edgetpu.LIBRARY_VARIABLE, str(tmp_path / 'libedgetpu.so.1'))
    device, library = examination.edge_tpu()
    assert device.state is State.GOOD
    assert library.state is State.BAD
    assert 'libedgetpu1-std' in library.advice
