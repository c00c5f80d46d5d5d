"""What bridge_node asks for, what it refuses, and how it is configured."""

import importlib
from pathlib import Path
import subprocess
import sys

from diagnostic_msgs.msg import DiagnosticArray
import pytest
from sensor_msgs.msg import CompressedImage, Image
from topic_table import NODES

from pose_ros.msg import SkeletonArray
from pose_ros.ros.bridges.standards import STANDARDS
from pose_ros.ros.on_demand import WATCH_PERIOD
from pose_ros.ros.qos import DIAGNOSTICS, IMAGE_RELIABLE, SKELETONS

pytestmark = pytest.mark.ros

NAMES = [standard.name for standard in STANDARDS]
OWN = {'/parameter_events', '/clock'}


def run_node(code, *parameters):
    """Run the node's process after some code; returns it when it has ended."""
    arguments = [word for p in parameters for word in ('-p', p)]
    return subprocess.run(
        [
            *(sys.executable, '-c', f'{code}\nfrom pose_ros.ros.bridge_node import main; main()'),
            *('--ros-args', *arguments),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize('standard', STANDARDS, ids=lambda s: s.name)
def test_missing_package_is_named_with_how_to_get_it(ros_domain, monkeypatch, standard):
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    done = run_node(
        f'import sys; sys.modules["{standard.package}"] = None', f'{standard.name}:=true'
    )
    assert done.returncode == 2
    assert f'parameter {standard.name} needs {standard.package}' in done.stderr
    assert f'apt install ros-jazzy-{standard.package.replace("_", "-")}' in done.stderr
    assert 'Traceback' not in done.stderr


def test_without_a_standard_no_package_is_needed(ros, monkeypatch):
    from pose_ros.ros.bridge_node import BridgeNode  # noqa: PLC0415

    for standard in STANDARDS:
        monkeypatch.setitem(sys.modules, standard.package, None)
    node = ros.start(BridgeNode)
    published = {
        name for name, _ in node.get_publisher_names_and_types_by_node('bridge_node', '/')
    }
    assert published == {'/diagnostics', '/parameter_events', '/rosout'}


def test_nothing_is_asked_for_while_no_one_listens(bridged):
    from vision_msgs.msg import Detection2DArray  # noqa: PLC0415

    ros = bridged.ros
    bridged.start(*NAMES)

    def inputs():
        found = ros.node.get_subscriber_names_and_types_by_node('bridge_node', '/')
        return {topic for topic, _ in found} - OWN

    ros.spin_for(3 * WATCH_PERIOD)
    assert inputs() == set()
    for kind, topic, wanted in (
        (Detection2DArray, 'detections', {'/skeletons'}),
        (
            annotations(),
            'image_annotations',
            {'/skeletons', '/gestures', '/postures', '/falls', '/exercise'},
        ),
        (annotations(), 'hand_annotations', {'/hands', '/gestures'}),
        (transforms(), '/tf', {'/skeletons'}),
        (bodies(), '/humans/bodies/tracked', {'/skeletons'}),
    ):
        listener = ros.node.create_subscription(kind, topic, lambda _: None, 10)
        ros.spin_until(lambda w=wanted: inputs() == w, f'{topic}: {wanted}')
        ros.node.destroy_subscription(listener)
        ros.spin_until(lambda: not inputs(), f'the end of {topic}')


def annotations():
    from foxglove_msgs.msg import ImageAnnotations  # noqa: PLC0415

    return ImageAnnotations


def transforms():
    from tf2_msgs.msg import TFMessage  # noqa: PLC0415

    return TFMessage


def bodies():
    from hri_msgs.msg import IdsList  # noqa: PLC0415

    return IdsList


def test_table_of_topics_is_the_graph(bridged, spread_person):
    ros, node = bridged.ros, bridged.start(*NAMES)
    own = {'/parameter_events', '/rosout', '/clock'}
    table = NODES['bridge_node']
    heard = set()
    subscribed = set()

    def published():
        """Listen to all that the node publishes, with each transport of images in turn."""
        name = node.get_name()
        found = dict(ros.node.get_publisher_names_and_types_by_node(name, '/'))
        for topic in found.keys() - heard - own:
            package, _, kind = found[topic][0].split('/')
            kind = getattr(importlib.import_module(f'{package}.msg'), kind)
            ros.node.create_subscription(kind, topic, lambda _: None, 10)
            heard.add(topic)
        found_too = ros.node.get_subscriber_names_and_types_by_node(name, '/')
        subscribed.update(topic for topic, _ in found_too)
        return {topic.replace('/b00001/', '/*/') for topic in found}

    def full(names):
        return {f'/{name}' if name[0] not in '/~' else name for name in names}

    def complete(kind):
        publisher.publish(bridged.skeletons(spread_person(1)))
        ros.executor.spin_once(timeout_sec=0.05)
        other = {'/image', '/image/compressed'} - {kind}
        return published() | own >= full(table.publishes) and (
            subscribed >= full(table.subscribes) - own - other
        )

    published()
    publisher = ros.publisher(SkeletonArray, 'skeletons', SKELETONS)
    for topic, kind in (('/image', Image), ('/image/compressed', CompressedImage)):
        images = ros.node.create_publisher(kind, topic, IMAGE_RELIABLE)
        ros.spin_until(lambda t=topic: complete(t), topic)
        ros.node.destroy_publisher(images)
    assert published() <= full(table.publishes)
    assert subscribed <= full(table.subscribes)


def test_skeletons_that_cannot_be_read_are_told_and_do_not_stop_the_others(bridged, spread_person):
    from vision_msgs.msg import Detection2DArray  # noqa: PLC0415

    ros = bridged.ros
    bridged.start('vision')
    heard = ros.collect(Detection2DArray, 'detections', 10)
    told = ros.collect(DiagnosticArray, '/diagnostics', DIAGNOSTICS)
    publisher = ros.publisher(SkeletonArray, 'skeletons', SKELETONS)
    nowhere = bridged.skeletons(spread_person(1), size=(0, 0))
    strange = bridged.skeletons(spread_person(1), spread_person(2))
    strange.skeletons[0].format = 'stickman'
    publisher.publish(nowhere)
    publisher.publish(strange)
    ros.spin_until(lambda: heard)
    assert [d.id for d in heard[0].detections] == ['2']
    ros.spin_until(
        lambda: any('stickman' in s.message for array in told for s in array.status),
        'the fault in /diagnostics',
    )


def test_page_names_every_package():
    page = Path(__file__).parents[3].joinpath('docs/standards.md').read_text()
    for standard in STANDARDS:
        assert f'`{standard.name}`' in page
        assert f'ros-$ROS_DISTRO-{standard.package.replace("_", "-")}' in page
