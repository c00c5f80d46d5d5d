"""Where a model runs: as its user asks for it, and as it came."""

from __future__ import annotations

from dataclasses import dataclass
import re

_FORM = re.compile(r'(auto|cpu)|(edgetpu|usb|pci)(?::(\d+))?')


@dataclass(frozen=True)
class Device:
    """A device as its user asks for it.

    Attributes
    ----------
    kind
        'auto' (an Edge TPU if one is there and can run the model, else the CPU), 'cpu' or
        'edgetpu'.
    bus
        'usb' or 'pci'; empty if either will do.
    index
        Number of the Edge TPU among those of the bus, from 0; None if any will do.
    """

    kind: str
    bus: str = ''
    index: int | None = None

    @classmethod
    def parse(cls, text: str) -> Device:
        """Read auto, cpu, edgetpu, usb or pci, the last three with a number if wanted: usb:1.

        ValueError for anything else.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(
                'device must be auto, cpu, edgetpu, usb or pci, the last three with a number if '
                f'there are several (usb:1), got {text!r}'
            )
        plain, edge_tpu, index = match.groups()
        if plain:
            return cls(plain)
        return cls(
            'edgetpu', '' if edge_tpu == 'edgetpu' else edge_tpu, int(index) if index else None
        )

    def __str__(self) -> str:
        """Return the form that `parse` reads."""
        number = '' if self.index is None else f':{self.index}'
        return f'{self.bus or self.kind}{number}'

    @property
    def option(self) -> str:
        """What libedgetpu takes as its option 'device'; empty for any."""
        return self.bus if self.index is None else f'{self.bus}:{self.index}'


@dataclass(frozen=True)
class DeviceStatus:
    """Where a model runs right now.

    Attributes
    ----------
    device
        'cpu', or the Edge TPU as it was asked for.
    reason
        Why, in one line; empty for the CPU where there is nothing else to choose.
    fault
        Whether that is for something that is broken.
    losses
        How often the Edge TPU was lost.
    """

    device: str
    reason: str
    fault: bool = False
    losses: int = 0

    def __str__(self) -> str:
        """Return device and reason, if there is one."""
        return ': '.join(filter(None, (self.device, self.reason)))
