"""The doctor's words on the settings of each middleware."""

import socket

import pytest

from pose_ros.doctor import middleware
from pose_ros.doctor.findings import State
from pose_ros.process_environment import PROFILE_VARIABLES


@pytest.fixture(autouse=True)
def plain_shell(monkeypatch):
    names = ('RMW_IMPLEMENTATION', 'ZENOH_CONFIG_OVERRIDE', 'ZENOH_SESSION_CONFIG_URI')
    for name in (*PROFILE_VARIABLES, *names):
        monkeypatch.delenv(name, raising=False)


def follow(advice, monkeypatch):
    """Export what the advice says."""
    for word in advice.partition('export ')[2].split():
        name, value = word.split('=', 1)
        monkeypatch.setenv(name, value.strip("'"))


def test_a_shell_without_the_profile_is_told_what_to_export(monkeypatch):
    [finding] = middleware.transport()
    assert finding.state is State.HINT
    assert 'fastdds.xml' in finding.advice
    follow(finding.advice, monkeypatch)
    [finding] = middleware.transport()
    assert finding.state is State.GOOD


@pytest.mark.parametrize(('size', 'state'), [('212992', State.HINT), ('8388608', State.GOOD)])
def test_cyclone_needs_a_receive_buffer(monkeypatch, tmp_path, size, state):
    (tmp_path / 'rmem_max').write_text(f'{size}\n')
    monkeypatch.setattr(middleware, '_RECEIVE_BUFFER', tmp_path / 'rmem_max')
    monkeypatch.setenv('RMW_IMPLEMENTATION', 'rmw_cyclonedds_cpp')
    [finding] = middleware.transport()
    assert (finding.state, size in finding.found) == (state, True)


def test_without_a_readable_receive_buffer_cyclone_gets_a_hint(monkeypatch, tmp_path):
    monkeypatch.setattr(middleware, '_RECEIVE_BUFFER', tmp_path / 'nowhere')
    monkeypatch.setenv('RMW_IMPLEMENTATION', 'rmw_cyclonedds_cpp')
    [finding] = middleware.transport()
    assert (finding.state, 'rmem_max' in finding.advice) == (State.HINT, True)


def test_zenoh_needs_its_router_and_shared_memory(monkeypatch):
    monkeypatch.setenv('RMW_IMPLEMENTATION', 'rmw_zenoh_cpp')
    with socket.create_server(('localhost', 0)) as router:
        monkeypatch.setattr(middleware, '_ZENOH_ROUTER', router.getsockname()[:2])
        reached, memory = middleware.transport()
        assert (reached.state, memory.state) == (State.GOOD, State.HINT)
    absent, memory = middleware.transport()
    assert absent.state is State.BAD
    assert 'rmw_zenohd' in absent.advice
    follow(memory.advice, monkeypatch)
    assert [finding.state for finding in middleware.transport()] == [State.BAD, State.GOOD]
    # Whoever names a router of their own is not asked for the usual one.
    monkeypatch.setenv('ZENOH_CONFIG_OVERRIDE', 'connect/endpoints=["tcp/10.0.0.1:7447"]')
    [finding] = middleware.transport()
    assert finding.state is State.HINT
