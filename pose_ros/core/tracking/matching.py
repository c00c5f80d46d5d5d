"""Whether an observation shows a tracked person: place, posture and appearance."""

from __future__ import annotations

import math

import numpy as np

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.tracking.clothing import colour_similarity
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.similarity import keypoint_similarity, overlap, scale_of
from pose_ros.core.tracking.track import Track
from pose_ros.core.types import Box

# Weight of the clothes' colours in the similarity [-].
_CLOTHING_SHARE = 0.4
# Clothes less similar than this are another person's [-]. In steady light those of one person stay
# far above.
_OTHER_CLOTHES = 0.35
# After a longer absence the clothes alone must be at least this similar [-].
SAME_CLOTHES = 0.75
# A person whom no one is near is the same if the box overlaps by more than this with the expected
# one (IoU): so it does in nine of ten pairs of frames, and no jump to another is as small.
_OBVIOUS = 0.7
# Time constant [s] after which posture no longer says who it is; then only the place does.
_POSTURE_TIME = 0.2
# Standard deviation of places, in addition to the distance that the person may have moved
# [sizes].
_PLACE_WIDTH = 0.15
# Observations farther from the expected place are other people [standard deviations].
_PLACE_GATE = 3.0
# Maximum distance of the middle of the torso from that of the box [sizes].
_REACH = 0.5
# Without clothes to compare, a locked person is taken again within this distance of the expected
# place [sizes]. A guess: about a step out from behind a pillar or back into the image.
_REGAIN_REACH = 1.5
# And with at most this ratio of the size to the last one [-]. A guess, as above.
_REGAIN_GROWTH = 1.5
# After a gap, an observation of another size by more than this ratio is another person [-]: people
# who walk towards the camera from 5 m double their size in 2 s.
_MAX_GROWTH = 2.5
# Consecutive frames are less than this apart [s].
_NEXT_FRAME = 0.25
# Minimum number of common keypoints from which position and size follow.
_MIN_COMMON = 4


def similarity(track: Track, observation: Observation, config: EstimatorConfig) -> float:
    """How similar an observation is to a tracked person: 0 (another person) to 1.

    It is computed once per track and observation.
    """
    known = observation.similarities.get(track.track_id)
    if known is None:
        known = observation.similarities[track.track_id] = _compare(track, observation, config)
    return known


def clothes_similarity(
    track: Track, observation: Observation, config: EstimatorConfig
) -> float | None:
    """Similarity of the clothes' colours, 0 to 1; None where they are unknown or not used."""
    if not config.use_appearance or track.clothing is None or observation.clothing is None:
        return None
    return colour_similarity(track.clothing, observation.clothing)


def _compare(track: Track, observation: Observation, config: EstimatorConfig) -> float:
    stamp = observation.frame.time
    if track.is_obvious(stamp):
        shared = overlap(track.expected_box(stamp), observation.box)
        if shared > _OBVIOUS:
            return shared
    gap = stamp - track.stamp
    distance = _distance(track, observation) / track.size
    if gap <= _NEXT_FRAME and distance > config.jump_threshold + _REACH:
        return 0.0  # obvious, and cheaper to tell than all that follows
    place = _place_similarity(track, observation, gap, config.jump_threshold)
    if place <= 0.0:
        return place
    clothes = clothes_similarity(track, observation, config)
    if gap > config.track_timeout:
        if config.use_appearance:
            known = clothes is not None and clothes >= SAME_CLOTHES
        else:
            known = may_be_regained(track, observation)
        if not known:
            return 0.0
    if clothes is None:
        return place
    both = (1 - _CLOTHING_SHARE) * place + _CLOTHING_SHARE * clothes
    return both if clothes >= _OTHER_CLOTHES else 0.0


def _place_similarity(
    track: Track, observation: Observation, gap: float, jump_threshold: float
) -> float:
    """Similarity of place and posture, 0 if that is out of reach."""
    stamp = observation.frame.time
    shift = track.shift(stamp)
    last = track.last
    if gap <= _NEXT_FRAME and jumped(
        last.pose.keypoints + shift,
        observation.pose.keypoints,
        last.seen & observation.seen,
        jump_threshold,
    ):
        return 0.0
    width = _place_width(track, stamp)
    distance = _distance(track, observation) / width
    if gap > _NEXT_FRAME and (distance > _PLACE_GATE or _growth(track, observation) > _MAX_GROWTH):
        return 0.0
    # An uncertain place weighs less: visible tracks go before lost ones.
    near = math.exp(-(distance**2) / 2) * _PLACE_WIDTH * track.size / width
    joints = keypoint_similarity(last.joints + shift, observation.joints, scale_of(last.box))
    alike = (joints + overlap(track.expected_box(stamp), observation.box)) / 2
    fade = math.exp(-gap / _POSTURE_TIME)
    return max(fade * alike + (1 - fade) * near, 1e-6)


def may_be_regained(track: Track, observation: Observation) -> bool:
    """Whether place and size allow that an observation is a person lost for long."""
    near = _distance(track, observation) <= _REGAIN_REACH * track.size
    return near and _growth(track, observation) <= _REGAIN_GROWTH


def is_in_reach(track: Track, observation: Observation) -> bool:
    """Whether a person lost for a short time may have come to the place of an observation."""
    width = _place_width(track, observation.frame.time)
    return _distance(track, observation) <= _PLACE_GATE * width


def _place_width(track: Track, stamp: float) -> float:
    """Standard deviation of the place in which a person is found [px]."""
    return math.hypot(track.spread(stamp), _PLACE_WIDTH * track.size)


def _growth(track: Track, observation: Observation) -> float:
    """Ratio of an observation's size to the person's last one, or the other way round [-]."""
    return max(observation.size, track.size) / min(observation.size, track.size)


def _distance(track: Track, observation: Observation) -> float:
    """Distance from the place where the person is expected [px]."""
    return math.dist(observation.centre, track.centre(observation.frame.time))


def jumped(before: np.ndarray, now: np.ndarray, common: np.ndarray, threshold: float) -> bool:
    """Whether a person's box moved or changed its size too far for one step.

    Parameters
    ----------
    before, now
        [K, 2] keypoints [px].
    common
        Mask [K] of the keypoints seen both times: a limb that comes into view is no jump.
    threshold
        Maximum shift of the box's centre, in sides of the box; half of the maximum growth of the
        side less one.
    """
    if np.count_nonzero(common) < _MIN_COMMON:
        return False
    old, new = (Box.around(points.compress(common, axis=0)) for points in (before, now))
    smaller, larger = sorted(max(box.width, box.height, 1.0) for box in (old, new))
    return (
        math.dist(old.centre, new.centre) > threshold * larger
        or larger / smaller - 1.0 > 2 * threshold
    )
