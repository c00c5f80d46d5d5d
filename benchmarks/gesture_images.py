"""Draw the images of docs/gestures.md: the actor at each gesture, with the skeleton on top.

tools/env.py python benchmarks/gesture_images.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import typer

from pose_ros.actor import Action, Actor, Scene, frames
from pose_ros.actor.motions.gesture_motions import GestureStyle, perform
from pose_ros.core.topology import COCO17

FOLDER = Path('docs/images/gestures')
# Of each gesture the one drawn, and the moments [s] after its onset.
IMAGES = {
    'wave': ('wave_left', (1.25, 1.6)),
    'hand_raised': ('raise_left', (1.5,)),
    'point_left': ('point_left', (1.5,)),
    'point_right': ('point_right', (1.5,)),
    'point_up': ('point_up_left', (1.5,)),
    'point_at_camera': ('point_at_camera_left', (1.5,)),
    'stop': ('stop_left', (1.5,)),
    'come_here': ('come_here_left', (1.35, 1.72)),
    't_pose': ('t_pose', (1.5,)),
    'arms_crossed': ('arms_crossed', (1.5,)),
    'hands_on_hips': ('hands_on_hips', (1.5,)),
    'clap': ('clap', (1.36, 1.58)),
    'bow': ('bow', (1.5,)),
    'head_shake': ('head_shake', (1.25, 1.6)),
    'nod': ('nod', (1.17, 1.5)),
}
WIDTH, HEIGHT, BODY = 220, 250, 225


def drawn(performed: str, time: float) -> np.ndarray:
    """Image (BGR) of a gesture at a time after its onset, with its skeleton."""
    motion = perform(performed, GestureStyle()).motion
    actor = Actor((Action(motion, -time),), x=WIDTH / 2, y=HEIGHT + 55, height=BODY, sway=0.0)
    scene = Scene(WIDTH, HEIGHT, duration=0.03, actors=(actor,), noise=0.0)
    frame = next(iter(frames(scene)))
    image = np.ascontiguousarray(frame.image[..., ::-1])
    points = np.round(frame.people[0].keypoints * 16).astype(int)
    for start, end in COCO17.edges:
        ends = points[start].tolist(), points[end].tolist()
        cv2.line(image, *ends, (60, 220, 60), 1, cv2.LINE_AA, 4)
    for point in points:
        cv2.circle(image, point.tolist(), 2 * 16, (0, 120, 255), -1, cv2.LINE_AA, 4)
    return image


def main() -> None:
    """Draw them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (performed, times) in IMAGES.items():
        image = np.hstack([drawn(performed, time) for time in times])
        cv2.imwrite(str(FOLDER / f'{name}.jpg'), image, [cv2.IMWRITE_JPEG_QUALITY, 82])


if __name__ == '__main__':
    typer.run(main)
