"""What a named feature of a person is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pose_ros.core.body.points import UnseenError
from pose_ros.core.body.state import BodyState
from pose_ros.core.topology import OTHER, Side

Measure = Callable[[BodyState, Side], float]


@dataclass(frozen=True)
class Feature:
    """A named quantity.

    Attributes
    ----------
    name
        As in the rules.
    measure
        Computes it; UnseenError if it cannot be known.
    of_arm
        Whether it belongs to one arm or to the person.
    unit
        Of the value.
    keypoints
        Names of the keypoints that it rests on, without their side if it is an arm's.
    meaning
        One line.
    """

    name: str
    measure: Measure
    of_arm: bool
    unit: str
    keypoints: tuple[str, ...]
    meaning: str

    def value(self, body: BodyState, side: Side = 'left') -> float | None:
        """Its value, for the arm of one side if it is an arm's; None if it is unknown."""
        values = body.features[side]
        if self.name not in values:
            try:
                values[self.name] = self.measure(body, side)
            except UnseenError:
                values[self.name] = None
        return values[self.name]

    def rests_on(self, side: Side) -> tuple[str, ...]:
        """Names of the keypoints that it rests on."""
        if not self.of_arm:
            return self.keypoints
        names = (k.replace('other_', f'{OTHER[side]}_') for k in self.keypoints)
        whole = ('nose', 'left_', 'right_')
        return tuple(k if k.startswith(whole) else f'{side}_{k}' for k in names)


def enter_into(table: dict[str, Feature]) -> Callable[..., Callable[[Measure], Measure]]:
    """Decorator factory that enters a function under its name in a table of features.

    It takes the unit, the keypoints and whether the feature belongs to an arm.
    """

    def feature(unit: str, *keypoints: str, of_arm: bool = True) -> Callable[[Measure], Measure]:
        def enter(measure: Measure) -> Measure:
            meaning = (measure.__doc__ or '').strip()
            name = measure.__name__
            table[name] = Feature(name, measure, of_arm, unit, keypoints, meaning)
            return measure

        return enter

    return feature
