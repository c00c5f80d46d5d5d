"""REP-155: a list of bodies, and the topics of each body under /humans/bodies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
import time
from typing import Any

from geometry_msgs.msg import PointStamped, TwistStamped
from hri_msgs.msg import (
    BodyPosture,
    Gesture,
    IdsList,
    NormalizedRegionOfInterest2D,
    Skeleton2D,
)
import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import (
    CompressedImage,
    Image,
    JointState,
    MultiDOFJointState,
    RegionOfInterest,
)
from std_msgs.msg import Header, String

from pose_ros.core.configuration import MAX_PEOPLE
from pose_ros.core.space.body_frame import body_frame
from pose_ros.core.types import Frame, Person
from pose_ros.msg import GestureEvent, JointAngles, Posture, SkeletonArray
from pose_ros.ros.bridges.body_id import body_id
from pose_ros.ros.bridges.body_motion import motion_header, place_and_velocity
from pose_ros.ros.bridges.hri_conversions import (
    body_gesture,
    body_posture,
    position,
    region,
    segment_states,
    skeleton2d,
    twist,
)
from pose_ros.ros.bridges.human_joints import human_joints
from pose_ros.ros.bridges.human_model import human_urdf, segments
from pose_ros.ros.conversions import fill_region
from pose_ros.ros.images import ImageReader, ImageWriter
from pose_ros.ros.pairing import StampPairs
from pose_ros.ros.qos import LATCHED
from pose_ros.ros.skeleton_reader import LOG_PERIOD

# What ROS4HRI's own nodes offer, and its libraries ask for.
HRI = QoSProfile(depth=1)
# Topics of a body: message type, and the input that each needs.
TOPICS = {
    'roi': (NormalizedRegionOfInterest2D, 'skeletons'),
    'skeleton2d': (Skeleton2D, 'skeletons'),
    'cropped': (Image, 'image'),
    'joint_states': (JointState, 'joint_angles'),
    'posture': (BodyPosture, 'postures'),
    'gesture': (Gesture, 'gestures'),
    # Not in REP-155, but published by ROS4HRI's own node, except for the segments.
    'position': (PointStamped, 'skeletons'),
    'velocity': (TwistStamped, 'skeletons'),
    'urdf': (String, 'skeletons'),
    'segments': (MultiDOFJointState, 'joint_angles'),
}
# Time out of sight after which the topics of a body end [s].
GRACE = 2.0
# Maximum number of images that wait for their skeletons.
IMAGES = 15


class HriBody:
    """Topics of one person."""

    def __init__(self, node: Node, person: Person) -> None:
        self.name = body_id(person.id, node.get_namespace())
        self.person = person
        self.seen = time.monotonic()
        self._node = node
        self._publishers = {
            topic: node.create_publisher(
                kind, f'/humans/bodies/{self.name}/{topic}', LATCHED if topic == 'urdf' else HRI
            )
            for topic, (kind, _) in TOPICS.items()
        }
        self._publishers['urdf'].publish(String(data=human_urdf(self.name)))

    def heard(self, topic: str) -> bool:
        """Whether a topic has subscribers."""
        return self._publishers[topic].get_subscription_count() > 0

    def tell(self, topic: str, make: Callable[[], Any]) -> None:
        """Make and publish a message, if there are subscribers."""
        if self.heard(topic):
            self._publishers[topic].publish(make())

    def leave(self) -> None:
        """End the topics."""
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)


class HriBridge:
    """Publishes the tracked bodies and the topics of each."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._tracked = node.create_publisher(IdsList, '/humans/bodies/tracked', HRI)
        self._bodies: dict[int, HriBody] = {}
        self._header = Header()
        self._listed: list[str] = []
        self._pairs = StampPairs(IMAGES)
        self._reader = ImageReader()
        self._writers = {'rgb': ImageWriter('rgb8'), 'bgr': ImageWriter('bgr8')}
        self.takes = {
            'image': self._on_image,
            'joint_angles': self._on_angles,
            'postures': self._on_posture,
            'gestures': self._on_gesture,
        }

    def wanted(self) -> Collection[str]:
        """Topics for which there are subscribers, of the list or of a body."""
        self._let_go()
        bodies = self._bodies.values()
        topics = {
            source
            for topic, (_, source) in TOPICS.items()
            if any(body.heard(topic) for body in bodies)
        }
        if topics or self._tracked.get_subscription_count():
            topics.add('skeletons')
        if 'image' not in topics:
            self._pairs.clear()
        return topics

    def show(self, people: Sequence[Person], message: SkeletonArray) -> None:
        """Publish the list of bodies, then boxes and keypoints, then crops.

        The topics of a body exist before its name is listed.
        """
        header, size = message.header, (message.image_width, message.image_height)
        for person in people:
            body = self._bodies.get(person.id)
            if body is not None:
                body.person, body.seen = person, time.monotonic()
            elif len(self._bodies) < MAX_PEOPLE:
                self._bodies[person.id] = HriBody(self._node, person)
            else:
                self._node.get_logger().warning(
                    f'more than {MAX_PEOPLE} ids within {GRACE:g} s: further bodies get no topics',
                    throttle_duration_sec=LOG_PERIOD,
                )
        people = [person for person in people if person.id in self._bodies]
        self._list(people, header)
        for person in people:
            body = self._bodies[person.id]
            body.tell('roi', partial(region, person, header, size))
            body.tell('skeleton2d', partial(skeleton2d, person, header, size))
            place, velocity = place_and_velocity(person, message)
            if np.isfinite(place).all():
                body.tell('position', partial(position, motion_header(message), place))
            if np.isfinite(velocity).all():
                body.tell('velocity', partial(twist, motion_header(message), velocity))
        if any(body.heard('cropped') for body in self._bodies.values()):
            self._crop(self._pairs.add_skeletons(header, people))

    def _list(self, people: Sequence[Person], header: Header) -> None:
        self._header = header
        self._listed = [self._bodies[person.id].name for person in people]
        self._tracked.publish(IdsList(header=header, ids=self._listed))

    def _let_go(self) -> None:
        """End the topics of people who have left, also when skeletons stop arriving."""
        now = time.monotonic()
        for person_id, body in list(self._bodies.items()):
            if now - body.seen > GRACE:
                self._bodies.pop(person_id).leave()
        listed = [body.person for body in self._bodies.values() if body.name in self._listed]
        if len(listed) < len(self._listed):
            self._list(listed, self._header)

    def _on_image(self, message: Image | CompressedImage) -> None:
        self._crop(self._pairs.add_image(message.header, message))

    def _crop(self, pair: tuple | None) -> None:
        """Publish the crops of people from their image."""
        if pair is None:
            return
        message, people = pair
        frame = self._reader.frame(message)
        for person in people:
            body = self._bodies.get(person.id)
            if body is not None:
                self._publish_crop(body, person, frame, message.header)

    def _publish_crop(self, body: HriBody, person: Person, frame: Frame, header: Header) -> None:
        box = RegionOfInterest()
        fill_region(box, person.box, (frame.width, frame.height))
        part = frame.image[box.y_offset :, box.x_offset :][: box.height, : box.width]
        if part.size:
            body.tell('cropped', lambda: self._writers[frame.channels].write(part, header))

    def _on_angles(self, message: JointAngles) -> None:
        body = self._bodies.get(message.skeleton_id)
        if body is None:
            return
        angles = dict(zip(message.names, message.angles))
        person, positions = body.person, None
        if person.world is not None:
            positions = np.where(person.observed[:, None], person.world, np.nan)
        joints = human_joints(angles, positions, person.topology)
        if joints:
            names = [f'{name}_{body.name}' for name in joints]
            body.tell(
                'joint_states',
                lambda: JointState(
                    header=message.header, name=names, position=list(joints.values())
                ),
            )
            if positions is not None and body.heard('segments'):
                frame = body_frame(positions, person.topology)
                if frame is not None:
                    found = segments(joints, frame, positions, person.topology)
                    body.tell(
                        'segments', partial(segment_states, message.header, body.name, found)
                    )

    def _on_posture(self, message: Posture) -> None:
        if message.skeleton_id in self._bodies:
            self._bodies[message.skeleton_id].tell('posture', lambda: body_posture(message))

    def _on_gesture(self, event: GestureEvent) -> None:
        """Publish a gesture while it lasts."""
        if event.skeleton_id in self._bodies and event.phase != GestureEvent.ENDED:
            self._bodies[event.skeleton_id].tell('gesture', lambda: body_gesture(event))
