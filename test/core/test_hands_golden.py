"""Hands against MediaPipe 0.10.21's own results with the same models."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.hands.hand_tracker import HandTracker
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.types import Frame

GOLDEN = json.loads((Path(__file__).parent / 'mediapipe_hands.json').read_text())
pytestmark = [pytest.mark.model('hand_full'), pytest.mark.test_data('real', 'images')]


def read(test_data, name):
    """Image of a name, or frame of a video as 'video#number'."""
    path, _, number = name.partition('#')
    if not number:
        return Frame(cv2.imread(str(test_data / path)), channels='bgr')
    capture = cv2.VideoCapture(str(test_data / path))
    for _ in range(int(number) + 1):
        image = capture.read()[1]
    return Frame(image, channels='bgr')


def distances(hand, expected):
    return np.hypot(*(hand.keypoints - np.array(expected)[:, :2]).T)


def check(errors, depths):
    """Mean error, share beyond 5 px and mean error of z of all keypoints."""
    assert np.mean(errors) < 0.5
    assert (np.array(errors) > 5).mean() < 0.03
    assert np.mean(depths) < 0.4


def test_hands_of_people_agree_with_mediapipe(test_data):
    config = EstimatorConfig(
        hands='tracked', hand_model='hand_full', detector='blazepose_detector'
    )
    estimator = PoseEstimator(config)
    errors, depths, agree, missing = [], [], [], 0
    for name, expected in GOLDEN['holistic'].items():
        estimator.estimate(read(test_data, name))
        hands = {hand.side: hand for hand in estimator.find_hands()}
        assert hands.keys() <= expected.keys()
        missing += len(expected.keys() - hands.keys())
        for side, hand in hands.items():
            errors.append(distances(hand, expected[side]))
            depths.append(np.abs(hand.z - np.array(expected[side])[:, 2]))
            agree.append(hand.side_score > 0.5)
    check(errors, depths)
    # MediaPipe reports one hand twice in two images: as the left and as the right one.
    assert (len(errors), missing) == (30, 2)
    assert np.mean(agree) > 0.8  # the model's own handedness, by fingers alone


def test_hands_alone_agree_with_mediapipe(test_data):
    tracker = HandTracker(ModelStore().locate('hand_full'), everywhere=True)
    errors, depths, world = [], [], []
    for name, expected in GOLDEN['hands'].items():
        hands = tracker.find(read(test_data, name), [], max_people=2)
        for hand in expected:
            found = min(hands, key=lambda h: distances(h, hand['keypoints']).mean())
            errors.append(distances(found, hand['keypoints']))
            depths.append(np.abs(found.z - np.array(hand['keypoints'])[:, 2]))
            world.append(np.abs(found.world - np.array(hand['world'])))
            # MediaPipe's labels are those of a mirrored image.
            assert found.side == {'Left': 'right', 'Right': 'left'}[hand['label']]
    assert len(errors) == 26
    check(errors, depths)
    assert np.mean(world) < 0.001
