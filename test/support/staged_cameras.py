"""Cameras on tripods around walking actors: what each sees, as skeletons, and the truth."""

from dataclasses import replace
from math import atan2, pi

import numpy as np

from pose_ros.actor import Action, FloorPose, Walker
from pose_ros.actor.depth import positions
from pose_ros.actor.skeletons import Errors, ModelView
from pose_ros.core.camera import CameraModel
from pose_ros.core.fusion.rays import CameraImage
from pose_ros.core.space.height_strategy import HeightStrategy
from pose_ros.core.space.strategy import CameraView
from pose_ros.core.topology import COCO17

SIZE, RATE = (640, 480), 20.0
MODEL = CameraModel.from_field_of_view(*SIZE, 1.2)
MIDDLE = (SIZE[0] / 2, SIZE[1] / 2)


class Camera:
    """A camera on a tripod that looks at a point of the floor."""

    def __init__(self, name, x, y, at=(0.0, 0.0), seed=1):
        self.name, self.place = name, FloorPose(x, y, atan2(at[1] - y, at[0] - x))
        self._rng = np.random.default_rng(seed)
        self._views, self._height = {}, HeightStrategy()
        self.pose = self._walker(lambda t: self.place).camera_pose(0.0)

    def _walker(self, path):
        return Walker(
            (Action('walk', 0.0),), path=path, camera=lambda t: self.place, focal=MODEL.focal
        )

    def _figure(self, path, time):
        rotation, translation = self.pose
        ahead = (np.array([*path(time)[:2], 1.0]) - translation) @ rotation[:, 2]
        if ahead < 1.0:
            return None
        return self._walker(path).at(time)[0].in_perspective(MIDDLE, MODEL.focal)

    def truth(self, path, time):
        """True joints [17, 3] in the fixed frame."""
        rotation, translation = self.pose
        figure = self._figure(path, time)
        return positions(figure, MIDDLE, MODEL.focal) @ rotation.T + translation

    def image(self, paths, time, metric=True):
        people = []
        for number, path in enumerate(paths, start=1):
            figure = self._figure(path, time)
            if figure is None:
                continue
            view = self._views.setdefault(number, ModelView(COCO17, Errors(), RATE, self._rng))
            person = view.see(figure.points, figure.hidden, figure.height, SIZE, track_id=number)
            if person is not None and person.observed.sum() > 8:
                if metric:
                    placed = self._height.place(person, CameraView(MODEL, SIZE, time))
                    person = replace(person, positions=placed)
                people.append(person)
        return CameraImage(self.name, time, people, MODEL, self.pose, SIZE)


def around(count, distance=4.0):
    angles = np.arange(count) * 2 * pi / (count + 1) + 0.3
    return [
        Camera(f'c{i}', distance * np.cos(a), distance * np.sin(a), seed=i)
        for i, a in enumerate(angles)
    ]
