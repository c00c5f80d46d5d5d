"""Who is who: observations are given to the people followed, newcomers get ids of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.tracking.clothing import colour_similarity
from pose_ros.core.tracking.continuity import jumped
from pose_ros.core.tracking.observation import Observation, distinct
from pose_ros.core.tracking.similarity import keypoint_similarity, overlap, scale_of
from pose_ros.core.tracking.track import Track

# Share of the clothes in what makes somebody the same.
_CLOTHING_SHARE = 0.4
# Less alike clothes are another person's. In steady light those of one person stay far over this.
_OTHER_CLOTHES = 0.35
# Somebody else is likelier if the observation is so much more like their clothes.
_BETTER_CLOTHES = 0.2
# After a longer absence the clothes alone must be as alike as this.
_SAME_CLOTHES = 0.75
# Posture says who somebody is for about this time [s]; then only the place does.
_POSTURE_TIME = 0.2
# Places are compared within this share of the size, besides how far the person may have gone.
_PLACE_WIDTH = 0.15
# Farther from the place expected than this many standard deviations is somebody else.
_PLACE_GATE = 3.0
# The middle of the torso may lie this far from that of the box [sizes].
_REACH = 0.5
# Without clothes to compare, a locked person is taken again within this distance of the expected
# place [sizes], and with a size of at most this ratio to the last one [-]. A guess: about a step
# out from behind a pillar or back into the image, and 1.5 times nearer or farther.
_REGAIN_REACH, _REGAIN_GROWTH = 1.5, 1.5
# Clothes are learnt from those who share less than this with anybody else's box.
_ALONE = 0.05
# Between two frames that follow each other is less than this [s].
_NEXT_FRAME = 0.25


class Identities:
    """The people followed.

    Parameters
    ----------
    config
        Settings; may be replaced at any time.
    make_track
        Makes the track of a newcomer from a number and an observation.
    examine
        Second opinion on an observation and the number of opinions before it: evidence from -1
        (no person) to 1 (a person).

    Attributes
    ----------
    tracks
        Everybody followed, seen in the last frame or not.
    track_switches
        How often the region of somebody followed began to show somebody else.
    locked_id
        Of the person who is remembered for ``lock_timeout``, 0 = not locked. A lock ends when its
        track is forgotten.
    expired_lock
        Id of the last person whose lock ended so, 0 = none.
    """

    def __init__(
        self,
        config: EstimatorConfig,
        make_track: Callable[[int, Observation], Track],
        examine: Callable[[Observation, int], float],
    ) -> None:
        self.config = config
        self.tracks: list[Track] = []
        self.track_switches = 0
        self.locked_id = 0
        self.expired_lock = 0
        self._make_track = make_track
        self._examine = examine
        self._numbers = 0
        self._last_id = 0
        self._compared: dict[tuple[int, Observation], float] = {}  # within one frame

    def reset(self) -> None:
        """Forget everybody; ids are not used again."""
        self.tracks.clear()

    def forget(self, stamp: float) -> None:
        """Forget tracks that have not been seen for too long, and with its track the lock."""
        self.tracks = [track for track in self.tracks if stamp - track.stamp <= self._time(track)]
        if self.locked_id and not any(self._is_locked(track) for track in self.tracks):
            self.expired_lock, self.locked_id = self.locked_id, 0

    def matches(self, observation: Observation) -> bool:
        """Whether an observation shows the person in whose region it was found."""
        return any(
            track.number == observation.roi_track and self.similarity(track, observation) > 0
            for track in self.tracks
        )

    def update(self, observations: Sequence[Observation], newcomers: bool = True) -> None:
        """Give each observation of a frame to a person followed, or to a newcomer.

        Parameters
        ----------
        observations
            The surest first; several may show the same person.
        newcomers
            Whether those found by searching may be others than those already followed.
        """
        # Who was found by searching goes before the same one in a region meant for somebody else.
        switched = [s.roi_track is not None and not self.matches(s) for s in observations]
        people = distinct(
            [s for _, s in sorted(zip(switched, observations), key=lambda pair: pair[0])]
        )
        owners = self._assign(people)
        found = {track.number for track in owners.values()}
        shown = {observation.roi_track for observation in observations} - found
        self.track_switches += sum(t.number in shown and not t.misses for t in self.tracks)
        for track in self.tracks:
            track.misses += 1
        for index, observation in enumerate(people):
            owner = owners.get(index)
            if owner is not None:
                owner.observe(observation, _alone(observation, people))
            elif newcomers and observation.roi_track is None:
                # A region meant for somebody else shows others badly: a search will find them.
                self._numbers += 1
                owner = self._make_track(self._numbers, observation)
                self.tracks.append(owner)
            if owner is not None and not owner.id:
                self._confirm(owner)
        # Somebody seen once or twice and not again was nobody.
        self.tracks = [track for track in self.tracks if track.id or not track.misses]
        self._compared.clear()

    def similarity(self, track: Track, observation: Observation) -> float:
        """How much an observation is like a person, 0 (somebody else) to 1."""
        pair = (track.number, observation)
        if pair not in self._compared:
            self._compared[pair] = self._compare(track, observation)
        return self._compared[pair]

    def _compare(self, track: Track, observation: Observation) -> float:
        stamp = observation.frame.time
        gap = stamp - track.stamp
        way = float(np.hypot(*(observation.centre - track.centre(stamp)))) / track.size
        if gap <= _NEXT_FRAME and way > self.config.jump_threshold + _REACH:
            return 0.0  # obvious, and cheaper to tell than all that follows
        clothes = self._clothes(track, observation)
        if clothes is not None and clothes < _OTHER_CLOTHES:
            return 0.0
        if gap > self.config.track_timeout:
            if self.config.use_appearance and (clothes is None or clothes < _SAME_CLOTHES):
                return 0.0
            if not self.config.use_appearance and not _may_be_regained(track, observation):
                return 0.0
        place = self._place(track, observation, gap)
        if place <= 0.0 or clothes is None:
            return place
        return (1 - _CLOTHING_SHARE) * place + _CLOTHING_SHARE * clothes

    def _clothes(self, track: Track, observation: Observation) -> float | None:
        if (
            not self.config.use_appearance
            or track.clothing is None
            or observation.clothing is None
        ):
            return None
        return colour_similarity(track.clothing, observation.clothing)

    def _place(self, track: Track, observation: Observation, gap: float) -> float:
        """Likeness of place and posture, 0 if that is out of reach."""
        stamp = observation.frame.time
        shift = track.shift(stamp)
        last = track.last
        if gap <= _NEXT_FRAME and jumped(
            last.pose.keypoints + shift,
            observation.pose.keypoints,
            last.seen,
            observation.seen,
            self.config.jump_threshold,
        ):
            return 0.0
        width = float(np.hypot(track.spread(stamp), _PLACE_WIDTH * track.size))
        distance = float(np.hypot(*(observation.centre - track.centre(stamp)))) / width
        if gap > _NEXT_FRAME and distance > _PLACE_GATE:
            return 0.0
        # The less certain the place, the less it says: who is there goes before who is lost.
        near = float(np.exp(-(distance**2) / 2)) * _PLACE_WIDTH * track.size / width
        joints = keypoint_similarity(last.joints + shift, observation.joints, scale_of(last.box))
        alike = (joints + overlap(track.expected_box(stamp), observation.box)) / 2
        fade = float(np.exp(-gap / _POSTURE_TIME))
        return max(fade * alike + (1 - fade) * near, 1e-6)

    def _assign(self, observations: Sequence[Observation]) -> dict[int, Track]:
        """Owner of each observation by its index: those with an id choose first."""
        owners: dict[int, Track] = {}
        for known in (True, False):
            tracks = [track for track in self.tracks if bool(track.id) == known]
            left = [i for i in range(len(observations)) if i not in owners]
            if not tracks or not left:
                continue
            table = np.array([[self.similarity(t, observations[i]) for i in left] for t in tracks])
            table[self._in_others_clothes(tracks, [observations[i] for i in left])] = 0.0
            for row, column in zip(*linear_sum_assignment(table, maximize=True)):
                if table[row, column] > 0:
                    owners[left[column]] = tracks[row]
        return owners

    def _in_others_clothes(
        self, tracks: Sequence[Track], observations: Sequence[Observation]
    ) -> np.ndarray:
        """Where somebody out of sight is less like an observation than somebody else near by is.

        Mask [tracks, observations]. Who comes back must not take the place of who is there.
        """
        mask = np.zeros((len(tracks), len(observations)), bool)
        if not any(track.misses for track in tracks):
            return mask
        for column, observation in enumerate(observations):
            rivals = [
                self._clothes(track, observation) or 0.0
                for track in self.tracks
                if not track.misses and self.similarity(track, observation) > 0
            ]
            for row, track in enumerate(tracks):
                clothes = self._clothes(track, observation)
                if clothes is not None and track.misses:
                    mask[row, column] = max(rivals, default=0.0) > clothes + _BETTER_CLOTHES
        return mask

    def _confirm(self, track: Track) -> None:
        presence, needed = track.presence, self.config.min_hits
        for _ in range(presence.looks_due(track.observations, needed)):
            presence.add(self._examine(track.last, presence.looks))
        if track.observations >= needed and presence.is_person(needed):
            self._last_id += 1
            track.id = self._last_id

    def _time(self, track: Track) -> float:
        config = self.config
        if self._is_locked(track):
            return max(config.lock_timeout, config.track_timeout)
        return max(config.reid_time if config.use_appearance else 0.0, config.track_timeout)

    def _is_locked(self, track: Track) -> bool:
        return bool(track.id) and track.id == self.locked_id


def _may_be_regained(track: Track, observation: Observation) -> bool:
    """Whether place and size allow that an observation is a person lost for long."""
    way = float(np.hypot(*(observation.centre - track.centre(observation.frame.time))))
    growth = max(observation.size, track.size) / min(observation.size, track.size)
    return way <= _REGAIN_REACH * track.size and growth <= _REGAIN_GROWTH


def _alone(observation: Observation, others: Sequence[Observation]) -> bool:
    return all(
        overlap(observation.box, other.box) < _ALONE
        for other in others
        if other is not observation
    )
