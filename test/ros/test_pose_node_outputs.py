"""What pose_node does with models whose outputs cannot be used, and with damaged files."""

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
import pytest
from sensor_msgs.msg import Image
import yaml

from pose_ros.core.runtime.store import ModelStore
from pose_ros.msg import SkeletonArray
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import DIAGNOSTICS, IMAGE_RELIABLE, SKELETONS

pytestmark = pytest.mark.ros


@pytest.fixture
def status(ros, monkeypatch):
    """Function that publishes until a status has a text, and returns the status."""
    monkeypatch.setattr('pose_ros.ros.diagnostics.PERIOD', 0.05)
    received = ros.collect(DiagnosticArray, '/diagnostics', DIAGNOSTICS, count=0)

    def wait_for(text, step=lambda: None):
        received.clear()

        def found():
            step()
            statuses = [status for array in received for status in array.status]
            return next((status for status in statuses if text in status.message), None)

        return ros.spin_until(found, f'diagnostics with {text!r}')

    return wait_for


@pytest.fixture
def strange_model(overflowing_model, monkeypatch):
    """Name of an installed model that gives infinity for white images."""
    folder = overflowing_model(np.inf).parent
    entry = {
        'summary': 'for tests', 'family': 'movenet', 'format': 'coco17', 'input': [32, 32],
        'licence': 'Apache-2.0', 'files': [{'role': 'model', 'name': 'strange.tflite'}],
    }  # fmt: skip
    (folder / 'models.yaml').write_text(yaml.safe_dump({'models': {'strange': entry}}))
    monkeypatch.setenv('POSE_ROS_MODEL_PATH', str(folder))
    return 'strange'


def test_frames_with_unusable_outputs_are_dropped_and_counted(
    ros, status, strange_model, encoded_image
):
    node = ros.start(PoseNode, model=strange_model)
    publisher = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    skeletons = ros.collect(SkeletonArray, 'skeletons', SKELETONS, count=0)
    white, black = (encoded_image(np.full((48, 64, 3), level, np.uint8)) for level in (255, 0))

    def publish(image):
        image.header.stamp = ros.node.get_clock().now().to_msg()
        publisher.publish(image)

    found = status(
        'strange.tflite: output 0: expected values within ±1e+06, found inf',
        lambda: publish(white),
    )
    assert found.level == DiagnosticStatus.WARN
    assert 'images dropped' in found.message
    assert node.statistics.bad > 0
    assert not skeletons

    def person():
        publish(black)
        return next((message for message in skeletons if message.skeletons), None)

    (skeleton,) = ros.spin_until(person, 'a person in the next good frame').skeletons
    # 0.6 of the keypoints, times 0.6 of a person found in the whole frame without a detector.
    assert skeleton.score == pytest.approx(0.36, abs=0.01)


def test_a_damaged_model_leaves_the_node_unconfigured(ros, status, monkeypatch, tmp_path):
    content = bytearray(ModelStore().locate('blazepose_full')['landmarks'].read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / 'pose_landmark_full.tflite').write_bytes(content)
    monkeypatch.setenv('POSE_ROS_MODEL_PATH', str(tmp_path))
    ros.start(PoseNode)
    found = status('pose_landmark_full.tflite: wrong SHA-256')
    assert found.level == DiagnosticStatus.ERROR
    assert 'pose-ros models install blazepose_full' in found.message
