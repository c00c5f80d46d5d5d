"""Falls and what looks like one, on the actor's skeletons."""

from pose_ros.actor import Action, Actor, Scene, skeletons
from pose_ros.core.motion.falls import FallDetector, FallPhase


def events_of(actor, duration=6.0, seed=0):
    detector = FallDetector()
    return [
        event
        for frame in skeletons(Scene(duration=duration, actors=(actor,)), seed)
        for event in detector.observe(frame.people, frame.stamp)
    ]


def test_a_fall_is_told_while_and_after_it_happens():
    falling, fallen = events_of(Actor((Action('fall', 1.0),), x=260))
    assert [falling.phase, fallen.phase] == [FallPhase.FALLING, FallPhase.FALLEN]
    assert 0.8 < falling.onset < 1.4
    assert falling.landing is None
    assert 1.3 < fallen.landing < 1.9


def test_a_squat_is_no_fall():
    assert events_of(Actor((Action('squat', 1.0),))) == []
