"""Render a scene: images with the truth about the people in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pose_ros.actor.background import BACKGROUNDS
from pose_ros.actor.depth import depth_image, positions
from pose_ros.actor.draw import Figure
from pose_ros.actor.scene import Scene


@dataclass(frozen=True, eq=False)
class ActorTruth:
    """The truth about one person in one image.

    Attributes
    ----------
    keypoints
        float32 [17, 2]: COCO's joints (x, y) [px], also where they are covered or outside.
    visible
        bool [17]: in the image and covered neither by a person nor by the own body.
    height
        Of the standing body [px]: the measure for errors.
    motion
        Name of what the person is doing, 'stand' between two actions.
    positions
        float64 [17, 3] [m]: of the joints, in the camera's optical frame; None without
        perspective.
    """

    keypoints: np.ndarray
    visible: np.ndarray
    height: float
    motion: str
    positions: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class ActorFrame:
    """One image with its truth.

    Attributes
    ----------
    image
        uint8 [height, width, 3], RGB; the receiver's own.
    stamp
        Time since the scene's beginning [s].
    people
        One per actor of the scene and in its order, whether in the image or not.
    depth
        float32 [height, width] [m], without errors; None without perspective.
    """

    image: np.ndarray
    stamp: float
    people: tuple[ActorTruth, ...]
    depth: np.ndarray | None = None


class _Noise:
    """Sensor noise: one field made beforehand, laid on at another place in every frame."""

    def __init__(self, shape: tuple[int, ...], level: float, rng: np.random.Generator):
        self._level, self._rng, self._shape = level, rng, shape
        if level > 0:
            field = np.round(rng.normal(0, level, (shape[0] + 64, shape[1] + 64, 3)))
            self._up = np.clip(field, 0, 255).astype(np.uint8)
            self._down = np.clip(-field, 0, 255).astype(np.uint8)

    def add(self, image: np.ndarray) -> None:
        """Add noise in place."""
        if self._level > 0:
            top, left = self._rng.integers(0, 64, 2)
            part = np.s_[top : top + self._shape[0], left : left + self._shape[1]]
            cv2.add(image, self._up[part], dst=image)
            cv2.subtract(image, self._down[part], dst=image)


def frames(scene: Scene, seed: int = 0, focal: float | None = None) -> Iterator[ActorFrame]:
    """Render a scene from its beginning to its end; the same seed gives the same pixels.

    Parameters
    ----------
    scene
        What is rendered.
    seed
        Of the background, the noise and the sway.
    focal
        Focal length of the camera [px]: people are drawn in perspective, as far away as they are
        small, and depth images come along. None: as from very far away.
    """
    rng = np.random.default_rng(seed)
    plate = BACKGROUNDS[scene.background](scene.width, scene.height, rng)
    plate = np.clip(plate * float(scene.brightness), 0, 255).astype(np.uint8)
    noise = _Noise(plate.shape, scene.noise, rng)
    phases = rng.uniform(0, 2 * np.pi, len(scene.actors)).tolist()
    # Sorting keeps the order of those at the same distance.
    order = sorted(range(len(scene.actors)), key=lambda i: -scene.actors[i].distance)
    for index in range(scene.frame_count):
        time = index / scene.fps
        played = [actor.at(time, phase) for actor, phase in zip(scene.actors, phases)]
        middle = (scene.width / 2, scene.height / 2)
        if focal is not None:
            played = [(figure.in_perspective(middle, focal), label) for figure, label in played]
        image = plate.copy()
        figures = [played[i][0] for i in order]
        for figure in figures:
            figure.paint(image, scene.brightness)
        if scene.blur > 0:
            image = cv2.GaussianBlur(image, (0, 0), scene.blur)
        noise.add(image)
        truths = []
        for i, (figure, label) in enumerate(played):
            nearer = [played[other][0] for other in order[order.index(i) + 1 :]]
            visible = _visible(figure, nearer, scene)
            truth = ActorTruth(figure.keypoints.astype(np.float32), visible, figure.height, label)
            if focal is not None:
                truth = replace(truth, positions=positions(figure, middle, focal))
            truths.append(truth)
        depth = None
        if focal is not None:
            depth = depth_image(figures, (scene.width, scene.height), focal)
        yield ActorFrame(image, time, tuple(truths), depth)


def _visible(figure: Figure, nearer: list[Figure], scene: Scene) -> np.ndarray:
    """Mask [17] of the joints that the camera sees."""
    keypoints = figure.keypoints
    inside = (keypoints >= 0) & (keypoints < (scene.width, scene.height))
    visible = inside.all(axis=1) & ~figure.hidden
    for other in nearer:
        visible &= ~other.covers(keypoints).any(axis=0)
    return visible
