"""Invented signs of two hands: movements that differ only in their order or in the hands.

A sign is a row of steps; each moves hands to places and leaves the others where they are. In the
end both hands come down together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pose_ros.actor.body import ActorPose
from pose_ros.actor.motions.motion import STAND, ActorMotion
from pose_ros.core.topology import SIDES

# Angles of arm and forearm of a hand at a place.
_PLACES = {
    'rest': ((11.0, 0.0), (6.0, 6.0)),
    'up': ((162.0, 5.0), (172.0, 5.0)),
    'out': ((88.0, 5.0), (92.0, 5.0)),
    'chest': ((28.0, 22.0), (-95.0, 30.0)),
    'head': ((105.0, 10.0), (200.0, 20.0)),
    'hip': ((42.0, -12.0), (-38.0, 5.0)),
}
# Time that a hand takes to a place, and rests there [s].
_MOVE, _REST = 0.55, 0.15


@dataclass(frozen=True)
class SignStyle:
    """How a person makes a sign.

    Attributes
    ----------
    speed
        Factor on the speed.
    size
        How far the hands go from their rest, 1 = all the way.
    rests
        Times between the steps [s], used in turn.
    bends
        What is added to the angles [deg] of left arm, left forearm, right arm, right forearm,
        each (sideways, forward).
    lean
        Of the torso [deg].
    """

    speed: float = 1.0
    size: float = 1.0
    rests: tuple[float, ...] = (_REST,)
    bends: np.ndarray = field(default_factory=lambda: np.zeros((4, 2)))
    lean: float = 0.0

    @classmethod
    def of(cls, rng: np.random.Generator) -> SignStyle:
        """A person's style."""
        return cls(
            speed=float(rng.uniform(0.7, 1.4)),
            size=float(rng.uniform(0.82, 1.08)),
            rests=tuple(rng.uniform(0.0, 0.35, 4).tolist()),
            bends=rng.normal(0.0, 7.0, (4, 2)),
            lean=float(rng.normal(0.0, 2.5)),
        )


@dataclass(frozen=True)
class Sign:
    """A movement of two hands.

    Attributes
    ----------
    steps
        Each is a mapping of 'left', 'right' or 'both' to a place.
    """

    steps: tuple[Mapping[str, str], ...]

    def played(self, style: SignStyle | None = None) -> tuple[ActorMotion, float]:
        """Motion in a style, and how long it takes from rest to rest [s]."""
        style = style or SignStyle()
        hands: dict[str, str] = dict.fromkeys(SIDES, 'rest')
        times, poses = [0.0], [_pose(hands, style, 0.0)]
        for number, step in enumerate((*self.steps, {'both': 'rest'})):
            for hand, place in step.items():
                hands.update({side: place for side in SIDES if hand in (side, 'both')})
            pose = _pose(hands, style, 1.0 if number < len(self.steps) else 0.0)
            times += [times[-1] + _MOVE / style.speed]
            times += [times[-1] + style.rests[number % len(style.rests)] / style.speed]
            poses += [pose, pose]
        row = np.array([pose.angles for pose in poses])

        def at(time: float) -> ActorPose:
            after = min(int(np.searchsorted(times, time, side='right')), len(times) - 1)
            start, end = times[after - 1], times[after]
            share = min(max((time - start) / (end - start), 0.0), 1.0) if end > start else 1.0
            share *= share * (3.0 - 2.0 * share)
            angles = row[after - 1] + (row[after] - row[after - 1]) * share
            return ActorPose().with_angles(angles)

        return ActorMotion(at, ramp=0.1, back=0.1, upper=True), times[-1]


def _pose(hands: Mapping[str, str], style: SignStyle, share: float) -> ActorPose:
    """Pose with the hands at their places."""
    rest = np.array(_PLACES['rest'])
    limbs = {}
    for number, side in enumerate(SIDES):
        away = hands[side] != 'rest'
        angles = rest + (np.array(_PLACES[hands[side]]) - rest) * style.size
        angles += style.bends[2 * number : 2 * number + 2] * (1.0 if away else 0.2)
        for limb, pair in zip(('arm', 'forearm'), angles.tolist()):
            limbs[f'{side}_{limb}'] = tuple(pair)
    return STAND._replace(**limbs, torso=(style.lean * share, 0.0))


INVENTED = {
    'left_up_right_up': Sign(({'left': 'up'}, {'right': 'up'})),
    'right_up_left_up': Sign(({'right': 'up'}, {'left': 'up'})),
    'left_out_right_up': Sign(({'left': 'out'}, {'right': 'up'})),
    'right_up_left_out': Sign(({'right': 'up'}, {'left': 'out'})),
    'right_out_left_up': Sign(({'right': 'out'}, {'left': 'up'})),
    'left_up_right_out': Sign(({'left': 'up'}, {'right': 'out'})),
    'both_out_both_chest': Sign(({'both': 'out'}, {'both': 'chest'})),
    'both_chest_both_out': Sign(({'both': 'chest'}, {'both': 'out'})),
}
"""The eight signs."""

UNKNOWN = {
    'left_up': Sign(({'left': 'up'},)),
    'right_out': Sign(({'right': 'out'},)),
    'both_up': Sign(({'both': 'up'},)),
    'both_out': Sign(({'both': 'out'},)),
    'left_up_left_out': Sign(({'left': 'up'}, {'left': 'out'})),
    'right_out_right_up': Sign(({'right': 'out'}, {'right': 'up'})),
    'left_chest_right_up': Sign(({'left': 'chest'}, {'right': 'up'})),
    'right_up_left_chest': Sign(({'right': 'up'}, {'left': 'chest'})),
    'both_up_both_out': Sign(({'both': 'up'}, {'both': 'out'})),
    'both_up_both_chest': Sign(({'both': 'up'}, {'both': 'chest'})),
    'both_head_both_out': Sign(({'both': 'head'}, {'both': 'out'})),
    'left_hip_right_out': Sign(({'left': 'hip'}, {'right': 'out'})),
    'both_hip_both_up': Sign(({'both': 'hip'}, {'both': 'up'})),
    'one_after_the_other': Sign(
        ({'left': 'up'}, {'left': 'rest'}, {'right': 'up'}, {'right': 'rest'})
    ),
}
"""Other movements of the same hands, to the same places and to others: not among the signs."""

SIGNS: dict[str, ActorMotion] = {
    name: sign.played()[0] for name, sign in {**INVENTED, **UNKNOWN}.items()
}
