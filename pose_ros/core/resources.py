"""Where the files that come with the package lie."""

from __future__ import annotations

import os
from pathlib import Path
import sys


def config_file(name: str) -> Path:
    """Path of a file of the folder config/.

    FileNotFoundError lists the places where it was looked for.
    """
    return shared_file('config', name)


def shared_file(folder: str, name: str) -> Path:
    """Path of a file of a folder that is installed as it is, such as config or msg.

    Looked for in the ROS install spaces, in Python's prefix (pip install) and in the checkout.
    FileNotFoundError lists the places.
    """
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    folders = [Path(prefix, 'share/pose_ros', folder) for prefix in [*prefixes, sys.prefix]]
    folders.append(Path(__file__).resolve().parents[2] / folder)
    for place in folders:
        if (place / name).is_file():
            return place / name
    raise FileNotFoundError(f'{name} is not in {", ".join(map(str, folders))}')
