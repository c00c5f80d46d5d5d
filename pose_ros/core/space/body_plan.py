"""What is known of every body: which depths of its keypoints go together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pose_ros.core.anatomy import TALLEST, bone_lengths, joint_depths
from pose_ros.core.space.surfaces import Surfaces
from pose_ros.core.topology import Topology

# How far before or behind the trunk's middle a joint can be [m]: one of the trunk, farther for
# each bone that lies between, and one of the head, which no bone joins to it.
_TRUNK_REACH, _BONE_REACH, _MAX_REACH, _HEAD_REACH = 0.35, 0.45, 1.25, 0.6
# A bone that comes out shorter than this share of its usual length has an end that is hidden.
_SHORT = 0.6
# Bones of a person's height are so much shorter than usual at times.
_USUAL = 0.9


@dataclass(frozen=True, eq=False)
class BodyPlan:
    """What is known of the bodies of a keypoint format.

    Attributes
    ----------
    central
        Mask [K] of trunk and head.
    reach
        [K] [m]: how far from the trunk's middle each can be along the line of sight.
    joint_depths
        [K] [m]: how deep each lies.
    bones
        [E, 2]: their ends, that nearer to the trunk first; sorted from the trunk outwards.
    lengths
        [E]: of the bones, over the body's height; of the others the most.
    usual
        Mask [E] of the bones whose length is known.
    """

    central: np.ndarray
    reach: np.ndarray
    joint_depths: np.ndarray
    bones: np.ndarray
    lengths: np.ndarray
    usual: np.ndarray

    def choose(self, surfaces: Surfaces, joints: np.ndarray, trunk: float) -> np.ndarray:
        """Surface of each keypoint, so that no bone is longer than anybody's.

        Parameters
        ----------
        surfaces
            Those that can belong to the person.
        joints
            [S, 3] [m]: where the joint would be behind each.
        trunk
            Distance of the trunk [m].

        Returns
        -------
        np.ndarray
            int [K]: index of the surface, -1 for none.
        """
        windows = surfaces.windows
        chosen = np.full(len(self.reach), -1)
        # Limbs may be before the trunk, so the nearest surface is theirs; of trunk and head it is
        # that nearest to the trunk's middle. Of equal indices on the left the last counts.
        away = np.where(self.central[windows], np.abs(surfaces.depths - trunk), surfaces.depths)
        order = np.argsort(-away, kind='stable')
        chosen[windows[order]] = order
        # Behind a joint that is not known the bones go on from the last one that is.
        start, slack = np.arange(len(chosen)), np.zeros(len(chosen))
        for (near, far), length in zip(self.bones.tolist(), (TALLEST * self.lengths).tolist()):
            root, reach = start[near], slack[near] + length
            if chosen[root] < 0:
                continue
            joint = joints[chosen[root]]
            if chosen[far] >= 0 and _length(joints[chosen[far]] - joint) > reach:
                others = np.flatnonzero(windows == far)
                others = others[np.linalg.norm(joints[others] - joint, axis=1) <= reach]
                chosen[far] = others[surfaces.shares[others].argmax()] if len(others) else -1
            if chosen[far] < 0:
                start[far], slack[far] = root, reach
        return chosen

    def uncover(
        self, points: np.ndarray, scores: np.ndarray, height: float, centre: np.ndarray
    ) -> np.ndarray:
        """Find joints that the own body hides: their bones come out too short.

        What was measured is the surface that hides the joint. Of the two hips, or shoulders, the
        less certain one is moved behind it, until they are as far apart as usual: so whoever is
        seen from the side keeps a body with two sides. In a limb either end may be hidden, so
        both stay, and are in doubt.

        Parameters
        ----------
        points
            [K, 3] [m], changed in place; NaN where unknown.
        scores
            [K].
        height
            Of the person [m].
        centre
            Of the camera's lens [3] [m].

        Returns
        -------
        np.ndarray
            [K] [m]: standard deviation that this adds.
        """
        doubts = np.zeros(len(points))
        lengths = _USUAL * height * self.lengths
        known = self.usual & np.isfinite(points[self.bones, 2]).all(axis=1)
        bones = points[self.bones[:, 1]] - points[self.bones[:, 0]]
        short = np.linalg.norm(bones, axis=1) < _SHORT * lengths
        for i in np.flatnonzero(known & short).tolist():
            near, far = self.bones[i]
            if scores[near] < scores[far]:
                near, far = far, near
            bone, ray = points[far] - points[near], points[far] - centre
            ray /= _length(ray)
            along = float(ray @ bone)
            missing = np.sqrt(along**2 - bone @ bone + lengths[i] ** 2) - along
            if self.central[near] and self.central[far] and scores[near] > scores[far]:
                points[far] += missing * ray
                doubts[far] = missing / 2
            else:
                doubts[[near, far]] = missing / 2
        return doubts


def _length(vector: np.ndarray) -> float:
    return float(np.sqrt(vector @ vector))


@lru_cache(maxsize=8)
def body_plan(topology: Topology) -> BodyPlan:
    """Plan of a keypoint format."""
    names = topology.keypoint_names
    trunk = np.array([name.endswith(('hip', 'shoulder', 'neck')) for name in names])
    bones_away = topology.bone_distances[:, trunk].min(axis=1)
    head = bones_away >= len(topology)
    head |= [any(part in name for part in ('nose', 'eye', 'ear', 'mouth')) for name in names]
    reach = np.minimum(_TRUNK_REACH + _BONE_REACH * bones_away, _MAX_REACH)
    reach[head] = _HEAD_REACH
    bones = np.array(topology.edges)
    turned = bones_away[bones[:, 0]] > bones_away[bones[:, 1]]
    bones[turned] = bones[turned][:, ::-1]
    order = np.argsort(bones_away[bones[:, 1]], kind='stable')
    lengths, usual = bone_lengths(topology)
    return BodyPlan(
        trunk | head, reach, joint_depths(topology), bones[order], lengths[order], usual[order]
    )
