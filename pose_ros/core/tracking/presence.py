"""Evidence that a new track is a person, before it gets an id."""

from __future__ import annotations

from collections import deque

# The evidence is the mean of this many looks at most: a person who turns round is found then.
_MEMORY = 6
# Looks that a confirmation needs, and frames from one look to the next after those [frames].
# Two views of different size, so that one lucky view is not enough. The pause is not measured:
# it keeps the cost of a doubtful track below that of a search in every frame.
_MIN_LOOKS, _PAUSE = 2, 5


class Presence:
    """Evidence that a new track is a person, collected over its first frames.

    Any second opinion on an observation can feed it: a detector in a closer view, or the
    scores of the pose model. Positive evidence speaks for a person, negative evidence against one.

    Attributes
    ----------
    looks
        Number of opinions so far.
    """

    def __init__(self) -> None:
        self.looks = 0
        self._evidence: deque[float] = deque(maxlen=_MEMORY)

    def looks_due(self, observations: int, min_hits: int) -> int:
        """Number of opinions due now, after so many observations of the track [frames]."""
        since = observations - min_hits
        missing = min(_MIN_LOOKS, min_hits) - self.looks
        if missing > 0:
            # One in the frame before the id could be given, so that no frame has both.
            return missing if since >= 0 else int(since == -1)
        return int(since % _PAUSE == 0)

    def add(self, evidence: float) -> None:
        """Take in one opinion, -1 (no person) to 1 (a person)."""
        self.looks += 1
        self._evidence.append(evidence)

    def is_person(self, min_hits: int) -> bool:
        """Whether the evidence is enough for an id."""
        return self.looks >= min(_MIN_LOOKS, min_hits) and sum(self._evidence) > 0

    @property
    def evidence(self) -> float:
        """Mean of the last opinions, -1 to 1; 0 before the first."""
        return sum(self._evidence) / max(len(self._evidence), 1)

    @property
    def is_doubtful(self) -> bool:
        """Whether the evidence was asked for and is against a person."""
        return self.looks >= _MIN_LOOKS and sum(self._evidence) <= 0
