"""Clients of the web server, in a thread of their own."""

from __future__ import annotations

import asyncio
import json
import struct
import threading

import aiohttp

DEADLINE = 60.0  # [s] for what takes a moment on an idle machine


class LoopThread:
    """An event loop that runs in a thread, with a session of a client."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.session = self.run(self._make_session())

    def run(self, work):
        """Result of a coroutine."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(DEADLINE)

    def close(self) -> None:
        """End session and thread."""
        self.run(self.session.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    @staticmethod
    async def _make_session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


class Visitor:
    """A viewer without a browser.

    Parameters
    ----------
    thread
        Where it runs.
    url
        Of the page.
    confirm
        Whether it confirms frames, as the page does once it has drawn them.
    headers
        Further ones of the request.

    Attributes
    ----------
    messages
        JSON messages so far.
    frames
        What was seen in each image so far, and its JPEG.
    code
        With which the server has closed; None while connected.
    """

    def __init__(self, thread: LoopThread, url: str, confirm: bool = True, **headers: str) -> None:
        self.messages: list[dict] = []
        self.frames: list[tuple[dict, bytes]] = []
        self.code: int | None = None
        self._thread = thread
        self._confirm = confirm
        self._socket = thread.run(self._connect(url.replace('http', 'ws') + 'socket', headers))
        self._reader = asyncio.run_coroutine_threadsafe(self._read(), thread.loop)

    def send(self, message) -> None:
        """Send text, bytes, or anything else as JSON."""
        if isinstance(message, bytes):
            self._thread.run(self._socket.send_bytes(message))
        else:
            text = message if isinstance(message, str) else json.dumps(message)
            self._thread.run(self._socket.send_str(text))

    def of(self, kind: str) -> list[dict]:
        """Messages of a type."""
        return [message for message in list(self.messages) if message['type'] == kind]

    def close(self) -> None:
        """Leave."""
        self._thread.run(self._socket.close())

    async def _connect(self, url, headers):
        return await self._thread.session.ws_connect(url, headers=headers, max_msg_size=0)

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                (length,) = struct.unpack_from('<I', message.data)
                content = json.loads(message.data[4 : 4 + length])
                self.frames.append((content, message.data[4 + length :]))
                if self._confirm:
                    await self._socket.send_str('{"type":"shown"}')
            else:
                self.messages.append(json.loads(message.data))
        self.code = self._socket.close_code
