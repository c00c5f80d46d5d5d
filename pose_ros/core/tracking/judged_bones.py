"""Arms, legs and trunk of a keypoint format, as bones of usual lengths."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.core.anatomy import BONES
from pose_ros.core.topology import SIDES, Topology


@dataclass(frozen=True)
class JudgedLimb:
    """A limb: its joints from the trunk outwards, and its two bones in `JudgedBones`."""

    root: int
    hinge: int
    end: int
    upper: int
    lower: int
    leg: bool


class JudgedBones:
    """The bones that are judged, in a keypoint format.

    Attributes
    ----------
    ends
        Keypoints at both ends of each bone.
    usual
        Usual length of each bone [body heights].
    kinds
        JudgedBones of each kind: the left and the right one, or one alone.
    limbs
        Arms and legs.
    corners
        Left and right shoulder, left and right hip.
    """

    def __init__(self, topology: Topology) -> None:
        self.ends: list[tuple[int, int]] = []
        self.usual: list[float] = []
        kinds: dict[tuple[str, str], list[int]] = {}

        def add(first: str, second: str) -> int:
            bone, kind = len(self.ends), (first.partition('_')[2], second.partition('_')[2])
            self.ends.append((topology.index(first), topology.index(second)))
            self.usual.append(BONES[kind])
            kinds.setdefault(kind, []).append(bone)
            return bone

        self.shoulders = add('left_shoulder', 'right_shoulder')
        self.hips = add('left_hip', 'right_hip')
        self.sides = [add(f'{side}_shoulder', f'{side}_hip') for side in SIDES]
        self.limbs: list[JudgedLimb] = []
        for side in SIDES:
            for joints in (('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'ankle')):
                root, hinge, end = (f'{side}_{joint}' for joint in joints)
                limb = JudgedLimb(
                    root=topology.index(root),
                    hinge=topology.index(hinge),
                    end=topology.index(end),
                    upper=add(root, hinge),
                    lower=add(hinge, end),
                    leg=joints[0] == 'hip',
                )
                self.limbs.append(limb)
        self.kinds = list(kinds.values())
        self.corners = [
            topology.index(f'{side}_{joint}') for joint in ('shoulder', 'hip') for side in SIDES
        ]
