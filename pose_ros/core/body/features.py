"""Named features of a person: the words in which gestures are described.

Lengths are in torsos (shoulders to hips), so that neither the person's size nor the distance
matters. The camera is assumed upright. Heights and angles are those of the image; what
needs depth is taken from the positions in space where the person has them, and else from the
foreshortening as far as it goes.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable
import math

import numpy as np

from pose_ros.core.anatomy import torsos
from pose_ros.core.body.feature import Feature, enter_into
from pose_ros.core.body.hand_features import HAND_FEATURES
from pose_ros.core.body.oscillation import Oscillation
from pose_ros.core.body.points import WIDTH_OF_TORSO, UnseenError
from pose_ros.core.body.signals import SIGNALS, arm_lift, wrists_apart
from pose_ros.core.body.state import BodyState
from pose_ros.core.topology import OTHER, Side

FEATURES: dict[str, Feature] = dict(HAND_FEATURES)
# Lengths of an arm that is not foreshortened [torsos].
_UPPER_ARM = torsos('shoulder', 'elbow')
_FOREARM = torsos('elbow', 'wrist')
_ELBOWS = ('left_elbow', 'right_elbow')
_TRUNK = ('left_hip', 'right_hip', 'left_shoulder', 'right_shoulder')
_feature = enter_into(FEATURES)


def _angle_between(first: complex, second: complex) -> float:
    """Angle between two vectors [deg], 0 to 180."""
    if not first or not second:
        raise UnseenError('an angle at one point')
    return abs(math.degrees(cmath.phase(first / second)))


def _elevation(vector: complex) -> float:
    """Angle of a vector above the horizontal [deg], -90 to 90."""
    return math.degrees(math.atan2(vector.imag, abs(vector.real)))


@_feature('deg', 'shoulder', 'elbow', 'wrist')
def elbow_angle(body: BodyState, side: Side) -> float:
    """Angle at the elbow; 180 is a straight arm."""
    return _angle_between(body.limb(side, 'elbow', 'shoulder'), body.limb(side, 'elbow', 'wrist'))


@_feature('deg', 'shoulder', 'elbow', 'hip')
def shoulder_angle(body: BodyState, side: Side) -> float:
    """Angle between upper arm and trunk; 0 hangs, 90 is stretched out."""
    return _angle_between(body.limb(side, 'shoulder', 'elbow'), body.limb(side, 'shoulder', 'hip'))


@_feature('deg', 'shoulder', 'wrist')
def arm_elevation(body: BodyState, side: Side) -> float:
    """Line from shoulder to wrist above the horizontal; -90 hangs, 90 is straight up."""
    return _elevation(body.limb(side, 'shoulder', 'wrist'))


@_feature('deg', 'elbow', 'wrist')
def forearm_elevation(body: BodyState, side: Side) -> float:
    """Forearm above the horizontal; -90 hangs, 90 is straight up."""
    return _elevation(body.limb(side, 'elbow', 'wrist'))


@_feature('torso', 'shoulder', 'wrist')
def wrist_height(body: BodyState, side: Side) -> float:
    """Wrist above the shoulder."""
    return arm_lift(body, side)


@_feature('torso', 'elbow', 'wrist')
def wrist_over_elbow(body: BodyState, side: Side) -> float:
    """Wrist above the elbow."""
    return body.limb(side, 'elbow', 'wrist').imag / body.scale


@_feature('torso', 'hip', 'wrist')
def wrist_over_hip(body: BodyState, side: Side) -> float:
    """Wrist above the hip."""
    return body.limb(side, 'hip', 'wrist').imag / body.scale


@_feature('torso', 'nose', 'wrist')
def wrist_over_nose(body: BodyState, side: Side) -> float:
    """Wrist above the nose."""
    return (body.joint(side, 'wrist') - body.point('nose')).imag / body.scale


@_feature('torso', 'nose', 'wrist')
def wrist_to_nose(body: BodyState, side: Side) -> float:
    """Distance from wrist to nose."""
    return abs(body.joint(side, 'wrist') - body.point('nose')) / body.scale


@_feature('torso', 'shoulder', 'wrist')
def reach_left(body: BodyState, side: Side) -> float:
    """Wrist from its shoulder towards the person's left."""
    return _leftwards(body, f'{side}_shoulder', f'{side}_wrist')


@_feature('torso', 'shoulder', 'wrist')
def reach_right(body: BodyState, side: Side) -> float:
    """Wrist from its shoulder towards the person's right."""
    return -reach_left(body, side)


@_feature('torso', 'shoulder', 'wrist')
def reach_out(body: BodyState, side: Side) -> float:
    """Wrist from its shoulder towards the arm's own side, away from the body."""
    return reach_left(body, side) * (1 if side == 'left' else -1)


@_feature('', 'shoulder', 'elbow', 'wrist')
def straightness(body: BodyState, side: Side) -> float:
    """Distance from shoulder to wrist over the arm's length; 1 is straight."""
    upper, fore = body.limb(side, 'shoulder', 'elbow'), body.limb(side, 'elbow', 'wrist')
    length = abs(upper) + abs(fore)
    if not length:
        raise UnseenError('arm')
    return abs(upper + fore) / length


@_feature('torso', 'shoulder', 'elbow', 'wrist')
def arm_length(body: BodyState, side: Side) -> float:
    """Length of the arm in the image; short where it points at the camera."""
    upper, fore = body.limb(side, 'shoulder', 'elbow'), body.limb(side, 'elbow', 'wrist')
    return (abs(upper) + abs(fore)) / body.scale


@_feature('deg', 'shoulder', 'elbow', 'wrist')
def arm_to_camera(body: BodyState, side: Side) -> float:
    """Greater angle of upper arm and forearm from the line to the camera; 0 points at it."""
    upper = abs(body.limb(side, 'shoulder', 'elbow')) / _UPPER_ARM
    fore = abs(body.limb(side, 'elbow', 'wrist')) / _FOREARM
    seen = math.degrees(math.asin(min(1.0, max(upper, fore) / body.scale)))
    places = body.in_space(*(f'{side}_{joint}' for joint in ('shoulder', 'elbow', 'wrist')))
    if places is None:
        return seen
    # Models take an arm that points at the camera for one that points away, too.
    limbs = np.diff(places, axis=0)
    across = np.hypot(limbs[:, 0], limbs[:, 1])
    return min(seen, float(np.degrees(np.arctan2(across, -limbs[:, 2])).max()))


@_feature('torso', 'wrist', 'index', 'pinky')
def hand_height(body: BodyState, side: Side) -> float:
    """Knuckles above the wrist; unknown in formats without hands, such as COCO's."""
    knuckles = body.middle(f'{side}_index', f'{side}_pinky')
    return (knuckles - body.joint(side, 'wrist')).imag / body.scale


@_feature('torso', 'shoulder', 'elbow')
def elbow_out(body: BodyState, side: Side) -> float:
    """Elbow from its shoulder towards the arm's own side, whichever way the person is turned."""
    left = body.towards_left(body.limb(side, 'shoulder', 'elbow'))
    # A turned person looks narrower; so much farther out is the elbow.
    turned = WIDTH_OF_TORSO / abs(body.shoulders.real / body.scale)
    return left * turned * (1 if side == 'left' else -1)


@_feature('torso', 'elbow', 'wrist')
def forearm_out(body: BodyState, side: Side) -> float:
    """Wrist from its elbow towards the arm's own side; negative if it leans over the head."""
    left = _leftwards(body, f'{side}_elbow', f'{side}_wrist')
    return left if side == 'left' else -left


@_feature('torso', 'wrist', 'hip')
def wrist_to_hip(body: BodyState, side: Side) -> float:
    """Distance from wrist to hip."""
    return abs(body.limb(side, 'hip', 'wrist')) / body.scale


@_feature('torso', 'wrist', 'other_elbow')
def wrist_to_other_elbow(body: BodyState, side: Side) -> float:
    """Distance from wrist to the elbow of the other arm."""
    return abs(body.joint(side, 'wrist') - body.joint(OTHER[side], 'elbow')) / body.scale


@_feature('torso', 'shoulder', 'wrist')
def wrist_travel(body: BodyState, side: Side) -> float:
    """How far the wrist has moved against the shoulder in the last 0.4 s."""
    return body.history.wrists[side].travel


@_feature('torso/s', 'shoulder', 'wrist')
def wrist_speed(body: BodyState, side: Side) -> float:
    """Mean speed of the wrist against the shoulder over the last 0.2 s."""
    return body.wrist_speed(side)


@_feature('torso/s', 'shoulder', 'wrist')
def wrist_climb(body: BodyState, side: Side) -> float:
    """Mean speed of the wrist up or down against the shoulder over the last 0.2 s."""
    return body.history.wrists[side].climb


@_feature('s', 'shoulder', 'wrist')
def raise_time(body: BodyState, side: Side) -> float:
    """Time for the middle half of the wrist's way up in the last 3 s; 0 if it did not rise.

    inf for 2 s if the hand was first seen raised.
    """
    return body.history.rises[side].time


@_feature('torso', 'shoulder', 'wrist')
def raise_start(body: BodyState, side: Side) -> float:
    """Lowest height of the wrist over the shoulder in the last 3 s; -inf at rest."""
    return body.history.rises[side].start


@_feature('torso', 'shoulder', 'elbow')
def elbow_height(body: BodyState, side: Side) -> float:
    """Elbow above the shoulder."""
    return body.limb(side, 'shoulder', 'elbow').imag / body.scale


@_feature('torso', 'shoulder', 'elbow')
def elbow_travel(body: BodyState, side: Side) -> float:
    """How far the elbow has moved against the shoulder in the last 0.4 s."""
    return body.history.elbows[side].travel


@_feature('torso', *_ELBOWS, *_TRUNK[2:], of_arm=False)
def elbows_apart(body: BodyState, _: Side) -> float:
    """Distance between the elbows across the body, as if it faced the camera."""
    across = (body.point(_ELBOWS[0]) - body.point(_ELBOWS[1])).real
    width = body.shoulders.real
    if not width:
        raise UnseenError('left and right')
    return across / width * WIDTH_OF_TORSO


@_feature('torso', 'left_wrist', 'right_wrist', of_arm=False)
def hands_apart(body: BodyState, side: Side) -> float:
    """Distance between the wrists."""
    return wrists_apart(body, side)


@_feature('torso', 'left_wrist', 'right_wrist', of_arm=False)
def hands_crossed(body: BodyState, _: Side) -> float:
    """Left wrist beyond the right one towards the person's right; negative as they hang."""
    return _leftwards(body, 'left_wrist', 'right_wrist')


@_feature('torso', 'nose', 'left_shoulder', 'right_shoulder', of_arm=False)
def nose_height(body: BodyState, _: Side) -> float:
    """Nose above the middle of the shoulders; about 0.3 looking straight ahead."""
    shoulders = body.middle('left_shoulder', 'right_shoulder')
    return (body.point('nose') - shoulders).imag / body.scale


@_feature('torso', 'nose', 'mouth_left', 'mouth_right', of_arm=False)
def mouth_height(body: BodyState, _: Side) -> float:
    """Mouth above the nose; unknown in formats without it, such as COCO's."""
    mouth = body.middle('mouth_left', 'mouth_right')
    return (mouth - body.point('nose')).imag / body.scale


@_feature('deg', *_TRUNK, of_arm=False)
def bend(body: BodyState, _: Side) -> float:
    """Trunk against the vertical, to any side; without positions from its usual height."""
    places = body.in_space(*_TRUNK)
    if places is not None:
        across, down, away = places[2:].mean(axis=0) - places[:2].mean(axis=0)
        return math.degrees(math.atan2(math.hypot(across, away), -down))
    share = 1.0 - body.history.drop('trunk', body)
    return math.degrees(math.acos(max(-1.0, min(1.0, share))))


@_feature('', 'nose', 'left_hip', 'right_hip', of_arm=False)
def head_drop(body: BodyState, _: Side) -> float:
    """By which share the nose is lower over the hips than it was in the last seconds."""
    return body.history.drop('head', body)


@_feature('', 'left_hip', 'right_hip', 'left_ankle', 'right_ankle', of_arm=False)
def hips_drop(body: BodyState, _: Side) -> float:
    """By which share the hips are lower over the ankles than they were in the last seconds."""
    return body.history.drop('legs', body)


@_feature('torso', 'left_hip', 'right_hip', of_arm=False)
def hips_travel(body: BodyState, _: Side) -> float:
    """How far the hips have moved in the image in the last 0.4 s."""
    return body.history.hips.travel / body.scale


@_feature('s', 'left_hip', 'right_hip', of_arm=False)
def hips_pause(body: BodyState, _: Side) -> float:
    """Time since the hips moved by 0.16 torsos within 0.4 s."""
    return body.history.hips_pause


@_feature('deg', of_arm=False)
def lean(body: BodyState, _: Side) -> float:
    """Trunk against the vertical; where no hip is seen, the shoulders against the level."""
    try:
        return _angle_between(body.trunk, 1j)
    except UnseenError:
        return abs(_elevation(body.shoulders))


@_feature('torso', 'left_shoulder', 'right_shoulder', of_arm=False)
def frontality(body: BodyState, _: Side) -> float:
    """Width of the shoulders: about 0.7 facing the camera, -0.7 with the back to it."""
    return body.shoulders.real / body.scale


def _register_oscillations() -> None:
    """Register the features of all signals that may oscillate."""
    parts: dict[str, tuple[str, str, Callable[[Oscillation, float], float]]] = {
        'half_cycles': ('', 'number without a rest', lambda swing, _: swing.half_cycles),
        'amplitude': (
            '',
            'smallest of the last three half cycles',
            lambda swing, _: swing.amplitude,
        ),
        'snr': ('', 'amplitude over noise', lambda swing, _: swing.snr),
        'period': ('s', 'time there and back', lambda swing, _: swing.period),
        'speed': ('', 'amplitude over half the period', lambda swing, _: swing.speed),
        'evenness': (
            '',
            'smaller over larger of the last two half cycles, in size and time',
            lambda swing, _: swing.evenness,
        ),
        'low': ('', 'larger of the last two minima', lambda swing, _: swing.low),
        'pause': ('s', 'time since two half cycles or more', lambda swing, now: swing.pause(now)),
    }
    for signal in SIGNALS.values():
        for part, (unit, meaning, value) in parts.items():
            name = f'{signal.name}_{part}'

            def measure(
                body: BodyState,
                side: Side,
                signal: str = signal.name,
                value: Callable[[Oscillation, float], float] = value,
            ) -> float:
                return value(body.history.oscillations[signal][side], body.stamp)

            FEATURES[name] = Feature(
                name,
                measure,
                signal.of_arm,
                {'amplitude': signal.unit, 'low': signal.unit, 'speed': f'{signal.unit}/s'}.get(
                    part, unit
                ),
                signal.keypoints,
                f'{signal.meaning}: {meaning}',
            )


_register_oscillations()


def _leftwards(body: BodyState, start: str, end: str) -> float:
    """Way from one keypoint to another towards the person's left [torsos]."""
    places = body.in_space(start, end, *_TRUNK)
    if places is None:
        return body.towards_left(body.point(end) - body.point(start))
    start_at, end_at, *hips, left, right = places
    across = (left - right) * (1, 0, 1)
    torso = np.linalg.norm((left + right) / 2 - np.mean(hips, axis=0))
    width = np.linalg.norm(across)
    if not width or not torso:
        raise UnseenError('left and right')
    return float((end_at - start_at) @ across / width / torso)
