"""When to look for people who are not tracked yet."""

from __future__ import annotations

from collections.abc import Sequence
import math

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.track import Track

# Intervals between two runs of the detector in auto while one person is there.
_ALONE_INTERVALS = 3
# The detector runs this many times as often while a person is out of sight [-].
_LOST_SHARE = 5
# After several people were there, several are expected for this time [s].
_COMPANY_TIME = 2.0


class SearchSchedule:
    """Decides for each frame of a sequence whether to search.

    Parameters
    ----------
    config
        Settings: mode and detector_interval; may be replaced at any time.

    Attributes
    ----------
    expects_several
        Whether more than one person may be tracked, and is expected, right now.
    """

    def __init__(self, config: EstimatorConfig) -> None:
        self.config = config
        self.expects_several = False
        self._frames = 0  # since the last search
        self._company_until = -math.inf

    def is_due(
        self,
        time: float,
        tracks: Sequence[Track],
        followed: Sequence[Track],
        found: Sequence[Observation],
    ) -> bool:
        """Whether to search in this frame; counts from there if so.

        Parameters
        ----------
        time
            Of the frame [s].
        tracks, followed
            All tracks, and those looked for in this frame.
        found
            The people among them who were found.
        """
        self._frames += 1
        away = [
            track
            for track in tracks
            if track.misses and track not in followed and track.is_in_view(time)
        ]
        is_lost = bool(away) or len(found) < len(followed)
        interval = self._interval(time, max(len(tracks), len(found)), len(found), is_lost)
        if followed and all(track.is_doubtful for track in followed):
            # None of them may be a person: single searches on, too.
            interval = min(interval, self.config.detector_interval)
        due = self._frames >= interval
        if due:
            self._frames = 0
        return due

    def _interval(self, time: float, known: int, found: int, is_lost: bool) -> float:
        """Frames from one search to the next; infinite: none is needed.

        Of the people known, so many were found; `is_lost` if one may be in the image unseen.
        """
        single = self.config.mode == 'single'
        self.expects_several &= not single
        if not found:
            return 1
        if single:
            return math.inf
        interval = self.config.detector_interval
        self.expects_several = True
        if known > 1:
            self._company_until = time + _COMPANY_TIME
        elif self.config.mode == 'auto' and time > self._company_until:
            self.expects_several = False
            interval *= _ALONE_INTERVALS
        return max(interval // _LOST_SHARE, 1) if is_lost else interval
