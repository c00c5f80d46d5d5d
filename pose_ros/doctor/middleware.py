"""Settings with which images pass quickly between processes, by ROS middleware."""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path
import socket

from pose_ros.doctor.findings import Finding, State
from pose_ros.process_environment import (
    MALLOC_VARIABLES,
    PROFILE_VARIABLES,
    image_transport_environment,
)

# Receive buffer that rmw_cyclonedds' README recommends for large messages [bytes].
_CYCLONE_BUFFER = 8 << 20
_RECEIVE_BUFFER = Path('/proc/sys/net/core/rmem_max')
# Where nodes expect Zenoh's router unless they are told otherwise.
_ZENOH_ROUTER = ('localhost', 7447)
_ZENOH_SHARED_MEMORY = 'transport/shared_memory/enabled=true'


def transport() -> Iterator[Finding]:
    """Settings of this shell for the middleware that its processes will use."""
    rmw = os.environ.get('RMW_IMPLEMENTATION', '')
    yield from {'rmw_cyclonedds_cpp': _cyclone, 'rmw_zenoh_cpp': _zenoh}.get(rmw, _fast_dds)()


def _fast_dds() -> Iterator[Finding]:
    missing = image_transport_environment()
    export = 'export ' + ' '.join(f'{name}={value}' for name, value in missing.items())
    if any(name in missing for name in PROFILE_VARIABLES):
        yield Finding(
            'image transport',
            State.HINT,
            'this shell has no Fast DDS profile',
            f'where the camera driver is started: {export}',
        )
    elif any(name in missing for name in MALLOC_VARIABLES):
        yield Finding('image transport', State.HINT, 'malloc is as it comes', export)
    else:
        profile = next(filter(None, map(os.environ.get, PROFILE_VARIABLES)))
        yield Finding('image transport', State.GOOD, f'profile {profile}')


def _cyclone() -> Iterator[Finding]:
    try:
        size = int(_RECEIVE_BUFFER.read_text())
    except (OSError, ValueError) as error:
        advice = f'see that net.core.rmem_max of the host is at least {_CYCLONE_BUFFER}'
        yield Finding('image transport', State.HINT, f'{_RECEIVE_BUFFER}: {error}', advice)
        return
    found = f'Cyclone DDS, receive buffer of at most {size} bytes'
    if size < _CYCLONE_BUFFER:
        advice = f'images are lost: sudo sysctl -w net.core.rmem_max={_CYCLONE_BUFFER}'
        yield Finding('image transport', State.HINT, found, advice)
    else:
        yield Finding('image transport', State.GOOD, found)


def _zenoh() -> Iterator[Finding]:
    override = os.environ.get('ZENOH_CONFIG_OVERRIDE', '')
    own = os.environ.get('ZENOH_SESSION_CONFIG_URI')
    if not own and 'connect/endpoints' not in override:
        host, port = _ZENOH_ROUTER
        try:
            socket.create_connection(_ZENOH_ROUTER, timeout=1.0).close()
        except OSError as error:
            yield Finding(
                'Zenoh router',
                State.BAD,
                f'nothing answers at {host}:{port} ({error})',
                'ros2 run rmw_zenoh_cpp rmw_zenohd',
            )
        else:
            yield Finding('Zenoh router', State.GOOD, f'answers at {host}:{port}')
    if _ZENOH_SHARED_MEMORY in override:
        yield Finding('image transport', State.GOOD, 'Zenoh with shared memory')
    elif own:
        yield Finding('image transport', State.HINT, f'Zenoh as {own} says: is shared memory on?')
    else:
        yield Finding(
            'image transport',
            State.HINT,
            'Zenoh without shared memory',
            f"for the camera driver, too: export ZENOH_CONFIG_OVERRIDE='{_ZENOH_SHARED_MEMORY}'",
        )
