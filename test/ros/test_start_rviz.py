"""RViz starts with the frame and the topics of the first image."""

import os
import signal
import subprocess
import sys

import pytest
from sensor_msgs.msg import CompressedImage, Image
import yaml

from pose_ros.core.resources import config_file
from pose_ros.msg import SkeletonArray
from pose_ros.ros import qos
from pose_ros.ros.start_rviz import (
    FirstImage,
    RvizView,
    configured,
    rviz_arguments,
    shown_topics,
)

pytestmark = pytest.mark.ros

# In the place of rviz2: it leaves its command line and its configuration behind.
FAKE_RVIZ = """#!/bin/sh
for word in "$@"; do echo "$word"; done > "$RVIZ_WORDS.part"
cp "$2" "$RVIZ_WORDS.rviz"
mv "$RVIZ_WORDS.part" "$RVIZ_WORDS"
"""


def config_of(name):
    return yaml.safe_load(config_file(name).read_text())


def with_frame(message_type, frame):
    message = message_type()
    message.header.frame_id = frame
    return message


@pytest.fixture
def publish(ros):
    """Function that keeps publishing a message on a topic."""

    def publish(message, topic, profile):
        publisher = ros.node.create_publisher(type(message), topic, profile)
        ros.node.create_timer(0.05, lambda: publisher.publish(message))

    return publish


@pytest.mark.parametrize(
    ('message', 'topic', 'profile', 'light', 'shown'),
    [
        (Image, '/cam/image', qos.IMAGE, False, '/cam/image'),
        (CompressedImage, '/cam/image/compressed', qos.IMAGE, False, '/cam/image/compressed'),
        # Without a single image.
        (SkeletonArray, '/skeletons', qos.SKELETONS, True, '/cam/image'),
    ],
)
def test_the_first_message_gives_frame_and_topics(
    ros, publish, *, message, topic, profile, light, shown
):
    views = []
    arguments = ['--ros-args', '-r', '/image:=/cam/image', '-r', '/camera_info:=/cam/info']
    node = FirstImage(views.append, ['/image'], light, context=ros.context, cli_args=arguments)
    ros.add(node)
    publish(with_frame(message, 'left_camera'), topic, profile)
    ros.spin_until(lambda: views or not ros.context.ok(), 'the first message')
    assert views == [RvizView('left_camera', {'/image': shown, '/camera_info': '/cam/info'})]


def test_the_configuration_has_the_frame_and_the_topics():
    config = config_of('pose.rviz')
    assert set(shown_topics(config)) == {'/skeleton_markers', '/image', '/image_overlay'}
    view = RvizView(
        'left_camera', {'/image': '/cam/image', '/image_overlay': '/robot/image_overlay'}
    )
    written = yaml.safe_load(configured(config, view))
    assert written['Visualization Manager']['Global Options']['Fixed Frame'] == 'left_camera'
    assert set(shown_topics(written)) == {
        '/skeleton_markers', '/cam/image', '/robot/image_overlay',
    }  # fmt: skip
    # Images without a frame leave RViz as it was.
    written = yaml.safe_load(configured(config_of('pose.rviz'), RvizView('', {})))
    frame = written['Visualization Manager']['Global Options']['Fixed Frame']
    assert frame == 'camera_optical_frame'


def test_the_light_configuration_has_no_raw_image():
    light = set(shown_topics(config_of('pose_light.rviz')))
    assert light == {'/skeleton_markers', '/image_overlay/compressed'}


@pytest.mark.parametrize(
    ('image', 'info', 'expected'),
    [
        ('/cam/image', '/cam/camera_info', []),
        ('/cam/image', '/calib', ['--ros-args', '-r', '/cam/camera_info:=/calib']),
        # What RViz 2 takes for the topic's folder.
        (
            '/cam/image/compressed',
            '/cam/camera_info',
            ['--ros-args', '-r', '/cam/image/camera_info:=/cam/camera_info'],
        ),
    ],
)
def test_rviz_finds_the_calibration(image, info, expected):
    assert rviz_arguments(RvizView('f', {'/image': image, '/camera_info': info})) == expected
    assert rviz_arguments(RvizView('f', {'/camera_info': info})) == []


@pytest.fixture
def start_rviz(tmp_path, ros_domain):
    """Function that starts start_rviz with a stand-in for rviz2."""
    prefix = tmp_path / 'ros'
    program = prefix / 'lib/rviz2/rviz2'
    index = prefix / 'share/ament_index/resource_index/packages/rviz2'
    for path in (program, index):
        path.parent.mkdir(parents=True)
    index.touch()
    program.write_text(FAKE_RVIZ)
    program.chmod(0o755)
    started = []

    config = str(config_file('pose.rviz'))

    def start(*arguments, installed=True):
        environment = {**os.environ, 'RVIZ_WORDS': str(tmp_path / 'words')}
        environment['XDG_CACHE_HOME'] = str(tmp_path / 'cache')
        if installed:
            environment['AMENT_PREFIX_PATH'] += f':{prefix}'
        code = 'from pose_ros.node_start import start; start("start_rviz")'
        started.append(
            subprocess.Popen(
                [sys.executable, '-c', code, '--config', config, *arguments],
                env=environment, stderr=subprocess.PIPE, text=True,
            )
        )  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_process_becomes_rviz(ros, publish, start_rviz, tmp_path):
    process = start_rviz('--ros-args', '-r', '/image:=cam/image', '-r', '__ns:=/robot')
    publish(with_frame(Image, 'left/camera'), '/robot/cam/image', qos.IMAGE)
    words = tmp_path / 'words'
    ros.spin_until(words.exists, 'rviz2')
    assert process.wait(60) == 0
    option, path, *rest = words.read_text().splitlines()
    assert (option, rest[:2]) == ('-d', ['--ros-args', '-r'])
    assert path.endswith('cache/pose_ros/rviz/pose_left_camera.rviz')
    written = yaml.safe_load((tmp_path / 'words.rviz').read_text())
    assert '/robot/cam/image' in shown_topics(written)
    assert written['Visualization Manager']['Global Options']['Fixed Frame'] == 'left/camera'


def test_an_interrupt_while_it_waits_ends_it_cleanly(ros, start_rviz):
    process = start_rviz()
    ros.spin_until(lambda: ros.node.count_subscribers('/image'), 'start_rviz')
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def test_without_rviz_it_says_so(start_rviz):
    process = start_rviz(installed=False)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors.startswith('start_rviz: ')
    assert 'rviz2' in errors
