"""Whom to keep to: the choice, and the lock in the small world."""

from dataclasses import replace

import numpy as np
import pytest

from pose_ros.core.topology import BLAZEPOSE33, COCO17, keypoint_map
from pose_ros.core.tracking.lock import LockError, choose
from pose_ros.core.types import KeypointState, Person

SIZE = (640, 480)


@pytest.fixture
def person(make_body):
    """Make a person of an id."""

    def make(number, state=KeypointState.OBSERVED, **looks):
        body = make_body(**looks)
        states = np.full(17, state, np.uint8)
        return Person(COCO17, body.joints, body.pose.scores, states, 0.9, body.box, number)

    return make


def with_state(person, name, state):
    states = person.states.copy()
    states[COCO17.index(name)] = state
    return replace(person, states=states)


class TestChoose:
    def test_by_id(self, person):
        people = [person(3), person(7, x=100.0)]
        assert choose(people, 'id', 7, SIZE) == 7

    def test_the_largest(self, person):
        people = [person(1, height=200.0), person(2, height=260.0), person(3, height=240.0)]
        assert choose(people, 'largest', 0, SIZE) == 2

    def test_the_nearest_to_the_middle(self, person):
        people = [person(1, x=100.0), person(2, x=350.0), person(3, x=250.0)]
        assert choose(people, 'nearest_centre', 0, SIZE) == 2
        # The middle is that of the image, not of the room.
        assert choose(people, 'nearest_centre', 0, (200, 480)) == 1

    def test_the_one_who_raises_a_hand(self, person):
        people = [person(1, height=400.0), person(2, hand_up=True)]
        assert choose(people, 'hand_raised', 0, SIZE) == 2

    def test_the_higher_hand_over_its_shoulder_wins(self, person):
        low = person(1, hand_up=True)
        low.keypoints[COCO17.index('left_wrist'), 1] += 30
        assert choose([low, person(2, hand_up=True)], 'hand_raised', 0, SIZE) == 2

    @pytest.mark.parametrize('joint', ['left_wrist', 'left_shoulder'])
    @pytest.mark.parametrize('state', [KeypointState.PREDICTED, KeypointState.IMPLAUSIBLE])
    def test_a_hand_that_is_not_seen_is_not_raised(self, person, joint, state):
        raising = with_state(person(1, hand_up=True), joint, state)
        with pytest.raises(LockError, match='raises a hand'):
            choose([raising], 'hand_raised', 0, SIZE)

    def test_in_every_format(self, person):
        small = person(2, hand_up=True)
        index = keypoint_map(BLAZEPOSE33, COCO17)

        def spread(values):
            wide = np.zeros((33, *values.shape[1:]), values.dtype)
            wide[index] = values
            return wide

        large = replace(
            small,
            topology=BLAZEPOSE33,
            keypoints=spread(small.keypoints),
            scores=spread(small.scores),
            states=spread(small.states),
        )
        assert choose([large], 'hand_raised', 0, SIZE) == 2

    @pytest.mark.parametrize('method', ['largest', 'nearest_centre', 'hand_raised', 'id'])
    def test_no_one_to_choose(self, person, method):
        strangers = [person(0, hand_up=True), person(0)]
        away = [person(1, KeypointState.PREDICTED)]
        for people in ([], strangers, away):
            with pytest.raises(LockError, match='no person is in view with an id'):
                choose(people, method, 1, SIZE)

    def test_who_has_no_id_or_is_away_is_passed_over(self, person):
        people = [
            person(0, height=400.0),
            person(1, KeypointState.PREDICTED, height=390.0),
            person(2, height=100.0),
        ]
        assert choose(people, 'largest', 0, SIZE) == 2

    def test_an_id_that_is_not_there_is_answered_with_those_that_are(self, person):
        people = [person(3), person(7), person(0), person(9, KeypointState.PREDICTED)]
        for missing in (4, 0, 9):
            with pytest.raises(LockError, match=f'no person {missing} is in view.*: 3, 7$'):
                choose(people, 'id', missing, SIZE)

    def test_no_one_raises_a_hand(self, person):
        with pytest.raises(LockError, match='no one raises a hand'):
            choose([person(1), person(2)], 'hand_raised', 0, SIZE)

    def test_an_unknown_method_lists_the_known(self, person):
        with pytest.raises(
            LockError, match=r"'tallest'.*id, largest, nearest_centre, hand_raised"
        ):
            choose([person(1)], 'tallest', 0, SIZE)


def seen(people):
    """Ids of those of whom something is seen in this frame."""
    return [person.id for person in people if person.observed.any()]


class Watching:
    """An estimator that is shown people at ten frames per second."""

    def __init__(self, world, estimator):
        self.world, self.estimator, self.stamp = world, estimator, 0.0

    def show(self, *people, frames=1):
        for _ in range(frames):
            self.stamp += 0.1
            found = self.estimator.estimate(self.world.frame(self.stamp, *people))
        return found


@pytest.fixture
def watching(world, make_estimator):
    def start(**settings):
        return Watching(world, make_estimator(**settings))

    return start


class TestLock:
    def test_the_locked_comes_first_and_is_kept_where_only_few_can_be(self, watching, make_body):
        small, large = make_body(x=150.0, height=200.0), make_body(x=450.0, shirt='blue')
        watch = watching(max_people=2, detector_interval=1)
        people = watch.show(small, large, frames=5)
        assert [person.id for person in people] == [1, 2]  # the large one is 1
        assert watch.estimator.lock('id', 2) == watch.estimator.locked_id == 2
        assert seen(watch.show(small, large)) == [2, 1]
        watch.estimator.reconfigure(replace(watch.estimator.config, max_people=1))
        assert seen(watch.show(small, large)) == [2]
        assert watch.estimator.locked_seen
        assert watch.estimator.unlock()
        assert seen(watch.show(small, large)) == [1]

    def test_unlock_says_whether_there_was_a_person(self, watching, make_body):
        watch = watching()
        assert not watch.estimator.unlock()
        watch.show(make_body(), frames=3)
        watch.estimator.lock('largest')
        assert watch.estimator.unlock()
        assert (watch.estimator.locked_id, watch.estimator.locked_seen) == (0, False)

    def test_a_lock_that_fails_leaves_the_old_one(self, watching, make_body):
        watch = watching()
        with pytest.raises(LockError):
            watch.estimator.lock('largest')
        watch.show(make_body(), frames=3)
        watch.estimator.lock('largest')
        with pytest.raises(LockError, match='there are: 1'):
            watch.estimator.lock('id', 5)
        assert watch.estimator.locked_id == 1

    @pytest.mark.parametrize('mode', ['single', 'multi'])
    def test_no_one_takes_the_place_of_the_locked(self, watching, make_body, mode):
        me, other = make_body(x=200.0), make_body(x=450.0, shirt='blue')
        watch = watching(mode=mode, detector_interval=1)
        watch.show(me, frames=4)
        watch.estimator.lock('largest')
        # Where they were another stands now.
        people = watch.show(replace(other, x=200.0), frames=30)
        assert 1 not in seen(people)
        assert (watch.estimator.locked_id, watch.estimator.locked_seen) == (1, False)
        if mode == 'single':
            assert people == []
            assert watch.estimator.statistics.people == 1
        people = watch.show(other, me, frames=2)
        assert seen(people)[0] == 1
        assert watch.estimator.locked_seen

    @pytest.mark.parametrize('mode', ['single', 'multi'])
    def test_they_are_taken_again_far_from_where_they_went(self, watching, make_body, mode):
        """Also if a person nearer is there all the time."""
        me = make_body(x=560.0, height=150.0)
        other = make_body(x=300.0, height=380.0, shirt='blue')
        watch = watching(mode=mode, detector_interval=1, lock_timeout=6.0)
        watch.show(me, frames=4)
        watch.estimator.lock('largest')
        watch.show(me, other, frames=2)
        assert 1 not in seen(watch.show(other, frames=45))
        people = watch.show(other, replace(me, x=100.0), frames=6)
        assert seen(people)[0] == 1

    @pytest.mark.parametrize('mode', ['single', 'multi'])
    @pytest.mark.parametrize('clothing', [True, False])
    def test_a_long_absence_ends_the_lock(self, watching, make_body, mode, clothing):
        """Anybody who comes then is a new person, and can be locked."""
        watch = watching(mode=mode, use_appearance=clothing, lock_timeout=4.0)
        estimator = watch.estimator
        watch.show(make_body(), frames=4)
        estimator.lock('largest')
        watch.show(frames=39)
        assert (estimator.locked_id, estimator.statistics.expired_lock) == (1, 0)
        watch.show(frames=2)
        assert (estimator.locked_id, estimator.statistics.expired_lock) == (0, 1)
        assert seen(watch.show(make_body(shirt='blue'), frames=5)) == [2]
        assert estimator.lock('largest') == 2

    @pytest.mark.parametrize('mode', ['single', 'multi'])
    def test_without_clothing_the_locked_is_taken_again_where_they_were(
        self, watching, make_body, mode
    ):
        watch = watching(mode=mode, use_appearance=False, lock_timeout=4.0, reid_time=0.0)
        watch.show(make_body(x=320.0, height=200.0), frames=4)
        watch.estimator.lock('largest')
        watch.show(frames=30)
        # Too far away, and too large.
        others = (make_body(x=20.0, height=150.0), make_body(x=320.0, height=400.0))
        for other in others:
            assert 1 not in seen(watch.show(other))
            assert watch.estimator.locked_id == 1
        assert seen(watch.show(make_body(x=360.0, height=190.0), frames=2)) == [1]
        assert watch.estimator.locked_seen

    def test_reset_lets_go(self, watching, make_body):
        watch = watching(mode='single')
        watch.show(make_body(), frames=3)
        watch.estimator.lock('largest')
        watch.estimator.reset()
        assert (watch.estimator.locked_id, watch.estimator.locked_seen) == (0, False)
        assert seen(watch.show(make_body(), frames=3)) == [2]

    def test_in_single_mode_no_one_else_is_followed(self, watching, make_body):
        me, other = make_body(x=150.0), make_body(x=450.0, height=350.0, shirt='blue')
        watch = watching(mode='single')
        watch.show(me, frames=3)
        watch.estimator.lock('nearest_centre')
        assert seen(watch.show(me, other, frames=5)) == [1]
        assert watch.estimator.statistics.people == 1

    def test_in_single_mode_no_one_else_is_told_of(self, watching, make_body):
        """Not even a person who was followed before, and stands in the middle."""
        me, other = make_body(x=150.0), make_body(x=450.0, height=350.0, shirt='blue')
        watch = watching(detector_interval=1)
        watch.show(me, other, frames=4)
        number = watch.estimator.lock('id', 2)
        watch.estimator.reconfigure(replace(watch.estimator.config, mode='single'))
        assert seen(watch.show(me, other)) == [number]
        for _ in range(10):
            assert 1 not in [person.id for person in watch.show(other)]
        assert seen(watch.show(me, other, frames=2)) == [number]
