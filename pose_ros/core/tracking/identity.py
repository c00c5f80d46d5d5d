"""Identities: observations are assigned to tracks, new people get ids of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.models.occlusion import BodyMask
from pose_ros.core.tracking.matching import (
    SAME_CLOTHES,
    clothes_similarity,
    is_in_reach,
    may_be_regained,
    similarity,
)
from pose_ros.core.tracking.observation import Observation, distinct
from pose_ros.core.tracking.similarity import overlap
from pose_ros.core.tracking.track import Track

# A track does not take an observation that another track's clothes fit better by this [-].
_BETTER_CLOTHES = 0.2
# Clothes are learned from people whose box overlaps with no other by this (IoU).
_ALONE = 0.05


class Identities:
    """The tracked people.

    Parameters
    ----------
    config
        Settings; may be replaced at any time.
    make_track
        Makes a new track from the settings, its ``track_id`` and an observation.
    second_opinion
        Second opinion on an observation and the number of opinions before it: evidence from -1
        (no person) to 1 (a person).

    Attributes
    ----------
    tracks
        All tracks, seen in the last frame or not.
    track_switches
        Number of times that the region of a track began to show another person.
    locked_id
        Of the person who is remembered for ``lock_timeout``, 0 = not locked. A lock ends when its
        track is forgotten.
    expired_lock
        Id of the last person whose lock ended so, 0 = none.
    """

    def __init__(
        self,
        config: EstimatorConfig,
        make_track: Callable[[EstimatorConfig, int, Observation], Track],
        second_opinion: Callable[[Observation, int], float],
    ) -> None:
        self.config = config
        if config.mode != 'single':
            import scipy.optimize  # noqa: F401, PLC0415 now, not while two people are waiting
        self.tracks: list[Track] = []
        self.track_switches = 0
        self.locked_id = 0
        self.expired_lock = 0
        self._make_track = make_track
        self._second_opinion = second_opinion
        self._last_track_id = 0
        self._last_id = 0

    def reset(self) -> None:
        """Forget all tracks; ids are not used again."""
        self.tracks.clear()

    def forget(self, stamp: float) -> None:
        """Forget tracks that have not been seen for too long, and with its track the lock."""
        self.tracks = [track for track in self.tracks if stamp - track.stamp <= self._time(track)]
        if self.locked_id and not any(self._is_locked(track) for track in self.tracks):
            self.expired_lock, self.locked_id = self.locked_id, 0

    def matches(self, observation: Observation) -> bool:
        """Whether an observation shows the person in whose region it was found."""
        return any(
            track.track_id == observation.roi_track
            and similarity(track, observation, self.config) > 0
            for track in self.tracks
        )

    def update(self, observations: Sequence[Observation], newcomers: bool = True) -> None:
        """Assign each observation of a frame to a track, or to a new one.

        Parameters
        ----------
        observations
            The surest first; several may show the same person.
        newcomers
            Whether people found by searching may be new.
        """
        # A person found by searching goes before the same one in the region of another track.
        switched = [s.roi_track is not None and not self.matches(s) for s in observations]
        people = distinct(
            [s for _, s in sorted(zip(switched, observations), key=lambda pair: pair[0])]
        )
        people = [_behind(one, people) for one in people]
        owners = self._assign(people)
        found = {track.track_id for track in owners.values()}
        shown = {observation.roi_track for observation in observations} - found
        self.track_switches += sum(t.track_id in shown and not t.misses for t in self.tracks)
        lost = [track for track in self.tracks if track.track_id not in found]
        for track in self.tracks:
            track.misses += 1
        for index, observation in enumerate(people):
            owner = owners.get(index)
            if owner is not None:
                owner.observe(observation, _alone(observation, people, lost))
            elif newcomers and observation.roi_track is None:
                # A person in the region of another track is seen badly: a search will find them.
                self._last_track_id += 1
                owner = self._make_track(self.config, self._last_track_id, observation)
                self.tracks.append(owner)
        for track in list(self.tracks):
            if not track.id and not track.misses:
                self._confirm(track)
        # Seen once or twice and not again: a false detection.
        self.tracks = [track for track in self.tracks if track.id or not track.misses]

    def _assign(self, observations: Sequence[Observation]) -> dict[int, Track]:
        """Owner of each observation by its index: those with an id choose first."""
        if len(self.tracks) == len(observations) == 1:
            owner = self.tracks[0]
            return {0: owner} if similarity(owner, observations[0], self.config) > 0 else {}
        owners: dict[int, Track] = {}
        for known in (True, False):
            tracks = [track for track in self.tracks if bool(track.id) == known]
            left = [i for i in range(len(observations)) if i not in owners]
            if not tracks or not left:
                continue
            table = np.array(
                [[similarity(t, observations[i], self.config) for i in left] for t in tracks]
            )
            table[self._in_others_clothes(tracks, [observations[i] for i in left])] = 0.0
            for row, column in _best_pairs(table):
                if table[row, column] > 0:
                    owners[left[column]] = tracks[row]
        return owners

    def _in_others_clothes(
        self, tracks: Sequence[Track], observations: Sequence[Observation]
    ) -> np.ndarray:
        """Observations that a track must not take because they may show another person.

        - A lost track gives way to a visible one with better clothes.
        - A visible track gives way to a lost one with the same clothes, and better ones than its
          own: it may have begun, or gone on, while the person was covered.
        - Any of several lost tracks may be a person whose clothes are covered.

        Mask [tracks, observations].
        """
        mask = np.zeros((len(tracks), len(observations)), bool)
        lost = np.array([track.misses > 0 for track in tracks])
        if not self.config.use_appearance or not any(track.misses for track in self.tracks):
            return mask
        for column, observation in enumerate(observations):
            if observation.clothing is None:
                mask[:, column] = lost & bool(observation.in_front and lost.sum() > 1)
                continue
            visible_best = self._best_clothes(observation, lost=False)
            lost_best = self._best_clothes(observation, lost=True)
            for row, track in enumerate(tracks):
                clothes = clothes_similarity(track, observation, self.config)
                if not track.misses:
                    mask[row, column] = lost_best > max(
                        SAME_CLOTHES, (clothes or 0.0) + _BETTER_CLOTHES
                    )
                elif clothes is not None:
                    mask[row, column] = visible_best > clothes + _BETTER_CLOTHES
        return mask

    def _best_clothes(self, observation: Observation, lost: bool) -> float:
        """Similarity of clothes to the best of the lost or visible tracks that it may show."""
        return max(
            (
                clothes_similarity(track, observation, self.config) or 0.0
                for track in self.tracks
                if (track.misses > 0) == lost and similarity(track, observation, self.config) > 0
            ),
            default=0.0,
        )

    def _confirm(self, track: Track) -> None:
        presence, needed = track.presence, self.config.min_hits
        for _ in range(presence.looks_due(track.observations, needed)):
            presence.add(self._second_opinion(track.last, presence.looks))
        if track.observations < needed or not (presence.is_person(needed) and track.is_credible):
            return
        # In `single` a jump to another person gets a new id, whatever they wear.
        known = self._same_person(track) if self.config.mode != 'single' else None
        if known is not None:
            track.id, track.clothing = known.id, known.clothing
            self.tracks.remove(known)
        elif not self._may_be_lost(track):
            self._last_id += 1
            track.id = self._last_id

    def _same_person(self, track: Track) -> Track | None:
        """Track with an id that lost the person of a new track, or strayed to another person.

        Its person wears the same clothes, and is not seen as well where that track is now.
        """
        best, same = SAME_CLOTHES, None
        for other in self.tracks:
            if not other.id or not may_be_regained(other, track.last):
                continue
            own = 0.0 if other.misses else clothes_similarity(other, other.last, self.config)
            if own is None:  # the person is visible, their clothes are not
                continue
            clothes = clothes_similarity(other, track.last, self.config) or 0.0
            if clothes >= max(best, own + _BETTER_CLOTHES):
                best, same = clothes, other
        return same

    def _may_be_lost(self, track: Track) -> bool:
        """Whether a new track, half covered, may be a person lost a short time ago.

        Their clothes decide, once these are seen.
        """
        config, stamp = self.config, track.last.frame.time
        return (
            config.use_appearance
            and bool(track.last.in_front)
            and any(
                other.id
                and 0.0 < stamp - other.stamp <= config.track_timeout
                and is_in_reach(other, track.last)
                for other in self.tracks
            )
        )

    def _time(self, track: Track) -> float:
        config = self.config
        if self._is_locked(track):
            return max(config.lock_timeout, config.track_timeout)
        return max(config.reid_time if config.use_appearance else 0.0, config.track_timeout)

    def _is_locked(self, track: Track) -> bool:
        return bool(track.id) and track.id == self.locked_id


def _best_pairs(table: np.ndarray) -> Iterable[tuple[int, int]]:
    """Row and column of each pair, so that the sum of their values is the highest."""
    if 1 in table.shape:
        return [divmod(int(table.argmax()), table.shape[1])]
    # Half of the time that pose_node takes to be imported, and 48 MB.
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    return zip(*linear_sum_assignment(table, maximize=True))


def _behind(observation: Observation, others: Sequence[Observation]) -> Observation:
    """Observation that knows the people in front: the larger ones whose boxes overlap."""
    in_front = tuple(
        BodyMask(other.joints, other.size)
        for other in others
        if other.size > observation.size and overlap(other.box, observation.box) > _ALONE
    )
    return replace(observation, in_front=in_front, similarities={}) if in_front else observation


def _alone(observation: Observation, others: Sequence[Observation], lost: Sequence[Track]) -> bool:
    """Whether no other person is near, seen or expected."""
    stamp = observation.frame.time
    boxes = [other.box for other in others if other is not observation]
    boxes += [track.expected_box(stamp) for track in lost]
    return all(overlap(observation.box, box) < _ALONE for box in boxes)
