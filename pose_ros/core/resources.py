"""Where the files that come with the package lie."""

from __future__ import annotations

import os
from pathlib import Path
import sys


def config_file(name: str) -> Path:
    """Path of a file of the folder config/.

    Looked for in the ROS install spaces, in Python's prefix (pip install) and in the checkout.
    FileNotFoundError lists the places.
    """
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    folders = [Path(prefix, 'share/pose_ros/config') for prefix in [*prefixes, sys.prefix]]
    folders.append(Path(__file__).resolve().parents[2] / 'config')
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f'{name} is not in {", ".join(map(str, folders))}')
