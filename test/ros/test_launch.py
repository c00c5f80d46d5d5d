"""What the launch files start exists and works, also where launch is missing."""

from contextlib import suppress
from importlib import util
from itertools import chain
import os
from pathlib import Path
import re
import signal
import subprocess
from xml.etree import ElementTree

from ament_index_python.packages import get_package_prefix
import pytest
from rclpy.parameter import parameter_value_to_python
from rclpy.parameter_client import AsyncParameterClient
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy
from sensor_msgs.msg import Image
from topic_table import NODES
from visualization_msgs.msg import MarkerArray
import yaml

from pose_ros.bringup.arguments import STANDARDS
from pose_ros.bringup.environment import environment
from pose_ros.bringup.process import Command, Process
from pose_ros.core.resources import config_file
from pose_ros.ros import marker_node, qos, source_node
from pose_ros.ros.parameter_docs import table

pytestmark = pytest.mark.ros

PREFIX = Path(get_package_prefix('pose_ros'))
LAUNCH_FILES = sorted(path.name for path in (PREFIX / 'share/pose_ros/launch').iterdir())
OWN_NODES = {'gesture_node', 'marker_node', 'pose_node'}
# Not needed to build or run the package: a launch file says what to install.
OPTIONAL_PACKAGES = {'v4l2_camera', 'usb_cam'}
# Dependencies of package.xml that the wheels of ROS lack; a launch file says so, too.
ROBOT_PACKAGES = {'ros2bag', 'rviz2', 'tf2_ros'}
needs_launch = pytest.mark.skipif(
    util.find_spec('ros2launch') is None, reason='needs ros2 launch (launch_ros is not installed)'
)


def launch_file(name):
    """A launch file as a module: its arguments and what it starts are data."""
    path = PREFIX / 'share/pose_ros/launch' / name
    spec = util.spec_from_file_location(name.split('.')[0], path)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def starts(name='pose.launch.py', **arguments):
    """What a launch file starts with these arguments."""
    module = launch_file(name)
    defaults = {argument.name: argument.default for argument in module.ARGUMENTS}
    assert set(arguments) <= set(defaults), 'arguments that are not declared'
    return module.starts({**defaults, **arguments})


def nodes(name='pose.launch.py', **arguments):
    """Processes by executable."""
    return {p.executable: p for p in starts(name, **arguments) if isinstance(p, Process)}


def values(process):
    """The parameters that a process with one node gets besides its files."""
    return process.parameters[process.full_name]


@pytest.fixture
def all_packages(tmp_path, monkeypatch):
    """An index in which the packages of others are found."""
    index = tmp_path / 'share/ament_index/resource_index/packages'
    index.mkdir(parents=True)
    for package in OPTIONAL_PACKAGES | ROBOT_PACKAGES:
        (index / package).touch()
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{os.environ["AMENT_PREFIX_PATH"]}:{tmp_path}')


@pytest.mark.parametrize('name', LAUNCH_FILES)
def test_every_argument_has_a_meaning_and_a_possible_default(name):
    module = launch_file(name)
    names = [argument.name for argument in module.ARGUMENTS]
    assert len(set(names)) == len(names)
    wanted = (
        'namespace use_sim_time autostart log_level rviz respawn dds_profile model params_file'
    )
    # rviz.launch.py starts no node.
    assert name == 'rviz.launch.py' or set(wanted.split()) <= set(names)
    for argument in module.ARGUMENTS:
        assert argument.meaning
        assert not argument.choices or argument.default in argument.choices
    assert callable(module.generate_launch_description)


EVERYTHING = {
    'model': 'movenet_lightning', 'device': 'cpu', 'image_transport': 'raw', 'mode': 'multi',
    'max_people': '4', 'detector': 'yolox_nano', 'gestures': 'wave', 'exercise': 'squat',
    'learned': 'mine.tflite', 'bridge': 'hri,tf', 'web': 'true', 'host': '0.0.0.0',
    'port': '8091', 'control': 'true',
}  # fmt: skip


@pytest.mark.usefixtures('all_packages')
@pytest.mark.parametrize(
    ('name', 'arguments'),
    [
        ('pose.launch.py', {}),
        ('pose.launch.py', {**EVERYTHING, 'source': 'actor', 'rviz': 'true'}),
        ('pose.launch.py', {**EVERYTHING, 'source': 'video.mp4', 'one_process': 'true'}),
        ('multi_camera.launch.py', {**EVERYTHING, 'rviz': 'front'}),
        ('multi_camera.launch.py', {'followers': 'one_process'}),
        ('webcam.launch.py', {}),
        ('webcam.launch.py', {'driver': 'v4l2_camera', 'one_process': 'true'}),
        ('webcam.launch.py', {'driver': 'usb_cam'}),
        ('replay.launch.py', {'bag': 'recording'}),
        ('rviz.launch.py', {'rviz_config': 'full'}),
    ],
)
def test_executables_files_and_parameters_exist(name, arguments):
    manifest = ElementTree.parse(PREFIX / 'share/pose_ros/package.xml').getroot()
    depends = {entry.text for entry in manifest.iter('exec_depend')}
    for process in starts(name, **arguments):
        if isinstance(process, Command):
            assert process.words[:2] == ('ros2', 'bag')
            assert 'rosbag2' in depends
        elif process.package == 'pose_ros':
            check_own(process)
        else:
            assert process.package in depends | OPTIONAL_PACKAGES


def check_own(process):
    """What a process of ours is given exists."""
    assert os.access(PREFIX / 'lib/pose_ros' / process.executable, os.X_OK)
    if process.executable == 'start_rviz':
        return
    together = process.executable == 'pose_ros_all'
    full_names = process.arguments if together else [process.full_name]
    assert set(process.parameters) == set(full_names)
    # Each node has its parameters under the name that it is started with.
    told = set(chain.from_iterable(yaml.safe_load(Path(f).read_text()) for f in process.files))
    assert told == {f'/**/{Path(full_name).name}' for full_name in full_names}
    for full_name, given in process.parameters.items():
        rows = {row.name: row for row in table(Path(full_name).name)}
        for key, value in given.items():
            if key != 'use_sim_time':
                rows[key].accepted(value)


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        ('camera', {'source': 'camera'}),
        ('/dev/video3', {'source': 'camera', 'device': '/dev/video3'}),
        ('actor', {'source': 'actor'}),
        ('actor:wave_left', {'source': 'actor', 'scene': 'wave_left'}),
        ('dir/video.mp4', {'source': 'video', 'path': 'dir/video.mp4'}),
    ],
)
def test_sources(source, expected):
    assert values(nodes(source=source)['source_node']) == {'use_sim_time': False, **expected}


def test_the_web_page_is_started_if_it_is_wanted():
    assert 'web_node' not in nodes(host='0.0.0.0')
    assert values(nodes(web='true')['web_node']) == {'use_sim_time': False}
    given = values(nodes(web='true', host='0.0.0.0', port='8091', control='true')['web_node'])
    assert given == {'use_sim_time': False, 'host': '0.0.0.0', 'port': 8091, 'control': True}
    rows = {row.name: row for row in table('web_node')}
    wrong = values(nodes(web='true', port='many')['web_node'])['port']
    with pytest.raises(ValueError, match='port must be of type int'):
        rows['port'].accepted(wrong)


def test_a_number_of_people_reaches_the_actors_and_the_mode():
    found = nodes(source='actor:wave_left', people='3')
    assert values(found['source_node']) == {
        'use_sim_time': False, 'source': 'actor', 'scene': 'wave_left', 'people': 3,
    }  # fmt: skip
    given = values(found['pose_node'])
    assert (given['mode'], given['max_people']) == ('multi', 3)
    # One person needs no other mode, and what is given for itself stays.
    assert 'mode' not in values(nodes(source='actor', people='1')['pose_node'])
    given = values(nodes(people='3', mode='auto', max_people='5')['pose_node'])
    assert (given['mode'], given['max_people']) == ('auto', 5)
    # A video has the people that it has.
    assert 'people' not in values(nodes(source='video.mp4', people='2')['source_node'])
    for wrong in ('many', '0', '-1', '1.5'):
        with pytest.raises(ValueError, match=f"people must be a number from 1 on, got '{wrong}'"):
            nodes(people=wrong)


def test_the_launch_ends_without_images_or_pose_node():
    required = {name for name, p in nodes(source='actor', bridge='true').items() if p.required}
    assert required == {'pose_node', 'source_node'}
    assert nodes(source='actor', one_process='true')['pose_ros_all'].required
    assert nodes('webcam.launch.py')['source_node'].required
    # The other cameras go on.
    assert not any(process.required for process in starts('multi_camera.launch.py'))


def test_arguments_reach_the_nodes_only_where_they_are_given():
    found = nodes()
    assert set(found) == OWN_NODES
    assert values(found['pose_node']) == {'use_sim_time': False, 'autostart': True}
    assert values(found['gesture_node']) == {'use_sim_time': False}
    found = nodes(
        model='m', device='d', image_transport='raw', autostart='false', use_sim_time='true',
        mode='auto', max_people='3', detector='n', gestures='wave,stop', learned='mine.tflite',
        exercise='squat',
    )  # fmt: skip
    assert values(found['pose_node']) == {
        'model': 'm', 'device': 'd', 'image_transport': 'raw', 'autostart': False,
        'use_sim_time': True, 'mode': 'auto', 'max_people': 3, 'detector': 'n',
    }  # fmt: skip
    assert values(found['gesture_node']) == {
        'use_sim_time': True, 'gestures': ['wave', 'stop'], 'learned': 'mine.tflite',
        'exercise': 'squat',
    }  # fmt: skip


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('wave, stop', ['wave', 'stop']),
        ('[wave, stop]', ['wave', 'stop']),
        ('none', ['']),
        ('[]', ['']),
    ],
)
def test_a_list_of_names_is_given_with_commas_or_as_yaml(text, expected):
    assert values(nodes(gestures=text)['gesture_node'])['gestures'] == expected


@pytest.mark.parametrize('text', ['[1, 2]', '[wave', '[a]: b'])
def test_a_wrong_list_of_names_is_refused(text):
    with pytest.raises(ValueError, match=r'gestures must be a list such as \[a, b\], got'):
        nodes(gestures=text)


def test_modes_are_those_of_the_node_and_a_wrong_number_is_refused_by_it():
    choices = {a.name: a.choices for a in launch_file('pose.launch.py').ARGUMENTS}
    rows = {row.name: row for row in table('pose_node')}
    for name in ('mode', 'image_transport', 'positions'):
        assert set(choices[name]) == {'', *rows[name].choices}
    many = values(nodes(max_people='many')['pose_node'])['max_people']
    with pytest.raises(ValueError, match='max_people must be of type int'):
        rows['max_people'].accepted(many)


def test_files_of_parameters(tmp_path):
    mine = tmp_path / 'mine.yaml'
    mine.touch()
    for name, node in nodes(params_file=str(mine), source='actor').items():
        assert node.files == (str(config_file(f'{name}.yaml')), str(mine))
    assert nodes(marker_params=str(mine))['marker_node'].files == (str(mine),)
    with pytest.raises(ValueError, match='params_file must be a file, got'):
        nodes(params_file='/none.yaml')


@pytest.mark.parametrize(
    ('arguments', 'image', 'camera_info'),
    [
        ({}, 'image', 'camera_info'),
        ({'image': '/camera/image_raw'}, '/camera/image_raw', '/camera/camera_info'),
        ({'image': '/camera/image_raw', 'camera_info': '/calib'}, '/camera/image_raw', '/calib'),
    ],
)
def test_topics_of_the_camera(arguments, image, camera_info):
    for node in nodes(source='actor', **arguments).values():
        assert node.remappings == {'image': image, 'camera_info': camera_info, 'depth': 'depth'}


@pytest.mark.usefixtures('all_packages')
@pytest.mark.parametrize('name', LAUNCH_FILES)
def test_topics_that_are_renamed_or_shown_exist(name):
    arguments = {
        'replay.launch.py': {'bag': 'recording'},
        'rviz.launch.py': {},
        'multi_camera.launch.py': {'rviz': 'front', 'followers': 'one_process'},
    }.get(name, {'rviz': 'true'})
    published = {topic for node in NODES.values() for topic in node.publishes}
    subscribed = {topic for node in NODES.values() for topic in node.subscribes}
    found = [p for p in starts(name, **arguments) if isinstance(p, Process)]
    for process in found:
        # Absolute in RViz' file, and with the namespace of each node in one process.
        cut = re.compile(r'/(front/|back/)?')
        renamed = {cut.sub('', topic, count=1) for topic in process.remappings}
        assert renamed <= published | subscribed
    shown = {topic.lstrip('/') for topic, _, _ in rviz_topics().values()}
    assert shown <= published
    assert any(process.executable == 'start_rviz' for process in found)


def test_further_topics():
    given = 'gestures:=/gestures  falls:=alarms/falls'
    renamed = nodes(remap=given, depth='/d')['gesture_node'].remappings
    assert renamed['depth'] == '/d'
    assert (renamed['gestures'], renamed['falls']) == ('/gestures', 'alarms/falls')
    with pytest.raises(ValueError, match=r"remap must be a list.*got 'gestures=/gestures'"):
        nodes(remap='gestures=/gestures')


def test_a_bridge_for_some_standards():
    assert values(nodes(bridge='true')['bridge_node']) == {'use_sim_time': False}
    given = values(nodes(bridge='[tf, hri]')['bridge_node'])
    assert given == values(nodes(bridge='tf, hri')['bridge_node'])
    assert given == {'use_sim_time': False, 'tf': True, 'hri': True}
    with pytest.raises(ValueError, match=r"some of hri, .*; got 'cob'"):
        nodes(bridge='cob')
    known = {row.name for row in table('bridge_node') if row.default is False}
    assert known == set(STANDARDS)


def test_namespace_and_respawn_reach_every_node():
    for node in nodes(namespace='robot', source='actor').values():
        assert node.namespace == '/robot'
        assert node.respawn
    assert not any(node.respawn for node in nodes(respawn='false').values())


@pytest.mark.usefixtures('all_packages')
def test_a_webcam_by_our_node_or_a_driver():
    own = nodes('webcam.launch.py', camera='/dev/video2', width='1280', height='720', fps='15')
    assert values(own['source_node']) == {
        'use_sim_time': False, 'source': 'camera', 'device': '/dev/video2', 'width': 1280,
        'height': 720, 'fps': 15.0,
    }  # fmt: skip
    url = 'file:///home/me/camera.yaml'
    driven = nodes('webcam.launch.py', driver='v4l2_camera', camera_info_url=url)
    assert set(driven) == {*OWN_NODES, 'v4l2_camera_node'}
    driver = driven['v4l2_camera_node'].parameters['/**']
    assert (driver['image_size'], driver['camera_info_url']) == ([640, 480], url)
    # What the driver calls its image.
    assert driven['pose_node'].remappings['image'] == 'image_raw'
    with pytest.raises(ValueError, match='source_node knows no calibration'):
        nodes('webcam.launch.py', camera_info_url=url)
    with pytest.raises(ValueError, match=r"must be numbers: .*'wide'"):
        nodes('webcam.launch.py', width='wide')


def test_a_driver_that_is_not_installed():
    with pytest.raises(ValueError, match='usb_cam is not installed: sudo apt install ros-'):
        nodes('webcam.launch.py', driver='usb_cam')


def test_rviz_that_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{PREFIX}:{tmp_path}')
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    with pytest.raises(
        ValueError, match=r'sudo apt install ros-jazzy-rviz2, or leave .* rviz out'
    ):
        nodes(rviz='true')


@pytest.mark.usefixtures('all_packages')
def test_only_the_images_of_a_bag_are_played():
    *others, play = starts(
        'replay.launch.py', bag='b', image='camera/image_raw', namespace='/robot', loop='true'
    )
    assert play.words[:4] == ('ros2', 'bag', 'play', 'b')
    assert '--loop' in play.words
    played = play.words[play.words.index('--topics') + 1 :]
    assert set(played) == {
        '/robot/camera/image_raw', '/robot/camera/image_raw/compressed',
        '/robot/camera/camera_info', '/robot/depth', '/robot/depth/compressedDepth',
        '/tf', '/tf_static',
    }  # fmt: skip
    assert all(given['use_sim_time'] for p in others for given in p.parameters.values())
    assert others[-1].executable == 'start_rviz'
    assert not play.ends_launch
    assert starts('replay.launch.py', bag='b', rviz='false')[-1].ends_launch
    with pytest.raises(ValueError, match='bag must name'):
        starts('replay.launch.py')


def test_the_containers_start_what_exists():
    root = Path(__file__).resolve().parents[2]
    service = yaml.safe_load((root / 'docker/compose.yaml').read_text())['services']['pose_ros']
    dockerfile = (root / service['build']['dockerfile']).read_text()
    usual = re.search(r'^CMD (.*)$', dockerfile, re.MULTILINE)
    for command in (service['command'].split(), yaml.safe_load(usual[1])):
        assert command[:3] == ['ros2', 'launch', 'pose_ros']
        arguments = dict(word.split(':=', 1) for word in command[4:])
        started = nodes(command[3], **arguments)
        assert {'source_node', 'pose_node', 'web_node'} <= set(started)


def test_replay_says_what_it_needs(monkeypatch, tmp_path):
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    with pytest.raises(ValueError, match='ros2bag is not installed'):
        starts('replay.launch.py', bag='b', rviz='false')


def rviz_topics():
    """Topic of each display of pose.rviz: (name, reliability, durability)."""
    content = yaml.safe_load(config_file('pose.rviz').read_text())
    displays = content['Visualization Manager']['Displays']
    return {
        display['Class'].split('/')[1]: (
            display['Topic']['Value'],
            display['Topic']['Reliability Policy'],
            display['Topic']['Durability Policy'],
        )
        for display in displays
        if 'Topic' in display
    }


@pytest.mark.usefixtures('all_packages')
def test_rviz_shows_the_topics_of_the_nodes():
    rviz = nodes(rviz='true', image='/cam/image_raw', namespace='robot')['start_rviz']
    shown = {kind: topic for kind, (topic, _, _) in rviz_topics().items()}
    assert shown == {
        'MarkerArray': '/skeleton_markers', 'Camera': '/image', 'Image': '/image_overlay',
    }  # fmt: skip
    # Absolute in the file; by the remapping relative again, so that the namespace counts.
    assert {kind: rviz.remappings[topic] for kind, topic in shown.items()} == {
        'MarkerArray': 'skeleton_markers', 'Camera': '/cam/image_raw', 'Image': 'image_overlay',
    }  # fmt: skip
    assert rviz.remappings['/camera_info'] == '/cam/camera_info'
    assert rviz.namespace == '/robot'
    assert rviz.arguments == ('--config', str(config_file('pose.rviz')))
    assert 'start_rviz' not in nodes()
    # An output that is renamed is shown under its new name, compressed, too.
    given = 'skeleton_markers:=/people image_overlay:=/drawn'
    renamed = nodes(rviz='true', remap=given)['start_rviz'].remappings
    assert renamed['/skeleton_markers'] == '/people'
    assert renamed['/image_overlay/compressed'] == '/drawn/compressed'


@pytest.mark.usefixtures('all_packages')
def test_what_rviz_shows_can_be_chosen(tmp_path):
    light = nodes('rviz.launch.py', namespace='robot')['start_rviz']
    assert light.arguments == ('--config', str(config_file('pose_light.rviz')), '--light')
    assert light.remappings['/image_overlay/compressed'] == 'image_overlay/compressed'
    mine = tmp_path / 'mine.rviz'
    mine.touch()
    given = nodes(rviz='true', rviz_config=str(mine), fixed_frame='map')['start_rviz'].arguments
    assert given == ('--config', str(mine), '--frame', 'map')
    with pytest.raises(ValueError, match=r"rviz_config must be full, light or a file, got 'big'"):
        nodes(rviz='true', rviz_config='big')


def test_rviz_shows_frames():
    content = yaml.safe_load(config_file('pose.rviz').read_text())
    kinds = [display['Class'] for display in content['Visualization Manager']['Displays']]
    assert 'rviz_default_plugins/TF' in kinds


def test_rviz_subscribes_with_what_the_nodes_offer(ros):
    ros.start(marker_node.MarkerNode)
    for kind, topic in (('MarkerArray', 'skeleton_markers'), ('Image', 'image_overlay')):
        _, reliability, durability = rviz_topics()[kind]
        (offer,) = ros.spin_until(
            lambda topic=topic: ros.node.get_publishers_info_by_topic(f'/{topic}')
        )
        assert reliability == 'Best Effort' or (
            offer.qos_profile.reliability == ReliabilityPolicy.RELIABLE
        )
        assert durability == 'Volatile'
        assert offer.qos_profile.durability == DurabilityPolicy.VOLATILE
    # Whatever the camera offers, this fits.
    assert rviz_topics()['Camera'][1:] == ('Best Effort', 'Volatile')


@pytest.mark.usefixtures('all_packages')
def test_rviz_knows_the_frame_of_our_own_camera():
    found = nodes(rviz='true', source='actor')
    frame = next(row.default for row in source_node.PARAMETERS if row.name == 'frame_id')
    assert frame in found['static_transform_publisher'].arguments
    assert 'static_transform_publisher' in nodes('webcam.launch.py', rviz='true')
    # On a robot tf is the robot's.
    assert 'static_transform_publisher' not in nodes(rviz='true')


class Started:
    """Processes that are interrupted, and must then end cleanly, when the test is over."""

    def __init__(self, commands, environment):
        self.processes = [
            subprocess.Popen(
                command,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_interruptible,  # noqa: PLW1509
            )
            for command in commands
        ]

    def interrupt(self):
        """Exit codes after Ctrl-C."""
        for process in self.processes:
            process.send_signal(signal.SIGINT)
        return [process.wait(20) for process in self.processes]

    def kill(self):
        """What they started, too, also where they themselves are gone."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _interruptible():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def start():
    started = []

    def start(commands, environment):
        started.append(Started(commands, environment))
        return started[-1]

    yield start
    for processes in started:
        processes.kill()


def command(process, folder):
    """Command line that launch_ros makes of a process."""
    parameters = folder / f'{process.executable}.yaml'
    content = {name: {'ros__parameters': given} for name, given in process.parameters.items()}
    parameters.write_text(yaml.safe_dump(content))
    renamed = [f'{old}:={new}' for old, new in process.remappings.items()]
    if process.name:
        renamed += [f'__node:={process.name}', f'__ns:={process.namespace}']
    words = [str(PREFIX / 'lib/pose_ros' / process.executable), *process.arguments, '--ros-args']
    for option, entries in (('--params-file', [*process.files, parameters]), ('-r', renamed)):
        words += [word for entry in entries for word in (option, str(entry))]
    return words


def check_that_people_are_shown(ros, namespace='/robot'):
    """Markers and overlays arrive from a launch with source:=actor."""
    wanted = f'{namespace}/image_overlay'
    ros.spin_until(lambda: ros.node.count_publishers(wanted), 'marker_node')
    markers = ros.collect(MarkerArray, f'{namespace}/skeleton_markers', qos.MARKERS)
    overlays = ros.collect(Image, f'{namespace}/image_overlay', qos.IMAGE_RELIABLE)
    ros.spin_until(lambda: any(m.markers for m in markers), 'markers')
    ros.spin_until(lambda: overlays, 'overlay')
    frames = {marker.header.frame_id for m in markers for marker in m.markers}
    assert frames == {overlays[0].header.frame_id} == {'camera_optical_frame'}


USUAL = {'dds_profile': 'auto', 'keep_memory': 'true'}


@pytest.mark.parametrize('one_process', ['false', 'true'])
def test_what_is_launched_works_on_the_topics_that_are_named(ros, start, tmp_path, one_process):
    renamed = ('skeletons', 'skeleton_markers', 'image_overlay', 'gestures', 'joint_angles')
    found = nodes(
        source='actor', namespace='robot', image='cam/image_raw', one_process=one_process,
        remap=' '.join(f'{name}:=out/{name}' for name in renamed),
    )  # fmt: skip
    commands = [command(process, tmp_path) for process in found.values()]
    processes = start(commands, environment(USUAL))
    check_that_people_are_shown(ros, '/robot/out')

    def topics():
        return {name for name, _ in ros.node.get_topic_names_and_types()}

    # Those of gesture_node, too, for which the markers need not wait.
    wanted = {f'/robot/out/{name}' for name in renamed}
    wanted |= {'/robot/cam/image_raw', '/robot/cam/camera_info'}
    ros.spin_until(lambda: wanted <= topics(), f'{wanted}')
    # And nothing is left under the old names.
    assert not topics() & {f'/robot/{name}' for name in ('image', 'camera_info', *renamed)}
    assert processes.interrupt() == [0] * len(commands)


def ros2_launch(start, name, *arguments):
    return start([['ros2', 'launch', 'pose_ros', name, *arguments]], {})


@needs_launch
@pytest.mark.parametrize('one_process', ['false', 'true'])
def test_ros2_launch(ros, start, one_process):
    arguments = ('source:=actor', 'namespace:=robot', f'one_process:={one_process}')
    processes = ros2_launch(start, 'pose.launch.py', *arguments)
    check_that_people_are_shown(ros)
    assert processes.interrupt() == [0]


@needs_launch
@pytest.mark.parametrize('one_process', ['false', 'true'])
def test_ros2_launch_with_wildcards_in_a_file_of_parameters(ros, start, tmp_path, one_process):
    parameters = {
        '/**': {'ros__parameters': {'max_people': 3}},
        '/robot/*': {'ros__parameters': {'mode': 'multi'}},
        '/**/gesture_node': {'ros__parameters': {'grace': 1.5}},
    }
    (tmp_path / 'mine.yaml').write_text(yaml.safe_dump(parameters))
    processes = ros2_launch(
        start, 'pose.launch.py', 'source:=actor', 'namespace:=robot',
        f'one_process:={one_process}', f'params_file:={tmp_path / "mine.yaml"}',
    )  # fmt: skip
    wanted = {'pose_node': {'max_people': 3, 'mode': 'multi'}, 'gesture_node': {'grace': 1.5}}
    for node, values in wanted.items():
        client = AsyncParameterClient(ros.node, f'/robot/{node}')
        ros.spin_until(client.services_are_ready, node)
        future = client.get_parameters(list(values))
        ros.spin_until(future.done, f'parameters of {node}')
        given = map(parameter_value_to_python, future.result().values)
        assert dict(zip(values, given)) == values
    assert processes.interrupt() == [0]


@needs_launch
@pytest.mark.parametrize(
    'said',
    [
        # Before, launch itself may wait for ever, with any launch file.
        'pose_node-1]: process started',
        # The last of the nodes; the first of them are in the middle of their imports.
        'source_node-4]: process started',
        'blazepose_full runs on cpu',
    ],
)
@pytest.mark.parametrize('everybody', [True, False])
def test_ros2_launch_interrupted_while_it_starts(ros_domain, everybody, said):
    """As Ctrl-C in a terminal tells all processes, or as another program tells launch alone."""
    launch = subprocess.Popen(
        ['ros2', 'launch', 'pose_ros', 'pose.launch.py', 'source:=actor'],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True, preexec_fn=_interruptible,  # noqa: PLW1509
    )  # fmt: skip
    try:
        output = ''
        while said not in output:
            output += launch.stdout.readline()
        (os.killpg if everybody else os.kill)(launch.pid, signal.SIGINT)
        output += launch.communicate(timeout=30)[0]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(launch.pid, signal.SIGKILL)
        launch.communicate()
    assert launch.returncode == 0
    assert 'Traceback' not in output


@needs_launch
@pytest.mark.parametrize('followers', ['each', 'one_process'])
def test_ros2_launch_of_two_cameras(ros, start, tmp_path, followers):
    cameras = tmp_path / 'cameras.yaml'
    cameras.write_text('- {name: left, source: actor}\n- {name: right, source: actor}\n')
    processes = ros2_launch(
        start, 'multi_camera.launch.py', f'cameras:={cameras}', f'followers:={followers}'
    )
    for camera in ('left', 'right'):
        check_that_people_are_shown(ros, f'/{camera}')
    assert processes.interrupt() == [0]


# As a robot's launch file may include ours: forgotten at once, in a group that ends at once.
INCLUDING = """
from launch import LaunchDescription
from launch.actions import (
    GroupAction, IncludeLaunchDescription, OpaqueFunction, SetEnvironmentVariable
)
from launch_ros.actions import PushRosNamespace, SetRemap

def include(context):
    arguments = {{'source': 'actor', 'namespace': 'head', 'one_process': {one_process!r}}}
    return [IncludeLaunchDescription({path!r}, launch_arguments=arguments.items())]

def generate_launch_description():
    return LaunchDescription([GroupAction([
        PushRosNamespace('robot'),
        SetRemap('gestures', '/told'),
        SetEnvironmentVariable('ROS_DOMAIN_ID', {domain!r}),
        OpaqueFunction(function=include),
    ])])
"""


@pytest.fixture
def include(start, tmp_path, ros_domain):
    """Function that starts a launch file that includes pose.launch.py."""

    def include(one_process='false'):
        path = tmp_path / 'robot.launch.py'
        included = str(PREFIX / 'share/pose_ros/launch/pose.launch.py')
        path.write_text(
            INCLUDING.format(path=included, one_process=one_process, domain=str(ros_domain))
        )
        return start([['ros2', 'launch', str(path)]], {'ROS_DOMAIN_ID': ''})

    return include


@needs_launch
@pytest.mark.parametrize('one_process', ['false', 'true'])
def test_ros2_launch_from_a_launch_file_with_a_namespace(ros, include, one_process):
    processes = include(one_process)
    check_that_people_are_shown(ros, '/robot/head')
    assert processes.interrupt() == [0]


@needs_launch
def test_a_node_that_died_is_started_again_as_it_was(ros, include):
    processes = include()

    def publishers():
        found = ros.node.get_publishers_info_by_topic('/told')
        return {tuple(publisher.endpoint_gid) for publisher in found}

    session = str(processes.processes[0].pid)
    first = ros.spin_until(publishers, 'gesture_node')
    subprocess.run(
        ['pkill', '-KILL', '-s', session, '-f', 'lib/pose_ros/gesture_node'], check=True
    )
    # The dead one's publisher is remembered for a while.
    ros.spin_until(lambda: publishers() - first, 'the next gesture_node')
    assert ros.node.count_publishers('/robot/head/gestures') == 0
    assert processes.interrupt() == [0]


@needs_launch
@pytest.mark.parametrize(
    ('name', 'argument', 'reason'),
    [
        ('replay.launch.py', 'rviz:=false', 'bag must name the folder of the recording'),
        ('rviz.launch.py', 'namespace:=robot', 'rviz2 is not installed'),
        ('webcam.launch.py', 'driver:=usb_cam', 'usb_cam is not installed'),
        ('webcam.launch.py', 'camera_info_url:=file:///a', 'source_node knows no calibration'),
        (
            'multi_camera.launch.py',
            'cameras:=/none.yaml',
            "No such file or directory: '/none.yaml'",
        ),
        ('pose.launch.py', 'dds_profile:=/none.xml', 'dds_profile must be auto, none or a file'),
        ('pose.launch.py', 'mode:=many', 'mode'),
        ('pose.launch.py', 'people:=many', "people must be a number from 1 on, got 'many'"),
        ('pose.launch.py', 'source:=actor:dream', "has failed: actor: unknown motion 'dream'"),
        ('pose.launch.py', 'source:=/none.mp4', 'source_node-4 has failed: video /none.mp4'),
        ('pose.launch.py', 'max_people:=many', 'pose_node-1 has failed: parameter max_people'),
    ],
)
def test_ros2_launch_says_what_is_wrong(ros_domain, name, argument, reason):
    result = subprocess.run(
        ['ros2', 'launch', 'pose_ros', name, argument],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert reason in result.stderr + result.stdout
