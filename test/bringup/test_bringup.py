"""What the launch files start, as data: environment, restarts, one process for all."""

import subprocess
import sys

import pytest

from pose_ros.bringup.arguments import POSE
from pose_ros.bringup.back_off import failed, pause_before_restart
from pose_ros.bringup.environment import GLIBC_THRESHOLD, environment
from pose_ros.bringup.fatal_line import FatalLine
from pose_ros.bringup.interrupts import interrupt_blocker
from pose_ros.bringup.packages import require
from pose_ros.bringup.pipeline import full_pipeline
from pose_ros.bringup.process import Process, in_one_process
from pose_ros.bringup.webcam import ARGUMENTS, webcam_pipeline
from pose_ros.process_environment import MALLOC_VARIABLES, PROFILE_VARIABLES

USUAL = {'dds_profile': 'auto', 'keep_memory': 'true'}


def test_the_environment_of_the_nodes(tmp_path):
    profile = tmp_path / 'mine.xml'
    profile.write_text('<dds/>')
    users = {PROFILE_VARIABLES[0]: '/users.xml'}
    assert set(environment(USUAL, {})) == {*MALLOC_VARIABLES, *PROFILE_VARIABLES}
    assert set(environment(USUAL, users)) == set(MALLOC_VARIABLES)
    assert set(environment({**USUAL, 'dds_profile': 'none'}, {})) == set(MALLOC_VARIABLES)
    # What is given goes even before the user's environment.
    given = environment({**USUAL, 'dds_profile': str(profile)}, users)
    assert {given[name] for name in PROFILE_VARIABLES} == {str(profile)}
    with pytest.raises(ValueError, match='dds_profile must be auto, none or a file'):
        environment({**USUAL, 'dds_profile': '/none.xml'}, {})


def test_memory_that_is_not_kept():
    added = environment({**USUAL, 'keep_memory': 'false'}, {})
    assert {added[name] for name in MALLOC_VARIABLES} == {GLIBC_THRESHOLD}
    first = next(iter(MALLOC_VARIABLES))
    assert first not in environment({**USUAL, 'keep_memory': 'false'}, {first: '1'})


def test_pauses_grow_while_a_node_keeps_dying():
    pauses = [pause_before_restart(-9, 0.0, lived=0.1)]
    while len(pauses) < 7:
        pauses.append(pause_before_restart(1, pauses[-1], lived=3.0))
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert pause_before_restart(1, 30.0, lived=100.0) == 1.0


@pytest.mark.parametrize('code', [0, 2, -2, -15])
def test_who_was_told_to_end_or_was_refused_its_parameters_is_not_started_again(code):
    assert pause_before_restart(code, 0.0, lived=1.0) is None


def test_what_ended_as_it_was_told_to_has_not_failed():
    assert [code for code in (0, -2, -15, 1, 2, -9, -11) if failed(code)] == [1, 2, -9, -11]


def test_the_fatal_line_of_a_node():
    reason = FatalLine()
    assert not str(reason)
    # In pieces, as they come out of a pipe, and in colours.
    for piece in (
        b'[INFO] [1.5] [source_node]: hello\n\x1b[31m[FA',
        b'TAL] [1.25] [SourceNode]: video x.mp4: [mpeg4] there is no such file\x1b[0m\r\n',
        b'a line after it\n',
    ):
        reason.add(piece)
    assert str(reason) == 'video x.mp4: [mpeg4] there is no such file'


def test_a_process_starts_with_the_interrupt_blocked_where_env_can_do_it(monkeypatch, tmp_path):
    interrupt_blocker.cache_clear()
    blocker = interrupt_blocker().split()
    assert blocker in ([], ['env', '--block-signal=INT'])
    code = 'import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))'
    command = [*blocker, sys.executable, '-c', code]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout == f'{bool(blocker)}\n'
    # An env that lacks the option, as that of busybox.
    (tmp_path / 'env').write_text('#!/bin/sh\nexit 125\n')
    (tmp_path / 'env').chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    interrupt_blocker.cache_clear()
    assert interrupt_blocker() == ''
    interrupt_blocker.cache_clear()


def test_one_process_for_nodes_of_two_namespaces():
    nodes = [
        Process(
            'pose_ros',
            'gesture_node',
            'gesture_node',
            f'/{camera}',
            files=('gesture.yaml', f'{camera}.yaml'),
            parameters={f'/{camera}/gesture_node': {'gestures': 'wave'}},
            remappings={'image': image, 'skeletons': 'people'},
            respawn=True,
        )
        for camera, image in (('front', '/camera/image'), ('back', 'image'))
    ]
    both = in_one_process(nodes)
    assert both.arguments == ('/front/gesture_node', '/back/gesture_node')
    assert both.files == ('gesture.yaml', 'front.yaml', 'back.yaml')
    assert both.parameters['/back/gesture_node'] == {'gestures': 'wave'}
    assert both.remappings == {
        '/front/image': '/camera/image',
        '/front/skeletons': '/front/people',
        '/back/image': '/back/image',
        '/back/skeletons': '/back/people',
    }
    assert both.respawn


def test_a_camera_of_ours_is_in_the_process_of_the_others():
    webcam = {argument.name: argument.default for argument in ARGUMENTS}
    (everything,) = webcam_pipeline({**webcam, 'one_process': 'true', 'camera': '/dev/video3'})
    assert '/source_node' in everything.arguments
    assert everything.parameters['/source_node']['device'] == '/dev/video3'
    assert everything.required
    assert 'source_node' in {node.executable for node in webcam_pipeline(webcam)}


@pytest.mark.parametrize(
    ('source', 'inside'), [('/dev/video3', True), ('video.mp4', False), ('actor', False)]
)
def test_the_end_of_a_video_leaves_the_others_alive(source, inside):
    values = {argument.name: argument.default for argument in POSE}
    first, *others = full_pipeline({**values, 'one_process': 'true', 'source': source})
    assert ('/source_node' in first.arguments) == inside
    assert [node.executable for node in others] == ([] if inside else ['source_node'])


def test_a_file_of_all_nodes_goes_before_the_file_of_each():
    nodes = [
        Process('pose_ros', name, name, files=(f'{name}.yaml', 'mine.yaml'))
        for name in ('pose_node', 'gesture_node')
    ]
    assert in_one_process(nodes).files == ('pose_node.yaml', 'gesture_node.yaml', 'mine.yaml')


def test_a_package_that_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    monkeypatch.setenv('ROS_DISTRO', 'kilted')
    with pytest.raises(ValueError, match='sudo apt install ros-kilted-usb-cam'):
        require('usb_cam')
    index = tmp_path / 'share/ament_index/resource_index/packages'
    index.mkdir(parents=True)
    (index / 'usb_cam').touch()
    require('usb_cam')
