"""Named points of a person: which are left and right, arms and legs, follows from the names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
import re

from pose_ros.core.topology import HAND21, SIDES, mirror_name

# Each part is attached to this one, towards the trunk.
_ATTACHED = {
    'elbow': 'shoulder',
    'wrist': 'elbow',
    'knee': 'hip',
    'ankle': 'knee',
    **dict.fromkeys(('heel', 'foot', 'toe', 'toes', 'big', 'small'), 'ankle'),
    **dict.fromkeys(
        ('hand', 'palm', 'finger', 'thumb', 'index', 'middle', 'ring', 'pinky', 'little'), 'wrist'
    ),
}
_MAX_POINTS = 150
_NAME = re.compile(r'[a-z0-9_]{1,40}')


@dataclass(frozen=True)
class PointSet:
    """Points that a motion is learned from.

    Those named ``left_hand_wrist``, ``left_hand_thumb_tip`` and so on, as in the format `HAND21`,
    are a hand: `normalise` makes them relative to the hand itself.

    Attributes
    ----------
    names
        Such as ``left_wrist`` or ``right_thumb_tip``.
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Validate the names."""
        if not 0 < len(self.names) <= _MAX_POINTS or len(set(self.names)) < len(self.names):
            raise ValueError(f'need 1 to {_MAX_POINTS} different points, got {len(self.names)}')
        for name in self.names:
            if not _NAME.fullmatch(name):
                raise ValueError(f'names of points have a-z, 0-9 and _ only, got {name[:80]!r}')

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.names)

    def index(self, name: str) -> int | None:
        """Index of a point; None if it is not in the set."""
        return self.names.index(name) if name in self.names else None

    @cached_property
    def mirror(self) -> list[int]:
        """Indices that swap left and right."""
        mirrored = map(mirror_name, self.names)
        return [i if (j := self.index(name)) is None else j for i, name in enumerate(mirrored)]

    @cached_property
    def bones(self) -> list[tuple[int, int]]:
        """Each point with the one that it is attached to, and the wrists with each other.

        Points of hands are relative to their wrists already.
        """
        hands = {i for hand in self.hands for i in hand}
        bones = [bone for bone in self._attached if bone[0] not in hands]
        wrists = self.pair('wrist')
        return bones if wrists is None else [*bones, wrists]

    @cached_property
    def _attached(self) -> list[tuple[int, int]]:
        bones = []
        for number, name in enumerate(self.names):
            side, _, part = name.partition('_')
            inner = self.index(f'{side}_{_ATTACHED.get(part.split("_")[0], "")}')
            if side in SIDES and inner is not None:
                bones.append((number, inner))
        return bones

    @cached_property
    def hands(self) -> tuple[list[int], list[int]]:
        """Points of the left and the right hand in the order of `HAND21`; empty without them."""
        names = (tuple(f'{side}_hand_{name}' for name in HAND21.keypoint_names) for side in SIDES)
        left, right = ([i for n in own if (i := self.index(n)) is not None] for own in names)
        return (left, right) if len(left) == len(right) == len(HAND21) else ([], [])

    @cached_property
    def masks(self) -> list[int]:
        """Points that are seen or not by themselves: of a hand only the wrist."""
        others = {i for hand in self.hands for i in hand[1:]}
        return [i for i in range(len(self)) if i not in others]

    def pair(self, part: str) -> tuple[int, int] | None:
        """Left and right index of a part; None unless both are in the set."""
        left, right = (self.index(f'{side}_{part}') for side in SIDES)
        return None if left is None or right is None else (left, right)

    def arm(self, side: str) -> list[int]:
        """Elbow, wrist and hand of a side."""
        return self._beyond(side, ('elbow', 'wrist'))

    def leg(self, side: str) -> list[int]:
        """Knee, ankle and foot of a side."""
        return self._beyond(side, ('knee', 'ankle'))

    def _beyond(self, side: str, roots: tuple[str, ...]) -> list[int]:
        inside = [i for part in roots if (i := self.index(f'{side}_{part}')) is not None]
        attached = [i for i, inner in self._attached if inner in inside and i not in inside]
        return inside + [i for i in attached if self.names[i].startswith(side)]


BODY = PointSet(
    (
        'nose',
        *(
            f'{side}_{joint}'
            for joint in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
            for side in SIDES
        ),
    )
)
"""Joints that every keypoint format has."""

BODY_AND_HANDS = PointSet(
    (*BODY.names, *(f'{side}_hand_{name}' for side in SIDES for name in HAND21.keypoint_names))
)
"""The joints, and all points of both hands."""
