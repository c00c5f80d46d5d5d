"""Every live setting of the estimator reaches the people who are followed already."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.topology import COCO17
from pose_ros.core.types import KeypointState

STEP = 0.1  # [s] between frames
LIVE = {setting.name for setting in fields(EstimatorConfig) if setting.metadata['live']}


class Watching:
    """An estimator that follows people, and a change of one setting while it does."""

    def __init__(self, world, estimator, make_body, change):
        self.world, self.estimator, self.body = world, estimator, make_body
        self._change = change
        self.stamp = 0.0

    def show(self, *people, frames=1):
        """People found in the last of some frames."""
        for _ in range(frames):
            self.stamp += STEP
            found = self.estimator.estimate(self.world.frame(self.stamp, *people))
        return found

    def change(self):
        config = self.estimator.config
        self.estimator.reconfigure(replace(config, **self._change))

    def moved(self):
        """How much of a step of a person to the side is followed at once, 0 to 1."""
        self.show(self.body(x=300.0), frames=8)
        self.change()
        self.show(self.body(x=300.0), frames=3)
        [person] = self.show(self.body(x=320.0))
        return (person.keypoints[0, 0] - 300.0) / 20.0

    def after_absence(self, seconds, **look):
        """Id of a person who comes back."""
        self.show(self.body(), frames=5)
        self.change()
        self.show(frames=round(seconds / STEP))
        [person] = self.show(self.body(**look), frames=4)
        return person.id


def mode(watch):
    people = watch.body(x=200.0), watch.body(x=450.0, shirt='blue')
    watch.show(*people, frames=5)
    watch.change()
    return sorted(person.id for person in watch.show(*people, frames=15))


def max_people(watch):
    people = watch.body(x=200.0), watch.body(x=450.0, shirt='blue')
    watch.show(*people, frames=5)
    watch.change()
    return len(watch.show(*people))


def detector_threshold(watch):
    watch.show(watch.body(x=200.0), frames=5)
    watch.change()
    return len(watch.show(watch.body(x=200.0), watch.body(x=450.0, shirt='blue', score=0.6)))


def detector_interval(watch):
    watch.show(watch.body(), frames=3)
    watch.change()
    watch.show(watch.body(), frames=20)
    return watch.estimator.statistics.detections


def is_seen(watch):
    watch.show(watch.body(), frames=5)
    watch.change()
    return [person.observed.any() for person in watch.show(watch.body())]


def crop_padding(watch):
    watch.show(watch.body(height=100.0), frames=5)
    watch.change()
    watch.show(watch.body(height=100.0))
    _, crop = watch.world.looks[-1]
    return round(crop.side / 94.0, 2)  # twice the way from the hips to the ankles


def jump_threshold(watch):
    watch.show(watch.body(x=300.0), frames=5)
    watch.change()
    watch.show(watch.body(x=340.0))
    return watch.estimator.statistics.reinitialised


def min_hits(watch):
    watch.show(watch.body(), frames=5)
    watch.change()
    return [person.id for person in watch.show(watch.body())]


def coast_time(watch):
    watch.show(watch.body(), frames=5)
    watch.change()
    return len(watch.show())


def lock_timeout(watch):
    watch.show(watch.body(), frames=5)
    watch.estimator.lock('largest')
    watch.change()
    watch.show(frames=20)
    return watch.estimator.locked_id


@dataclass(frozen=True)
class Mistaken:
    """A body of which the model confuses or misplaces keypoints."""

    body: object
    pose: object

    def __getattr__(self, name):
        return getattr(self.body, name)


def fix_left_right(watch):
    watch.show(watch.body(), frames=10)
    watch.change()
    body = watch.body()
    swapped = [COCO17.index(name) for name in _other_side(COCO17.keypoint_names)]
    pose = replace(body.pose, keypoints=body.pose.keypoints[swapped])
    watch.show(Mistaken(body, pose))
    return watch.estimator.statistics.swaps > 0


def _other_side(names):
    swap = {'left': 'right', 'right': 'left'}
    return ['_'.join(swap.get(word, word) for word in name.split('_')) for name in names]


def plausibility(watch):
    watch.show(watch.body(), frames=10)
    watch.change()
    body = watch.body()
    wrist = COCO17.index('left_wrist')
    pose = replace(body.pose, keypoints=body.pose.keypoints.copy())
    pose.keypoints[wrist] += (150.0, -100.0)
    [person] = watch.show(Mistaken(body, pose))
    return KeypointState(person.states[wrist]).name


class NoHands:
    """A tracker of hands that only notes how many people it is asked for."""

    hand_time = duration = 0.0

    def find(self, frame, people, max_people):
        self.asked = max_people
        return []


def max_hands_people(watch):
    watch.estimator._hand_tracker = tracker = NoHands()
    watch.show(watch.body())
    watch.change()
    watch.estimator.find_hands()
    return tracker.asked


# Settings at the start, the change, what is looked at, its value without the change and with it.
CASES = {
    'mode': ({'mode': 'single'}, 'multi', mode, [1], [1, 2]),
    'max_people': ({}, 1, max_people, 2, 1),
    'max_hands_people': ({}, 1, max_hands_people, 2, 1),
    'detector_threshold': ({'detector_interval': 1}, 0.7, detector_threshold, 2, 1),
    'detector_interval': ({'detector_interval': 10}, 1, detector_interval, 3, 21),
    'keypoint_threshold': ({}, 0.95, is_seen, [True], [False]),
    'person_threshold': ({'coast_time': 0.0}, 0.95, is_seen, [True], []),
    'crop_padding': ({'model': 'movenet_lightning'}, 3.0, crop_padding, 1.25, 3.0),
    'jump_threshold': ({}, 0.05, jump_threshold, 0, 1),
    'track_timeout': ({'use_appearance': False}, 0.3, lambda w: w.after_absence(0.6), 1, 2),
    'min_hits': ({'min_hits': 20}, 2, min_hits, [0], [1]),
    'coast_time': ({}, 0.0, coast_time, 1, 0),
    'reid_time': ({}, 0.05, lambda w: w.after_absence(2.0), 1, 2),
    'lock_timeout': ({}, 1.0, lock_timeout, 1, 0),
    'use_appearance': ({}, False, lambda w: w.after_absence(2.0), 1, 2),
    'fix_left_right': ({}, False, fix_left_right, True, False),
    'plausibility': ({}, False, plausibility, 'IMPLAUSIBLE', 'OBSERVED'),
    # ema_alpha is for 30 frames per second, a third of our step.
    'smoothing': ({}, 'ema', Watching.moved, 1.0, 0.97),
    'ema_alpha': ({'smoothing': 'ema'}, 0.1, Watching.moved, 0.97, 0.27),
    'one_euro_min_cutoff': (
        {'smoothing': 'one_euro', 'one_euro_beta': 0.0}, 30.0, Watching.moved, 0.0, 1.0
    ),
    'one_euro_beta': (
        {'smoothing': 'one_euro', 'one_euro_beta': 0.0}, 1000.0, Watching.moved, 0.0, 1.0
    ),
}  # fmt: skip


def test_every_live_setting_has_its_case():
    assert set(CASES) == LIVE


@pytest.mark.parametrize('name', CASES)
@pytest.mark.parametrize('changes', [False, True], ids=['before', 'after'])
def test_a_live_setting_acts_on_people_already_followed(
    world, make_estimator, make_body, name, changes
):
    settings, value, look, before, after = CASES[name]
    change = {name: value} if changes else {}
    watch = Watching(world, make_estimator(**settings), make_body, change)
    expected = after if changes else before
    if isinstance(expected, float):
        expected = pytest.approx(expected, abs=0.06)
    assert look(watch) == expected


def test_settings_that_are_refused_change_nothing(world, make_estimator, make_body):
    estimator = make_estimator()
    watch = Watching(world, estimator, make_body, {})
    watch.show(make_body(), frames=4)
    before = estimator.config
    for check in (estimator.check, estimator.reconfigure):
        with pytest.raises(ValueError, match='threads cannot change while running'):
            check(replace(before, threads=3, max_people=1))
    assert estimator.config is before
    estimator.check(replace(before, person_threshold=0.95))
    assert np.all(watch.show(make_body())[0].observed)
