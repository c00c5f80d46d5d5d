"""Hands to messages; back: `pose_ros.message_values.msg_to_hand`."""

from __future__ import annotations

from collections.abc import Sequence

from pose_ros.core.camera_orientation import UPRIGHT, CameraOrientation
from pose_ros.core.topology import HAND21
from pose_ros.core.types import TrackedHand
from pose_ros.message_types import Hand, HandArray, Header, Keypoint
from pose_ros.message_values import HAND_SIDES
from pose_ros.ros.conversions import positions_to_msg


def hand_array(
    hands: Sequence[TrackedHand],
    header: Header,
    image_size: tuple[int, int],
    orientation: CameraOrientation = UPRIGHT,
    inference_time: float = 0.0,
) -> HandArray:
    """Message of all hands in an image.

    Parameters
    ----------
    hands
        In pixels of the source image.
    header
        Of the source image; put into the message as it is.
    image_size
        (width, height) of the source image [px].
    orientation
        Of the source image.
    inference_time
        Time spent in the hand models [s].
    """
    return HandArray(
        header=header,
        image_width=image_size[0],
        image_height=image_size[1],
        rotate=orientation.rotate,
        mirrored=orientation.mirrored,
        hands=[hand_to_msg(hand, image_size) for hand in hands],
        inference_time=float(inference_time),
    )


def hand_to_msg(hand: TrackedHand, image_size: tuple[int, int]) -> Hand:
    """Message of a hand in an image of (width, height) [px]."""
    width, height = image_size
    return Hand(
        id=hand.id,
        skeleton_id=hand.skeleton_id,
        side=HAND_SIDES.index(hand.side),
        side_score=float(hand.side_score),
        format=HAND21.name,
        score=float(hand.score),
        keypoints=[
            Keypoint(
                x=x,
                y=y,
                score=float(hand.score),
                state=(
                    Keypoint.OBSERVED if 0 <= x < width and 0 <= y < height else Keypoint.PREDICTED
                ),
            )
            for x, y in hand.keypoints.tolist()
        ],
        depths=hand.z.tolist(),
        world_points=positions_to_msg(hand.world),
    )
