"""Chromium without a window, driven through its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
from pathlib import Path
import shutil
import subprocess
import tempfile
import time

import cv2
import numpy as np
import pytest
from web_client import DEADLINE, LoopThread

PATH = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), '')
needs_chromium = pytest.mark.skipif(
    not PATH, reason='needs Chromium (apt-get install --no-install-recommends chromium)'
)


class Browser:
    """One page in a Chromium of its own.

    Parameters
    ----------
    folder
        For its profile.

    Attributes
    ----------
    faults
        What the page has written to the console as errors, and exceptions.
    """

    def __init__(self, folder: Path) -> None:
        self.faults: list[str] = []
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future] = {}
        # Chromium leaves folders behind in it; with a longer path its socket would have none.
        self._temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        profile = folder / 'chromium'
        self._process = subprocess.Popen(
            [
                PATH, '--headless=new', '--no-sandbox', '--disable-gpu', '--mute-audio',
                '--disable-dev-shm-usage', '--hide-scrollbars', '--no-first-run',
                '--disable-background-networking', '--force-device-scale-factor=1',
                f'--user-data-dir={profile}', '--remote-debugging-port=0', 'about:blank',
            ],
            env={**os.environ, 'TMPDIR': self._temporary.name},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._thread = LoopThread()
        port = profile / 'DevToolsActivePort'
        wait_for(lambda: port.exists() and '\n' in port.read_text(), 'the port of Chromium')
        self._thread.run(self._connect(port.read_text().split()[0]))
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.command(f'{domain}.enable')
        self.resize(1280, 800)

    def close(self) -> None:
        """End it."""
        self._thread.run(self._disconnect())
        self._thread.close()
        self._process.terminate()
        self._process.wait()
        self._temporary.cleanup()

    def command(self, method: str, **arguments):
        """Call a method of the protocol; returns its result."""
        return self._thread.run(self._call(method, arguments))

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.command('Page.navigate', url=url)
        wait_for(lambda: self.evaluate('document.readyState') == 'complete', f'{url} to be loaded')

    def evaluate(self, expression: str):
        """Value of an expression in the page."""
        result = self.command(
            'Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True
        )
        if 'exceptionDetails' in result:
            raise AssertionError(result['exceptionDetails'])
        return result['result'].get('value')

    def text(self, selector: str) -> str:
        """Text of an element as it is seen; empty if there is no such element."""
        return self.evaluate(f'document.querySelector({json.dumps(selector)})?.innerText ?? ""')

    def click(self, selector: str) -> None:
        """Click the middle of an element."""
        self.evaluate(f'document.querySelector({json.dumps(selector)}).scrollIntoView()')
        x, y, width, height = self.place(selector)
        for kind in ('mousePressed', 'mouseReleased'):
            self.command(
                'Input.dispatchMouseEvent', type=kind, x=x + width / 2, y=y + height / 2,
                button='left', clickCount=1,
            )  # fmt: skip

    def place(self, selector: str) -> tuple[float, float, float, float]:
        """(x, y, width, height) [px] of an element on the screen."""
        name = json.dumps(selector)
        return self.evaluate(
            f'(() => {{ const b = document.querySelector({name}).getBoundingClientRect();'
            ' return [b.x, b.y, b.width, b.height]; })()'
        )

    def resize(self, width: int, height: int, scale: float = 1.0, mobile: bool = False) -> None:
        """Set the size of the screen [CSS px]."""
        self.command(
            'Emulation.setDeviceMetricsOverride', width=width, height=height,
            deviceScaleFactor=scale, mobile=mobile,
        )  # fmt: skip

    def screenshot(self, path: Path | None = None) -> np.ndarray:
        """Picture of the screen, RGB [height, width, 3]; also as a PNG if a path is given."""
        data = base64.b64decode(self.command('Page.captureScreenshot', format='png')['data'])
        if path is not None:
            path.write_bytes(data)
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]

    async def _connect(self, port: str) -> None:
        session = self._thread.session
        async with session.get(f'http://127.0.0.1:{port}/json') as response:
            targets = await response.json()
        (page,) = [target for target in targets if target['type'] == 'page']
        self._socket = await session.ws_connect(page['webSocketDebuggerUrl'], max_msg_size=2**28)
        self._reader = asyncio.create_task(self._read())

    async def _disconnect(self) -> None:
        self._reader.cancel()
        await self._socket.close()

    async def _call(self, method: str, arguments: dict):
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({'id': number, 'method': method, 'params': arguments})
        return await answer

    async def _read(self) -> None:
        async for message in self._socket:
            content = message.json()
            if 'id' in content:
                answer = self._answers.pop(content['id'])
                if 'error' in content:
                    answer.set_exception(AssertionError(content['error']))
                else:
                    answer.set_result(content['result'])
            elif content['method'] == 'Runtime.exceptionThrown':
                self.faults.append(str(content['params']['exceptionDetails']))
            elif content['method'] == 'Log.entryAdded':
                entry = content['params']['entry']
                if entry['level'] == 'error':
                    self.faults.append(f'{entry["text"]} {entry.get("url", "")}')


def wait_for(condition, what: str = '', deadline: float = DEADLINE):
    """Wait until the condition holds and return what it returned; fail at the deadline."""
    end = time.monotonic() + deadline
    while not (found := condition()):
        if time.monotonic() > end:
            pytest.fail(f'not within {deadline} s: {what or condition}')
        time.sleep(0.02)
    return found
