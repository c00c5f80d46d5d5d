"""Reading what was recorded with ``ros2 bag record``, without ROS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
import re
import sqlite3
from typing import Any, NamedTuple

from pose_ros.core.media import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from pose_ros.core.resources import shared_file
from pose_ros.extras import library
from pose_ros.message_values import seconds

_SUFFIXES = ('.mcap', '.db3')


class BagError(ValueError):
    """A bag that cannot be read; the message names it and the reason."""


@dataclass(frozen=True)
class BagTopic:
    """A topic of a bag.

    Attributes
    ----------
    name
        Whole name, with a leading slash.
    kind
        Type of its messages, such as sensor_msgs/msg/Image.
    count
        How many messages it has; 0 if the bag is cut off and does not say.
    duration
        Of the bag [s]; 0 if unknown.
    """

    name: str
    kind: str
    count: int
    duration: float


def is_bag(path: Path) -> bool:
    """Whether a path is one recording: an .mcap or .db3 file, or the folder of a bag.

    A bag whose recorder was killed has no metadata.yaml, only numbered files like NAME_0.mcap.
    """
    if path.suffix in _SUFFIXES or (path / 'metadata.yaml').is_file():
        return True
    files = _files(path)
    if len({re.sub(r'_\d+$', '', file.stem) for file in files}) != 1:
        return False
    # A folder with images or videos holds more than a bag.
    suffixes = {file.suffix.lower() for file in path.iterdir()}
    return suffixes.isdisjoint(IMAGE_SUFFIXES | VIDEO_SUFFIXES)


def topics_of(path: Path) -> list[BagTopic]:
    """Topics of a bag; BagError if it cannot be read at all.

    Of a damaged bag those before the damage.
    """
    highlevel = library('rosbags.highlevel', 'bags')
    counts: dict[tuple[str, str], int] = {}
    duration = 0.0
    try:
        with highlevel.AnyReader([path], default_typestore=typestore()) as reader:
            duration = max(reader.duration, 0) / 1e9
            for one in reader.connections:
                key = (one.topic, one.msgtype)
                counts[key] = counts.get(key, 0) + one.msgcount
    except _damages() as error:
        with suppress(BagError):
            for raw in _before_the_damage(path):
                key = (raw.topic, raw.kind)
                counts[key] = counts.get(key, 0) + 1
        if not counts:
            raise BagError(f'{path}: cannot be read as a bag: {error}') from error
    return [BagTopic(*key, count, duration) for key, count in counts.items()]


def messages(
    path: Path, topics: Sequence[str], start: float = 0.0
) -> Iterator[tuple[str, float, Any]]:
    """Messages of some topics of a bag with their stamps, as `recorded_messages`.

    Yields
    ------
    tuple
        Topic as it was asked for; stamp of the message's header [s], or time of the recording
        where it has none or zero; and the message.
    """
    for topic, recorded, message in recorded_messages(path, topics, start):
        yield topic, stamp_of(message) or recorded, message


def recorded_messages(
    path: Path, topics: Sequence[str], start: float = 0.0
) -> Iterator[tuple[str, float, Any]]:
    """Messages of some topics of a bag, in the order in which they were recorded.

    Parameters
    ----------
    path
        Folder of the bag, or its .mcap or .db3 file.
    topics
        Whole names with a leading slash, or last parts of names in any one namespace, such as
        'gestures' for /robot/gestures. Those that the bag does not hold are left out.
    start
        Time of recording since the beginning of the bag from which messages are read [s]. A
        damaged bag, which has no index, is read from its beginning.

    Yields
    ------
    tuple
        Topic as it was asked for; time of the recording [s]; and the message with its fields as
        attributes (sequences of numbers are arrays).

    Raises
    ------
    BagError
        If the bag cannot be read, holds none of the topics, or one in several namespaces. Of a
        damaged bag after the messages before the damage.
    MissingLibraryError
        Without rosbags.
    """
    highlevel = library('rosbags.highlevel', 'bags')
    with ExitStack() as stack:
        try:
            reader = stack.enter_context(
                highlevel.AnyReader([path], default_typestore=typestore())
            )
        except _damages():
            names = _chosen(path, topics, [one.name for one in topics_of(path)])
            raws = (raw for raw in _before_the_damage(path) if raw.topic in names)
            yield from _decoded(path, names, raws, typestore())
            return
        names = _chosen(path, topics, [one.topic for one in reader.connections])
        wanted = [one for one in reader.connections if one.topic in names]
        # A recorder that does not know a type cannot write its definition into the bag.
        known = all(one.msgtype in reader.typestore.fielddefs for one in wanted)
        since = reader.start_time + round(start * 1e9) if start > 0 else None
        found = reader.messages(wanted, start=since)
        raws = (_Raw(c.topic, c.msgtype, t, data) for c, t, data in found)
        yield from _decoded(path, names, raws, reader.typestore if known else typestore())


def _decoded(
    path: Path, names: Mapping[str, str], raws: Iterable[_Raw], store: Any
) -> Iterator[tuple[str, float, Any]]:
    """Messages as `recorded_messages` gives them."""
    try:
        for raw in raws:
            message = store.deserialize_cdr(raw.data, raw.kind)
            yield names[raw.topic], raw.recorded / 1e9, message
    except _damages() as error:
        raise BagError(f'{path}: cannot be read as a bag: {error}') from error


def typestore() -> Any:
    """The message types of ROS 2 and of this package, for rosbags."""
    typesys = library('rosbags.typesys', 'bags')
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


def stamp_of(message: Any) -> float:
    """Stamp of a message's header [s]; 0 without one."""
    return seconds(message.header.stamp) if hasattr(message, 'header') else 0.0


class _Raw(NamedTuple):
    """A message as it was recorded: topic, type, time of recording [ns] and CDR."""

    topic: str
    kind: str
    recorded: int
    data: bytes


def _before_the_damage(path: Path) -> Iterator[_Raw]:
    """Messages of a bag that has lost its end or its metadata; BagError at the damage."""
    for file in _files(path) or [path]:
        read = _mcap_messages if file.suffix == '.mcap' else _sqlite_messages
        try:
            yield from read(file)
        except (OSError, sqlite3.DatabaseError, ValueError, KeyError) as error:
            raise BagError(f'{file}: damaged or cut off: {error}') from error


def _mcap_messages(file: Path) -> Iterator[_Raw]:
    records = library('mcap.records', 'bags')
    kinds: dict[int, str] = {}
    channels: dict[int, tuple[str, str]] = {}
    with file.open('rb') as stream:
        try:
            for record in library('mcap.stream_reader', 'bags').StreamReader(stream).records:
                if isinstance(record, records.Schema):
                    kinds[record.id] = record.name
                elif isinstance(record, records.Channel):
                    channels[record.id] = (record.topic, kinds.get(record.schema_id, ''))
                elif isinstance(record, records.Message):
                    yield _Raw(*channels[record.channel_id], record.log_time, record.data)
        except Exception as error:  # each decompressor has errors of its own
            raise ValueError(str(error) or type(error).__name__) from error


def _sqlite_messages(file: Path) -> Iterator[_Raw]:
    with closing(sqlite3.connect(f'file:{file}?mode=ro', uri=True)) as database:
        # Else SQLite refuses a file that is shorter than its header says.
        database.execute('PRAGMA writable_schema=ON')
        topics = {
            number: (name, kind)
            for number, name, kind in database.execute('SELECT id, name, type FROM topics')
        }
        for number, recorded, data in database.execute(
            'SELECT topic_id, timestamp, data FROM messages ORDER BY id'
        ):
            yield _Raw(*topics[number], recorded, data)


def _files(path: Path) -> list[Path]:
    """Storage files of a folder, in the order of recording; none if it is no folder."""
    if not path.is_dir():
        return []
    return sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)


def _damages() -> tuple[type[Exception], ...]:
    """What rosbags raises for files that are damaged."""
    highlevel, serde = library('rosbags.highlevel', 'bags'), library('rosbags.serde', 'bags')
    errors = (highlevel.AnyReaderError, serde.SerdeError, OSError, sqlite3.DatabaseError)
    return (*errors, library('rosbags.rosbag2', 'bags').ReaderError)
