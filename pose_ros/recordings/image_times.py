"""Times of the images of a bag."""

from __future__ import annotations

import logging

from pose_ros.core.timeline import Step, Timeline

_log = logging.getLogger(__name__)


class ImageTimes:
    """Times since the first image: by the stamps, or by the recording where these are unusable.

    A stamp is unusable if it is zero, or the same as before. Where the stamps jump back, time goes
    on by the recording, and from there with the stamps.

    Parameters
    ----------
    first
        Stamp of the bag's first image, and when it was recorded [s]; None if that is read first.

    Attributes
    ----------
    zero
        Stamp of the first image [s], or when it was recorded if its stamp is zero.
    """

    def __init__(self, first: tuple[float, float] | None = None) -> None:
        self.zero = 0.0
        self._first = first
        self._timeline = Timeline()
        self._time: float | None = None  # of the image before [s]
        self._recorded = 0.0
        self._ahead: float | None = None  # time less stamp [s]; None after an unusable stamp
        self._count = self._unstamped = self._jumps = 0

    def read(self, stamp: float, recorded: float) -> float | None:
        """Time of the next image [s]; None if it is left out: late, or recorded twice."""
        is_stamped = stamp > 0 and stamp != self._timeline.last
        step = self._timeline.advance(stamp) if is_stamped else Step.REPEATED
        if step is Step.LATE:
            return None
        if self._time is None:
            time = self._begin(stamp, recorded)
        else:
            time = self._time + (recorded - self._recorded)
        if step is Step.JUMP:
            self._jumps += 1
            self._ahead = None
        if is_stamped and self._ahead is not None:
            time = stamp + self._ahead
        if self._time is not None and time <= self._time:
            return None
        if not is_stamped:
            self._ahead = None
        elif self._ahead is None:
            self._ahead = time - stamp
        self._time, self._recorded = time, recorded
        self._count += 1
        self._unstamped += not is_stamped
        return time

    def report(self, name: str) -> None:
        """Log what was wrong with the stamps of the input of this name."""
        if self._unstamped:
            _log.warning(
                '%s: %d of %d images have no usable stamp (zero, or the same as before): their '
                'times are those of the recording',
                *(name, self._unstamped, self._count),
            )
        if self._jumps:
            _log.warning(
                '%s: the stamps jump back (%d×): times go on by the recording', name, self._jumps
            )

    def _begin(self, stamp: float, recorded: float) -> float:
        """Time of the first image that is read [s], by the recording; it may be found by seeking.

        From there on times are by the stamps, unless these have not gone on up to here.
        """
        first_stamp, first_recorded = self._first or (stamp, recorded)
        self.zero = first_stamp or first_recorded
        time = recorded - first_recorded
        if first_stamp and (stamp > first_stamp or time == 0):
            self._ahead = -self.zero
        return time
