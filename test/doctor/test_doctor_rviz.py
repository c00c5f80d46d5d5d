"""Which fixed frame a running RViz was started with, and whether it is joined to another."""

import pytest

from pose_ros.core.resources import config_file
from pose_ros.doctor.rviz import connected, rviz_frames


@pytest.fixture
def processes(tmp_path):
    """Function that makes a /proc with these command lines."""

    def make(*lines):
        for number, words in enumerate(lines):
            folder = tmp_path / str(100 + number)
            folder.mkdir()
            (folder / 'cmdline').write_bytes('\0'.join([*words, '']).encode())
        (tmp_path / 'self').mkdir()
        return tmp_path

    return make


def test_the_frame_is_read_from_the_command_line_or_the_configuration(processes):
    config = str(config_file('pose.rviz'))
    rviz = '/opt/ros/jazzy/lib/rviz2/rviz2'
    found = processes(
        [rviz, '-d', config],
        [rviz, '-d', config, '-f', 'map'],
        ['rviz2', '--fixed-frame', 'odom'],
        # Not known: the user's own settings, a file that is not there, another program.
        [rviz],
        [rviz, '-d', '/none.rviz'],
        ['python3', 'rviz2', '-f', 'base'],
    )
    assert sorted(rviz_frames(found)) == ['camera_optical_frame', 'map', 'odom']


def test_frames_are_joined_by_a_chain_of_transforms_in_either_direction():
    transforms = {('map', 'base'), ('base', 'head'), ('head', 'camera'), ('world', 'other')}
    assert connected('camera', 'map', transforms)
    assert connected('map', 'camera', transforms)
    assert connected('camera', 'camera', ())
    assert not connected('camera', 'world', transforms)
    assert not connected('camera', 'unknown', transforms)
