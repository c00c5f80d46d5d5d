from pathlib import Path
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from pose_ros.process_environment import (
    MALLOC_VARIABLES,
    PROFILE_VARIABLES,
    image_transport_environment,
)


def test_empty_environment_gets_everything():
    added = image_transport_environment({})
    assert set(added) == {*MALLOC_VARIABLES, *PROFILE_VARIABLES}
    for name in PROFILE_VARIABLES:
        assert Path(added[name]).name == 'fastdds.xml'
        assert Path(added[name]).is_file()


@pytest.mark.parametrize('variable', PROFILE_VARIABLES)
def test_own_profile_of_the_user_stays(variable):
    added = image_transport_environment({variable: '/mine.xml'})
    assert set(added) == set(MALLOC_VARIABLES)


@pytest.mark.parametrize('variable', MALLOC_VARIABLES)
def test_own_malloc_setting_of_the_user_stays(variable):
    added = image_transport_environment({variable: '1'})
    assert variable not in added
    assert set(added) == {*MALLOC_VARIABLES, *PROFILE_VARIABLES} - {variable}


def test_empty_values_count_as_not_set():
    empty = dict.fromkeys([*MALLOC_VARIABLES, *PROFILE_VARIABLES], '')
    assert image_transport_environment(empty) == image_transport_environment({})


def test_profile_has_shared_memory_for_images_and_udp_for_other_machines():
    path = image_transport_environment({})[PROFILE_VARIABLES[0]]
    space = {'dds': 'http://www.eprosima.com'}
    root = ElementTree.parse(path).getroot()
    transports = {
        transport.find('dds:type', space).text: transport
        for transport in root.iterfind('.//dds:transport_descriptor', space)
    }
    assert set(transports) == {'SHM', 'UDPv4'}
    image = 1920 * 1080 * 3
    assert int(transports['SHM'].find('dds:segment_size', space).text) >= 4 * image
    participant = root.find('.//dds:participant', space)
    assert participant.get('is_default_profile') == 'true'
    used = {e.text for e in participant.iterfind('.//dds:userTransports/dds:transport_id', space)}
    named = {t.find('dds:transport_id', space).text for t in transports.values()}
    assert used == named


def test_needs_no_ros():
    code = 'import sys, pose_ros.process_environment; print("rclpy" in sys.modules)'
    answer = subprocess.check_output([sys.executable, '-c', code], text=True)
    assert answer.strip() == 'False'
