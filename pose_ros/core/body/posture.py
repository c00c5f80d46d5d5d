"""The posture of a body in one frame: standing, sitting, crouching, bending, lying.

Levels of body parts are compared with the standing height in the image. This also detects people
who lie along the line of sight: no part of the body is high then. The camera is assumed upright.
"""

from __future__ import annotations

from enum import IntEnum
import math

import numpy as np

from pose_ros.core.anatomy import (
    FACE_OVER_HIPS,
    FACE_OVER_SHOULDERS,
    HIPS_OVER_ANKLES,
    HIPS_OVER_KNEES,
)
from pose_ros.core.body.height import PartLevels, pixels_per_metre
from pose_ros.core.topology import SIDES
from pose_ros.core.types import Person

# Limits, as shares of the levels of a standing body.
# The trunk is down below this, about 57 degrees from upright.
_TRUNK_DOWN = 0.557
# The thighs are down above this.
_THIGHS_DOWN = 0.607
# The hips are on the ground below this.
_HIPS_LOW = 0.271
# The hips are lower than on any chair below this.
_HIPS_DEEP = 0.436
# The hips are clear of a chair above this.
_HIPS_HIGH = 0.726
# Distance of the feet in front of the hips that tells sitting from crouching [body heights].
_FEET_AHEAD = 0.13
# Distance from a limit at which a posture is certain [shares of the standing levels].
_MARGIN = 0.15


class Posture(IntEnum):
    """Posture of a whole body; the values are those of ``Posture.msg``."""

    UNKNOWN = 0
    STANDING = 1
    SITTING = 2
    CROUCHING = 3
    BENDING = 4
    LYING = 5


def posture_of(person: Person, levels: PartLevels, height: float) -> tuple[Posture, float]:
    """Classify the posture in one frame.

    Parameters
    ----------
    person
        Only observed keypoints count.
    levels
        Of the person.
    height
        Standing height of the person [px], or NaN.

    Returns
    -------
    tuple
        Posture and confidence, 0 to 1; UNKNOWN with 0 if too little is observed.
    """
    top = levels.head
    if math.isnan(top):
        top = levels.shoulders - FACE_OVER_SHOULDERS * height
    trunk = (levels.hips - top) / (FACE_OVER_HIPS * height)
    thighs = (levels.knees - levels.hips) / (HIPS_OVER_KNEES * height)
    hips = (levels.ankles - levels.hips) / (HIPS_OVER_ANKLES * height)
    if math.isnan(trunk) or (math.isnan(thighs) and math.isnan(hips)):
        return Posture.UNKNOWN, 0.0
    posture, margin = _decide(trunk, thighs, hips, _feet_ahead(person, height))
    if posture is Posture.LYING and levels.supported_on_hands(height):
        posture, margin = Posture.BENDING, 0.0
    trust = min(max(float(person.scores[person.observed].mean()), 0.0), 1.0)
    return posture, trust * (0.5 + 0.5 * min(margin / _MARGIN, 1.0))


def _decide(trunk: float, thighs: float, hips: float, ahead: float) -> tuple[Posture, float]:
    """Posture and distance to the nearest limit, from levels over those of a standing body.

    Either thighs or hips may be unknown (NaN); so may be how far the feet are ahead.
    """
    if math.isnan(hips):  # of the legs only the knees are observed
        hips = thighs
    elif math.isnan(thighs):
        thighs = hips
    bent = _TRUNK_DOWN - trunk
    if bent > 0:
        return _decide_bent(bent, thighs, hips)
    if thighs >= _THIGHS_DOWN and hips >= _HIPS_HIGH:
        return Posture.STANDING, min(-bent, thighs - _THIGHS_DOWN, hips - _HIPS_HIGH)
    if thighs >= _THIGHS_DOWN:  # on the knees
        return Posture.CROUCHING, min(-bent, _HIPS_HIGH - hips)
    folded = min(-bent, _THIGHS_DOWN - thighs)
    if ahead >= _FEET_AHEAD:
        return Posture.SITTING, min(folded, ahead - _FEET_AHEAD)
    posture = Posture.SITTING if hips >= _HIPS_DEEP else Posture.CROUCHING
    if math.isnan(ahead):
        # From the front, sitting on a chair, sitting on the ground and crouching look alike.
        return posture, 0.0
    return posture, min(folded, abs(hips - _HIPS_DEEP))


def _decide_bent(bent: float, thighs: float, hips: float) -> tuple[Posture, float]:
    """Posture of a body whose trunk is down."""
    if hips < _HIPS_LOW:
        return Posture.LYING, min(bent, _HIPS_LOW - hips)
    if thighs < _THIGHS_DOWN and hips < _HIPS_HIGH:
        return Posture.CROUCHING, min(bent, hips - _HIPS_LOW, _THIGHS_DOWN - thighs)
    return Posture.BENDING, min(bent, hips - _HIPS_LOW)


def _feet_ahead(person: Person, height: float) -> float:
    """Horizontal distance of the feet from the hips [body heights]; NaN if unknown."""
    index, seen = person.topology.index, person.observed
    sides = [
        (index(f'{side}_hip'), index(f'{side}_ankle'))
        for side in SIDES
        if seen[index(f'{side}_hip')] and seen[index(f'{side}_ankle')]
    ]
    if not sides:
        return math.nan
    scale = pixels_per_metre(person)
    if person.world is not None and not math.isnan(scale):
        offsets = [person.world[ankle] - person.world[hip] for hip, ankle in sides]
        if np.isfinite(offsets).all():
            ahead = float(np.mean([math.hypot(offset[0], offset[2]) for offset in offsets]))
            return ahead * scale / height
    aside = np.mean([person.keypoints[a, 0] - person.keypoints[h, 0] for h, a in sides])
    across = abs(float(aside)) / height
    return across if across >= _FEET_AHEAD else math.nan
