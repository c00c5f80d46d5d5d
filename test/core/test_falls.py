"""Falls and what looks like one, on the actor's skeletons."""

from dataclasses import replace

from everyday_scenes import everyday
import numpy as np
import pytest

from pose_ros.actor import SIT, STAND, Action, Actor, Scene, skeletons
from pose_ros.actor.motions.everyday_motions import varied
from pose_ros.actor.motions.fall_motions import (
    FALL_KEYS,
    LOOK_ALIKE_KEYS,
    LOW_FALL_KEYS,
    LYING,
    SEATED,
    Key,
    course,
)
from pose_ros.core.body.height import PartLevels
from pose_ros.core.body.posture import Posture
from pose_ros.core.motion.fall_candidate import FallCandidate
from pose_ros.core.motion.fall_samples import Sample
from pose_ros.core.motion.falls import Fall, FallDetector, FallPhase
from pose_ros.core.motion.observer import Observer
from pose_ros.core.motion.watcher import MotionWatcher, single_observer
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import KeypointState

FPS = 15.0
ONSET = 1.0
FALLEN, FALLING, RECOVERED = FallPhase.FALLEN, FallPhase.FALLING, FallPhase.RECOVERED
CLOSED = FallPhase.CLOSED


def video(keys, facing=0.0, *, height=240.0, seed=0, rest=STAND, pace=1.0, after=2.5, **looks):
    """Skeletons of a person who goes through keys, all of the body in the image."""
    motion = course(keys, facing, pace)
    rest = rest._replace(body=(rest.body[0], rest.body[1] + facing))
    actor = Actor((Action(motion, ONSET),), 1.6 * height, 1.4 * height, height, rest=rest)
    size = {'width': round(3.2 * height), 'height': round(1.5 * height)}
    duration = ONSET + keys[-1].time / pace + after
    return list(
        skeletons(Scene(fps=FPS, duration=duration, actors=(actor,), **size), seed, **looks)
    )


def observed(frames):
    """All events, and when they are told."""
    observe = single_observer(FallDetector())
    return [
        (frame.stamp, event) for frame in frames for event in observe(frame.people, frame.stamp)
    ]


def phases(frames):
    return [event.phase for _, event in observed(frames)]


def landing(frames):
    """When head and hips have nearly come to where they stay [s]."""
    levels = [f.truths[0]['head'][1] + f.truths[0]['pelvis'][1] for f in frames]
    return frames[int(np.argmax(np.array(levels) > 0.1 * levels[0] + 0.9 * levels[-1]))].stamp


def cut(frames, start, end, new_id=None):
    """Same video, but the person is unseen for a while, and another one may appear after."""
    for frame in frames:
        people = frame.people
        if start <= frame.stamp < end:
            people = ()
        elif frame.stamp >= end and new_id is not None:
            people = tuple(replace(person, id=new_id) for person in people)
        yield replace(frame, people=people)


@pytest.mark.parametrize(('number', 'kind'), list(enumerate(FALL_KEYS)))
def test_falls_are_found(number, kind):
    seated = kind in SEATED
    frames = video(
        FALL_KEYS[kind],
        facing=75.0 * number,
        height=(100.0, 240.0, 400.0)[number % 3],
        seed=number,
        rest=SIT if seated else STAND,
        pace=(0.8, 1.0, 1.2)[number // 4],
    )
    told = observed(frames)
    assert [event.phase for _, event in told if event.phase is not FALLING] == [FALLEN]
    stamp, event = told[-1]
    down = landing(frames)
    assert 0 < stamp - down < 2.0
    assert event.landing == pytest.approx(down, abs=0.5)
    assert event.onset == pytest.approx(ONSET + 0.3, abs=0.6)
    assert event.duration == pytest.approx(stamp - event.onset)
    assert 0.5 < event.peak_descent_rate < 2.5
    assert event.confidence > 0.6
    assert not event.lost
    if not seated:
        warning, early = told[0]
        assert early.phase is FALLING
        assert early.landing is None
        assert warning < down + 0.1


@pytest.mark.parametrize(('number', 'kind'), list(enumerate(LOOK_ALIKE_KEYS)))
def test_look_alikes_are_none(number, kind):
    rest = course(LOOK_ALIKE_KEYS[kind]).pose(0.0) if kind in LYING else STAND
    frames = video(LOOK_ALIKE_KEYS[kind], facing=60.0 * number, seed=number, rest=rest, after=1.5)
    assert FALLEN not in phases(frames)


@pytest.mark.parametrize(
    ('kind', 'seed'),
    [('press_ups', s) for s in (9, 10, 28)] + [('lie_on_side_slowly', s) for s in (9, 10)],
)
def test_look_alikes_in_a_hurry_are_none(kind, seed):
    """As others do them, at 1.2 to 1.3 of the usual pace."""
    facing = 40.0 * seed
    motion = varied(course(LOOK_ALIKE_KEYS[kind], facing), np.random.default_rng(seed))
    rest = STAND._replace(body=(0.0, facing))
    actor = Actor((Action(motion, ONSET),), x=384, y=336, height=240, rest=rest)
    scene = Scene(fps=FPS, width=768, height=360, duration=6.5, actors=(actor,))
    assert FALLEN not in phases(skeletons(scene, seed))


def test_who_gets_up_at_once_has_not_fallen():
    down = FALL_KEYS['fall_forwards'][-1].pose
    keys = (Key(0.0, STAND), Key(0.6, down), Key(1.0, down), Key(1.3, STAND), Key(3.0, STAND))
    assert phases(video(keys, facing=90.0)) == [FALLING, RECOVERED]


def test_everyday_life_has_none(measured):
    seconds, warnings = 0, 0
    for seed in (30, 31):
        told = phases(skeletons(everyday(seed, 60.0, 200.0, 6.0), seed))
        assert FALLEN not in told
        warnings += told.count(FALLING)
        seconds += 60
    measured(f'falls: {warnings} false early warnings in {seconds} s of everyday motion')


@pytest.mark.parametrize('facing', [0.0, 90.0])
def test_squats_with_the_feet_out_of_the_image_give_no_warning(facing):
    frames = video(LOOK_ALIKE_KEYS['deep_squats'], facing, seed=3, pace=1.2)
    assert phases(list(hidden(frames, 'ankle'))) == []


@pytest.mark.parametrize('motion', ['leave_right', 'leave_left', 'leave_below', 'walk'])
@pytest.mark.parametrize('height', [240, 420])
def test_leaving_the_image_is_none(motion, height):
    actor = Actor((Action(motion, 0.5, speed=0.9),), height=height)
    frames = list(skeletons(Scene(fps=FPS, duration=6.0, actors=(actor,)), 3))
    assert not frames[-1].people
    assert phases(frames) == []


@pytest.mark.parametrize('facing', [0.0, 90.0])
@pytest.mark.parametrize('kind', ['deep_squats', 'crouch', 'jump', 'press_ups'])
def test_exercises_give_no_warning(kind, facing):
    assert phases(video(LOOK_ALIKE_KEYS[kind], facing, seed=3, pace=1.2)) == []


@pytest.mark.parametrize('facing', [0.0, 60.0, 90.0])
def test_falls_out_of_bed_are_found(facing):
    keys = LOW_FALL_KEYS['fall_out_of_bed']
    frames = video(keys, facing, seed=5, rest=course(keys).pose(0.0))
    (told,) = observed(frames)
    assert told[1].phase is FALLEN
    assert 0.0 < told[0] - landing(frames) < 2.0


def hidden(frames, parts, since=-np.inf, until=np.inf):
    """Same video, but body parts are out of the image for a while."""
    for frame in frames:
        person = frame.people[0]
        index = [i for i, name in enumerate(COCO17.keypoint_names) if name.endswith(parts)]
        states = person.states.copy()
        if since <= frame.stamp < until:
            states[index] = KeypointState.BELOW_THRESHOLD
        yield replace(frame, people=(replace(person, states=states),))


HEAD = ('nose', 'eye', 'ear')


@pytest.mark.parametrize('since', [-np.inf, ONSET + 0.5])
@pytest.mark.parametrize('kind', ['fall_forwards', 'fall_backwards'])
def test_the_head_may_be_out_of_the_image(kind, since):
    frames = video(FALL_KEYS[kind], facing=20.0)
    stamp, event = observed(hidden(frames, HEAD, since))[-1]
    assert event.phase is FALLEN
    assert 0.0 < stamp - landing(frames) < 2.0


def test_head_and_shoulders_may_leave_the_image_on_the_way_down():
    frames = video(FALL_KEYS['fall_forwards'], facing=0.0)
    down = landing(frames)
    stamp, event = observed(hidden(frames, (*HEAD, 'shoulder'), down - 0.1))[-1]
    assert event.phase is FALLEN
    assert event.lost
    assert 0.0 < stamp - down < 2.0


def test_another_posture_alone_is_no_recovery():
    """The knees and feet of a lying person are mistaken for those of one who sits."""
    frames = video(FALL_KEYS['fall_left'], after=4.0)
    down = landing(frames)
    legs = [i for i, name in enumerate(COCO17.keypoint_names) if name.endswith(('knee', 'ankle'))]

    def mistaken(frame):
        person = frame.people[0]
        keypoints = person.keypoints.copy()
        if frame.stamp > down + 1.5:
            keypoints[legs, 1] += 100.0
        return replace(frame, people=(replace(person, keypoints=keypoints),))

    assert phases(map(mistaken, frames)) == [FALLING, FALLEN]


@pytest.mark.parametrize('pace', [0.6, 1.0])
def test_a_body_that_seems_to_sit_where_it_landed_has_fallen(pace):
    """Hips and legs are seen too low for a while, the head stays down."""
    frames = video(FALL_KEYS['fall_left'], pace=pace, after=4.0)
    down = landing(frames)
    hips = [i for i, name in enumerate(COCO17.keypoint_names) if name.endswith('hip')]
    legs = [i for i, name in enumerate(COCO17.keypoint_names) if name.endswith(('knee', 'ankle'))]

    def mistaken(frame):
        person = frame.people[0]
        keypoints = person.keypoints.copy()
        if 0.2 < frame.stamp - down < 0.9:
            keypoints[hips, 1] += 60.0
            keypoints[legs, 1] += 160.0
        return replace(frame, people=(replace(person, keypoints=keypoints),))

    assert phases(map(mistaken, frames)) == [FALLING, FALLEN]


def test_a_head_out_of_the_image_does_not_tell_of_getting_up():
    """In one frame it is seen too high, just before it leaves the image; the legs look bent."""
    frames = video(FALL_KEYS['fall_forwards'], facing=20.0, after=4.0)
    down = landing(frames)
    names = COCO17.keypoint_names
    head = [i for i, name in enumerate(names) if name.endswith(HEAD)]
    legs = [i for i, name in enumerate(names) if name.endswith(('knee', 'ankle'))]
    last = next(frame.stamp for frame in frames if frame.stamp > down + 1.5)

    def mistaken(frame):
        person = frame.people[0]
        keypoints = person.keypoints.copy()
        if frame.stamp >= last:
            keypoints[head, 1] -= 80.0
            keypoints[legs, 1] += 100.0
        return replace(frame, people=(replace(person, keypoints=keypoints),))

    assert phases(hidden(map(mistaken, frames), HEAD, last + 0.01)) == [FALLING, FALLEN]


def test_hands_on_the_floor_when_the_image_changes_are_no_fall():
    frames = video(LOOK_ALIKE_KEYS['pick_up_fast'], facing=90.0, pace=1.3)
    wrists = np.array([frame.truths[0]['left_wrist'][1] for frame in frames])
    for index in np.flatnonzero(wrists > wrists.max() - 10.0):
        gone = replace(frames[-1], people=())
        assert FALLEN not in phases([*frames[: index + 1], gone])


def test_keypoints_of_a_new_person_that_find_their_places_are_no_fall():
    """As of a person whom a model sees twice: seen from the first frame on as they come down."""
    frames = video(LOOK_ALIKE_KEYS['crouch'], facing=30.0)
    low = ONSET + 0.8
    upper = [i for i, name in enumerate(COCO17.keypoint_names) if i < 5 or 'hip' in name]

    def settling(frame):
        (person,) = frame.people
        keypoints = person.keypoints.copy()
        keypoints[upper, 1] -= 70.0 * max(0.0, 1.0 - (frame.stamp - low) / 0.2)
        return replace(frame, people=(replace(person, keypoints=keypoints),))

    crouching = [settling(frame) for frame in frames if low <= frame.stamp < low + 0.6]
    gone = [replace(frame, people=()) for frame in frames if frame.stamp >= low + 0.6]
    assert phases([*crouching, *gone]) == []


class TestOutOfSight:
    """A person whom the tracker loses on the way down."""

    @pytest.fixture
    def frames(self):
        return video(FALL_KEYS['fall_forwards'], facing=60.0)

    def test_for_a_moment(self, frames):
        down = landing(frames)
        events = [event for _, event in observed(cut(frames, down - 0.1, down + 0.5))]
        assert [event.phase for event in events] == [FALLING, FALLEN]
        assert events[-1].lost
        assert events[-1].landing < down + 0.6

    def test_for_good(self, frames):
        down = landing(frames)
        told = observed(cut(frames, down - 0.1, np.inf))
        assert [event.phase for _, event in told] == [FALLING, FALLEN]
        stamp, event = told[-1]
        assert event.lost
        assert event.confidence < 0.7  # no person has seen the landing
        assert stamp - down < 2.0

    def test_found_under_another_id(self, frames):
        down = landing(frames)
        events = [event for _, event in observed(cut(frames, down - 0.1, down + 0.5, new_id=9))]
        assert [(e.phase, e.skeleton_id) for e in events] == [
            (FALLING, 1),
            (CLOSED, 1),  # so that no one takes 1 for falling for ever
            (FALLEN, 9),
        ]
        assert len({event.onset for event in events}) == 1
        assert [event.lost for event in events] == [False, True, True]
        assert events[2].confidence > 0.5

    def test_found_under_another_id_after_the_alarm(self, frames):
        down = landing(frames)
        events = [event for _, event in observed(cut(frames, down - 0.1, down + 1.6, new_id=9))]
        assert [(e.phase, e.skeleton_id) for e in events] == [
            (FALLING, 1),
            (FALLEN, 1),
            (CLOSED, 1),
            (FALLEN, 9),
        ]
        assert len({event.onset for event in events}) == 1

    def test_and_gets_up_under_that_id(self, frames):
        end = FALL_KEYS['fall_forwards'][-1].time
        up = [replace(key, time=key.time + end) for key in LOOK_ALIKE_KEYS['get_up'][1:]]
        frames = video((*FALL_KEYS['fall_forwards'], *up), facing=60.0)
        down = landing(video(FALL_KEYS['fall_forwards'], facing=60.0))
        events = [event for _, event in observed(cut(frames, down - 0.1, down + 0.5, new_id=9))]
        assert (events[-1].phase, events[-1].skeleton_id) == (RECOVERED, 9)
        assert events[-1].confidence > 0.5

    def test_a_warning_ends_even_if_no_one_is_seen_again(self, frames):
        # Without legs in sight an absence is no evidence: so people walk out below.
        down = landing(frames)
        legs = [
            COCO17.index(f'{s}_{part}') for s in ('left', 'right') for part in ('knee', 'ankle')
        ]

        def legless(person):
            states = person.states.copy()
            states[legs] = KeypointState.BELOW_THRESHOLD
            return replace(person, states=states)

        shown = [replace(f, people=tuple(map(legless, f.people))) for f in frames]
        shown = list(cut(shown, down - 0.1, np.inf))
        later = [replace(shown[-1], stamp=shown[-1].stamp + 10.0)]
        told = observed([*shown, *later])
        assert [event.phase for _, event in told] == [FALLING, CLOSED]

    def test_another_person_who_comes_in_is_another_person(self, frames):
        down = landing(frames)
        upright = video((Key(0.0, STAND), Key(9.0, STAND)))
        joined = [
            replace(before, people=tuple(replace(p, id=2) for p in after.people))
            if before.stamp > down + 0.3
            else before
            for before, after in zip(cut(frames, down - 0.1, np.inf), upright)
        ]
        events = [event for _, event in observed(joined)]
        assert {event.skeleton_id for event in events} == {1}

    @pytest.mark.parametrize('order', [1, -1])
    def test_a_person_low_who_comes_in_beside_is_another_person(self, frames, order):
        """In whatever order the two are told."""
        lying = frames[-1].people[0]
        upright = video((Key(0.0, STAND), Key(3.0, STAND)))
        shown = [
            replace(f, people=(f.people + (replace(lying, id=2),) * (f.stamp > 1.0))[::order])
            for f in upright
        ]
        assert phases(shown) == []

    def test_before_anything_happens(self, frames):
        assert phases(cut(frames, 0.8, np.inf)) == []


def test_whoever_gets_up_again_has_recovered():
    keys = FALL_KEYS['fall_backwards']
    end = keys[-1].time
    up = tuple(replace(k, time=k.time + end) for k in LOOK_ALIKE_KEYS['get_up'])
    told = phases(video((*keys, *up[1:]), facing=40.0))
    assert told == [FALLING, FALLEN, RECOVERED]


@pytest.mark.parametrize('kind', ['fall_backwards', 'onto_knees'])
@pytest.mark.parametrize('facing', [0.0, 90.0])
def test_sinking_slowly_to_the_floor_is_a_fall(kind, facing):
    frames = video(FALL_KEYS[kind], facing=facing, pace=0.25, after=2.5)
    ((stamp, event),) = observed(frames)
    assert event.phase is FALLEN
    assert 0 < stamp - landing(frames) < 2.0


def unseen(frames, hidden):
    """Same video, with keypoints below the threshold in some frames: names for a stamp."""
    for frame in frames:
        (person,) = frame.people
        states = person.states.copy()
        states[[COCO17.index(name) for name in hidden(frame.stamp)]] = (
            KeypointState.BELOW_THRESHOLD
        )
        yield replace(frame, people=(replace(person, states=states),))


def test_lying_people_who_are_seen_badly_have_fallen():
    frames = video(FALL_KEYS['fall_backwards'], facing=40.0)
    down = landing(frames)
    hips = ('left_hip', 'right_hip')
    blind = unseen(frames, lambda t: hips if t > down and round(t * FPS) % 6 else ())
    told = observed(blind)
    assert [event.phase for _, event in told] == [FALLING, FALLEN]
    assert told[-1][0] - down < 2.0


@pytest.mark.parametrize('kind', ['fall_forwards', 'fall_backwards'])
def test_the_hips_may_leave_the_image_when_a_slow_fall_ends(kind):
    frames = video(FALL_KEYS[kind], facing=20.0, pace=0.5)
    down = landing(frames)
    hips = ('left_hip', 'right_hip')
    told = observed(unseen(frames, lambda t: hips if t > down + 0.1 else ()))
    stamp, event = told[-1]
    assert event.phase is FALLEN
    assert not event.lost
    assert 0.0 < stamp - down < 2.0


def test_the_lowest_point_of_a_push_up_is_no_fall():
    # As in a video of a person who was never seen standing, so the height is too small: levels in
    # body heights.
    plank = PartLevels(
        x=0.0, head=0.0, shoulders=0.08, hips=0.1, knees=0.21, ankles=0.3, wrists=0.33, feet_x=0.8
    )
    low = Sample(
        1.0, replace(plank, head=0.38, shoulders=0.36, hips=0.33), Posture.LYING, 0.0, True
    )
    push_up = FallCandidate(0.0, plank, 1.0, peak=0.5)
    assert push_up.is_low(low)
    assert not push_up.is_fall(1.0, low)
    # Unless the descent began before, from a body that was upright.
    assert replace(push_up, goes_on=True).is_fall(1.0, low)
    on_knees = replace(plank, wrists=0.1)
    assert FallCandidate(0.0, on_knees, 1.0, peak=0.5).is_fall(1.0, low)


@pytest.mark.parametrize('edge', [320.0, 420.0])
def test_people_who_walk_on_below_a_high_camera_have_not_fallen(edge):
    """Their hips leave the image before the head, the knees seem to stay; or all goes at once."""
    stands, *_ = FALL_KEYS['fall_forwards']
    knees = [COCO17.index(name) for name in ('left_knee', 'right_knee')]
    frames = []
    for frame in video((stands, replace(stands, time=1.0)), after=3.5):
        (person,) = frame.people
        down = 160.0 * max(0.0, frame.stamp - 1.5)
        keypoints = person.keypoints + np.array([0.0, down], np.float32)
        keypoints[knees, 1] = keypoints[knees, 1].clip(max=edge)
        states = person.states.copy()
        states[keypoints[:, 1] > edge] = KeypointState.BELOW_THRESHOLD
        moved = replace(person, keypoints=keypoints, states=states)
        seen = moved.observed[0] and (edge < 400.0 or down < 200.0)
        frames.append(replace(frame, people=(moved,) if seen else ()))
    assert not frames[-20].people
    assert FALLEN not in phases(frames)


def test_push_ups_that_are_unseen_for_a_while_are_no_fall():
    frames = video(LOOK_ALIKE_KEYS['press_ups'], facing=90.0)
    end = frames[-1].stamp
    for start in np.arange(end - 7, end - 3, 0.5):
        assert FALLEN not in phases(cut(frames, start, start + 1.5))


def test_people_who_go_down_and_up_again_and_again_have_not_fallen_when_they_are_lost():
    fall = FALL_KEYS['fall_backwards']
    squats = LOOK_ALIKE_KEYS['deep_squats']
    end = squats[-1].time
    both = (*squats, *(replace(k, time=k.time + end + 0.3) for k in fall[1:]))
    frames = video(both, facing=40.0, after=3)
    assert FALLEN not in phases(cut(frames, landing(frames) - 0.1, np.inf))
    alone = video(fall, facing=40.0, after=3)
    assert FALLEN in phases(cut(alone, landing(alone) - 0.1, np.inf))


def test_a_warning_that_comes_to_nothing_is_taken_back():
    told = phases(video(LOOK_ALIKE_KEYS['touch_toes'], facing=90.0, pace=1.3, after=4))
    assert told
    assert told == [FALLING, RECOVERED] * (len(told) // 2)


@pytest.mark.parametrize('kind', ['fall_forwards', 'fall_left', 'collapse'])
def test_a_slow_descent_that_turns_into_a_fall_is_one_fall(kind):
    """A snowboarder goes downhill, out of a panning camera's view of the feet, and then falls."""
    slide, speed = 2.6, 0.1  # [s], [body heights/s]
    start = ONSET + slide
    keys = (Key(0.0, STAND), *(replace(k, time=k.time + slide) for k in FALL_KEYS[kind]))
    feet = [COCO17.index('left_ankle'), COCO17.index('right_ankle')]

    def sliding(frame):
        down = 240.0 * speed * max(frame.stamp - ONSET, 0.0)
        person = frame.people[0]
        states = person.states.copy()
        states[feet] = KeypointState.BELOW_THRESHOLD
        keypoints = person.keypoints + np.float32((0, down))
        return replace(frame, people=(replace(person, keypoints=keypoints, states=states),))

    told = [event for _, event in observed(map(sliding, video(keys, facing=60.0)))]
    # A crouching body without feet in sight gives no warning: a squat looks like it.
    warned = [] if kind == 'collapse' else [FALLING]
    assert [event.phase for event in told] == [*warned, FALLEN]
    assert told[0].onset == told[-1].onset == pytest.approx(start + 0.3, abs=0.7)


def test_a_camera_that_nods_sees_no_fall():
    frames = video((Key(0.0, STAND), Key(2.0, STAND)))
    nodding = []
    for frame in frames:
        down = 150 * np.clip(frame.stamp - 1.0, 0, 0.8)
        people = tuple(
            replace(p, keypoints=p.keypoints + np.float32((0, down))) for p in frame.people
        )
        nodding.append(replace(frame, people=people))
    assert phases(nodding) == []


def test_only_what_is_observed_counts():
    def predicted(frame):
        people = (
            replace(p, states=np.full_like(p.states, KeypointState.PREDICTED))
            for p in frame.people
        )
        return replace(frame, people=tuple(people))

    frames = video(FALL_KEYS['fall_left'])
    assert phases(map(predicted, frames)) == []
    # Predictions of a person lost half-way down are an absence like any other.
    half = landing(frames) - 0.1
    lost = [predicted(frame) if frame.stamp > half else frame for frame in frames]
    assert phases(lost) == phases(cut(frames, half, np.inf)) == [FALLING, FALLEN]


def test_people_without_an_identity_are_left_out():
    frames = video(FALL_KEYS['fall_left'])
    nameless = (replace(f, people=tuple(replace(p, id=0) for p in f.people)) for f in frames)
    assert phases(nameless) == []


def test_time_that_stands_still_or_goes_back():
    frames = video(FALL_KEYS['fall_left'])
    twice = [frame for frame in frames for _ in range(2)]
    assert phases(twice) == phases(frames)
    # Half of a fall, and the clock is set back: no person is known to have stood.
    half = landing(frames)
    later = [replace(f, stamp=f.stamp - 100) for f in frames if f.stamp > half]
    assert FALLEN not in phases([*(f for f in frames if f.stamp <= half), *later])


@pytest.mark.parametrize('late', [0.001, 0.5])
def test_a_late_frame_changes_nothing(late):
    """Nor what it shows, wherever it comes."""
    frames = video(FALL_KEYS['fall_backwards'], facing=40.0)
    standing = frames[0].people
    for index in range(1, len(frames), 4):
        stray = replace(frames[index], stamp=frames[index].stamp - late, people=standing)
        mixed = [*frames[: index + 1], stray, *frames[index + 1 :]]
        assert observed(mixed) == observed(frames)


def test_a_jump_back_closes_a_fall_under_way():
    frames = video(FALL_KEYS['fall_left'])
    (warned,) = [stamp for stamp, event in observed(frames) if event.phase is FALLING]
    begun = [frame for frame in frames if frame.stamp <= warned]
    told = observed([*begun, replace(frames[0], stamp=warned - 100)])
    assert [event.phase for _, event in told] == [FALLING, CLOSED]
    assert told[1][1].onset == told[0][1].onset
    assert 0 < told[1][1].duration < 1.0


@pytest.mark.parametrize('kind', ['collapse', 'onto_seat'])
def test_thirty_three_keypoints_in_space(kind):
    frames = video(FALL_KEYS[kind], facing=30.0, topology=BLAZEPOSE33, world=True)
    assert phases(frames)[-1] is FALLEN


def test_of_two_only_the_one_who_falls():
    falls = Actor((Action(course(FALL_KEYS['collapse']), 1.0),), x=150, height=250)
    stands = Actor('squat', x=450, height=250)
    frames = skeletons(Scene(fps=FPS, duration=5.0, actors=(falls, stands)), 4)
    assert {event.skeleton_id for _, event in observed(frames) if event.phase is FALLEN} == {1}


def test_a_slow_camera_is_enough():
    frames = video(FALL_KEYS['fall_backwards'], facing=90.0)[::3]  # 5 images a second
    assert phases(frames)[-1] is FALLEN


@pytest.mark.parametrize('seen', [('nose', 'left_hip'), COCO17.keypoint_names])
def test_a_person_of_unknown_height_may_leave(seen):
    """Of whom too little is seen, or who is a speck."""
    scale = np.float32(1.0 if len(seen) == 2 else 0.04)
    others = tuple(name for name in COCO17.keypoint_names if name not in seen)
    frames = [
        replace(
            frame, people=tuple(replace(p, keypoints=scale * p.keypoints) for p in frame.people)
        )
        for frame in hidden(video(FALL_KEYS['fall_left']), others)
    ]
    assert phases(cut(frames, 2.0, np.inf)) == []


def test_the_head_may_be_out_of_the_image_from_before_the_height_is_known():
    frames = video(FALL_KEYS['fall_backwards'], facing=20.0)
    legs = ('shoulder', 'elbow', 'wrist', 'knee', 'ankle')
    frames = list(hidden(hidden(frames, HEAD), legs, until=0.2))
    assert phases(frames)[-1] is FALLEN


def lying_under_another_id(frames=30):
    """People 1 and 2 stand and are lost, 2 lies there as 9 from 1.3 s on: (people, stamp)."""
    stands = [
        next(skeletons(Scene(duration=0.1, actors=(Actor('stand', x=at, height=250),)))).people[0]
        for at in (160.0, 330.0)
    ]
    lies = Actor((Action('fall_forwards', -9.0),), x=330.0, height=250)
    lying = next(skeletons(Scene(duration=0.1, actors=(lies,)))).people[0]
    for i in range(15):
        yield [replace(one, id=number) for number, one in enumerate(stands, 1)], i / 15
    for i in range(15, 20):
        yield [], i / 15
    for i in range(20, 20 + frames):
        yield [replace(lying, id=9)], i / 15


def test_who_lies_there_is_the_nearest_of_those_who_are_lost():
    detector = FallDetector()
    observe = single_observer(detector)
    for people, stamp in lying_under_another_id():
        observe(people, stamp)
    assert detector._tracks.keys() == {1, 9}


def test_a_person_under_another_id_has_a_height_of_their_own():
    watcher = MotionWatcher([FallDetector()])
    for people, stamp in lying_under_another_id():
        watcher.observe(people, stamp)
    small = next(
        skeletons(Scene(duration=0.1, actors=(Actor('stand', y=300, height=120),)))
    ).people[0]
    last = people
    for i in range(1, 60):
        back = [replace(small, id=number) for number in (1, 2)]
        watcher.observe([*last, *back], stamp + i / 15)
    heights = {i: body.height.height for i, body in watcher._bodies.items()}
    assert heights[9] == pytest.approx(250, rel=0.15)
    assert heights[1] < 200


@pytest.mark.parametrize('first', ['heights', 'falls'])
def test_the_height_of_a_person_under_another_id_is_known_to_all_observers(first):
    class Heights(Observer):
        name = 'heights'

        def observe(self, body):
            return [body.height]

    observers = sorted([FallDetector(), Heights()], key=lambda one: one.name != first)
    watcher = MotionWatcher(observers)
    shown = [watcher.observe(*frame)['heights'] for frame in lying_under_another_id(frames=1)]
    assert shown[-1] == pytest.approx(shown[14][1:], rel=0.02)


def test_impossible_falls_are_refused():
    with pytest.raises(ValueError, match='confidence must be 0 to 1'):
        Fall(1, FALLEN, 1.5, 0.0, 1.0, 1.0, 1.0)
