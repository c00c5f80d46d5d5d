"""The order of frames in time."""

import numpy as np
import pytest

from pose_ros.core.timeline import Step, Timeline

NEXT, REPEATED, LATE, JUMP = Step.NEXT, Step.REPEATED, Step.LATE, Step.JUMP


def steps(stamps, limit=1.0):
    timeline = Timeline(limit)
    return [timeline.advance(stamp) for stamp in stamps]


@pytest.mark.parametrize(
    ('stamps', 'expected'),
    [
        ((0.0, 0.1, 50.0), (NEXT, NEXT, NEXT)),
        ((5.0, 5.0, 5.0, 5.1), (NEXT, REPEATED, REPEATED, NEXT)),
        ((5.0, 4.999, 5.0, 5.033), (NEXT, LATE, REPEATED, NEXT)),
        ((5.0, 4.0, 5.1), (NEXT, LATE, NEXT)),
        ((5.0, 3.9, 4.0), (NEXT, JUMP, NEXT)),
        ((0.0, -7.0, -6.9), (NEXT, JUMP, NEXT)),
    ],
)
def test_what_a_stamp_means(stamps, expected):
    assert tuple(steps(stamps)) == expected


def test_out_of_order_stamps_of_a_real_driver_are_late():
    """The gaps [ms] reported in realsense-ros issue 84."""
    gaps = [33.4, 133.7, -100.3, 155.5, -122.2, 33.4, 100.0, 33.4, 66.7, 33.7, -67.0, 100.1]
    stamp, stamps = 1000.0, []
    for gap in gaps:
        stamp += gap / 1000
        stamps.append(stamp)
    found = steps(stamps)
    assert JUMP not in found
    assert [gap for gap, step in zip(gaps, found) if step is LATE] == [
        -100.3, -122.2, 33.4, -67.0,
    ]  # fmt: skip


def test_a_clock_set_back_a_little_goes_on_when_it_has_caught_up():
    stamps = [i / 10 for i in range(100)] + [9.0 + i / 10 for i in range(20)]
    found = steps(stamps)
    assert found[100:110] == [LATE] * 9 + [REPEATED]
    assert set(found[110:]) == {NEXT}


def test_a_short_recording_in_a_loop_starts_anew():
    loop = [i / 10 for i in range(8)]
    found = steps(loop * 4)
    assert JUMP in found[8:24]


@pytest.mark.parametrize('limit', [0.05, 60.0])
def test_the_limit_is_the_largest_late_step(limit):
    assert steps([100.0, 100.0 - 0.99 * limit], limit) == [NEXT, LATE]
    assert steps([100.0, 100.0 - 1.01 * limit], limit) == [NEXT, JUMP]


@pytest.mark.parametrize('seed', range(20))
def test_accepted_times_go_forward_between_jumps(seed):
    random = np.random.default_rng(seed)
    timeline, last = Timeline(limit=float(random.uniform(0.05, 5.0))), None
    # Rounded, so that some are the same.
    for stamp in random.uniform(0.0, 20.0, 200).round(1).tolist():
        step = timeline.advance(stamp)
        if last is None or stamp > last:
            assert step is NEXT
        elif stamp == last:
            assert step is REPEATED
        elif last - stamp > timeline.limit:
            assert step is JUMP
        if step is not LATE:
            last = stamp
        assert timeline.last == last
