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
        'device of the model; auto: an Edge TPU if available and the model has a build '
        'for it, else the CPU; cpu; edgetpu, usb or pci: only an Edge TPU, with a '
        'number if there are several (usb:1)',
        live=False,
    )
    on_device_loss: str = _setting(
        'cpu',
        'reaction to the loss of the Edge TPU; cpu: continue on the CPU, return to the '
        'device later; error: fail',
        choices=('cpu', 'error'),
        live=False,
    )
    threads: int = _setting(
        0, "number of CPU threads; 0: the model's default", low=0, high=64, live=False
    )
    precision: str = _setting(
        'f32',
        'arithmetic of models on OpenVINO; f32; auto: bfloat16 or float16 on CPUs that '
        'are faster with it, less precise',
        choices=('f32', 'auto'),
        live=False,
    )
    mode: str = _setting(
        'single',
        'people to track; single: one person; multi: up to max_people; auto: one '
        'person, all while the detector finds more',
        choices=('single', 'multi', 'auto'),
    )
    max_people: int = _setting(
        6,
        'maximum number of tracked people in multi and auto: the locked person, then the largest',
        low=1,
        high=MAX_PEOPLE,
    )
    detector: str = _setting(
        'auto',
        'name of the person detector in config/models.yaml; auto: those installed of '
        'picodet_416 (TinyPose, RTMPose) and yolox_nano, which take turns; with '
        "BlazePose in single, or without them, BlazePose's own",
        live=False,
    )
    detector_threshold: float = _setting(
        0.0,
        "minimum detection score; 0: the detector's default",
        low=0.0,
        high=1.0,
    )
    detector_interval: int = _setting(
        10,
        'frames between two runs of the detector in multi; three times as many in auto '
        'with one person',
        low=1,
        high=1000,
    )
    keypoint_threshold: float = _setting(
        0.3, 'minimum keypoint score; lower ones are marked BELOW_THRESHOLD', low=0.0, high=1.0
    )
    person_threshold: float = _setting(
        0.0,
        'minimum person score; where a detector found the person, that of the detection '
        "times that of the pose; 0: the model's default",
        low=0.0,
        high=1.0,
    )
    crop_padding: float = _setting(
        1.25,
        'size of the crop relative to the person (not BlazePose; tinypose_128 sees 0.8 of it)',
        low=1.0,
        high=3.0,
    )
    jump_threshold: float = _setting(
        0.5,
        "maximum motion of a person between frames, in sides of the person's box; more "
        'counts as a jump to another person and restarts the search',
        low=0.05,
        high=10.0,
    )
    track_timeout: float = _setting(
        1.0,
        'maximum time [s] without a detection or an image before a track is lost',
        low=0.05,
        high=60.0,
    )
    min_hits: int = _setting(
        3,
        'number of frames with the person, confirmed by the detector, before they get '
        'an id; until then the id is 0',
        low=1,
        high=100,
    )
    coast_time: float = _setting(
        0.3,
        'maximum time [s] a person out of sight is published, with PREDICTED keypoints',
        low=0.0,
        high=10.0,
    )
    reid_time: float = _setting(
        3.0,
        'maximum time [s] after the loss of a track during which the person is '
        'recognised by the colours of their clothes',
        low=0.0,
        high=3600.0,
    )
    lock_timeout: float = _setting(
        10.0,
        'maximum absence [s] of the locked person before the lock ends; without '
        'clothing they are recognised only near their last position',
        low=0.05,
        high=3600.0,
    )
    use_appearance: bool = _setting(True, 'use the colours of clothes to distinguish people')
    fix_left_right: bool = _setting(
        True, 'correct limbs that the model assigns to the wrong side, left or right'
    )
    plausibility: bool = _setting(
        True,
        "mark keypoints that contradict the person's proportions IMPLAUSIBLE",
    )
    hands: str = _setting(
        'none',
        'hands to find; none; tracked: those of tracked people; all: also hands without a body, '
        'such as one held close to the camera',
        choices=('none', 'tracked', 'all'),
        live=False,
    )
    hand_model: str = _setting(
        'hand_lite',
        'name of the hand model in config/models.yaml; hand_lite, or hand_full: more accurate, '
        'about twice the time',
        live=False,
    )
    max_hands_people: int = _setting(
        2,
        'maximum number of people whose hands are found: the locked person, then the largest',
        low=1,
        high=MAX_PEOPLE,
    )
    smoothing: str = _setting(
        'noise_aware',
        'smoothing of keypoints',
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
