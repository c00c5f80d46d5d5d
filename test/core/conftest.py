"""A small world that fake models see."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.factory import OWN_DETECTOR
from pose_ros.core.finding.top_down import TopDown
from pose_ros.core.models.detector import Detection
from pose_ros.core.models.pose import Pose, PoseModel
from pose_ros.core.topology import COCO17
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.types import Box, Frame

# A standing person in COCO-17's order: x from the middle, y from the ground, in heights.
_STANDING = np.array(
    [
        *((0.0, -0.93), (0.02, -0.95), (-0.02, -0.95), (0.05, -0.94), (-0.05, -0.94)),
        *((0.12, -0.8), (-0.12, -0.8), (0.16, -0.62), (-0.16, -0.62), (0.17, -0.46)),
        *((-0.17, -0.46), (0.08, -0.5), (-0.08, -0.5), (0.08, -0.26), (-0.08, -0.26)),
        *((0.08, -0.03), (-0.08, -0.03)),
    ]
)
_SHIRTS = {
    'red': (180, 40, 40),
    'green': (40, 150, 60),
    'blue': (50, 60, 190),
    'rose': (200, 70, 66),
}


@dataclass(frozen=True)
class Body:
    """A person in the small world, in a shirt of one colour."""

    x: float = 320.0
    y: float = 440.0
    height: float = 300.0
    shirt: str = 'red'
    score: float = 0.9
    hand_up: bool = False

    @property
    def colour(self):
        """RGB."""
        return _SHIRTS[self.shirt]

    @property
    def joints(self):
        """[17, 2] [px]."""
        shape = _STANDING.copy()
        if self.hand_up:
            shape[COCO17.index('left_wrist')] = (0.16, -1.0)
        return ((self.x, self.y) + self.height * shape).astype(np.float32)

    @property
    def box(self):
        return Box.around(self.joints)

    @property
    def pose(self):
        joints = self.joints
        hips = joints[11:13].mean(axis=0)
        circle = np.array([hips, hips - (0, 0.6 * self.height)], np.float32)
        return Pose(joints, np.full(17, self.score, np.float32), self.score, alignment=circle)


def image(bodies, width=640, height=480):
    """RGB image of a dark room with the shirts of people; the later stand in front."""
    image = np.full((height, width, 3), 60, np.uint8)
    for body in bodies:
        torso = cv2.convexHull(body.joints[[5, 6, 12, 11]].round().astype(np.int32))
        cv2.fillConvexPoly(image, torso, body.colour)
    return image


class World(PoseModel):
    """People, and models that see those of them whose shirts show in the frame.

    Attributes
    ----------
    people
        Whom the next frame shows.
    looks
        (stamp, crop) of every look of the pose model.
    views
        (stamp, view) of every run of the detector.
    """

    topology = COCO17
    region = 'keypoints'
    aspect = 1.0
    min_score = min_agreement = 0.5
    min_peak = 0.0
    min_found = 0.25
    sure_score = 0.5
    masks_neighbours = True
    searches_frame = False
    sees_far = sees_alignment = True
    threshold = 0.5
    smallest = 0.05

    def __init__(self):
        self.people = []
        self.looks, self.views = [], []

    def frame(self, stamp, *people):
        """Frame that shows these people from now on."""
        self.people = list(people)
        return Frame(image(people), stamp)

    def _shown(self, frame, view):
        """Those whose shirt shows within a region of the frame."""
        found = []
        for body in self.people:
            middle = body.joints[[5, 6, 11, 12]].mean(axis=0)
            x, y = middle.round().astype(int)
            inside = 0 <= x < frame.width and 0 <= y < frame.height
            near = np.abs(middle - view.centre).max() < view.side / 2
            if inside and near and tuple(frame.image[y, x]) == body.colour:
                found.append((float(np.hypot(*(middle - view.centre))), body))
        return [body for _, body in sorted(found, key=lambda pair: pair[0])]

    def estimate(self, frame, crop, mask=None):
        """Whoever stands nearest to the middle of the crop."""
        self.looks.append((frame.stamp, crop))
        if mask is not None:
            frame = replace(frame, image=frame.image.copy())
            mask.paint(frame.image, np.eye(2, 3))
        shown = self._shown(frame, crop)
        return shown[0].pose if shown else Pose(np.zeros((17, 2)), np.zeros(17), 0.0)

    def detect(self, frame, view=None):
        """Everybody in the view, those in the middle first."""
        self.views.append((frame.stamp, view))
        shown = self._shown(frame, view)
        return [
            Detection(body.box, body.score, body.pose.alignment)
            for body in shown
            if body.score >= self.threshold
        ]

    @property
    def detected(self):
        """Stamps of the frames in which the detector has run."""
        return [stamp for stamp, _ in self.views]


@pytest.fixture
def world():
    """Give a world to look at."""
    return World()


@pytest.fixture
def make_body():
    """Make a person of the small world."""
    return Body


@pytest.fixture
def make_estimator(world, monkeypatch):
    """Make an estimator whose models are those of the small world."""

    def make(second_opinions=False, **settings):
        if not second_opinions:
            monkeypatch.setattr(TopDown, 'second_opinion', lambda *_: 1.0)
        monkeypatch.setattr('pose_ros.core.factory.load_pose_model', lambda *_: world)
        monkeypatch.setattr('pose_ros.core.factory.load_detector', lambda *_: world)
        defaults = {'smoothing': 'none', 'mode': 'multi', 'detector': OWN_DETECTOR}
        settings = defaults | settings
        return PoseEstimator(EstimatorConfig(**settings))

    return make


@pytest.fixture
def sighting_of():
    """Make the observation of a body in a frame of its own, or in one with others."""

    def make(body, stamp=0.0, roi_track=None, behind=(), front=()):
        frame = Frame(image([*behind, body, *front]), stamp)
        return Observation.of(body.pose, frame, COCO17, 0.3, roi_track=roi_track)

    return make
