"""Movements that are none of those to be learned: made from the examples, and improvised.

Ten examples of each class do not tell where a class ends. What tells are near misses: an example
backwards, broken off, with another one's second half, with one arm late, still or of another
example, with arms that go elsewhere for a while, mirrored, with other hands; and random movements
of a body. What comes out too like an example, by dynamic time warping, is left out: the second
half of one class behind the first of another may well be a third.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pose_ros.actor.body import ActorPose, joints
from pose_ros.actor.hand_pose import HAND_POSES, hand_points, turned
from pose_ros.actor.motions import STAND
from pose_ros.core.motion.normalised import Movement, Window
from pose_ros.core.motion.point_set import PointSet
from pose_ros.core.topology import SIDES
from pose_ros.learning.clips import Clip, extent, mirrored, remade
from pose_ros.learning.warping import distances

# How much farther than the examples of one class are from one another.
_CLEARANCE = 1.3
# Time in which one half goes over into another [s].
_SEAM = 0.25


def near_misses(clips: Sequence[Clip], count: int, rng: np.random.Generator) -> list[Clip]:
    """Movements made from clips of any class."""
    makers = [_reversed, _broken_off, _spliced, _of_two, _late, _still, _strayed, _mirrored]
    if any(clips[0].movement.point_set.hands):
        makers += [_with_hands, _posed_hands]
    made = []
    for number in range(count):
        first, second = (clips[int(i)] for i in rng.integers(len(clips), size=2))
        made.append(makers[number % len(makers)](first, second, rng))
    return made


def distinct(candidates: Sequence[Clip], classes: Sequence[Sequence[Clip]]) -> np.ndarray:
    """Mask of the candidates that are not too like the clips of any class."""
    kept = np.ones(len(candidates), dtype=bool)
    clips = [clip for own in classes for clip in own]
    if not len(candidates) or not clips:
        return kept
    labels = np.repeat(np.arange(len(classes)), [len(own) for own in classes])
    among, away = distances(clips, clips), distances(candidates, clips)
    np.fill_diagonal(among, np.inf)
    for number in range(len(classes)):
        own = labels == number
        nearest = among[np.ix_(own, own)].min(axis=1, initial=np.inf)
        if np.isfinite(nearest).any():
            limit = np.quantile(nearest[np.isfinite(nearest)], 0.9)
            kept &= away[:, own].min(axis=1) > _CLEARANCE * limit
    return kept


def _part(clip: Clip) -> slice:
    """Moments from start to end."""
    return slice(*np.searchsorted(clip.movement.stamps, (clip.start, clip.end)).tolist())


def _reversed(clip: Clip, _: Clip, rng: np.random.Generator) -> Clip:
    return remade(clip, clip.movement.points[::-1], clip.movement.seen[::-1])


def _broken_off(clip: Clip, _: Clip, rng: np.random.Generator) -> Clip:
    """Up to some moment, and the same way back."""
    part = _part(clip)
    turn = part.start + max(int((part.stop - part.start) * rng.uniform(0.3, 0.7)), 2)
    points, seen = clip.movement.points[:turn], clip.movement.seen[:turn]
    return remade(clip, np.concatenate([points, points[::-1]]), np.concatenate([seen, seen[::-1]]))


def _spliced(clip: Clip, other: Clip, rng: np.random.Generator) -> Clip:
    """First half of the one, second half of the other."""
    one, two = _part(clip), _part(other)
    cut = one.start + int((one.stop - one.start) * rng.uniform(0.35, 0.65))
    begin = two.start + int((two.stop - two.start) * rng.uniform(0.35, 0.65))
    first, second = clip.movement, other.movement
    seam = max(int(_SEAM / clip.movement.stamps[1]), 1)
    share = (np.arange(1, seam + 1) / (seam + 1))[:, None, None]
    last, next_ = first.points[max(cut - 1, 0)], second.points[begin]
    between = last * (1 - share) + next_ * share
    known = np.repeat((first.seen[max(cut - 1, 0)] & second.seen[begin])[None], seam, axis=0)
    return remade(
        clip,
        np.concatenate([first.points[:cut], between, second.points[begin:]]),
        np.concatenate([first.seen[:cut], known, second.seen[begin:]]),
    )


def _an_arm(clip: Clip, rng: np.random.Generator) -> list[int]:
    return clip.movement.point_set.arm(SIDES[int(rng.random() >= 0.5)])


def _of_two(clip: Clip, other: Clip, rng: np.random.Generator) -> Clip:
    """One arm of the one, all else of the other."""
    return _with_points(clip, _an_arm(clip, rng), other)


def _with_hands(clip: Clip, other: Clip, rng: np.random.Generator) -> Clip:
    """All of the one, with the hands of the other."""
    return _with_points(clip, [i for hand in other.movement.point_set.hands for i in hand], other)


def _posed_hands(clip: Clip, _: Clip, rng: np.random.Generator) -> Clip:
    """All of it, with the hands in poses of the actor's, turned at random."""
    points = clip.movement.points.copy()
    for side, hand in zip(SIDES, clip.movement.point_set.hands):
        pose = HAND_POSES[str(rng.choice(list(HAND_POSES)))]
        roll, yaw, pitch = rng.uniform((-180, -60, -60), (180, 60, 60))
        points[:, hand] = turned(hand_points(pose, side), roll, yaw, pitch)[:, : points.shape[2]]
    movement = replace(clip.movement, points=points).normalised()
    return Clip(movement, clip.start, clip.end)


def _with_points(clip: Clip, points: list[int], other: Clip) -> Clip:
    """Clip with points of another, in time with it, so that both begin and end together."""
    share = (clip.movement.stamps - clip.start) / max(clip.length, 1e-3)
    times = np.clip(other.start + share * other.length, 0.0, other.movement.duration)
    return _with_arm(clip, points, *other.movement.sampled(times))


def _late(clip: Clip, _: Clip, rng: np.random.Generator) -> Clip:
    """One arm late, or early."""
    arm = _an_arm(clip, rng)
    shift = clip.length * rng.uniform(0.2, 0.45) * rng.choice([-1.0, 1.0])
    times = np.clip(clip.movement.stamps - shift, 0.0, clip.movement.duration)
    return _with_arm(clip, arm, *clip.movement.sampled(times))


def _still(clip: Clip, _: Clip, rng: np.random.Generator) -> Clip:
    """One arm stays where it was."""
    arm = _an_arm(clip, rng)
    times = np.minimum(clip.movement.stamps, clip.start)
    return _with_arm(clip, arm, *clip.movement.sampled(times))


def _strayed(clip: Clip, _: Clip, rng: np.random.Generator) -> Clip:
    """One arm or both go elsewhere for a while: turned about the shoulder, or the elbow."""
    points, stamps = clip.movement.points.copy(), clip.movement.stamps
    middle = clip.start + clip.length * rng.uniform(0.2, 0.8)
    width = max(clip.length, 0.5) * rng.uniform(0.12, 0.3)
    bump = np.exp(-(((stamps - middle) / width) ** 4))
    angle = np.radians(rng.uniform(30, 90)) * rng.choice([-1.0, 1.0])
    from_elbow = rng.random() < 0.5
    point_set = clip.movement.point_set
    for side in ((SIDES[0],), (SIDES[1],), SIDES)[int(rng.integers(3))]:
        arm = point_set.arm(side)
        pivot = point_set.index(f'{side}_elbow' if from_elbow else f'{side}_shoulder')
        if pivot is None and arm:
            pivot = arm[0]
        # Mirrored movements of both arms.
        turn = bump * angle * (1.0 if side == 'left' else -1.0)
        hand = point_set.hands[SIDES.index(side)]
        for joint in arm:
            # The points of a hand are relative to its wrist already.
            about = points[:, hand[0] if joint in hand else pivot]
            x, y = (points[:, joint, i] - about[:, i] for i in (0, 1))
            points[:, joint, 0] = about[:, 0] + x * np.cos(turn) - y * np.sin(turn)
            points[:, joint, 1] = about[:, 1] + x * np.sin(turn) + y * np.cos(turn)
    return remade(clip, points, clip.movement.seen)


def _mirrored(clip: Clip, _: Clip, rng: np.random.Generator) -> Clip:
    return mirrored(clip)


def _with_arm(clip: Clip, arm: list[int], points: np.ndarray, seen: np.ndarray) -> Clip:
    """Clip with one arm's points from elsewhere."""
    new, known = clip.movement.points.copy(), clip.movement.seen.copy()
    new[:, arm], known[:, arm] = points[:, arm], seen[:, arm]
    return remade(clip, new, known)


def can_improvise(window: Window) -> bool:
    """Whether the actor's skeleton has all the points of a window, but for hands."""
    return {window.point_set.names[i] for i in _joints(window.point_set)} <= set(joints(STAND))


def _joints(point_set: PointSet) -> list[int]:
    """Points that are not of hands."""
    hands = {i for hand in point_set.hands for i in hand}
    return [i for i in range(len(point_set)) if i not in hands]


def improvised(
    count: int, window: Window, clips: Sequence[Clip], rng: np.random.Generator
) -> list[Clip]:
    """Random movements of the actor's skeleton, of arms above all, with the hands of clips."""
    made = [_improvise(window, rng) for _ in range(count)]
    if not clips or not any(window.point_set.hands):
        return made
    return [_with_hands(clip, clips[int(rng.integers(len(clips)))], rng) for clip in made]


def _improvise(window: Window, rng: np.random.Generator) -> Clip:
    length = window.seconds * rng.uniform(1.0, 1.6)
    facing = rng.uniform(-35, 35) + 180 * (rng.random() < 0.15)
    legs, alike, turning = rng.random(3) < (0.25, 0.4, 0.3)
    rows, when = [STAND.angles], [0.0]
    while when[-1] < length:
        when.append(when[-1] + rng.uniform(0.25, 1.0))
        rows.append(_next_pose(rows[-1], rng, legs, alike, turning))
    # Half as many poses as samples will do: limbs go nearly straight in between.
    stamps = np.arange(0.0, length + 2 / window.rate, 2 / window.rate)
    shares = np.array(rows).reshape(len(rows), -1)
    angles = np.stack([np.interp(stamps, when, column) for column in shares.T], axis=1)
    points = np.array([_points(row, facing, window.point_set) for row in angles])
    axes, seen = 3 if window.in_space else 2, np.zeros(points.shape[:2], dtype=bool)
    seen[:, _joints(window.point_set)] = True
    movement = Movement(stamps, points[..., :axes], seen, window.point_set)
    times = np.arange(0.0, length, 1 / window.rate)
    movement = Movement(times, *movement.sampled(times), window.point_set).normalised()
    return Clip(movement, *extent(movement))


def _next_pose(
    row: np.ndarray, rng: np.random.Generator, legs: bool, alike: bool, turning: bool
) -> np.ndarray:
    """Angles [parts, 2] that follow: some limbs move, the others stay.

    Legs move, too, or both arms do the same, or the body turns, falls and lies.
    """
    new = row.copy()
    for side in SIDES:
        arm, forearm = (ActorPose._fields.index(f'{side}_{limb}') for limb in ('arm', 'forearm'))
        chance = rng.random()
        if chance < 0.2:
            new[[arm, forearm]] = STAND.angles[[arm, forearm]]
        elif chance < 0.75:
            new[arm] = rng.uniform(-15, 175), rng.uniform(-20, 70)
            new[forearm] = new[arm] + (rng.uniform(-130, 110), rng.uniform(-10, 60))
        if legs:
            thigh, shin = (ActorPose._fields.index(f'{side}_{limb}') for limb in ('thigh', 'shin'))
            new[thigh] = rng.uniform(0, 35), rng.uniform(-25, 70)
            new[shin] = rng.uniform(0, 10), rng.uniform(-70, 10)
    if alike:
        for limb in ('arm', 'forearm'):
            left, right = (ActorPose._fields.index(f'{side}_{limb}') for side in SIDES)
            new[right] = new[left] + rng.normal(0.0, 4.0, 2)
    if turning and rng.random() < 0.5:
        new[ActorPose._fields.index('body')] = rng.uniform(-100, 100), rng.uniform(-90, 90)
    if rng.random() < 0.3:
        new[ActorPose._fields.index('torso')] = rng.normal(0, 8), rng.uniform(-5, 50)
    return new


def _points(row: np.ndarray, facing: float, point_set: PointSet) -> np.ndarray:
    pose = ActorPose(*map(tuple, row.reshape(-1, 2).tolist()))
    found = joints(pose._replace(body=(pose.body[0], pose.body[1] + facing)))
    return np.array([found.get(name, np.zeros(3)) for name in point_set.names])
