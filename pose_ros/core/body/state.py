"""One body per person: all that is measured of a person over time and in one frame."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from functools import cached_property

from pose_ros.core.body.angles import AngleMeter, JointAngles
from pose_ros.core.body.form import Form
from pose_ros.core.body.hand_shape import HandShape
from pose_ros.core.body.height import HeightEstimator, PartLevels
from pose_ros.core.body.history import History
from pose_ros.core.body.limbs import BoneLengths, Hinges
from pose_ros.core.body.points import PosePoints, UnseenError
from pose_ros.core.body.posture import Posture, posture_of
from pose_ros.core.topology import SIDES, Side
from pose_ros.core.types import Person, TrackedHand


class Body:
    """What is remembered of one person's body.

    Parameters
    ----------
    in_space
        Whether joint angles use positions in metres where the person has them.

    Examples
    --------
    >>> body = Body()
    >>> for person, stamp in frames:
    ...     state = body.update(person, stamp)
    ...     print(state.posture, state.angles.angle('left_knee'))
    """

    def __init__(self, in_space: bool = True) -> None:
        self.height = HeightEstimator()
        self.history = History()
        self.bone_lengths = BoneLengths()
        self.hinges = Hinges()
        self.angle_meter = AngleMeter(in_space)

    def update(self, person: Person, stamp: float, hands: Iterable[TrackedHand] = ()) -> BodyState:
        """Take the person in the next frame, with their hands; stamps [s] increase."""
        return BodyState(self, person, stamp, hands)


class BodyState(PosePoints):
    """The body of one person in one frame. Each measure is computed on first use, and only once.

    Measures over time (height, history, angles, form) take the frame into the body's memory on
    first use. Observers that need one read it in every frame.

    Parameters
    ----------
    body
        Memory of the person.
    person
        The person in this frame.
    stamp
        Of the frame [s].
    hands
        Those of the person that were found.

    Attributes
    ----------
    features
        Values of features by side and name, filled by `Feature.value`.
    """

    def __init__(
        self, body: Body, person: Person, stamp: float, hands: Iterable[TrackedHand] = ()
    ) -> None:
        super().__init__(person)
        self._hands = {hand.side: HandShape(hand) for hand in hands}
        self.stamp = stamp
        self.features: dict[Side, dict[str, float | None]] = {side: {} for side in SIDES}
        self._body = body

    @property
    def id(self) -> int:
        """Id of the person."""
        return self.person.id

    def continue_from(self, last: BodyState) -> None:
        """Take over the standing height, before it is read: the same person under another id."""
        self._body.height = deepcopy(last._body.height)

    @property
    def hands(self) -> list[TrackedHand]:
        """Hands of the person that were found."""
        return [shape.hand for shape in self._hands.values()]

    def hand(self, side: Side) -> HandShape:
        """Hand of one side; UnseenError if it was not found."""
        try:
            return self._hands[side]
        except KeyError:
            raise UnseenError('hand') from None

    def wrist_speed(self, side: Side) -> float:
        """Mean speed of a wrist against the shoulder over the last 0.2 s [torsos/s]."""
        return self.history.wrists[side].speed

    @cached_property
    def scores(self) -> dict[str, float]:
        """Scores of all keypoints of the format, and of left_hand and right_hand, 0 to 1."""
        return {
            **super().scores,
            **{f'{side}_hand': shape.hand.score for side, shape in self._hands.items()},
        }

    @cached_property
    def observed(self) -> bool:
        """Whether any keypoint was observed; False for a person who is only predicted."""
        return bool(self.person.observed.any())

    @cached_property
    def levels(self) -> PartLevels:
        """Levels of the body parts in the image."""
        return PartLevels.of(self.person)

    @cached_property
    def height(self) -> float:
        """Standing height [px]; NaN before enough of the body was observed."""
        return self._body.height.update(self.person, self.levels, self.stamp)

    @cached_property
    def posture(self) -> tuple[Posture, float]:
        """Posture in this frame alone, and its confidence, 0 to 1."""
        return posture_of(self.person, self.levels, self.height)

    @cached_property
    def history(self) -> History:
        """Paths, oscillations and usual heights up to this frame."""
        self._body.history.update(self.stamp, self)
        return self._body.history

    @cached_property
    def angles(self) -> JointAngles:
        """Joint angles."""
        return self._body.angle_meter.measure(self.person, self.stamp)

    @cached_property
    def form(self) -> Form:
        """Limbs and their angles, as exercises judge them."""
        points = PosePoints(self.person, outside=True)
        self._body.bone_lengths.update(self.stamp, points)
        return Form(points, self._body.bone_lengths, self._body.hinges, self.angles)
