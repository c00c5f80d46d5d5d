"""The services of pose_node that keep to one person, and what SkeletonArray says of it."""

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import pytest
from sensor_msgs.msg import Image

from pose_ros.msg import SkeletonArray, TargetState
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import DIAGNOSTICS, IMAGE_RELIABLE, LATCHED, SKELETONS
from pose_ros.srv import LockTarget, UnlockTarget

pytestmark = pytest.mark.ros

BY_ID, LARGEST, HAND_RAISED = (
    LockTarget.Request.BY_ID,
    LockTarget.Request.LARGEST,
    LockTarget.Request.HAND_RAISED,
)


class Following:
    """A pose_node with a scripted estimator, its images, its services."""

    def __init__(self, ros, estimators, image, **parameters):
        self.ros = ros
        self.image = image
        self.node = ros.start(lambda **a: PoseNode(estimators, **a), **parameters)
        self.images = ros.node.create_publisher(Image, 'image', IMAGE_RELIABLE)
        self.received = []
        self.estimators = estimators

    @property
    def estimator(self):
        return self.estimators.made[-1]

    def listen(self):
        """Subscribe to skeletons."""
        self.received = self.ros.collect(SkeletonArray, 'skeletons', SKELETONS)
        return self

    def show(self, *people, ago=0):
        """Skeletons of an image with these people, of some seconds ago."""
        self.estimator.people = list(people)
        self.image.header.stamp = self.ros.node.get_clock().now().to_msg()
        self.image.header.stamp.sec -= ago
        before = len(self.received)
        publish_to = self.images.get_subscription_count
        self.ros.spin_until(publish_to, 'pose_node subscribing')
        self.images.publish(self.image)
        return self.ros.spin_until(
            lambda: len(self.received) > before and self.received[-1], 'skeletons'
        )

    def call(self, kind, name, **fields):
        client = self.ros.node.create_client(kind, f'pose_node/{name}')
        self.ros.spin_until(client.service_is_ready, f'service {name}')
        future = client.call_async(kind.Request(**fields))
        self.ros.spin_until(future.done, f'answer of {name}')
        self.ros.node.destroy_client(client)
        return future.result()

    def lock(self, method, number=0):
        return self.call(LockTarget, 'lock', method=method, id=number)

    def unlock(self):
        return self.call(UnlockTarget, 'unlock')

    def change(self, number):
        return self.call(ChangeState, 'change_state', transition=Transition(id=number)).success


@pytest.fixture
def following(ros, estimators, encoded_image, actor_image):
    def start(**parameters):
        image = encoded_image(actor_image[0][:64, :64])
        return Following(ros, estimators, image, **parameters)

    return start


@pytest.mark.parametrize('executor', ['single', 'events'])
def test_a_person_is_locked_and_let_go(following, make_person, executor):
    node = following(executor=executor).listen()
    message = node.show(make_person(1), make_person(3))
    assert (message.locked_id, message.locked_seen) == (0, False)
    answer = node.lock(BY_ID, 3)
    assert (answer.success, answer.id, answer.message) == (True, 3, 'person 3 is locked')
    message = node.show(make_person(1), make_person(3))
    assert (message.locked_id, message.locked_seen) == (3, True)
    # Away, but not forgotten.
    message = node.show(make_person(1))
    assert (message.locked_id, message.locked_seen) == (3, False)
    answer = node.unlock()
    assert (answer.success, answer.message) == (True, 'person 3 is unlocked')
    message = node.show(make_person(1))
    assert (message.locked_id, message.locked_seen) == (0, False)
    answer = node.unlock()
    assert (answer.success, answer.message) == (False, 'no person is locked')


def test_the_end_of_an_expired_lock_is_reported(following, make_person, ros, monkeypatch, capfd):
    monkeypatch.setattr('pose_ros.ros.diagnostics.PERIOD', 0.05)
    node = following().listen()
    diagnostics = ros.collect(DiagnosticArray, '/diagnostics', DIAGNOSTICS)
    node.show(make_person(3))
    assert node.lock(BY_ID, 3).success
    node.estimator.locked_id, node.estimator.statistics.expired_lock = 0, 3
    for _ in range(2):
        message = node.show(make_person(4))
        assert (message.locked_id, message.locked_seen) == (0, False)

    def figures():
        pairs = [p for array in diagnostics for status in array.status for p in status.values]
        return {(pair.key, pair.value) for pair in pairs}

    ros.spin_until(lambda: ('last expired lock', '3') in figures(), 'diagnostics')
    warning = 'person 3 was away for longer than lock_timeout (10 s) and is no longer locked'
    assert capfd.readouterr().err.count(warning) == 1
    assert node.lock(BY_ID, 4).success


def test_every_method_has_its_name(following, make_person, monkeypatch):
    node = following().listen()
    node.show(make_person(1))
    asked = []
    monkeypatch.setattr(node.estimator, 'lock', lambda *given: asked.append(given) or 1)
    for method in ('BY_ID', 'LARGEST', 'NEAREST_CENTRE', 'HAND_RAISED'):
        assert node.lock(getattr(LockTarget.Request, method), 1).success
    assert asked == [('id', 1), ('largest', 1), ('nearest_centre', 1), ('hand_raised', 1)]


def test_what_cannot_be_locked_is_answered_with_the_reason(following, make_person):
    node = following().listen()
    node.show()
    assert node.lock(LARGEST).message == 'no person is there'
    node.show(make_person(1), make_person(3))
    for method, number, reason in (
        (BY_ID, 7, 'no person 7 is followed; there are: 1, 3'),
        (HAND_RAISED, 0, 'no one raises a hand'),
        (9, 0, 'unknown method 9, known are: 0 id, 1 largest, 2 nearest_centre, 3 hand_raised'),
    ):
        answer = node.lock(method, number)
        assert (answer.success, answer.id, answer.message) == (False, 0, reason)
    assert not node.show(make_person(1)).locked_id


def test_without_an_image_there_is_no_one_to_choose(following, make_person, ros):
    node = following()
    node.estimator.people = [make_person(1)]
    answer = node.lock(BY_ID, 1)
    assert not answer.success
    assert answer.message.startswith('no subscriber on /skeletons')
    node.listen()
    ros.spin_until(lambda: node.lock(BY_ID, 1).message == 'no image has come on /image yet')
    node.show(make_person(1))
    assert node.lock(BY_ID, 1).success


def test_people_of_long_ago_cannot_be_chosen(following, make_person, ros):
    node = following().listen()
    node.show(make_person(1))
    (listener,) = (s for s in ros.node.subscriptions if s.topic_name == '/skeletons')
    ros.node.destroy_subscription(listener)
    ros.spin_until(lambda: 'no subscriber on' in node.lock(BY_ID, 1).message)
    arrived = node.node.statistics.arrivals
    node.images.publish(node.image)
    ros.spin_until(lambda: node.node.statistics.arrivals > arrived, 'an image for no one')
    node.listen()
    ros.spin_until(lambda: 'no image has come' in node.lock(BY_ID, 1).message)


def test_the_services_follow_the_lifecycle(following, make_person, ros):
    node = following(autostart=False)

    def offered():
        own = ros.node.get_service_names_and_types_by_node('pose_node', '/')
        return {name for name, _ in own} & {'/pose_node/lock', '/pose_node/unlock'}

    assert not offered()
    assert node.change(Transition.TRANSITION_CONFIGURE)
    assert ros.spin_until(offered, 'the services') == {'/pose_node/lock', '/pose_node/unlock'}
    answer = node.lock(LARGEST)
    assert (answer.success, answer.message) == (False, 'pose_node is not active')
    assert node.change(Transition.TRANSITION_ACTIVATE)
    node.listen()
    node.show(make_person(2))
    assert node.lock(LARGEST).id == 2
    assert node.change(Transition.TRANSITION_DEACTIVATE)
    assert node.lock(LARGEST).message == 'pose_node is not active'
    assert node.change(Transition.TRANSITION_CLEANUP)
    ros.spin_until(lambda: not offered(), 'the end of the services')
    assert node.change(Transition.TRANSITION_CONFIGURE)
    ros.spin_until(offered, 'the services again')


def test_the_names_follow_the_namespace(ros, estimators):
    arguments = ['--ros-args', '-r', '__ns:=/robot']
    ros.add(PoseNode(estimators, context=ros.context, cli_args=arguments))
    client = ros.node.create_client(LockTarget, '/robot/pose_node/lock')
    ros.spin_until(client.service_is_ready, 'the service in the namespace')


class States:
    """The states of the target that have come; of quick ones only the last is kept."""

    def __init__(self, ros):
        self._ros = ros
        self.told = ros.collect(TargetState, 'pose_node/target_state', LATCHED)

    def wait_for(self, number):
        self._ros.spin_until(lambda: len(self.told) >= number, f'state {number}')


def test_the_state_of_the_target_follows_the_lock(following, make_person, ros):
    node = following()
    states = States(ros)

    node.listen()
    node.show(make_person(1), make_person(3))
    states.wait_for(1)
    assert node.lock(BY_ID, 3).success
    node.show(make_person(1), make_person(3))
    node.show(make_person(1), make_person(3))
    states.wait_for(2)
    node.show(make_person(1))
    states.wait_for(3)
    node.show(make_person(3))
    states.wait_for(4)
    assert node.lock(BY_ID, 3).success
    node.unlock()
    node.show(make_person(3))
    states.wait_for(5)
    assert node.lock(BY_ID, 3).success
    node.show(make_person(3))
    states.wait_for(6)
    node.show()
    states.wait_for(7)
    node.estimator.locked_id, node.estimator.statistics.expired_lock = 0, 3
    node.show()
    node.show()
    states.wait_for(8)
    assert not node.unlock().success
    node.show(make_person(3), make_person(4))
    assert node.lock(BY_ID, 3).success  # the same id again, and then let go
    node.show(make_person(3))
    states.wait_for(9)
    node.unlock()
    node.show(make_person(3))
    states.wait_for(10)
    assert [(state.id, state.state) for state in states.told] == [
        *((0, TargetState.NONE), (3, TargetState.VISIBLE), (3, TargetState.OUT_OF_SIGHT)),
        *((3, TargetState.VISIBLE), (0, TargetState.NONE), (3, TargetState.VISIBLE)),
        *((3, TargetState.OUT_OF_SIGHT), (3, TargetState.LOST)),
        *((3, TargetState.VISIBLE), (0, TargetState.NONE)),
    ]


def test_the_target_is_lost_when_the_stamps_jump_back(following, make_person, ros):
    node = following()
    states = States(ros)
    node.listen()
    node.show(make_person(3))
    states.wait_for(1)
    assert node.lock(BY_ID, 3).success
    node.show(make_person(3))
    states.wait_for(2)
    node.show(make_person(4), ago=100)
    node.show(make_person(4), ago=100)
    states.wait_for(3)
    assert node.lock(BY_ID, 4).success
    node.show(make_person(4), ago=100)
    states.wait_for(4)
    assert [(state.id, state.state) for state in states.told] == [
        *((0, TargetState.NONE), (3, TargetState.VISIBLE)),
        *((3, TargetState.LOST), (4, TargetState.VISIBLE)),
    ]


def test_it_is_lost_also_if_the_first_image_after_a_jump_is_unusable(following, make_person, ros):
    node = following()
    states = States(ros)
    node.listen()
    node.show(make_person(3))
    assert node.lock(BY_ID, 3).success
    node.show(make_person(3))
    states.wait_for(2)
    encoding, node.image.encoding = node.image.encoding, 'h264'
    node.image.header.stamp.sec -= 100
    node.images.publish(node.image)
    ros.spin_until(lambda: node.node.statistics.bad, 'the unusable image')
    node.image.encoding = encoding
    node.show(make_person(4), ago=99)
    states.wait_for(3)
    assert (states.told[-1].id, states.told[-1].state) == (3, TargetState.LOST)


def test_pose_node_looks_for_people_for_the_target_alone(following, make_person, ros):
    node = following()
    states = ros.collect(TargetState, 'pose_node/target_state', LATCHED)
    node.estimator.people = [make_person(2)]
    ros.spin_until(node.images.get_subscription_count, 'pose_node subscribing')

    def locked():
        node.image.header.stamp = ros.node.get_clock().now().to_msg()
        node.images.publish(node.image)
        ros.spin_for(0.05)
        return node.lock(BY_ID, 2).success

    ros.spin_until(locked, 'a lock without subscribers of skeletons')
    node.image.header.stamp = ros.node.get_clock().now().to_msg()
    node.images.publish(node.image)
    ros.spin_until(lambda: states and states[-1].state == TargetState.VISIBLE, 'the state')
