"""Hands of tracked people and hands alone, from frame to frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
import math
from pathlib import Path
import time

import numpy as np

from pose_ros.core.hands.hand_region import region_from_pose
from pose_ros.core.models.hand import (
    HandLandmarker,
    HandLandmarks,
    HandRecropper,
    PalmDetector,
    region_from_landmarks,
)
from pose_ros.core.topology import SIDES, Side
from pose_ros.core.tracking.smoothing import NoSmoothing, Smoother
from pose_ros.core.types import Crop, Frame, Person, TrackedHand

# Largest differences between the region of the last landmarks and that of the pose at which the
# former is used: rotation [rad]; distances of centres and of wrists, in sides of the latter.
# MediaPipe refines the region of the pose in each frame, for 1 ms more per hand; with these limits
# we come nearest to its results on clips of a signer and of a person who waves.
_MAX_TURN, _MAX_SHIFT, _MAX_WRIST_SHIFT = math.radians(50), 0.25, 0.15
# Frames between two searches for a hand that is not tracked, in turns with the other one.
_LOST_INTERVAL = 2
# Keypoints of one hand, seen twice, differ less than this on average, in sides of its region; an
# estimate: a quarter of the hand.
_SAME_HAND = 0.12
# A hand alone belongs to the person whose wrist is nearer than this, in sides of its region; an
# estimate: the length of a palm.
_AT_WRIST = 0.35
# Frames between two searches for hands alone.
_SEARCH_INTERVAL = 5
# Maximum time between two frames of a tracked hand [s].
_TIMEOUT = 0.5


@dataclass(frozen=True)
class _Track:
    """A hand of the last frame; `side` is None for a hand without a person."""

    id: int
    stamp: float
    keypoints: np.ndarray
    skeleton_id: int = 0
    side: Side | None = None


class HandTracker:
    """Finds the hands in a sequence of frames whose people are known.

    Parameters
    ----------
    files
        Model files by role: landmarks, recrop, palm.
    threads
        Number of CPU threads.
    everywhere
        Whether hands without bodies are looked for, too.
    smoothers
        Makes the smoothers of the keypoints [px] and of the world points [m] of one hand.

    Attributes
    ----------
    hand_time
        Time per hand of the last frame [s].
    duration
        Time of the last frame [s].
    """

    def __init__(
        self,
        files: Mapping[str, Path],
        threads: int = 1,
        everywhere: bool = False,
        smoothers: Callable[[], tuple[Smoother, Smoother]] = lambda: (
            NoSmoothing(),
            NoSmoothing(),
        ),
    ) -> None:
        self._make_smoothers = smoothers
        self._landmarker = HandLandmarker(files['landmarks'], threads)
        self._recropper = HandRecropper(files['recrop'], threads)
        self._palms = PalmDetector(files['palm'], threads) if everywhere else None
        self.hand_time = self.duration = 0.0
        self._ids = count(1)
        self._looks = 0
        self.reset()

    def reset(self) -> None:
        """Forget all hands."""
        self._tracks: list[_Track] = []
        self._smoothers: dict[int, tuple[Smoother, Smoother]] = {}
        self._frames = 0

    def find(self, frame: Frame, people: Sequence[Person], max_people: int) -> list[TrackedHand]:
        """Hands in a frame.

        Parameters
        ----------
        frame
            The frame; without a stamp nothing is remembered.
        people
            Of this frame, the most important first.
        max_people
            Number of people whose hands are looked for. As many hands alone are found as these
            people could have.

        Returns
        -------
        list of TrackedHand
            Those of people first.
        """
        started, self._looks = time.perf_counter(), 0
        single = frame.stamp is None
        tracks = [] if single else self._tracks
        tracks = [t for t in tracks if abs(frame.time - t.stamp) <= _TIMEOUT]
        hands = list(self._of_people(frame, people[:max_people], tracks))
        if self._palms is not None:
            hands += self._alone(frame, people, tracks, 2 * max_people)
        hands = _distinct(hands)
        if not single:
            hands = [hand if hand.id else replace(hand, id=next(self._ids)) for hand in hands]
            self._tracks = [_track(hand, frame.time) for hand in hands]
            hands = self._smoothed(hands, frame.time)
            self._frames += 1
        self.duration = time.perf_counter() - started
        if self._looks:
            self.hand_time = self.duration / self._looks
        return hands

    def _smoothed(self, hands: Sequence[TrackedHand], stamp: float) -> list[TrackedHand]:
        """Hands that are steady at rest; each is followed by what was found, not by this."""
        self._smoothers = {
            hand.id: self._smoothers.get(hand.id) or self._make_smoothers() for hand in hands
        }
        smoothed = []
        for hand in hands:
            keypoints, world = (
                smoother.apply(points, stamp, float(np.ptp(points, axis=0).max()))
                for smoother, points in zip(self._smoothers[hand.id], (hand.keypoints, hand.world))
            )
            smoothed.append(
                replace(
                    hand,
                    keypoints=keypoints.astype(np.float32),
                    world=world.astype(np.float32),
                )
            )
        return smoothed

    def _of_people(
        self, frame: Frame, people: Sequence[Person], tracks: Sequence[_Track]
    ) -> Iterator[TrackedHand]:
        for person in people:
            for side in SIDES:
                track = None
                if person.id:
                    key = (person.id, side)
                    track = next((t for t in tracks if (t.skeleton_id, t.side) == key), None)
                region = self._region(frame, person, side, track)
                found = None if region is None else self._look(frame, region)
                if found is not None:
                    yield _hand(found, side, track.id if track else 0, person.id)

    def _region(
        self, frame: Frame, person: Person, side: Side, track: _Track | None
    ) -> Crop | None:
        """Region of a person's hand: that of the last landmarks while the pose agrees."""
        rough = region_from_pose(person, side)
        if rough is None or not person.observed.any() or not frame.shows(rough.centre):
            return None
        if track is not None and _continues(track.keypoints, person, side, rough):
            return region_from_landmarks(track.keypoints)
        is_due = (self._frames + SIDES.index(side)) % _LOST_INTERVAL == 0
        if track is None and frame.stamp is not None and not is_due:
            return None
        return self._recropper.refine(frame, rough)

    def _look(self, frame: Frame, region: Crop) -> HandLandmarks | None:
        """Landmarks of a hand; None if there is none in the region."""
        self._looks += 1
        found = self._landmarker.estimate(frame, region)
        return found if found.score >= self._landmarker.min_score else None

    def _alone(
        self, frame: Frame, people: Sequence[Person], tracks: Sequence[_Track], limit: int
    ) -> list[TrackedHand]:
        """Hands found without the keypoints of a body."""
        followed = [(region_from_landmarks(t.keypoints), t.id) for t in tracks if t.side is None]
        regions = followed[:limit]
        is_due = frame.stamp is None or self._frames % _SEARCH_INTERVAL == 0
        if is_due and self._palms is not None:
            regions += [(region, 0) for region in self._palms.detect(frame)[:limit]]
        hands = []
        for region, hand_id in regions:
            found = self._look(frame, region)
            if found is None:
                continue
            skeleton_id, side = _owner(found.keypoints[0], people, _AT_WRIST * region.side)
            side = side or ('left' if found.left_score >= 0.5 else 'right')
            hands.append(_hand(found, side, hand_id, skeleton_id))
        return hands[:limit]


def _track(hand: TrackedHand, stamp: float) -> _Track:
    side = hand.side if hand.skeleton_id else None
    return _Track(hand.id, stamp, hand.keypoints, hand.skeleton_id, side)


def _hand(found: HandLandmarks, side: Side, hand_id: int, skeleton_id: int) -> TrackedHand:
    return TrackedHand(
        keypoints=found.keypoints,
        z=found.z,
        world=found.world,
        score=found.score,
        side=side,
        side_score=found.left_score if side == 'left' else 1 - found.left_score,
        id=hand_id,
        skeleton_id=skeleton_id,
    )


def _owner(wrist: np.ndarray, people: Sequence[Person], reach: float) -> tuple[int, Side | None]:
    """Id and side of the person with the nearest wrist within reach [px], or (0, None)."""
    best: tuple[float, int, Side | None] = (reach, 0, None)
    for person in people:
        for side in SIDES:
            number = person.topology.index(f'{side}_wrist')
            if person.observed[number]:
                distance = float(np.hypot(*(person.keypoints[number] - wrist)))
                best = min(best, (distance, person.id, side), key=lambda owner: owner[0])
    return best[1:]


def _continues(keypoints: np.ndarray, person: Person, side: Side, rough: Crop) -> bool:
    """Whether the landmarks of the last frame still fit the region that the pose gives."""
    before = region_from_landmarks(keypoints)
    turn = (before.rotation - rough.rotation + math.pi) % (2 * math.pi) - math.pi
    wrist = person.keypoints[person.topology.index(f'{side}_wrist')]
    return bool(
        abs(turn) <= _MAX_TURN
        and math.dist(before.centre, rough.centre) <= _MAX_SHIFT * rough.side
        and math.dist(keypoints[0], wrist) <= _MAX_WRIST_SHIFT * rough.side
    )


def _distinct(hands: Sequence[TrackedHand]) -> list[TrackedHand]:
    """Hands without those seen twice; the one stays whose side fits better."""
    kept: list[TrackedHand] = []
    for hand in hands:
        side = region_from_landmarks(hand.keypoints).side
        for number, other in enumerate(kept):
            difference = np.hypot(*(hand.keypoints - other.keypoints).T).mean()
            if difference < _SAME_HAND * side:
                fits = hand.skeleton_id and hand.side_score > other.side_score
                # The hand of a person without an id has none either.
                known = hand.id and not (other.id or other.skeleton_id)
                if fits or known:
                    kept[number] = hand
                break
        else:
            kept.append(hand)
    return kept
