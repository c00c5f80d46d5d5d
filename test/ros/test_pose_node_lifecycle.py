"""pose_node's transitions, parameters and latched format, over DDS."""

from contextlib import contextmanager
from dataclasses import fields

from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
import pytest
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters
from rclpy.duration import Duration
from rclpy.parameter import Parameter
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.msg import Keypoint, SkeletonArray, SkeletonFormat
from pose_ros.ros.conversions import msg_to_format
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.pose_parameters import TABLE
from pose_ros.ros.qos import IMAGE_RELIABLE, LATCHED, SKELETONS

pytestmark = pytest.mark.ros


class Manager:
    """Drives a pose_node through its services."""

    def __init__(self, ros):
        self.ros = ros

    def call(self, kind, name, request):
        client = self.ros.node.create_client(kind, f'pose_node/{name}')
        self.ros.spin_until(client.service_is_ready, f'service {name}')
        future = client.call_async(request)
        self.ros.spin_until(future.done, f'answer of {name}')
        self.ros.node.destroy_client(client)
        return future.result()

    def change(self, transition):
        request = ChangeState.Request(transition=Transition(id=transition))
        return self.call(ChangeState, 'change_state', request).success

    @property
    def state(self):
        return self.call(GetState, 'get_state', GetState.Request()).current_state.id

    def set(self, **values):
        parameters = [Parameter(k, value=v).to_parameter_msg() for k, v in values.items()]
        request = SetParameters.Request(parameters=parameters)
        return self.call(SetParameters, 'set_parameters', request).results[0]


@pytest.fixture
def manager(ros):
    return Manager(ros)


@pytest.fixture
def exchange(ros, encoded_image, actor_image):
    """Function that sends an image and returns the skeletons of it."""
    received = []
    ros.node.create_subscription(SkeletonArray, 'skeletons', received.append, SKELETONS)
    publisher = ros.node.create_publisher(Image, 'image', IMAGE_RELIABLE)
    now = Time(seconds=10)

    def send(step=10.0):
        # After ten seconds nothing is carried over from the frame before.
        nonlocal now
        now += Duration(seconds=step)
        header = Header(frame_id='camera', stamp=now.to_msg())
        image = encoded_image(actor_image[0], header=header)
        ros.spin_until(
            lambda: publisher.get_subscription_count() and ros.node.count_publishers('skeletons'),
            'a node between image and skeletons',
        )
        received.clear()
        publisher.publish(image)
        return ros.spin_until(lambda: received and received[-1], 'skeletons')

    return send


def test_every_transition(ros, manager, exchange):
    ros.start(PoseNode, autostart=False)
    assert manager.state == State.PRIMARY_STATE_UNCONFIGURED
    assert not ros.node.count_subscribers('image')
    assert not ros.node.count_publishers('skeletons')

    assert manager.change(Transition.TRANSITION_CONFIGURE)
    assert manager.state == State.PRIMARY_STATE_INACTIVE
    assert not ros.node.count_subscribers('image')

    for _ in range(2):
        assert manager.change(Transition.TRANSITION_ACTIVATE)
        assert manager.state == State.PRIMARY_STATE_ACTIVE
        assert len(exchange().skeletons) == 1
        assert manager.change(Transition.TRANSITION_DEACTIVATE)
        assert manager.state == State.PRIMARY_STATE_INACTIVE
        ros.spin_until(lambda: not ros.node.count_subscribers('image'), 'the end of subscribing')

    assert manager.change(Transition.TRANSITION_CLEANUP)
    assert manager.state == State.PRIMARY_STATE_UNCONFIGURED
    ros.spin_until(lambda: not ros.node.count_publishers('skeletons'), 'the end of publishing')

    assert manager.change(Transition.TRANSITION_CONFIGURE)
    assert manager.change(Transition.TRANSITION_ACTIVATE)
    assert len(exchange().skeletons) == 1
    assert manager.change(Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert manager.state == State.PRIMARY_STATE_FINALIZED
    ros.spin_until(lambda: not ros.node.count_subscribers('image'), 'the end of subscribing')
    ros.spin_until(lambda: not ros.node.count_publishers('skeletons'), 'the end of publishing')


def test_activation_forgets_the_person_before(ros, manager, exchange):
    ros.start(PoseNode)
    # An id comes with the third image.
    before = [exchange(step=0.05).skeletons[0].id for _ in range(4)]
    assert manager.change(Transition.TRANSITION_DEACTIVATE)
    assert manager.change(Transition.TRANSITION_ACTIVATE)
    after = [exchange(step=0.05).skeletons[0].id for _ in range(3)]
    assert (before, after) == ([0, 0, 1, 1], [0, 0, 2])


@pytest.mark.parametrize(
    ('transitions', 'shutdown'),
    [
        ((), Transition.TRANSITION_UNCONFIGURED_SHUTDOWN),
        ((Transition.TRANSITION_CONFIGURE,), Transition.TRANSITION_INACTIVE_SHUTDOWN),
    ],
)
def test_shutdown_from_the_other_states(ros, manager, transitions, shutdown):
    ros.start(PoseNode, autostart=False)
    for transition in transitions:
        assert manager.change(transition)
    assert manager.change(shutdown)
    assert manager.state == State.PRIMARY_STATE_FINALIZED


def test_it_brings_itself_up(ros, manager, exchange):
    ros.start(PoseNode)
    assert manager.state == State.PRIMARY_STATE_ACTIVE
    assert len(exchange().skeletons) == 1


@pytest.fixture
def no_models(monkeypatch, tmp_path):
    """Context manager during which no model is installed."""

    @contextmanager
    def without_models():
        with monkeypatch.context() as patch:
            patch.setenv('POSE_ROS_MODEL_PATH', str(tmp_path))
            patch.setenv('XDG_CACHE_HOME', str(tmp_path))
            yield tmp_path

    return without_models


def test_a_missing_model_is_one_line_and_can_be_put_right(
    ros, manager, exchange, no_models, capfd
):
    with no_models() as folder:
        ros.start(PoseNode)
        assert manager.state == State.PRIMARY_STATE_UNCONFIGURED
        assert not manager.change(Transition.TRANSITION_CONFIGURE)
        assert manager.state == State.PRIMARY_STATE_UNCONFIGURED
    log = capfd.readouterr().err
    # Kilted has more to say of other nodes of this process.
    lines = [line for line in log.splitlines() if '[ERROR]' in line and '[pose_node]' in line]
    assert len(lines) == 2
    for line in lines:
        assert 'pose_detection.tflite' in line
        assert str(folder) in line
        assert 'pose-ros models install blazepose_full' in line
    assert not ros.node.count_publishers('skeletons')
    # The file has come, the same node goes on.
    assert manager.change(Transition.TRANSITION_CONFIGURE)
    assert manager.change(Transition.TRANSITION_ACTIVATE)
    assert len(exchange().skeletons) == 1


def test_an_unknown_model_can_be_replaced(ros, manager):
    ros.start(PoseNode, model='no_such_model', autostart=False)
    assert not manager.change(Transition.TRANSITION_CONFIGURE)
    assert manager.set(model='blazepose_full').successful
    assert manager.change(Transition.TRANSITION_CONFIGURE)


@pytest.mark.model('movenet_lightning')
def test_a_mode_whose_detector_is_missing_is_refused_with_the_remedy(ros, manager, no_models):
    files, detector = map(ModelStore().locate, ('movenet_lightning', 'blazepose_detector'))

    def install(files, folder):
        for path in files.values():
            (folder / path.name).symlink_to(path)

    with no_models() as folder:
        install(files, folder)
        ros.start(PoseNode, model='movenet_lightning')
        assert manager.state == State.PRIMARY_STATE_ACTIVE
        result = manager.set(mode='multi')
        assert not result.successful
        assert 'pose-ros models install' in result.reason
        # Nothing of it has come to stay.
        assert manager.set(max_people=2).successful
        install(detector, folder)
        assert manager.set(mode='multi').successful


def test_an_error_in_a_transition_is_logged_and_leaves_the_node_usable(ros, manager, capfd):
    faults = [OSError('the disk is on fire')]

    def make_estimator(config):
        if faults:
            raise faults.pop()
        return PoseEstimator(config)

    ros.start(
        lambda **arguments: PoseNode(make_estimator=make_estimator, **arguments), autostart=False
    )
    assert not manager.change(Transition.TRANSITION_CONFIGURE)
    assert 'the disk is on fire' in capfd.readouterr().err
    assert manager.state == State.PRIMARY_STATE_UNCONFIGURED
    assert manager.change(Transition.TRANSITION_CONFIGURE)


@pytest.mark.parametrize(
    ('keypoint_format', 'topology'), [('native', BLAZEPOSE33), ('coco17', COCO17)]
)
def test_a_late_subscriber_gets_the_format(ros, exchange, keypoint_format, topology):
    ros.start(PoseNode, keypoint_format=keypoint_format)
    skeleton = exchange().skeletons[0]
    formats = ros.collect(SkeletonFormat, 'skeleton_format', LATCHED)
    ros.spin_until(lambda: formats, 'the format')
    assert len(formats) == 1
    assert msg_to_format(formats[0]) == topology
    assert skeleton.format == formats[0].name
    assert len(skeleton.keypoints) == len(formats[0].keypoint_names)


def test_thresholds_change_live(ros, manager, exchange):
    ros.start(PoseNode)
    assert {k.state for k in exchange().skeletons[0].keypoints} != {Keypoint.BELOW_THRESHOLD}
    assert manager.set(keypoint_threshold=1.0).successful
    assert {k.state for k in exchange().skeletons[0].keypoints} == {Keypoint.BELOW_THRESHOLD}
    assert manager.set(person_threshold=1.0).successful
    assert not exchange().skeletons
    assert manager.set(person_threshold=0.5).successful
    assert exchange().skeletons


# The settings of the estimator that change live, each with another value than the default.
LIVE = {
    'max_hands_people': 3,
    'mode': 'multi', 'max_people': 3, 'detector_threshold': 0.4, 'detector_interval': 5,
    'keypoint_threshold': 0.5, 'person_threshold': 0.6, 'crop_padding': 2, 'jump_threshold': 0.7,
    'track_timeout': 0.5, 'min_hits': 2, 'coast_time': 1, 'reid_time': 2.0,
    'lock_timeout': 20.0, 'use_appearance': False, 'fix_left_right': False, 'plausibility': False,
    'smoothing': 'ema', 'ema_alpha': 0.5, 'one_euro_min_cutoff': 0.1, 'one_euro_beta': 20,
}  # fmt: skip


def test_every_live_setting_reaches_the_estimator(ros, manager, estimators):
    ros.start(lambda **arguments: PoseNode(estimators, **arguments))
    (estimator,) = estimators.made
    assert set(LIVE) == {row.name for row in TABLE if row.live}
    for name, value in LIVE.items():
        assert getattr(estimator.config, name) != value
        assert manager.set(**{name: value}).successful, name
        assert getattr(estimator.config, name) == value
    assert len(estimator.reconfigured) == len(LIVE)
    for name, value, reason in (
        ('mode', 'crowd', 'one of single, multi, auto'),
        ('max_people', 0, 'max_people'),
        ('max_people', 51, 'max_people'),
        ('use_appearance', 1, 'Wrong parameter type'),
        ('detector', 'ssd', 'set it before configure'),
    ):
        result = manager.set(**{name: value})
        assert not result.successful
        assert reason in result.reason
    assert len(estimator.reconfigured) == len(LIVE)


def test_a_change_that_something_else_refuses_is_not_applied(ros, manager, estimators):
    """Parameters act after all who check them have agreed."""
    refused = []

    def check(parameters):
        names = [parameter.name for parameter in parameters]
        return SetParametersResult(successful=names != refused, reason='not today')

    class Strict(PoseNode):
        def add_on_set_parameters_callback(self, callback):
            # rclpy asks the one added last first, so this one comes after the node's own.
            super().add_on_set_parameters_callback(check)
            super().add_on_set_parameters_callback(callback)

    ros.start(lambda **arguments: Strict(estimators, **arguments))
    (estimator,) = estimators.made
    refused.append('max_people')
    result = manager.set(max_people=3)
    assert (result.successful, result.reason) == (False, 'not today')
    assert estimator.reconfigured == []


def test_values_that_will_not_do_are_refused_with_the_reason(ros, manager):
    ros.start(PoseNode)
    for name, value, reason in (
        ('keypoint_threshold', 1.5, 'keypoint_threshold'),
        ('keypoint_threshold', -0.1, 'keypoint_threshold'),
        ('crop_padding', 0.5, 'crop_padding'),
        ('smoothing', 'magic', 'one of none, ema, one_euro'),
        ('ema_alpha', 'much', 'must be of type float'),
        ('model', 'movenet_lightning', 'set it before configure'),
        ('threads', 4, 'set it before configure'),
        ('image_transport', 'compressed', 'set it before configure'),
    ):
        result = manager.set(**{name: value})
        assert not result.successful, name
        assert reason in result.reason
    assert manager.set(smoothing='ema', use_sim_time=False).successful


def test_live_parameters_are_the_live_settings_of_the_estimator():
    live = {setting.name for setting in fields(EstimatorConfig) if setting.metadata['live']}
    assert live == {row.name for row in TABLE if row.live}
