"""The lines of a body between which angles are measured, with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose_ros.core.body.angle_plan import AnglePlan

# Error of a model's tilt out of the image plane [bone lengths]; smaller tilts count as zero. This
# and the next were measured with BlazePose full on videos of the actor
# (docs/evaluation/angles.md).
_TILT = 0.25
# Remaining standard deviation of a tilt [bone lengths].
_TILT_LEFT = 0.15
# The same for positions from a depth image [bone lengths].
_MEASURED_TILT_LEFT = 0.05
# Minimum share of a line's length across the line of sight [-].
_MIN_ACROSS = 0.1
# Against division by zero.
_TINY = 1e-9
_UP = (0.0, -1.0, 0.0)


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of a plan, as one person shows them; of no meaning where a keypoint is not seen.

    Attributes
    ----------
    plan
        Which lines.
    directions
        Unit vectors [N, 2, 3], axes as the camera's.
    lengths
        [N, 2] [px], foreshortening undone; infinite for a line that is straight up.
    metres
        The same in space [N, 2] [m]; None without positions.
    tilt_left
        Standard deviation of the tilts towards the camera [-], without the noise of positions.
    """

    plan: AnglePlan
    directions: np.ndarray
    lengths: np.ndarray
    metres: np.ndarray | None = None
    tilt_left: float = _TILT_LEFT

    @classmethod
    def in_plane(cls, plan: AnglePlan, keypoints: np.ndarray) -> Lines:
        """Lines as the image shows them, of keypoints [K, 2] [px]."""
        flat = plan.weights @ keypoints
        lengths = np.linalg.norm(flat, axis=2)
        directions = np.zeros((*lengths.shape, 3))
        directions[..., :2] = flat / np.maximum(lengths, _TINY)[..., None]
        directions[plan.upright] = _UP
        return cls(plan, directions, np.where(plan.upright, np.inf, lengths))

    @classmethod
    def in_space(
        cls,
        plan: AnglePlan,
        keypoints: np.ndarray,
        positions: np.ndarray,
        measured: bool = False,
    ) -> Lines:
        """Lines of the body: where they point in the image, tilted as the positions are.

        Models see far better where a joint lies in the image than how far away it is. So of the
        positions [K, 3] [m] only the tilt out of the image is taken, and of that what stands
        out from its noise: shrinkage as in Wiener's filter; all of it if it was measured in a
        depth image.
        """
        plane = cls.in_plane(plan, keypoints)
        body = plan.weights @ positions
        metres = np.linalg.norm(body, axis=2)
        tilt = np.clip(body[..., 2] / np.maximum(metres, _TINY), -1.0, 1.0)
        across = np.sqrt(1.0 - tilt**2)
        noise = 0.0 if measured else _TILT
        away = tilt * np.maximum(0.0, 1.0 - (noise / np.maximum(np.abs(tilt), _TINY)) ** 2)
        whole = np.hypot(across, away)
        directions = plane.directions * (across / whole)[..., None]
        directions[..., 2] = away / whole
        directions[plan.upright] = _UP
        lengths = plane.lengths * whole / np.maximum(across, _MIN_ACROSS)
        return cls(
            plan,
            directions,
            lengths,
            np.where(plan.upright, np.inf, metres),
            _MEASURED_TILT_LEFT if measured else _TILT_LEFT,
        )

    def longer_than(self, pixels: float) -> np.ndarray:
        """Mask [N] of the angles of which no line is shorter."""
        longer = self.lengths >= pixels
        if self.metres is not None:
            longer &= self.metres > 0.0
        return np.asarray(longer.all(axis=1))

    def angles(self) -> np.ndarray:
        """Angles [N] between the two lines [rad]."""
        return _between(self.directions)

    def variances(self, errors: np.ndarray) -> np.ndarray:
        """Variances [N] of the angles from those of the keypoints in the image [K] [px²].

        A keypoint's error across a line turns it; one that both lines share turns both.
        """
        turns = self.plan.weights / np.maximum(self.lengths, 1.0)[..., None]
        shared = turns.prod(axis=1) * np.cos(self.angles())[:, None]
        return np.asarray(((turns**2).sum(axis=1) - 2.0 * shared) @ errors)

    def tilt_variances(self, errors: np.ndarray) -> np.ndarray:
        """Variances [N] of the angles from those of the keypoints' depths [K] [m²].

        All tilts bend a straight limb in the image's plane, but none does to first order: so
        the angles are measured again with each line tilted forth and back.
        """
        assert self.metres is not None, 'the lines are not in space'
        noise = self.plan.weights**2 @ errors / np.maximum(self.metres, _TINY) ** 2
        tilts = np.where(self.plan.upright, 0.0, np.sqrt(self.tilt_left**2 + noise))
        tilted = np.repeat(self.directions[None], 4, axis=0)
        for i, (line, sign) in enumerate(((0, 1), (0, -1), (1, 1), (1, -1))):
            tilted[i, :, line, 2] += sign * tilts[:, line]
        return np.asarray(((_between(tilted) - self.angles()) ** 2).sum(axis=0) / 2.0)


def _between(directions: np.ndarray) -> np.ndarray:
    """Angles [...] between pairs of directions [..., 2, 3] [rad]."""
    squares = np.einsum('...k,...k', directions, directions).prod(axis=-1)
    dots = np.einsum('...k,...k', directions[..., 0, :], directions[..., 1, :])
    cosines = dots / np.sqrt(np.maximum(squares, _TINY))
    return np.asarray(np.arccos(np.minimum(np.maximum(cosines, -1.0), 1.0)))
