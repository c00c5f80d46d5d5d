"""What an examination finds, and how examinations are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How something is."""

    GOOD = 'good'
    HINT = 'hint'
    BAD = 'bad'


@dataclass(frozen=True)
class Finding:
    """One line of the table.

    Attributes
    ----------
    subject
        What was looked at.
    state
        HINT works but could be better, or is not needed by everybody; BAD does not work.
    found
        What it is like.
    advice
        What to do about it; empty if it is well.
    """

    subject: str
    state: State
    found: str
    advice: str = ''

    def __post_init__(self) -> None:
        """Refuse a fault without advice."""
        if self.state is not State.GOOD and not self.advice:
            raise ValueError(f'{self.subject}: {self.state.value} needs an advice')


Examination = Callable[[], Iterable[Finding]]


def examine(examinations: Sequence[tuple[str, Examination]]) -> Iterator[Finding]:
    """Run examinations, by name; one that fails is a finding, too, and the others go on."""
    for name, examination in examinations:
        try:
            yield from examination()
        except Exception as error:  # whatever is broken here is what was looked for
            yield Finding(
                name,
                State.BAD,
                f'could not be examined: {type(error).__name__}: {error}',
                'see the error; if it makes no sense, please report it',
            )
