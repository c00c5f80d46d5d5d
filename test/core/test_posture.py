"""Postures, on the actor's skeletons."""

from dataclasses import replace

import numpy as np
import pytest

from pose_ros.actor import SIT, STAND, Action, Actor, ActorMotion, Scene, skeletons
from pose_ros.actor.motions.fall_motions import FALL_KEYS, LOOK_ALIKE_KEYS
from pose_ros.core.body.height import HeightEstimator, PartLevels
from pose_ros.core.body.posture import Posture
from pose_ros.core.motion.falls import FallDetector
from pose_ros.core.motion.posture_observer import PostureReader, PostureState
from pose_ros.core.motion.watcher import MotionWatcher, single_observer
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import KeypointState

ON_GROUND = LOOK_ALIKE_KEYS['sit_on_ground'][-1].pose
CROUCH = LOOK_ALIKE_KEYS['crouch'][1].pose
ON_BACK = FALL_KEYS['fall_backwards'][-1].pose
ON_FRONT = FALL_KEYS['fall_forwards'][-1].pose
ON_LEFT = FALL_KEYS['fall_left'][-1].pose
BENT = STAND._replace(torso=(0.0, 80.0))
LEGS = ('left_knee', 'right_knee', 'left_ankle', 'right_ankle')


def video(pose, facing=0.0, *, height=220.0, seconds=0.9, seed=0, **looks):
    """Skeletons of a person who keeps a pose."""
    actor = Actor((), x=480, y=440, height=height, rest=pose, facing=facing)
    return list(skeletons(Scene(960, 480, 10.0, seconds, (actor,)), seed, **looks))


def read(frames):
    """States of the one person, frame by frame."""
    observe = single_observer(PostureReader())
    return [s for frame in frames for s in observe(frame.people, frame.stamp)]


def unseen(frames, names):
    """Same frames, but without some keypoints."""
    for frame in frames:
        people = []
        for person in frame.people:
            states = person.states.copy()
            states[[person.topology.index(name) for name in names]] = KeypointState.BELOW_THRESHOLD
            people.append(replace(person, states=states))
        yield replace(frame, people=tuple(people))


@pytest.mark.parametrize(
    ('facing', 'height'), [(0.0, 110.0), (50.0, 300.0), (90.0, 110.0), (180.0, 300.0)]
)
@pytest.mark.parametrize(
    ('pose', 'expected'),
    [
        (STAND, Posture.STANDING),
        (SIT, Posture.SITTING),
        (BENT, Posture.BENDING),
        (CROUCH, Posture.CROUCHING),
        # At 0 and 180 degrees along the line of sight, with the head or the feet to the camera.
        (ON_BACK, Posture.LYING),
        (ON_FRONT, Posture.LYING),
        (ON_LEFT, Posture.LYING),
    ],
)
def test_postures_in_the_image(pose, expected, height, facing):
    state = read(video(pose, facing, height=height))[-1]
    assert state.posture == expected
    assert state.confidence > 0.35


@pytest.mark.parametrize('facing', [0.0, 45.0, 90.0, 180.0])
@pytest.mark.parametrize(
    ('pose', 'expected'), [(ON_GROUND, Posture.SITTING), (CROUCH, Posture.CROUCHING)]
)
def test_depth_tells_sitting_on_the_ground_from_crouching(pose, expected, facing):
    state = read(video(pose, facing, topology=BLAZEPOSE33, world=True))[-1]
    assert state.posture == expected
    assert state.confidence > 0.55


def test_without_depth_that_is_uncertain_from_the_front():
    for pose in (ON_GROUND, CROUCH):
        assert read(video(pose))[-1].confidence < 0.55


@pytest.mark.parametrize('facing', [0.0, 60.0, 180.0])
def test_who_is_propped_on_the_hands_does_not_lie(facing):
    up, down = (key.pose for key in LOOK_ALIKE_KEYS['press_ups'][2:4])
    assert read(video(up, facing))[-1].posture == Posture.BENDING
    assert read(video(down, facing))[-1].posture == Posture.LYING


@pytest.mark.parametrize(
    ('shoulders', 'hips', 'wrists', 'expected'),
    [
        (80.0, 85.0, 105.0, True),  # as in a press-up, of a person 100 px tall
        (95.0, 96.0, 105.0, False),  # lying, or low in the press-up
        # On the back with the feet to a camera that looks down: the hands lie beside the hips.
        (70.0, 92.0, 95.0, False),
        (80.0, np.nan, 105.0, False),
        (80.0, 85.0, np.nan, False),
    ],
)
def test_propped_on_the_hands(shoulders, hips, wrists, expected):
    nothing = np.nan
    parts = PartLevels(0.0, nothing, shoulders, hips, nothing, nothing, wrists, nothing)
    assert parts.supported_on_hands(100.0) == expected


def test_walking_is_standing():
    actor = Actor('walk', x=200, start=0.0)
    states = read(skeletons(Scene(fps=10, duration=3.0, actors=(actor,)), 1))
    assert {state.posture for state in states} == {Posture.STANDING}


@pytest.mark.parametrize('names', [LEGS, ('left_hip', 'right_hip', *LEGS)])
def test_without_legs_nothing_is_known(names):
    """As behind a desk: standing and sitting look alike."""
    state = read(unseen(video(STAND), names))[-1]
    assert (state.posture, state.confidence) == (Posture.UNKNOWN, 0.0)


def test_thighs_are_enough():
    for pose, expected in ((STAND, Posture.STANDING), (SIT, Posture.CROUCHING)):
        state = read(unseen(video(pose, 60.0), ('left_ankle', 'right_ankle')))[-1]
        assert state.posture == expected or state.confidence < 0.5


def test_a_moment_is_no_posture_and_duration_counts_from_the_change():
    down = ActorMotion(lambda time: CROUCH, ramp=0.2, back=0.2)
    actor = Actor((Action(down, 1.0, 0.5), Action(down, 2.0, 2.0)), facing=60.0)
    frames = list(skeletons(Scene(fps=20, duration=3.5, actors=(actor,)), 2))
    states = read(frames)
    before = [s for f, s in zip(frames, states) if f.stamp < 2.0]
    assert {state.posture for state in before} == {Posture.STANDING}
    assert before[-1].duration == pytest.approx(1.95)
    assert states[-1].posture == Posture.CROUCHING
    assert states[-1].duration == pytest.approx(1.3, abs=0.3)


@pytest.mark.parametrize('motion', ['squats', 'squat_leans_forward', 'lunge'])
@pytest.mark.parametrize('facing', [0.0, 50.0, 90.0])
@pytest.mark.parametrize('world', [False, True])
def test_the_bottom_of_a_squat_is_no_sitting(motion, facing, world):
    actor = Actor((Action(motion, 1.0),), y=440, height=300, facing=facing)
    scene = Scene(fps=15, duration=6.0, actors=(actor,))
    states = read(skeletons(scene, 3, topology=BLAZEPOSE33, world=world))
    assert Posture.SITTING not in {state.posture for state in states}


def test_who_rests_on_a_chair_sits_from_when_the_hips_rest():
    actor = Actor((Action('sit', 1.0),), y=440, height=300, facing=60.0)
    states = read(skeletons(Scene(fps=15, duration=4.5, actors=(actor,)), 3))
    assert states[-1].posture == Posture.SITTING
    assert states[-1].duration == pytest.approx(2.5, abs=0.5)  # it takes a second to sit down


def test_something_is_seen_in_the_end_of_who_never_rests():
    """A new posture at every look, as where the model is unsure, is none for ever."""
    standing, sitting, crouching = (video(p, 60.0)[0].people[0] for p in (STAND, SIT, CROUCH))
    observe = single_observer(PostureReader())
    observe([standing], 0.0)
    shown = [observe([(sitting, crouching)[n % 2]], 0.1 * n)[0].posture for n in range(1, 31)]
    assert shown[15] == Posture.STANDING
    assert Posture.STANDING not in shown[25:]


def test_who_is_only_predicted_or_has_no_identity_is_left_out():
    frame = video(STAND)[0]
    (person,) = frame.people
    observe = single_observer(PostureReader())
    assert observe([replace(person, id=0)], 0.0) == []
    hidden = np.full_like(person.states, KeypointState.PREDICTED)
    assert observe([replace(person, states=hidden)], 0.1) == []
    assert len(observe([person], 0.2)) == 1


def test_a_posture_ends_and_begins_anew_for_who_is_predicted_for_long():
    (person,) = video(STAND)[0].people
    predicted = replace(person, states=np.full_like(person.states, KeypointState.PREDICTED))
    watcher = MotionWatcher([PostureReader()])
    course = [person] * 4 + [predicted] * 15 + [person] * 4
    events = [e for i, one in enumerate(course) for e in watcher.observe([one], i / 10).events]
    events += watcher.finish()
    told = [(e.phase, e.time, round(e.duration, 3)) for e in events]
    assert told == [
        ('started', 0.0, 0.0),
        ('ended', 1.4, 0.3),
        ('started', 1.9, 0.0),
        ('ended', 2.2, 0.3),
    ]


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33])
@pytest.mark.parametrize('pose', [STAND, SIT, ON_BACK, ON_LEFT, CROUCH])
def test_the_standing_height_is_known_in_any_posture(pose, topology):
    for facing in (0.0, 90.0):
        for world in (False, True):
            estimator = HeightEstimator()
            for frame in video(pose, facing, height=200.0, topology=topology, world=world):
                (person,) = frame.people
                height = estimator.update(person, PartLevels.of(person), frame.stamp)
            # In the image, lying along the line of sight shows only arms and shoulders.
            assert height == pytest.approx(200.0, rel=0.25 if world else 0.45)


def test_the_height_follows_whoever_walks_away_but_not_whoever_crouches():
    def heights(pose, shrink):
        estimator = HeightEstimator()
        for frame in video(STAND, height=200.0):
            standing = estimator.update(
                frame.people[0], PartLevels.of(frame.people[0]), frame.stamp
            )
        for later in video(pose, height=200.0)[:15]:
            (person,) = later.people
            near = replace(person, keypoints=person.keypoints * shrink)
            height = estimator.update(near, PartLevels.of(near), frame.stamp + 0.1 + later.stamp)
        return standing, height

    standing, height = heights(STAND, 0.5)
    assert height == pytest.approx(0.5 * standing, rel=0.1)
    standing, height = heights(CROUCH, 1.0)
    assert height > 0.9 * standing


@pytest.mark.parametrize('world', [False, True])
def test_a_speck_has_no_posture(world):
    (person,) = video(STAND, topology=BLAZEPOSE33, world=world)[0].people
    speck = replace(person, keypoints=np.full_like(person.keypoints, 7.0))
    (state,) = single_observer(PostureReader())([speck], 0.0)
    assert (state.posture, state.confidence) == (Posture.UNKNOWN, 0.0)
    assert single_observer(FallDetector())([speck], 0.0) == []


def test_impossible_states_are_refused():
    with pytest.raises(ValueError, match='confidence must be 0 to 1'):
        PostureState(1, Posture.LYING, -0.1, 0.0)
