"""Skeletons and events as annotations on the image in Foxglove."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any

from builtin_interfaces.msg import Time
from foxglove_msgs.msg import Color, ImageAnnotations, Point2, PointsAnnotation, TextAnnotation
import numpy as np
from rclpy.node import Node

from pose_ros.core.colours import UNTRACKED, bone_colours, colour_of, keypoint_colours
from pose_ros.core.hand_drawing import hand_colours, hand_words
from pose_ros.core.topology import HAND21
from pose_ros.core.types import Person
from pose_ros.message_values import msg_to_hand
from pose_ros.msg import GestureEvent, HandArray, SkeletonArray
from pose_ros.ros.images import stamp_of
from pose_ros.ros.labels import ANNOTATIONS, Labels
from pose_ros.ros.marker_parameters import EVENT_TOPICS
from pose_ros.ros.qos import SKELETONS

# Opacity of unobserved bones and keypoints.
FAINT = 0.35
# Foxglove's (0, 0) is the corner of the first pixel, ours its centre.
HALF_PIXEL = 0.5
HAND_LINE = 2.0  # [px] thickness of the bones of a hand
HAND_LETTER = 14.0  # [px] letters above a hand


class FoxgloveBridge:
    """Publishes annotations; an empty message removes the last ones."""

    def __init__(self, node: Node) -> None:
        self._publisher = node.create_publisher(ImageAnnotations, 'image_annotations', SKELETONS)
        self._labels, self._hand_labels = Labels(), Labels()
        self._hands = node.create_publisher(ImageAnnotations, 'hand_annotations', SKELETONS)
        self.takes: dict[str, Callable[[Any], None]] = {
            topic: partial(ANNOTATIONS[topic], self._labels) for topic in EVENT_TOPICS
        }
        self.takes['gestures'] = self._take_gesture
        self.takes['hands'] = self._show_hands

    def wanted(self) -> Collection[str]:
        """Skeletons and events, or hands, while there are subscribers."""
        bodies = ('skeletons', *EVENT_TOPICS) if self._publisher.get_subscription_count() else ()
        hands = ('hands', 'gestures') if self._hands.get_subscription_count() else ()
        return (*bodies, *hands)

    def show(self, people: Sequence[Person], message: SkeletonArray) -> None:
        """Publish bones, keypoints and labels of people."""
        labels = self._labels.at(stamp_of(message.header), {person.id for person in people})
        annotations = ImageAnnotations()
        for person in people:
            words = '  '.join([str(person.id), *labels.words.get(person.id, '').splitlines()])
            figure = PersonAnnotations(person, person.id in labels.fallen, message.header.stamp)
            annotations.points.extend(figure.skeleton())
            annotations.texts.extend(figure.label(words))
        self._publisher.publish(annotations)

    def _take_gesture(self, event: GestureEvent) -> None:
        """Keep a gesture for both topics: each asks for its labels at stamps of its own."""
        self._labels.on_gesture(event)
        self._hand_labels.on_gesture(event)

    def _show_hands(self, message: HandArray) -> None:
        """Publish the bones of hands, and labels of those without a person."""
        annotations = ImageAnnotations()
        stamp, words = message.header.stamp, self._hand_labels.at(stamp_of(message.header)).words
        for hand in map(msg_to_hand, message.hands):
            bones, _ = hand_colours(hand)
            ends = hand.keypoints[np.array(HAND21.edges)].reshape(-1, 2)
            annotations.points.append(
                PointsAnnotation(
                    timestamp=stamp,
                    type=PointsAnnotation.LINE_LIST,
                    points=points(ends),
                    outline_colors=[colour(bone) for bone in bones.tolist()],
                    thickness=HAND_LINE,
                )
            )
            if text := hand_words(hand, words):
                annotations.texts.append(
                    text_above(hand.keypoints, text, HAND_LETTER, UNTRACKED, stamp)
                )
        self._hands.publish(annotations)


class PersonAnnotations:
    """Annotations of one person."""

    def __init__(self, person: Person, fallen: bool, stamp: Time) -> None:
        self._person = person
        self._fallen = fallen
        self._stamp = stamp
        self._known = np.isfinite(person.keypoints).all(axis=1)
        shown = person.keypoints[self._known & person.observed]
        extent = np.ptp(shown, axis=0).max() if len(shown) else 0.0
        self._line = float(np.clip(extent / 90, 2.0, 14.0))
        self._shown = shown

    def skeleton(self) -> Iterator[PointsAnnotation]:
        """Bones and keypoints; unobserved ones are faint."""
        person = self._person
        edges = np.array(person.topology.edges)
        known = self._known[edges].all(axis=1)
        colours = bone_colours(person.topology, person.id, self._fallen)
        solid = person.observed[edges].all(axis=1)
        if known.any():
            ends = person.keypoints[edges[known]].reshape(-1, 2)
            yield self._annotation(
                PointsAnnotation.LINE_LIST, ends, colours[known], solid[known], self._line
            )
        if self._known.any():
            yield self._annotation(
                PointsAnnotation.POINTS,
                person.keypoints[self._known],
                keypoint_colours(person.topology, person.id)[self._known],
                person.observed[self._known],
                2 * self._line,
            )

    def label(self, words: str) -> Iterator[TextAnnotation]:
        """Id and label above the head, if any keypoint is observed."""
        if not len(self._shown):
            return
        size = max(12.0, 4 * self._line)
        rgb = colour_of(self._person.id, self._fallen)
        yield text_above(self._shown, words, size, rgb, self._stamp)

    def _annotation(
        self,
        kind: int,
        places: np.ndarray,
        colours: np.ndarray,
        solid: np.ndarray,
        thickness: float,
    ) -> PointsAnnotation:
        opacity = np.where(solid, 1.0, FAINT).tolist()
        return PointsAnnotation(
            timestamp=self._stamp,
            type=kind,
            points=points(places),
            outline_color=colour(colour_of(self._person.id, self._fallen)),
            outline_colors=[colour(c, a) for c, a in zip(colours.tolist(), opacity)],
            thickness=thickness,
        )


def text_above(
    shown: np.ndarray, words: str, size: float, rgb: Sequence[float], stamp: Time
) -> TextAnnotation:
    """Text of a letter size [px] above pixels [N, 2], but in the image."""
    left, top = shown.min(axis=0).tolist()
    return TextAnnotation(
        timestamp=stamp,
        position=Point2(x=left + HALF_PIXEL, y=max(top - size, size)),
        text=words,
        font_size=size,
        text_color=colour(rgb),
        background_color=colour((0.0, 0.0, 0.0), 0.6),
    )


def points(places: np.ndarray) -> list[Point2]:
    """Messages of pixels [N, 2]."""
    return [Point2(x=x, y=y) for x, y in (places.astype(float) + HALF_PIXEL).tolist()]


def colour(rgb: Sequence[float], opacity: float = 1.0) -> Color:
    """Message of a colour, 0 to 1."""
    red, green, blue = (float(value) for value in rgb)
    return Color(r=red, g=green, b=blue, a=opacity)
