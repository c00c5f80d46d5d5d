"""Postures, on the actor's skeletons."""

import pytest

from pose_ros.actor import SIT, STAND, Actor, Scene, skeletons
from pose_ros.core.motion.posture import Posture, PostureReader


@pytest.mark.parametrize(
    ('actor', 'expected'),
    [
        (Actor(), Posture.STANDING),
        (Actor('walk'), Posture.STANDING),
        (Actor((), rest=SIT, facing=60), Posture.SITTING),
        (Actor((), rest=STAND._replace(torso=(0, 100)), facing=40), Posture.BENDING),
        (Actor('fall', start=0), Posture.LYING),
    ],
)
def test_posture(actor, expected):
    reader = PostureReader()
    for frame in skeletons(Scene(duration=3.0, actors=(actor,)), seed=1):
        (state,) = reader.observe(frame.people, frame.stamp)
    assert state.posture == expected
    assert state.confidence > 0.5
