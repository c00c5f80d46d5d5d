"""source_node with videos: files at the pace of their stamps, damaged ones, and live streams."""

from __future__ import annotations

import os
import threading

import cv2
import numpy as np
import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from pose_ros.core.media import VideoWriter
from pose_ros.ros import video_sources
from pose_ros.ros.image_sources import SourceError
from pose_ros.ros.images import image_to_frame, stamp_of
from pose_ros.ros.source_node import SourceNode
from pose_ros.ros.video_sources import open_source

pytestmark = pytest.mark.ros

QOS = QoSProfile(depth=50)
# Of a camera that holds its rate badly [s].
STAMPS = [0, 0.05, 0.3, 0.35, 0.75]


def grey(level):
    return np.full((48, 64, 3), level, np.uint8)


@pytest.fixture
def video(tmp_path):
    """Five images that get brighter, at `STAMPS`; as long as they go on average."""
    path = tmp_path / 'video.mp4'
    with VideoWriter(path, 5.0) as writer:
        for number, stamp in enumerate(STAMPS):
            writer.write(grey(40 * number), stamp)
    return path


@pytest.fixture
def live(http_server):
    """HTTP server of 40 JPEG images, as network cameras send them, and then of nothing."""
    rng = np.random.default_rng(0)
    images = (rng.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(40))
    head = b'--frame\r\nContent-Type: image/jpeg\r\n\r\n'
    jpegs = (cv2.imencode('.jpg', image)[1].tobytes() for image in images)
    http_server.content = b''.join(head + jpeg + b'\r\n' for jpeg in jpegs)
    return http_server


def read_all(source, count):
    images = [source.read() for _ in range(count)]
    source.close()
    return images


def test_each_image_is_published_at_its_time(ros, video):
    images = ros.collect(Image, 'image', QOS, count=0)
    ros.start(SourceNode, source='video', path=str(video), loop=True)
    # The second round begins a period of the average rate after the last image.
    ros.spin_until(lambda: len(images) >= 8, 'more than a round')
    levels = np.array([image_to_frame(image).image.mean() for image in images[:8]])
    assert levels == pytest.approx([0, 40, 80, 120, 160, 0, 40, 80], abs=4)
    stamps = np.array([stamp_of(image.header) for image in images[:8]])
    pause = 0.75 / 4 + 0.01
    expected = [*STAMPS, *(STAMPS[-1] + pause + np.array(STAMPS[:3]))]
    # Stamps are when images were due, not when the timer came round.
    assert stamps[:5] - stamps[0] == pytest.approx(STAMPS, abs=0.005)
    assert stamps - stamps[0] == pytest.approx(expected, abs=0.06)


def test_a_loop_goes_on_after_what_is_damaged_and_says_so_once(video):
    content = video.read_bytes()
    video.write_bytes(content[:-10])
    warnings = []
    source = open_source(str(video), loop=True, warn=warnings.append)
    images = read_all(source, 12)
    assert [bool(image.image.mean() < 10) for image in images].count(True) >= 2
    dues = [image.due for image in images]
    assert dues == sorted(set(dues))
    [warning] = warnings
    assert 'the file is cut off' in warning


def test_without_a_loop_damage_ends_it_after_the_good_images(video):
    content = video.read_bytes()
    video.write_bytes(content[:-10])
    source = open_source(str(video), loop=False, warn=print)
    with pytest.raises(SourceError, match='the file is cut off, after 4 frames'):
        read_all(source, 6)


def test_a_loop_without_a_single_image_ends(video):
    content = video.read_bytes()
    video.write_bytes(content[: content.index(b'mdat') + 20])
    with pytest.raises(SourceError, match='the file is cut off'):
        read_all(open_source(str(video), loop=True, warn=print), 1)


def test_a_file_url_names_what_ros_cannot(video):
    os.rename(video, os.fsencode(video.parent) + b'/caf\xe9.mp4')
    source = open_source(f'file://{video.parent}/caf%E9.mp4', loop=False, warn=print)
    assert [image.due for image in read_all(source, 5)] == pytest.approx(STAMPS, abs=1e-3)


def test_a_video_over_http_plays_at_its_pace_and_ends(http_server, video):
    http_server.content = video.read_bytes()
    http_server.length = len(http_server.content)
    source = open_source(http_server.url, loop=False, warn=print)
    assert not source.live
    images = read_all(source, 5)
    assert [image.due for image in images] == pytest.approx(STAMPS, abs=1e-3)


def test_of_a_live_stream_the_newest_image_is_kept(live):
    live.hold = threading.Event()
    source = open_source(live.url, loop=False, warn=print)
    assert source.live
    while (image := source.read()) is None:
        pass
    assert image.image.shape == (48, 64, 3)
    assert 0 <= image.age < 5
    source.close()


def test_a_stream_that_is_lost_comes_back(ros, live, monkeypatch):
    monkeypatch.setattr(video_sources, 'STREAM_TIMEOUT', 1.0)
    live.hold = threading.Event()
    images = ros.collect(Image, 'image', QOS, count=0)
    ros.start(SourceNode, source='video', path=live.url, reconnect=0.1)
    ros.spin_until(lambda: images, 'an image')
    first = live.requests
    # It falls silent, which is a loss after the timeout.
    ros.spin_until(lambda: live.requests > first, 'another connection')
    count = len(images)
    ros.spin_until(lambda: len(images) > count, 'images after the return')


def test_a_stream_that_is_lost_ends_the_node_if_told_so(ros, live):
    ros.start(SourceNode, source='video', path=live.url, reconnect=0.0)
    with pytest.raises(SystemExit, match='1'):
        ros.spin_until(lambda: False, 'the end of the node')


def test_a_stream_that_is_not_there_is_refused_with_the_reason(ros, http_server):
    with pytest.raises(SourceError, match='Server returned 404 Not Found'):
        ros.start(SourceNode, source='video', path=http_server.url)
