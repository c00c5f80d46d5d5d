"""A hand without a person, as the rules of gestures see it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from pose_ros.core.body.history import Path
from pose_ros.core.body.state import Body, BodyState
from pose_ros.core.topology import COCO17, Side
from pose_ros.core.types import Box, KeypointState, Person, TrackedHand

# Torso (shoulders to hips) over palm (wrist to knuckles) [-]: 0.50 m over 0.09 m, adult
# proportions.
_TORSO = 5.5


class LoneHandMemory:
    """What is remembered of one hand without a person."""

    def __init__(self) -> None:
        self._body = Body()
        self._path = Path()

    def update(self, hand: TrackedHand, stamp: float) -> LoneHand:
        """Take the hand in the next frame; stamps [s] increase."""
        x, y = hand.keypoints[0].tolist()
        self._path.update(stamp, complex(x, -y))
        return LoneHand(self._body, self._path, hand, stamp)


class LoneHand(BodyState):
    """A body of which nothing is seen but one hand.

    Parameters
    ----------
    body
        Memory.
    path
        Of the wrist in the image [px].
    hand
        In this frame, with an id and without a person.
    stamp
        Of the frame [s].
    """

    def __init__(self, body: Body, path: Path, hand: TrackedHand, stamp: float) -> None:
        super().__init__(body, _unseen_person(hand), stamp, [hand])
        self._hand = hand
        self._path = path

    @property
    def id(self) -> int:
        """Id of the hand as a negative number: those of people are positive."""
        return -self._hand.id

    @cached_property
    def scores(self) -> dict[str, float]:
        """Score of the hand."""
        return {f'{self._hand.side}_hand': self._hand.score}

    def wrist_speed(self, side: Side) -> float:
        """Mean speed of the wrist in the image over the last 0.2 s [torsos/s]."""
        return self._path.speed / (_TORSO * max(self.hand(side).size, 1.0))


def _unseen_person(hand: TrackedHand) -> Person:
    """Person of whom no keypoint is seen."""
    count = len(COCO17)
    return Person(
        topology=COCO17,
        keypoints=np.zeros((count, 2), np.float32),
        scores=np.zeros(count, np.float32),
        states=np.full(count, KeypointState.PREDICTED, np.uint8),
        score=hand.score,
        box=Box.around(hand.keypoints),
    )
