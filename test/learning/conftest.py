"""Movements of a few lines, quick to make, and signs by the actor."""

import numpy as np
import pytest

from pose_ros.actor.body import joints
from pose_ros.actor.motions.sign_motions import INVENTED, UNKNOWN, SignStyle
from pose_ros.core.motion.rules import Hand
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, KeypointState, Person
from pose_ros.learning.examples import Example, MotionClass

REST = 0.5  # before and after a sign [s]


@pytest.fixture(scope='session')
def make_example():
    """A person making a sign, without any error of a model but noise."""

    def make(name, rng=None, *, rate=15.0, height=300.0, noise=0.004, world=False):
        rng_or_fixed = rng or np.random.default_rng(0)
        style = SignStyle() if rng is None else SignStyle.of(rng)
        motion, duration = (INVENTED | UNKNOWN)[name].played(style)
        stamps = np.arange(0.0, duration + 2 * REST, 1 / rate)
        poses = [motion.pose(min(max(stamp - REST, 0.0), duration)) for stamp in stamps]
        found = [joints(pose) for pose in poses]
        points = np.array([[one[n] for n in COCO17.keypoint_names] for one in found])
        points += rng_or_fixed.normal(0.0, noise, points.shape)
        people = [
            person(320 + height * moment[:, :2], 1.7 * moment if world else None)
            for moment in points
        ]
        return Example.of(people, stamps.tolist(), name)

    return make


def person(points, world):
    count = len(COCO17)
    states = np.full(count, KeypointState.OBSERVED, np.uint8)
    scores = np.full(count, 0.9, np.float32)
    points = points.astype(np.float32)
    return Person(COCO17, points, scores, states, 0.9, Box(0, 0, 9, 9), 1, world=world)


@pytest.fixture(scope='session')
def make_class(make_example):
    """Class of signs in many styles."""

    def make(name, count, seed=0, mirror='none', *, hand=Hand.BOTH, world=False):
        rng = np.random.default_rng((seed, *name.encode()))
        examples = tuple(
            make_example(name, rng, rate=float(rng.uniform(10, 20)), world=world)
            for _ in range(count)
        )
        return MotionClass(name, hand, mirror, examples)

    return make
