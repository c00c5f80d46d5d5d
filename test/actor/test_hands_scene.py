"""The hands that the actor draws are hands to the model, and show their gestures."""

import pytest

from pose_ros.actor import frames
from pose_ros.actor.demo_scenes import hands
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.motion.gestures import Phase
from pose_ros.core.motion.rules import Hand
from pose_ros.core.motion.watcher import MotionWatcher
from pose_ros.core.types import Frame

GESTURES = {
    *(('open_palm', 'open_palm'), ('fist', 'fist'), ('victory', 'victory'), ('ok', 'ok')),
    *(('point', 'point'), ('call', 'call'), ('three', 'count_3'), ('four', 'count_4')),
    ('thumb_down', 'thumb_down'),
}


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
