"""Packages of others that a launch file may need."""

from __future__ import annotations

import os
from pathlib import Path


def require(package: str, alternative: str = '') -> None:
    """ValueError, with what to install, or what to do instead, if a ROS package is missing."""
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    index = 'share/ament_index/resource_index/packages'
    if not any(Path(prefix, index, package).exists() for prefix in filter(None, prefixes)):
        name = f'ros-{os.environ.get("ROS_DISTRO", "DISTRO")}-{package.replace("_", "-")}'
        instead = f', or {alternative}' if alternative else ''
        raise ValueError(f'{package} is not installed: sudo apt install {name}{instead}')
