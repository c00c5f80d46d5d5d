"""Requests that fail are refused and logged, and the node goes on."""

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import pytest
from rcl_interfaces.msg import Parameter as ParameterMsg
from rcl_interfaces.msg import ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, SetParameters, SetParametersAtomically
import rclpy

from pose_ros.ros.executors import make_executor
from pose_ros.ros.gesture_node import GestureNode
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.services import answer_always, refusal
from pose_ros.srv import LockTarget

pytestmark = pytest.mark.ros


@pytest.fixture
def ask(ros):
    """Function that asks a service of a node, and gives the answer."""

    def ask(kind, name, request):
        client = ros.node.create_client(kind, name)
        ros.spin_until(client.service_is_ready, name)
        future = client.call_async(request)
        ros.spin_until(future.done, f'answer of {name}')
        return future.result()

    return ask


@pytest.fixture
def pose_node(ros, estimators):
    node = ros.add(PoseNode(estimators, context=ros.context))
    answer_always(node)
    return node


@pytest.mark.parametrize(
    'transition',
    [
        Transition(id=Transition.TRANSITION_ACTIVATE),
        Transition(id=Transition.TRANSITION_CONFIGURE),
        Transition(id=Transition.TRANSITION_CLEANUP),
        Transition(id=200),
        Transition(label='fly'),
    ],
)
def test_a_transition_that_is_not_possible(ask, pose_node, transition, capfd):
    request = ChangeState.Request(transition=transition)
    assert not ask(ChangeState, '/pose_node/change_state', request).success
    if not transition.label:
        # Up to Jazzy rclpy raises, from Kilted on it answers.
        said = ('request on /pose_node/change_state failed: ', 'Unable to start transition ')
        log = capfd.readouterr().err
        assert any(text in log for text in said)
    legal = Transition(id=Transition.TRANSITION_DEACTIVATE)
    request = ChangeState.Request(transition=legal)
    assert ask(ChangeState, '/pose_node/change_state', request).success


def parameters(*kinds):
    return [
        ParameterMsg(name='grace', value=ParameterValue(type=kind, double_value=0.7))
        for kind in kinds
    ]


def test_a_parameter_of_an_unknown_type(ros, ask, capfd):
    node = ros.start(GestureNode)
    answer_always(node)
    asked = parameters(ParameterType.PARAMETER_DOUBLE, 200, ParameterType.PARAMETER_DOUBLE)
    answer = ask(
        SetParameters, '/gesture_node/set_parameters', SetParameters.Request(parameters=asked)
    )
    assert [result.successful for result in answer.results] == [True, False, False]
    assert '200 is not a valid' in answer.results[1].reason
    assert node.get_parameter('grace').value == 0.7
    log = capfd.readouterr().err
    assert 'request on gesture_node/set_parameters failed: 200 is not a valid' in log
    request = SetParametersAtomically.Request(parameters=parameters(200))
    name = '/gesture_node/set_parameters_atomically'
    answer = ask(SetParametersAtomically, name, request)
    assert not answer.result.successful
    assert '200 is not a valid' in answer.result.reason
    request = DescribeParameters.Request(names=['grace'])
    answer = ask(DescribeParameters, '/gesture_node/describe_parameters', request)
    assert answer.descriptors[0].name == 'grace'


def test_a_lock_that_fails_unexpectedly(ask, pose_node, estimators, monkeypatch):
    def fail(*_):
        raise RuntimeError('the model is gone')

    monkeypatch.setattr('pose_ros.ros.target_lock.TargetLock._choose', fail)
    answer = ask(LockTarget, '/pose_node/lock', LockTarget.Request())
    assert (answer.success, answer.message) == (False, 'the model is gone')
    pose_node.trigger_deactivate()
    pose_node.trigger_cleanup()
    pose_node.trigger_configure()
    pose_node.trigger_activate()
    answer = ask(LockTarget, '/pose_node/lock', LockTarget.Request())
    assert (answer.success, answer.message) == (False, 'the model is gone')


def test_the_executor_of_events_answers_too(ros, capfd):
    node = rclpy.create_node('eventful', context=ros.context)
    executor = make_executor(node, 'events')

    def fail(*_):
        raise RuntimeError('no')

    node.create_service(LockTarget, '/lock', fail)
    answer_always(node)
    executor.add_node(node)
    client = ros.node.create_client(LockTarget, '/lock')
    future = None

    def done():
        nonlocal future
        executor.spin_once(timeout_sec=0.02)
        if future is None and client.service_is_ready():
            future = client.call_async(LockTarget.Request())
        return future is not None and future.done()

    ros.spin_until(done, 'the answer')
    assert future.result().message == 'no'
    executor.shutdown()
    node.destroy_node()


def test_a_half_filled_response_is_not_sent():
    response = LockTarget.Response(success=True, id=7)
    assert refusal(LockTarget.Request(), response, 'no') == LockTarget.Response(message='no')
