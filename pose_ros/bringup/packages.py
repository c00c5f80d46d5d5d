"""Packages of others that a launch file may need."""

from __future__ import annotations

import os
from pathlib import Path


def require(package: str) -> None:
    """ValueError, with what to do, if a ROS package is not installed."""
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    index = 'share/ament_index/resource_index/packages'
    if not any(Path(prefix, index, package).exists() for prefix in filter(None, prefixes)):
        name = f'ros-{os.environ.get("ROS_DISTRO", "DISTRO")}-{package.replace("_", "-")}'
        raise ValueError(f'{package} is not installed: sudo apt install {name}')
