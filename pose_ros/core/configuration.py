"""The settings of the estimator: one declaration for the core, the node and the documentation."""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import Any


def _setting(default: Any, meaning: str, **limits: Any) -> Any:
    """Field that carries its meaning (with unit) and limits: low, high, choices, live."""
    return field(default=default, metadata={'meaning': meaning, 'live': True, **limits})


@dataclass(frozen=True)
class EstimatorConfig:
    """What to run and how; ValueError names the setting that is out of range.

    Each field's metadata holds its meaning, limits and whether it may change while running.
    """

    model: str = _setting('blazepose_full', 'name of the model in config/models.yaml', live=False)
    device: str = _setting('auto', 'where the model runs', choices=('auto', 'cpu'), live=False)
    threads: int = _setting(
        0, "CPU threads; 0 = the model's own default", low=0, high=64, live=False
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
    smoothing: str = _setting(
        'one_euro', 'how keypoints are smoothed', choices=('none', 'ema', 'one_euro')
    )
    ema_alpha: float = _setting(
        0.6, 'weight of the new position at 30 frames per second', low=0.01, high=1.0
    )
    one_euro_min_cutoff: float = _setting(
        0.05, 'cutoff [Hz] of a keypoint at rest; lower is steadier', low=0.001, high=30.0
    )
    one_euro_beta: float = _setting(
        80.0,
        "cutoff gained per speed [Hz per person's size per second]; higher lags less",
        low=0.0,
        high=1000.0,
    )

    def __post_init__(self) -> None:
        """Check every field against its limits."""
        for setting in fields(self):
            _check(setting, getattr(self, setting.name))

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
