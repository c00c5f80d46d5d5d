"""The page in a real browser, in front of web_node: what a person sees there."""

import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.core.colours import FALLEN, bone_colours, keypoint_colours
from pose_ros.core.topology import COCO17
from pose_ros.core.types import TrackedHand
from pose_ros.msg import FallEvent, GestureEvent, HandArray, JointAngles, SkeletonArray
from pose_ros.ros import qos
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.hand_conversions import hand_array
from pose_ros.ros.web_node import WebNode
from pose_ros.srv import LockTarget, UnlockTarget

pytest.importorskip('web_client', reason='needs aiohttp', exc_type=ImportError)
from browser import Browser, needs_chromium

pytestmark = [pytest.mark.ros, needs_chromium]

SIZE = (320, 240)
GROUND = 60


@pytest.fixture(scope='module')
def chromium(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp('browser'))
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium):
    """The browser; a test fails if the page reports an error."""
    chromium.resize(1280, 800)
    chromium.faults.clear()
    yield chromium
    chromium.open('about:blank')
    assert chromium.faults == []


class Robot:
    """web_node, and everything that it listens to: one image and its people at a time."""

    def __init__(self, ros, encoded_image, browser, **parameters):
        self._ros, self._encoded, self._browser = ros, encoded_image, browser
        self.node = ros.start(WebNode, port=0, **parameters)
        self.publishers = {
            topic: ros.node.create_publisher(kind, topic, profile)
            for topic, kind, profile in (
                ('image', Image, qos.IMAGE_RELIABLE),
                ('skeletons', SkeletonArray, qos.SKELETONS),
                ('gestures', GestureEvent, qos.EVENTS),
                ('falls', FallEvent, qos.FALLS),
                ('joint_angles', JointAngles, qos.EVENTS),
                ('/diagnostics', DiagnosticArray, qos.DIAGNOSTICS),
            )
        }
        self.number = 0
        self.image = np.full((*SIZE[::-1], 3), GROUND, np.uint8)
        self.people = []
        self.locked = 0

    @property
    def header(self):
        message = Header(frame_id='camera')
        message.stamp.sec = 1_700_000_000 + self.number
        return message

    def publish(self, topic, message):
        self.publishers[topic].publish(message)

    def step(self):
        """Publish the next image with its people."""
        self.number += 1
        message = skeleton_array(self.people, self.header, SIZE, 'test')
        message.locked_id = self.locked
        self.publish('image', self._encoded(self.image, header=self.header))
        self.publish('skeletons', message)
        self._ros.spin_for(0.05)

    def until(self, condition, what=''):
        """Go on until the condition holds; returns what it returned."""

        def look():
            self.step()
            return condition()

        return self._ros.spin_until(look, what)


@pytest.fixture
def make_robot(ros, encoded_image, browser):
    """Function that starts a `Robot` and opens its page."""

    def make(**parameters):
        robot = Robot(ros, encoded_image, browser, **parameters)
        browser.open(robot.node.address)
        ros.spin_until(lambda: all_subscribed(robot), 'subscriptions')
        return robot

    return make


def all_subscribed(robot):
    return all(publisher.get_subscription_count() for publisher in robot.publishers.values())


def pixel(browser, point):
    """Position on the screen [px] of a pixel (x, y) of the image."""
    x, y, width, height = browser.place('#image')
    scale = min(width / SIZE[0], height / SIZE[1])
    left, top = x + (width - SIZE[0] * scale) / 2, y + (height - SIZE[1] * scale) / 2
    return left + (point[0] + 0.5) * scale, top + (point[1] + 0.5) * scale


def colour_at(screen, browser, point):
    x, y = (round(v) for v in pixel(browser, point))
    return screen[y, x].astype(int)


def near(colour, expected, limit=40):
    return np.abs(np.asarray(colour, int) - np.asarray(expected, int)).max() <= limit


def rgb(colour):
    return [255 * c for c in colour]


def share_of_skeleton(screen, browser, x):
    """Share of the pixels of the image from shoulder to foot that have colours of person 3."""
    palette = [*bone_colours(COCO17, 3).tolist(), *keypoint_colours(COCO17, 3).tolist()]
    line = [colour_at(screen, browser, (x, y)) for y in range(115, 198)]
    return np.mean([any(near(colour, rgb(ink), 8) for ink in palette) for colour in line])


def test_the_image_moves_and_the_skeleton_lies_on_the_person(browser, make_robot, make_person):
    browser.resize(2560, 1600)  # lines are some pixels wide
    robot = make_robot()
    person = make_person(3, 100.0)
    robot.people = [person]
    cv2.rectangle(robot.image, (200, 20), (300, 220), (30, 160, 60), cv2.FILLED)

    robot.until(
        lambda: near(colour_at(browser.screenshot(), browser, (250, 120)), (30, 160, 60)),
        'the image',
    )
    robot.until(lambda: browser.text('#people .chip') == '3', 'the person')
    screen = browser.screenshot()
    assert share_of_skeleton(screen, browser, 100) > 0.7  # the rest is outlines
    for beside in ((80, 150), (120, 150), (100, 215)):
        assert near(colour_at(screen, browser, beside), (GROUND,) * 3, 12), beside
    # It moves with the person, and so does the image.
    robot.people = [make_person(3, 40.0)]
    cv2.rectangle(robot.image, (200, 20), (300, 220), (160, 30, 160), cv2.FILLED)
    robot.until(
        lambda: near(colour_at(browser.screenshot(), browser, (250, 120)), (160, 30, 160)),
        'the next image',
    )
    screen = browser.screenshot()
    assert near(colour_at(screen, browser, (100, 150)), (GROUND,) * 3, 12)
    assert share_of_skeleton(screen, browser, 100) == 0
    assert share_of_skeleton(screen, browser, 40) > 0.7


def test_a_fall_turns_red_and_is_listed(browser, make_robot, make_person):
    robot = make_robot()
    robot.people = [make_person(5, 100.0)]
    robot.until(lambda: browser.text('#people .chip') == '5', 'the person')
    robot.publish(
        'falls',
        FallEvent(header=robot.header, skeleton_id=5, phase=FallEvent.FALLEN, duration=1.5),
    )
    robot.until(lambda: 'fallen' in browser.text('#people .fallen'), 'the fall')
    # Between two keypoints.
    red = lambda: colour_at(browser.screenshot(), browser, (100, 114))  # noqa: E731
    robot.until(lambda: near(red(), rgb(FALLEN), 60), 'a red skeleton')
    assert 'fallen' in browser.text('#events .fall')
    robot.people = []
    robot.until(lambda: 'out of sight' in browser.text('#people'), 'the note')


def test_gestures_and_angles_are_shown(browser, make_robot, make_person):
    robot = make_robot()
    robot.people = [make_person(2, 100.0)]

    def wave(phase, duration=0.0):
        return GestureEvent(
            header=robot.header, skeleton_id=2, gesture='wave', hand=1, phase=phase,
            duration=duration,
        )  # fmt: skip

    robot.publish('gestures', wave(GestureEvent.STARTED))

    def held():
        robot.publish('gestures', wave(GestureEvent.HELD))
        names, angles = ['left_knee', 'right_knee', 'neck'], [1.0, 2.0, float('nan')]
        message = JointAngles(header=robot.header, skeleton_id=2, names=names, angles=angles)
        robot.publish('joint_angles', message)
        return 'wave left' in browser.text('#people li')

    robot.until(held, 'the gesture')
    robot.until(lambda: '57°' in browser.text('#angles'), 'an angle')
    assert '115°' in browser.text('#angles')
    assert 'wave (left)' in browser.text('#events li')
    robot.publish('gestures', wave(GestureEvent.ENDED, 2.5))
    robot.until(lambda: '2.5 s' in browser.text('#events li'), 'its end')
    assert browser.evaluate("document.querySelectorAll('#events li').length") == 1


def test_a_gesture_of_a_hand_without_a_person_is_shown_at_the_hand(browser, make_robot, ros):
    hands = ros.node.create_publisher(HandArray, 'hands', qos.SKELETONS)
    robot = make_robot()
    ros.spin_until(lambda: hands.get_subscription_count() == 1, 'the hands subscription')
    points = np.linspace((140, 200), (180, 150), 21).astype(np.float32)
    flat = np.zeros((21, 3), np.float32)
    hand = TrackedHand(points, np.zeros(21, np.float32), flat, 0.9, 'left', 0.9, 7)

    def held():
        hands.publish(hand_array([hand], robot.header, SIZE))
        robot.publish(
            'gestures',
            GestureEvent(header=robot.header, hand_id=7, gesture='fist', hand=1, phase=1),
        )
        return 'fist (left)' in browser.text('#events li')

    robot.publish('gestures', GestureEvent(header=robot.header, hand_id=7, gesture='fist', hand=1))
    robot.until(held, 'the gesture')
    assert browser.text('#events .chip') == 'hand 7'
    # The dark plate above the hand, beside its letters.
    robot.until(
        lambda: held() and near(colour_at(browser.screenshot(), browser, (145, 143)), (25,) * 3),
        'the label',
    )


def test_text_of_messages_is_never_markup(browser, make_robot, make_person):
    robot = make_robot()
    robot.people = [make_person(2, 100.0)]
    name = '<img src=x onerror=alert(1)>'
    event = GestureEvent(header=robot.header, skeleton_id=2, gesture=name, phase=0)
    robot.publish('gestures', event)
    status = DiagnosticStatus(level=b'\x00', name='pose_node', message=name)
    robot.publish('/diagnostics', DiagnosticArray(status=[status]))
    robot.until(lambda: name in browser.text('#events'), 'the event')
    robot.until(lambda: name in browser.text('#nodes'), 'the report')
    assert browser.evaluate("document.querySelectorAll('aside img').length") == 0


def test_a_dead_node_is_shown_as_dead(browser, make_robot, ros):
    robot = make_robot()
    status = DiagnosticStatus(level=b'\x00', name='pose_node', message='30.0 frames per second')
    robot.publish('/diagnostics', DiagnosticArray(status=[status]))
    node = "#nodes [data-node='pose_node']"
    robot.until(lambda: '30.0 frames' in browser.text(node), 'the report')
    dot = f'document.querySelector("{node} .dot").dataset.state'
    assert browser.evaluate(dot) == 'good'
    ros.spin_until(lambda: 'dead: no report for' in browser.text(node), 'its death')
    assert browser.evaluate(dot) == 'bad'
    assert 'not running' in browser.text("#nodes [data-node='gesture_node']")
    # A viewer that comes later learns it at once.
    browser.open(robot.node.address)
    ros.spin_until(lambda: 'dead: no report for' in browser.text(node), 'its death')
    # The image stands still, and the page says why.
    ros.spin_until(lambda: 'No image for' in browser.text('#notice'), 'the notice')
    assert 'pose_node: dead' in browser.text('#notice')


def test_the_buttons_lock_and_unlock(browser, make_robot, make_person, ros):
    asked = []

    def lock(request, response):
        asked.append((request.method, request.id))
        robot.locked = request.id or 4
        response.success, response.message = True, f'person {robot.locked} is locked'
        return response

    def unlock(_, response):
        robot.locked = 0
        response.success = True
        return response

    ros.node.create_service(LockTarget, 'pose_node/lock', lock)
    ros.node.create_service(UnlockTarget, 'pose_node/unlock', unlock)
    robot = make_robot(control=True)
    robot.people = [make_person(4, 80.0), make_person(9, 200.0)]
    robot.until(lambda: '9' in browser.text('#people li:nth-child(2)'), 'two people')
    browser.click('#people li:nth-child(2) button')
    robot.until(lambda: 'locked' in browser.text('#people li:nth-child(2)'), 'the lock')
    assert asked == [(LockTarget.Request.BY_ID, 9)]
    assert browser.text('#answer') == 'person 9 is locked'
    # The corner of the frame around the person.
    corner = (200 - 8.4, 100 - 8.4)
    frame = colour_at(browser.screenshot(), browser, corner)
    assert not near(frame, (GROUND,) * 3)
    browser.click('#unlock')
    robot.until(lambda: 'locked' not in browser.text('#people ul'), 'the end of the lock')
    browser.click("#lock [data-method='largest']")
    robot.until(lambda: 'locked' in browser.text('#people li:nth-child(1)'), 'the lock')
    assert asked[-1][0] == LockTarget.Request.LARGEST


def test_a_read_only_page_has_no_buttons(browser, make_robot, make_person):
    robot = make_robot()
    robot.people = [make_person(4, 80.0)]
    robot.until(lambda: '4' in browser.text('#people li'), 'the person')
    visible = "[...document.querySelectorAll('aside button')].filter(b => b.checkVisibility())"
    assert browser.evaluate(f'{visible}.length') == 0
    assert not browser.evaluate("document.querySelector('#settings').checkVisibility()")


def test_live_parameters_are_changed_on_the_page(browser, make_robot, ros, estimators):
    from functools import partial  # noqa: PLC0415

    from pose_ros.ros.pose_node import PoseNode  # noqa: PLC0415

    ros.start(partial(PoseNode, estimators))
    ros.spin_until(lambda: estimators.made, 'the estimator')
    make_robot(control=True)
    field = "#settings [name='ema_alpha']"
    ros.spin_until(
        lambda: browser.evaluate(f'document.querySelector("{field}")?.value') == '0.7',
        'the parameters',
    )

    def enter(value):
        browser.evaluate(
            f'(() => {{ const f = document.querySelector("{field}"); f.value = {value};'
            " f.dispatchEvent(new Event('change')); })()"
        )

    enter(0.4)
    ros.spin_until(lambda: estimators.made[-1].config.ema_alpha == 0.4, 'the change')
    enter(7)
    hint = f'document.querySelector("{field}").parentElement.lastChild.textContent'
    ros.spin_until(lambda: 'must be 0.01 to 1.0' in browser.evaluate(hint), 'the refusal')
    assert estimators.made[-1].config.ema_alpha == 0.4


def test_the_token_is_asked_for(browser, ros, encoded_image, make_person):
    robot = Robot(ros, encoded_image, browser, host='0.0.0.0')
    port, token = robot.node.address.rpartition(':')[2].split('/?token=')
    url = f'http://127.0.0.1:{port}/'
    browser.open(url)
    ros.spin_until(lambda: browser.evaluate("!!document.querySelector('#token')"), 'the form')

    def enter(text):
        browser.evaluate(f"document.querySelector('#token').value = '{text}'")
        browser.click('button')

    enter('not-the-right-token')
    wrong = "document.querySelector('p.wrong')?.checkVisibility()"
    ros.spin_until(lambda: browser.evaluate(wrong), 'the refusal')
    enter(token)
    robot.people = [make_person(8, 100.0)]
    robot.until(lambda: browser.text('#people .chip') == '8', 'the page')
    # It is neither in the address nor within reach of scripts.
    assert browser.evaluate('location.href') == url
    assert browser.evaluate('document.cookie') == ''
    browser.faults[:] = [fault for fault in browser.faults if '401' not in fault]


def test_the_page_comes_back_after_the_node(browser, make_robot, make_person, ros):
    robot = make_robot()
    robot.people = [make_person(3, 100.0)]
    robot.until(lambda: browser.text('#people .chip') == '3', 'the person')
    port = int(robot.node.address.rstrip('/').rpartition(':')[2])
    ros.remove(robot.node)
    ros.spin_until(lambda: 'lost' in browser.text('#connection'), 'the loss')
    ros.spin_until(lambda: browser.text('#notice') == 'The connection is lost.', 'the notice')
    robot.node = ros.start(WebNode, port=port)
    ros.spin_until(lambda: browser.text('#connection') == 'connected', 'the connection')
    robot.people = [make_person(6, 100.0)]
    robot.until(lambda: browser.text('#people .chip') == '6', 'the person')
    browser.faults[:] = [f for f in browser.faults if 'ERR_CONNECTION_REFUSED' not in f]


@pytest.mark.parametrize('width', [320, 390, 768, 1024, 1920])
def test_nothing_sticks_out_on_any_screen(browser, make_robot, make_person, width):
    browser.resize(width, 800, mobile=width < 900)
    robot = make_robot(control=True)
    robot.people = [make_person(3, 100.0), make_person(12, 200.0)]
    robot.until(lambda: '12' in browser.text('#people ul'), 'the people')
    assert browser.evaluate('document.documentElement.scrollWidth') <= width
    outside = (
        "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && "
        f'e.getBoundingClientRect().right > {width} + 1).map(e => e.id || e.tagName)'
    )
    assert browser.evaluate(outside) == []
    *_, shown, height = browser.place('#image')
    assert shown > 0.45 * width
    assert height > 150
