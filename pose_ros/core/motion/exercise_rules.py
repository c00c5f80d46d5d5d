"""Exercises as data: config/exercises.yaml, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
import math
from pathlib import Path
from typing import Any, Literal, cast, get_args

from pose_ros.core.body.measures import MEASURES, Measure
from pose_ros.core.motion.observer import AUTO, NONE
from pose_ros.core.motion.rules import Limits, read_limits
from pose_ros.core.yaml_reader import Entry, read_yaml

FromTurn = Literal['', 'first', 'always']
Where = Literal['start', 'turn', 'change', 'settle', 'range', 'worst']
_PARTS = get_args(Where)
_PARTS_OF_HOLD = ('turn', 'worst')
# Flags of the needs of a set, of one repetition, and of a hold.
_FLAGS = ('known', 'auto', 'over_set', 'stays')
_FLAGS_OF_ONE = ('known', 'stays')
_FLAGS_OF_HOLD = ('known', 'auto')


@dataclass(frozen=True)
class FormRule:
    """A measure within limits somewhere in a repetition.

    Attributes
    ----------
    measure
        What is measured.
    where
        At which part of the repetition.
    limits
        Within which all is well.
    name
        Of the fault that it is else; empty for what the exercise needs.
    known
        Whether the need also fails while the measure is unknown.
    auto
        Whether the need is asked only to recognise the exercise.
    over_set
        Whether it is asked of the median over the repetitions by which the exercise is recognised,
        and not of each one.
    stays
        Whether only people who stay at the turning point can meet it.
    otherwise
        Another rule that is enough where this one is not met.
    """

    measure: Measure
    where: Where
    limits: Limits
    name: str = ''
    known: bool = False
    auto: bool = False
    over_set: bool = False
    stays: bool = False
    otherwise: FormRule | None = None


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    name
        Of the exercise.
    leads
        Measure of the leading angle.
    start
        Where a repetition starts and ends [deg].
    turn
        What must be reached for it to count [deg].
    goal
        What must be reached for it to be full [deg].
    seconds
        Time that a repetition takes.
    needs
        What else makes it this exercise; not asked where it is not seen.
    faults
        What is wrong with its form.
    alone
        What else makes a single repetition enough to recognise it; empty: nothing does.
    hold
        Minimum time of a hold [s], with NaN for the levels; 0 for repetitions.
    auto
        Whether it can be told apart from the others.
    from_turn
        Which repetitions may begin at the turning point: 'always' any, as on a chair; 'first' the
        first one of a person who is first seen there; '' none.
    pauses
        Whether people pause at the turning point, as with a weight on the floor.
    sides
        Measure whose sign tells which side does a repetition, where both sides may take turns;
        None: they do not.
    """

    name: str
    leads: Measure
    start: float
    turn: float
    goal: float
    seconds: Limits
    needs: tuple[FormRule, ...] = ()
    faults: tuple[FormRule, ...] = ()
    alone: tuple[FormRule, ...] = ()
    hold: float = 0.0
    auto: bool = True
    from_turn: FromTurn = ''
    pauses: bool = False
    sides: Measure | None = None

    def progress(self, angle: float) -> float:
        """How far out a leading angle [deg] is: 0 at the start, 1 where it counts."""
        return (angle - self.start) / (self.turn - self.start)

    @cached_property
    def start_measures(self) -> frozenset[Measure]:
        """Measures of the rules about the start."""
        places = ('start', 'change', 'range')
        return frozenset(rule.measure for rule in self._rules if rule.where in places)

    @cached_property
    def way_measures(self) -> frozenset[Measure]:
        """Measures of the rules about the rest of a repetition."""
        measures = {rule.measure for rule in self._rules if rule.where != 'start'}
        return frozenset(measures if self.sides is None else {*measures, self.sides})

    @cached_property
    def set_needs(self) -> tuple[FormRule, ...]:
        """Needs of the set as a whole."""
        return tuple(need for need in self.needs if need.over_set)

    @property
    def _rules(self) -> list[FormRule]:
        rules = [*self.needs, *self.faults, *self.alone]
        for rule in rules:  # those that are added, too
            if rule.otherwise is not None:
                rules.append(rule.otherwise)
        return rules

    def chosen(self) -> Exercise:
        """Return the exercise for a person who is known to do it."""
        needs = (need for need in self.needs if not (need.auto or need.over_set))
        return replace(self, needs=tuple(needs))


def load_exercises(path: str | Path) -> tuple[Exercise, ...]:
    """Read a file of exercises.

    Parameters
    ----------
    path
        YAML, as config/exercises.yaml explains.

    Returns
    -------
    tuple of Exercise
        In the file's order.

    Raises
    ------
    ValueError
        Names file, line and reason.
    """
    root = read_yaml(path)
    entries = root.fields(required=('exercises',))['exercises'].items()
    if not entries:
        raise root.error('no exercises')
    exercises: dict[str, Exercise] = {}
    for entry in entries:
        exercise = _read_exercise(entry)
        if exercise.name in exercises:
            raise entry.error(f'{exercise.name} is described twice')
        exercises[exercise.name] = exercise
    return tuple(exercises.values())


def _read_exercise(entry: Entry) -> Exercise:
    if 'hold' in entry.fields():
        return _read_hold(entry)
    fields = entry.fields(
        required=('name', 'leads', 'start', 'turn', 'goal', 'seconds'),
        optional=('auto', 'from_turn', 'pauses', 'sides', 'needs', 'alone', 'faults'),
    )
    start, turn, goal = (fields[key].number(0.0, 180.0) for key in ('start', 'turn', 'goal'))
    if start == turn or (turn - start) * (goal - turn) < 0:
        raise fields['turn'].error(
            f'turn must lie between start and goal, got {start:g}, {turn:g}, {goal:g}'
        )
    seconds = read_limits(fields['seconds'])
    if seconds.low < 0.0 or not 0.0 < seconds.high < math.inf:
        raise fields['seconds'].error(
            'a repetition takes from 0 s on, and has a maximum time over 0 s'
        )
    return Exercise(
        **_read_common(fields, _FLAGS, _PARTS),
        start=start,
        turn=turn,
        goal=goal,
        seconds=seconds,
        alone=_read_rules(fields, 'alone', _FLAGS_OF_ONE, _PARTS),
        from_turn=cast('FromTurn', fields['from_turn'].text(choices=('first', 'always')))
        if 'from_turn' in fields
        else '',
        pauses='pauses' in fields and fields['pauses'].flag(),
        sides=_read_measure(fields['sides']) if 'sides' in fields else None,
    )


def _read_hold(entry: Entry) -> Exercise:
    fields = entry.fields(required=('name', 'leads', 'hold'), optional=('auto', 'needs', 'faults'))
    hold = fields['hold'].number(low=0.5)
    return Exercise(
        **_read_common(fields, _FLAGS_OF_HOLD, _PARTS_OF_HOLD),
        start=math.nan,
        turn=math.nan,
        goal=math.nan,
        seconds=Limits(hold, math.inf),
        hold=hold,
    )


def _read_common(
    fields: Mapping[str, Entry], flags: Sequence[str], parts: Sequence[str]
) -> dict[str, Any]:
    """What repetitions and holds have in common."""
    leads = _read_measure(fields['leads'])
    if leads.unit != 'deg':
        raise fields['leads'].error(f'{leads.name} is no angle')
    faults = fields['faults'].fields() if 'faults' in fields else {}
    return {
        'name': fields['name'].name(reserved=(AUTO, NONE)),
        'leads': leads,
        'auto': fields['auto'].flag() if 'auto' in fields else True,
        'needs': _read_rules(fields, 'needs', flags, parts),
        'faults': tuple(_read_rule(fault, (), parts, name) for name, fault in faults.items()),
    }


def _read_measure(entry: Entry) -> Measure:
    return MEASURES[entry.text(choices=sorted(MEASURES))]


def _read_rules(
    fields: Mapping[str, Entry], key: str, flags: Sequence[str], parts: Sequence[str]
) -> tuple[FormRule, ...]:
    if key not in fields:
        return ()
    return tuple(_read_rule(rule, flags, parts) for rule in fields[key].items())


def _read_rule(
    entry: Entry, flags: Sequence[str], parts: Sequence[str], name: str = ''
) -> FormRule:
    """Rule about some parts of a repetition; a fault has a name and no flags."""
    optional = () if name else (*flags, 'or')
    fields = entry.fields(required=('measure', 'where', 'limits'), optional=optional)
    limits = read_limits(fields['limits'])
    if limits.unbounded:
        raise fields['limits'].error('at least one limit is needed')
    where = cast('Where', fields['where'].text(choices=parts))
    if where == 'worst' and not (math.isinf(limits.low) or math.isinf(limits.high)):
        raise fields['limits'].error('the worst has one limit only')
    given = {flag: flag in fields and fields[flag].flag() for flag in flags}
    if given.get('over_set') and given.get('stays'):
        raise entry.error('over_set and stays cannot be combined: put stays into "or"')
    within = [flag for flag in flags if flag in _FLAGS_OF_ONE]
    otherwise = _read_rule(fields['or'], within, parts) if 'or' in fields else None
    measure = _read_measure(fields['measure'])
    return FormRule(measure, where, limits, name, otherwise=otherwise, **given)
