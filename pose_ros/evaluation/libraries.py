"""The libraries that only evaluation needs."""

from __future__ import annotations

import importlib
from types import ModuleType


class MissingLibraryError(RuntimeError):
    """A library is not installed; the message says how to get it."""


def library(name: str) -> ModuleType:
    """Import a library that is not among those of the package; MissingLibraryError without it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingLibraryError(
            f"evaluation needs {name} ({error}): pip install 'pose_ros[evaluate]', "
            'or pip install motmetrics pycocotools'
        ) from error
