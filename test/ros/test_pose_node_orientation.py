"""pose_node with cameras that are turned or mirrored: real model, over DDS."""

from builtin_interfaces.msg import Time
import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from pose_ros.core.camera_orientation import ROTATIONS, CameraOrientation
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.space.position_estimator import PositionEstimator
from pose_ros.core.space.strategy import CameraView
from pose_ros.core.types import Frame
from pose_ros.message_values import msg_to_person
from pose_ros.msg import SkeletonArray
from pose_ros.ros.calibration import camera_model
from pose_ros.ros.conversions import SkeletonWriter
from pose_ros.ros.marker_node import MarkerNode
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import CAMERA_INFO, IMAGE_RELIABLE, MARKERS, SKELETONS
from pose_ros.ros.source_node import camera_info

pytestmark = pytest.mark.ros

ANGLE = 1.05
FOCAL = 320 / np.tan(ANGLE / 2)
CASES = [(rotate, mirrored) for rotate in ROTATIONS for mirrored in (False, True)]


def as_delivered(image, rotate, mirrored):
    """Image [H, W, 3] of a camera for which these parameters are right: turned the other way."""
    image = np.rot90(image, rotate // 90)
    return np.ascontiguousarray(image[:, ::-1] if mirrored else image)


@pytest.fixture(scope='module')
def upright(actor_image):
    """What is found in the image of a camera that is mounted upright."""
    image, truth = actor_image
    (person,) = PoseEstimator().estimate(Frame(image, 1.0))
    assert np.abs(person.keypoints[15] - truth.keypoints[9]).max() < 20  # the left wrist
    assert person.keypoints[15, 1] < person.keypoints[0, 1], 'the left arm is up'
    camera = camera_model(camera_info(Header(), 640, 480, ANGLE), (640, 480))
    (placed,) = PositionEstimator().place([person], CameraView(camera, (640, 480), 1.0))
    return placed


@pytest.mark.parametrize(('rotate', 'mirrored'), CASES)
def test_a_turned_camera(  # noqa: PLR0917
    ros, encoded_image, actor_image, upright, measured, rotate, mirrored
):
    received = ros.collect(SkeletonArray, 'skeletons', SKELETONS, count=0)
    ros.start(PoseNode, rotate=rotate, mirrored=mirrored)
    images = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    infos = ros.publisher(CameraInfo, 'camera_info', CAMERA_INFO)
    image = as_delivered(actor_image[0], rotate, mirrored)
    height, width = image.shape[:2]
    info = camera_info(Header(), width, height, 2 * np.arctan(width / 2 / FOCAL))

    def arrived():
        infos.publish(info)
        images.publish(encoded_image(image, header=Header(stamp=Time(sec=len(received) + 1))))
        return [m for m in received if m.skeletons and m.skeletons[0].positions]

    message = ros.spin_until(arrived, 'a person with positions')[0]
    assert (message.image_width, message.image_height) == (width, height)
    assert (message.rotate, message.mirrored) == (rotate, mirrored)
    person = msg_to_person(message.skeletons[0])

    # The same parts of the body: by the map of every pixel, which knows nothing of our matrices.
    places = np.stack(np.meshgrid(np.arange(640), np.arange(480)), axis=-1).astype(np.float32)
    places = as_delivered(places, rotate, mirrored)
    seen = cv2.remap(places, person.keypoints[:, None].copy(), None, cv2.INTER_LINEAR)[:, 0]
    inside = person.observed
    off = np.linalg.norm(seen - upright.keypoints, axis=1)[inside]
    assert inside.sum() > 25
    assert off.max() < 1
    box = message.skeletons[0].box
    assert box.x_offset <= person.keypoints[inside, 0].min()
    assert box.x_offset + box.width >= person.keypoints[inside, 0].max()

    # In space the camera is turned and nothing else.
    turned = CameraOrientation(rotate, mirrored).upright_person(person, (width, height))
    apart = np.linalg.norm(turned.positions.points - upright.positions.points, axis=1)
    assert np.nanmax(apart) < 0.05
    measured(
        f'camera turned by {rotate}°{" and mirrored" * mirrored}: keypoints off by '
        f'{off.max():.2f} px, positions by {100 * np.nanmax(apart):.1f} cm at most'
    )


def test_markers_lie_where_the_positions_are(ros, make_person):
    """Also those of people without positions, who are placed by their pixels."""
    received = ros.collect(MarkerArray, 'skeleton_markers', MARKERS, count=0)
    ros.start(MarkerNode)
    infos = ros.publisher(CameraInfo, 'camera_info', CAMERA_INFO)
    skeletons = ros.publisher(SkeletonArray, 'skeletons', SKELETONS)
    person = make_person(x=60.0)

    def shown(mirrored):
        writer = SkeletonWriter(orientation=CameraOrientation(0, mirrored))
        infos.publish(camera_info(Header(), 640, 480, ANGLE))
        skeletons.publish(writer.write([person], Header(), (640, 480)))
        return [m.points[0].x for array in received for m in array.markers if m.ns == 'keypoints']

    plain = ros.spin_until(lambda: shown(False), 'markers')[-1]
    assert plain < -0.5
    ros.spin_until(lambda: shown(True)[-1] == pytest.approx(-plain), 'markers on the other side')
