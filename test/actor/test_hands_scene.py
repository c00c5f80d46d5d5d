"""The hands that the actor draws are hands to the model, and show their gestures."""

import cv2
import numpy as np
import pytest

from pose_ros.actor import frames
from pose_ros.actor.demo_scenes import hands
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.motion.gestures import Phase
from pose_ros.core.motion.rules import Hand
from pose_ros.core.motion.watcher import MotionWatcher
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Frame

GESTURES = {
    *(('open_palm', 'open_palm'), ('fist', 'fist'), ('victory', 'victory'), ('ok', 'ok')),
    *(('point', 'point'), ('call', 'call'), ('three', 'count_3'), ('four', 'count_4')),
    ('thumb_down', 'thumb_down'),
}


@pytest.mark.model('hand_lite')
def test_a_drawn_hand_close_to_the_camera_shows_its_gesture_without_a_person():
    estimator, watcher = PoseEstimator(EstimatorConfig(hands='all')), MotionWatcher()
    shown = next(one for one in frames(hands(), seed=1) if one.stamp > 1.0 and raised(one))
    wrist = shown.people[0].keypoints[COCO17.index('right_wrist')]
    left, top = np.maximum(wrist.astype(int) - (60, 75), 0)
    image = cv2.resize(shown.image[top : top + 90, left : left + 120], (640, 480))
    found = set()
    for number in range(15):
        people = estimator.estimate(Frame(image, number / 15, 'rgb'))
        motion = watcher.observe(people, number / 15, estimator.find_hands())
        found |= {(g.name, g.skeleton_id, g.hand_id) for g in motion['gestures']}
    assert found == {('open_palm', 0, 1), ('count_5', 0, 1)}


def raised(shown):
    """Whether the right hand is well over its elbow."""
    points = shown.people[0].keypoints
    wrist, elbow = (points[COCO17.index(f'right_{joint}')] for joint in ('wrist', 'elbow'))
    return elbow[1] - wrist[1] > 60


@pytest.mark.model('hand_lite')
def test_each_drawn_hand_shows_its_gesture():
    estimator, watcher = PoseEstimator(EstimatorConfig(hands='tracked')), MotionWatcher()
    started = set()
    for number, shown in enumerate(frames(hands(), seed=1)):
        if number % 2:
            continue
        people = estimator.estimate(Frame(shown.image, shown.stamp, 'rgb'))
        motion = watcher.observe(people, shown.stamp, estimator.find_hands())
        started |= {
            (shown.people[0].motion, gesture.name, gesture.hand)
            for gesture in motion['gestures']
            if gesture.phase is Phase.STARTED
        }
    assert {(shape, name) for shape, name, _ in started} >= GESTURES
    assert {hand for _, _, hand in started} == {Hand.RIGHT}
