"""The machine: processor, memory, cameras."""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path
import platform
import shutil

from pose_ros.doctor.findings import Finding, State

# What pose_node takes with the default model (docs/performance.md), and as much again [MB].
ENOUGH_MEMORY = 600
# One segment of our Fast DDS profile, with room for a second process that publishes images [MB].
ENOUGH_SHARED_MEMORY = 128
# What LiteRT's kernels for 8-bit models are written for.
_FAST_FEATURES = {'x86_64': ('avx2', 'fma'), 'aarch64': ('asimd', 'asimddp')}


def processor(information: Path = Path('/proc/cpuinfo')) -> Iterator[Finding]:
    """Kind, number of cores, and instructions that LiteRT runs fast on."""
    kind = platform.machine()
    cores = len(os.sched_getaffinity(0))
    words = set(information.read_text().split())
    wanted = _FAST_FEATURES.get(kind)
    if wanted is None:
        yield Finding(
            'processor',
            State.HINT,
            f'{kind}, {cores} cores',
            f'only tried on {" and ".join(_FAST_FEATURES)}: see how fast the model runs below',
        )
        return
    missing = [feature for feature in wanted if feature not in words]
    found = f'{kind}, {cores} cores, {", ".join(f for f in wanted if f in words) or "plain"}'
    if missing:
        advice = f'without {" and ".join(missing)} models run slower: prefer movenet_lightning'
        yield Finding('processor', State.HINT, found, advice)
    else:
        yield Finding('processor', State.GOOD, found)


def governor(folder: Path = Path('/sys/devices/system/cpu')) -> Iterator[Finding]:
    """How the clock of the processor is governed, where the system tells."""
    names = {path.read_text().strip() for path in folder.glob('cpu*/cpufreq/scaling_governor')}
    if 'powersave' in names:
        yield Finding(
            'clock',
            State.HINT,
            'governed by powersave',
            'for steady latency: sudo cpupower frequency-set --governor performance',
        )
    elif names:
        yield Finding('clock', State.GOOD, 'governed by ' + ', '.join(sorted(names)))


def memory(information: Path = Path('/proc/meminfo')) -> Iterator[Finding]:
    """Memory that is free for the nodes."""
    lines = dict(line.split(':', 1) for line in information.read_text().splitlines())
    free = int(lines['MemAvailable'].split()[0]) // 1024
    if free < ENOUGH_MEMORY:
        advice = (
            f'the nodes want about {ENOUGH_MEMORY} MB: end other programs, take '
            'movenet_lightning, or run all nodes in one process (pose_ros_all)'
        )
        yield Finding('memory', State.BAD, f'{free} MB free', advice)
    else:
        yield Finding('memory', State.GOOD, f'{free} MB free')


def shared_memory(folder: Path = Path('/dev/shm')) -> Iterator[Finding]:
    """Room for images between processes; containers have 64 MB unless told otherwise."""
    if not folder.is_dir():
        advice = 'images go over the network stack, which is slow: mount a tmpfs there'
        yield Finding('shared memory', State.HINT, f'no {folder}', advice)
        return
    free = shutil.disk_usage(folder).free // 1024**2
    if free < ENOUGH_SHARED_MEMORY:
        advice = (
            f'Fast DDS wants 64 MB for each process with images: free {folder} (fastdds shm '
            'clean), in a container start it with --shm-size=512m or --ipc=host'
        )
        yield Finding('shared memory', State.BAD, f'{free} MB free in {folder}', advice)
    else:
        yield Finding('shared memory', State.GOOD, f'{free} MB free in {folder}')


def cameras() -> Iterator[Finding]:
    """Video devices, and whether this user may open them."""
    from pose_ros.ros.image_sources import SourceError, camera_devices, check_camera  # noqa: PLC0415

    devices = camera_devices()
    if not devices:
        yield Finding(
            'camera',
            State.HINT,
            'no /dev/video*',
            'plug one in for source_node; a camera with a ROS driver of its own needs none here',
        )
    for device in devices:
        try:
            check_camera(str(device))
        except SourceError as error:
            yield Finding('camera', State.BAD, str(device), str(error))
        else:
            yield Finding('camera', State.GOOD, str(device))
