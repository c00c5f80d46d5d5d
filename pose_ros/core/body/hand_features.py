"""Named features of a hand and its fingers, unknown while the hand is not seen.

Lengths are in palms (wrist to the knuckle of the middle finger). Curls and distances are those in
space, independent of how the hand is turned.
"""

from __future__ import annotations

from pose_ros.core.body.feature import Feature, Measure, enter_into
from pose_ros.core.body.hand_shape import FINGERS
from pose_ros.core.body.points import UnseenError
from pose_ros.core.body.state import BodyState
from pose_ros.core.topology import Side

HAND_FEATURES: dict[str, Feature] = {}
_feature = enter_into(HAND_FEATURES)


def _curl_of(finger: str) -> Measure:
    def curl(body: BodyState, side: Side) -> float:
        return body.hand(side).curls[finger]

    curl.__name__ = f'{finger}_curl'
    curl.__doc__ = f'Sum of the bends of the {finger}; 0 is straight.'
    return curl


for _finger in FINGERS:
    _feature('deg', 'hand')(_curl_of(_finger))


@_feature('fingers', 'hand')
def fingers_extended(body: BodyState, side: Side) -> float:
    """Number of extended fingers; unknown if one is neither extended nor curled."""
    hand = body.hand(side)
    extended = [hand.extended(finger) for finger in FINGERS]
    if None in extended:
        raise UnseenError('a finger')
    return float(sum(map(bool, extended)))


@_feature('palm', 'hand')
def thumb_out(body: BodyState, side: Side) -> float:
    """Distance from the tip of the thumb to the knuckle of the pinky."""
    return body.hand(side).thumb_out


@_feature('palm', 'hand')
def pinch(body: BodyState, side: Side) -> float:
    """Distance between the tips of thumb and index finger."""
    return body.hand(side).pinch


@_feature('deg', 'hand')
def finger_spread(body: BodyState, side: Side) -> float:
    """Angle between index and middle finger."""
    return body.hand(side).spread


@_feature('deg', 'hand')
def palm_to_camera(body: BodyState, side: Side) -> float:
    """Angle between where the palm faces and the camera; 0 faces it, 180 is the back."""
    return body.hand(side).palm_to_camera


@_feature('deg', 'hand')
def hand_elevation(body: BodyState, side: Side) -> float:
    """Wrist to knuckles above the horizontal; 90 is straight up."""
    return body.hand(side).elevation(0, 9)


@_feature('deg', 'hand')
def thumb_elevation(body: BodyState, side: Side) -> float:
    """Thumb above the horizontal; 90 is straight up."""
    return body.hand(side).elevation(2, 4)


@_feature('px', 'hand')
def hand_size(body: BodyState, side: Side) -> float:
    """Length of the palm in the image, as if it were not turned."""
    return body.hand(side).size


@_feature('score', 'hand')
def hand_score(body: BodyState, side: Side) -> float:
    """Confidence that this is a hand."""
    return body.hand(side).hand.score
