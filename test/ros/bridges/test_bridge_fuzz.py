"""bridge_node goes on after any message, and stays quick with any number of ids."""

from array import array

from damaged_messages import damaged
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from sensor_msgs.msg import Image

from pose_ros.core.configuration import MAX_PEOPLE
from pose_ros.msg import FallEvent, GestureEvent, JointAngles, Posture
from pose_ros.ros.bridges.standards import STANDARDS
from pose_ros.ros.qos import SKELETONS

pytestmark = pytest.mark.ros


def heard(node):
    """Callbacks of the node's subscriptions by topic."""
    return {s.topic_name.lstrip('/'): s.callback for s in node.subscriptions}


def test_any_message(bridged, spread_person):
    from hri_msgs.msg import IdsList  # noqa: PLC0415

    node = bridged.start(*(standard.name for standard in STANDARDS))
    ros = bridged.ros
    ros.collect(IdsList, '/humans/bodies/tracked', 1)
    for topic in ('detections', 'image_annotations', '/tf'):
        (kind,) = next(
            kinds for name, kinds in node.get_topic_names_and_types() if name.endswith(topic)
        )
        package, _, name = kind.split('/')
        module = __import__(f'{package}.msg', fromlist=[name])
        ros.collect(getattr(module, name), topic, SKELETONS)
    ros.spin_until(lambda: {'skeletons', 'gestures'} <= heard(node).keys(), 'subscriptions')
    (hri,) = (b for b in node._bridges if hasattr(b, '_bodies'))
    listed = []
    hri._tracked.publish = listed.append
    people = [spread_person(1, world=np.random.default_rng(1).normal(size=(17, 3)))]

    @settings(max_examples=settings.default.max_examples // 5)
    @given(data=st.data())
    def goes_on(data):
        for _ in range(4):
            message = bridged.skeletons(*people)
            top = message.header
            image = Image(header=top, width=8, height=8, encoding='bgr8', step=24)
            image.data = array('B', bytes(192))
            others = {
                'image': image,
                'gestures': GestureEvent(header=top, skeleton_id=1, gesture='wave'),
                'postures': Posture(header=top, skeleton_id=1, posture=Posture.LYING),
                'falls': FallEvent(header=top, skeleton_id=1),
                'joint_angles': JointAngles(
                    header=top, skeleton_id=1, names=['left_knee'], angles=[1.5]
                ),
            }
            for topic in others.keys() & heard(node).keys():
                heard(node)[topic](data.draw(damaged(others[topic])))
            heard(node)['skeletons'](data.draw(damaged(message)))
        heard(node)['skeletons'](bridged.skeletons(*people))
        assert listed[-1].ids == ['b00001']

    goes_on()


def test_ids_that_come_and_go_make_a_bounded_number_of_topics(bridged, spread_person, capfd):
    from hri_msgs.msg import IdsList  # noqa: PLC0415

    node = bridged.start('hri')
    tracked = bridged.ros.collect(IdsList, '/humans/bodies/tracked', 1)
    publisher = bridged.ros.publisher(type(bridged.skeletons()), 'skeletons', SKELETONS)
    for first in (1, 1001, 2001):
        people = [spread_person(first + i) for i in range(MAX_PEOPLE)]
        last = bridged.play_until(publisher, tracked, *people)
        assert len(last.ids) <= MAX_PEOPLE
    names = node.get_publisher_names_and_types_by_node('bridge_node', '/')
    bodies = {name.split('/')[3] for name, _ in names if name.startswith('/humans/bodies/b')}
    assert len(bodies) <= MAX_PEOPLE
    # A message with more people than can be followed is refused whole.
    tracked.clear()
    crowd = bridged.skeletons(*(spread_person(9000 + i) for i in range(3000)))
    publisher.publish(crowd)
    bridged.ros.spin_until(
        lambda: 'at most 50 skeletons are allowed, got 3000' in capfd.readouterr().err, 'refusal'
    )
