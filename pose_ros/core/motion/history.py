"""What is kept of a person's last moments."""

from __future__ import annotations

from collections import deque
import math

from pose_ros.core.motion.moment import SIDES, Moment, Side, UnseenError
from pose_ros.core.motion.oscillation import Oscillation

# The wrist's way is looked at over this time, its speed over the shorter one [s].
TRAVEL_WINDOW = 0.4
SPEED_WINDOW = 0.2
# A shorter forearm [torsos] points at the camera, its angle is noise; a longer one joins points
# that do not belong together.
_FOREARM = (0.2, 0.9)
# A forearm that is lowered for longer than this ends the swaying [s].
_LOWERED = 0.1
# Swings of the forearm below this are noise [deg]; slower passes are no waving [s].
_LEAST_SWING = 12.0
_LONGEST_SWING = 3.0


class History:
    """Follows the wrists and the forearms of one person."""

    def __init__(self) -> None:
        self.sway = {side: Oscillation(_LEAST_SWING, _LONGEST_SWING) for side in SIDES}
        self._wrists: dict[Side, deque[tuple[float, complex]]] = {s: deque() for s in SIDES}
        self._raised = dict.fromkeys(SIDES, -math.inf)
        self._stamp = -math.inf

    def update(self, stamp: float, moment: Moment) -> None:
        """Take in a moment at a time [s]; times go forward."""
        self._stamp = stamp
        for side in SIDES:
            wrists = self._wrists[side]
            try:
                arm = moment.limb(side, 'shoulder', 'wrist') / moment.scale
                wrists.append((stamp, arm))
            except UnseenError:
                pass  # a gap: the window's own age tells whether enough is left
            # One sample from before the window stays, so that the window is covered.
            while len(wrists) > 1 and wrists[1][0] <= stamp - TRAVEL_WINDOW:
                wrists.popleft()
            self._follow_forearm(stamp, moment, side)

    def travel(self, side: Side) -> float:
        """Greatest extent of the wrist's way in the last 0.4 s [torsos]."""
        way = [arm for _, arm in self._window(side, TRAVEL_WINDOW)]
        across = [arm.real for arm in way]
        upright = [arm.imag for arm in way]
        return max(max(across) - min(across), max(upright) - min(upright))

    def speed(self, side: Side) -> float:
        """Mean speed of the wrist over the last 0.2 s [torsos/s]."""
        (start, first), *_, (end, last) = self._window(side, SPEED_WINDOW)
        return abs(last - first) / (end - start)

    def _window(self, side: Side, length: float) -> list[tuple[float, complex]]:
        """Samples of the last seconds; UnseenError where they do not cover most of them."""
        window = [s for s in self._wrists[side] if s[0] > self._stamp - length * 1.25]
        if len(window) < 2 or window[-1][0] - window[0][0] < length * 0.75:
            raise UnseenError('enough of the past')
        return window

    def _follow_forearm(self, stamp: float, moment: Moment, side: Side) -> None:
        """Take the angle of the forearm while it is raised, from upright to the right [deg]."""
        try:
            forearm = moment.limb(side, 'elbow', 'wrist')
            if not _FOREARM[0] < abs(forearm) / moment.scale < _FOREARM[1]:
                return
        except UnseenError:
            return
        if forearm.imag > 0:
            self._raised[side] = stamp
            angle = math.degrees(math.atan2(forearm.real, forearm.imag))
            self.sway[side].update(stamp, angle)
        elif stamp - self._raised[side] > _LOWERED:
            self.sway[side].reset()
