"""Serves a recording on the page: each viewer plays it and moves in it alone."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any
from weakref import WeakKeyDictionary

from pose_ros.web.access import Access
from pose_ros.web.hub import Viewer
from pose_ros.web.server import WebServer
from pose_ros.web.show import RecordedShow, ShowReader
from pose_ros.web.viewer_messages import formats


class ShowServer:
    """Web server of a recording.

    Parameters
    ----------
    show
        The recording; may grow in another thread.
    title
        Shown on the page.
    access
        Who may see it.
    """

    def __init__(self, show: RecordedShow, title: str, access: Access) -> None:
        self._show = show
        self._title = title
        self._readers: WeakKeyDictionary[Viewer, ShowReader] = WeakKeyDictionary()
        self.server = WebServer(self._hello, self._answer, access)

    def _hello(self) -> dict[str, Any]:
        return {
            'mode': 'recording',
            'title': self._title,
            'control': False,
            'formats': formats(),
            'expected': [],
            'now': time.monotonic(),
        }

    async def _answer(self, viewer: Viewer, request: dict[str, Any]) -> Any:
        if request['type'] == 'recording':
            known = int(_number(request, 'events'))
            show = self._show
            progress, fault = show.progress, show.fault  # before the events that they cover
            return {
                'events': show.events[max(known, 0) :],
                'end': show.end,
                'progress': progress,
                'fault': fault,
            }
        if request['type'] == 'frame':
            return await self._send_frame(viewer, request)
        raise ValueError('unknown request')

    async def _send_frame(self, viewer: Viewer, request: dict[str, Any]) -> Any:
        """Send the frame at a time, and the angles since another."""
        at, since = _number(request, 'time'), _number(request, 'since')
        reader = self._readers.setdefault(viewer, ShowReader(self._show))
        loop = asyncio.get_running_loop()
        message = await loop.run_in_executor(None, reader.message_at, at)
        if message is not None:
            viewer.put_frame(message)
        return {'angles': self._show.angles_between(since, at)}


def _number(request: dict[str, Any], name: str) -> float:
    value = request.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f'{name} must be a number')
    return float(value)
