"""When to look for people who are not followed yet."""

from __future__ import annotations

import math

from pose_ros.core.configuration import EstimatorConfig

# How much more rarely the detector runs in auto while one person is there [intervals].
_ALONE_INTERVALS = 3
# How much more often while a person is out of sight [-].
_LOST_SHARE = 5
# After several people were there, several are expected for this time [s].
_COMPANY_TIME = 2.0


class SearchSchedule:
    """Decides for each frame of a sequence whether to search.

    Attributes
    ----------
    expects_several
        Whether more than one person may be followed, and is expected, right now.
    """

    def __init__(self) -> None:
        self.expects_several = False
        self._frames = 0  # since the last search
        self._company_until = -math.inf

    def is_due(
        self,
        config: EstimatorConfig,
        time: float,
        tracks: int,
        followed: int,
        found: int,
        *,
        doubtful: bool = False,
    ) -> bool:
        """Whether to search in the next frame; counts from there if so.

        Parameters
        ----------
        config
            Settings: mode and detector_interval.
        time
            Of the frame [s].
        tracks
            Number of people remembered.
        followed, found
            Number of people looked for in this frame, and of those found.
        doubtful
            Whether the evidence is against all of those followed: `single` searches on then.
        """
        self._frames += 1
        interval = self._interval(config, time, tracks, followed, found)
        if doubtful:
            interval = min(interval, config.detector_interval)
        due = self._frames >= interval
        if due:
            self._frames = 0
        return due

    def _interval(
        self, config: EstimatorConfig, time: float, tracks: int, followed: int, found: int
    ) -> float:
        """Frames from one search to the next; infinite: none is needed."""
        single = config.mode == 'single'
        self.expects_several &= not single
        if not found:
            return 1
        if single:
            return math.inf
        interval = config.detector_interval
        self.expects_several = True
        if max(tracks, found) > 1:
            self._company_until = time + _COMPANY_TIME
        elif config.mode == 'auto' and time > self._company_until:
            self.expects_several = False
            interval *= _ALONE_INTERVALS
        return max(interval // _LOST_SHARE, 1) if found < followed else interval
