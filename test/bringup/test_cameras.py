"""A YAML list of cameras becomes the nodes of each."""

import pytest

from pose_ros.bringup.cameras import ARGUMENTS, cameras_pipeline, read_cameras

DEFAULTS = {argument.name: argument.default for argument in ARGUMENTS}
TWO = """
- name: front
  image: /front_camera/image_raw
  depth: /front_camera/depth
- name: back
  source: actor
  model: movenet_lightning
  autostart: false
  max_people: 2
"""


@pytest.fixture
def started(tmp_path):
    """Function that makes the processes for a YAML text and arguments."""

    def start(text=TWO, **arguments):
        path = tmp_path / 'cameras.yaml'
        path.write_text(text)
        return cameras_pipeline({**DEFAULTS, 'cameras': str(path), **arguments})

    return start


def test_each_camera_has_its_nodes_in_its_namespace(started):
    names = [process.full_name for process in started(namespace='/robot')]
    assert names == [
        '/robot/front/pose_node',
        '/robot/back/pose_node',
        '/robot/back/source_node',
        '/robot/front/gesture_node',
        '/robot/front/marker_node',
        '/robot/back/gesture_node',
        '/robot/back/marker_node',
    ]


def test_what_a_camera_says_goes_before_what_is_said_for_all(started):
    nodes = {process.full_name: process for process in started(model='thunder', mode='multi')}
    front, back = nodes['/front/pose_node'], nodes['/back/pose_node']
    assert front.parameters['/front/pose_node'] == {
        'use_sim_time': False, 'model': 'thunder', 'mode': 'multi', 'autostart': True,
    }  # fmt: skip
    assert back.parameters['/back/pose_node'] == {
        'use_sim_time': False, 'model': 'movenet_lightning', 'mode': 'multi', 'max_people': 2,
        'autostart': False,
    }  # fmt: skip
    assert front.remappings == {
        'image': '/front_camera/image_raw',
        'camera_info': '/front_camera/camera_info',
        'depth': '/front_camera/depth',
    }
    assert back.remappings['image'] == 'image'


def test_followers_of_all_cameras_in_one_process_keep_their_topics_apart(started):
    *_, shared = started(followers='one_process')
    assert shared.executable == 'pose_ros_all'
    assert shared.arguments == (
        '/front/gesture_node', '/front/marker_node', '/back/gesture_node', '/back/marker_node',
    )  # fmt: skip
    assert shared.remappings['/front/image'] == '/front_camera/image_raw'
    assert shared.remappings['/back/image'] == '/back/image'
    assert set(shared.parameters) == set(shared.arguments)


def test_without_followers(started):
    executables = {process.executable for process in started(followers='none')}
    assert executables == {'pose_node', 'source_node'}
    # It needs none of them.
    assert started(followers='none', bridge='vision')[-1].executable == 'bridge_node'


def test_a_bridge_for_each_camera(started):
    bridges = [p.full_name for p in started(bridge='true') if p.name == 'bridge_node']
    assert bridges == ['/front/bridge_node', '/back/bridge_node']


def test_fusion_of_all_cameras(started):
    fusion, markers = started(fusion='true', followers='none', namespace='/robot')[-2:]
    assert (fusion.full_name, markers.full_name) == ('/robot/fusion_node', '/robot/marker_node')
    assert fusion.parameters['/robot/fusion_node'] == {
        'use_sim_time': False, 'cameras': ['front', 'back'],
    }  # fmt: skip
    chosen = started(fusion='true', followers='none', fixed_frame='odom')[-2]
    assert chosen.parameters['/fusion_node']['fixed_frame'] == 'odom'
    assert fusion.remappings == {
        'front/camera_info': '/front_camera/camera_info',
        'back/camera_info': 'back/camera_info',
    }


def test_fusion_follows_a_remapping_of_skeletons(started):
    cameras = '- {name: a, remap: "skeletons:=people falls:=/falls"}\n- {name: b}'
    fusion = started(cameras, fusion='true', followers='none')[-2]
    assert fusion.remappings == {
        'a/camera_info': 'a/camera_info', 'a/skeletons': 'a/people',
        'b/camera_info': 'b/camera_info',
    }  # fmt: skip


def test_a_list_of_names_for_one_camera(started):
    found = started('- {name: a, gestures: [wave, stop]}\n- {name: b, gestures: none}')
    given = {p.full_name: p.parameters.get(p.full_name, {}).get('gestures') for p in found}
    assert (given['/a/gesture_node'], given['/b/gesture_node']) == (['wave', 'stop'], [''])


def test_rviz_shows_one_camera(started, monkeypatch):
    monkeypatch.setattr('pose_ros.bringup.pipeline.require', lambda *_: None)
    rviz = started(rviz='front')[-1]
    assert rviz.executable == 'start_rviz'
    assert rviz.namespace == '/front'
    assert rviz.remappings['/image'] == '/front_camera/image_raw'
    # Ours has no place in tf of its own.
    assert [p.executable for p in started(rviz='back')][-1] == 'static_transform_publisher'
    with pytest.raises(ValueError, match=r"rviz must be a camera: front, back; got 'left'"):
        started(rviz='left')


def test_the_example_is_a_list_of_cameras():
    assert [camera['namespace'] for camera in read_cameras(DEFAULTS)] == ['front', 'back']


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('', 'must be a list of cameras'),
        ('name: front', 'must be a list of cameras'),
        ('[a: [', 'is no YAML'),
        ('- front', "camera 1: must have a name and arguments, got 'front'"),
        ('- image: /image', 'camera 1: name must be letters'),
        ('- name: 1st', "name must be letters, digits and _, a letter first; got '1st'"),
        ('- {name: a}\n- {name: a}', "camera 2: there are two cameras 'a'"),
        ('- {name: a, topic: /b}', "unknown argument 'topic', there are: name, image"),
        ('- {name: a, mode: many}', 'mode must be one of single, multi, auto'),
        ('- {name: a, camera_info: }', 'camera_info must be one text or number, got None'),
        (
            '- {name: a, model: [wave, stop]}',
            r"model must be one .*, got \['wave', 'stop'\]",
        ),
        ('- {name: a, gestures: [1]}', r"gestures must be a list such as \[a, b\], got '\[1\]'"),
        ('- {name: a, autostart: 1}', "autostart must be one of true, false, got '1'"),
    ],
)
def test_a_wrong_list_is_refused_with_the_place(started, text, reason):
    with pytest.raises(ValueError, match=reason) as refused:
        started(text)
    assert 'cameras.yaml' in str(refused.value)
