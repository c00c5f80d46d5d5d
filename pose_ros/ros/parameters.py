"""Parameters of a node from one table: descriptors, checks and documentation come from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
import math
import sys
from types import SimpleNamespace
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node

Check = Callable[[Mapping[str, Any]], None]
Apply = Callable[[frozenset[str]], None]


@dataclass(frozen=True)
class Parameter:
    """One row of the table; the type is that of the default.

    Attributes
    ----------
    name
        As in the YAML file.
    default
        bool, int, float, str or, for a string array, a tuple of str.
    meaning
        One line.
    unit
        Such as 's' or 'px'; empty without one.
    low, high
        Bounds, both allowed values; None without one.
    choices
        The only values allowed, in a string array as entries; empty for any value.
    live
        Whether it can change while the node runs.
    """

    name: str
    default: bool | int | float | str | tuple[str, ...]
    meaning: str
    unit: str = ''
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] | tuple[int, ...] = ()
    live: bool = False

    def accepted(self, value: object) -> Any:
        """Return the value in the parameter's type; ValueError with the reason."""
        if isinstance(self.default, tuple):
            return self._accepted_entries(value)
        wanted = type(self.default)
        # YAML reads 1 as an integer where 1.0 is meant.
        if wanted is float and type(value) is int and abs(value) <= sys.float_info.max:
            value = float(value)
        if type(value) is not wanted:
            raise ValueError(f'{self.name} must be of type {wanted.__name__}, got {value!r}')
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f'{self.name} must be finite, got {value}')
        if self.choices and value not in self.choices:
            raise ValueError(f'{self.name} must be {self.range}, got {value!r}')
        too_low = self.low is not None and value < self.low  # type: ignore[operator]
        too_high = self.high is not None and value > self.high  # type: ignore[operator]
        if too_low or too_high:
            raise ValueError(f'{self.name} must be {self.range}, got {value}')
        return value

    def _accepted_entries(self, value: object) -> tuple[str, ...]:
        """Entries of a string array without empty ones.

        An empty array has no type in ROS 2: None in a file, bytes from ``ros2 param set``.
        """
        if isinstance(value, str) or not (value is None or isinstance(value, Sequence)):
            raise ValueError(f'{self.name} must be an array of strings, got {value!r}')
        entries = tuple(value or ())
        for entry in entries:
            if not isinstance(entry, str):
                raise ValueError(f'{self.name} must contain only strings, got {entry!r}')
            if entry and self.choices and entry not in self.choices:
                raise ValueError(f'{self.name} must be {self.range}; got {entry!r}')
        return tuple(filter(None, entries))

    @property
    def ros_default(self) -> bool | int | float | str | list[str]:
        """The default as ROS 2 declares it; an empty array is [''], which keeps its type."""
        if isinstance(self.default, tuple):
            return list(self.default) or ['']
        return self.default

    @property
    def range(self) -> str:
        """The allowed values in words; empty if all are."""
        unit = f' {self.unit}' if self.unit else ''
        if self.choices:
            which = 'any of' if isinstance(self.default, tuple) else 'one of'
            return f'{which} {", ".join(map(str, self.choices))}{unit}'
        if self.low is not None and self.high is not None:
            return f'{self.low} to {self.high}{unit}'
        if self.low is not None:
            return f'at least {self.low}{unit}'
        return f'at most {self.high}{unit}' if self.high is not None else ''

    def descriptor(self, fixed: bool) -> ParameterDescriptor:
        """What `ros2 param describe` and rqt show."""
        unit = f' [{self.unit}]' if self.unit else ''
        when = '' if self.live else ' Fixed once the node is configured.'
        low, high = self.low, self.high
        descriptor = ParameterDescriptor(
            description=f'{self.meaning}{unit}.{when}',
            additional_constraints=self.range,
            read_only=fixed and not self.live,
            # For an integer in place of a float, and for an empty array, which has no type.
            dynamic_typing=isinstance(self.default, (float, tuple)),
        )
        if low is not None and high is not None:
            if isinstance(self.default, float):
                bounds = FloatingPointRange(from_value=float(low), to_value=float(high))
                descriptor.floating_point_range = [bounds]
            else:
                bounds = IntegerRange(from_value=int(low), to_value=int(high), step=1)
                descriptor.integer_range = [bounds]
        return descriptor


# Of every node that passes messages on; see `pose_ros.ros.executors.make_executor`.
EXECUTOR = Parameter(
    'executor',
    'single',
    'Executor of the node: single, or events (less CPU if rclpy supports it)',
    choices=('single', 'events'),
)


def expand_all(names: Collection[str], known: Iterable[str]) -> frozenset[str]:
    """Names in a string array, or all known ones if 'all' is among them."""
    return frozenset(known if 'all' in names else names)


class Values(SimpleNamespace):
    """The values of a node's parameters as attributes; see `declare`."""

    locked: bool


def declare(
    node: Node,
    table: Sequence[Parameter],
    *,
    check: Check | None = None,
    apply: Apply | None = None,
    lifecycle: bool = False,
) -> Values:
    """Declare a table of parameters and keep their values up to date.

    Parameters
    ----------
    node
        The node; values given at its start are taken.
    table
        The parameters.
    check
        Called with all values as they would be after a change; ValueError refuses the change.
    apply
        Called with the names that changed, after the values have been set.
    lifecycle
        Parameters that are not live can be set until `Values.locked` is set to True
        (by configure). Otherwise they can be set only at the start of the node.

    Returns
    -------
    Values
        The values; kept up to date.

    Raises
    ------
    ValueError
        A value given at the start is refused; says which and why.
    """
    rows = {row.name: row for row in table}
    values: dict[str, Any] = {}
    for row in table:
        try:
            node.declare_parameter(row.name, row.ros_default, row.descriptor(not lifecycle))
            values[row.name] = row.accepted(node.get_parameter(row.name).value)
        except Exception as error:  # rclpy has a dozen for a value of the wrong type or range
            raise ValueError(f'parameter {row.name}: {error}') from error
    if check is not None:
        check(values)
    parameters = Values(locked=False, **values)

    def changes(given: Iterable[Any]) -> dict[str, Any]:
        # Others may add parameters to this node (use_sim_time, QoS overrides): not ours to refuse.
        ours = [p for p in given if p.name in rows]
        for parameter in ours:
            if parameter.type_ == parameter.Type.NOT_SET:
                raise ValueError(f'{parameter.name} cannot be deleted: set a value')
        return {p.name: rows[p.name].accepted(p.value) for p in ours}

    def on_set(given: Iterable[Any]) -> SetParametersResult:
        try:
            changed = changes(given)
            for name, value in changed.items():
                if parameters.locked and not rows[name].live and value != values[name]:
                    raise ValueError(
                        f'{name} is read when the node is configured: '
                        'set it before configure (deactivate and clean up first)'
                    )
            if check is not None:
                check({**values, **changed})
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if not hasattr(node, 'add_post_set_parameters_callback'):
            post_set(given)
        return SetParametersResult(successful=True)

    def post_set(given: Iterable[Any]) -> None:
        changed = changes(given)
        values.update(changed)
        vars(parameters).update(changed)
        if changed and apply is not None:
            apply(frozenset(changed))

    node.add_on_set_parameters_callback(on_set)
    # Humble lacks it; there our callback is the only one that could refuse, so it applies at once.
    if hasattr(node, 'add_post_set_parameters_callback'):
        node.add_post_set_parameters_callback(post_set)
    return parameters
