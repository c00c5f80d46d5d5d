"""Positions measured in a depth image."""

from __future__ import annotations

import numpy as np

from pose_ros.core.anatomy import BONES
from pose_ros.core.body.angle_plan import torso_size
from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.space.body_plan import body_plan
from pose_ros.core.space.strategy import CameraView
from pose_ros.core.space.surfaces import Surfaces
from pose_ros.core.topology import Topology
from pose_ros.core.types import Person

# A window reaches so far around a keypoint [torsos]: models are off by as much. So many pixels a
# side are looked at, however large it is.
_REACH = 0.08
_STEPS = np.linspace(-1.0, 1.0, 9)
_WINDOW = np.stack(np.meshgrid(_STEPS, _STEPS), axis=-1).reshape(-1, 2)
# Of the trunk such a grid between its corners is looked at.
_CORNERS = ('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip')
_ACROSS, _DOWN = np.meshgrid(np.linspace(0.1, 0.9, 7), np.linspace(0.1, 0.9, 9))
_GRID = np.stack(
    [(1 - _DOWN) * (1 - _ACROSS), (1 - _DOWN) * _ACROSS, _DOWN * (1 - _ACROSS), _DOWN * _ACROSS],
    axis=-1,
).reshape(-1, 4)
# A torso of another length is none [m]: the depth is that of a wall, or of something before it.
_SHORTEST_TORSO, _LONGEST_TORSO = 0.2, 0.85
# Error of depth cameras [1/m] × distance², as stereo cameras have it, and the least [m].
_NOISE, _MIN_NOISE = 0.0025, 0.004
# How well it is known how deep a joint lies in the flesh, of that depth.
_JOINT_DEPTH_ERROR = 0.35


class DepthStrategy:
    """Measures each keypoint that was observed in the depth image of the view.

    Around a keypoint the depths are sorted into surfaces. The nearest surface that can belong to
    the person is taken: a wrist before a wall covers only a part of its window. A bone that comes
    out longer than any person's shows that one end was taken wrongly: the end that is farther
    from the trunk takes another surface, or stays unknown.

    Positions are those of the joints' middles: behind the surface by the flesh upon them.
    """

    def place(self, person: Person, view: CameraView) -> Positions | None:
        """Positions of the keypoints of a person; None without depth, or if it shows no person."""
        if view.depth is None:
            return None
        points = np.where(person.observed[:, None], person.keypoints, np.nan).astype(np.float64)
        torso = torso_size(person.topology, points)
        trunk = self._trunk_depth(person.topology, points, view)
        length = torso * trunk / view.camera.focal
        if not _SHORTEST_TORSO <= length <= _LONGEST_TORSO:
            return None
        plan = body_plan(person.topology)
        windows = points[:, None] + _WINDOW * max(_REACH * torso, 1.0)
        assert view.depth is not None
        surfaces = Surfaces.of(view.depth.at(windows, view.size))
        surfaces = surfaces.only(np.abs(surfaces.depths - trunk) <= plan.reach[surfaces.windows])
        rays = view.camera.rays(points)[surfaces.windows]
        behind = plan.joint_depths[surfaces.windows] / np.linalg.norm(rays, axis=1)
        joints = view.camera.centre + rays * (surfaces.depths + behind)[:, None]
        chosen = plan.choose(surfaces, joints, trunk)

        known = np.flatnonzero(chosen >= 0)
        taken = chosen[known]
        places = np.full((len(points), 3), np.nan)
        places[known] = joints[taken]
        height = length / BONES['shoulder', 'hip']
        doubts = plan.uncover(places, person.scores, height, view.camera.centre)
        errors = np.full(len(points), np.nan)
        noise = np.maximum(_NOISE * surfaces.depths[taken] ** 2, _MIN_NOISE)
        parts = (
            noise,
            surfaces.spreads[taken],
            _JOINT_DEPTH_ERROR * plan.joint_depths[known],
            doubts[known],
        )
        errors[known] = np.linalg.norm(parts, axis=0)
        return Positions(places, errors, PositionSource.DEPTH)

    def _trunk_depth(self, topology: Topology, points: np.ndarray, view: CameraView) -> float:
        """Distance [m] of most of the trunk, or of what is seen of the body; NaN if unknown."""
        assert view.depth is not None
        corners = points[[topology.index(name) for name in _CORNERS]]
        looked_at = _GRID @ corners if np.isfinite(corners).all() else points
        looked_at = looked_at[np.isfinite(looked_at).all(axis=1)]
        if not len(looked_at):
            return np.nan
        surfaces = Surfaces.of(view.depth.at(looked_at[None], view.size))
        if not len(surfaces.shares):
            return np.nan
        return float(surfaces.depths[surfaces.shares.argmax()])
