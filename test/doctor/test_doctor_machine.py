"""What the doctor says of a machine, on files that describe other ones."""

from __future__ import annotations

import platform
from types import SimpleNamespace

import pytest

from pose_ros.doctor import machine, software
from pose_ros.doctor.findings import Finding, State, examine


def test_a_fault_without_advice_is_refused():
    with pytest.raises(ValueError, match='needs an advice'):
        Finding('camera', State.BAD, 'none')


def test_an_examination_that_fails_is_a_finding_and_the_others_go_on():
    def broken():
        raise OSError('no such file')

    def well():
        yield Finding('memory', State.GOOD, 'much')

    first, second = examine([('clock', broken), ('memory', well)])
    assert (first.subject, first.state) == ('clock', State.BAD)
    assert 'no such file' in first.found
    assert second.state is State.GOOD


@pytest.mark.parametrize(
    ('kind', 'features', 'state'),
    [
        ('x86_64', 'flags : sse2 avx2 fma', State.GOOD),
        ('x86_64', 'flags : sse2', State.HINT),
        ('aarch64', 'Features : fp asimd asimddp', State.GOOD),  # Raspberry Pi 5, Jetson Orin
        ('aarch64', 'Features : fp asimd', State.HINT),  # Raspberry Pi 4
        ('riscv64', '', State.HINT),
    ],
)
def test_the_processor_by_its_features(tmp_path, monkeypatch, kind, features, state):
    monkeypatch.setattr(platform, 'machine', lambda: kind)
    information = tmp_path / 'cpuinfo'
    information.write_text(features)
    [finding] = machine.processor(information)
    assert finding.state is state
    assert kind in finding.found


def test_a_clock_that_saves_power_is_told(tmp_path):
    assert list(machine.governor(tmp_path)) == []
    for core, governor in enumerate(('performance', 'powersave')):
        folder = tmp_path / f'cpu{core}' / 'cpufreq'
        folder.mkdir(parents=True)
        (folder / 'scaling_governor').write_text(governor + '\n')
        [finding] = machine.governor(tmp_path)
        assert finding.state is (State.HINT if core else State.GOOD)


@pytest.mark.parametrize(('kilobytes', 'state'), [(8_000_000, State.GOOD), (200_000, State.BAD)])
def test_memory_that_is_available_counts(tmp_path, kilobytes, state):
    information = tmp_path / 'meminfo'
    information.write_text(f'MemFree: 100 kB\nMemAvailable: {kilobytes} kB\n')
    [finding] = machine.memory(information)
    assert finding.state is state
    assert f'{kilobytes // 1024} MB' in finding.found


@pytest.mark.parametrize(('free', 'state'), [(64, State.BAD), (512, State.GOOD)])
def test_the_shared_memory_of_a_container_is_too_small(tmp_path, monkeypatch, free, state):
    usage = SimpleNamespace(free=free * 1024**2)
    monkeypatch.setattr(machine.shutil, 'disk_usage', lambda _: usage)
    [finding] = machine.shared_memory(tmp_path)
    assert finding.state is state
    assert ('--shm-size' in finding.advice) == (state is State.BAD)


def test_the_default_model_finds_a_drawn_person():
    [finding] = software.model()
    assert finding.subject == 'model blazepose_full'
    assert finding.state is not State.BAD
    assert f'of {software.FRAMES}' in finding.found


def test_a_model_that_is_missing_is_told_with_the_command_that_brings_it(tmp_path, monkeypatch):
    monkeypatch.delenv('POSE_ROS_MODEL_PATH', raising=False)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    [finding] = software.model('movenet_lightning')
    assert finding.state is State.BAD
    assert 'pose-ros models install movenet_lightning' in finding.advice


def test_a_damaged_model_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv('POSE_ROS_MODEL_PATH', str(tmp_path))
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    name = 'movenet_single_pose_lightning_ptq.tflite'
    (tmp_path / name).write_bytes(b'half a download')
    [finding] = software.model('movenet_lightning')
    assert finding.state is State.BAD
    assert name in finding.found
