"""The doctor among running nodes: what they say, and topics whose ends do not fit."""

from __future__ import annotations

import threading

import pytest
import rclpy
from rclpy.context import Context
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from pose_ros.doctor import graph
from pose_ros.doctor.findings import State
from pose_ros.msg import SkeletonArray
from pose_ros.ros import diagnostics
from pose_ros.ros.gesture_node import GestureNode
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import SKELETONS
from pose_ros.ros.source_node import SourceNode

RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


@pytest.fixture
def look(ros, monkeypatch):
    """Let the doctor look at the topics while the test's nodes go on."""
    monkeypatch.setattr(diagnostics, 'PERIOD', 0.1)  # so that it hears them in its time

    def examine(wait=2.0):
        findings: list = []
        thread = threading.Thread(target=lambda: findings.extend(graph.topics(wait=wait)))
        thread.start()
        ros.spin_until(lambda: not thread.is_alive(), 'the doctor')
        return {finding.subject: finding for finding in findings}

    return examine


def test_no_one_is_there(look):
    found = look()
    assert list(found) == ['nodes']
    assert found['nodes'].state is State.HINT


def test_clashing_quality_of_service_is_told_with_both_names(ros, look):
    ros.node.create_publisher(Image, 'image', BEST_EFFORT)
    ros.node.create_subscription(Image, 'image', lambda _: None, RELIABLE)
    finding = look()['/image']
    assert finding.state is State.BAD
    assert finding.found == '/tester gets nothing from /tester'
    assert 'reliab' in finding.advice.lower()


def test_two_types_on_one_topic_are_told(ros, look):
    # Fast DDS refuses two types of one topic within a context.
    other = Context()
    rclpy.init(args=[], context=other, domain_id=ros.domain)
    stranger = rclpy.create_node('stranger', context=other)
    stranger.create_publisher(CameraInfo, 'image', RELIABLE)
    ros.node.create_subscription(Image, 'image', lambda _: None, RELIABLE)
    finding = look()['/image']
    stranger.destroy_node()
    rclpy.shutdown(context=other)
    assert finding.state is State.BAD
    assert 'sensor_msgs/msg/CameraInfo' in finding.found


def test_a_node_that_waits_for_a_publisher_is_told(ros, look):
    ros.node.create_subscription(Image, 'image', lambda _: None, RELIABLE)
    finding = look()['/image']
    assert finding.state is State.HINT
    assert finding.found == '/tester waits: no publisher'


def test_our_nodes_speak_for_themselves_and_good_topics_are_good(ros, look):
    ros.start(GestureNode)
    ros.node.create_publisher(Image, 'image', RELIABLE)
    ros.node.create_subscription(Image, 'image', lambda _: None, BEST_EFFORT)
    found = look()
    assert found['gesture_node'].found
    assert 'nodes' not in found
    assert found['/image'].state is State.GOOD


@pytest.mark.parametrize(
    ('fixed', 'state', 'found'),
    [
        (['map'], State.BAD, 'images of /image are in frame left_camera, RViz is set to map'),
        (['left_camera'], State.GOOD, 'frame left_camera, RViz is set to left_camera'),
        ([], State.GOOD, 'frame left_camera; no RViz runs on this machine'),
    ],
)
def test_the_frame_of_the_images_is_compared_with_that_of_rviz(
    ros, look, monkeypatch, *, fixed, state, found
):
    monkeypatch.setattr(graph, 'rviz_frames', lambda: fixed)
    node = ros.add(rclpy.create_node('marker_node', context=ros.context))
    node.create_subscription(Image, 'image', lambda _: None, RELIABLE)
    publisher = ros.node.create_publisher(Image, 'image', RELIABLE)
    message = Image()
    message.header.frame_id = 'left_camera'
    ros.node.create_timer(0.1, lambda: publisher.publish(message))
    findings = look()
    finding = findings['RViz']
    assert finding.state is state
    assert found in finding.found
    assert ('fixed_frame:=left_camera' in finding.advice) == (state is State.BAD)
    # The doctor does not count itself.
    assert findings['/image'].found == '1 publisher, 1 subscriber'


def test_images_within_a_process_are_told_from_images_for_no_one(ros, look):
    ros.start(SourceNode, source='actor', width=320, height=240)
    ros.start(PoseNode)
    skeletons = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    ros.spin_until(lambda: skeletons, 'skeletons')
    # In one process with the model, the nodes may take some seconds to find the doctor.
    found = next(seen for _ in range(5) if 'pose_node' in (seen := look(wait=4.0)))
    assert found['pose_node'].state is State.GOOD
    assert found['/image'].state is State.GOOD
    assert found['/image'].found == (
        '1 publisher, 0 subscribers; handed within the process, without DDS, to pose_node'
    )
