"""Reading what was recorded with ``ros2 bag record``, without ROS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pose_ros.core.resources import shared_file
from pose_ros.extras import library
from pose_ros.message_values import seconds


class BagError(ValueError):
    """A bag that cannot be read; the message names it and the reason."""


def is_bag(path: Path) -> bool:
    """Whether a path looks like a recording: a folder with metadata.yaml, .mcap or .db3."""
    return path.suffix in ('.mcap', '.db3') or (path / 'metadata.yaml').is_file()


def messages(path: Path, topics: Sequence[str]) -> Iterator[tuple[str, float, Any]]:
    """Messages of some topics of a bag, in the order in which they were recorded.

    Parameters
    ----------
    path
        Folder of the bag, or its .mcap or .db3 file.
    topics
        Whole names with a leading slash, or last parts of names in any one namespace, such as
        'gestures' for /robot/gestures. Those that the bag does not hold are left out.

    Yields
    ------
    tuple
        Topic as it was asked for; stamp of the message's header [s], or of the recording where
        it has none; and the message with its fields as attributes (sequences of numbers are
        arrays).

    Raises
    ------
    BagError
        If the bag cannot be read, holds none of the topics, or one in several namespaces.
    MissingLibraryError
        Without rosbags.
    """
    highlevel, serde = library('rosbags.highlevel', 'plot'), library('rosbags.serde', 'plot')
    try:
        with highlevel.AnyReader([path], default_typestore=typestore()) as reader:
            names = _chosen(path, topics, [one.topic for one in reader.connections])
            wanted = [one for one in reader.connections if one.topic in names]
            # A recorder that does not know a type cannot write its definition into the bag.
            known = all(one.msgtype in reader.typestore.fielddefs for one in wanted)
            store = reader.typestore if known else typestore()
            for connection, recorded, data in reader.messages(wanted):
                message = store.deserialize_cdr(data, connection.msgtype)
                yield names[connection.topic], _stamp(message, recorded), message
    except BagError:
        raise
    except (highlevel.AnyReaderError, serde.SerdeError, OSError) as error:
        raise BagError(f'{path}: cannot be read as a bag: {error}') from error


def typestore() -> Any:
    """The message types of ROS 2 and of this package, for rosbags."""
    typesys = library('rosbags.typesys', 'plot')
    store = typesys.get_typestore(typesys.Stores.LATEST)
    types: dict[str, Any] = {}
    for file in shared_file('msg', 'SkeletonArray.msg').parent.glob('*.msg'):
        text = file.read_text(encoding='utf-8')
        types.update(typesys.get_types_from_msg(text, f'pose_ros/msg/{file.stem}'))
    store.register(types)
    return store


def _chosen(path: Path, topics: Sequence[str], there: Sequence[str]) -> dict[str, str]:
    """Names in the bag of the topics asked for, each with how it was asked for."""
    names: dict[str, str] = {}
    for topic in topics:
        same = [n for n in dict.fromkeys(there) if n == topic or n.endswith(f'/{topic}')]
        if len(same) > 1:
            raise BagError(f'{path}: {topic} is there more than once: {", ".join(sorted(same))}')
        names.update(dict.fromkeys(same, topic))
    if not names:
        found = ', '.join(sorted(set(there))) or 'nothing'
        raise BagError(f'{path}: none of {", ".join(topics)} was recorded, but {found}')
    return names


def _stamp(message: Any, recorded: int) -> float:
    """Time of a message [s]; `recorded` [ns] is when it came."""
    return seconds(message.header.stamp) if hasattr(message, 'header') else recorded / 1e9
