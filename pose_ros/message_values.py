"""Values of our messages, whoever made these objects: rclpy, or rosbags without ROS."""

from __future__ import annotations

from typing import Any

import numpy as np

from pose_ros.core.motion.events import (
    MotionEvent,
    PostureChanges,
    exercise_events,
    fall_events,
    gesture_events,
)
from pose_ros.core.motion.exercises import ExercisePhase, ExerciseState, Fault, Verdict
from pose_ros.core.motion.falls import Fall, FallPhase
from pose_ros.core.motion.gestures import Gesture, Phase
from pose_ros.core.motion.posture import Posture, PostureState
from pose_ros.core.motion.rules import Hand
from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.topology import topology_named
from pose_ros.core.types import Box, Person

EVENT_TOPICS = ('gestures', 'falls', 'postures', 'exercise')
"""Topics of gesture_node that tell what begins, ends or is complete."""


def people_of(message: Any) -> list[Person]:
    """People of a SkeletonArray, with positions where it has them.

    ValueError if a format is unknown or the number of keypoints is not that of the format.
    """
    return [msg_to_person(skeleton) for skeleton in message.skeletons]


def msg_to_person(skeleton: Any) -> Person:
    """Person of a message; what is known of the body in space is also in ``world``.

    ValueError if the format is unknown or the number of keypoints is not that of the format.
    """
    positions = positions_of(skeleton)
    in_space = positions is not None and positions.source is not PositionSource.HEIGHT
    rows = np.array([(k.x, k.y, k.score, k.state) for k in skeleton.keypoints], np.float32)
    rows = rows.reshape(-1, 4)
    box = skeleton.box
    return Person(
        topology=topology_named(skeleton.format),
        keypoints=rows[:, :2],
        scores=rows[:, 2],
        states=rows[:, 3].astype(np.uint8),
        score=skeleton.score,
        box=Box(box.x_offset, box.y_offset, box.width, box.height),
        id=skeleton.id,
        # All that lies in one plane by assumption says nothing of the body.
        world=positions.points if positions is not None and in_space else None,
        positions=positions,
    )


def positions_of(skeleton: Any) -> Positions | None:
    """Positions of a message; None without 3D."""
    if not len(skeleton.positions):
        return None
    points = np.array([(p.x, p.y, p.z) for p in skeleton.positions])
    # Older recordings do not tell how the positions came about and how sure they are.
    deviations = np.array(getattr(skeleton, 'position_deviations', ()), np.float64)
    if not len(deviations):
        deviations = np.full(len(points), np.nan)
    source = PositionSource(getattr(skeleton, 'position_source', PositionSource.NONE))
    return Positions(points, deviations, source)


class EventReader:
    """Events of the messages of `EVENT_TOPICS`, in the order in which they come.

    Parameters
    ----------
    zero
        Stamp that becomes time 0 [s].
    """

    def __init__(self, zero: float = 0.0) -> None:
        self._zero = zero
        self._changes = PostureChanges()

    def read(self, topic: str, message: Any) -> list[MotionEvent]:
        """What a message of a topic (its name without namespace) tells that is new."""
        stamp = seconds(message.header.stamp) - self._zero
        if topic == 'gestures':
            return gesture_events([_gesture(message)], stamp)
        if topic == 'falls':
            return fall_events([_fall(message, self._zero)], stamp)
        if topic == 'postures':
            return self._changes.observe([_posture(message)], stamp)
        return exercise_events([_exercise(message)], stamp)


def seconds(time: Any) -> float:
    """A message's time [s]."""
    return float(time.sec + time.nanosec / 1e9)


def _gesture(message: Any) -> Gesture:
    direction = message.direction
    return Gesture(
        name=message.gesture,
        phase=Phase(message.phase),
        hand=Hand(message.hand),
        score=message.score,
        duration=message.duration,
        direction=(direction.x, direction.y, direction.z),
        person_id=message.skeleton_id,
    )


def _fall(message: Any, zero: float) -> Fall:
    phase = FallPhase(message.phase)
    landed = message.landing.sec or message.landing.nanosec
    return Fall(
        person_id=message.skeleton_id,
        phase=phase,
        confidence=message.confidence,
        onset=seconds(message.onset) - zero,
        landing=seconds(message.landing) - zero if landed else None,
        duration=message.duration,
        peak_descent_rate=message.peak_descent_rate,
        lost=message.lost,
    )


def _posture(message: Any) -> PostureState:
    return PostureState(
        person_id=message.skeleton_id,
        posture=Posture(message.posture),
        confidence=message.confidence,
        duration=message.duration,
    )


def _exercise(message: Any) -> ExerciseState:
    faults = tuple(
        Fault(fault.name, fault.certain, fault.value, fault.limit, fault.standard_deviation)
        for fault in message.faults
    )
    return ExerciseState(
        person_id=message.skeleton_id,
        exercise=message.exercise,
        phase=ExercisePhase(message.phase),
        repetitions=message.repetitions,
        repetition_done=message.repetition_done,
        angle=message.angle,
        extreme=message.extreme,
        full=Verdict(message.full),
        confidence=message.confidence,
        outward_time=message.outward_time,
        turn_time=message.turn_time,
        return_time=message.return_time,
        faults=faults,
    )
