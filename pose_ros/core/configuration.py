"""The settings of the estimator: one declaration for the core, the node and the documentation."""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import Any

from pose_ros.core.runtime.device import Device

# Most people in one frame: the range of max_people, and what nodes accept in a message.
MAX_PEOPLE = 50


def _setting(default: Any, meaning: str, **limits: Any) -> Any:
    """Field that carries its meaning (with unit) and limits: low, high, choices, live."""
    return field(default=default, metadata={'meaning': meaning, 'live': True, **limits})


@dataclass(frozen=True)
class EstimatorConfig:
    """What to run and how; ValueError names the setting that is out of range.

    Each field's metadata holds its meaning, limits and whether it may change while running.
    """

    model: str = _setting('blazepose_full', 'name of the model in config/models.yaml', live=False)
    device: str = _setting(
        'auto',
        'where the model runs; auto: an Edge TPU if one is there and the model has a build for '
        'it, else the CPU; cpu; edgetpu, usb or pci: an Edge TPU and nothing else, with a number '
        'if there are several (usb:1)',
        live=False,
    )
    on_device_loss: str = _setting(
        'cpu',
        'what to do when the Edge TPU is lost while running; cpu: go on with the CPU and take it '
        'back when it returns; error: fail',
        choices=('cpu', 'error'),
        live=False,
    )
    threads: int = _setting(
        0, "CPU threads; 0 = the model's own default", low=0, high=64, live=False
    )
    mode: str = _setting(
        'single',
        'whom to follow; single: one person; multi: up to max_people; auto: one, but all while '
        'the detector counts more',
        choices=('single', 'multi', 'auto'),
    )
    max_people: int = _setting(
        6,
        'most people to follow in multi and auto: the locked one, then the largest',
        low=1,
        high=MAX_PEOPLE,
    )
    detector: str = _setting(
        'auto',
        'name of the person detector in config/models.yaml; auto: yolox_nano where it is '
        "installed (with BlazePose in single by turns with BlazePose's), else BlazePose's",
        live=False,
    )
    detector_threshold: float = _setting(
        0.0,
        "a person that the detector is less sure of is nobody; 0 = the detector's own",
        low=0.0,
        high=1.0,
    )
    detector_interval: int = _setting(
        10,
        'frames from one run of the detector to the next in multi; thrice as many in auto '
        'while one person is there',
        low=1,
        high=1000,
    )
    keypoint_threshold: float = _setting(
        0.3, 'keypoints with a lower score are marked BELOW_THRESHOLD', low=0.0, high=1.0
    )
    person_threshold: float = _setting(
        0.0,
        "a person with a lower score is nobody; 0 = the model's own (BlazePose 0.5, MoveNet 0.25)",
        low=0.0,
        high=1.0,
    )
    crop_padding: float = _setting(
        1.25, "reach of MoveNet's crop over that of the person", low=1.0, high=3.0
    )
    jump_threshold: float = _setting(
        0.5,
        "greatest step of a person from frame to frame, in sides of the person's box; a greater "
        'one is a jump to somebody else and starts the search anew',
        low=0.05,
        high=10.0,
    )
    max_gap: float = _setting(
        1.0,
        'time [s] without a person or an image after which all is forgotten',
        low=0.05,
        high=60.0,
    )
    confirm_frames: int = _setting(
        3,
        'frames in which somebody must be seen to get an id, if the detector agrees; until then '
        'the id is 0',
        low=1,
        high=100,
    )
    prediction_time: float = _setting(
        0.3,
        'time [s] for which a person out of sight is still published, with PREDICTED keypoints',
        low=0.0,
        high=10.0,
    )
    memory_time: float = _setting(
        3.0,
        'time [s] for which somebody out of sight for longer than max_gap is still known again by '
        'their clothes',
        low=0.0,
        high=3600.0,
    )
    lock_time: float = _setting(
        10.0,
        'maximum absence [s] of a locked person; a longer one ends the lock, and without clothing '
        'they are taken again only near where they were lost',
        low=0.05,
        high=3600.0,
    )
    clothing: bool = _setting(
        True, 'whether the colours of their clothes help to tell people apart'
    )
    repair_sides: bool = _setting(
        True, 'whether limbs that the model gives the wrong side, left or right, are swapped back'
    )
    plausibility: bool = _setting(
        True,
        "whether keypoints that contradict the person's own proportions are marked IMPLAUSIBLE",
    )
    smoothing: str = _setting(
        'noise_aware',
        'how keypoints are smoothed',
        choices=('none', 'ema', 'one_euro', 'noise_aware'),
    )
    ema_alpha: float = _setting(
        0.7, 'weight of the new position at 30 frames per second', low=0.01, high=1.0
    )
    one_euro_min_cutoff: float = _setting(
        0.05, 'cutoff [Hz] of a keypoint at rest; lower is steadier', low=0.001, high=30.0
    )
    one_euro_beta: float = _setting(
        40.0,
        "cutoff gained per speed [Hz per person's size per second]; higher lags less",
        low=0.0,
        high=1000.0,
    )

    def __post_init__(self) -> None:
        """Check every field against its limits."""
        for setting in fields(self):
            _check(setting, getattr(self, setting.name))
        Device.parse(self.device)

    def fixed_changes(self, other: EstimatorConfig) -> list[str]:
        """Names of the settings that differ from another's and are fixed at start."""
        return [
            setting.name
            for setting in fields(self)
            if not setting.metadata['live']
            and getattr(self, setting.name) != getattr(other, setting.name)
        ]


def _check(setting: Field[Any], value: Any) -> None:
    limits = setting.metadata
    if 'choices' in limits and value not in limits['choices']:
        raise ValueError(
            f'{setting.name} must be one of {", ".join(limits["choices"])}, got {value!r}'
        )
    if 'low' in limits and not limits['low'] <= value <= limits['high']:
        raise ValueError(
            f'{setting.name} must be {limits["low"]} to {limits["high"]}, got {value}'
        )
