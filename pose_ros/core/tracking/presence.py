"""Evidence that a new track is a person, before it gets an id."""

from __future__ import annotations

from collections import deque

# The evidence is the mean of this many looks at most: a person who turns round is found then.
_MEMORY = 6
# Looks that a confirmation needs, and frames from one look to the next after those [frames].
# Two views of different size, so that one lucky view is not enough. The pause is not measured:
# it keeps the cost of a doubtful track below that of a search in every frame.
_LEAST_LOOKS, _PAUSE = 2, 5


class Presence:
    """Evidence that a new track is a person, collected over its first frames.

    Any second opinion on a sighting can feed it: a detector in a closer view, or the pose model's
    own scores. Positive evidence speaks for a person, negative evidence against one.

    Attributes
    ----------
    looks
        Number of opinions so far.
    """

    def __init__(self) -> None:
        self.looks = 0
        self._evidence: deque[float] = deque(maxlen=_MEMORY)

    def looks_due(self, sightings: int, confirm_frames: int) -> int:
        """Number of opinions due now, after so many sightings of the track [frames]."""
        since = sightings - confirm_frames
        missing = min(_LEAST_LOOKS, confirm_frames) - self.looks
        if missing > 0:
            # One in the frame before the id could be given, so that no frame has both.
            return missing if since >= 0 else int(since == -1)
        return int(since % _PAUSE == 0)

    def add(self, evidence: float) -> None:
        """Take in one opinion, -1 (no person) to 1 (a person)."""
        self.looks += 1
        self._evidence.append(evidence)

    def is_person(self, confirm_frames: int) -> bool:
        """Whether the evidence is enough for an id."""
        return self.looks >= min(_LEAST_LOOKS, confirm_frames) and sum(self._evidence) > 0

    @property
    def is_doubtful(self) -> bool:
        """Whether the evidence was asked for and is against a person."""
        return self.looks >= _LEAST_LOOKS and sum(self._evidence) <= 0
