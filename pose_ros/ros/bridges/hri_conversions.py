"""People and what they do in hri_msgs: pure functions and the tables of names."""

from __future__ import annotations

from collections.abc import Mapping

from geometry_msgs.msg import PointStamped, Transform, TwistStamped
from hri_msgs.msg import BodyPosture, Gesture, NormalizedRegionOfInterest2D, Skeleton2D
import numpy as np
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import MultiDOFJointState
from std_msgs.msg import Header

from pose_ros.core.types import KeypointState, Person
from pose_ros.msg import GestureEvent, Posture

# By the names of the constants, as their numbers are not ours. What is not here is OTHER.
POSTURES = {
    Posture.STANDING: 'STANDING',
    Posture.SITTING: 'SITTING',
    Posture.CROUCHING: 'CROUCHING',
    Posture.LYING: 'LAYING',
}
# A gesture with one hand or another, or (None) with any.
GESTURES = {
    ('arms_crossed', None): 'ARMS_CROSSED',
    ('hand_raised', GestureEvent.LEFT): 'LEFT_HAND_RAISED',
    ('hand_raised', GestureEvent.RIGHT): 'RIGHT_HAND_RAISED',
    ('hand_raised', GestureEvent.BOTH): 'BOTH_HANDS_RAISED',
    ('wave', None): 'WAVING',
}
HANDS = {GestureEvent.LEFT: 'LEFT', GestureEvent.RIGHT: 'RIGHT'}

# Keypoints in these states were seen; the places of the others are guesses without confidence.
_SEEN = (KeypointState.OBSERVED, KeypointState.BELOW_THRESHOLD)


def region(person: Person, header: Header, size: tuple[int, int]) -> NormalizedRegionOfInterest2D:
    """Box of a person in shares of the image, whose (width, height) [px] is given."""
    width, height = size
    box = person.box
    return NormalizedRegionOfInterest2D(
        header=header,
        xmin=share(box.x, width),
        ymin=share(box.y, height),
        xmax=share(box.x + box.width, width),
        ymax=share(box.y + box.height, height),
        c=float(np.clip(person.score, 0.0, 1.0)),
    )


def skeleton2d(person: Person, header: Header, size: tuple[int, int]) -> Skeleton2D:
    """Keypoints of a person in shares of the image, whose (width, height) [px] is given.

    The confidence is the score; 0 for a keypoint that was not seen, lies outside of the image
    or contradicts the person's proportions.
    """
    message = Skeleton2D(header=header)
    points = {
        getattr(Skeleton2D, name.upper()): i
        for i, name in enumerate(person.topology.keypoint_names)
        if hasattr(Skeleton2D, name.upper())
    }
    seen = np.isin(person.states, _SEEN) & np.isfinite(person.keypoints).all(axis=1)
    seen &= ((person.keypoints >= 0) & (person.keypoints <= size)).all(axis=1)
    for target, i in points.items():
        if seen[i]:
            point = message.skeleton[target]
            point.x, point.y = (share(v, s) for v, s in zip(person.keypoints[i].tolist(), size))
            point.c = float(np.clip(person.scores[i], 0.0, 1.0))
    neck = message.skeleton[Skeleton2D.NECK]
    left = message.skeleton[Skeleton2D.LEFT_SHOULDER]
    right = message.skeleton[Skeleton2D.RIGHT_SHOULDER]
    neck.c = min(left.c, right.c)
    if neck.c:
        neck.x, neck.y = (left.x + right.x) / 2, (left.y + right.y) / 2
    return message


def share(value: float, whole: int) -> float:
    """Share of a coordinate in the image's side, 0 to 1."""
    return min(max(value / whole, 0.0), 1.0)


def body_posture(message: Posture) -> BodyPosture:
    """Message of a posture."""
    name = POSTURES.get(message.posture, 'OTHER')
    return BodyPosture(header=message.header, posture=getattr(BodyPosture, name))


def body_gesture(event: GestureEvent) -> Gesture:
    """Message of a gesture that is there."""
    keys = ((event.gesture, event.hand), (event.gesture, None))
    name = next((GESTURES[key] for key in keys if key in GESTURES), 'OTHER')
    message = Gesture(header=event.header, gesture=getattr(Gesture, name))
    # hri_msgs has it from 2.1 on.
    if hasattr(message, 'handedness'):
        message.handedness = getattr(Gesture, HANDS.get(event.hand, 'INDEPENDENT'))
    return message


def position(header: Header, place: np.ndarray) -> PointStamped:
    """Message of a place [3] [m]."""
    message = PointStamped(header=header)
    message.point.x, message.point.y, message.point.z = place.tolist()
    return message


def twist(header: Header, velocity: np.ndarray) -> TwistStamped:
    """Message of a velocity [3] [m/s]; the rotation is not measured."""
    message = TwistStamped(header=header)
    linear = message.twist.linear
    linear.x, linear.y, linear.z = velocity.tolist()
    return message


def segment_states(
    header: Header, body: str, segments: Mapping[str, tuple[np.ndarray, Rotation]]
) -> MultiDOFJointState:
    """Places and rotations of the segments of a body, in the frame of the header."""
    message = MultiDOFJointState(header=header)
    for name, (place, rotation) in segments.items():
        transform = Transform()
        move, turn = transform.translation, transform.rotation
        move.x, move.y, move.z = place.tolist()
        turn.x, turn.y, turn.z, turn.w = rotation.as_quat().tolist()
        message.joint_names.append(f'{name}_{body}')
        message.transforms.append(transform)
    return message
