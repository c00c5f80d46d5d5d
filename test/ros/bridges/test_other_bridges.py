"""bridge_node in vision_msgs, foxglove_msgs, people_msgs and tf2_msgs, over DDS."""

from dataclasses import replace

from geometry_msgs.msg import TransformStamped
import numpy as np
import pytest

from pose_ros.core.colours import FALLEN
from pose_ros.core.kinematics import Kinematics, MotionState
from pose_ros.core.topology import COCO17, HAND21
from pose_ros.core.types import KeypointState, TrackedHand
from pose_ros.msg import FallEvent, GestureEvent, HandArray, Posture, SkeletonArray
from pose_ros.ros.hand_conversions import hand_array
from pose_ros.ros.qos import EVENTS, FALLS, SKELETONS

pytestmark = pytest.mark.ros

NAN = np.full(3, np.nan)


@pytest.fixture
def published(bridged):
    """Function that starts a standard and returns what it publishes of these people."""

    def publish(standard, kind, topic, *people):
        bridged.start(standard)
        heard = bridged.ros.collect(kind, topic, 10)
        publisher = bridged.ros.publisher(SkeletonArray, 'skeletons', SKELETONS)
        message = bridged.skeletons(*people)
        publisher.publish(message)
        return bridged.ros.spin_until(lambda: heard)[0], message

    return publish


def standing(spread_person, person_id=1, facing=1.0):
    """A person 2 m before the camera, to its right, who looks at it (1) or away (-1)."""
    world = np.full((17, 3), np.nan)
    for name, y in (('shoulder', -0.5), ('hip', 0.0)):
        for side, sign in (('left', facing), ('right', -facing)):
            world[COCO17.index(f'{side}_{name}')] = (0.7 + 0.15 * sign, y, 2.0)
    return spread_person(person_id, world=world)


def test_people_as_detections(published, spread_person):
    from vision_msgs.msg import Detection2DArray  # noqa: PLC0415

    people = spread_person(5), spread_person(0), spread_person(9)
    array, sent = published('vision', Detection2DArray, 'detections', *people)
    assert array.header == sent.header
    # People without an id are not published.
    assert [detection.id for detection in array.detections] == ['5', '9']
    first = array.detections[0]
    assert first.header == sent.header
    centre = first.bbox.center.position
    # Of keypoints from (100, 50) to (212, 226).
    assert (centre.x, centre.y) == (156, 138)
    assert (first.bbox.size_x, first.bbox.size_y) == (112, 176)
    (result,) = first.results
    assert result.hypothesis.class_id == 'person'
    assert result.hypothesis.score == pytest.approx(0.75)


def test_no_one_is_a_message_without_detections(published):
    from vision_msgs.msg import Detection2DArray  # noqa: PLC0415

    array, sent = published('vision', Detection2DArray, 'detections')
    assert (array.header, list(array.detections)) == (sent.header, [])


def test_skeletons_as_annotations(published, spread_person):
    from foxglove_msgs.msg import ImageAnnotations, PointsAnnotation  # noqa: PLC0415

    person = spread_person(
        4, {'left_wrist': KeypointState.PREDICTED, 'right_ankle': KeypointState.PREDICTED}
    )
    person.keypoints[COCO17.index('right_ankle')] = np.nan
    annotations, sent = published('foxglove', ImageAnnotations, 'image_annotations', person)
    bones, dots = annotations.points
    assert bones.timestamp == dots.timestamp == sent.header.stamp
    assert (bones.type, dots.type) == (PointsAnnotation.LINE_LIST, PointsAnnotation.POINTS)
    # One bone ends at the ankle that is nowhere.
    edges = [e for e in COCO17.edges if COCO17.index('right_ankle') not in e]
    assert len(edges) == len(COCO17.edges) - 1
    ends = np.array([(point.x, point.y) for point in bones.points])
    np.testing.assert_allclose(ends, person.keypoints[np.array(edges).ravel()] + 0.5)
    assert len(bones.outline_colors) == len(edges)
    faint = [edge for edge, c in zip(edges, bones.outline_colors) if c.a < 1]
    assert faint == [e for e in edges if COCO17.index('left_wrist') in e]
    assert len(dots.points) == len(dots.outline_colors) == 16
    (text,) = annotations.texts
    assert text.text == '4'
    assert text.position.y < 50


def test_words_and_falls_are_annotated(bridged, spread_person):
    from foxglove_msgs.msg import ImageAnnotations  # noqa: PLC0415

    bridged.start('foxglove')
    # A person lies there when the first one begins to listen.
    falls = bridged.ros.node.create_publisher(FallEvent, 'falls', FALLS)
    falls.publish(FallEvent(header=bridged.header(), skeleton_id=5, phase=FallEvent.FALLEN))
    heard = bridged.ros.collect(ImageAnnotations, 'image_annotations', 10)
    skeletons = bridged.ros.publisher(SkeletonArray, 'skeletons', SKELETONS)
    postures = bridged.ros.publisher(Posture, 'postures', EVENTS)
    header = bridged.header()
    postures.publish(Posture(header=header, skeleton_id=4, posture=Posture.SITTING))
    people = spread_person(4), spread_person(5)

    def texts():
        message = bridged.play_until(skeletons, heard, *people)
        bridged.last = message
        return [text.text for text in message.texts]

    bridged.ros.spin_until(lambda: texts()[0] == '4  sitting')
    bridged.ros.spin_until(lambda: texts()[1] == '5  fallen')
    colour = bridged.last.points[2].outline_colors[0]
    assert (colour.r, colour.g, colour.b) == pytest.approx(FALLEN)
    falls.publish(FallEvent(header=bridged.header(), skeleton_id=5, phase=FallEvent.RECOVERED))
    bridged.ros.spin_until(lambda: texts()[1] == '5')


def test_hands_as_annotations(bridged):
    from foxglove_msgs.msg import ImageAnnotations, PointsAnnotation  # noqa: PLC0415

    bridged.start('foxglove')
    heard = bridged.ros.collect(ImageAnnotations, 'hand_annotations', 10)
    hands = bridged.ros.publisher(HandArray, 'hands', SKELETONS)
    keypoints = np.linspace((10, 5), (40, 20), 21).astype(np.float32)
    zeros = np.zeros((21, 3), np.float32)
    hand = TrackedHand(keypoints, zeros[:, 0], zeros, 0.9, 'left', 0.8, 5, 4)
    hands.publish(hand_array([hand], bridged.header(), (640, 480)))
    bridged.ros.spin_until(lambda: heard)
    (bones,) = heard[0].points
    assert bones.type == PointsAnnotation.LINE_LIST
    ends = np.array([(point.x, point.y) for point in bones.points])
    np.testing.assert_allclose(ends, keypoints[np.array(HAND21.edges).ravel()] + 0.5, atol=1e-3)


def test_gestures_of_hands_without_a_person_are_annotated(bridged):
    from foxglove_msgs.msg import ImageAnnotations  # noqa: PLC0415

    bridged.start('foxglove')
    heard = bridged.ros.collect(ImageAnnotations, 'hand_annotations', 10)
    hands = bridged.ros.publisher(HandArray, 'hands', SKELETONS)
    gestures = bridged.ros.publisher(GestureEvent, 'gestures', EVENTS)
    keypoints = np.linspace((110, 75), (140, 90), 21).astype(np.float32)
    zeros = np.zeros((21, 3), np.float32)
    alone, of_person = (
        TrackedHand(keypoints, zeros[:, 0], zeros, 0.9, 'left', 0.8, number, person)
        for number, person in ((5, 0), (6, 4))
    )
    started = {'gesture': 'thumb_up', 'hand': GestureEvent.LEFT}

    def texts(phase):
        header = bridged.header()
        event = GestureEvent(header=header, phase=phase, **started)
        for ids in ({'hand_id': 5}, {'skeleton_id': 4}):
            for name, value in ({'hand_id': 0, 'skeleton_id': 0} | ids).items():
                setattr(event, name, value)
            gestures.publish(event)
        heard.clear()
        hands.publish(hand_array([alone, of_person], header, (640, 480)))
        return bridged.ros.spin_until(lambda: heard)[-1].texts

    bridged.ros.spin_until(lambda: [t.text for t in texts(GestureEvent.STARTED)])
    (text,) = texts(GestureEvent.STARTED)
    assert text.text == 'thumb up left'
    assert (text.position.x, text.position.y) == pytest.approx((110.5, 61.0))
    bridged.ros.spin_until(lambda: not texts(GestureEvent.ENDED))


def test_annotations_are_taken_away_when_no_one_is_there(published):
    from foxglove_msgs.msg import ImageAnnotations  # noqa: PLC0415

    message, _ = published('foxglove', ImageAnnotations, 'image_annotations')
    assert not message.points
    assert not message.texts


def rotated(transform: TransformStamped, vector):
    """A vector of the child frame in the parent's."""
    q = transform.transform.rotation
    turn, v = np.array([q.x, q.y, q.z]), np.array(vector, float)
    return v + 2 * np.cross(turn, np.cross(turn, v) + q.w * v)


@pytest.mark.parametrize('facing', [1.0, -1.0])
def test_frame_of_a_body_is_in_the_hips_and_looks_forward(published, spread_person, facing):
    from tf2_msgs.msg import TFMessage  # noqa: PLC0415

    people = standing(spread_person, 3, facing), spread_person(8)
    message, sent = published('tf', TFMessage, '/tf', *people)
    # The other has no positions.
    (transform,) = message.transforms
    assert transform.header == sent.header
    assert transform.header.frame_id == 'camera'
    assert transform.child_frame_id == 'body_b00003'
    place = transform.transform.translation
    assert (place.x, place.y, place.z) == pytest.approx((0.7, 0.0, 2.0))
    # Of an optical frame: x right, y down, z away from the camera.
    assert rotated(transform, (1, 0, 0)) == pytest.approx((0, 0, -facing), abs=1e-6)
    assert rotated(transform, (0, 1, 0)) == pytest.approx((facing, 0, 0), abs=1e-6)
    assert rotated(transform, (0, 0, 1)) == pytest.approx((0, -1, 0), abs=1e-6)


@pytest.mark.parametrize('fixed_frame', ['', 'odom'])
def test_people_for_social_costmaps(bridged, spread_person, fixed_frame):
    from people_msgs.msg import People  # noqa: PLC0415

    walking = Kinematics(
        MotionState.MOVING,
        velocity=np.array([0.1, 0.2, 0.3]),
        fixed_position=np.array([4.0, 1.0, 1.1]),
        fixed_velocity=np.array([0.8, -0.4, 0.0]),
    )
    people = [
        replace(standing(spread_person, 3), kinematics=walking),
        replace(standing(spread_person, 8), kinematics=replace(walking, fixed_velocity=NAN)),
        spread_person(9),  # without a place
    ]
    bridged.start('people')
    heard = bridged.ros.collect(People, 'people', 10)
    publisher = bridged.ros.publisher(SkeletonArray, 'skeletons', SKELETONS)
    message = bridged.skeletons(*people)
    message.fixed_frame = fixed_frame
    publisher.publish(message)
    array = bridged.ros.spin_until(lambda: heard)[0]
    assert array.header.frame_id == (fixed_frame or 'camera')
    assert array.header.stamp == message.header.stamp
    assert [person.name for person in array.people] == ['b00003', 'b00008']
    first, second = array.people
    assert (first.tagnames, first.tags) == (['motion'], ['moving'])
    assert first.reliability == pytest.approx(0.75)
    place, velocity = first.position, first.velocity
    if fixed_frame:
        assert (place.x, place.y, place.z) == (4.0, 1.0, 1.1)
        assert (velocity.x, velocity.y, velocity.z) == (0.8, -0.4, 0.0)
        assert (second.velocity.x, second.velocity.y, second.velocity.z) == (0.0, 0.0, 0.0)
    else:
        assert (place.x, place.y, place.z) == pytest.approx((0.7, -0.25, 2.0))
        assert (velocity.x, velocity.y, velocity.z) == (0.1, 0.2, 0.3)
