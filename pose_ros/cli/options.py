"""Options that several commands have."""

from __future__ import annotations

import math
from typing import Any

import typer

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore


def model_names(incomplete: str) -> list[str]:
    """Names of models that begin so, for the completion of the shell."""
    try:
        return [name for name in ModelStore().names if name.startswith(incomplete)]
    except ModelError:
        return []


def given_config(**settings: Any) -> EstimatorConfig:
    """Settings of options; those that were not given (empty or 0) keep their defaults."""
    return EstimatorConfig(**{name: value for name, value in settings.items() if value})


def chosen_models(names: list[str]) -> list[str]:
    """Models of the option MODELS, each once; else the default."""
    return list(dict.fromkeys(names)) or [EstimatorConfig().model]


def chosen_configs(
    models: list[str], chosen: list[str], default_mode: str, **settings: Any
) -> list[EstimatorConfig]:
    """Settings of the estimator for each chosen model in each chosen mode."""
    return [
        EstimatorConfig(model=model, mode=mode, **settings)
        for model in chosen_models(models)
        for mode in chosen or [default_mode]
    ]


def modes(default: str) -> Any:
    """Option with modes of the estimator, such as ``--mode single --mode multi``."""
    text = 'single, multi or auto; repeat for several.'
    return typer.Option([], '--mode', metavar='MODE', help=text, show_default=default)


MODEL = typer.Option(
    '',
    help='Model, as pose-ros models list shows them.',
    show_default='blazepose_full',
    autocompletion=model_names,
)
MODELS = typer.Option(
    [],
    '--model',
    metavar='NAME',
    help='Model; repeat for several.',
    show_default='blazepose_full',
    autocompletion=model_names,
)
HANDS = typer.Option(
    '',
    help='Whose hands to find: none, tracked (those of tracked people) or all.',
    show_default='none',
)
DETECTOR = typer.Option('auto', help='Person detector, as pose-ros models list shows them.')
THREADS = typer.Option(0, min=0, help="Threads; 0 is the model's own default.")
TOPIC = typer.Option(
    '', help='Topic of images in a bag.', show_default='the only one that there is'
)
DEPTH = typer.Option(
    '', metavar='TOPIC', help='Topic of depth images in a bag, registered to its images.'
)
START = typer.Option(0.0, min=0.0, help='Begin at this time of each video or bag [s].')
DURATION = typer.Option(math.inf, min=0.0, help='How much of it is read [s].', show_default='all')
BAG = typer.Option(
    '',
    metavar='FOLDER',
    help='Write a ROS 2 bag (MCAP) with the topics of the nodes; one in FOLDER for each of '
    'several inputs.',
)
SKIP_EXISTING = typer.Option(
    False, '--skip-existing', help='Skip inputs whose bag or overlay exists.'
)
FIGURES = typer.Option(
    '', '--json', metavar='FILE', help='Write all figures as JSON; - is the output.'
)
MARKDOWN = typer.Option(
    '',
    metavar='FILE',
    help='Write the table as Markdown, into its block if the file exists.',
)
