"""Requirements: every package that is installed is locked, with its hashes."""

from __future__ import annotations

import importlib
from pathlib import Path
import re
import sys

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = sorted((ROOT / 'requirements').glob('*.txt'))
LOCKS = sorted((ROOT / 'requirements' / 'locked').glob('*.txt'))


@pytest.fixture
def tool(monkeypatch):
    """Function that imports a script of tools/."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    yield importlib.import_module
    for name in ('env', 'lock'):
        sys.modules.pop(name, None)


@pytest.fixture
def env(tool):
    return tool('env')


@pytest.fixture
def lock(tool):
    return tool('lock')


@pytest.mark.parametrize('path', LOCKS, ids=lambda path: path.name)
def test_every_package_of_a_lock_has_its_hashes_and_names_no_host(path):
    text = path.read_text()
    entries = re.split(r'^(?=[A-Za-z])', text, flags=re.MULTILINE)[1:]
    assert len(entries) > 20
    for entry in entries:
        first, *hashes = entry.rstrip().split(' \\\n')
        assert re.fullmatch(r'[\w.-]+==[\w.!+]+( ; .+)?', first), first
        assert hashes, first
        for line in hashes:
            assert re.fullmatch(r' {4}--hash=sha256:[0-9a-f]{64}', line), first
    assert '://' not in text


def test_each_file_of_requirements_belongs_to_a_lock(lock):
    assert {path.stem for path in REQUIREMENTS} == {
        name for one in lock.LOCKS for name in one.requirements
    }
    assert {path.name for path in LOCKS} == {one.path.name for one in lock.LOCKS}


def test_every_pin_is_in_its_lock(env, lock):
    for one in lock.LOCKS:
        locked = env.locked_packages(one.path)
        for line in one.wanted():
            name, _, version = line.partition('==')
            found = locked.get(env.normalised(name), set())
            assert version in found if version else found, (one.name, line)


def test_locks_of_one_environment_agree(env, lock):
    for one in lock.LOCKS:
        if one.beside:
            locked = env.locked_packages(one.path)
            for name, versions in env.locked_packages(lock.LOCKED / f'{one.beside}.txt').items():
                assert locked.get(name, versions) == versions, name


def test_with_a_sourced_ros_numpy_stays_below_2_where_ubuntu_has_1(lock):
    text = (lock.LOCKED / 'sourced.txt').read_text()
    assert re.search(r"^numpy==1\.26\.\d+ ; python_full_version < '3\.13'", text, re.MULTILINE)
    assert re.search(r'^empy==3\.', text, re.MULTILINE)


def test_a_changed_pin_says_what_to_run(env, tmp_path, monkeypatch):
    monkeypatch.setattr(env, 'ROOT', tmp_path)
    monkeypatch.setattr(env, 'SOURCED_ROS', None)
    path = tmp_path / 'requirements' / 'locked' / 'development.txt'
    path.parent.mkdir(parents=True)
    path.write_text(
        'numpy==2.4.6 \\\n    --hash=sha256:00\npyyaml==6.0.3 \\\n    --hash=sha256:00\n'
    )
    pins = tmp_path / 'requirements' / 'runtime.txt'
    pins.write_text('# What is needed.\nnumpy==2.4.6\nPyYAML==6.0.3\n')
    env.check_lock(path, ['runtime'])
    pins.write_text('numpy==2.5.0\n')
    with pytest.raises(env.SetupError, match=r'runtime\.txt has numpy==2\.5\.0, .*tools/lock\.py'):
        env.check_lock(path, ['runtime'])


@pytest.fixture
def commands(env, tmp_path, monkeypatch):
    """Commands of the set-up, which are not run."""
    found = []
    monkeypatch.setattr(env, 'VENV', tmp_path)
    monkeypatch.setattr(env, 'uv_environment', dict)
    monkeypatch.setattr(
        env, 'step', lambda title, command, **_: found.append(list(map(str, command)))
    )
    return found


@pytest.mark.parametrize('path', LOCKS, ids=lambda path: path.name)
def test_hashes_are_checked_and_only_named_packages_are_built(env, commands, path):
    env.install(path)
    (command,) = commands
    assert '--require-hashes' in command
    assert command[command.index('--only-binary') + 1] == ':all:'
    assert command[command.index('--no-binary') + 1] == env.SDISTS
    assert '--no-build-isolation' in command
    assert command[-1] == str(path)


@pytest.mark.parametrize('name', ['development', 'sourced'])
def test_hashes_of_what_installs_and_builds_are_checked(env, commands, name):
    env.install_builders(env.LOCKED / f'{name}.txt')
    (command,) = commands
    assert '--require-hashes' in command
    assert command[command.index('--only-binary') + 1] == ':all:'
    text = Path(command[-1]).read_text()
    assert re.findall(r'^(\w+)==', text, re.MULTILINE) == ['setuptools', 'uv']
    assert text.count('--hash=sha256:') > 4


def test_uv_uses_the_index_of_pip(env, monkeypatch):
    monkeypatch.setattr(env, 'VENV', Path(sys.prefix))
    monkeypatch.delenv('UV_DEFAULT_INDEX', raising=False)
    monkeypatch.setenv('PIP_INDEX_URL', 'https://mirror.example/simple')
    assert env.uv_environment()['UV_DEFAULT_INDEX'] == 'https://mirror.example/simple'
