import cv2
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, RegionOfInterest
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.core.colours import FALLEN, SIDE_COLOURS, UNTRACKED, bone_colours, colour_of
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import Box, KeypointState, Person
from pose_ros.ros.calibration import camera_model
from pose_ros.ros.labels import Annotations
from pose_ros.ros.markers import SkeletonMarkers
from pose_ros.ros.person_markers import (
    ANGLE,
    BONES,
    HEAD,
    KEYPOINTS,
    LABEL,
    LOCK,
    MarkerStyle,
)

pytestmark = pytest.mark.ros

# Neither square nor centred.
SIZE = (640, 360)
MATRIX = np.array([[610.0, 0, 290], [0, 590, 200], [0, 0, 1]])
LENS = [-0.28, 0.09, 0.0008, -0.001, 0.01]
STYLE = MarkerStyle(distance=2.5, lifetime=0.75)
NOTHING = Annotations()


def camera_info(distortion=(), **fields):
    projection = np.column_stack([MATRIX, np.zeros(3)])
    return CameraInfo(
        width=SIZE[0],
        height=SIZE[1],
        distortion_model='plumb_bob',
        d=list(distortion),
        k=MATRIX.ravel(),
        r=np.eye(3).ravel(),
        p=projection.ravel(),
        **fields,
    )


def header():
    message = Header(frame_id='left_camera_optical')
    message.stamp.sec, message.stamp.nanosec = 1234567890, 987654321
    return message


def person(topology=COCO17, person_id=5, seed=0, states=None, size=SIZE):
    count = len(topology)
    points = np.random.default_rng(seed).uniform((0, 0), size, (count, 2)).astype(np.float32)
    if states is None:
        states = np.zeros(count, np.uint8)
    box = Box.around(points)
    return Person(topology, points, np.ones(count, np.float32), states, 1.0, box, person_id)


def by_namespace(message, marker_id=5):
    found = {m.ns: m for m in message.markers if m.id == marker_id}
    return found[KEYPOINTS], found[BONES], found[LABEL]


def places(marker):
    return np.array([(p.x, p.y, p.z) for p in marker.points]).reshape(-1, 3)


def colours(marker):
    return np.array([(c.r, c.g, c.b) for c in marker.colors])


def look_through(info, points):
    """Pixels at which a camera sees places [N, 3]."""
    matrix = np.array(info.k).reshape(3, 3)
    seen, _ = cv2.projectPoints(
        points[:, None], np.zeros(3), np.zeros(3), matrix, np.array(info.d)
    )
    return seen[:, 0]


@pytest.fixture
def camera():
    return camera_model(camera_info(), SIZE)


@pytest.fixture
def markers():
    return SkeletonMarkers(STYLE)


@pytest.mark.parametrize('distortion', [(), LENS])
@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33])
def test_markers_lie_over_the_keypoints_pixels(markers, topology, distortion):
    info = camera_info(distortion)
    shown = person(topology)
    message = markers.update(header(), [(shown, None)], camera_model(info, SIZE), NOTHING)
    spheres, lines, _ = by_namespace(message)
    assert (spheres.type, lines.type) == (Marker.SPHERE_LIST, Marker.LINE_LIST)
    np.testing.assert_allclose(places(spheres)[:, 2], 2.5)
    np.testing.assert_allclose(look_through(info, places(spheres)), shown.keypoints, atol=0.01)
    ends = np.array(topology.edges).ravel()
    np.testing.assert_allclose(look_through(info, places(lines)), shown.keypoints[ends], atol=0.01)
    # What places the markers is not in the markers themselves.
    for marker in (spheres, lines):
        position, turn = marker.pose.position, marker.pose.orientation
        assert (position.x, position.y, position.z) == (0, 0, 0)
        assert (turn.x, turn.y, turn.z, turn.w) == (0, 0, 0, 1)


def test_a_rectified_image_ignores_the_lens(markers):
    info = camera_info(LENS)
    shown = person()
    camera = camera_model(info, SIZE, rectified=True)
    spheres, _, _ = by_namespace(markers.update(header(), [(shown, None)], camera, NOTHING))
    seen = look_through(camera_info(), places(spheres))
    np.testing.assert_allclose(seen, shown.keypoints, atol=0.01)


@pytest.mark.parametrize(
    ('fields', 'own_size', 'scale', 'offset'),
    [
        ({'binning_x': 2, 'binning_y': 2}, (320, 180), (2, 2), (0, 0)),
        ({'binning_x': 2, 'binning_y': 4}, (320, 90), (2, 4), (0, 0)),
        ({}, (1280, 720), (0.5, 0.5), (0, 0)),
        (
            {'roi': RegionOfInterest(x_offset=40, y_offset=30, width=200, height=100)},
            (200, 100),
            (1, 1),
            (40, 30),
        ),
    ],
)
def test_images_smaller_than_the_calibrated_one(markers, fields, own_size, scale, offset):
    info = camera_info(LENS, **fields)
    shown = person(size=own_size)
    camera = camera_model(info, own_size)
    spheres, _, _ = by_namespace(markers.update(header(), [(shown, None)], camera, NOTHING))
    seen = look_through(info, places(spheres))
    np.testing.assert_allclose(seen, shown.keypoints * scale + offset, atol=0.01)


@pytest.mark.parametrize('missing', ['k', 'p', 'r'])
def test_drivers_that_fill_in_only_one_matrix(markers, missing):
    info = camera_info()
    setattr(info, missing, np.zeros_like(getattr(info, missing)))
    shown = person()
    message = markers.update(header(), [(shown, None)], camera_model(info, SIZE), NOTHING)
    spheres, _, _ = by_namespace(message)
    seen = look_through(camera_info(), places(spheres))
    np.testing.assert_allclose(seen, shown.keypoints, atol=0.01)


def test_an_uncalibrated_camera_is_refused():
    with pytest.raises(ValueError, match='not calibrated'):
        camera_model(CameraInfo(width=640, height=360), SIZE)


def test_left_and_right_and_the_person_are_told_apart_by_colour(markers, camera):
    message = markers.update(header(), [(person(person_id=5), None)], camera, NOTHING)
    spheres, lines, text = by_namespace(message)
    for side, name in ((-1, 'left_wrist'), (1, 'right_wrist'), (0, 'nose')):
        index = COCO17.index(name)
        np.testing.assert_allclose(colours(spheres)[index], SIDE_COLOURS[side], rtol=1e-6)
    np.testing.assert_allclose(colours(lines)[::2], bone_colours(COCO17, 5), rtol=1e-6)
    np.testing.assert_allclose(colours(lines)[1::2], bone_colours(COCO17, 5), rtol=1e-6)
    np.testing.assert_allclose((text.color.r, text.color.g, text.color.b), colour_of(5))
    for marker in (spheres, lines):
        assert len(marker.colors) == len(marker.points)
        assert 0 <= colours(marker).min() <= colours(marker).max() <= 1
        assert {c.a for c in marker.colors} == {1.0}


@pytest.mark.parametrize(
    'state',
    [KeypointState.BELOW_THRESHOLD, KeypointState.PREDICTED, KeypointState.IMPLAUSIBLE],
)
def test_what_was_not_observed_is_faint_with_its_bones(markers, camera, state):
    # Seen in the first message: the change must come through.
    markers.update(header(), [(person(), None)], camera, NOTHING)
    states = np.zeros(17, np.uint8)
    states[COCO17.index('left_elbow')] = state
    message = markers.update(header(), [(person(states=states), None)], camera, NOTHING)
    spheres, lines, _ = by_namespace(message)
    faint = [c.a < 0.5 for c in spheres.colors]
    assert faint == [name == 'left_elbow' for name in COCO17.keypoint_names]
    elbow = COCO17.index('left_elbow')
    assert [c.a < 0.5 for c in lines.colors[::2]] == [elbow in edge for edge in COCO17.edges]


def test_unknown_keypoints_are_left_out_with_their_bones(markers, camera):
    markers.update(header(), [(person(), None)], camera, NOTHING)
    shown = person()
    elbow = COCO17.index('left_elbow')
    shown.keypoints[elbow] = np.nan
    spheres, lines, _ = by_namespace(markers.update(header(), [(shown, None)], camera, NOTHING))
    assert len(spheres.points) == len(spheres.colors) == 16
    gone = sum(elbow in edge for edge in COCO17.edges)
    assert gone == 2
    assert len(lines.points) == len(lines.colors) == 2 * (len(COCO17.edges) - gone)
    assert np.isfinite(places(spheres)).all()
    assert np.isfinite(places(lines)).all()


def test_positions_in_space_come_before_the_plane(markers, camera):
    positions = np.random.default_rng(2).normal((0, 0, 4), 0.5, (17, 3))
    positions[COCO17.index('nose')] = np.nan
    for given in (camera, None):
        message = markers.update(header(), [(person(), positions)], given, NOTHING)
        spheres, lines, _ = by_namespace(message)
        np.testing.assert_array_equal(places(spheres), positions[1:])
        bones = [edge for edge in COCO17.edges if 0 not in edge]
        np.testing.assert_array_equal(places(lines), positions[np.array(bones).ravel()])


def test_without_camera_and_positions_nothing_is_made_up(markers):
    assert markers.update(header(), [(person(), None)], None, NOTHING).markers == []


def test_header_is_copied_to_the_bit(markers, camera):
    original = serialize_message(header())
    people = [(person(person_id=5), None), (person(person_id=6), None)]
    markers.update(header(), people, camera, NOTHING)
    message = markers.update(header(), people[:1], camera, NOTHING)
    assert {m.action for m in message.markers} == {Marker.ADD, Marker.DELETE}
    for marker in message.markers:
        assert serialize_message(marker.header) == original


def test_markers_of_a_person_who_left_are_deleted_once(markers, camera):
    both = [(person(person_id=5), None), (person(person_id=6), None)]
    assert len(markers.update(header(), both, camera, NOTHING).markers) == 8
    message = markers.update(header(), both[1:], camera, NOTHING)
    deleted = {(m.ns, m.id) for m in message.markers if m.action == Marker.DELETE}
    added = {(m.ns, m.id) for m in message.markers if m.action == Marker.ADD}
    assert deleted == {(name, 5) for name in (KEYPOINTS, BONES, LABEL, HEAD)}
    assert added == {(name, 6) for name in (KEYPOINTS, BONES, LABEL, HEAD)}
    message = markers.update(header(), both[1:], camera, NOTHING)
    assert {m.id for m in message.markers} == {6}
    message = markers.update(header(), [], camera, NOTHING)
    assert {(m.id, m.action) for m in message.markers} == {(6, Marker.DELETE)}
    assert markers.update(header(), [], camera, NOTHING).markers == []
    # Back again, all of it is there.
    message = markers.update(header(), both, camera, NOTHING)
    assert [m.action for m in message.markers] == [Marker.ADD] * 8


def test_a_marker_without_content_is_deleted_not_sent_empty(markers, camera):
    markers.update(header(), [(person(), None)], camera, NOTHING)
    nowhere = person()
    nowhere.keypoints[:] = np.nan
    message = markers.update(header(), [(nowhere, None)], camera, Annotations({5: 'wave'}))
    assert {m.action for m in message.markers} == {Marker.DELETE}
    # One keypoint, no bone.
    nowhere.keypoints[3] = (100, 100)
    spheres, lines, text = by_namespace(
        markers.update(header(), [(nowhere, None)], camera, NOTHING)
    )
    assert (spheres.action, lines.action, text.action) == (Marker.ADD, Marker.DELETE, Marker.ADD)
    assert spheres.scale.x > 0


def test_lifetime_and_style_follow_the_settings(markers, camera):
    before = by_namespace(markers.update(header(), [(person(), None)], camera, NOTHING))
    assert {(m.lifetime.sec, m.lifetime.nanosec) for m in before} == {(0, 750_000_000)}
    width = before[1].scale.x
    markers.style = MarkerStyle(distance=5.0, lifetime=2.25, scale=3.0)
    after = by_namespace(markers.update(header(), [(person(), None)], camera, NOTHING))
    assert {(m.lifetime.sec, m.lifetime.nanosec) for m in after} == {(2, 250_000_000)}
    np.testing.assert_allclose(places(after[0])[:, 2], 5.0)
    # Twice as far, the person is twice as large.
    assert after[1].scale.x == pytest.approx(width * 3 * 2)


def test_the_label_gives_id_and_words_beside_the_person(markers, camera):
    shown = [(standing(5, 300), None)]
    shown[0][0].keypoints[:5] = (300, 90)
    for name, y in (('elbow', 200), ('wrist', 260)):
        for side, x in (('left', 335), ('right', 265)):
            shown[0][0].keypoints[COCO17.index(f'{side}_{name}')] = (x, y)
    annotations = Annotations({5: 'wave left', 6: 'other'})
    message = markers.update(header(), shown, camera, annotations, image_size=SIZE)
    spheres, _, text = by_namespace(message)
    assert (text.type, text.text) == (Marker.TEXT_VIEW_FACING, '5 wave left')
    ((left, _, top, bottom),) = boxes([text])
    seen = places(spheres) / STYLE.distance
    assert left > seen[:, 0].max()
    assert seen[:, 1].min() < (top + bottom) / 2 < seen[:, 1].max()
    message = markers.update(header(), shown, camera, NOTHING)
    assert by_namespace(message)[2].text == '5'


def test_a_label_looks_the_same_near_and_far_and_whatever_the_person_does(markers, camera):
    def apparent(depth, pose):
        positions = np.random.default_rng(pose).normal((0, 0, depth), 0.3, (17, 3))
        positions[:, 2] = depth
        message = markers.update(header(), [(person(), positions)], camera, NOTHING)
        text = by_namespace(message)[2]
        return text.scale.z, text.scale.z / text.pose.position.z

    assert apparent(2.0, 1)[1] == pytest.approx(apparent(6.0, 2)[1]) == pytest.approx(0.03)
    # Depths that vary by some per cent do not make it flicker.
    assert apparent(6.3, 3)[0] == apparent(6.0, 4)[0]


def test_labels_stay_in_the_image_and_off_the_joints(markers, camera):
    people = [(standing(i, x), None) for i, x in ((1, 30), (2, 590), (3, 320))]
    words = Annotations(dict.fromkeys((1, 2, 3), 'standing\nhand raised left'))
    message = markers.update(header(), people, camera, words, image_size=SIZE)
    joints = np.concatenate([p.keypoints for p, _ in people])
    for i in (1, 2, 3):
        box = np.array(boxes([by_namespace(message, i)[2]])).reshape(2, 2).T
        (left, top), (right, bottom) = box * (610, 590) + (290, 200)
        assert -1 < left < right < SIZE[0] + 1
        assert -1 < top < bottom < SIZE[1] + 1
        inside = (joints > (left, top)).all(axis=1) & (joints < (right, bottom)).all(axis=1)
        assert not inside.any()


def test_the_head_is_a_ring_around_the_face_that_a_neck_joins_to_the_shoulders(markers, camera):
    shown = standing(5, 300)
    face = {'nose': (300, 80), 'left_eye': (305, 75), 'right_eye': (295, 75),
            'left_ear': (312, 78), 'right_ear': (288, 78)}  # fmt: skip
    for name, place in face.items():
        shown.keypoints[COCO17.index(name)] = place
    view = View(markers, camera)
    view.update(shown)
    head = view.shown[HEAD, 5]
    lines = look_through(camera_info(), places(head)).reshape(-1, 2, 2)
    neck, ring = lines[0], lines[1:].reshape(-1, 2)
    np.testing.assert_allclose(neck[1], (300, 120), atol=0.1)
    middle = np.mean(list(face.values()), axis=0)
    radii = np.linalg.norm(ring - middle, axis=1)
    # As large as a head between such shoulders, and round but for the camera's pixels.
    assert radii == pytest.approx(0.295 * 60, rel=0.05)
    assert np.linalg.norm(neck[0] - middle) == pytest.approx(radii.mean(), rel=0.05)
    assert (head.color.r, head.color.g, head.color.b) == pytest.approx(colour_of(5))
    assert head.scale.x == view.shown[BONES, 5].scale.x > 0
    # A face that is not seen has no ring, and no old one stays.
    shown.keypoints[: len(face)] = np.nan
    view.update(shown)
    assert view.ids(HEAD) == []


def test_the_head_is_faint_where_the_face_is_not_observed_and_red_of_the_fallen(markers, camera):
    states = np.zeros(17, np.uint8)
    states[:5] = KeypointState.PREDICTED
    view = View(markers, camera)
    view.update(person(states=states), annotations=Annotations(fallen=frozenset({5})))
    head = view.shown[HEAD, 5].color
    assert (head.r, head.g, head.b) == pytest.approx(FALLEN)
    assert head.a < 0.5
    view.update(person())
    assert view.shown[HEAD, 5].color.a == 1.0


def test_several_untracked_people_do_not_hide_each_other(markers, camera):
    people = [(person(person_id=0, seed=s), None) for s in range(3)]
    message = markers.update(header(), [*people, (person(person_id=1), None)], camera, NOTHING)
    added = [(m.ns, m.id) for m in message.markers if m.action == Marker.ADD]
    # An untracked person has no number to tell: no text.
    assert len(added) == len(set(added)) == 3 * 3 + 4


class View:
    """What RViz shows after some messages: the markers added and not deleted."""

    def __init__(self, markers, camera):
        self.markers, self.camera = markers, camera
        self.shown = {}

    def update(self, *people, annotations=NOTHING, **options):
        given = [(p, None) for p in people]
        message = self.markers.update(header(), given, self.camera, annotations, **options)
        for marker in message.markers:
            key = (marker.ns, marker.id)
            if marker.action == Marker.ADD:
                self.shown[key] = marker
            else:
                self.shown.pop(key, None)
        return len(message.markers)

    def ids(self, name):
        return sorted(number for ns, number in self.shown if ns == name)


def test_a_person_without_an_id_is_grey(markers, camera):
    message = markers.update(header(), [(person(person_id=0), None)], camera, NOTHING)
    spheres, lines, text = by_namespace(message, -1)
    assert {tuple(c) for c in colours(spheres).round(4)} == {UNTRACKED}
    assert np.ptp(colours(lines), axis=1).max() < 1e-6
    assert (text.action, text.text) == (Marker.DELETE, '')


def test_nothing_is_left_behind_while_people_get_their_ids(markers, camera):
    view = View(markers, camera)
    view.update(person(person_id=0, seed=1), person(person_id=0, seed=2))
    assert view.ids(KEYPOINTS) == [-2, -1]
    assert view.ids(LABEL) == []
    view.update(person(person_id=1, seed=1), person(person_id=0, seed=2))
    assert view.ids(KEYPOINTS) == view.ids(BONES) == [-1, 1]
    view.update(person(person_id=0, seed=3), person(person_id=1), person(person_id=2))
    assert view.ids(KEYPOINTS) == [-1, 1, 2]
    assert view.ids(LABEL) == [1, 2]
    view.update(person(person_id=2))
    assert set(view.shown) == {(name, 2) for name in (KEYPOINTS, BONES, LABEL, HEAD)}
    view.update()
    assert view.shown == {}


def test_the_locked_person_stands_in_a_frame(markers, camera):
    view = View(markers, camera)
    people = [person(person_id=1, seed=1), person(person_id=2, seed=2)]
    assert view.update(*people) == 8
    assert view.update(*people, locked=2) == 9
    assert view.ids(LOCK) == [2]
    frame = view.shown[LOCK, 2]
    assert (frame.type, len(frame.points)) == (Marker.LINE_LIST, 16)
    assert (frame.color.r, frame.color.g, frame.color.b) == pytest.approx(colour_of(2))
    around, within = places(frame), places(view.shown[KEYPOINTS, 2])
    assert (around[:, :2].min(axis=0) < within[:, :2].min(axis=0)).all()
    assert (around[:, :2].max(axis=0) > within[:, :2].max(axis=0)).all()
    np.testing.assert_allclose(around[:, 2], 2.5)
    assert [view.shown[LABEL, i].text for i in (1, 2)] == ['1', '2 locked']
    assert frame.scale.x > 0
    assert frame.lifetime.nanosec == 750_000_000
    # It goes with the lock, or with the person.
    assert view.update(*people, locked=1) == 10
    assert view.ids(LOCK) == [1]
    view.update(*people)
    assert view.ids(LOCK) == []
    assert view.update(*people) == 8
    view.update(*people, locked=2)
    view.update(people[0], locked=2)
    assert view.ids(LOCK) == []
    view.update(*people, locked=2)
    assert view.ids(LOCK) == [2]


def test_no_one_is_locked_by_having_no_id(markers, camera):
    view = View(markers, camera)
    view.update(person(person_id=0), locked=0)
    assert view.ids(LOCK) == []


def test_a_person_predicted_is_faint(markers, camera):
    states = np.full(17, KeypointState.PREDICTED, np.uint8)
    message = markers.update(header(), [(person(states=states), None)], camera, NOTHING)
    spheres, lines, text = by_namespace(message)
    assert max(c.a for c in (*spheres.colors, *lines.colors)) < 0.5
    assert text.color.a < 0.6
    message = markers.update(header(), [(person(), None)], camera, NOTHING)
    assert by_namespace(message)[2].color.a == 1.0


def test_ids_beyond_those_of_markers(markers, camera):
    message = markers.update(header(), [(person(person_id=2**32 - 1), None)], camera, NOTHING)
    copy = deserialize_message(serialize_message(message), MarkerArray)
    assert {m.text for m in copy.markers} == {'', str(2**32 - 1)}
    # Where messages check their fields (Humble), a larger one would be refused.
    assert all(-(2**31) <= m.id < 2**31 for m in message.markers)


def test_another_format_for_the_same_person(markers, camera):
    markers.update(header(), [(person(COCO17), None)], camera, NOTHING)
    message = markers.update(header(), [(person(BLAZEPOSE33), None)], camera, NOTHING)
    assert len(by_namespace(message)[0].points) == 33
    assert len(message.markers) == 4


def test_messages_are_kept_and_changed_not_made_anew(markers, camera):
    first = markers.update(header(), [(person(seed=1), None)], camera, NOTHING)
    kept = [id(m) for m in first.markers] + [id(p) for p in first.markers[0].points]
    before = places(first.markers[0])
    second = markers.update(header(), [(person(seed=2), None)], camera, NOTHING)
    assert kept == [id(m) for m in second.markers] + [id(p) for p in second.markers[0].points]
    assert np.abs(places(second.markers[0]) - before).max() > 0.1


def test_the_fallen_are_red_until_they_are_up(markers, camera):
    people = [(person(person_id=5), None), (person(person_id=6), None)]
    annotations = Annotations({5: 'fallen'}, fallen=frozenset({5}))
    for _ in range(2):
        message = markers.update(header(), people, camera, annotations)
        _, lines, text = by_namespace(message, 5)
        np.testing.assert_allclose(colours(lines), np.tile(FALLEN, (len(lines.colors), 1)))
        assert (text.color.r, text.color.g, text.color.b) == pytest.approx(FALLEN)
        _, others, _ = by_namespace(message, 6)
        np.testing.assert_allclose(colours(others)[::2], bone_colours(COCO17, 6), rtol=1e-6)
    _, lines, text = by_namespace(markers.update(header(), people, camera, NOTHING), 5)
    np.testing.assert_allclose(colours(lines)[::2], bone_colours(COCO17, 5), rtol=1e-6)
    np.testing.assert_allclose((text.color.r, text.color.g, text.color.b), colour_of(5))


def standing(person_id, x):
    shown = person(person_id=person_id)
    shown.keypoints[:] = np.random.default_rng(person_id).uniform((-40, 100), (40, 300), (17, 2))
    for name, place in {
        'left_shoulder': (30, 120), 'right_shoulder': (-30, 120), 'left_knee': (25, 250),
    }.items():  # fmt: skip
        shown.keypoints[COCO17.index(name)] = place
    shown.keypoints[:, 0] += x
    return shown


def test_angles_stand_beside_their_joints_and_go_when_they_are_not_wanted(markers, camera):
    view = View(markers, camera)
    angles = {5: {'left_knee': np.radians(93.4), 'neck': 0.5, 'left_elbow': np.nan, 'tail': 1.0}}
    view.update(standing(5, 200), standing(6, 400), annotations=Annotations(angles=angles))
    found = {name: m for (name, _), m in view.shown.items() if name.startswith(ANGLE)}
    assert {name: m.text for name, m in found.items()} == {
        'angle_left_knee': '93°', 'angle_neck': '29°',
    }  # fmt: skip
    assert {m.id for m in found.values()} == {5}
    assert {m.type for m in found.values()} == {Marker.TEXT_VIEW_FACING}
    seen = {
        name: look_through(camera_info(), np.array([[p.x, p.y, p.z]]))[0]
        for name, p in ((n, m.pose.position) for n, m in found.items())
    }
    # Away from the body: the person's left knee is at the right.
    assert seen['angle_left_knee'][1] == pytest.approx(250, abs=0.1)
    assert 5 < seen['angle_left_knee'][0] - 225 < 30
    # Between the shoulders, over the line that joins them.
    assert seen['angle_neck'][0] == pytest.approx(200, abs=0.1)
    assert 5 < 120 - seen['angle_neck'][1] < 30
    # Only one of them any more, then none; then all of it goes with the person.
    view.update(standing(5, 200), annotations=Annotations(angles={5: {'neck': 0.6}}))
    assert {name for name, _ in view.shown if name.startswith(ANGLE)} == {'angle_neck'}
    assert view.update(standing(5, 200)) == 5
    assert view.ids('angle_neck') == []
    assert view.update(standing(5, 200)) == 4
    view.update(standing(5, 200), annotations=Annotations(angles=angles))
    view.update()
    assert view.shown == {}


def boxes(texts):
    """(left, right, top, bottom) of texts as the camera sees them."""
    found = []
    for text in texts:
        place = text.pose.position
        lines = text.text.splitlines()
        half_width = 0.5 * 0.55 * max(map(len, lines)) * text.scale.z / place.z
        half_height = 0.5 * len(lines) * text.scale.z / place.z
        x, y = place.x / place.z, place.y / place.z
        found.append((x - half_width, x + half_width, y - half_height, y + half_height))
    return found


def test_labels_of_people_close_together_do_not_hide_each_other(markers, camera):
    people = [standing(i, x) for i, x in ((1, 200), (2, 230), (3, 215), (4, 500))]
    words = dict.fromkeys((1, 2, 3, 4), 'standing\nhand raised left')
    words[2] = 'sitting'
    message = markers.update(header(), [(p, None) for p in people], camera, Annotations(words))
    texts = [by_namespace(message, i)[2] for i in (1, 2, 3, 4)]
    placed = boxes(texts)
    for i, (left, right, top, bottom) in enumerate(placed):
        for other_left, other_right, other_top, other_bottom in placed[:i]:
            beside = right <= other_left or other_right <= left
            assert beside or bottom <= other_top + 1e-9 or other_bottom <= top + 1e-9
