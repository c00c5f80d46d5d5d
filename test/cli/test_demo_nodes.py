import fcntl
import json
import os
import signal
import sys

import pytest
import yaml

from pose_ros.bringup.process import Process
from pose_ros.cli.demo_nodes import (
    SHARED_MEMORY,
    DemoError,
    NodeProcess,
    find_executable,
    node_environment,
    own_domain,
    remove_shared_memory,
    shared_memory_of,
    stop,
)


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start stand-ins for nodes: node, which fails if told so, and stubborn."""
    folder = tmp_path / 'lib' / 'pose_ros'
    folder.mkdir(parents=True)
    script = folder / 'node'
    script.write_text(f"""#!{sys.executable}
import json, mmap, os, signal, sys
print(json.dumps([sys.argv[1:], os.environ.get('ADDED')]), flush=True)
if sys.argv[0].endswith('stubborn'):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
if 'fail' in sys.argv:
    sys.exit('cannot go on')
if sys.argv[1].startswith('/dev/shm'):
    file = open(sys.argv[1], 'r+b')
    memory = mmap.mmap(file.fileno(), 0)
print('ready', flush=True)
signal.pause()
""")
    script.chmod(0o755)
    (folder / 'stubborn').symlink_to(script)
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    nodes = []

    def start(executable, *arguments, **fields):
        process = Process('pose_ros', executable, arguments=arguments, **fields)
        nodes.append(NodeProcess(process, {**os.environ, 'ADDED': 'yes'}, tmp_path))
        return nodes[-1]

    yield start
    stop(nodes, patience=0)


def wait_ready(node):
    """Wait for the stand-in's last line."""
    while 'ready' not in node.last_lines():
        assert node.exit_code is None


def test_domains_differ_and_are_given_back(monkeypatch):
    monkeypatch.delenv('ROS_DOMAIN_ID', raising=False)
    with own_domain() as first, own_domain() as second:
        assert first != second
        assert {first, second} <= set(range(1, 102))


def test_domain_of_the_user_is_taken_once(monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', '200')
    for _ in range(2):
        with own_domain() as domain:
            assert domain == 200
            with pytest.raises(DemoError, match='ROS_DOMAIN_ID=200 is in use'):
                own_domain().__enter__()


@pytest.mark.parametrize('domain', ['kitchen', '-1', '233', '\uff11', '1.5'])
def test_a_domain_that_does_not_exist_is_refused(monkeypatch, domain):
    monkeypatch.setenv('ROS_DOMAIN_ID', domain)
    with pytest.raises(DemoError, match=f"must be a number, 0 to 232, got '{domain}'"):
        own_domain().__enter__()


def test_an_empty_domain_is_none(monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', '')
    with own_domain() as domain:
        assert domain in range(1, 102)


def test_nodes_stay_on_this_machine_unless_the_user_says_so(monkeypatch):
    for name in ('ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_LOCALHOST_ONLY', 'ROS_DISTRO'):
        monkeypatch.delenv(name, raising=False)
    environment = node_environment(7)
    assert environment['ROS_DOMAIN_ID'] == '7'
    assert environment['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert 'ROS_LOCALHOST_ONLY' not in environment
    monkeypatch.setenv('ROS_DISTRO', 'humble')
    assert node_environment(7)['ROS_LOCALHOST_ONLY'] == '1'
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'SUBNET')
    assert 'ROS_LOCALHOST_ONLY' not in node_environment(7)
    assert 'ROS_AUTOMATIC_DISCOVERY_RANGE' not in node_environment(7)


def test_images_pass_through_large_shared_memory(monkeypatch):
    monkeypatch.delenv('FASTRTPS_DEFAULT_PROFILES_FILE', raising=False)
    monkeypatch.delenv('FASTDDS_DEFAULT_PROFILES_FILE', raising=False)
    assert node_environment(1)['FASTRTPS_DEFAULT_PROFILES_FILE'].endswith('fastdds.xml')


def test_missing_executable_is_named_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    with pytest.raises(DemoError, match=f'pose_node is not installed in {tmp_path}.*make demo'):
        find_executable('pose_node')


def test_parameters_keep_their_types(start, tmp_path):
    parameters = {'device': '0', 'loop': False, 'fps': 30.0, 'path': 'a "b"/ü.mp4'}
    node = start(
        'node', name='eye', files=('a.yaml',), parameters={'/eye': parameters},
        remappings={'image': '/left/image'},
    )  # fmt: skip
    wait_ready(node)
    arguments, added = json.loads(node.last_lines()[0])
    assert added == 'yes'
    written = tmp_path / 'node.yaml'
    assert arguments == [
        '--ros-args', '--params-file', 'a.yaml', '--params-file', str(written),
        '-r', '__node:=eye', '-r', '__ns:=/', '-r', 'image:=/left/image',
    ]  # fmt: skip
    assert yaml.safe_load(written.read_text()) == {'/eye': {'ros__parameters': parameters}}


def test_node_that_ends_by_itself_leaves_its_code_and_words(start):
    node = start('node', 'fail')
    assert node.process.wait(60) == 1
    assert node.exit_code == 1
    assert node.last_lines(1) == ['cannot go on']


def test_stop_asks_first_and_kills_who_does_not_listen(start):
    polite, stubborn = start('node'), start('stubborn')
    wait_ready(polite)
    wait_ready(stubborn)
    stop([polite], patience=60)
    stop([stubborn], patience=0.5)
    assert polite.exit_code in (1, 130, -signal.SIGINT)
    assert stubborn.exit_code == -signal.SIGKILL
    stop([polite, stubborn])


def test_abandoned_shared_memory_is_removed_and_that_in_use_is_not(tmp_path):
    used, killed, left = 'fastrtps_0123456789abcdef', 'fastrtps_1', 'fastdds_2'
    for name in (used, killed, left):
        (tmp_path / name).touch()
        (tmp_path / f'sem.{name}_mutex').touch()
    # The last peer of the third has removed the lock.
    (tmp_path / f'{used}_el').touch()
    (tmp_path / f'{killed}_el').touch()
    lock = os.open(tmp_path / f'{used}_el', os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_SH)
    remove_shared_memory({used, killed, left}, tmp_path)
    expected = {used, f'sem.{used}_mutex', f'{used}_el'}
    assert {path.name for path in tmp_path.iterdir()} == expected
    os.close(lock)
    remove_shared_memory({used}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_shared_memory_of_a_node_is_found(start):
    name = f'fastrtps_{os.urandom(8).hex()}'
    path = SHARED_MEMORY / name
    path.write_bytes(bytes(4096))
    try:
        node = start('node', str(path))
        wait_ready(node)
        assert shared_memory_of(node.process.pid) == {name}
    finally:
        path.unlink()
