"""People of the demo, true ones and found ones, and how far they are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class TruePerson:
    """One person of a picture whose joints are known.

    Attributes
    ----------
    keypoints
        [17, 2] in COCO-17's order [px].
    visible
        bool [17]: whether the picture shows it.
    height
        Of the person when standing [px].
    """

    keypoints: np.ndarray
    visible: np.ndarray
    height: float


@dataclass(frozen=True, eq=False)
class FoundPerson:
    """One person whom pose_node has found in a picture.

    Attributes
    ----------
    id
        0 while it is not known who it is.
    keypoints
        [17, 2] in COCO-17's order [px].
    score
        Mean over the keypoints, 0 to 1.
    seen
        Whether the picture shows the person; else the keypoints are predicted.
    """

    id: int
    keypoints: np.ndarray
    score: float = 1.0
    seen: bool = True


class KeypointError:
    """Distance between found and true keypoints, over all that the pictures show.

    Keypoints with a low score count like the others; the people who were not found are missed,
    never left out.
    """

    def __init__(self) -> None:
        self._distances: list[np.ndarray] = []
        self._fractions: list[np.ndarray] = []
        self._visible = 0

    def add(
        self, truths: Sequence[TruePerson], found: Sequence[np.ndarray]
    ) -> dict[int, np.ndarray]:
        """Compare one picture's true people with those found ([17, 2] each) [px].

        Returns the distances [px] of those found, by their place in the list.
        """
        compared: dict[int, np.ndarray] = {}
        self._visible += sum(int(truth.visible.sum()) for truth in truths)
        distances = {
            (i, j): np.linalg.norm(truth.keypoints - keypoints, axis=1)[truth.visible]
            for i, truth in enumerate(truths)
            for j, keypoints in enumerate(found)
            if truth.visible.any()
        }
        # The nearest pair first; each person is taken once.
        while distances:
            best = min(distances, key=lambda pair: float(distances[pair].mean()))
            compared[best[1]] = distances[best]
            self._distances.append(distances[best])
            self._fractions.append(distances[best] / truths[best[0]].height)
            distances = {
                pair: values
                for pair, values in distances.items()
                if pair[0] != best[0] and pair[1] != best[1]
            }
        return compared

    def summary(self) -> dict[str, float | int | None]:
        """Means [px] and [1/height], and the share of the visible keypoints that they cover."""
        compared = sum(map(len, self._distances))
        if not compared:
            return {'px': None, 'fraction_of_height': None, 'keypoints': 0, 'missed_share': None}
        fractions = np.concatenate(self._fractions)
        return {
            'px': round(float(np.concatenate(self._distances).mean()), 2),
            'fraction_of_height': round(float(fractions.mean()), 4),
            'within_5_percent_of_height': round(float((fractions <= 0.05).mean()), 4),
            'keypoints': compared,
            'missed_share': round(1 - compared / self._visible, 4),
        }


class PersonRecord:
    """What is known of one person, by the id.

    Attributes
    ----------
    number
        The id.
    first, last
        Stamps of the first and of the last image that showed the person [s].
    images
        How many did.
    time
        For how long they were seen, all in all [s].
    """

    def __init__(self, number: int, stamp: float) -> None:
        self.number = number
        self.first = self.last = stamp
        self.images = 0
        self.time = 0.0
        self._scores = 0.0
        self._distances: list[float] = []  # one mean for each image [px]

    def add(self, stamp: float, before: float | None, score: float) -> None:
        """Take an image that shows the person, and the stamp of the image before it."""
        if before is not None and before == self.last and self.images:
            self.time += stamp - before
        self.last = stamp
        self.images += 1
        self._scores += score

    def add_error(self, distances: np.ndarray) -> None:
        """Take the distances [px] from the true keypoints of one image."""
        self._distances.append(float(distances.mean()))

    @property
    def score(self) -> float:
        """Mean score of the keypoints, 0 to 1."""
        return self._scores / self.images if self.images else 0.0

    @property
    def error(self) -> float | None:
        """Mean distance from the true keypoints [px]; None where they are not known."""
        return float(np.mean(self._distances)) if self._distances else None
