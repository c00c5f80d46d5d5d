"""The table of topics against the graph of the real nodes."""

from fnmatch import fnmatchcase
from importlib import import_module

import pytest
from sensor_msgs.msg import CompressedImage, Image
from topic_table import NODES

from pose_ros.msg import HandArray
from pose_ros.ros.all_in_one import CLASSES
from pose_ros.ros.qos import IMAGE, IMAGE_RELIABLE, SKELETONS

pytestmark = pytest.mark.ros


def expanded(names, node):
    """Full names of the nodes in the root namespace."""
    return {n if n[0] == '/' else f'/{n.replace("~", node)}' for n in names}


class Graph:
    """What a node has in the graph, followed while a person listens to all that it publishes."""

    def __init__(self, ros, node):
        self.ros = ros
        self.node = node
        self.heard = set()
        self.seen = {'publishes': set(), 'subscribes': set(), 'serves': set()}

    def look(self):
        """Take what is there now, and listen to what is new; whether the table is complete."""
        tester, name = self.ros.node, self.node.get_name()
        published = tester.get_publisher_names_and_types_by_node(name, '/')
        self.seen['publishes'] |= {topic for topic, _ in published}
        found = tester.get_subscriber_names_and_types_by_node(name, '/')
        self.seen['subscribes'] |= {topic for topic, _ in found}
        found = tester.get_service_names_and_types_by_node(name, '/')
        self.seen['serves'] |= {service for service, _ in found}
        for topic, (kind, *_) in published:
            if topic not in self.heard:
                self.heard.add(topic)
                package, _, message = kind.split('/')
                tester.create_subscription(
                    getattr(import_module(f'{package}.msg'), message), topic, lambda _: None, IMAGE
                )
        return not self.missing()

    def missing(self):
        """Entries of the table that have not been seen."""
        table = NODES[self.node.get_name()]
        return {
            name
            for kind, seen in self.seen.items()
            for name in expanded(getattr(table, kind), self.node.get_name())
            if not any(fnmatchcase(s, name) for s in seen)
        } - OPTIONAL

    def strangers(self):
        """What was seen and is not in the table."""
        table = NODES[self.node.get_name()]
        return {
            name
            for kind, seen in self.seen.items()
            for name in seen
            if not any(
                fnmatchcase(name, entry)
                for entry in expanded(getattr(table, kind), self.node.get_name())
            )
        }


# Only in a simulation; from Jazzy on.
OPTIONAL = {'/clock', *(f'/{name}/get_type_description' for name in NODES)}


def node_class(name):
    kind = {**CLASSES, 'source_node': 'SourceNode'}[name]
    return getattr(import_module(f'pose_ros.ros.{name}'), kind)


@pytest.mark.parametrize(
    ('name', 'parameters'),
    [
        ('gesture_node', {}),
        ('marker_node', {'angles': ['all']}),
        ('source_node', {'source': 'actor', 'depth': True}),
    ],
)
def test_table_is_the_graph(ros, name, parameters):
    graph = Graph(ros, ros.start(node_class(name), **parameters))
    raw = ros.node.create_publisher(Image, 'image', IMAGE_RELIABLE) if name != 'source_node' else 0
    if 'hands' in NODES[name].subscribes:
        ros.node.create_publisher(HandArray, 'hands', SKELETONS)
    if 'image/compressed' in NODES[name].subscribes:
        ros.spin_until(lambda: graph.look() or graph.missing() == {'/image/compressed'}, graph)
        ros.node.destroy_publisher(raw)
        raw = ros.node.create_publisher(CompressedImage, 'image/compressed', IMAGE_RELIABLE)
    ros.spin_until(graph.look, f'the rest of {name}')
    assert graph.strangers() == set()


def test_table_of_pose_node_is_the_graph(foreign_messages, ros, estimators):
    seen = set()
    strangers = set()
    for transport in ('raw', 'compressed'):
        node = ros.start(
            lambda **options: node_class('pose_node')(estimators, **options),
            image_transport=transport,
            positions='depth',
            fixed_frame='odom',
            hands='tracked',
        )
        graph = Graph(ros, node)
        other = {'/image' if transport == 'compressed' else '/image/compressed'}
        depth = ros.node.create_publisher(
            Image if transport == 'raw' else CompressedImage,
            'depth' if transport == 'raw' else 'depth/compressedDepth',
            IMAGE_RELIABLE,
        )
        other.add('/depth' if transport == 'compressed' else '/depth/compressedDepth')
        ros.spin_until(lambda g=graph, o=other: g.look() or g.missing() <= o, graph.missing)
        seen |= graph.seen['subscribes']
        strangers |= graph.strangers()
        ros.node.destroy_publisher(depth)
        ros.remove(node)
    assert expanded(NODES['pose_node'].subscribes, 'pose_node') - OPTIONAL <= seen
    assert strangers == set()
