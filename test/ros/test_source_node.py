import math
import os
from pathlib import Path
import subprocess
import threading
import time

from builtin_interfaces.msg import Time
import cv2
import numpy as np
import pytest
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image

from pose_ros.actor import ActorTruth
from pose_ros.core.topology import COCO17
from pose_ros.message_values import msg_to_person
from pose_ros.msg import SkeletonArray
from pose_ros.ros.depth_images import depth_of
from pose_ros.ros.image_sources import (
    ActorSource,
    BackgroundReader,
    CameraSource,
    SourceError,
    SourceImage,
    actor_scene,
)
from pose_ros.ros.images import image_to_frame, stamp_of
from pose_ros.ros.source_node import SourceNode, camera_info, truth_message
from pose_ros.ros.video_sources import open_source

pytestmark = pytest.mark.ros

QOS = QoSProfile(depth=20)
BLUE, RED = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def video(tmp_path):
    """Video of 64 × 48 px and 20 Hz: red left, blue right, twelve frames that get brighter."""
    path = tmp_path / 'video.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 20.0, (64, 48))
    for number in range(12):
        image = np.zeros((48, 64, 3), np.uint8)
        image[:, :32], image[:, 32:] = RED, BLUE
        image[:16] = 20 * number
        writer.write(image)
    writer.release()
    return path


def source_process(**parameters):
    """Run the installed executable to its end."""
    prefixes = os.environ['AMENT_PREFIX_PATH'].split(os.pathsep)
    executables = [Path(prefix, 'lib/pose_ros/source_node') for prefix in prefixes]
    arguments = [f'{name}:={value}' for name, value in parameters.items()]
    return subprocess.Popen(
        [next(path for path in executables if path.exists()), '--ros-args']
        + [part for argument in arguments for part in ('-p', argument)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_actor_publishes_image_camera_info_and_truth_with_one_header(ros):
    images = ros.collect(Image, 'image', QOS, count=0)
    infos = ros.collect(CameraInfo, 'camera_info', QOS, count=0)
    truths = ros.collect(SkeletonArray, 'truth', QOS, count=0)
    ros.start(SourceNode, source='actor', width=320, height=240, frame_id='eye', fps=20.0)
    ros.spin_until(lambda: min(map(len, (images, infos, truths))) >= 5, 'five of each')
    by_stamp = {stamp_of(image.header): image for image in images}
    for others in (infos, truths):
        shared = [other for other in others if stamp_of(other.header) in by_stamp]
        assert len(shared) >= 4
        for other in shared:
            assert other.header == by_stamp[stamp_of(other.header)].header
    image, truth = images[-1], truths[-1]
    assert (image.width, image.height, image.encoding) == (320, 240, 'rgb8')
    assert image.header.frame_id == 'eye'
    assert image_to_frame(image).image.std() > 10
    assert (infos[-1].width, infos[-1].height) == (320, 240)
    assert (truth.image_width, truth.image_height, truth.model) == (320, 240, 'actor')
    person = msg_to_person(truth.skeletons[0])
    assert person.topology is COCO17
    assert person.id == 1
    seen = person.keypoints[person.scores > 0]
    assert len(seen) > 10
    assert ((seen >= 0) & (seen < (320, 240))).all()
    stamps = [stamp_of(info.header) for info in infos]
    assert np.median(np.diff(stamps)) == pytest.approx(1 / 20, abs=0.01)


def test_truth_says_what_is_hidden():
    keypoints = np.arange(34, dtype=np.float32).reshape(17, 2)
    visible = np.arange(17) % 3 > 0
    people = [ActorTruth(keypoints + i, visible, 380.0, 'stand') for i in range(2)]
    message = truth_message(Image().header, 640, 480, people)
    assert [skeleton.id for skeleton in message.skeletons] == [1, 2]
    person = msg_to_person(message.skeletons[1])
    assert np.array_equal(person.keypoints, keypoints + 1)
    assert np.array_equal(person.scores > 0, visible)
    assert np.array_equal(person.observed, visible)


def test_right_hand_of_the_actor_is_on_the_left_of_the_image():
    source = ActorSource('wave_right', 640, 480, 10.0, seed=0)
    truth = [source.read().truth[0] for _ in range(30)][-1]
    right, left = COCO17.index('right_wrist'), COCO17.index('left_wrist')
    shoulder = COCO17.index('right_shoulder')
    assert truth.keypoints[right][0] < truth.keypoints[left][0]
    assert truth.keypoints[right][1] < truth.keypoints[shoulder][1] < truth.keypoints[left][1]


def test_actor_starts_again_and_is_the_same_with_the_same_seed():
    length = actor_scene('squat', 64, 48, 4.0).frame_count
    first, second = (ActorSource('squat', 64, 48, 4.0, seed=3) for _ in range(2))
    images = [first.read().image for _ in range(length + 1)]
    assert np.array_equal(images[0], images[length])
    assert np.array_equal(images[5], [second.read().image for _ in range(6)][-1])
    assert not np.array_equal(images[0], ActorSource('squat', 64, 48, 4.0, seed=4).read().image)


def test_actor_grows_with_the_image():
    small = ActorSource('stand', 320, 240, 30.0, seed=0).read().truth[0]
    large = ActorSource('stand', 960, 480, 30.0, seed=0).read().truth[0]
    assert large.height == pytest.approx(2 * small.height)
    # 160 px more on either side than twice as wide.
    expected = small.keypoints * 2 + (160, 0)
    # The sway of the two is not the same.
    assert np.allclose(large.keypoints, expected, atol=0.03 * large.height)


@pytest.mark.parametrize('executor', ['single', 'events'])
def test_video_plays_once_in_order_at_its_rate_and_ends_the_process(ros, video, executor):
    images = ros.collect(Image, 'image', QOS, count=0)
    process = source_process(
        source='video', path=video, loop='false', wait_for_subscribers=1, executor=executor
    )
    ros.spin_until(lambda: process.poll() is not None, 'end of the process')
    ros.spin_until(lambda: len(images) == 12, 'all images')
    assert process.returncode == 0, process.stdout.read()
    assert 'ended after 12 images' in process.stdout.read()
    brightness = [image_to_frame(image).image[4:12].mean() for image in images]
    assert np.allclose(brightness, np.arange(12) * 20, atol=6)
    steps = np.diff([stamp_of(image.header) for image in images])
    assert np.median(steps) == pytest.approx(1 / 20, abs=0.01)
    frame = image_to_frame(images[0])
    assert images[0].encoding == 'bgr8'
    assert np.allclose(frame.image[40, 8], RED, atol=12)
    assert np.allclose(frame.image[40, 56], BLUE, atol=12)


def test_video_in_a_loop_goes_on(ros, video):
    images = ros.collect(Image, 'image', QOS, count=0)
    ros.start(SourceNode, source='video', path=str(video), loop=True)
    ros.spin_until(lambda: len(images) > 14, 'more images than the video has')
    brightness = [image_to_frame(image).image[4:12].mean() for image in images]
    assert (np.diff(brightness) < -100).sum() == 1


@pytest.mark.parametrize('scene', ['mixed', 'raise_left'])
def test_several_actors_with_the_truth_of_each(ros, scene):
    truths = ros.collect(SkeletonArray, 'truth', QOS, count=0)
    ros.start(SourceNode, source='actor', scene=scene, people=3, width=320, height=240)
    ros.spin_until(lambda: truths, 'truth')
    skeletons = truths[0].skeletons
    assert [skeleton.id for skeleton in skeletons] == [1, 2, 3]
    noses = [skeleton.keypoints[0].x for skeleton in skeletons]
    assert noses == sorted(noses)
    assert noses[2] - noses[0] > 120


def test_waits_for_the_subscribers_asked_for(ros, video):
    first = ros.collect(Image, 'image', QOS, count=0)
    ros.start(SourceNode, source='video', path=str(video), wait_for_subscribers=2)
    ros.spin_for(0.4)
    assert first == []
    ros.collect(Image, 'image', QOS)
    ros.spin_until(lambda: first, 'the first image')
    assert image_to_frame(first[0]).image[4:12].mean() < 6


@pytest.mark.parametrize(
    ('parameters', 'reason'),
    [
        ({'source': 'video'}, 'path must name the file'),
        ({'source': 'video', 'path': '/no/video.mp4'}, '/no/video.mp4: there is no such file'),
        ({'source': 'video', 'path': __file__}, 'not a video that can be decoded, nor an'),
        ({'source': 'camera', 'device': '77'}, 'camera /dev/video77: there is no such device'),
        ({'source': 'camera', 'device': '/dev/null'}, 'camera /dev/null cannot be opened'),
        ({'source': 'actor', 'scene': 'fly'}, "unknown motion 'fly'"),
        ({'source': 'radio'}, 'source must be one of camera, video, actor'),
        ({'source': 'actor', 'fps': 0.0}, 'fps'),
        ({'source': 'actor', 'people': 0}, 'people'),
        ({'source': 'actor', 'people': 7}, 'people'),
    ],
)
def test_what_cannot_be_shown_is_refused_with_the_reason(ros, parameters, reason):
    with pytest.raises(ValueError, match=reason):
        ros.start(SourceNode, **parameters)


def test_a_name_that_is_not_utf_8_ends_the_process_with_one_line(ros):
    process = source_process(source='video', path=os.fsdecode(b'/caf\xe9.mp4'))
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 2
    [line] = output.splitlines()
    assert r'path:=/caf\xe9.mp4 is not UTF-8' in line
    assert 'file:///' in line


def test_broken_file_ends_the_process_with_one_line(ros, tmp_path):
    path = tmp_path / 'broken.mp4'
    path.write_bytes(bytes(1000))
    process = source_process(source='video', path=path)
    output = process.communicate(timeout=60)[0]
    assert process.returncode != 0
    assert [line for line in output.splitlines() if f'video {path}: ' in line]
    assert 'Traceback' not in output


class Camera:
    """Stands for a V4L2 camera behind OpenCV that can be pulled out."""

    plugged = True
    delay = 0.05  # [s] from exposure to grab

    def __init__(self, path, api):
        assert api == cv2.CAP_V4L2
        self.lost = False

    def isOpened(self):  # noqa: N802  (OpenCV's name)
        return Camera.plugged

    def set(self, name, value):
        return True

    def get(self, name):
        assert name == cv2.CAP_PROP_POS_MSEC
        return (time.monotonic() - Camera.delay) * 1000

    def grab(self):
        time.sleep(0.02)
        # A device that was pulled out must be opened anew.
        self.lost = self.lost or not Camera.plugged
        return not self.lost

    def retrieve(self):
        return True, np.full((48, 64, 3), 9, np.uint8)

    def release(self):
        pass


@pytest.fixture
def device(monkeypatch, tmp_path):
    """Path of a camera that is not real."""
    monkeypatch.setattr(cv2, 'VideoCapture', Camera)
    monkeypatch.setattr(Camera, 'plugged', True)
    path = tmp_path / 'video0'
    path.touch()
    return str(path)


def test_camera_that_is_lost_comes_back(ros, device, monkeypatch):
    images = ros.collect(Image, 'image', QOS, count=0)
    ros.start(SourceNode, source='camera', device=device, reconnect=0.1)
    ros.spin_until(lambda: len(images) > 2, 'images')
    monkeypatch.setattr(Camera, 'plugged', False)
    ros.spin_for(0.3)
    before = len(images)
    monkeypatch.setattr(Camera, 'plugged', True)
    ros.spin_until(lambda: len(images) > before + 2, 'images after the return')


def test_camera_that_is_lost_ends_the_node_if_told_so(ros, device, monkeypatch):
    images = ros.collect(Image, 'image', QOS, count=0)
    ros.start(SourceNode, source='camera', device=device, reconnect=0.0)
    ros.spin_until(lambda: images, 'images')
    monkeypatch.setattr(Camera, 'plugged', False)
    with pytest.raises(SystemExit, match='1'):
        ros.spin_until(lambda: False, 'the end of the node')


@pytest.mark.parametrize('executor', ['single', 'events'])
def test_a_camera_that_gives_no_images_holds_nothing_up(ros, device, monkeypatch, executor):
    goes_on = threading.Event()
    monkeypatch.setattr(Camera, 'grab', lambda camera: goes_on.wait())
    images = ros.collect(Image, 'image', QOS, count=0)
    ros.start(SourceNode, source='camera', device=device, executor=executor)
    ticks = []
    ros.node.create_timer(0.01, lambda: ticks.append(len(images)))
    ros.spin_until(lambda: len(ticks) > 10, 'the timer of another node')
    assert ticks[-1] == 0
    goes_on.set()
    ros.spin_until(lambda: len(images) > 2, 'images')


def test_the_newest_image_of_a_live_source_is_kept():
    second_read, done = threading.Event(), threading.Event()
    read = iter((np.zeros((4, 4, 3), np.uint8), np.ones((4, 4, 3), np.uint8)))

    class Live:
        live, encoding = True, 'bgr8'

        def read(self):
            image = next(read, None)
            if image is None:
                second_read.set()
                raise SourceError('unplugged')
            return SourceImage(image, age=0.5)

        def close(self):
            done.set()

    reader = BackgroundReader(Live(), lambda: None)
    assert second_read.wait(60)
    assert done.wait(60)
    newest = reader.take()
    assert (newest.image == 1).all()
    assert newest.age >= 0.5
    with pytest.raises(SourceError, match='unplugged'):
        reader.take()
    reader.close()


def test_stamp_is_the_exposure_not_the_arrival(ros, device):
    stamps, ages = [], []
    clock = ros.node.get_clock()

    def on_image(message):
        stamps.append(stamp_of(message.header))
        ages.append(clock.now().nanoseconds * 1e-9 - stamps[-1])

    ros.node.create_subscription(Image, 'image', on_image, QOS)
    first_exposure = clock.now().nanoseconds * 1e-9 - Camera.delay
    ros.start(SourceNode, source='camera', device=device)
    ros.spin_until(lambda: len(ages) > 10, 'images')
    assert min(stamps) >= first_exposure
    assert min(ages) >= Camera.delay


@pytest.mark.parametrize(
    ('delay', 'age'),
    [
        pytest.param(0.05, 0.07, id='usable stamp'),
        pytest.param(-5.0, 0.02, id='stamp in the future'),
        pytest.param(100.0, 0.02, id='stamp of another clock'),
    ],
)
def test_age_is_since_a_usable_exposure_else_since_the_grab(device, monkeypatch, delay, age):
    now = 1000.0

    def retrieve(camera):
        nonlocal now
        now += 0.02
        return True, np.zeros((48, 64, 3), np.uint8)

    monkeypatch.setattr(Camera, 'delay', delay)
    monkeypatch.setattr(Camera, 'retrieve', retrieve)
    monkeypatch.setattr(time, 'monotonic', lambda: now)
    assert CameraSource(device, 64, 48, 30.0).read().age == pytest.approx(age)


def test_camera_info_follows_the_field_of_view(ros):
    info = camera_info(Image().header, 640, 480, math.pi / 2)
    assert info.k[0] == pytest.approx(320)
    assert info.k[4] == pytest.approx(320)
    # The left edge is seen under half of the angle.
    assert math.atan(info.k[2] / info.k[0]) == pytest.approx(math.pi / 4)
    assert info.k[5] == pytest.approx(240)
    assert list(info.p[:3]) == list(info.k[:3])
    assert (info.width, info.height, len(info.d)) == (640, 480, 5)
    infos = ros.collect(CameraInfo, 'camera_info', QOS, count=0)
    node = ros.start(SourceNode, source='actor', width=64, height=48)
    assert ros.set_parameter(node, 'field_of_view', 0.5).successful
    ros.spin_until(
        lambda: infos and infos[-1].k[0] == pytest.approx(32 / math.tan(0.25)), 'the new angle'
    )
    assert not ros.set_parameter(node, 'field_of_view', 4.0).successful


def test_video_source_refuses_an_image(tmp_path):
    path = tmp_path / 'picture.png'
    cv2.imwrite(str(path), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(SourceError, match='this is an image'):
        open_source(str(path), loop=True, warn=print)


def test_the_actor_with_depth_stands_where_the_camera_says(ros):
    node = ros.start(
        SourceNode, source='actor', scene='stand', depth=True, field_of_view=1.2, fps=10.0
    )
    heard = {
        topic: ros.collect(kind, topic, QOS)
        for topic, kind in (
            ('depth', Image),
            ('camera_info', CameraInfo),
            ('truth', SkeletonArray),
        )
    }
    ros.spin_until(lambda: all(heard.values()), 'a message of each')
    depth = depth_of(heard['depth'][0])
    depth.check_covers((640, 480))
    assert heard['depth'][0].header.frame_id == node.get_parameter('frame_id').value
    [truth] = [m for m in heard['truth'] if m.header == heard['depth'][0].header]
    [skeleton] = truth.skeletons
    hip = skeleton.keypoints[11]
    [distance] = depth.at(np.array([[hip.x, hip.y]]), (640, 480))
    focal = heard['camera_info'][0].k[0]
    [actor] = actor_scene('stand', 640, 480, 10.0).actors
    expected = focal * 1.7 / actor.height  # it is 1.7 m tall
    assert expected - 0.15 < distance < expected
    assert skeleton.positions[11].z == pytest.approx(expected, abs=0.03)
    assert skeleton.positions[11].x == pytest.approx(
        (hip.x - 320) / focal * skeleton.positions[11].z
    )


def test_simulated_time_need_not_have_begun(ros):
    images = ros.collect(Image, 'image', QOS, count=0)
    node = ros.start(SourceNode, source='actor', width=64, height=64, fps=20.0, use_sim_time=True)
    ros.spin_until(lambda: len(images) > 2, 'images without a clock')
    assert {stamp_of(image.header) for image in images} == {0.0}
    clock = ros.publisher(Clock, '/clock', QoSProfile(depth=1))
    clock.publish(Clock(clock=Time(nanosec=1000)))
    ros.spin_until(lambda: node.get_clock().now().nanoseconds == 1000, 'the clock')
    node._publish(SourceImage(np.zeros((64, 64, 3), np.uint8), due=0.0, age=0.5))
    ros.spin_until(lambda: stamp_of(images[-1].header) <= 1e-6, 'the image')


def test_the_field_of_view_is_fixed_with_depth(ros):
    source = ros.start(SourceNode, source='actor', width=64, height=64, depth=True)
    result = ros.set_parameter(source, 'field_of_view', 0.5)
    assert result.reason == 'field_of_view cannot change while depth is published: start anew'
    assert ros.set_parameter(source, 'field_of_view', 1.05).successful
