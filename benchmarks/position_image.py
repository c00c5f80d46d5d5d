"""Draw the image of docs/positions.md: people measured by depth, seen from three sides.

tools/env.py python benchmarks/position_image.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import typer

from pose_ros.actor import Actor, Clothes, Scene, frames
from pose_ros.actor.depth import BODY_HEIGHT, with_errors
from pose_ros.core.camera import CameraModel
from pose_ros.core.colours import bone_colours
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.drawing import draw_people
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.space.position_estimator import PositionEstimator
from pose_ros.core.space.strategy import CameraView
from pose_ros.core.types import Frame

PATH = Path('docs/images/positions.jpg')
SIZE = (640, 480)
CAMERA = CameraModel.from_field_of_view(*SIZE, 1.05)
VIEW = (430, 480)  # (width, height) of the views from above and aside [px]
SCALE = 100.0  # of these views [px/m]
ACTORS = (
    ('wave_right', 200.0, 2.4, (176, 52, 48)),
    ('t_pose', 400.0, 3.6, (44, 92, 168)),
)


def actors() -> tuple[Actor, ...]:
    """One waves, one behind makes a T."""
    made = []
    for motion, x, distance, shirt in ACTORS:
        height = CAMERA.focal * BODY_HEIGHT / distance
        y = 240 + 0.5 * height
        made.append(
            Actor(
                motion, x=x, y=y, height=height, start=0.0, distance=distance, facing=20.0,
                clothes=Clothes(shirt=shirt),
            )
        )  # fmt: skip
    return tuple(made)


def above(points: np.ndarray) -> np.ndarray:
    """Pixels [..., 2] of places [..., 3] in the view from above: the camera is at the bottom."""
    return np.stack([215 + points[..., 0] * SCALE, 460 - points[..., 2] * SCALE], axis=-1)


def aside(points: np.ndarray) -> np.ndarray:
    """Pixels [..., 2] in the view from the side: the camera is at the left."""
    return np.stack([20 + points[..., 2] * SCALE, 240 + points[..., 1] * 1.3 * SCALE], axis=-1)


def main() -> None:
    """Draw it."""
    estimator, placement = PoseEstimator(EstimatorConfig(mode='multi')), PositionEstimator()
    rng = np.random.default_rng(1)
    for frame in frames(Scene(duration=1.5, fps=8, actors=actors()), 1, CAMERA.focal):
        depth = with_errors(frame.depth, rng)
        view = CameraView(CAMERA, SIZE, frame.stamp, DepthImage(depth, 0.001))
        people = placement.place(estimator.estimate(Frame(frame.image, frame.stamp)), view)
    image = draw_people(frame.image[..., ::-1].copy(), people)
    shade = np.clip((depth - 1500.0) / 3500.0, 0, 1) * 255
    shown = cv2.applyColorMap(255 - shade.astype(np.uint8), cv2.COLORMAP_BONE)
    shown[depth == 0] = (0, 0, 0)
    image[-136:, -180:] = cv2.resize(shown, (180, 136), interpolation=cv2.INTER_AREA)
    views = []
    for project, name in ((above, 'from above'), (aside, 'from the side')):
        canvas = np.full((VIEW[1], VIEW[0], 3), 250, np.uint8)
        cv2.putText(canvas, name, (10, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (90, 90, 90), 1, 16)
        for metres in range(5):
            line = np.array([[-9.0, 9.0, metres], [9.0, -9.0, metres]])
            ends = np.round(project(line)).astype(int).tolist()
            cv2.line(canvas, *ends, (225, 225, 225), 1)
        for truth in frame.people:
            for point in np.round(project(truth.positions)).astype(int).tolist():
                cv2.circle(canvas, point, 4, (170, 170, 170), -1, cv2.LINE_AA)
        for person in people:
            pixels = np.round(project(person.positions.points) * 16)
            colours = bone_colours(person.topology, person.id)[:, ::-1] * 200
            for (a, b), colour in zip(person.topology.edges, colours.tolist()):
                if np.isfinite(pixels[[a, b]]).all():
                    ends = pixels[[a, b]].astype(int).tolist()
                    cv2.line(canvas, *ends, colour, 2, cv2.LINE_AA, 4)
        views.append(canvas)
    cv2.imwrite(str(PATH), np.hstack([image, *views]), [cv2.IMWRITE_JPEG_QUALITY, 82])


if __name__ == '__main__':
    typer.run(main)
