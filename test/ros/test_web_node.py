"""web_node over real DDS, with viewers over real sockets: images, events, control, refusals."""

from functools import partial
import threading

import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
import pytest
import rclpy
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.core.camera_orientation import CameraOrientation
from pose_ros.core.colours import colour_of
from pose_ros.core.encoded_image import encode_jpeg
from pose_ros.msg import FallEvent, GestureEvent, JointAngles, SkeletonArray
from pose_ros.ros import qos
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.web_node import WebNode
from pose_ros.srv import UnlockTarget

web_client = pytest.importorskip('web_client', reason='needs aiohttp', exc_type=ImportError)

pytestmark = pytest.mark.ros

SIZE = (320, 240)
# Reports itself only by what the test publishes.
TOPICS = {'/skeletons', '/image', '/gestures', '/falls', '/postures', '/exercise', '/joint_angles'}


def header(number):
    message = Header(frame_id='camera')
    message.stamp.sec, message.stamp.nanosec = 1_700_000_000 + number, 500_000_000
    return message


@pytest.fixture
def start(ros, clients):
    """Function that starts web_node: the node, and a function that connects a viewer to it."""

    def start(**parameters):
        node = ros.start(WebNode, port=0, **parameters)
        return node, partial(web_client.Visitor, clients, node.address)

    return start


class Camera:
    """Publishes images and skeletons to web_node."""

    def __init__(self, ros, encoded_image):
        self._ros, self._encoded = ros, encoded_image
        self.images = ros.node.create_publisher(Image, 'image', qos.IMAGE_RELIABLE)
        self.skeletons = ros.node.create_publisher(SkeletonArray, 'skeletons', qos.SKELETONS)

    def ready(self):
        return self.images.get_subscription_count() and self.skeletons.get_subscription_count()

    def image(self, number, image=None):
        image = np.full((*SIZE[::-1], 3), 40, np.uint8) if image is None else image
        self.images.publish(self._encoded(image, header=header(number)))

    def people(self, number, *people, **fields):
        message = skeleton_array(people, header(number), SIZE, 'test')
        for name, value in fields.items():
            setattr(message, name, value)
        self.skeletons.publish(message)


@pytest.fixture
def camera(ros, encoded_image):
    return Camera(ros, encoded_image)


def decoded(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def subscribed(ros):
    found = ros.node.get_subscriber_names_and_types_by_node('web_node', '/')
    return {topic for topic, _ in found}


def test_without_viewers_nothing_is_subscribed_to(ros, start, camera):
    _, visit = start()
    ros.spin_until(lambda: '/diagnostics' in subscribed(ros), 'the node')
    ros.spin_for(0.6)
    assert not subscribed(ros) & TOPICS
    viewer = visit()
    ros.spin_until(lambda: subscribed(ros) >= TOPICS, 'subscriptions')
    viewer.close()
    ros.spin_until(lambda: not subscribed(ros) & TOPICS, 'no subscriptions')


def test_a_frame_comes_with_its_people(ros, start, camera, make_person):
    _, visit = start()
    viewer = visit()
    ros.spin_until(camera.ready, 'subscriptions')
    image = np.zeros((*SIZE[::-1], 3), np.uint8)
    image[:, :160] = (200, 30, 30)
    for number in range(3):
        camera.image(number, image)
        camera.people(number, make_person(7, 60.0), make_person(0, 200.0), locked_id=7)
        ros.spin_until(lambda n=number: len(viewer.frames) > n, 'an image')
    content, jpeg = viewer.frames[-1]
    assert content['time'] == pytest.approx(1_700_000_002.5)
    assert (content['width'], content['height'], content['locked']) == (*SIZE, 7)
    first, second = content['people']
    assert (first['id'], second['id']) == (7, 0)
    assert first['points'][16] == [60.0, 200.0]
    assert first['colour'] == '#' + bytes(round(255 * c) for c in colour_of(7)).hex()
    assert len(first['bones']) == len(viewer.of('hello')[0]['formats']['coco17'])
    shown = decoded(jpeg)
    assert shown.shape == (240, 320, 3)
    assert np.abs(shown[120, 80] - (200.0, 30, 30)).max() < 12
    assert shown[120, 240].max() < 12


def test_keypoints_that_are_unknown_are_null(ros, start, camera, make_person):
    _, visit = start()
    viewer = visit()
    ros.spin_until(camera.ready, 'subscriptions')
    person = make_person(1, 60.0, state=1)
    person.keypoints[9] = np.nan
    camera.image(1)
    camera.people(1, person, latency=float('nan'))
    ros.spin_until(lambda: any(c['people'] for c, _ in viewer.frames), 'a person in an image')
    content = next(c for c, _ in viewer.frames if c['people'])
    assert content['people'][0]['points'][9] is None
    assert content['latency'] is None


def test_images_without_people_and_people_without_images(ros, start, camera, make_person):
    _, visit = start()
    viewer = visit()
    ros.spin_until(camera.ready, 'subscriptions')
    camera.image(1)
    ros.spin_until(lambda: viewer.frames, 'the image alone')
    assert viewer.frames[0][0]['people'] == []
    assert viewer.frames[0][1]
    sent = []

    def people_alone():
        sent.append(camera.people(10 + len(sent), make_person(3)))
        ros.spin_for(0.2)
        return viewer.frames[-1][0]['people']

    ros.spin_until(people_alone, 'people alone')
    assert viewer.frames[-1][1] == b''


@pytest.mark.parametrize('rotate', [90, 180, 270])
def test_images_of_a_turned_camera_are_shown_upright(ros, start, camera, make_person, rotate):
    """In the image, a person's foot lies on the dot that was drawn there."""
    _, visit = start()
    viewer = visit()
    ros.spin_until(camera.ready, 'subscriptions')
    orientation = CameraOrientation(rotate)
    size = SIZE if rotate == 180 else SIZE[::-1]
    upright = make_person(2, 100.0)
    person = orientation.person_in_image(upright, SIZE)
    image = np.zeros((*SIZE[::-1], 3), np.uint8)
    x, y = person.keypoints[16].round().astype(int)
    cv2.circle(image, (int(x), int(y)), 6, (255, 255, 255), cv2.FILLED)
    for number in range(2):  # the first tells how the camera is mounted
        camera.people(number, person, rotate=rotate)
        camera.image(number, image)
        ros.spin_until(lambda n=number: len(viewer.frames) > n, 'an image')
    content, jpeg = viewer.frames[-1]
    assert (content['width'], content['height']) == size
    foot = content['people'][0]['points'][16]
    assert foot == pytest.approx(upright.keypoints[16].tolist(), abs=0.1)
    shown = decoded(jpeg)
    assert shown.shape[:2] == size[::-1]
    assert shown[round(foot[1]), round(foot[0])].min() > 200


def test_a_jpeg_of_the_camera_is_passed_on_and_a_large_one_made_smaller(ros, start):
    node, visit = start(max_width=200)
    viewer = visit()
    publisher = ros.node.create_publisher(CompressedImage, 'image/compressed', qos.IMAGE_RELIABLE)
    ros.spin_until(publisher.get_subscription_count, 'a subscription')
    jpeg = encode_jpeg(np.full((100, 150, 3), 90, np.uint8), 'rgb', 90)
    comment = b'\xff\xfe\x00\x06here'
    sent = jpeg[:2] + comment + jpeg[2:]
    publisher.publish(CompressedImage(header=header(1), format='jpeg', data=sent))
    ros.spin_until(lambda: viewer.frames, 'an image')
    # Byte for byte, but without its metadata.
    assert viewer.frames[0][1] == jpeg
    ros.set_parameter(node, 'max_width', 100)
    publisher.publish(CompressedImage(header=header(2), format='jpeg', data=sent))
    ros.spin_until(lambda: len(viewer.frames) == 2, 'a smaller image')
    assert decoded(viewer.frames[1][1]).shape == (67, 100, 3)
    assert viewer.frames[1][0]['width'] == 150


def test_an_image_that_cannot_be_used_is_reported(ros, start, camera):
    _, visit = start()
    viewer = visit()
    ros.spin_until(camera.ready, 'subscriptions')
    camera.images.publish(Image(header=header(1), encoding='nothing', width=3, height=3))

    def reported():
        return any('cannot be shown' in m['message'] for m in viewer.of('node'))

    ros.spin_until(reported, 'a report')
    camera.image(2)
    ros.spin_until(lambda: viewer.frames, 'the next image')


def test_nothing_is_encoded_while_no_viewer_can_take_a_frame(ros, start, camera, monkeypatch):
    encoded = []
    monkeypatch.setattr(
        'pose_ros.ros.jpeg_images.small_jpeg', lambda *_: encoded.append(1) or b'\xff\xd8'
    )
    _, visit = start()
    viewer = visit(confirm=False)
    ros.spin_until(camera.ready, 'subscriptions')
    for number in range(12):
        camera.image(number)
        ros.spin_for(0.05)
    assert len(viewer.frames) == len(encoded) == 2


def test_events_labels_and_angles(ros, start, camera, make_person):
    _, visit = start()
    viewer = visit()
    kinds = {'gestures': GestureEvent, 'falls': FallEvent, 'joint_angles': JointAngles}
    profiles = {'falls': qos.FALLS}
    publishers = {
        topic: ros.publisher(kind, topic, profiles.get(topic, qos.EVENTS))
        for topic, kind in kinds.items()
    }
    ros.spin_until(camera.ready, 'subscriptions')
    publishers['gestures'].publish(
        GestureEvent(header=header(1), skeleton_id=5, gesture='wave', hand=1, phase=0)
    )
    publishers['gestures'].publish(
        GestureEvent(header=header(1), skeleton_id=5, gesture='wave', hand=1, phase=1)
    )
    fall = FallEvent(header=header(1), skeleton_id=6, phase=FallEvent.FALLEN, duration=2.0)
    publishers['falls'].publish(fall)
    publishers['joint_angles'].publish(
        JointAngles(
            header=header(1),
            skeleton_id=5,
            names=['left_knee', 'neck'],
            angles=[np.pi / 2, float('nan')],
        )
    )
    ros.spin_until(lambda: viewer.of('angles') and len(viewer.of('event')) == 2, 'events')
    (angles,) = viewer.of('angles')
    assert angles['angles'] == {'left_knee': 90.0, 'neck': None}
    events = {event['kind']: event for event in viewer.of('event')}
    assert (events['gesture']['words'], events['gesture']['phase']) == ('wave (left)', 'started')
    assert (events['fall']['phase'], events['fall']['id']) == ('fallen', 6)
    camera.image(1)
    camera.people(1, make_person(5), make_person(6, 200.0))
    ros.spin_until(lambda: viewer.frames, 'an image')
    people = {p['id']: p for p in viewer.frames[0][0]['people']}
    assert people[5]['words'] == ['wave left']
    assert people[6]['fallen']
    assert people[6]['colour'] == '#f20d0d'
    # A viewer that comes later, after a time without viewers, gets each event once.
    viewer.close()
    ros.spin_until(lambda: not subscribed(ros) & TOPICS, 'no subscriptions')
    later = visit()
    ros.spin_until(lambda: subscribed(ros) >= TOPICS, 'subscriptions')
    ros.spin_for(0.5)  # the past fall is delivered again
    assert len(later.of('event')) == 2


def test_a_viewer_learns_what_the_nodes_report(ros, start):
    _, visit = start()
    publisher = ros.publisher(DiagnosticArray, '/diagnostics', qos.DIAGNOSTICS)
    for name in ('pose_node', 'other/pose_node', 'driver'):
        status = DiagnosticStatus(level=b'\x01', name=name, message='no image for 3 s')
        publisher.publish(DiagnosticArray(status=[status]))
        ros.spin_for(0.1)
    viewer = visit()
    ros.spin_until(lambda: len(viewer.of('node')) >= 2, 'reports')
    reports = {report['name']: report for report in viewer.of('node')}
    assert set(reports) == {'pose_node', 'web_node'}
    report = reports['pose_node']
    assert (report['level'], report['message']) == (1, 'no image for 3 s')
    hello = viewer.of('hello')[0]
    assert 0 <= hello['now'] - report['received'] < 60
    assert hello['expected'] == ['pose_node', 'gesture_node']


def asked(ros, viewer, **request):
    """Reply to a request."""
    number = request['number'] = len(viewer.of('reply')) + 1
    viewer.send(request)
    return ros.spin_until(
        lambda: next((r for r in viewer.of('reply') if r['number'] == number), None), 'a reply'
    )


@pytest.mark.parametrize('kind', ['lock', 'unlock', 'set', 'parameters'])
def test_a_page_without_control_is_read_only(ros, start, kind):
    _, visit = start()
    viewer = visit()
    ros.spin_until(lambda: viewer.of('hello'), 'hello')
    assert viewer.of('hello')[0]['control'] is False
    request = {'type': kind, 'method': 'largest', 'node': 'pose_node', 'name': 'grace', 'value': 1}
    reply = asked(ros, viewer, **request)
    assert not reply['ok']
    assert 'read-only' in reply['content']


@pytest.fixture
def controlled(ros, start, estimators, make_person):
    """Viewer of a page with control, and the estimator of a running pose_node with two people."""
    pose_node = ros.start(partial(PoseNode, estimators))
    _, visit = start(control=True)
    viewer = visit()
    images = ros.publisher(Image, 'image', qos.IMAGE_RELIABLE, 2)
    return viewer, estimators.made[-1], pose_node, images


def test_lock_and_unlock(ros, controlled, make_person, encoded_image):
    viewer, estimator, _, images = controlled
    estimator.people = [make_person(4), make_person(9, 200.0)]
    sent = []

    def people_seen():
        sent.append(encoded_image(np.zeros((240, 320, 3), np.uint8), header=header(len(sent))))
        images.publish(sent[-1])
        ros.spin_for(0.1)
        return viewer.frames and viewer.frames[-1][0]['people']

    ros.spin_until(people_seen, 'people')
    reply = asked(ros, viewer, type='lock', method='id', id=9)
    assert (reply['ok'], reply['content']) == (True, 'person 9 is locked')
    assert estimator.locked_id == 9
    reply = asked(ros, viewer, type='lock', method='id', id=5)
    assert (reply['ok'], reply['content']) == (False, 'no person 5 is followed; there are: 4, 9')
    assert asked(ros, viewer, type='lock', method='largest')['ok']
    assert asked(ros, viewer, type='unlock')['content'] == 'person 9 is unlocked'
    assert not asked(ros, viewer, type='unlock')['ok']


@pytest.mark.parametrize(
    'request_', [
        {'type': 'lock'}, {'type': 'lock', 'method': 3}, {'type': 'lock', 'method': ['id']},
        {'type': 'lock', 'method': 'id', 'id': -1}, {'type': 'lock', 'method': 'id', 'id': 2**32},
        {'type': 'lock', 'method': 'id', 'id': '1'}, {'type': 'lock', 'method': 'id', 'id': True},
        {'type': 'set'}, {'type': 'set', 'node': 'pose_node', 'name': 'model', 'value': 'x'},
        {'type': 'set', 'node': 'pose_node', 'name': ['mode'], 'value': 'multi'},
        {'type': 'set', 'node': 'other', 'name': 'mode', 'value': 'multi'},
        {'type': 'set', 'node': 'pose_node', 'name': 'max_people', 'value': 10**9},
        {'type': 'set', 'node': 'pose_node', 'name': 'max_people', 'value': None},
        {'type': 'set', 'node': 'pose_node', 'name': 'mode', 'value': {'a': []}},
        {'type': 'set', 'node': 'pose_node', 'name': 'ema_alpha', 'value': 'much'},
        {'type': 'set', 'node': 'gesture_node', 'name': 'gestures', 'value': [1]},
        {'type': 'shutdown'}, {'type': ''}, {'type': '__init__'},
    ],
)  # fmt: skip
def test_requests_that_make_no_sense_change_nothing(ros, controlled, request_):
    viewer, estimator, *_ = controlled
    before = estimator.config
    reply = asked(ros, viewer, **request_)
    assert not reply['ok']
    assert reply['content']
    assert estimator.config == before
    assert estimator.locked_id == 0


def test_live_parameters_are_shown_and_set(ros, controlled):
    viewer, estimator, *_ = controlled
    shown = {row['name']: row for row in asked(ros, viewer, type='parameters')['content']}
    assert {row['node'] for row in shown.values()} == {'pose_node'}
    assert 'model' not in shown
    assert (shown['ema_alpha']['value'], shown['ema_alpha']['low']) == (0.7, 0.01)
    assert shown['mode']['choices'] == ['single', 'multi', 'auto']
    for name, value in (('ema_alpha', 1), ('mode', 'multi'), ('plausibility', False)):
        reply = asked(ros, viewer, type='set', node='pose_node', name=name, value=value)
        assert reply['ok'], reply
        assert getattr(estimator.config, name) == value
    reply = asked(ros, viewer, type='set', node='pose_node', name='ema_alpha', value=7)
    assert reply['content'] == 'ema_alpha must be 0.01 to 1.0, got 7.0'


def test_a_node_that_is_not_there_is_named(ros, start):
    _, visit = start(control=True)
    viewer = visit()
    reply = asked(ros, viewer, type='lock', method='largest')
    assert reply['content'] == 'pose_node/lock is not there: is the node running?'
    assert asked(ros, viewer, type='parameters')['content'] == []


def test_a_request_of_a_viewer_who_left_is_forgotten(ros, start, monkeypatch):
    monkeypatch.setattr('pose_ros.ros.web_control.TIMEOUT', 600.0)
    node, visit = start(control=True)
    mute = rclpy.create_node('mute', context=ros.context)  # is not spun, so it answers nothing
    mute.create_service(UnlockTarget, 'pose_node/unlock', lambda _, response: response)
    viewer, client = visit(), node._control._unlock
    ros.spin_until(client.service_is_ready, 'the service')
    viewer.send({'type': 'unlock', 'number': 1})
    ros.spin_until(lambda: client._pending_requests, 'the request')
    viewer.close()
    ros.spin_until(lambda: not client._pending_requests, 'the end')
    mute.destroy_node()


def test_all_interfaces_need_a_token(ros, start, clients):
    node, _ = start(host='0.0.0.0')
    address, _, token = node.address.partition('?token=')
    assert len(token) >= 32
    url = f'http://127.0.0.1:{address.rpartition(":")[2]}'
    with pytest.raises(Exception, match='401'):
        web_client.Visitor(clients, url)
    viewer = web_client.Visitor(clients, url, Authorization=f'Bearer {token}')
    ros.spin_until(lambda: viewer.of('hello'), 'hello')


def test_bad_parameters_end_the_start_in_one_line(ros, start):
    node, _ = start()
    port = int(node.address.rstrip('/').rpartition(':')[2])
    for parameters, reason in (
        ({'port': port}, f'port {port}'),
        ({'port': 70000}, 'port'),
        ({'port': 0, 'token': 'short'}, 'token must have'),
        ({'port': 0, 'host': 'no.such.host.invalid'}, 'no.such.host.invalid'),
    ):
        with pytest.raises(ValueError, match=reason):
            ros.start(WebNode, **parameters)


def test_without_aiohttp_the_node_says_what_to_install(ros, monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'aiohttp', None)
    with pytest.raises(ValueError, match='pip install aiohttp'):
        ros.start(WebNode, port=0)


def test_the_end_of_the_node_ends_its_thread(ros, start):
    node, visit = start()
    viewer = visit()
    ros.spin_until(lambda: viewer.of('hello'), 'hello')
    ros.remove(node)
    assert 'web' not in {thread.name for thread in threading.enumerate()}
