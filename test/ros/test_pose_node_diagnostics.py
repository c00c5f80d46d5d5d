"""What pose_node says on /diagnostics, and the reliability of its subscription."""

from functools import partial
from types import SimpleNamespace

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import pytest
import rclpy
from rclpy.context import Context
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.msg import HandArray, SkeletonArray
from pose_ros.ros import diagnostics, pose_status
from pose_ros.ros.diagnostics import DropCounter
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import CAMERA_INFO, DIAGNOSTICS, IMAGE, IMAGE_RELIABLE, SKELETONS
from pose_ros.ros.source_node import camera_info

pytestmark = pytest.mark.ros


@pytest.fixture
def status(ros, monkeypatch):
    """Function that waits for a status whose message contains a text."""
    monkeypatch.setattr(diagnostics, 'PERIOD', 0.05)
    monkeypatch.setattr(pose_status, 'SILENCE', 0.1)
    received = ros.collect(DiagnosticArray, '/diagnostics', DIAGNOSTICS, count=0)

    def wait_for(text, step=lambda: None):
        def found():
            step()
            statuses = [status for array in received for status in array.status]
            return next((status for status in statuses if text in status.message), None)

        received.clear()
        status = ros.spin_until(found, f'diagnostics with {text!r}')
        return SimpleNamespace(
            name=status.name,
            level=status.level,
            message=status.message,
            hardware_id=status.hardware_id,
            figures={pair.key: pair.value for pair in status.values},
        )

    return wait_for


@pytest.fixture
def elsewhere(ros):
    """Node in another participant: one participant cannot have two types on one topic."""
    context = Context()
    rclpy.init(args=[], context=context, domain_id=ros.domain)
    node = rclpy.create_node('elsewhere', context=context)
    yield node
    node.destroy_node()
    context.try_shutdown()


def test_no_publisher(ros, status):
    ros.start(PoseNode)
    found = status('no image for')
    assert found.level == DiagnosticStatus.WARN
    assert found.message.endswith('no publisher on /image')
    assert found.name == 'pose_node'


def test_the_topic_is_named_as_it_was_remapped(ros, status):
    arguments = ['--ros-args', '-r', 'image:=/camera/image_raw', '-r', '__ns:=/robot']
    ros.add(PoseNode(context=ros.context, cli_args=arguments))
    assert status('no publisher on /camera/image_raw').name == 'robot/pose_node'


def test_another_type(ros, status, elsewhere):
    elsewhere.create_publisher(CompressedImage, 'image', IMAGE_RELIABLE)
    ros.start(PoseNode)
    found = status('expected')
    assert found.level == DiagnosticStatus.WARN
    assert (
        '/image carries sensor_msgs/msg/CompressedImage, expected sensor_msgs/msg/Image'
        in found.message
    )


def test_the_other_transport(ros, status, elsewhere):
    elsewhere.create_publisher(CompressedImage, 'image/compressed', IMAGE_RELIABLE)
    ros.start(PoseNode)
    assert status('set image_transport to compressed').level == DiagnosticStatus.WARN


@pytest.mark.parametrize('transport', ['raw', 'compressed'])
def test_the_name_of_the_compressed_topic_itself(ros, status, elsewhere, transport):
    elsewhere.create_publisher(CompressedImage, '/cam/image/compressed', IMAGE_RELIABLE)
    arguments = ['-r', 'image:=/cam/image/compressed', '-p', f'transport:={transport}']
    ros.add(PoseNode(context=ros.context, cli_args=['--ros-args', *arguments]))
    found = status('no image for')
    assert found.message.endswith(
        '/cam/image/compressed has one: remap image to /cam/image, '
        'set image_transport to compressed'
    )


def test_incompatible_qos(ros, status, elsewhere, capfd):
    elsewhere.create_publisher(Image, 'image', IMAGE)
    ros.start(PoseNode, reliability='reliable')
    found = status('incompatible QoS')
    assert found.level == DiagnosticStatus.WARN
    assert 'reliable' in found.message.lower()
    ros.spin_until(lambda: 'incompatible QoS of /image' in capfd.readouterr().err, 'the log')


def test_a_publisher_that_is_silent(ros, status, monkeypatch):
    for name in pose_node_variables():
        monkeypatch.delenv(name, raising=False)
    ros.start(PoseNode)
    ros.publisher(Image, 'image', IMAGE_RELIABLE)
    found = status('/image has 1 publisher(s), but no image arrives')
    if 'fastrtps' in rclpy.get_rmw_implementation_identifier():
        assert 'FASTRTPS_DEFAULT_PROFILES_FILE' in found.message
        assert 'FASTRTPS_DEFAULT_PROFILES_FILE' in found.figures['hint']
        for name in pose_node_variables():
            monkeypatch.setenv(name, 'fastdds.xml')
        ros.spin_until(lambda: not status('but no image arrives').figures['hint'], 'no hint')


def test_a_camera_info_that_cannot_be_used(ros, status, encoded_image, actor_image, capfd):
    ros.start(PoseNode)
    ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    images = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    infos = ros.publisher(CameraInfo, 'camera_info', CAMERA_INFO)
    image = encoded_image(actor_image[0])

    def show(info):
        infos.publish(info)
        image.header.stamp = ros.node.get_clock().now().to_msg()
        images.publish(image)

    found = status('no 3D positions', lambda: show(CameraInfo(width=640, height=480)))
    assert found.level == DiagnosticStatus.WARN
    assert 'camera_info: camera matrix has no focal length: it is not calibrated' in found.message
    assert capfd.readouterr().err.count('no 3D positions') == 1
    assert status('frames per second', lambda: show(camera_info(Header(), 640, 480, 1.0)))


def pose_node_variables():
    return ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')


def test_figures_of_frames(ros, status, encoded_image, actor_image):
    node = ros.start(PoseNode, model='blazepose_full', smoothing='none')
    publisher = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    image = encoded_image(actor_image[0])

    def publish():
        image.header.stamp = ros.node.get_clock().now().to_msg()
        publisher.publish(image)

    found = status('idle: no subscriber on /skeletons', publish)
    assert found.level == DiagnosticStatus.OK
    ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    status('frames per second', publish)
    ros.spin_until(lambda: node.statistics.processed > 3 or publish(), 'frames')
    found = status('frames per second', publish)
    while not found.figures['latency [ms]']:
        found = status('frames per second', publish)
    assert found.level == DiagnosticStatus.OK
    assert found.hardware_id == 'blazepose_full on cpu'
    assert found.figures['model'] == 'blazepose_full'
    assert float(found.figures['frame rate [1/s]']) > 1
    assert 1 < float(found.figures['inference time [ms]']) < 2000
    assert float(found.figures['latency [ms]']) > float(found.figures['inference time [ms]'])
    assert int(found.figures['frames processed']) > 0
    assert found.figures['re-initialisations'] == '0'

    image.encoding = 'h264'
    found = status("images dropped: unknown encoding 'h264'", publish)
    assert found.level == DiagnosticStatus.WARN
    assert int(found.figures['bad images']) > 0
    assert 'h264' in found.figures['last bad image']
    image.encoding = 'rgb8'
    assert status('frames per second', publish).level == DiagnosticStatus.OK


def test_a_node_that_is_wanted_for_its_hands_alone_is_not_idle(
    ros, status, estimators, encoded_image, actor_image
):
    ros.start(lambda **a: PoseNode(estimators, **a), hands='tracked')
    publisher = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    image = encoded_image(actor_image[0])

    def publish():
        image.header.stamp = ros.node.get_clock().now().to_msg()
        publisher.publish(image)

    status('idle: no subscriber on /skeletons', publish)
    ros.collect(HandArray, 'hands', SKELETONS)
    status('frames per second', publish)


def test_figures_of_people(ros, status, estimators):
    ros.start(lambda **a: PoseNode(estimators, **a), mode='multi')
    (estimator,) = estimators.made
    found = status('no image for')
    names = ('time per person [ms]', 'detector time [ms]', 'locked id', 'locked seen')
    assert {found.figures[name] for name in names} == {''}
    vars(estimator.statistics).update(
        people=3, person_time=0.0123, detector_time=0.0205, detections=7, reinitialised=1,
        swaps=4, implausible=19,
    )  # fmt: skip
    estimator.locked_id = 2
    ros.spin_until(lambda: status('no image for').figures['locked id'], 'the new figures')
    figures = status('no image for').figures
    wanted = {
        'mode now': 'multi',
        'people followed': '3',
        'time per person [ms]': '12.3',
        'detector time [ms]': '20.5',
        'detections': '7',
        're-initialisations': '1',
        'swaps repaired': '4',
        'implausible keypoints': '19',
        'locked id': '2',
        'locked seen': 'false',
    }
    assert {name: figures[name] for name in wanted} == wanted
    estimator.statistics.multi = False
    ros.spin_until(lambda: status('no image for').figures['mode now'] == 'single')


def test_states_and_the_reason_for_a_missing_model(ros, status, monkeypatch, tmp_path):
    node = ros.start(PoseNode, autostart=False)
    assert status('unconfigured').level == DiagnosticStatus.WARN
    with monkeypatch.context() as patch:
        patch.setenv('POSE_ROS_MODEL_PATH', str(tmp_path))
        patch.setenv('XDG_CACHE_HOME', str(tmp_path))
        node.trigger_configure()
    found = status('pose-ros models install blazepose_full')
    assert found.level == DiagnosticStatus.ERROR
    node.trigger_configure()
    assert status('inactive').level == DiagnosticStatus.OK


def test_the_reliability_follows_the_publishers(ros, encoded_image, actor_image):
    """No image is lost or seen twice while it changes."""
    node = ros.start(PoseNode)
    image = encoded_image(actor_image[0][:64, :64])

    def reliability():
        infos = ros.node.get_subscriptions_info_by_topic('/image')
        return {info.qos_profile.reliability for info in infos}

    def arrived(count):
        return node.statistics.arrivals >= count

    def arrives(publisher, times=3):
        for _ in range(times):
            image.header.stamp = ros.node.get_clock().now().to_msg()
            expected = node.statistics.arrivals + 1
            publisher.publish(image)
            ros.spin_until(partial(arrived, expected), 'the image')
            # Now the same image would arrive by the other subscription.
            ros.spin_for(0.05)
            assert node.statistics.arrivals == expected

    ros.spin_until(lambda: reliability() == {ReliabilityPolicy.BEST_EFFORT}, 'best effort')
    reliable = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    arrives(reliable)
    ros.spin_until(lambda: reliability() == {ReliabilityPolicy.RELIABLE}, 'reliable')
    arrives(reliable)
    best_effort = ros.publisher(Image, 'image', IMAGE)
    arrives(best_effort)
    ros.spin_until(lambda: reliability() == {ReliabilityPolicy.BEST_EFFORT}, 'best effort')
    arrives(best_effort)
    arrives(reliable)
    assert node.statistics.arrivals == 15
    ros.node.destroy_publisher(best_effort)
    ros.spin_until(lambda: reliability() >= {ReliabilityPolicy.RELIABLE}, 'reliable again')
    arrives(reliable)
    assert node.statistics.arrivals == 18


class TestDropCounter:
    def test_numbers_tell_exactly(self):
        drops = DropCounter()
        numbers = [5, 6, 9, 10, 20]
        assert [drops.missed(n, 1.0) for n in numbers] == [0, 0, 2, 0, 9]

    def test_a_new_publisher_starts_from_one(self):
        drops = DropCounter()
        assert [drops.missed(n, 1.0) for n in (50, 1, 2, 4)] == [0, 0, 0, 1]

    def test_without_numbers_stamps_give_a_lower_bound(self):
        drops = DropCounter()
        stamps = [0.0, 0.033, 0.067, 0.1, 0.2, 0.233, 0.3]
        assert [drops.missed(None, s) for s in stamps] == [0, 0, 0, 0, 2, 0, 1]

    def test_stamps_that_stand_still_or_jump_back_count_nothing(self):
        drops = DropCounter()
        assert [drops.missed(None, s) for s in (1.0, 1.0, 0.5, 0.6, 0.7)] == [0] * 5
        assert drops.missed(None, 0.7 + 1e-9) == 0

    def test_a_pause_without_numbers_is_no_loss(self):
        drops = DropCounter()
        assert [drops.missed(None, s) for s in (0.0, 0.1, 0.2, 60.0, 60.1, 60.3)] == [0] * 5 + [1]

    def test_nothing_is_counted_after_a_reset(self):
        drops = DropCounter()
        drops.missed(1, 1.0)
        drops.reset()
        assert drops.missed(100, 9.0) == 0

    def test_a_change_between_one_and_several_publishers_counts_nothing(self):
        drops = DropCounter()
        assert [drops.missed(n, 0.0) for n in (1, None, 9, 10)] == [0, 0, 0, 0]
