"""The example programs with ROS, as processes, over real DDS."""

from __future__ import annotations

from pathlib import Path

from action_msgs.srv import CancelGoal
from geometry_msgs.msg import Point, PoseStamped, Twist
import numpy as np
import pytest
from rcl_interfaces.srv import ListParameters
from sensor_msgs.msg import Image, RegionOfInterest

from pose_ros.core.topology import TOPOLOGIES
from pose_ros.msg import GestureEvent, Keypoint, Skeleton, SkeletonArray, TargetState
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import EVENTS, IMAGE_RELIABLE, LATCHED, SKELETONS

pytestmark = pytest.mark.ros

EXAMPLES = Path(__file__).parents[2] / 'examples'


def person_with(name, person_id, format_name='coco17', **place):
    """Skeleton with one keypoint at (120, 40) and, with a place, one position."""
    topology = TOPOLOGIES[format_name]
    keypoints = [Keypoint(state=Keypoint.BELOW_THRESHOLD) for _ in topology.keypoint_names]
    keypoints[topology.index(name)] = Keypoint(x=120.0, y=40.0, score=0.9)
    positions = [Point() for _ in keypoints] if place else []
    if place:
        positions[topology.index(name)] = Point(**place)
    return Skeleton(id=person_id, format=format_name, keypoints=keypoints, positions=positions)


def publish_until(ros, publish, condition, what):
    """Publish until it has an effect: the first messages may come before all are connected."""

    def published():
        publish()
        return condition()

    ros.spin_until(published, what)


def test_read_wrist_with_any_format(ros, start_program):
    program = start_program(EXAMPLES / 'read_wrist.py')
    skeletons = ros.publisher(SkeletonArray, 'skeletons', SKELETONS)
    people = [
        person_with('left_wrist', number, name, z=2.5) for number, name in enumerate(TOPOLOGIES, 1)
    ]
    others = [person_with('right_wrist', 8), person_with('left_wrist', 9)]
    message = SkeletonArray(skeletons=[*people, *others])
    said = program.has_said('person 9: left wrist at pixel 120, 40')
    publish_until(ros, lambda: skeletons.publish(message), said, 'the last wrist')
    for person in people:
        said = f'person {person.id}: left wrist at pixel 120, 40, 2.50 m away'
        assert program.has_said(said)(), program.lines
    assert not program.has_said('person 8')()
    assert not program.has_said('person 9: left wrist at pixel 120, 40,')()


class Robot:
    """Skeletons for the follower, and the commands that it gives."""

    def __init__(self, ros):
        self.ros = ros
        self.skeletons = ros.publisher(SkeletonArray, 'skeletons', SKELETONS)
        self.commands = ros.collect(Twist, 'cmd_vel', 1)

    def show(self, *, left, forwards, turn, mirrored=False, seen=True, away=2.0):
        """Show people until the command is as expected; the locked one is at `left` [px]."""
        locked = person_with('left_hip', 3, z=away)
        locked.box = RegionOfInterest(x_offset=left, width=40, height=200)
        other = person_with('left_hip', 4, z=9.0)
        message = SkeletonArray(
            skeletons=[other, locked], image_width=640, image_height=480, locked_id=3,
            locked_seen=seen, mirrored=mirrored,
        )  # fmt: skip
        before = len(self.commands)

        def reached():
            return any(
                command.linear.x == pytest.approx(forwards)
                and command.angular.z == pytest.approx(turn)
                for command in self.commands[before:]
            )

        what = f'{forwards} m/s, {turn} rad/s'
        publish_until(self.ros, lambda: self.skeletons.publish(message), reached, what)


def test_follow_person_turns_drives_and_stops(ros, start_program):
    start_program(EXAMPLES / 'follow_person.py')
    robot = Robot(ros)
    robot.show(left=300, forwards=0.25, turn=0.0)
    robot.show(left=140, forwards=0.4, turn=0.4, away=5.0)
    robot.show(left=460, forwards=0.0, turn=-0.4, away=1.0)
    robot.show(left=460, forwards=0.0, turn=0.4, away=1.0, mirrored=True)
    robot.show(left=140, forwards=0.0, turn=0.0, seen=False)
    robot.show(left=140, forwards=0.25, turn=0.4)
    count = len(robot.commands)
    ros.spin_until(
        lambda: len(robot.commands) > count and robot.commands[-1] == Twist(),
        'stopping while pose_node is silent',
    )


def hand_raised(person_id, phase):
    """Event of a raised hand."""
    return GestureEvent(gesture='hand_raised', skeleton_id=person_id, phase=phase)


@pytest.fixture
def scripted_pose_node(ros, estimators, encoded_image):
    """The estimator of a pose_node that looks for people, a publisher of images and an image."""
    ros.start(lambda **a: PoseNode(estimators, **a))
    ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    images = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    return estimators.made[-1], images, encoded_image(np.zeros((64, 64, 3), np.uint8))


def test_raised_hand_locks_its_person(ros, start_program, scripted_pose_node, make_person):
    estimator, images, image = scripted_pose_node
    estimator.people = [make_person(4), make_person(7)]
    program = start_program(EXAMPLES / 'raised_hand.py')
    gestures = ros.publisher(GestureEvent, 'gestures', EVENTS)

    def publish():
        image.header.stamp = ros.node.get_clock().now().to_msg()
        images.publish(image)
        for number, phase in ((4, 'HELD'), (4, 'ENDED'), (7, 'STARTED')):
            gestures.publish(hand_raised(number, getattr(GestureEvent, phase)))

    publish_until(ros, publish, lambda: estimator.locked_id == 7, 'person 7 locked')
    ros.spin_until(program.has_said('person 7 is locked'), 'the answer')
    assert not program.has_said('person 4')(), program.lines


def test_raised_hand_without_pose_node(ros, start_program):
    program = start_program(EXAMPLES / 'raised_hand.py')
    gestures = ros.publisher(GestureEvent, 'gestures', EVENTS)
    started = hand_raised(7, GestureEvent.STARTED)
    warned = program.has_said('pose_node is not running')
    publish_until(ros, lambda: gestures.publish(started), warned, 'a warning')


@pytest.mark.parametrize(
    ('name', 'node'),
    [
        ('follow_person.py', 'follower'),
        ('raised_hand.py', 'hand_reader'),
        ('read_wrist.py', 'wrist_reader'),
    ],
)
def test_ctrl_c_ends_a_program_without_a_traceback(ros, start_program, name, node):
    program = start_program(EXAMPLES / name)
    # By its name: nodes of an ended test may still be listed.
    client = ros.node.create_client(ListParameters, f'/{node}/list_parameters')
    ros.spin_until(client.service_is_ready, f'{name} running')
    answer = client.call_async(ListParameters.Request())  # answered once it spins
    ros.spin_until(answer.done, f'{name} spinning')
    assert program.interrupt() == 0, program.lines
    assert program.lines == []


def test_nav2_gets_a_goal_its_updates_and_a_cancellation(ros, start_program):
    program = start_program(EXAMPLES / 'follow_with_nav2.py')
    goals = ros.collect(PoseStamped, 'goal_pose', 10)
    updates = ros.collect(PoseStamped, 'goal_update', 10)
    targets = ros.publisher(PoseStamped, 'pose_node/target', SKELETONS)
    states = ros.publisher(TargetState, 'pose_node/target_state', LATCHED)
    cancelled = []

    def cancel(request, response):
        cancelled.append(request)
        return response

    ros.node.create_service(CancelGoal, 'navigate_to_pose/_action/cancel_goal', cancel)

    def target(x):
        message = PoseStamped()
        message.header.frame_id, message.pose.position.x = 'odom', x
        return message

    states.publish(TargetState(id=4, state=TargetState.VISIBLE))
    publish_until(ros, lambda: targets.publish(target(1.0)), lambda: updates, 'an update')
    assert [goal.pose.position.x for goal in goals] == [1.0]
    assert updates[-1].header.frame_id == 'odom'
    states.publish(TargetState(id=4, state=TargetState.OUT_OF_SIGHT))
    targets.publish(target(2.0))
    ros.spin_until(lambda: updates[-1].pose.position.x == 2.0, 'the next update')
    assert not cancelled
    states.publish(TargetState(id=4, state=TargetState.LOST))
    ros.spin_until(lambda: cancelled, 'the cancellation')
    assert not any(cancelled[0].goal_info.goal_id.uuid)
    ros.spin_until(program.has_said('person 4 is lost: stop'), 'the reason')
    publish_until(ros, lambda: targets.publish(target(3.0)), lambda: len(goals) > 1, 'a new goal')
    assert goals[-1].pose.position.x == 3.0
