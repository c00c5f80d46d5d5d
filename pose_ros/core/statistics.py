"""Figures of the estimator for diagnostics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Statistics:
    """What the estimator has done.

    Attributes
    ----------
    inference_time
        Time [s] that the last frame took, from image to people.
    person_time
        Of it, time [s] per person looked at, without the detector.
    detector_time
        Time [s] of the detector's last run.
    hand_time
        Time [s] per hand looked at, of the last search for hands.
    hands_time
        Time [s] of the last search for hands.
    detections
        Runs of the person detector.
    people
        People followed, seen in the last frame or not.
    multi
        Whether more than one person may be followed, and is expected, right now.
    reinitialised
        Jumps to another person that were noticed.
    swaps
        Left and right swapped back.
    implausible
        Keypoints marked so.
    expired_lock
        Id of the last person whose lock ended after ``lock_timeout``, 0 = none.
    late
        Frames dropped because their stamps were a little before the last one's.
    """

    inference_time: float = 0.0
    person_time: float = 0.0
    detector_time: float = 0.0
    hand_time: float = 0.0
    hands_time: float = 0.0
    detections: int = 0
    people: int = 0
    multi: bool = False
    reinitialised: int = 0
    swaps: int = 0
    implausible: int = 0
    expired_lock: int = 0
    late: int = 0
