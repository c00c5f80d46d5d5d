"""What people do, from values of the core to messages: pure functions.

Every message gets the header of the image, as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
import math
from typing import TYPE_CHECKING

from pose_ros.message_types import (
    ExerciseFault,
    FallEvent,
    GestureEvent,
    Header,
    JointState,
    Posture,
    Time,
    Vector3,
)
from pose_ros.message_types import ExerciseState as ExerciseStateMsg
from pose_ros.message_types import JointAngles as JointAnglesMsg

if TYPE_CHECKING:
    from pose_ros.core.body.angles import JointAngles
    from pose_ros.core.motion.exercises import ExerciseState, Fault
    from pose_ros.core.motion.falls import Fall
    from pose_ros.core.motion.gestures import Gesture
    from pose_ros.core.motion.posture_observer import PostureState


def gesture_to_msg(gesture: Gesture, header: Header) -> GestureEvent:
    """Message of a gesture."""
    x, y, z = (float(value) for value in gesture.direction)
    return GestureEvent(
        header=header,
        skeleton_id=gesture.skeleton_id,
        hand_id=gesture.hand_id,
        gesture=gesture.name,
        phase=int(gesture.phase),
        hand=int(gesture.hand),
        score=float(gesture.score),
        duration=float(gesture.duration),
        direction=Vector3(x=x, y=y, z=z),
    )


def angles_to_msg(angles: JointAngles, header: Header) -> JointAnglesMsg:
    """Message of one person's joint angles."""
    return JointAnglesMsg(
        header=header,
        skeleton_id=angles.skeleton_id,
        in_space=bool(angles.in_space),
        names=list(angles.names),
        angles=angles.angles.tolist(),
        confidences=angles.confidences.tolist(),
        standard_deviations=angles.deviations.tolist(),
    )


def angles_to_joint_state(people: Iterable[JointAngles], header: Header) -> JointState:
    """Message of the joints of all people, such as ``person_3/left_knee``.

    Those that are not known are left out: who reads a JointState takes each position for one.
    """
    known = [
        (f'person_{angles.skeleton_id}/{name}', angle)
        for angles in people
        for name, angle in zip(angles.names, angles.angles.tolist())
        if math.isfinite(angle)
    ]
    return JointState(
        header=header, name=[name for name, _ in known], position=[angle for _, angle in known]
    )


def posture_to_msg(state: PostureState, header: Header) -> Posture:
    """Message of one person's posture."""
    return Posture(
        header=header,
        skeleton_id=state.skeleton_id,
        posture=int(state.posture),
        confidence=float(state.confidence),
        duration=float(state.duration),
    )


def fall_to_msg(fall: Fall, header: Header) -> FallEvent:
    """Message of a fall; a landing that has not been is time zero."""
    return FallEvent(
        header=header,
        skeleton_id=fall.skeleton_id,
        phase=int(fall.phase),
        confidence=float(fall.confidence),
        onset=time_to_msg(fall.onset),
        landing=Time() if fall.landing is None else time_to_msg(fall.landing),
        duration=float(fall.duration),
        peak_descent_rate=float(fall.peak_descent_rate),
        lost=bool(fall.lost),
    )


def exercise_to_msg(state: ExerciseState, header: Header) -> ExerciseStateMsg:
    """Message of how one person does an exercise."""
    return ExerciseStateMsg(
        header=header,
        skeleton_id=state.skeleton_id,
        exercise=state.exercise,
        phase=int(state.phase),
        repetitions=int(state.repetitions),
        repetition_done=bool(state.repetition_done),
        angle=float(state.angle),
        peak_angle=float(state.peak_angle),
        range_reached=int(state.range_reached),
        confidence=float(state.confidence),
        outward_time=float(state.outward_time),
        turn_time=float(state.turn_time),
        return_time=float(state.return_time),
        hold_time=float(state.hold_time),
        retracted=bool(state.retracted),
        faults=[_fault_to_msg(fault) for fault in state.faults],
    )


def _fault_to_msg(fault: Fault) -> ExerciseFault:
    return ExerciseFault(
        name=fault.name,
        certain=bool(fault.certain),
        value=float(fault.value),
        limit=float(fault.limit),
        standard_deviation=float(fault.standard_deviation),
    )


def time_to_msg(stamp: float) -> Time:
    """Message of a time [s] on the images' clock; none is before its zero."""
    seconds, nanoseconds = divmod(max(round(stamp * 1e9), 0), 10**9)
    return Time(sec=seconds, nanosec=nanoseconds)
