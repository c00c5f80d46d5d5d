"""On which device a pose model runs: decided when it is loaded, told at any time."""

from __future__ import annotations

from pathlib import Path

from pose_ros.core.runtime.device import Device, DeviceStatus
from pose_ros.core.runtime.edgetpu import absence, find_edge_tpus
from pose_ros.core.runtime.edgetpu_interpreter import DeviceError, EdgeTpuInterpreter
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.failover import FailoverModel
from pose_ros.core.runtime.image_model import ImageModel, PixelRange
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.runtime.loading import model_loader
from pose_ros.core.runtime.store import ModelStore


class DeviceSelector:
    """Loads one pose model onto the device that is asked for.

    Parameters
    ----------
    name
        Of the model in the store.
    device
        As it is asked for.
    store
        Where models lie.
    accelerable
        Whether models of this family can run on an Edge TPU.
    fallback_to_cpu
        Whether to go on with the CPU if the Edge TPU is lost.
    precision
        See `model_loader`.

    Raises
    ------
    ModelError
        If an Edge TPU is asked for, and there is no build of the model for it.
    """

    def __init__(
        self,
        name: str,
        device: Device,
        store: ModelStore,
        *,
        accelerable: bool = True,
        fallback_to_cpu: bool = True,
        precision: str = 'f32',
    ) -> None:
        self._load = model_loader(store.entry(name), precision)
        self._name = name
        self._device = device
        self._store = store
        self._forgiving = fallback_to_cpu
        self._accelerable = accelerable and 'edgetpu' in store.entry(name).devices
        self._model: FailoverModel | None = None
        self._on_cpu = DeviceStatus('cpu', 'as it was asked for' if device.kind == 'cpu' else '')
        # Without an Edge TPU a missing build is no news.
        if not self._accelerable and (device.kind == 'edgetpu' or find_edge_tpus()):
            self._keep_on_cpu(f'{name} has no build for the Edge TPU')

    @property
    def status(self) -> DeviceStatus:
        """Where the model runs right now, and why."""
        model = self._model
        if model is None:
            return self._on_cpu
        device = str(self._device) if self._device.kind == 'edgetpu' else 'edgetpu'
        fault = model.fault
        if fault:
            where, hope = (
                ('cpu', ', taken back when it returns') if self._forgiving else ('none', '')
            )
            reason = f'{device} was lost{hope}: {fault}'
            return DeviceStatus(where, reason, fault=True, losses=model.losses)
        reason = 'it has returned' if model.losses else 'as it was asked for'
        if self._device.kind == 'auto' and not model.losses:
            reason = 'one is plugged in'
        return DeviceStatus(device, reason, losses=model.losses)

    def load(
        self,
        path: Path,
        threads: int = 1,
        pixel_range: PixelRange = (0.0, 255.0),
        without: str | None = None,
    ) -> ImageModel:
        """Model of a file, see `TfliteModel`, with its build for the Edge TPU where it applies.

        ModelError if an Edge TPU is asked for and cannot be used; says why.
        """
        options = {'without': without} if without else {}
        on_cpu = self._load(path, threads, pixel_range, **options)
        if (
            self._device.kind == 'cpu'
            or not self._accelerable
            or not isinstance(on_cpu, TfliteModel)
        ):
            return on_cpu
        if self._device.kind == 'auto' and not find_edge_tpus():
            self._keep_on_cpu(absence(self._device))
            return on_cpu
        any_device = Device('edgetpu') if self._device.kind == 'auto' else self._device

        def start() -> TfliteModel:
            there = find_edge_tpus(any_device)
            if self._model is not None and len(there) <= (any_device.index or 0):
                raise DeviceError(absence(any_device))  # not worth a process
            return TfliteModel(
                self._store.locate(self._name, 'edgetpu')['model'],
                pixel_range=pixel_range,
                without=without,
                load=lambda path, _, content, __: EdgeTpuInterpreter(path, any_device, content),
            )

        try:
            self._model = FailoverModel(on_cpu, start, self._forgiving)
        except ModelError as error:
            self._keep_on_cpu(str(error), fault=True)
            return on_cpu
        return self._model

    def close(self) -> None:
        """Let go of the Edge TPU."""
        if self._model is not None:
            self._model.close()

    def _keep_on_cpu(self, reason: str, fault: bool = False) -> None:
        """Stay on the CPU; ModelError if an Edge TPU was asked for."""
        if self._device.kind == 'edgetpu':
            raise ModelError(f'device {self._device}: {reason}')
        if self._device.kind == 'auto':
            self._on_cpu = DeviceStatus('cpu', reason, fault)
