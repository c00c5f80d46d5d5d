"""Skeletons of a scene as a model would see them, without drawing or any model: fast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pose_ros.actor.depth import BODY_HEIGHT
from pose_ros.actor.scene import Scene
from pose_ros.core.topology import COCO17, SIDES, Topology
from pose_ros.core.types import Box, KeypointState, Person

# Points of the actor for keypoints that go by other names.
_NAMES = {
    **{f'{s}_eye_{part}': f'{s}_eye' for s in SIDES for part in ('inner', 'outer')},
    **{f'mouth_{s}': f'{s}_mouth' for s in SIDES},
    **{f'{s}_{finger}': f'{s}_hand' for s in SIDES for finger in ('pinky', 'index')},
    **{f'{s}_thumb': f'{s}_wrist' for s in SIDES},
    **{f'{s}_foot_index': f'{s}_toes' for s in SIDES},
}


@dataclass(frozen=True)
class Errors:
    """How a pose model, its smoothing behind it, errs.

    Lengths are shares of the standing body's height, along each axis. The defaults were measured
    on videos of the actor (standing, gestures, squats, walking, lying down; 130 to 360 px high)
    with the estimator's smoothing. Here joints err independently; models also shift neighbours
    together, which turns no bone. So the errors of a bone count, its two ends against each other,
    over the root of two:

    =================================  ==============  =================
    of the bones from joint to joint   BlazePose full  MoveNet Lightning
    =================================  ==============  =================
    new in every frame                 0.0002          0.0028
    comes and goes                     0.0044          0.0079
    its correlation time [s]           0.35            0.1
    stays for the whole video           0.0068          0.0068
    all together                       0.0081          0.0104
    the same of single joints          0.0098          0.0122
    factor on depth                    3.7             no depth
    factor on hidden joints            0.9             2.5
    share below the threshold          0.004           0.017
    =================================  ==============  =================

    What comes and goes and what stays make one drift here, with a time in between.

    Attributes
    ----------
    noise
        Standard deviation of what is new in every frame.
    drift
        Standard deviation of what comes and goes slowly.
    drift_time
        Time in which the drift loses its memory [s].
    depth
        Factor on the errors of positions along the line of sight.
    hidden
        Factor on the errors of joints that the body itself covers.
    dropout
        Share of the keypoints whose score is below the threshold for a frame.
    head
        Share of the error that keypoints of the head have of their own; the rest they have in
        common: the direction of a resting face comes and goes by 0.5 to 1 deg with BlazePose,
        by 4 to 6 deg with MoveNet.
    """

    noise: float = 0.003
    drift: float = 0.008
    drift_time: float = 0.8
    depth: float = 3.5
    hidden: float = 2.0
    dropout: float = 0.015
    head: float = 0.35


@dataclass(frozen=True, eq=False)
class SkeletonFrame:
    """The people of one moment, seen with errors.

    Attributes
    ----------
    stamp
        Time since the scene's beginning [s].
    people
        Those in the image, with ids 1, 2, … in the order of the scene's actors.
    motions
        What each actor of the scene is doing, whether in the image or not.
    truths
        True points of each actor by name, [3] in pixels, z away from the camera.
    """

    stamp: float
    people: tuple[Person, ...]
    motions: tuple[str, ...]
    truths: tuple[dict[str, np.ndarray], ...]


def skeletons(
    scene: Scene,
    seed: int = 0,
    topology: Topology = COCO17,
    errors: Errors | None = None,
    world: bool = False,
) -> Iterator[SkeletonFrame]:
    """Skeletons of a scene from its beginning to its end; the same seed gives the same ones.

    Parameters
    ----------
    scene
        Light, background and the images' noise do not matter.
    seed
        Of the errors and the sway.
    topology
        The keypoint format.
    errors
        Of the model that is imitated.
    world
        Whether people have positions in metres.
    """
    rng = np.random.default_rng(seed)
    phases = rng.uniform(0, 2 * np.pi, len(scene.actors)).tolist()
    models = [ModelView(topology, errors or Errors(), scene.fps, rng) for _ in scene.actors]
    size = scene.width, scene.height
    for index in range(scene.frame_count):
        time = index / scene.fps
        played = [actor.at(time, phase) for actor, phase in zip(scene.actors, phases)]
        seen = (
            model.see(
                figure.points, figure.hidden, figure.height, size, track_id=number, world=world
            )
            for number, (model, (figure, _)) in enumerate(zip(models, played), start=1)
        )
        yield SkeletonFrame(
            time,
            tuple(person for person in seen if person is not None),
            tuple(label for _, label in played),
            tuple(figure.points for figure, _ in played),
        )


class ModelView:
    """One body as a pose model sees it, with the errors of the model.

    Parameters
    ----------
    topology
        The keypoint format.
    errors
        Of the model.
    rate
        Frames per second.
    rng
        Draws the errors.
    """

    def __init__(
        self, topology: Topology, errors: Errors, rate: float, rng: np.random.Generator
    ) -> None:
        self._topology, self._errors, self._rate, self._rng = topology, errors, rate, rng
        self._drift = rng.normal(size=(len(topology), 3))
        self._points = [_NAMES.get(name, name) for name in topology.keypoint_names]
        # Where in the format COCO's joints are: only of those is it known what hides them.
        shared = [name for name in topology.keypoint_names if name in COCO17.keypoint_names]
        self._shared = [topology.index(name) for name in shared]
        self._coco = [COCO17.index(name) for name in shared]
        head = ('nose', 'eye', 'ear', 'mouth')
        self._head = [
            i for i, name in enumerate(topology.keypoint_names) if any(p in name for p in head)
        ]
        self._hips = [topology.index('left_hip'), topology.index('right_hip')]

    def see(
        self,
        points: Mapping[str, np.ndarray],
        hidden: np.ndarray,
        height: float,
        size: tuple[int, int],
        *,
        track_id: int = 1,
        world: bool = False,
    ) -> Person | None:
        """Person as the model sees the body; None if no joint is in the image.

        Parameters
        ----------
        points
            Name to point [3] in pixels of the image, z away from the camera.
        hidden
            [17], bool: COCO's joints that the body itself covers.
        height
            Of the standing body [px].
        size
            (width, height) of the image [px].
        track_id
            The person's.
        world
            Whether the person has positions in metres.
        """
        errors, count = self._errors, len(self._topology)
        true = np.array([points[name] for name in self._points])
        covered = np.zeros(count, dtype=bool)
        covered[self._shared] = hidden[self._coco]
        seen = true + self._error(covered) * height
        inside = ((seen[:, :2] >= 0) & (seen[:, :2] < size)).all(axis=1)
        missing = self._rng.uniform(size=count) < errors.dropout
        if not inside.any():
            return None
        states = np.where(inside, KeypointState.OBSERVED, KeypointState.PREDICTED)
        states[missing] = KeypointState.BELOW_THRESHOLD
        scores = np.where(missing, 0.1, np.where(covered, 0.6, 0.9)).astype(np.float32)
        metres = (seen - seen[self._hips].mean(axis=0)) / height * BODY_HEIGHT
        keypoints = seen[:, :2].astype(np.float32)
        return Person(
            self._topology,
            keypoints,
            scores,
            states.astype(np.uint8),
            float(scores.mean()),
            Box.around(keypoints[inside]),
            track_id,
            world=metres.astype(np.float32) if world else None,
        )

    def _error(self, hidden: np.ndarray) -> np.ndarray:
        """Error of the points [K, 3] in a new frame [heights]."""
        errors = self._errors
        keeps = float(np.exp(-1 / (self._rate * errors.drift_time)))
        fresh, noise = self._rng.normal(size=(2, *self._drift.shape))
        self._drift = keeps * self._drift + np.sqrt(1 - keeps**2) * fresh
        error: np.ndarray = noise * errors.noise + self._drift * errors.drift
        error[hidden] *= errors.hidden
        nose, *others = self._head
        error[others] *= errors.head
        error[others] += np.sqrt(1 - errors.head**2) * error[nose]
        error[:, 2] *= errors.depth
        return error
