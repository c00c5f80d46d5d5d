"""What the launch file names exists, and what it starts works, also where launch is missing."""

from importlib import util
import os
from pathlib import Path
import re
import signal
import subprocess
import sys
from types import ModuleType

from ament_index_python.packages import get_package_prefix
import pytest
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy
from sensor_msgs.msg import Image
from visualization_msgs.msg import MarkerArray
import yaml

from pose_ros.core.resources import config_file
from pose_ros.process_environment import MALLOC_VARIABLES, PROFILE_VARIABLES
from pose_ros.ros import gesture_node, marker_node, pose_parameters, qos, source_node

pytestmark = pytest.mark.ros

LAUNCH_FILE = Path(get_package_prefix('pose_ros'), 'share/pose_ros/launch/pose.launch.py')
TABLES = {
    'pose_node': pose_parameters.TABLE,
    'gesture_node': gesture_node.PARAMETERS,
    'marker_node': marker_node.PARAMETERS,
    'source_node': source_node.PARAMETERS,
}
OWN_NODES = ['gesture_node', 'marker_node', 'pose_node']


class Recorded:
    """Stands for an action of launch: keeps what it was made with."""

    def __init__(self, *positional, **named):
        self.positional = positional
        self.named = named
        self.name = named.get('name', positional[0] if positional else None)


class RecordedConfiguration:
    """Stands for LaunchConfiguration; the context is a dict."""

    def __init__(self, name):
        self.name = name

    def perform(self, context):
        return context[self.name]


@pytest.fixture
def launch_file(monkeypatch):
    """The launch file as a module, on a launch that only records."""
    actions = ('DeclareLaunchArgument', 'OpaqueFunction', 'SetEnvironmentVariable')
    fakes = {
        'launch': {'LaunchContext': dict, 'LaunchDescription': list},
        'launch.actions': {name: type(name, (Recorded,), {}) for name in actions},
        'launch.substitutions': {'LaunchConfiguration': RecordedConfiguration},
        'launch_ros': {},
        'launch_ros.actions': {'Node': type('Node', (Recorded,), {})},
    }
    for name, content in fakes.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    for name in (*MALLOC_VARIABLES, *PROFILE_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    spec = util.spec_from_file_location('pose_launch', LAUNCH_FILE)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def nodes(launch_file, **arguments):
    """Recorded nodes by executable."""
    context = {a.name: a.named['default_value'] for a in launch_file.ARGUMENTS}
    assert set(arguments) <= set(context), 'arguments that are not declared'
    made = launch_file.make_nodes({**context, **arguments})
    return {node.named['executable']: node.named for node in made}


def parameters(node):
    """Files and values of a recorded node."""
    files = [entry for entry in node['parameters'] if isinstance(entry, str)]
    values = {k: v for e in node['parameters'] if isinstance(e, dict) for k, v in e.items()}
    return files, values


def test_every_argument_is_declared_with_default_and_meaning(launch_file):
    names = {a.name for a in launch_file.ARGUMENTS}
    wanted = (
        'image camera_info model device rviz namespace use_sim_time log_level autostart source '
        'mode max_people detector gestures learned exercise'
    )
    assert set(wanted.split()) <= names
    for argument in launch_file.ARGUMENTS:
        assert argument.named['description']
        choices = argument.named.get('choices')
        assert choices is None or argument.named['default_value'] in choices
    description = launch_file.generate_launch_description()
    assert {d.name for d in description if type(d).__name__ == 'DeclareLaunchArgument'} == names


@pytest.mark.parametrize('source', ['none', 'camera', 'actor', '/dev/video3', 'film.mp4'])
def test_executables_files_and_parameters_exist(launch_file, source):
    found = nodes(
        launch_file, source=source, model='movenet_lightning', device='cpu', transport='raw',
        mode='multi', max_people='4', detector='yolox_nano', gestures='wave', exercise='squat',
        learned='mine.tflite',
    )  # fmt: skip
    assert sorted(found) == sorted([*OWN_NODES, *([] if source == 'none' else ['source_node'])])
    for name, node in found.items():
        assert node['package'] == 'pose_ros'
        executable = Path(get_package_prefix('pose_ros'), 'lib/pose_ros', name)
        assert os.access(executable, os.X_OK)
        # The name of the node in its YAML file is the one that it is started with.
        files, values = parameters(node)
        assert list(yaml.safe_load(Path(files[0]).read_text())) == [f'/**/{node["name"]}']
        rows = {row.name: row for row in TABLES[name]}
        for key, value in values.items():
            if key != 'use_sim_time':
                rows[key].accepted(value)


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        ('camera', {'source': 'camera'}),
        ('/dev/video3', {'source': 'camera', 'device': '/dev/video3'}),
        ('actor', {'source': 'actor'}),
        ('dir/film.mp4', {'source': 'video', 'path': 'dir/film.mp4'}),
    ],
)
def test_sources(launch_file, source, expected):
    _, values = parameters(nodes(launch_file, source=source)['source_node'])
    values.pop('use_sim_time')
    assert values == expected


def test_arguments_reach_pose_node_only_where_they_are_given(launch_file):
    _, values = parameters(nodes(launch_file)['pose_node'])
    assert values == {'use_sim_time': False, 'autostart': True}
    found = nodes(
        launch_file, model='m', device='d', transport='raw', autostart='false',
        use_sim_time='true', mode='auto', max_people='3', detector='n',
    )  # fmt: skip
    _, values = parameters(found['pose_node'])
    assert values == {
        'model': 'm', 'device': 'd', 'transport': 'raw', 'autostart': False, 'use_sim_time': True,
        'mode': 'auto', 'max_people': 3, 'detector': 'n',
    }  # fmt: skip


def test_arguments_reach_gesture_node_only_where_they_are_given(launch_file):
    _, values = parameters(nodes(launch_file)['gesture_node'])
    assert values == {'use_sim_time': False}
    found = nodes(launch_file, gestures='wave,stop', learned='mine.tflite', exercise='squat')
    _, values = parameters(found['gesture_node'])
    assert values == {
        'use_sim_time': False, 'gestures': 'wave,stop', 'learned': 'mine.tflite',
        'exercise': 'squat',
    }  # fmt: skip


def test_modes_are_those_of_the_node_and_a_wrong_number_is_refused_by_it(launch_file):
    choices = {a.name: a.named.get('choices') for a in launch_file.ARGUMENTS}
    rows = {row.name: row for row in TABLES['pose_node']}
    assert set(choices['mode']) == {'', *rows['mode'].choices}
    _, values = parameters(nodes(launch_file, max_people='many')['pose_node'])
    with pytest.raises(ValueError, match='max_people must be of type int'):
        rows['max_people'].accepted(values['max_people'])


def test_the_users_file_goes_before_ours(launch_file):
    for node in nodes(launch_file, params_file='/mine.yaml').values():
        files, _ = parameters(node)
        assert files == [str(config_file(f'{node["name"]}.yaml')), '/mine.yaml']
        assert isinstance(node['parameters'][-1], dict)


@pytest.mark.parametrize(
    ('arguments', 'image', 'camera_info'),
    [
        ({}, 'image', 'camera_info'),
        ({'image': '/camera/image_raw'}, '/camera/image_raw', '/camera/camera_info'),
        ({'image': '/camera/image_raw', 'camera_info': '/calib'}, '/camera/image_raw', '/calib'),
    ],
)
def test_topics_of_the_camera(launch_file, arguments, image, camera_info):
    for node in nodes(launch_file, source='actor', **arguments).values():
        assert node['remappings'] == [('image', image), ('camera_info', camera_info)]


def test_namespace_and_log_level_reach_every_node(launch_file):
    for node in nodes(launch_file, namespace='robot', log_level='debug').values():
        assert node['namespace'] == 'robot'
        assert node['ros_arguments'] == ['--log-level', 'debug']


def test_environment_is_set_before_the_nodes_unless_the_user_has(launch_file, monkeypatch):
    def environment():
        kinds = [type(d).__name__ for d in launch_file.generate_launch_description()]
        assert kinds[-1] == 'OpaqueFunction'
        return {
            d.positional[0]: d.positional[1]
            for d in launch_file.generate_launch_description()
            if type(d).__name__ == 'SetEnvironmentVariable'
        }

    found = environment()
    assert set(found) == {*MALLOC_VARIABLES, *PROFILE_VARIABLES}
    assert all(isinstance(value, str) for value in found.values())
    monkeypatch.setenv(PROFILE_VARIABLES[0], '/mine.xml')
    assert set(environment()) == set(MALLOC_VARIABLES)


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


def test_rviz_shows_the_topics_of_the_nodes(launch_file):
    rviz = nodes(launch_file, rviz='true', image='/cam/image_raw', namespace='robot')['rviz2']
    renamed = dict(rviz['remappings'])
    shown = {kind: topic for kind, (topic, _, _) in rviz_topics().items()}
    assert shown == {
        'MarkerArray': '/skeleton_markers', 'Camera': '/image', 'Image': '/image_overlay',
    }  # fmt: skip
    # Absolute in the file; by the remapping relative again, so that the namespace counts.
    assert {kind: renamed[topic] for kind, topic in shown.items()} == {
        'MarkerArray': 'skeleton_markers', 'Camera': '/cam/image_raw', 'Image': 'image_overlay',
    }  # fmt: skip
    assert renamed['/camera_info'] == '/cam/camera_info'
    assert rviz['namespace'] == 'robot'
    # RViz' Camera looks for camera_info beside the image.
    assert str(config_file('pose.rviz')) in rviz['arguments']
    assert 'rviz2' not in nodes(launch_file)


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


def test_rviz_knows_the_frame_of_our_own_camera(launch_file):
    found = nodes(launch_file, rviz='true', source='actor')
    frame = next(row.default for row in TABLES['source_node'] if row.name == 'frame_id')
    assert frame in found['static_transform_publisher']['arguments']
    assert found['rviz2']['arguments'][-2:] == ['-f', frame]
    # On a robot tf is the robot's.
    assert 'static_transform_publisher' not in nodes(launch_file, rviz='true')


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
        for process in self.processes:
            if process.poll() is None:
                process.kill()
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


def command(node):
    """Command line that launch_ros makes of a recorded node."""
    files, values = parameters(node)
    given = [f'{key}:={yaml.dump(value).split()[0]}' for key, value in values.items()]
    renamed = [f'{old}:={new}' for old, new in node['remappings']]
    executable = Path(get_package_prefix(node['package']), 'lib', node['package'])
    arguments = [
        *node['ros_arguments'],
        *('-r', f'__node:={node["name"]}', '-r', f'__ns:=/{node["namespace"]}'),
    ]
    for option, entries in (('--params-file', files), ('-p', given), ('-r', renamed)):
        arguments += [word for entry in entries for word in (option, entry)]
    return [str(executable / node['executable']), '--ros-args', *arguments]


def check_that_people_are_shown(ros):
    """Markers and overlays arrive from a launch with source:=actor and namespace:=robot."""
    markers = ros.collect(MarkerArray, '/robot/skeleton_markers', qos.MARKERS)
    overlays = ros.collect(Image, '/robot/image_overlay', qos.IMAGE_RELIABLE)
    ros.spin_until(lambda: any(m.markers for m in markers), 'markers', deadline=60)
    ros.spin_until(lambda: overlays, 'overlay', deadline=60)
    frames = {marker.header.frame_id for m in markers for marker in m.markers}
    assert frames == {overlays[0].header.frame_id} == {'camera_optical_frame'}


def test_what_is_launched_works(ros, start, launch_file):
    environment = {
        d.positional[0]: d.positional[1]
        for d in launch_file.generate_launch_description()
        if type(d).__name__ == 'SetEnvironmentVariable'
    }
    found = nodes(launch_file, source='actor', namespace='robot', image='cam/image_raw')
    processes = start([command(node) for node in found.values()], environment)
    check_that_people_are_shown(ros)
    topics = {name for name, _ in ros.node.get_topic_names_and_types()}
    assert {'/robot/cam/image_raw', '/robot/cam/camera_info'} <= topics
    assert not re.search(r'/image\b(?!_)', ' '.join(topics))
    assert processes.interrupt() == [0] * 4


@pytest.mark.skipif(util.find_spec('ros2launch') is None, reason='needs ros2 launch')
def test_ros2_launch(ros, start):
    arguments = ['source:=actor', 'namespace:=robot']
    processes = start([['ros2', 'launch', 'pose_ros', 'pose.launch.py', *arguments]], {})
    check_that_people_are_shown(ros)
    assert processes.interrupt() == [0]
