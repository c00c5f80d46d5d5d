"""The libraries that only some commands need."""

from __future__ import annotations

import importlib
from types import ModuleType

EXTRAS = {
    'bags': ('mcap', 'rosbags'),
    'evaluate': ('motmetrics', 'pycocotools'),
    'fleet': ('pyarrow', 'ray'),
    'openvino': ('openvino',),
    'plot': ('matplotlib', 'rosbags'),
    'tables': ('pyarrow',),
    'web': ('aiohttp',),
}
"""Names of the extras, and the packages that each brings (as setup.py says)."""


class MissingLibraryError(RuntimeError):
    """A library is not installed; the message says how to get it."""


def library(name: str, extra: str = 'evaluate') -> ModuleType:
    """Import a library that is not among those of the package.

    Parameters
    ----------
    name
        Of the module.
    extra
        The extra of the package that brings it.

    Raises
    ------
    MissingLibraryError
        Says what to install.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingLibraryError(
            f'this needs {name} ({error}): pip install {" ".join(EXTRAS[extra])}; '
            f"in the sources of pose_ros also pip install '.[{extra}]'"
        ) from error
