"""Stamps that start at zero and increase, whatever a container says."""

from __future__ import annotations

from itertools import pairwise
import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from pose_ros.core.media.stamps import StampCounter


@pytest.mark.parametrize(
    ('positions', 'expected'),
    [
        ([0, 0.1, 0.4, 0.5], [0, 0.1, 0.4, 0.5]),
        ([5.0, 5.1, 5.4], [0, 0.1, 0.4]),  # not from zero
        ([0, 0, 0], [0, 0.25, 0.5]),  # none at all: from the rate of 4
        ([math.nan] * 3, [0, 0.25, 0.5]),
        ([math.inf, math.nan, 7.0, 7.1], [0, 0.25, 0.5, 0.6]),
        ([0, 0.3, 0.1, 0.9], [0, 0.3, 0.55, 0.9]),  # a step back
        ([0, math.nan, 0.6], [0, 0.25, 0.6]),
        ([0, 20.0, 20.1], [0, 20.0, 20.1]),  # a pause
        ([50, 50.1, 0.0, 0.1, 0.3], [0, 0.1, 0.35, 0.45, 0.65]),  # another recording follows
        ([0, 0.1, 95443.7, 95443.9], [0, 0.1, 0.35, 0.55]),  # MPEG-TS's counter wraps
    ],
)
def test_stamps_start_at_zero_and_increase(positions, expected):
    counter = StampCounter(4.0)
    assert [counter.stamp(position) for position in positions] == pytest.approx(expected)


@given(st.lists(st.floats(), max_size=30), st.floats(0.01, 10_000))
def test_any_positions_give_stamps_that_increase(positions, rate):
    counter = StampCounter(rate)
    stamps = [counter.stamp(position) for position in positions]
    assert stamps[:1] in ([], [0])
    assert all(math.isfinite(stamp) for stamp in stamps)
    assert all(after > before for before, after in pairwise(stamps))
