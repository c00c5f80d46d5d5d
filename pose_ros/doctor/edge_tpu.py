"""Coral Edge TPUs, what they need, and whether a model really runs on one."""

from __future__ import annotations

from collections.abc import Iterator
import time
from typing import TYPE_CHECKING

from pose_ros.doctor.findings import Finding, State

if TYPE_CHECKING:
    from pose_ros.core.runtime.edgetpu import EdgeTpuReport

MODEL = 'movenet_lightning'
RUNS = 20
SUBJECT = 'Edge TPU'


def edge_tpu() -> Iterator[Finding]:
    """Devices, permission and library; a run of a model where all of them are there."""
    from pose_ros.core.runtime.edgetpu import report  # noqa: PLC0415

    found = report()
    if not found.devices:
        library = found.library_fault or f'{found.library} {found.version}'.strip()
        advice = 'needed only for device: edgetpu; see docs/edge_tpu.md'
        yield Finding(SUBJECT, State.HINT, f'none plugged in; {library}', advice)
        return
    for device in found.devices:
        where = f'{device.bus}: {device.path}'
        if device.fault:
            yield Finding(SUBJECT, State.BAD, where, device.fault)
        else:
            yield Finding(SUBJECT, State.GOOD, where)
    if found.library_fault:
        advice = 'install libedgetpu1-std: docs/edge_tpu.md'
        yield Finding(SUBJECT, State.BAD, found.library_fault, advice)
    elif not any(device.fault for device in found.devices):
        yield _trial(found)


def _trial(report: EdgeTpuReport) -> Finding:
    """Run a model on the device."""
    from pose_ros.core.runtime.device import Device  # noqa: PLC0415
    from pose_ros.core.runtime.edgetpu_interpreter import EdgeTpuInterpreter  # noqa: PLC0415
    from pose_ros.core.runtime.errors import ModelError  # noqa: PLC0415
    from pose_ros.core.runtime.store import ModelStore  # noqa: PLC0415

    together = f'{report.library} {report.version}, {", ".join(report.runtimes)}'
    try:
        path = ModelStore().locate(MODEL, 'edgetpu')['model']
        interpreter = EdgeTpuInterpreter(path, Device.parse('edgetpu'))
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            interpreter.invoke()
            times.append(time.perf_counter() - start)
        interpreter.close()
    except ModelError as error:
        return Finding(SUBJECT, State.BAD, f'{MODEL} does not run ({together})', str(error))
    median = 1e3 * sorted(times)[RUNS // 2]
    return Finding(SUBJECT, State.GOOD, f'{MODEL} runs in {median:.1f} ms ({together})')
