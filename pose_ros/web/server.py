"""HTTP and WebSocket server of the page, in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
import contextlib
import json
from pathlib import Path
import threading
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from pose_ros.web.access import Access, AccessError
from pose_ros.web.hub import Hub, Viewer, encode

PAGE = Path(__file__).parent / 'page'
MAX_MESSAGE = 4096  # [bytes] of a message from a viewer
HEARTBEAT = 10.0  # [s] between two signs of life, after which a lost viewer is noticed
PATIENCE = 1.0  # [s] for viewers to be disconnected in order at the end
STYLE_OF_FORM = '/token.css'  # of the page that asks for the token
_TYPES = {
    '.html': 'text/html',
    '.css': 'text/css',
    '.js': 'text/javascript',
    '.svg': 'image/svg+xml',
}
_HEADERS = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cache-Control': 'no-cache',
}

Answer = Callable[[Viewer, dict[str, Any]], Awaitable[Any]]


class WebServer:
    """Serves the page, and passes the messages of its viewers on.

    Parameters
    ----------
    hello
        Makes the content of the first message to each viewer.
    answer
        Coroutine that carries out a request of a viewer and returns the content of the reply;
        ValueError refuses it with the reason.
    access
        Who may see the page.
    max_viewers
        Maximum number of viewers [-].

    Attributes
    ----------
    hub
        What goes to the viewers; use `post` to call it from other threads.
    port
        In use, once started.
    """

    def __init__(
        self,
        hello: Callable[[], dict[str, Any]],
        answer: Answer,
        access: Access,
        max_viewers: int = 8,
    ) -> None:
        self.hub = Hub()
        self.port = 0
        self._hello = hello
        self._answer = answer
        self._access = access
        self._max_viewers = max_viewers
        self._handlers: set[asyncio.Task] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name='web', daemon=True)
        self._runner = web.AppRunner(self._application(), access_log=None)

    def start(self, host: str, port: int) -> None:
        """Serve from now on; port 0 takes a free one. ValueError if the port cannot be bound."""
        self._thread.start()
        try:
            self.run(self._bind(host, port))
        except (OSError, OverflowError) as error:
            self.stop()
            raise ValueError(f'cannot serve the page on {host}, port {port}: {error}') from error

    def run(self, work: Any) -> Any:
        """Run a coroutine in the thread of the server and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def post(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a function in the thread of the server, soon."""
        with contextlib.suppress(RuntimeError):  # stopped
            self._loop.call_soon_threadsafe(function, *arguments)

    def stop(self) -> None:
        """Disconnect all viewers and end the thread, if that is not done yet."""
        if self._loop.is_closed():
            return
        self.run(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _bind(self, host: str, port: int) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._guard], client_max_size=MAX_MESSAGE)
        application.router.add_get('/', self._page)
        application.router.add_get('/socket', self._socket)
        application.router.add_get('/{name}', self._file)
        application.on_shutdown.append(self._close_viewers)
        return application

    @property
    def _cookie(self) -> str:
        """Name of the cookie; browsers share cookies between the ports of a host."""
        return f'pose_ros_{self.port}'

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let only permitted requests through, and add the headers that protect the page."""
        try:
            self._access.check_host(request.headers)
            if request.path == '/' and self._access.token and 'token' in request.query:
                response = self._take_token(request)
            else:
                if request.path != STYLE_OF_FORM:
                    self._access.check(request.headers, request.cookies.get(self._cookie, ''))
                response = await handler(request)
        except AccessError as error:
            response = self._refusal(request, error)
        except web.HTTPException as error:
            response = error
        if not response.prepared:
            response.headers.update(_HEADERS)
        if isinstance(response, web.HTTPException):
            raise response
        return response

    def _take_token(self, request: web.Request) -> web.StreamResponse:
        """Move the token from the address, which may be seen by others, into a cookie."""
        if not self._access.accepts(request.query['token']):
            raise AccessError(401, 'the token is wrong')
        response = web.Response(status=303, headers={'Location': '/'})
        response.set_cookie(
            self._cookie, self._access.token, httponly=True, samesite='Strict', path='/'
        )
        return response

    def _refusal(self, request: web.Request, error: AccessError) -> web.StreamResponse:
        """Reason of a refusal; in a browser without a token, a page that asks for it."""
        if error.status == 401 and request.path == '/':
            wrong = 'token' in request.query
            text = (PAGE / 'token.html').read_text(encoding='utf-8')
            text = text.replace('{{state}}', 'wrong' if wrong else 'asked')
            return web.Response(status=401, text=text, content_type='text/html')
        return web.Response(status=error.status, text=f'{error}\n')

    async def _page(self, _: web.Request) -> web.StreamResponse:
        return _static('index.html')

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return _static(request.match_info['name'])

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        """Connect a viewer."""
        if len(self.hub.viewers) >= self._max_viewers:
            raise web.HTTPServiceUnavailable(
                text=f'there are {self._max_viewers} viewers already\n'
            )
        socket = web.WebSocketResponse(
            max_msg_size=MAX_MESSAGE, heartbeat=HEARTBEAT, compress=False
        )
        viewer = self.hub.join()
        viewer_tasks: list[asyncio.Task] = []
        handler = asyncio.current_task()
        assert handler is not None
        self._handlers.add(handler)
        try:
            await socket.prepare(request)
            await socket.send_str(encode({'type': 'hello', **self._hello()}))
            viewer_tasks.append(asyncio.create_task(_feed(socket, viewer)))
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
                elif not self._take(viewer, message.data, viewer_tasks):
                    await socket.close(code=WSCloseCode.POLICY_VIOLATION)
        finally:
            self.hub.leave(viewer)
            self._handlers.discard(handler)
            for task in viewer_tasks:
                task.cancel()
        return socket

    def _take(self, viewer: Viewer, text: str, tasks: list[asyncio.Task]) -> bool:
        """Process a message of a viewer; whether it was one."""
        try:
            request = json.loads(text)
        except (ValueError, RecursionError):
            return False
        if not isinstance(request, dict) or not isinstance(request.get('type'), str):
            return False
        if request['type'] == 'shown':
            viewer.confirm_frame()
            return True
        running = [task for task in tasks[1:] if not task.done()]
        tasks[1:] = [*running, asyncio.create_task(self._reply(viewer, request, bool(running)))]
        return True

    async def _reply(self, viewer: Viewer, request: dict[str, Any], busy: bool) -> None:
        """Carry out one request of a viewer at a time."""
        try:
            if busy:
                raise ValueError('the last request is not answered yet')
            reply = {'ok': True, 'content': await self._answer(viewer, request)}
        except ValueError as error:
            reply = {'ok': False, 'content': str(error)}
        number = request.get('number')
        reply['number'] = number if isinstance(number, int) else None
        viewer.put(encode({'type': 'reply', **reply}))

    async def _close_viewers(self, _: web.Application) -> None:
        for viewer in self.hub.viewers:
            viewer.end()
        if self._handlers:
            await asyncio.wait(self._handlers, timeout=PATIENCE)
            for task in self._handlers:
                task.cancel()


async def _feed(socket: web.WebSocketResponse, viewer: Viewer) -> None:
    """Send what waits for a viewer, then close."""

    async def send(message: str | bytes) -> None:
        if isinstance(message, bytes):
            await socket.send_bytes(message)
        else:
            await socket.send_str(message)

    with contextlib.suppress(ConnectionError, RuntimeError):
        await viewer.send_all(send)
        await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)


def _static(name: str) -> web.Response:
    """File of the page; 404 for any other name."""
    path = PAGE / name
    if path.suffix not in _TYPES or name not in {file.name for file in PAGE.iterdir()}:
        raise web.HTTPNotFound(text='there is no such page\n')
    return web.Response(body=path.read_bytes(), content_type=_TYPES[path.suffix], charset='utf-8')
