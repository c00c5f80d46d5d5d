import cv2
import numpy as np
import pytest
from rclpy.parameter import Parameter
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.core.colours import FALLEN, SIDE_COLOURS
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, Person
from pose_ros.msg import (
    ExerciseState,
    FallEvent,
    GestureEvent,
    JointAngles,
    Posture,
    SkeletonArray,
)
from pose_ros.ros import marker_node as module
from pose_ros.ros import overlays, qos
from pose_ros.ros.conversions import positions_to_msg, skeleton_array
from pose_ros.ros.images import ImageWriter
from pose_ros.ros.marker_node import MarkerNode
from pose_ros.ros.on_demand import WATCH_PERIOD

pytestmark = pytest.mark.ros

SIZE = (320, 240)
ANNOTATIONS = {'/gestures', '/postures', '/falls', '/exercise'}


def header(stamp):
    message = Header(frame_id='camera_optical')
    message.stamp.sec, message.stamp.nanosec = divmod(stamp, 1000)
    return message


def person(person_id=1, x=60.0):
    points = np.full((17, 2), np.nan, np.float32)
    points[:5] = (x, 100)
    points[5:] = np.column_stack([np.full(12, x), np.linspace(110, 200, 12)])
    box = Box(x - 5, 95, 10, 110)
    ones, states = np.ones(17, np.float32), np.zeros(17, np.uint8)
    return Person(COCO17, points, ones, states, 1.0, box, person_id)


def skeletons(stamp, *people):
    return skeleton_array(people or (person(),), header(stamp), SIZE, 'test')


def camera_info(focal=300.0):
    return CameraInfo(
        width=SIZE[0],
        height=SIZE[1],
        k=[focal, 0.0, 150.0, 0.0, focal, 130.0, 0.0, 0.0, 1.0],
        p=[focal, 0.0, 150.0, 0.0, 0.0, focal, 130.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def image(stamp, grey, encoding='bgr8'):
    image = np.full((SIZE[1], SIZE[0], 3), grey, np.uint8)
    return ImageWriter(encoding).write(image, header(stamp))


def pixels(message):
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)


def inputs(ros, node):
    """Topics that the node subscribes to."""
    found = ros.node.get_subscriber_names_and_types_by_node(node.get_name(), '/')
    return {topic for topic, _ in found if topic not in {'/parameter_events', '/clock'}}


class Watched:
    """A node whose markers or overlay are watched, with publishers for all that it reads."""

    def __init__(self, ros, markers=True, overlay=False, **parameters):
        self.ros = ros
        self.node = ros.start(MarkerNode, **parameters)
        self.markers, self.overlay = [], []
        if markers:
            self.markers = ros.collect(MarkerArray, 'skeleton_markers', qos.MARKERS)
        if overlay:
            self.image = ros.node.create_publisher(Image, 'image', qos.IMAGE_RELIABLE)
            self.overlay = ros.collect(Image, 'image_overlay', qos.IMAGE_RELIABLE)
            self.wait_for_subscriber(self.image)
        if markers:
            self.camera_info = ros.publisher(CameraInfo, 'camera_info', qos.CAMERA_INFO)
        self.skeletons = ros.publisher(SkeletonArray, 'skeletons', qos.SKELETONS)
        self.gestures = ros.node.create_publisher(GestureEvent, 'gestures', qos.EVENTS)

    def wait_for_subscriber(self, publisher):
        self.ros.spin_until(lambda: publisher.get_subscription_count() == 1)

    def markers_of(self, message):
        before = len(self.markers)
        self.skeletons.publish(message)
        self.ros.spin_until(lambda: len(self.markers) > before, 'markers')
        return self.markers[-1].markers

    def place(self):
        """Give a camera_info and wait until it has come through."""
        self.camera_info.publish(camera_info())
        stamps = iter(range(1, 10**6))

        def shown():
            self.skeletons.publish(skeletons(next(stamps)))
            self.ros.executor.spin_once(timeout_sec=0.05)
            return any(m.markers for m in self.markers)

        self.ros.spin_until(shown, 'markers after camera_info')
        # And away with them.
        empty = skeletons(next(stamps))
        empty.skeletons = []
        self.skeletons.publish(empty)
        self.ros.spin_until(
            lambda: {m.action for m in self.markers[-1].markers} == {Marker.DELETE}, 'deletion'
        )
        self.markers.clear()


def test_markers_carry_header_ids_and_places(ros):
    watched = Watched(ros, distance=3.0, lifetime=1.5)
    watched.place()
    message = skeletons(777_001, person(4), person(9, 200.0))
    found = watched.markers_of(message)
    assert {(m.ns, m.id) for m in found} == {
        (name, i) for name in ('keypoints', 'bones', 'label', 'head') for i in (4, 9)
    }
    for marker in found:
        assert serialize_message(marker.header) == serialize_message(header(777_001))
        assert (marker.lifetime.sec, marker.lifetime.nanosec) == (1, 500_000_000)
    spheres = next(m for m in found if m.ns == 'keypoints' and m.id == 9)
    seen = [(p.x / p.z * 300 + 150, p.y / p.z * 300 + 130) for p in spheres.points]
    np.testing.assert_allclose(seen, person(9, 200.0).keypoints, atol=0.01)
    assert {p.z for p in spheres.points} == {3.0}


def test_someone_who_leaves_is_deleted(ros):
    watched = Watched(ros)
    watched.place()
    watched.markers_of(skeletons(1, person(4), person(9)))
    found = watched.markers_of(skeletons(2, person(9)))
    assert {m.id for m in found if m.action == Marker.DELETE} == {4}
    assert {m.id for m in found if m.action == Marker.ADD} == {9}
    empty = skeletons(3)
    empty.skeletons = []
    assert {(m.id, m.action) for m in watched.markers_of(empty)} == {(9, Marker.DELETE)}


def test_the_locked_person_is_marked_and_drawn(ros):
    watched = Watched(ros, overlay=True)
    watched.place()
    message = skeletons(5, person(4), person(9, 200.0))
    message.locked_id = 9
    watched.image.publish(image(5, 90))
    ros.spin_for(0.2)
    found = watched.markers_of(message)
    assert [m.id for m in found if m.ns == 'lock'] == [9]
    assert {m.text for m in found} == {'', '4', '9 locked'}
    ros.spin_until(lambda: watched.overlay, 'overlay')
    changed = (pixels(watched.overlay[0]) != 90).any(axis=2)
    # The frame reaches beneath the feet of the one and not of the other.
    assert changed[205:215, 180:230].any()
    assert not changed[205:215, 30:90].any()


def test_gestures_stand_in_the_text(ros):
    watched = Watched(ros)
    watched.place()
    watched.wait_for_subscriber(watched.gestures)
    event = GestureEvent(
        header=header(5000), skeleton_id=4, gesture='wave', hand=GestureEvent.LEFT
    )
    watched.gestures.publish(event)

    def texts():
        return [m.text for m in watched.markers_of(skeletons(5000, person(4)))]

    ros.spin_until(lambda: texts() == ['', '', '4 wave left', ''], 'the gesture')


def test_what_people_do_stands_in_the_text_line_by_line(ros):
    watched = Watched(ros)
    watched.place()
    told = {'header': header(5000), 'skeleton_id': 4}
    ros.publisher(Posture, 'postures', qos.EVENTS).publish(
        Posture(posture=Posture.STANDING, **told)
    )
    ros.publisher(ExerciseState, 'exercise', qos.EVENTS).publish(
        ExerciseState(exercise='squat', repetitions=2, **told)
    )

    def texts():
        found = watched.markers_of(skeletons(5000, person(4), person(9)))
        return {m.text for m in found if m.ns == 'label'}

    ros.spin_until(lambda: texts() == {'4 standing\nsquat 2', '9'}, 'the words')


def test_who_has_fallen_is_red_in_markers_and_overlay(ros):
    watched = Watched(ros, overlay=True)
    watched.place()
    falls = ros.publisher(FallEvent, 'falls', qos.FALLS)
    stamps = iter(range(5000, 9000))

    def red(phase):
        stamp = next(stamps)
        if phase is not None:
            falls.publish(FallEvent(header=header(stamp), skeleton_id=4, phase=phase))
        watched.image.publish(image(stamp, 90))
        seen = len(watched.overlay)
        found = watched.markers_of(skeletons(stamp, person(4), person(9, 200.0)))
        ros.spin_until(lambda: len(watched.overlay) > seen, 'overlay')
        drawn = pixels(watched.overlay[-1])[..., ::-1] / 255
        colours = {
            m.id: {(round(c.r, 2), round(c.g, 2), round(c.b, 2)) for c in m.colors}
            for m in found
            if m.ns == 'bones'
        }
        overlay = (np.abs(drawn - FALLEN) < 0.02).all(axis=2)
        return (
            colours[4] == {FALLEN} and overlay[:, 40:80].any(),
            colours[9] == {FALLEN} or overlay[:, 150:].any(),
        )

    assert red(None) == (False, False)
    ros.spin_until(lambda: red(FallEvent.FALLEN) == (True, False), 'red')
    assert red(None) == (True, False)
    ros.spin_until(lambda: red(FallEvent.RECOVERED) == (False, False), 'the end of it')


def test_angles_are_asked_for_and_shown_on_request_only(ros):
    watched = Watched(ros)
    watched.place()
    assert '/joint_angles' not in inputs(ros, watched.node)
    answer = ros.set_parameter(watched.node, 'angles', ['left_knee', 'left_thumb'])
    assert not answer.successful
    assert answer.reason.startswith('angles must be any of all, left_')
    assert answer.reason.endswith("; got 'left_thumb'")
    assert ros.set_parameter(watched.node, 'angles', ['left_knee']).successful
    angles = ros.publisher(JointAngles, 'joint_angles', qos.EVENTS)
    message = JointAngles(
        header=header(5000), skeleton_id=4, names=['left_knee', 'neck'], angles=[np.pi / 2, 0.1]
    )
    angles.publish(message)

    def shown():
        found = watched.markers_of(skeletons(5000, person(4), person(9)))
        return {(m.ns, m.id, m.text) for m in found if m.ns.startswith('angle')}

    ros.spin_until(lambda: shown() == {('angle_left_knee', 4, '90°')}, 'the angle')
    assert ros.set_parameter(watched.node, 'angles', []).successful
    ros.spin_until(lambda: not angles.get_subscription_count(), 'no subscription')


def test_what_is_shown_is_chosen_live(ros):
    watched = Watched(ros, show=['falls'])
    expected = {'/camera_info', '/skeletons', '/falls'}
    ros.spin_until(lambda: inputs(ros, watched.node) == expected, 'falls alone')
    assert not ros.set_parameter(watched.node, 'show', ['feet']).successful
    assert ros.set_parameter(watched.node, 'show', ['postures', 'gestures']).successful
    expected = {'/camera_info', '/skeletons', '/postures', '/gestures'}
    ros.spin_until(lambda: inputs(ros, watched.node) == expected, 'others')


def test_without_camera_info_it_waits_and_says_so(ros, capfd):
    watched = Watched(ros)
    assert watched.markers_of(skeletons(1)) == []
    assert watched.markers_of(skeletons(2)) == []
    assert capfd.readouterr().err.count('no camera_info has come') == 1
    # Positions in space need none.
    message = skeletons(3)
    message.skeletons[0].positions = positions_to_msg(np.ones((17, 3)))
    assert len(watched.markers_of(message)) == 3


def test_without_camera_info_a_field_of_view_can_be_assumed(ros):
    watched = Watched(ros, field_of_view=1.0)
    found = watched.markers_of(skeletons(1, person(1, 0.0)))
    left = found[0].points[0]
    assert np.arctan2(-left.x, left.z) == pytest.approx(0.5)
    # The real one comes first as soon as it is there.
    watched.place()
    left = watched.markers_of(skeletons(2, person(1, 0.0)))[0].points[0]
    assert left.x / left.z == pytest.approx(-0.5)


def test_an_uncalibrated_camera_is_named(ros, capfd):
    watched = Watched(ros)
    watched.camera_info.publish(CameraInfo(width=320, height=240))

    def said():
        assert watched.markers_of(skeletons(1)) == []
        return 'camera_info: camera matrix has no focal length' in capfd.readouterr().err

    ros.spin_until(said, 'the warning')


def test_a_skeleton_that_cannot_be_understood_takes_no_other_along(ros, capfd):
    watched = Watched(ros)
    watched.place()
    message = skeletons(1, person(1), person(2), person(3))
    message.skeletons[0].format = 'octopus'
    message.skeletons[1].keypoints = message.skeletons[1].keypoints[:5]
    assert {m.id for m in watched.markers_of(message)} == {3}
    assert "skeleton left out: unknown keypoint format 'octopus'" in capfd.readouterr().err


def test_parameters_change_live_and_bad_ones_are_refused(ros):
    watched = Watched(ros)
    watched.place()
    assert ros.set_parameter(watched.node, 'distance', 7.5).successful
    assert watched.markers_of(skeletons(1))[0].points[0].z == 7.5
    answer = ros.set_parameter(watched.node, 'distance', -1.0)
    assert not answer.successful
    assert 'distance' in answer.reason
    assert watched.markers_of(skeletons(2))[0].points[0].z == 7.5


def test_how_the_camera_is_used_changes_live(ros):
    watched = Watched(ros, field_of_view=1.0)

    def angle():
        point = watched.markers_of(skeletons(1, person(1, 0.0)))[0].points[0]
        return np.arctan2(-point.x, point.z)

    assert angle() == pytest.approx(0.5)
    assert ros.set_parameter(watched.node, 'field_of_view', 2.0).successful
    assert angle() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ('name', 'value', 'look', 'expected'),
    [
        ('lifetime', 2.0, lambda keypoints: keypoints.lifetime.sec, (0, 2)),
        ('scale', 2.0, lambda keypoints: keypoints.scale.x, (0.02, 0.04)),
        # By K (60 - 150) / 300 of the distance, by P half of it.
        ('rectified', True, lambda keypoints: keypoints.points[0].x, (-0.6, -0.3)),
    ],
)
def test_markers_of_people_already_shown_change_live(ros, name, value, look, expected):
    before, after = expected
    watched = Watched(ros)
    watched.place()
    info = camera_info()
    info.p[0] *= 2.0
    watched.camera_info.publish(info)

    def looks():
        markers = watched.markers_of(skeletons(1))
        return look(next(marker for marker in markers if marker.ns == 'keypoints'))

    assert looks() == pytest.approx(before)
    assert ros.set_parameter(watched.node, name, value).successful
    ros.spin_until(lambda: looks() == pytest.approx(after), f'markers with {name} {value}')


def test_the_buffer_of_images_shrinks_live(ros):
    watched = Watched(ros, markers=False, overlay=True)
    assert ros.set_parameter(watched.node, 'image_buffer', 1).successful
    kept = watched.node._pairs._images
    for stamp in (1, 2):
        watched.image.publish(image(stamp, 90))
        ros.spin_until(lambda s=stamp: (0, s) in kept, 'the image in the node')
    for stamp in (1, 2):
        watched.skeletons.publish(skeletons(stamp))
    ros.spin_until(lambda: watched.overlay, 'the overlay')
    assert [message.header for message in watched.overlay] == [header(2)]


def test_nothing_is_read_for_no_one(ros):
    node = ros.start(MarkerNode)
    for kind, topic in ((Image, 'image'), (SkeletonArray, 'skeletons')):
        ros.node.create_publisher(kind, topic, 1)
    ros.spin_for(3 * WATCH_PERIOD)
    assert inputs(ros, node) == set()

    overlay = ros.node.create_subscription(Image, 'image_overlay', lambda _: None, 1)
    expected = {'/image', '/skeletons'} | ANNOTATIONS
    ros.spin_until(lambda: inputs(ros, node) == expected, 'inputs of the overlay')
    ros.node.destroy_subscription(overlay)
    ros.spin_until(lambda: not inputs(ros, node), 'no inputs')

    markers = ros.node.create_subscription(MarkerArray, 'skeleton_markers', lambda _: None, 1)
    expected = {'/camera_info', '/skeletons'} | ANNOTATIONS
    ros.spin_until(lambda: inputs(ros, node) == expected, 'inputs of the markers')
    ros.node.destroy_subscription(markers)
    ros.spin_until(lambda: not inputs(ros, node), 'no inputs')


def test_nothing_is_drawn_without_subscribers_of_the_overlay(ros, monkeypatch):
    drawn = []
    monkeypatch.setattr(module, 'draw_people', lambda *_, **__: drawn.append(1))
    watched = Watched(ros)
    watched.place()
    publisher = ros.node.create_publisher(Image, 'image', qos.IMAGE_RELIABLE)
    for stamp in range(1, 5):
        publisher.publish(image(stamp, 50))
        watched.markers_of(skeletons(stamp))
    assert drawn == []
    assert publisher.get_subscription_count() == 0


def test_no_markers_are_made_without_subscribers_of_them(ros, monkeypatch):
    made = []
    monkeypatch.setattr(module.SkeletonMarkers, 'update', lambda *_, **__: made.append(1))
    watched = Watched(ros, markers=False, overlay=True)
    watched.image.publish(image(1, 50))
    watched.skeletons.publish(skeletons(1))
    ros.spin_until(lambda: watched.overlay, 'overlay')
    assert made == []


@pytest.mark.parametrize('encoding', ['bgr8', 'rgb8'])
def test_overlay_pairs_each_image_with_its_own_skeletons(ros, encoding):
    watched = Watched(ros, markers=False, overlay=True)
    # Grey 40 with a person at 60 px, grey 200 with one at 250 px; skeletons come late.
    for stamp, grey in ((1, 40), (2, 120), (3, 200)):
        watched.image.publish(image(stamp, grey, encoding))
        ros.spin_for(0.1)
    watched.skeletons.publish(skeletons(1, person(1, 60.0)))
    ros.spin_until(lambda: len(watched.overlay) == 1, 'first overlay')
    watched.skeletons.publish(skeletons(3, person(1, 250.0)))
    ros.spin_until(lambda: len(watched.overlay) == 2, 'second overlay')
    for message, stamp, grey, x in zip(watched.overlay, (1, 3), (40, 200), (60, 250)):
        assert serialize_message(message.header) == serialize_message(header(stamp))
        assert (message.encoding, message.width, message.height) == (encoding, *SIZE)
        changed = (pixels(message) != grey).any(axis=2)
        # Below the label.
        assert not changed[150:, x - 40].any()
        assert changed[110:200, x].all()
        # The lowest keypoint is the right ankle.
        colour = pixels(message)[200, x][:: 1 if encoding == 'rgb8' else -1] / 255
        np.testing.assert_allclose(colour, SIDE_COLOURS[1], atol=0.02)
        assert 0 < changed.mean() < 0.2


def test_overlay_when_skeletons_overtake_their_image(ros):
    watched = Watched(ros, markers=False, overlay=True)
    watched.skeletons.publish(skeletons(5))
    ros.spin_for(0.2)
    watched.image.publish(image(5, 90))
    ros.spin_until(lambda: watched.overlay, 'overlay')
    assert (pixels(watched.overlay[0]) != 90).any()


def test_overlay_of_an_image_without_people_is_the_image(ros):
    watched = Watched(ros, markers=False, overlay=True)
    watched.image.publish(image(5, 90))
    ros.spin_for(0.2)
    empty = skeletons(5)
    empty.skeletons = []
    watched.skeletons.publish(empty)
    ros.spin_until(lambda: watched.overlay, 'overlay')
    assert (pixels(watched.overlay[0]) == 90).all()


def test_overlay_survives_images_that_cannot_be_used(ros, capfd):
    watched = Watched(ros, markers=False, overlay=True)
    bad = image(1, 10)
    bad.encoding = 'smell8'
    watched.image.publish(bad)
    watched.skeletons.publish(skeletons(1))
    said = "image left out: unknown encoding 'smell8'"
    ros.spin_until(lambda: said in capfd.readouterr().err, 'the warning')
    watched.image.publish(image(2, 70))
    watched.skeletons.publish(skeletons(2))
    ros.spin_until(lambda: watched.overlay, 'overlay')
    assert watched.overlay[0].header == header(2)


def test_overlay_of_compressed_images_where_there_are_no_others(ros):
    node = ros.start(MarkerNode)
    packed = ros.node.create_publisher(CompressedImage, 'image/compressed', qos.IMAGE_RELIABLE)
    overlay = ros.collect(Image, 'image_overlay', qos.IMAGE_RELIABLE)
    ros.spin_until(lambda: inputs(ros, node) >= {'/image/compressed'}, 'compressed')
    assert '/image' not in inputs(ros, node)
    people = ros.publisher(SkeletonArray, 'skeletons', qos.SKELETONS)
    jpeg = cv2.imencode('.jpg', np.full((SIZE[1], SIZE[0], 3), 90, np.uint8))[1].tobytes()
    packed.publish(CompressedImage(header=header(5), format='jpeg', data=jpeg))
    ros.spin_for(0.2)
    people.publish(skeletons(5))
    ros.spin_until(lambda: overlay, 'overlay')
    assert overlay[0].header == header(5)
    # Raw ones are taken instead as soon as there are some.
    ros.node.create_publisher(Image, 'image', 1)
    ros.spin_until(lambda: '/image' in inputs(ros, node), 'raw')
    assert '/image/compressed' not in inputs(ros, node)


@pytest.mark.parametrize('profile', [qos.IMAGE, qos.IMAGE_RELIABLE])
def test_images_arrive_whatever_their_reliability(ros, profile):
    watched = ros.start(MarkerNode)
    publisher = ros.node.create_publisher(Image, 'image', profile)
    ros.collect(Image, 'image_overlay', qos.IMAGE_RELIABLE)
    ros.spin_until(lambda: publisher.get_subscription_count() == 1, 'subscriber')

    def offered():
        infos = ros.node.get_subscriptions_info_by_topic('/image')
        return [i.qos_profile.reliability for i in infos]

    ros.spin_until(lambda: offered() == [profile.reliability], 'the same reliability')
    assert watched.get_name() == 'marker_node'


def test_the_compressed_overlay_is_the_overlay_as_jpeg_and_made_only_when_wanted(ros, monkeypatch):
    made = []
    jpeg = overlays.jpeg

    def counted(*arguments):
        made.append(1)
        return jpeg(*arguments)

    monkeypatch.setattr(overlays, 'jpeg', counted)
    watched = Watched(ros, markers=False, overlay=True)
    watched.image.publish(image(1, 90, 'rgb8'))
    watched.skeletons.publish(skeletons(1))
    ros.spin_until(lambda: watched.overlay, 'overlay')
    assert made == []
    # Remapping takes both along, so this name is the one that image_transport looks for.
    compressed = ros.collect(CompressedImage, 'image_overlay/compressed', qos.IMAGE_RELIABLE)
    ros.spin_until(lambda: ros.node.count_publishers('/image_overlay/compressed'))
    stamps = iter(range(2, 10**6))

    def shown():
        stamp = next(stamps)
        watched.image.publish(image(stamp, 90, 'rgb8'))
        watched.skeletons.publish(skeletons(stamp))
        ros.executor.spin_once(timeout_sec=0.05)
        return len(compressed) > 1

    ros.spin_until(shown, 'compressed overlay')
    message = compressed[-1]
    assert message.format == 'bgr8; jpeg compressed bgr8'
    assert message.header.frame_id == header(1).frame_id
    decoded = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    raw = pixels(watched.overlay[-1])
    assert np.abs(decoded.astype(int) - raw).mean() < 3
    # A tenth of the raw image, and with a lower quality less.
    size = len(message.data)
    assert size < raw.size / 10
    watched.node.set_parameters([Parameter('jpeg_quality', value=20)])
    compressed.clear()
    ros.spin_until(shown, 'compressed overlay')
    assert len(compressed[-1].data) < 0.9 * size


def test_a_compressed_overlay_alone_is_subscription_enough(ros):
    ros.start(MarkerNode)
    compressed = ros.collect(CompressedImage, 'image_overlay/compressed', qos.IMAGE_RELIABLE)
    images = ros.publisher(Image, 'image', qos.IMAGE_RELIABLE)
    found = ros.publisher(SkeletonArray, 'skeletons', qos.SKELETONS)
    images.publish(image(1, 90))
    found.publish(skeletons(1))
    ros.spin_until(lambda: compressed, 'compressed overlay')
