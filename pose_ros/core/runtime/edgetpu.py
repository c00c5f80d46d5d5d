"""Google's Edge TPU (Coral): its library, the devices there are, and why one cannot be used.

USB devices show two identities: one until their firmware is loaded, by the library, at the first
use, and another one afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import importlib.metadata
import json
import os
from pathlib import Path
import subprocess
import sys
from typing import Any

from pose_ros.core.runtime.device import Device

LIBRARY = 'libedgetpu.so.1'
LIBRARY_VARIABLE = 'POSE_ROS_EDGETPU_LIBRARY'
"""Environment variable with a name or path of the library to take instead."""

ROOT = Path('/')
"""Folder that holds sys and dev."""

USB_RULE = (
    'SUBSYSTEM=="usb", ATTR{idVendor}=="1a6e|18d1", ATTR{idProduct}=="089a|9302", '
    'MODE="0660", GROUP="plugdev"'
)
PCI_RULE = 'SUBSYSTEM=="apex", MODE="0660", GROUP="apex"'
MODULE = 'pose_ros.core.runtime.edgetpu_worker'

_USB_IDS = (('1a6e', '089a'), ('18d1', '9302'))  # before the firmware is loaded, and after
_PCI_ID = ('0x1ac1', '0x089a')
_RUNTIMES = ('ai-edge-litert', 'tflite-runtime')
_TIMEOUT = 20.0  # for another process to list devices, or to load the library [s]


@dataclass(frozen=True)
class EdgeTpu:
    """An Edge TPU that is plugged in.

    Attributes
    ----------
    bus
        'usb' or 'pci'.
    path
        Folder in which the kernel lists it.
    fault
        Why this process cannot use it, and what to do; empty if it can, as far as can be seen.
    """

    bus: str
    path: str
    fault: str = ''


def library() -> str:
    """Name or path of the library."""
    return os.environ.get(LIBRARY_VARIABLE) or LIBRARY


def find_edge_tpus(device: Device | None = None) -> list[EdgeTpu]:
    """Edge TPUs that are plugged in: all, or those on the device's bus."""
    found = [*_usb_devices(), *_pci_devices()]
    return [one for one in found if device is None or device.bus in ('', one.bus)]


def _usb_devices() -> Iterator[EdgeTpu]:
    for folder in sorted((ROOT / 'sys/bus/usb/devices').glob('*')):
        if (_read(folder / 'idVendor'), _read(folder / 'idProduct')) in _USB_IDS:
            numbers = _read(folder / 'busnum'), _read(folder / 'devnum')
            node = ROOT.joinpath('dev/bus/usb', *(number.zfill(3) for number in numbers))
            yield EdgeTpu('usb', str(folder), _access_fault(node, USB_RULE, 'plugdev'))


def _pci_devices() -> Iterator[EdgeTpu]:
    for folder in sorted((ROOT / 'sys/bus/pci/devices').glob('*')):
        if (_read(folder / 'vendor'), _read(folder / 'device')) != _PCI_ID:
            continue
        names = [path.name for path in sorted(folder.glob('apex/apex_*'))]
        if names:
            fault = _access_fault(ROOT / 'dev' / names[0], PCI_RULE, 'apex')
        else:
            fault = f'{folder.name} has no driver: install gasket-dkms and restart'
        yield EdgeTpu('pci', str(folder), fault)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ''


def _access_fault(node: Path, rule: str, group: str) -> str:
    """Say why a device file cannot be used; empty if it can."""
    if not node.exists():
        return f'{node} is missing: in a container it must be passed in'
    if os.access(node, os.R_OK | os.W_OK):
        return ''
    return (
        f'no permission for {node}: put the line {rule} into /etc/udev/rules.d/99-edgetpu.rules, '
        f'run "sudo usermod -aG {group} $USER" and "sudo udevadm control --reload", plug it in '
        'again and log in anew'
    )


def python_environment() -> dict[str, str]:
    """Environment in which another Python finds the same modules."""
    return dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))


def _answer(arguments: list[str]) -> Any:
    """What another Python prints, as JSON; None if it fails."""
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=python_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=True,
        )
        return json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        return None


def absence(device: Device) -> str:
    """Say why the library finds no such device, and what to do."""
    found = find_edge_tpus(device)
    number = device.index or 0
    if len(found) <= number:
        where = {'usb': ' on USB', 'pci': ' on PCI'}.get(device.bus, '')
        if not found:
            return f'no Edge TPU is plugged in{where}'
        return f'no Edge TPU of number {number} is plugged in{where}: there are {len(found)}'
    wanted = found if device.index is None else found[number : number + 1]
    faults = [one.fault for one in wanted if one.fault]
    return faults[0] if faults else 'the Edge TPU cannot be opened: does another program use it?'


def mismatch() -> str:
    """Say what to do where library and runtime do not work together."""
    return (
        f'{library()} and the runtime ({", ".join(runtimes()) or "none"}) may not match: the '
        'library must be built for about the same version of TensorFlow Lite; see docs/edge_tpu.md'
    )


def runtimes() -> list[str]:
    """TFLite runtimes that are installed, with their versions."""
    found = []
    for name in _RUNTIMES:
        try:
            found.append(f'{name} {importlib.metadata.version(name)}')
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class EdgeTpuReport:
    """What there is to say of Edge TPUs on this machine.

    Attributes
    ----------
    devices
        Those plugged in, each with what is wrong with it.
    library
        Name or path of the library.
    library_fault
        Why it cannot be loaded; empty if it can.
    version
        What the library says of its version; empty if nothing.
    runtimes
        TFLite runtimes with their versions.
    """

    devices: tuple[EdgeTpu, ...]
    library: str
    library_fault: str
    version: str
    runtimes: tuple[str, ...]


def report() -> EdgeTpuReport:
    """Look at all that running a model on an Edge TPU needs; opens no device."""
    answer = _answer(['-m', MODULE, 'version', library()])
    fault, version = answer or (f'{library()} ends the process that loads it', '')
    return EdgeTpuReport(tuple(find_edge_tpus()), library(), fault, version, tuple(runtimes()))
