"""Exercises as data: what stands in config/exercises.yaml, read and checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
import math
from pathlib import Path
from typing import Literal, cast, get_args

from pose_ros.core.body.measures import MEASURES, Measure
from pose_ros.core.motion.rules import Limits, read_limits
from pose_ros.core.yaml_reader import Entry, read_yaml

FromTurn = Literal['', 'first', 'always']
Where = Literal['start', 'turn', 'change', 'settle', 'range', 'worst']


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

    def progress(self, angle: float) -> float:
        """How far out a leading angle [deg] is: 0 at the start, 1 where it counts."""
        return (angle - self.start) / (self.turn - self.start)

    @cached_property
    def start_measures(self) -> frozenset[Measure]:
        """Measures of the rules about the start, without the leading one."""
        places = ('start', 'change', 'range')
        return frozenset(rule.measure for rule in self._rules if rule.where in places)

    @cached_property
    def way_measures(self) -> frozenset[Measure]:
        """Measures of the rules about the rest of a repetition, without the leading one."""
        return frozenset(rule.measure for rule in self._rules if rule.where != 'start')

    @cached_property
    def set_needs(self) -> tuple[FormRule, ...]:
        """Needs of the set as a whole."""
        return tuple(need for need in self.needs if need.over_set)

    @property
    def _rules(self) -> list[FormRule]:
        rules = [*self.needs, *self.faults, *self.alone]
        return rules + [rule.otherwise for rule in rules if rule.otherwise is not None]

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
    rules = ('needs', 'faults', 'alone')
    if 'hold' in entry.fields():
        fields = entry.fields(required=('name', 'leads', 'hold'), optional=('auto', *rules))
        hold = fields['hold'].number(low=0.5)
        start = turn = goal = math.nan
        seconds = Limits(hold, math.inf)
    else:
        fields = entry.fields(
            required=('name', 'leads', 'start', 'turn', 'goal', 'seconds'),
            optional=('auto', 'from_turn', 'pauses', *rules),
        )
        hold = 0.0
        start, turn, goal = (fields[key].number() for key in ('start', 'turn', 'goal'))
        seconds = read_limits(fields['seconds'])
        if start == turn or (turn - start) * (goal - turn) < 0:
            raise fields['turn'].error(
                f'turn must lie between start and goal, got {start:g}, {turn:g}, {goal:g}'
            )
    leads = _read_measure(fields['leads'])
    if leads.unit != 'deg':
        raise fields['leads'].error(f'{leads.name} is no angle')
    needs, alone = (
        tuple(_read_rule(rule) for rule in fields[key].items()) if key in fields else ()
        for key in ('needs', 'alone')
    )
    if hold and any(need.over_set for need in needs):
        raise fields['needs'].error('a hold has no repetitions: over_set cannot be asked of it')
    faults = fields['faults'].fields() if 'faults' in fields else {}
    return Exercise(
        name=fields['name'].text(),
        leads=leads,
        start=start,
        turn=turn,
        goal=goal,
        seconds=seconds,
        needs=needs,
        faults=tuple(_read_rule(fault, name) for name, fault in faults.items()),
        alone=alone,
        hold=hold,
        auto=fields['auto'].flag() if 'auto' in fields else True,
        from_turn=cast('FromTurn', fields['from_turn'].text(choices=('first', 'always')))
        if 'from_turn' in fields
        else '',
        pauses='pauses' in fields and fields['pauses'].flag(),
    )


def _read_measure(entry: Entry) -> Measure:
    return MEASURES[entry.text(choices=sorted(MEASURES))]


def _read_rule(entry: Entry, name: str = '') -> FormRule:
    flags = ('known', 'auto', 'over_set', 'stays')
    required = ('measure', 'where', 'limits')
    fields = entry.fields(required=required, optional=(*flags, 'or'))
    limits = read_limits(fields['limits'])
    if math.isinf(limits.low) and math.isinf(limits.high):
        raise fields['limits'].error('at least one limit is needed')
    where = cast('Where', fields['where'].text(choices=get_args(Where)))
    if where == 'worst' and not (math.isinf(limits.low) or math.isinf(limits.high)):
        raise fields['limits'].error('the worst has one limit only')
    given = {flag: flag in fields and fields[flag].flag() for flag in flags}
    if given['over_set'] and given['stays']:
        raise entry.error('over_set and stays cannot be combined: put stays into "or"')
    otherwise = _read_rule(fields['or']) if 'or' in fields else None
    measure = _read_measure(fields['measure'])
    return FormRule(measure, where, limits, name, otherwise=otherwise, **given)
