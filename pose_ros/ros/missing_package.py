"""ROS packages that only some parameters need."""

from __future__ import annotations

import os


class MissingPackageError(ValueError):
    """A ROS package is not installed; the message says how to get it.

    Parameters
    ----------
    parameter
        That needs the package.
    package
        To install.
    error
        Of the import.
    """

    def __init__(self, parameter: str, package: str, error: ImportError) -> None:
        distro = os.environ.get('ROS_DISTRO') or '<distro>'
        super().__init__(
            f'parameter {parameter} needs {package} ({error}): '
            f'apt install ros-{distro}-{package.replace("_", "-")}'
        )
