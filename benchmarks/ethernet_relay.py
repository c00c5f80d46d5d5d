"""A cable between two network namespaces that loses and delays frames; needs root.

Two TAP devices, and a thread that carries Ethernet frames from one to the other: what tc's netem
does, also where the kernel has no netem.
"""

from __future__ import annotations

from collections import deque
import ctypes
import fcntl
import os
import random
import select
import struct
import subprocess
import threading
import time
from typing import IO

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
CLONE_NEWNET = 0x40000000
LONGEST_FRAME = 2048  # [bytes]; the MTU is 1500
WAITING = 20_000  # frames; more are lost, as in a switch


class Relay:
    """The cable; carries frames from its making to `close`.

    Parameters
    ----------
    namespaces
        Names of the two; the first gets the address 10.77.0.1, the second 10.77.0.2.

    Attributes
    ----------
    loss
        Share of the frames that are lost, each way.
    delay
        Time that a frame takes, each way [s].
    frames, lost
        Counts.
    """

    def __init__(self, namespaces: tuple[str, str]) -> None:
        self.loss = self.delay = 0.0
        self.frames = self.lost = 0
        self._random = random.Random(1)
        self._ends = [open_tap(name, f'10.77.0.{i}') for i, name in enumerate(namespaces, 1)]
        self._waiting: deque[tuple[float, int, bytes]] = deque()
        self._open = True
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Pull the cable out for good."""
        self._open = False
        self._thread.join()
        for end in self._ends:
            os.close(end)

    def _carry(self) -> None:
        others = dict(zip(self._ends, reversed(self._ends)))
        while self._open:
            now = time.monotonic()
            while self._waiting and self._waiting[0][0] <= now:
                _, end, frame = self._waiting.popleft()
                os.write(end, frame)
            wait = max(self._waiting[0][0] - now, 0) if self._waiting else 0.05
            ready, _, _ = select.select(self._ends, [], [], min(wait, 0.05))
            for end in ready:
                frame = os.read(end, LONGEST_FRAME)
                self.frames += 1
                if self._random.random() < self.loss or len(self._waiting) > WAITING:
                    self.lost += 1
                else:
                    self._waiting.append((time.monotonic() + self.delay, others[end], frame))


def open_tap(namespace: str, address: str) -> int:
    """Make a TAP device in a namespace, with an address; returns its file descriptor."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(file: IO[bytes]) -> None:
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f'cannot enter {file.name}')

    with (
        open('/proc/thread-self/ns/net', 'rb') as home,
        open(f'/run/netns/{namespace}', 'rb') as there,
    ):
        # A device belongs to the namespace in which it is made.
        enter(there)
        try:
            end = os.open('/dev/net/tun', os.O_RDWR)
            fcntl.ioctl(end, TUNSETIFF, struct.pack('16sH', b'cable', IFF_TAP | IFF_NO_PI))
        finally:
            enter(home)
    for command in (
        'link set lo up',
        f'addr add {address}/24 dev cable',
        'link set cable up',
        'route add 224.0.0.0/4 dev cable',
    ):
        subprocess.run(['ip', '-n', namespace, *command.split()], check=True)
    return end
