"""The pose-ros command itself: starts fast, works without ROS, same as ``python -m pose_ros``."""

from __future__ import annotations

import os
from pathlib import Path
import re
import subprocess
import sys

import pytest

from pose_ros.version import VERSION


@pytest.mark.parametrize(
    'arguments', [[], ['--help'], ['models', '--help'], ['estimate', '--help']]
)
def test_help_names_what_there_is(pose_ros, arguments):
    code, out, err = pose_ros(*arguments)
    # Without arguments newer click shows the help as an error.
    assert code == 0 or not arguments
    words = {'models': ('list', 'install', 'verify'), 'estimate': ('--model', '--json')}
    for word in words.get(arguments[0] if arguments else '', ('demo', 'estimate', 'models')):
        assert word in out + err


def test_help_imports_neither_opencv_nor_ros():
    """What is slow to import waits until it is needed."""
    code = (
        'import sys\n'
        'from pose_ros.cli.main import main\n'
        'sys.argv = ["pose-ros", "--help"]\n'
        'try:\n'
        '    main()\n'
        'except SystemExit as end:\n'
        '    assert not end.code\n'
        'slow = {"cv2", "numpy", "rclpy", "yaml", "ai_edge_litert"} & set(sys.modules)\n'
        'assert not slow, slow\n'
    )
    result = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert 'estimate' in result.stdout


def test_the_version_is_that_of_the_package_everywhere(pose_ros):
    assert pose_ros('--version')[:2] == (0, f'pose_ros {VERSION}\n')
    sources = Path(__file__).parents[2]
    assert f'<version>{VERSION}</version>' in (sources / 'package.xml').read_text()
    assert f"version='{VERSION}'" in (sources / 'setup.py').read_text()
    assert f'\nversion: {VERSION}\n' in (sources / 'CITATION.cff').read_text()


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        ('pose-ros mod', ['models']),
        ('pose-ros models install blazepose_f', ['blazepose_full']),
        ('pose-ros models verify posenet', ['posenet']),
        ('pose-ros estimate --model blazepose_l', ['blazepose_lite']),
    ],
)
def test_the_shell_completes_commands_and_models(words, expected):
    environment = {
        **os.environ,
        '_POSE_ROS_COMPLETE': 'complete_bash',
        'COMP_WORDS': words,
        'COMP_CWORD': str(len(words.split()) - 1),
    }
    code = 'from pose_ros.cli.main import main; main()'
    result = subprocess.run(
        [sys.executable, '-c', code], env=environment, capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == expected


@pytest.mark.parametrize(
    ('command', 'defaults'),
    [
        ('estimate', ['blazepose_full', 'multi in images, single in videos', 'noise_aware']),
        ('analyse', ['blazepose_full', 'single', 'config/gestures.yaml']),
        ('doctor', ['blazepose_full', '2.5']),
    ],
)
def test_help_shows_the_defaults(pose_ros, command, defaults):
    _, out, _ = pose_ros(command, '--help')
    text = ' '.join(out.replace('│', ' ').split())
    for default in defaults:
        assert re.search(rf'\[default: \(?{re.escape(default)}\)?\]', text), default


def test_python_m_is_the_same_command():
    command = [sys.executable, '-m', 'pose_ros', 'models', 'list']
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert 'blazepose_full' in result.stdout
    assert 'pose-ros' not in result.stderr


def test_the_demo_without_ros_says_that_it_needs_ros(pose_ros, monkeypatch):
    monkeypatch.setitem(sys.modules, 'rclpy', None)
    code, out, err = pose_ros('demo', '--duration', '1')
    assert (code, out) == (2, '')
    [line] = err.splitlines()
    assert 'the demo needs ROS 2' in line
    assert 'make demo' in line


@pytest.mark.ros
def test_the_demo_gets_its_own_options(pose_ros):
    code, out, _ = pose_ros('demo', '--help')
    assert code == 0
    assert '--source' in out
    assert '--duration' in out
    code, _, err = pose_ros('demo', '--nonsense')
    assert code == 2
    assert 'nonsense' in err


def test_an_unknown_command_is_refused_with_the_most_similar_one(pose_ros):
    code, _, err = pose_ros('estimat')
    assert code == 2
    assert "No such command 'estimat'. Did you mean 'estimate'?" in err
