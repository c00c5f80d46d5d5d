"""Who is who: sightings are given to the people followed, newcomers get ids of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.tracking.clothing import colour_similarity
from pose_ros.core.tracking.continuity import jumped
from pose_ros.core.tracking.sighting import Sighting, distinct
from pose_ros.core.tracking.similarity import keypoint_similarity, overlap, scale_of
from pose_ros.core.tracking.track import Track

# Share of the clothes in what makes somebody the same.
_CLOTHING_SHARE = 0.4
# Less alike clothes are another person's. In steady light those of one person stay far over this.
_OTHER_CLOTHES = 0.35
# Somebody else is likelier if the sighting is so much more like their clothes.
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
        Makes the track of a newcomer from a number and a sighting.
    examine
        Second opinion on a sighting, the look's number given: evidence from -1 (no person) to 1
        (a person).

    Attributes
    ----------
    tracks
        Everybody followed, seen in the last frame or not.
    strays
        How often the region of somebody followed began to show somebody else.
    locked_id
        Of the person who is remembered for ``lock_time``, 0 = not locked. A lock ends when its
        track is forgotten.
    expired_lock
        Id of the last person whose lock ended so, 0 = none.
    """

    def __init__(
        self,
        config: EstimatorConfig,
        make_track: Callable[[int, Sighting], Track],
        examine: Callable[[Sighting, int], float],
    ) -> None:
        self.config = config
        self.tracks: list[Track] = []
        self.strays = 0
        self.locked_id = 0
        self.expired_lock = 0
        self._make_track = make_track
        self._examine = examine
        self._numbers = 0
        self._last_id = 0
        self._compared: dict[tuple[int, Sighting], float] = {}  # within one frame

    def reset(self) -> None:
        """Forget everybody; ids are not used again."""
        self.tracks.clear()

    def forget(self, stamp: float) -> None:
        """Forget tracks that have not been seen for too long, and with its track the lock."""
        self.tracks = [track for track in self.tracks if stamp - track.stamp <= self._time(track)]
        if self.locked_id and not any(self._is_locked(track) for track in self.tracks):
            self.expired_lock, self.locked_id = self.locked_id, 0

    def continues(self, sighting: Sighting) -> bool:
        """Whether a sighting shows the person in whose region it was found."""
        return any(
            track.number == sighting.looked_for and self.likeness(track, sighting) > 0
            for track in self.tracks
        )

    def update(self, sightings: Sequence[Sighting], newcomers: bool = True) -> None:
        """Give each sighting of a frame to a person followed, or to a newcomer.

        Parameters
        ----------
        sightings
            The surest first; several may show the same person.
        newcomers
            Whether those found by searching may be others than those already followed.
        """
        # Who was found by searching goes before the same one in a region meant for somebody else.
        astray = [s.looked_for is not None and not self.continues(s) for s in sightings]
        people = distinct([s for _, s in sorted(zip(astray, sightings), key=lambda pair: pair[0])])
        owners = self._assign(people)
        found = {track.number for track in owners.values()}
        shown = {sighting.looked_for for sighting in sightings} - found
        self.strays += sum(t.number in shown and not t.misses for t in self.tracks)
        for track in self.tracks:
            track.misses += 1
        for index, sighting in enumerate(people):
            owner = owners.get(index)
            if owner is not None:
                owner.observe(sighting, _alone(sighting, people))
            elif newcomers and sighting.looked_for is None:
                # A region meant for somebody else shows others badly: a search will find them.
                self._numbers += 1
                owner = self._make_track(self._numbers, sighting)
                self.tracks.append(owner)
            if owner is not None and not owner.id:
                self._confirm(owner)
        # Somebody seen once or twice and not again was nobody.
        self.tracks = [track for track in self.tracks if track.id or not track.misses]
        self._compared.clear()

    def likeness(self, track: Track, sighting: Sighting) -> float:
        """How much a sighting is like a person, 0 (somebody else) to 1."""
        pair = (track.number, sighting)
        if pair not in self._compared:
            self._compared[pair] = self._compare(track, sighting)
        return self._compared[pair]

    def _compare(self, track: Track, sighting: Sighting) -> float:
        stamp = sighting.frame.time
        gap = stamp - track.stamp
        way = float(np.hypot(*(sighting.centre - track.centre(stamp)))) / track.size
        if gap <= _NEXT_FRAME and way > self.config.jump_threshold + _REACH:
            return 0.0  # obvious, and cheaper to tell than all that follows
        clothes = self._clothes(track, sighting)
        if clothes is not None and clothes < _OTHER_CLOTHES:
            return 0.0
        if gap > self.config.max_gap:
            if self.config.clothing and (clothes is None or clothes < _SAME_CLOTHES):
                return 0.0
            if not self.config.clothing and not _may_be_regained(track, sighting):
                return 0.0
        place = self._place(track, sighting, gap)
        if place <= 0.0 or clothes is None:
            return place
        return (1 - _CLOTHING_SHARE) * place + _CLOTHING_SHARE * clothes

    def _clothes(self, track: Track, sighting: Sighting) -> float | None:
        if not self.config.clothing or track.clothing is None or sighting.clothing is None:
            return None
        return colour_similarity(track.clothing, sighting.clothing)

    def _place(self, track: Track, sighting: Sighting, gap: float) -> float:
        """Likeness of place and posture, 0 if that is out of reach."""
        stamp = sighting.frame.time
        shift = track.shift(stamp)
        last = track.last
        if gap <= _NEXT_FRAME and jumped(
            last.pose.keypoints + shift,
            sighting.pose.keypoints,
            last.seen,
            sighting.seen,
            self.config.jump_threshold,
        ):
            return 0.0
        width = float(np.hypot(track.spread(stamp), _PLACE_WIDTH * track.size))
        distance = float(np.hypot(*(sighting.centre - track.centre(stamp)))) / width
        if gap > _NEXT_FRAME and distance > _PLACE_GATE:
            return 0.0
        # The less certain the place, the less it says: who is there goes before who is lost.
        near = float(np.exp(-(distance**2) / 2)) * _PLACE_WIDTH * track.size / width
        joints = keypoint_similarity(last.joints + shift, sighting.joints, scale_of(last.box))
        alike = (joints + overlap(track.expected_box(stamp), sighting.box)) / 2
        fade = float(np.exp(-gap / _POSTURE_TIME))
        return max(fade * alike + (1 - fade) * near, 1e-6)

    def _assign(self, sightings: Sequence[Sighting]) -> dict[int, Track]:
        """Owner of each sighting by its index: those with an id choose first."""
        owners: dict[int, Track] = {}
        for known in (True, False):
            tracks = [track for track in self.tracks if bool(track.id) == known]
            left = [i for i in range(len(sightings)) if i not in owners]
            if not tracks or not left:
                continue
            table = np.array([[self.likeness(t, sightings[i]) for i in left] for t in tracks])
            table[self._in_others_clothes(tracks, [sightings[i] for i in left])] = 0.0
            for row, column in zip(*linear_sum_assignment(table, maximize=True)):
                if table[row, column] > 0:
                    owners[left[column]] = tracks[row]
        return owners

    def _in_others_clothes(
        self, tracks: Sequence[Track], sightings: Sequence[Sighting]
    ) -> np.ndarray:
        """Where somebody out of sight is less like a sighting than somebody else near by is.

        Mask [tracks, sightings]. Who comes back must not take the place of who is there.
        """
        mask = np.zeros((len(tracks), len(sightings)), bool)
        if not any(track.misses for track in tracks):
            return mask
        for column, sighting in enumerate(sightings):
            rivals = [
                self._clothes(track, sighting) or 0.0
                for track in self.tracks
                if not track.misses and self.likeness(track, sighting) > 0
            ]
            for row, track in enumerate(tracks):
                clothes = self._clothes(track, sighting)
                if clothes is not None and track.misses:
                    mask[row, column] = max(rivals, default=0.0) > clothes + _BETTER_CLOTHES
        return mask

    def _confirm(self, track: Track) -> None:
        presence, needed = track.presence, self.config.confirm_frames
        for _ in range(presence.looks_due(track.sightings, needed)):
            presence.add(self._examine(track.last, presence.looks))
        if track.sightings >= needed and presence.is_person(needed):
            self._last_id += 1
            track.id = self._last_id

    def _time(self, track: Track) -> float:
        config = self.config
        if self._is_locked(track):
            return max(config.lock_time, config.max_gap)
        return max(config.memory_time if config.clothing else 0.0, config.max_gap)

    def _is_locked(self, track: Track) -> bool:
        return bool(track.id) and track.id == self.locked_id


def _may_be_regained(track: Track, sighting: Sighting) -> bool:
    """Whether place and size allow that a sighting is a person lost for long."""
    way = float(np.hypot(*(sighting.centre - track.centre(sighting.frame.time))))
    growth = max(sighting.size, track.size) / min(sighting.size, track.size)
    return way <= _REGAIN_REACH * track.size and growth <= _REGAIN_GROWTH


def _alone(sighting: Sighting, others: Sequence[Sighting]) -> bool:
    return all(
        overlap(sighting.box, other.box) < _ALONE for other in others if other is not sighting
    )
