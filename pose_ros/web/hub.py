"""What goes to the viewers: a small queue for each, so that a slow one delays no other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
import json
from typing import Any

# Frames on the way to one viewer that it has not confirmed [-]: two, so that the next one
# travels while the last one is drawn.
MAX_UNCONFIRMED = 2
# Messages that wait for one viewer [-]; a viewer with more is disconnected, and may come back.
MAX_WAITING = 2000
# Events that new viewers get [-].
HISTORY = 1000

Send = Callable[[str | bytes], Awaitable[None]]


class Viewer:
    """Queue of one browser: the newest frame, the newest state of each kind, all events.

    Attributes
    ----------
    ended
        Whether it is disconnected, as when more messages wait than a viewer may have.
    """

    def __init__(self) -> None:
        self.ended = False
        self._frame: bytes | None = None
        self._unconfirmed = 0
        self._states: dict[Hashable, str] = {}
        self._texts: deque[str] = deque()
        self._wake = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether another frame may be sent."""
        return self._unconfirmed + (self._frame is not None) < MAX_UNCONFIRMED

    def put_frame(self, frame: bytes) -> None:
        """Queue a frame in place of one that has not left yet."""
        self._frame = frame
        self._wake.set()

    def confirm_frame(self) -> None:
        """Note that the viewer has drawn a frame: one that waits may leave."""
        self._unconfirmed = max(self._unconfirmed - 1, 0)
        self._wake.set()

    def put_state(self, key: Hashable, text: str) -> None:
        """Queue a message that replaces a waiting one with the same key."""
        self._states[key] = text
        self._check_length()

    def put(self, text: str) -> None:
        """Queue a message that must not be lost."""
        self._texts.append(text)
        self._check_length()

    def end(self) -> None:
        """Send no more."""
        self.ended = True
        self._wake.set()

    async def send_all(self, send: Send) -> None:
        """Send what is queued, until the end."""
        while not self.ended:
            await self._wake.wait()
            self._wake.clear()
            while self._texts and not self.ended:
                await send(self._texts.popleft())
            states, self._states = self._states, {}
            for text in states.values():
                await send(text)
            if self._frame is not None and self._unconfirmed < MAX_UNCONFIRMED:
                frame, self._frame = self._frame, None
                self._unconfirmed += 1
                await send(frame)

    def _check_length(self) -> None:
        if len(self._texts) + len(self._states) > MAX_WAITING:
            self.ended = True
        self._wake.set()


class Hub:
    """Passes messages on to all viewers; only used in the thread of the server.

    Attributes
    ----------
    viewers
        Those that are connected.
    """

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self._states: dict[Hashable, str] = {}
        self._events: deque[str] = deque(maxlen=HISTORY)

    @property
    def wants_frame(self) -> bool:
        """Whether any viewer can take another frame; may be read in any thread."""
        return any(viewer.ready for viewer in tuple(self.viewers))

    def join(self) -> Viewer:
        """Add a viewer; it gets the kept states and the events so far."""
        viewer = Viewer()
        for key, text in self._states.items():
            viewer.put_state(key, text)
        for text in self._events:
            viewer.put(text)
        self.viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer."""
        self.viewers.discard(viewer)

    def put_frame(self, frame: bytes) -> None:
        """Send a frame to all, as soon as they can take one."""
        for viewer in self.viewers:
            viewer.put_frame(frame)

    def put_state(self, key: Hashable, content: dict[str, Any], kept: bool = False) -> None:
        """Send a state that replaces the last one of its key; later viewers get kept ones."""
        text = encode(content)
        if kept:
            self._states[key] = text
        for viewer in self.viewers:
            viewer.put_state(key, text)

    def put_event(self, content: dict[str, Any]) -> None:
        """Send an event, and keep it for later viewers; one that is known is left out."""
        text = encode(content)
        # Transient-local topics deliver past falls again to each new subscription.
        if text not in self._events:
            self._events.append(text)
            for viewer in self.viewers:
                viewer.put(text)


def encode(content: Any) -> str:
    """Message as JSON; ValueError for numbers that are not finite."""
    return json.dumps(content, allow_nan=False, separators=(',', ':'))
