"""pose_node with an Edge TPU, from images to skeletons; a stand-in for its library."""

import os
from pathlib import Path
import signal
import subprocess
import sys

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import pytest
from rclpy.duration import Duration
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.msg import SkeletonArray
from pose_ros.ros import diagnostics
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import DIAGNOSTICS, IMAGE_RELIABLE, SKELETONS

pytestmark = pytest.mark.ros

DEADLINE = 60  # for a process to end [s]
LIGHTNING = 'models/movenet_single_pose_lightning_ptq_edgetpu.tflite'


class Camera:
    """Publishes images and waits for their skeletons; hears what the node says of itself."""

    def __init__(self, ros, image, encoded_image):
        self.ros = ros
        self._image, self._encoded = image, encoded_image
        self._skeletons, self._arrays = [], []
        ros.node.create_subscription(SkeletonArray, 'skeletons', self._skeletons.append, SKELETONS)
        ros.node.create_subscription(
            DiagnosticArray, '/diagnostics', self._arrays.append, DIAGNOSTICS
        )
        self._publisher = ros.node.create_publisher(Image, 'image', IMAGE_RELIABLE)
        self._now = Time(seconds=10)

    def send(self):
        """Publish an image; after ten seconds nothing is carried over from the one before."""
        self._now += Duration(seconds=10)
        header = Header(frame_id='camera', stamp=self._now.to_msg())
        self.ros.spin_until(self.is_connected, 'a node between image and skeletons')
        self._skeletons.clear()
        self._publisher.publish(self._encoded(self._image, header=header))

    def is_connected(self):
        return self._publisher.get_subscription_count() and self.ros.node.count_publishers(
            'skeletons'
        )

    def wait_for_the_first(self):
        """Publish until a node in another process has found both ends and gives skeletons."""

        def given():
            self.send()
            self.ros.spin_for(0.2)
            return self._skeletons

        self.ros.spin_until(self.is_connected, 'a node in another process')
        self.ros.spin_until(given, 'skeletons')

    def skeletons(self):
        """Those of one image."""
        self.send()
        return self.ros.spin_until(lambda: self._skeletons and self._skeletons[-1], 'skeletons')

    def score(self):
        """Score of the nose of the one person in an image."""
        (skeleton,) = self.skeletons().skeletons
        return round(skeleton.keypoints[0].score, 2)

    def status(self, level=None, **figures):
        """Diagnostics of a level, if one is given, with these figures (with _ for spaces)."""

        def find():
            for array in self._arrays:
                for status in array.status:
                    found = {pair.key.replace(' ', '_'): pair.value for pair in status.values}
                    if figures.items() <= found.items() and level in (None, status.level):
                        return status
            return None

        self._arrays.clear()
        return self.ros.spin_until(find, f'diagnostics with {level} {figures}')


@pytest.fixture
def camera(ros, encoded_image, actor_image, monkeypatch):
    monkeypatch.setattr(diagnostics, 'PERIOD', 0.05)
    return Camera(ros, actor_image[0], encoded_image)


def values(status):
    return {pair.key: pair.value for pair in status.values}


def test_auto_with_a_device(ros, camera, edge_tpu, capfd):
    edge_tpu.plug_in()
    ros.start(PoseNode, model='tiny')
    assert camera.score() == edge_tpu.EDGE_SCORE
    status = camera.status(
        DiagnosticStatus.OK, device_in_use='edgetpu', times_the_device_was_lost='0'
    )
    assert status.hardware_id == 'tiny on edgetpu'
    assert values(status)['reason for the device'] == 'one is plugged in'
    log = [line for line in capfd.readouterr().err.splitlines() if 'runs on' in line]
    assert len(log) == 1
    assert 'tiny runs on edgetpu: one is plugged in' in log[0]


def test_auto_without_a_device(ros, camera, edge_tpu, capfd):
    ros.start(PoseNode, model='tiny')
    assert camera.score() == edge_tpu.CPU_SCORE
    status = camera.status(DiagnosticStatus.OK, device_in_use='cpu')
    assert values(status)['reason for the device'] == 'no Edge TPU is plugged in'
    log = [line for line in capfd.readouterr().err.splitlines() if 'runs on' in line]
    assert len(log) == 1
    assert '[INFO]' in log[0]
    assert 'tiny runs on cpu: no Edge TPU is plugged in' in log[0]


def test_auto_with_a_model_that_has_no_build(ros, camera, edge_tpu):
    edge_tpu.plug_in()
    ros.start(PoseNode)
    status = camera.status(device_in_use='cpu')
    assert status.level != DiagnosticStatus.ERROR
    assert (
        values(status)['reason for the device'] == 'blazepose_full has no build for the Edge TPU'
    )


def test_auto_without_anything_to_choose(ros, camera, edge_tpu, capfd):
    ros.start(PoseNode)
    status = camera.status(device_in_use='cpu')
    assert values(status)['reason for the device'] == ''
    log = capfd.readouterr().err.splitlines()
    assert [line.partition(']: ')[2] for line in log if 'runs on' in line] == [
        'blazepose_full runs on cpu'
    ]
    # Neither LiteRT nor the Edge TPU is a subject where no TPU is plugged in.
    assert not [line for line in log if 'Edge TPU' in line or 'TensorFlow' in line]


def no_library(edge_tpu, monkeypatch):
    monkeypatch.setenv('POSE_ROS_EDGETPU_LIBRARY', '/nowhere/libedgetpu.so.1')


def no_permission(edge_tpu, monkeypatch):
    monkeypatch.setattr(os, 'access', lambda *_: False)
    edge_tpu.tell('absent')


def library_of_other_version(edge_tpu, monkeypatch):
    edge_tpu.tell('crash')


def no_build(edge_tpu, monkeypatch):
    (edge_tpu.models / 'tiny_edgetpu.tflite').unlink()


REASONS = (
    (no_library, '/nowhere/libedgetpu.so.1 cannot be loaded'),
    (no_permission, 'ATTR{idVendor}=="1a6e|18d1"'),
    (library_of_other_version, 'may not match'),
    (no_build, 'tiny_edgetpu.tflite is not in'),
)


@pytest.fixture
def reason(edge_tpu, monkeypatch, request):
    """Why the device that is plugged in cannot be used; as the parameter wants it."""
    spoil, text = request.param
    edge_tpu.plug_in()
    spoil(edge_tpu, monkeypatch)
    return text


@pytest.mark.parametrize('reason', REASONS, indirect=True)
def test_why_one_that_is_asked_for_cannot_be_used(ros, camera, reason, capfd):
    ros.start(PoseNode, model='tiny', device='usb')
    status = camera.status(DiagnosticStatus.ERROR, device='usb')
    assert reason in status.message
    assert 'device in use' not in values(status)
    log = [line for line in capfd.readouterr().err.splitlines() if '[ERROR]' in line]
    assert len(log) == 1
    assert reason in log[0]


@pytest.mark.parametrize('reason', REASONS[:3], indirect=True)
def test_auto_with_a_device_that_cannot_be_used(ros, camera, edge_tpu, reason):
    ros.start(PoseNode, model='tiny')
    assert camera.score() == edge_tpu.CPU_SCORE
    assert reason in camera.status(DiagnosticStatus.WARN, device_in_use='cpu').message


def test_asked_for_and_missing_then_plugged_in(ros, camera, edge_tpu, capfd):
    edge_tpu.tell('absent')
    node = ros.start(PoseNode, model='tiny', device='usb:0')
    log = [line for line in capfd.readouterr().err.splitlines() if '[ERROR]' in line]
    assert len(log) == 1
    assert 'device usb:0: no Edge TPU is plugged in on USB' in log[0]
    status = camera.status(DiagnosticStatus.ERROR, device='usb:0')
    assert 'no Edge TPU is plugged in on USB' in status.message
    edge_tpu.plug_in()
    node.trigger_configure()
    node.trigger_activate()
    assert camera.score() == edge_tpu.EDGE_SCORE
    assert edge_tpu.written('options') == 'device=usb:0 \n' * 2


def test_a_run_that_fails_and_the_way_back(ros, camera, edge_tpu, capfd):
    edge_tpu.plug_in()
    ros.start(PoseNode, model='tiny', device='usb')
    assert camera.score() == edge_tpu.EDGE_SCORE
    edge_tpu.unplug()
    assert camera.score() == edge_tpu.CPU_SCORE  # this very image, not the next
    status = camera.status(
        DiagnosticStatus.WARN, device_in_use='cpu', times_the_device_was_lost='1'
    )
    assert status.hardware_id == 'tiny on cpu'
    assert 'USB transfer error' in status.message
    edge_tpu.plug_in()
    camera.status(device_in_use='usb')
    assert camera.score() == edge_tpu.EDGE_SCORE
    camera.status(DiagnosticStatus.OK, device_in_use='usb')
    log = [line for line in capfd.readouterr().err.splitlines() if 'runs on' in line]
    assert [('WARN' in line, 'USB transfer error' in line) for line in log] == [
        (False, False), (True, True), (False, False),
    ]  # fmt: skip


def test_a_library_that_ends_its_process(ros, camera, edge_tpu):
    edge_tpu.plug_in()
    ros.start(PoseNode, model='tiny')
    assert camera.score() == edge_tpu.EDGE_SCORE
    edge_tpu.tell('abort')
    assert camera.score() == edge_tpu.CPU_SCORE
    assert 'SIGABRT' in camera.status(device_in_use='cpu').message
    edge_tpu.untell('abort')
    camera.status(device_in_use='edgetpu')
    assert camera.score() == edge_tpu.EDGE_SCORE


def test_a_run_that_hangs(ros, camera, edge_tpu):
    edge_tpu.plug_in()
    ros.start(PoseNode, model='tiny')
    assert camera.score() == edge_tpu.EDGE_SCORE
    edge_tpu.tell('hang')
    assert camera.score() == edge_tpu.CPU_SCORE
    status = camera.status(
        DiagnosticStatus.WARN, device_in_use='cpu', times_the_device_was_lost='1'
    )
    assert 'no answer within 1 s' in status.message
    edge_tpu.untell('hang')
    camera.status(device_in_use='edgetpu')
    assert camera.score() == edge_tpu.EDGE_SCORE


def test_lost_and_told_to_fail(ros, camera, edge_tpu):
    edge_tpu.plug_in()
    node = ros.start(PoseNode, model='tiny', on_device_loss='error')
    assert camera.score() == edge_tpu.EDGE_SCORE
    edge_tpu.unplug()
    camera.send()
    ros.spin_until(lambda: not ros.node.count_publishers('skeletons'), 'the end of publishing')
    status = camera.status(DiagnosticStatus.ERROR, device='auto')
    assert 'USB transfer error' in status.message
    edge_tpu.plug_in()
    node.trigger_configure()
    node.trigger_activate()
    assert camera.score() == edge_tpu.EDGE_SCORE


def test_the_device_is_let_go_with_the_configuration(ros, camera, edge_tpu):
    edge_tpu.plug_in()
    node = ros.start(PoseNode, model='tiny')
    assert camera.score() == edge_tpu.EDGE_SCORE
    (worker,) = workers_of(edge_tpu)
    node.trigger_deactivate()
    node.trigger_cleanup()
    assert workers_of(edge_tpu) == []
    node.trigger_configure()
    assert len(workers_of(edge_tpu)) == 1
    assert workers_of(edge_tpu) != [worker]
    ros.remove(node)
    assert workers_of(edge_tpu) == []


def test_a_device_that_is_none_is_refused(ros, edge_tpu):
    node = ros.start(PoseNode, model='tiny', autostart=False)
    for value in ('gpu', 'usb:x'):
        result = ros.set_parameter(node, 'device', value)
        assert not result.successful
        assert 'device must be auto, cpu, edgetpu' in result.reason
    assert ros.set_parameter(node, 'device', 'pci:0').successful


def workers_of(edge_tpu):
    """Processes that use the stand-in's library."""
    found = []
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            if f'{edge_tpu.library}\0'.encode() in (folder / 'cmdline').read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


PROCESS = """
import sys
from pathlib import Path
from pose_ros.core.runtime import edgetpu
from pose_ros.ros.pose_node import main
edgetpu.ROOT = Path(sys.argv.pop(1))
main()
"""


def test_ctrl_c_while_a_run_hangs(ros, camera, edge_tpu):
    edge_tpu.plug_in()
    arguments = ['--ros-args', '-p', 'model:=tiny']
    process = subprocess.Popen([sys.executable, '-c', PROCESS, edge_tpu.root, *arguments])
    try:
        camera.wait_for_the_first()
        edge_tpu.tell('hang')
        runs = len(edge_tpu.written('runs'))
        camera.send()
        ros.spin_until(lambda: len(edge_tpu.written('runs')) > runs, 'a run')
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 0
        assert workers_of(edge_tpu) == []
    finally:
        process.kill()
        process.wait()


@pytest.mark.test_data(LIGHTNING)
@pytest.mark.model('movenet_lightning')
def test_googles_own_build_of_movenet(ros, camera, edge_tpu):
    """The stand-in puts out zeros, of which LiteRT makes keypoints that are all as sure."""
    edge_tpu.plug_in()
    edge_tpu.untell('output')
    ros.start(PoseNode, model='movenet_lightning', device='usb')
    assert len({k.score for k in camera.skeletons().skeletons[0].keypoints}) == 1
    assert camera.status(device_in_use='usb').hardware_id == 'movenet_lightning on usb'
    edge_tpu.unplug()
    assert len({k.score for k in camera.skeletons().skeletons[0].keypoints}) > 3
    camera.status(device_in_use='cpu', times_the_device_was_lost='1')
