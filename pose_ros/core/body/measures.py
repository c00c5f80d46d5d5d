"""Named measures of a person's form: the vocabulary of config/exercises.yaml.

Each has a standard deviation. The camera is assumed upright.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
import math

from pose_ros.core.body.form import Form, Reading, SideReader
from pose_ros.core.body.limbs import LENGTH_KNOWN, Limb
from pose_ros.core.body.points import UnseenError
from pose_ros.core.topology import SIDES, Side

# Minimum share of the best possible view; less shows nothing useful [-].
_MIN_VIEW = 0.4
# Minimum half distance of the ankles in the image over the length of a leg; closer together, they
# do not show where the hips are between them [-].
_MIN_STRIDE = 0.28


@dataclass(frozen=True)
class Measure:
    """A named quantity: `deg` or ratios."""

    name: str
    read: Callable[[Form], Reading]
    unit: str
    meaning: str

    def reading(self, form: Form) -> Reading | None:
        """Its value; None if it is unknown."""
        if self.name not in form.readings:
            try:
                form.readings[self.name] = self.read(form)
            except UnseenError:
                form.readings[self.name] = None
        return form.readings[self.name]


MEASURES: dict[str, Measure] = {}
_Read = Callable[['Form'], Reading]


def _measure(unit: str) -> Callable[[_Read], _Read]:
    """Enter a function under its name in the table of measures."""

    def enter(read: _Read) -> _Read:
        name = read.__name__
        MEASURES[name] = Measure(name, read, unit, (read.__doc__ or '').strip())
        return read

    return enter


def _mean(form: Form, read: SideReader) -> Reading:
    """Mean of both sides by their certainty; of one where the other is not seen."""
    readings = _seen(form, read).values()
    weights = [1.0 / reading.deviation**2 for reading in readings]
    value = sum(w * r.value for w, r in zip(weights, readings)) / sum(weights)
    confidence = max(reading.confidence for reading in readings)
    return Reading(value, sum(weights) ** -0.5, confidence)


def _seen(form: Form, read: SideReader) -> dict[Side, Reading]:
    """Readings of the sides that are seen, one at least."""
    readings = form.sides(read)
    if not readings:
        raise UnseenError('both sides')
    return readings


def _both(form: Form, read: SideReader) -> list[Reading]:
    """Left and right."""
    readings = list(form.sides(read).values())
    if len(readings) < 2:
        raise UnseenError('a side')
    return readings


def _difference(form: Form, read: SideReader) -> Reading:
    """Absolute difference of both sides."""
    left, right = _both(form, read)
    return Reading(
        abs(left.value - right.value),
        math.hypot(left.deviation, right.deviation),
        min(left.confidence, right.confidence),
    )


def _knee(form: Form, side: Side) -> Reading:
    thigh, shin = form.limb('thigh', side, reverse=True), form.limb('shin', side)
    return form.joint(f'{side}_knee', thigh, shin)


def _elbow(form: Form, side: Side) -> Reading:
    upper, fore = form.limb('upper_arm', side, reverse=True), form.limb('forearm', side)
    return form.joint(f'{side}_elbow', upper, fore)


def _hip(form: Form, side: Side) -> Reading:
    return form.joint(f'{side}_hip', form.limb('thigh', side), form.trunk)


def _arm(form: Form, side: Side) -> Reading:
    """Straight line from shoulder to wrist, against hanging down."""
    points = form.points
    seen = points.limb(side, 'shoulder', 'wrist')
    length = max(form.lengths['upper_arm'] + form.lengths['forearm'], 1e-6)
    noise, score = form.noise(f'{side}_shoulder', f'{side}_wrist')
    return _against(-seen, length, noise, score)


def _lean(limb: Limb) -> Reading:
    """Angle of a limb against straight up [deg]."""
    return _against(limb.seen, limb.length, math.sqrt(limb.near + limb.far), limb.score)


def _against(seen: complex, length: float, noise: float, score: float) -> Reading:
    """Angle of a line against straight up [deg], by its height and its length in space."""

    def angle(length: float) -> float:
        return math.acos(min(max(seen.imag / max(abs(seen), length), -1.0), 1.0))

    known = 0.92 * length
    # What is seen a little short may as well be short as lean along the line of sight.
    lean = angle(known) - angle(known - math.hypot(noise, LENGTH_KNOWN * length))
    deviation = math.hypot(noise / max(abs(seen), known), lean)
    return Reading(math.degrees(angle(known)), math.degrees(deviation), score)


@_measure('deg')
def knees(form: Form) -> Reading:
    """Angle at the knees; 180 is a straight leg."""
    return _mean(form, _knee)


@_measure('deg')
def straighter_knee(form: Form) -> Reading:
    """Angle at the straighter knee; 180 while a person stands on one leg."""
    return max(_both(form, _knee), key=lambda reading: reading.value)


@_measure('deg')
def bent_knee(form: Form) -> Reading:
    """Angle at the more bent knee."""
    return min(_both(form, _knee), key=lambda reading: reading.value)


@_measure('deg')
def uneven_knees(form: Form) -> Reading:
    """Difference of the angles at the two knees."""
    return _difference(form, _knee)


@_measure('ratio')
def hips_height(form: Form) -> Reading:
    """Hips above the lower ankle over the length of a leg; 1 stands."""
    points = form.points
    ankle = min((points.joint(side, 'ankle') for side in SIDES), key=lambda point: point.imag)
    hips = (points.joint('left', 'hip') + points.joint('right', 'hip')) / 2
    noise, score = form.noise('left_hip', 'left_ankle', 'right_ankle')
    return Reading((hips - ankle).imag / form.leg, noise / form.leg, score)


@_measure('ratio')
def hips_aside(form: Form) -> Reading:
    """Hips off the middle of the feet: 0 between them, 1 over one foot."""
    points = form.points
    left, right = (points.joint(side, 'ankle').real for side in SIDES)
    half = abs(left - right) / 2
    if form.frontality < _MIN_VIEW or half < _MIN_STRIDE * form.leg:
        raise UnseenError('feet from the front')
    hips = (points.joint('left', 'hip') + points.joint('right', 'hip')).real / 2
    noise, score = form.noise('left_hip', 'left_ankle', 'right_ankle')
    return Reading(abs(hips - (left + right) / 2) / half, noise / half, score)


@_measure('deg')
def elbows(form: Form) -> Reading:
    """Angle at the elbows; 180 is a straight arm."""
    return _mean(form, _elbow)


@_measure('deg')
def bent_elbow(form: Form) -> Reading:
    """Angle at the more bent elbow of those that are seen."""
    return min(_seen(form, _elbow).values(), key=lambda reading: reading.value)


@_measure('deg')
def upper_arm(form: Form) -> Reading:
    """Upper arm at the more bent elbow of those that are seen; 0 hangs, 90 is level."""
    elbows = _seen(form, _elbow)
    bent = min(elbows, key=lambda side: elbows[side].value)
    return _lean(form.limb('upper_arm', bent, reverse=True))


@_measure('deg')
def hips(form: Form) -> Reading:
    """Thighs against trunk; 180 stands."""
    return _mean(form, _hip)


@_measure('deg')
def arms(form: Form) -> Reading:
    """Arms raised: 0 hang, 90 are level, 180 are straight up."""
    return _mean(form, _arm)


@_measure('deg')
def uneven_elbows(form: Form) -> Reading:
    """Difference of the angles at the two elbows."""
    return _difference(form, _elbow)


@_measure('deg')
def uneven_arms(form: Form) -> Reading:
    """Difference of how far the two arms are raised."""
    return _difference(form, _arm)


@_measure('deg')
def trunk(form: Form) -> Reading:
    """Trunk against the vertical; 0 is upright."""
    lean = _lean(form.trunk)
    angle, deviation = math.radians(lean.value), math.radians(lean.deviation)
    return form.better('trunk', angle, deviation, lean.confidence)


@_measure('ratio')
def wrists(form: Form) -> Reading:
    """Wrists above the shoulders [torsos]."""
    return _mean(form, _wrist)


@_measure('ratio')
def higher_wrist(form: Form) -> Reading:
    """Higher wrist of those that are seen, above its shoulder [torsos]."""
    return max(_seen(form, _wrist).values(), key=lambda reading: reading.value)


def _wrist(form: Form, side: Side) -> Reading:
    height = form.points.limb(side, 'shoulder', 'wrist').imag
    noise, score = form.noise(f'{side}_shoulder', f'{side}_wrist')
    return Reading(height / form.torso, noise / form.torso, score)


@_measure('ratio')
def shoulders_level(form: Form) -> Reading:
    """Height of the shoulders in the image, over any fixed level [torsos]."""
    return _level(form, 'shoulder')


@_measure('ratio')
def hips_level(form: Form) -> Reading:
    """Height of the hips in the image, over any fixed level [torsos]."""
    return _level(form, 'hip')


@_measure('ratio')
def feet_level(form: Form) -> Reading:
    """Height of the lower ankle inside the image, over any fixed level [torsos]."""
    return min(_seen(form, _ankle_level).values(), key=lambda reading: reading.value)


def _ankle_level(form: Form, side: Side) -> Reading:
    if not form.points.inside(side, 'ankle'):  # else a guess
        raise UnseenError('ankle')
    return _level_of('ankle')(form, side)


def _level(form: Form, joint: str) -> Reading:
    """Height of a joint, of the side that is seen or the mean of both; only changes count."""
    return _mean(form, _level_of(joint))


@lru_cache
def _level_of(joint: str) -> SideReader:
    """Read the height of a joint over the ground [torsos]."""

    def read(form: Form, side: Side) -> Reading:
        noise, score = form.noise(f'{side}_{joint}')
        height = form.points.joint(side, joint).imag - form.lengths.ground
        return Reading(height / form.torso, noise / form.torso, score)

    return read


@_measure('ratio')
def stagger(form: Form) -> Reading:
    """How much higher over its ankle one knee is than the other [torsos]."""
    reading = left_stagger(form)
    return replace(reading, value=abs(reading.value))


@_measure('ratio')
def left_stagger(form: Form) -> Reading:
    """How much higher over its ankle the left knee is than the right one [torsos]."""
    points = form.points
    left, right = (points.limb(side, 'ankle', 'knee').imag for side in SIDES)
    names = (f'{side}_{joint}' for side in SIDES for joint in ('knee', 'ankle'))
    noise, score = form.noise(*names)
    return Reading((left - right) / form.torso, noise / form.torso, score)


@_measure('ratio')
def knee_gap(form: Form) -> Reading:
    """Distance of the knees over that of the ankles, as seen from the front."""
    facing = math.copysign(1.0, form.points.shoulders.real)
    knees_apart, ankles_apart = (form.apart(j).real * facing for j in ('knee', 'ankle'))
    if form.frontality < _MIN_VIEW or ankles_apart < 0.25 * form.torso:
        raise UnseenError('legs from the front')
    value = knees_apart / ankles_apart
    knee_noise, knee_score = form.noise('left_knee', 'right_knee')
    ankle_noise, ankle_score = form.noise('left_ankle', 'right_ankle')
    noise = math.hypot(knee_noise, value * ankle_noise) / ankles_apart
    return Reading(value, noise, min(knee_score, ankle_score))


@_measure('ratio')
def feet(form: Form) -> Reading:
    """Distance of the ankles over the length of a leg, as seen from the front."""
    share = form.frontality
    if share < _MIN_VIEW:
        raise UnseenError('feet from the front')
    noise, score = form.noise('left_ankle', 'right_ankle')
    value = abs(form.apart('ankle').real) / share / form.leg
    return Reading(value, math.hypot(noise / form.leg, 0.15 * value) / share, score)


@_measure('deg')
def shoulder_tilt(form: Form) -> Reading:
    """Line of the shoulders against the level, as seen from the front."""
    if form.frontality < _MIN_VIEW:
        raise UnseenError('shoulders from the front')
    across = form.points.shoulders
    noise, score = form.noise('left_shoulder', 'right_shoulder')
    tilt = math.atan2(across.imag, abs(across.real))
    return Reading(abs(math.degrees(tilt)), math.degrees(noise / abs(across)), score)


@_measure('deg')
def body_bend(form: Form) -> Reading:
    """Hips off the line from shoulders to ankles, or knees on the floor: above it positive."""
    return _mean(form, _body_bend)


def _body_bend(form: Form, side: Side) -> Reading:
    points, torso = form.points, form.torso
    end, leg = 'ankle', form.leg
    if points.limb(side, 'knee', 'ankle').imag > 0.0:
        end, leg = 'knee', form.lengths['thigh']
    down, back = points.limb(side, 'shoulder', 'hip'), points.limb(side, 'shoulder', end)
    if abs(back) < 0.6 * (torso + leg):
        raise UnseenError('body from the side')
    height = down.imag - back.imag * torso / (torso + leg)
    noise, score = form.noise(*(f'{side}_{joint}' for joint in ('shoulder', 'hip', end)))
    bend = 1 / torso + 1 / leg  # the two angles that a small offset makes with the line
    return Reading(math.degrees(height * bend), math.degrees(noise * bend), score)


@_measure('ratio')
def back_length(form: Form) -> Reading:
    """Distance from hips to shoulders over that of a straight back, as seen from the side."""
    if form.laterality < 0.85:
        raise UnseenError('back from the side')
    limb = form.trunk
    # The remembered length is one of the longest views.
    straight = 0.95 * limb.length
    noise = math.hypot(math.sqrt(limb.near + limb.far) / straight, 0.03)
    return Reading(abs(limb.seen) / straight, noise, limb.score)


@_measure('deg')
def front_shin(form: Form) -> Reading:
    """Shin of the foot in front: how far its knee is ahead of the ankle; 0 is upright."""
    points = form.points
    higher = [points.limb(side, 'ankle', 'knee').imag for side in SIDES]
    front, rear = SIDES if higher[0] > higher[1] else SIDES[::-1]
    ahead = (points.joint(front, 'ankle') - points.joint(rear, 'ankle')).real
    share = form.laterality
    if share < _MIN_VIEW or abs(ahead) < 0.4 * form.leg * share:
        raise UnseenError('legs from the side')
    shin = form.limb('shin', front, reverse=True)
    lean = math.atan2(shin.seen.real * math.copysign(1.0, ahead) / share, shin.seen.imag)
    noise = math.sqrt(shin.near + shin.far) / shin.length / share
    return Reading(math.degrees(lean), math.degrees(noise), shin.score)
