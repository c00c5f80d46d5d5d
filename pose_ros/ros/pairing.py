"""Pairs of images and skeletons with the same stamp."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from std_msgs.msg import Header

Stamp = tuple[int, int]


class StampPairs:
    """Recent images that wait for their skeletons.

    Images normally arrive first; skeletons that overtake their image wait until newer ones
    arrive. Messages older than a pair are dropped.

    Parameters
    ----------
    capacity
        Maximum number of waiting images; the oldest is dropped first.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._images: OrderedDict[Stamp, Any] = OrderedDict()
        self._skeletons: tuple[Stamp, Any] | None = None

    def add_image(self, header: Header, image: Any) -> tuple[Any, Any] | None:
        """Pair (image, skeletons) that this image completes, if it does."""
        stamp = _stamp(header)
        if self._skeletons is not None and self._skeletons[0] == stamp:
            return self._pair(image, self._skeletons[1])
        self._images[stamp] = image
        while len(self._images) > self.capacity:
            self._images.popitem(last=False)
        return None

    def add_skeletons(self, header: Header, skeletons: Any) -> tuple[Any, Any] | None:
        """Pair (image, skeletons) that these skeletons complete, if they do."""
        stamp = _stamp(header)
        if stamp not in self._images:
            self._skeletons = (stamp, skeletons)
            return None
        # In the order of arrival: stamps may jump back, as when a bag starts again.
        while next(iter(self._images)) != stamp:
            self._images.popitem(last=False)
        return self._pair(self._images.pop(stamp), skeletons)

    def clear(self) -> None:
        """Forget everything."""
        self._images.clear()
        self._skeletons = None

    def _pair(self, image: Any, skeletons: Any) -> tuple[Any, Any]:
        self._skeletons = None
        return image, skeletons


def _stamp(header: Header) -> Stamp:
    return header.stamp.sec, header.stamp.nanosec
