"""Who is who, in a small world of coloured shirts."""

from dataclasses import replace

import numpy as np
import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.topology import COCO17
from pose_ros.core.tracking.clothing import colour_similarity
from pose_ros.core.tracking.identity import Identities
from pose_ros.core.tracking.keypoint_filter import KeypointFilter, Repairs
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.region import WholeFrames
from pose_ros.core.tracking.track import Track
from pose_ros.core.types import KeypointState

STEP = 0.1


@pytest.fixture
def follow(sighting_of):
    """Start following people; shows them at ten frames per second."""

    class Following:
        def __init__(self, **settings):
            config = EstimatorConfig(**({'smoothing': 'none'} | settings))
            self.identities = Identities(
                config,
                lambda config, number, first: Track(
                    number, first, WholeFrames(), KeypointFilter(config, COCO17, Repairs())
                ),
                lambda observation, look: 1.0,
            )
            self.stamp = 0.0

        def show(self, *bodies, frames=1, roi_track=()):
            """Ids of those who own the bodies in the last of these frames; None: no person's.

            The later stand in front.
            """
            for _ in range(frames):
                self.stamp += STEP
                self.identities.forget(self.stamp)
                meant = dict(zip(range(len(bodies)), roi_track))
                observations = [
                    sighting_of(
                        body,
                        self.stamp,
                        meant.get(number),
                        bodies[:number],
                        bodies[number + 1 :],
                    )
                    for number, body in enumerate(bodies)
                ]
                self.identities.update(observations)
            owners = {
                tuple(track.last.centre): track.id
                for track in self.identities.tracks
                if not track.misses
            }
            return [owners.get(tuple(observation.centre)) for observation in observations]

        def away(self, seconds):
            """No one is to be seen."""
            for _ in range(round(seconds / STEP)):
                self.show()

        @property
        def ids(self):
            """Of all who are followed, seen or not."""
            return [track.id for track in self.identities.tracks]

    return Following


class TestConfirmation:
    def test_an_id_comes_with_the_third_sighting(self, follow, make_body):
        people = follow(min_hits=3)
        assert [people.show(make_body()) for _ in range(4)] == [[0], [0], [1], [1]]

    def test_who_was_seen_too_seldom_was_no_one(self, follow, make_body):
        people = follow(min_hits=3)
        people.show(make_body(), frames=2)
        people.show()
        assert people.ids == []
        assert people.show(make_body(), frames=2) == [0]

    def test_one_sighting_is_enough_where_asked_for(self, follow, make_body):
        assert follow(min_hits=1).show(make_body()) == [1]

    def test_one_good_frame_does_not_make_a_doubtful_person_credible(self, follow, make_body):
        people = follow(min_hits=20)
        people.show(make_body(score=0.2), frames=3)
        people.show(make_body(score=0.6))
        [track] = people.identities.tracks
        assert not track.is_credible
        people.show(make_body(score=0.6), frames=3)
        assert track.is_credible

    def test_ids_go_up_in_the_order_of_confirmation(self, follow, make_body):
        people = follow()
        first, second = make_body(x=150.0), make_body(x=450.0, shirt='blue')
        people.show(first)
        people.show(second, first)
        assert people.show(second, first) == [0, 1]
        assert people.show(second, first) == [2, 1]

    def test_ids_are_never_used_again(self, follow, make_body):
        people = follow(use_appearance=False, track_timeout=0.5)
        assert people.show(make_body(), frames=3) == [1]
        people.away(1.0)
        assert people.show(make_body(), frames=3) == [2]
        people.identities.reset()
        assert people.ids == []
        assert people.show(make_body(), frames=3) == [3]


class TestAssignment:
    def test_the_sum_of_likeness_counts_not_the_first_come(self, follow, make_body):
        """The second has walked to where the first was, who went on."""
        people = follow(use_appearance=False)
        # Side by side, a step of 30 px apart: the nearest body is the wrong one for the first.
        people.show(make_body(x=200.0), make_body(x=240.0), frames=3)
        assert people.show(make_body(x=226.0), make_body(x=264.0)) == [1, 2]
        assert people.show(make_body(x=290.0), make_body(x=251.0)) == [2, 1]

    def test_the_order_of_the_sightings_does_not_matter(self, follow, make_body):
        people = follow()
        shirts = ('red', 'green', 'blue')
        bodies = [make_body(x=120.0 + 180 * i, shirt=s) for i, s in enumerate(shirts)]
        assert people.show(*bodies, frames=3) == [1, 2, 3]
        assert people.show(*bodies[::-1]) == [3, 2, 1]
        assert people.show(bodies[1], bodies[0]) == [2, 1]

    def test_everybody_moves_at_once(self, follow, make_body):
        people = follow()
        for step in range(8):
            ids = people.show(
                make_body(x=100.0 + 20 * step),
                make_body(x=300.0 + 20 * step, shirt='green'),
                make_body(x=620.0 - 14 * step, shirt='blue'),
            )
        assert ids == [1, 2, 3]

    @pytest.mark.parametrize('clothing', [True, False])
    def test_a_walk_past_each_other_goes_on(self, follow, make_body, clothing):
        """The farther is hidden for a moment; then speed, or clothes, tell who is who."""
        people = follow(use_appearance=clothing)
        for step in range(21):
            x = 120.0 + 20 * step
            near = make_body(x=x, y=460.0, height=330.0)
            far = make_body(x=640.0 - x, y=430.0, height=280.0, shirt='blue')
            hidden = abs(near.x - far.x) < 45
            ids = people.show(*([near] if hidden else [near, far]))
        assert ids == [1, 2]

    def test_clothes_tell_who_came_out_on_which_side(self, follow, make_body):
        """Both turn back behind a pillar: speed alone gives their ids to each other."""

        def ids(use_appearance):
            people = follow(use_appearance=use_appearance)
            for step in range(21):
                x = 310.0 - 20 * abs(10 - step)
                both = [make_body(x=x), make_body(x=640.0 - x, shirt='blue')]
                found = people.show(*([] if abs(step - 10) < 3 else both))
            return found

        assert ids(use_appearance=True) == [1, 2]
        assert ids(use_appearance=False) == [2, 1]

    def test_no_one_gets_the_id_of_others_by_their_clothes(self, follow, make_body):
        people = follow()
        people.show(make_body(), frames=3)
        assert people.show(make_body(shirt='blue'), frames=3) == [2]
        without = follow(use_appearance=False)
        without.show(make_body(), frames=3)
        assert without.show(make_body(shirt='blue'), frames=3) == [1]

    def test_clothes_of_who_is_covered_are_not_learnt(self, follow, make_body):
        """While blue stands before red, red's clothes look blue."""
        people = follow()
        red, blue = make_body(x=300.0), make_body(x=420.0, shirt='blue')
        people.show(red, blue, frames=3)
        known = {track.id: track.clothing for track in people.identities.tracks}
        people.show(red, replace(blue, x=340.0), frames=8)
        for track in people.identities.tracks:
            np.testing.assert_array_equal(track.clothing, known[track.id])

    def test_clothes_are_not_learnt_where_a_lost_person_is_expected(self, follow, make_body):
        people = follow()
        red, blue = make_body(x=300.0), make_body(x=420.0, shirt='blue')
        people.show(red, blue, frames=3)
        known = people.identities.tracks[0].clothing
        people.show(replace(red, x=380.0), frames=1)
        np.testing.assert_array_equal(people.identities.tracks[0].clothing, known)

    def test_a_visible_person_does_not_take_one_in_the_clothes_of_a_lost_one(
        self, follow, make_body
    ):
        """Red comes out where rose was a moment ago."""
        people = follow()
        red, rose = make_body(x=250.0), make_body(x=340.0, shirt='rose')
        people.show(red, rose, frames=4)
        people.show(rose, frames=4)
        assert people.show(replace(red, x=330.0)) == [1]


class TestNewTracks:
    """A new track may show a person who has an id already."""

    def test_a_lost_person_found_out_of_reach_keeps_the_id(self, follow, make_body):
        for shirt, expected in (('red', 1), ('blue', 2)):
            people = follow(mode='multi')
            people.show(make_body(x=150.0), frames=3)
            assert people.show(make_body(x=450.0, shirt=shirt), frames=3) == [expected]

    def test_in_single_a_jump_is_to_another_person(self, follow, make_body):
        people = follow(mode='single')
        people.show(make_body(x=150.0), frames=3)
        assert people.show(make_body(x=450.0), frames=3) == [2]

    def test_a_person_whose_track_shows_another_one_keeps_the_id(self, follow, make_body):
        people = follow(mode='multi')
        red, blue = make_body(x=150.0), make_body(x=450.0, height=320.0, shirt='blue')
        people.show(red, blue, frames=3)
        people.show(red, replace(blue, x=340.0))
        # Clothes are not learned from people who may be covered.
        rose, blue = make_body(x=160.0, shirt='rose'), replace(blue, x=230.0)
        assert people.show(rose, blue, replace(red, x=450.0), frames=2) == [1, 2, 0]
        assert people.show(rose, blue, replace(red, x=450.0))[1:] == [2, 1]

    def test_people_in_the_same_clothes_keep_their_own_ids(self, follow, make_body):
        people = follow(mode='multi')
        people.show(make_body(x=150.0), frames=3)
        assert people.show(make_body(x=150.0), make_body(x=450.0), frames=3) == [1, 2]

    def test_a_person_half_out_of_the_image_keeps_the_id(self, follow, make_body):
        # Their clothes are not seen any more; someone in the same comes near.
        people = follow(mode='multi')
        people.show(make_body(x=120.0), frames=4)
        leaving = make_body(x=-4.0)
        people.show(make_body(x=60.0))
        people.show(leaving)
        assert people.show(leaving, make_body(x=200.0), frames=4) == [1, 2]

    @pytest.mark.parametrize('appearance', [True, False])
    def test_a_covered_person_does_not_wait_long_for_an_id(self, follow, make_body, appearance):
        people = follow(mode='multi', use_appearance=appearance, lock_timeout=60.0)
        blue = make_body(x=450.0, height=320.0, shirt='blue')
        people.show(make_body(x=150.0), blue, frames=4)
        people.identities.locked_id = 1
        people.away(0.6)
        covered = make_body(x=400.0, shirt='green')
        seconds = people.identities.config.track_timeout + 0.3
        ids = [people.show(covered, blue) for _ in range(round(seconds / STEP))]
        assert all(ids[-1])

    def test_a_covered_person_gets_no_id_while_someone_near_is_lost(self, follow, make_body):
        people = follow(mode='multi')
        red, blue = make_body(x=200.0), make_body(x=300.0, height=320.0, shirt='blue')
        people.show(red, blue, frames=3)
        covered = make_body(x=250.0, shirt='green')
        assert people.show(covered, blue, frames=8) == [0, 2]
        assert people.show(replace(covered, x=120.0), blue) == [3, 2]


class TestGates:
    @pytest.mark.parametrize(
        ('changes', 'same'),
        [
            ({'x': 360.0}, True),
            ({'x': 520.0}, False),
            ({'height': 340.0}, True),
            ({'height': 120.0}, False),
        ],
        ids=['a step', 'too far', 'nearer', 'half as large'],
    )
    def test_too_great_a_step_is_another_person(self, follow, make_body, changes, same):
        people = follow()
        people.show(make_body(), frames=3)
        assert people.show(make_body(**changes)) == [1 if same else 0]

    def test_the_jump_threshold_decides(self, follow, make_body):
        for threshold, expected in ((0.05, 0), (0.5, 1)):
            people = follow(jump_threshold=threshold)
            people.show(make_body(), frames=3)
            assert people.show(make_body(x=360.0)) == [expected]

    def test_after_a_gap_the_reach_is_wider_but_not_endless(self, follow, make_body):
        small = make_body(x=100.0, height=150.0)
        for far, expected in ((60.0, 1), (500.0, 0)):
            people = follow(use_appearance=False)
            people.show(small, frames=3)
            people.away(0.4)
            assert people.show(replace(small, x=100.0 + far)) == [expected]

    @pytest.mark.parametrize(('height', 'expected'), [(160.0, 1), (100.0, 0)])
    def test_after_a_gap_a_thing_of_another_size_is_no_person(
        self, follow, make_body, height, expected
    ):
        people = follow(use_appearance=False)
        person = make_body()
        people.show(person, frames=3)
        people.away(0.4)
        # With the torso in the same place.
        assert people.show(replace(person, height=height, y=440 - 0.5 * (300 - height))) == [
            expected
        ]
        assert people.show(person, frames=2) == [1]


class TestMemory:
    def test_within_max_gap_the_place_is_enough(self, follow, make_body):
        for away, expected in ((0.7, [1]), (1.3, [2])):
            people = follow(use_appearance=False, track_timeout=1.0)
            people.show(make_body(), frames=3)
            people.away(away)
            assert people.show(make_body(), frames=3) == expected

    def test_after_max_gap_the_clothes_tell(self, follow, make_body):
        for shirt, expected in (('red', [1]), ('blue', [2])):
            people = follow(track_timeout=1.0, reid_time=3.0)
            people.show(make_body(), frames=3)
            people.away(2.0)
            assert people.ids == [1]
            assert people.show(make_body(shirt=shirt), frames=3) == expected

    def test_after_max_gap_a_place_alone_tells_nothing(self, follow, make_body):
        """Of who comes in at the edge the clothes are not to be seen."""
        at_the_edge = make_body(x=-4.0)
        for away, expected in ((0.6, 1), (2.0, 0)):
            people = follow(track_timeout=1.0, reid_time=3.0)
            people.show(make_body(x=60.0), frames=3)
            people.away(away)
            assert people.show(at_the_edge) == [expected]

    def test_after_reid_time_all_is_forgotten(self, follow, make_body):
        people = follow(track_timeout=1.0, reid_time=3.0)
        people.show(make_body(), frames=3)
        people.away(3.3)
        assert people.ids == []
        assert people.show(make_body(), frames=3) == [2]

    def test_a_memory_shorter_than_the_gap_does_not_shorten_it(self, follow, make_body):
        people = follow(track_timeout=1.0, reid_time=0.0)
        people.show(make_body(), frames=3)
        people.away(0.7)
        assert people.show(make_body()) == [1]

    def test_the_locked_is_remembered_for_the_lock_timeout(self, follow, make_body):
        people = follow(reid_time=1.0, lock_timeout=5.0)
        people.show(make_body(x=150.0), make_body(x=450.0, shirt='blue'), frames=3)
        people.identities.locked_id = 2
        people.away(4.0)
        assert people.ids == [2]
        people.away(1.5)
        assert people.ids == []

    def test_who_comes_back_does_not_take_the_place_of_who_is_there(self, follow, make_body):
        """One leaves; the other, in other clothes, walks to where the first was."""
        people = follow()
        red, blue = make_body(x=250.0), make_body(x=400.0, shirt='blue')
        people.show(red, blue, frames=4)
        for x in range(400, 240, -15):
            assert people.show(replace(blue, x=float(x))) == [2]
        assert people.show(replace(blue, x=250.0), frames=5) == [2]

    def test_nor_in_clothes_a_little_alike(self, follow, make_body):
        """By place alone the observation would be the lost one's."""
        people = follow()
        red, rose = make_body(x=300.0), make_body(x=400.0, shirt='rose')
        people.show(red, rose, frames=4)
        known = [track.clothing for track in people.identities.tracks]
        assert 0.35 < colour_similarity(*known) < 0.75
        people.show(rose, frames=2)
        assert people.show(replace(rose, x=330.0)) == [2]

    def test_in_alike_clothes_neither(self, follow, make_body):
        people = follow()
        people.show(make_body(x=250.0), make_body(x=400.0), frames=4)
        for x in range(400, 240, -15):
            assert people.show(make_body(x=float(x))) == [2]


class TestNewcomers:
    def test_the_same_person_seen_twice_is_one(self, follow, make_body):
        people = follow()
        people.show(make_body(), make_body(x=324.0), frames=3)
        assert people.ids == [1]

    def test_only_by_searching(self, follow, make_body):
        """What a region shows of another person makes no newcomer; a search does."""
        people = follow()
        people.show(make_body(x=150.0), frames=3)
        (number,) = (track.track_id for track in people.identities.tracks)
        other = make_body(x=450.0, shirt='blue')
        assert people.show(other, roi_track=[number], frames=3) == [None]
        assert people.ids == [1]
        assert people.show(other, frames=3) == [2]

    def test_none_where_no_one_else_is_wanted(self, follow, make_body, sighting_of):
        people = follow()
        people.show(make_body(x=150.0), frames=3)
        other = sighting_of(make_body(x=450.0, shirt='blue'), people.stamp + STEP)
        people.identities.update([other], newcomers=False)
        assert people.ids == [1]


class TestStrays:
    def stray(self, people, body):
        """Show a person in the region of the first person followed."""
        number = people.identities.tracks[0].track_id
        people.show(body, roi_track=[number])
        return people.identities.track_switches

    def test_a_region_that_shows_another_person_is_counted(self, follow, make_body):
        people = follow()
        people.show(make_body(x=150.0), frames=3)
        assert self.stray(people, make_body(x=420.0)) == 1

    def test_a_person_in_other_clothes_at_the_same_place_is_counted(self, follow, make_body):
        people = follow()
        people.show(make_body(), frames=3)
        assert self.stray(people, make_body(x=330.0, shirt='blue')) == 1

    def test_it_is_counted_once(self, follow, make_body):
        people = follow()
        people.show(make_body(x=150.0), frames=3)
        self.stray(people, make_body(x=420.0))
        assert self.stray(people, make_body(x=420.0)) == 1

    def test_a_region_that_shows_its_person_is_none(self, follow, make_body):
        people = follow()
        people.show(make_body(), frames=3)
        assert self.stray(people, make_body(x=330.0)) == 0

    def test_continues_says_whether_it_does(self, follow, make_body, sighting_of):
        people = follow()
        people.show(make_body(), frames=3)
        (track,) = people.identities.tracks
        later = people.stamp + STEP
        matches = people.identities.matches
        assert matches(sighting_of(make_body(x=330.0), later, track.track_id))
        assert not matches(sighting_of(make_body(x=330.0), later))
        assert not matches(sighting_of(make_body(x=330.0), later, track.track_id + 1))
        assert not matches(sighting_of(make_body(shirt='blue'), later, track.track_id))


class TestPrediction:
    """Reports of people out of sight."""

    def track(self, follow, make_body, speed=20.0, x=200.0, frames=6, **settings):
        people = follow(**settings)
        for step in range(frames):
            people.show(make_body(x=x + speed * step))
        (track,) = people.identities.tracks
        return track, people.stamp

    def test_they_move_on_and_fade(self, follow, make_body):
        track, now = self.track(follow, make_body)
        seen = track.person(now, 0.5)
        track.misses += 1
        later = [track.person(now + gap, 0.5) for gap in (0.1, 0.2, 0.4)]
        ways = [person.keypoints[:, 0].mean() - seen.keypoints[:, 0].mean() for person in later]
        # At most 200 px/s, and slower by and by.
        assert 12 < ways[0] < ways[1] < ways[2] < 80
        assert [person.id for person in later] == [1, 1, 1]
        assert all((person.states == KeypointState.PREDICTED).all() for person in later)
        for person, left in zip(later, (0.8, 0.6, 0.2)):
            np.testing.assert_allclose(person.scores, left * seen.scores, rtol=1e-4)
            assert person.score == pytest.approx(left * seen.score)
            assert person.box.x - seen.box.x == pytest.approx(
                person.keypoints[0, 0] - seen.keypoints[0, 0], abs=0.01
            )

    def test_not_while_time_stands_still(self, follow, make_body):
        """People out of the frame are not reported as seen in it."""
        track, now = self.track(follow, make_body)
        track.misses += 1
        assert track.person(now, 0.5) is None

    def test_until_the_coast_time(self, follow, make_body):
        track, now = self.track(follow, make_body)
        track.misses += 1
        assert track.person(now + 0.29, 0.3) is not None
        assert track.person(now + 0.31, 0.3) is None
        assert track.person(now + 0.1, 0.0) is None

    def test_not_beyond_the_edge_of_the_image(self, follow, make_body):
        track, now = self.track(follow, make_body, speed=40.0, x=430.0)
        assert track.person(now, 1.0).box.centre[0] > 600
        track.misses += 1
        assert track.person(now + 0.1, 1.0) is None

    def test_who_has_no_id_is_not_predicted(self, follow, make_body):
        track, now = self.track(follow, make_body, frames=2)
        assert track.person(now, 1.0).id == 0
        track.misses += 1
        assert track.person(now + 0.1, 1.0) is None

    def test_what_was_not_observed_stays_so(self, follow, make_body, sighting_of):
        track, now = self.track(follow, make_body, speed=0.0)
        seen = sighting_of(make_body(), now + STEP)
        seen.pose.scores[0] = 0.1
        track.observe(Observation.of(seen.pose, seen.frame, COCO17, 0.3), alone=True)
        track.misses += 1
        states = track.person(now + 2 * STEP, 1.0).states
        assert states[0] == KeypointState.BELOW_THRESHOLD
        assert (states[1:] == KeypointState.PREDICTED).all()
