"""The security policy of our nodes for SROS2: the least that each needs, and nothing else.

``python3 -m pose_ros.ros.security [--namespace NS] [NAME:=TOPIC ...] > policy.xml``
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
import sys
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from pose_ros.ros.topics import NODES, Connections


def policy(namespace: str = '/', remappings: Mapping[str, str] | None = None) -> str:
    """Text of the policy: an enclave ``/pose_ros/<node>`` for each node.

    And one for all of them, ``/pose_ros/pose_ros_all``, as a process has one enclave.

    Parameters
    ----------
    namespace
        Of the nodes.
    remappings
        Topics by the names that they have in the nodes.
    """
    root = Element('policy', version='0.2.0')
    enclaves = SubElement(root, 'enclaves')
    together = [name for name in NODES if name != 'source_node']
    processes = {**{name: [name] for name in NODES}, 'pose_ros_all': together}
    for process, names in processes.items():
        enclave = SubElement(enclaves, 'enclave', path=f'/pose_ros/{process}')
        profiles = SubElement(enclave, 'profiles')
        for name in names:
            profile = SubElement(profiles, 'profile', ns=namespace, node=name)
            _allow(profile, NODES[name], remappings or {})
    ElementTree.indent(root)
    return f'{ElementTree.tostring(root, encoding="unicode")}\n'


def _allow(profile: Element, connections: Connections, remappings: Mapping[str, str]) -> None:
    for kind, right, names in (
        ('topic', 'subscribe', connections.subscribes),
        ('topic', 'publish', connections.publishes),
        ('service', 'reply', connections.serves),
    ):
        if names:
            allowed = SubElement(profile, f'{kind}s', {right: 'ALLOW'})
            for name in sorted({_remapped(name, remappings) for name in names}):
                SubElement(allowed, kind).text = name


def _remapped(name: str, remappings: Mapping[str, str]) -> str:
    """Name of a topic after remapping; transports go with their image."""
    base, _, transport = name.partition('/')
    if base in remappings:
        return '/'.join(filter(None, [remappings[base], transport]))
    return name


def main() -> None:
    """Print the policy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--namespace', default='/', help='of the nodes')
    parser.add_argument('remappings', nargs='*', metavar='NAME:=TOPIC')
    given = parser.parse_args()
    for words in given.remappings:
        if ':=' not in words:
            parser.error(f'a topic is renamed by NAME:=TOPIC, got {words}')
    remappings = dict(words.split(':=', 1) for words in given.remappings)
    sys.stdout.write(policy(given.namespace, remappings))


if __name__ == '__main__':
    main()
