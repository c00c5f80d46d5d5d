"""Environment variables of ROS processes: the domain, and how images pass quickly between them.

The latter must be set before a process starts: the launch file and the demo set them for the nodes
that they start. Free of ROS and of everything else, so that both can import it.
"""

from __future__ import annotations

from collections.abc import Mapping
import os

from pose_ros.core.resources import config_file

# Ports of DDS end at this domain; Fast DDS ends the process at a higher one.
_LAST_DOMAIN = 232
# Fast DDS reads the first up to Jazzy and the second from Kilted on.
PROFILE_VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')

# An image is taken from the heap instead of fresh pages that the kernel must clear each time.
# 32 MiB is the most that glibc accepts as the first; beyond it the setting is ignored.
MALLOC_VARIABLES = {
    'MALLOC_MMAP_THRESHOLD_': str(32 * 1024**2),
    'MALLOC_TRIM_THRESHOLD_': str(128 * 1024**2),
}


def domain_of_environment() -> int | None:
    """Domain in $ROS_DOMAIN_ID; None if it is not set or empty, ValueError if it is none."""
    domain = os.environ.get('ROS_DOMAIN_ID')
    if not domain:
        return None
    if not (domain.isascii() and domain.isdecimal() and int(domain) <= _LAST_DOMAIN):
        raise ValueError(f'ROS_DOMAIN_ID must be a number, 0 to {_LAST_DOMAIN}, got {domain!r}')
    return int(domain)


def image_transport_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables to add to the environment of a process that sends or receives images.

    Parameters
    ----------
    environment
        The environment so far, ``os.environ`` if None. What the user set there stays: a variable
        that has a value is not returned; with a Fast DDS profile of their own, ours is left out.

    Returns
    -------
    dict
        Only what is to be added. FileNotFoundError if config/fastdds.xml is not installed.
    """
    present = os.environ if environment is None else environment
    added = {name: value for name, value in MALLOC_VARIABLES.items() if not present.get(name)}
    if not any(present.get(name) for name in PROFILE_VARIABLES):
        profile = str(config_file('fastdds.xml'))
        added.update(dict.fromkeys(PROFILE_VARIABLES, profile))
    return added
