"""Environment variables of the processes that a launch file starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pose_ros.process_environment import (
    MALLOC_VARIABLES,
    PROFILE_VARIABLES,
    image_transport_environment,
)

# Threshold of glibc itself [bytes]: larger blocks are given back to the kernel at once.
GLIBC_THRESHOLD = str(128 * 1024)


def environment(
    values: Mapping[str, str], present: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Variables to add, as the arguments `dds_profile` and `keep_memory` say.

    Parameters
    ----------
    values
        Of the arguments.
    present
        The environment so far, ``os.environ`` if None.

    Returns
    -------
    dict
        Only what is to be added. ValueError if the profile is no file.
    """
    added = image_transport_environment(present)
    profile = values['dds_profile']
    if profile != 'auto':
        added = {name: value for name, value in added.items() if name not in PROFILE_VARIABLES}
    if profile not in ('auto', 'none'):
        if not Path(profile).is_file():
            raise ValueError(f'dds_profile must be auto, none or a file, got {profile!r}')
        added |= dict.fromkeys(PROFILE_VARIABLES, str(Path(profile).resolve()))
    if values['keep_memory'] == 'false':
        added |= {name: GLIBC_THRESHOLD for name in MALLOC_VARIABLES if name in added}
    return added
