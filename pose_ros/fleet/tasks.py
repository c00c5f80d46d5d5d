"""What the workers do: estimate a chunk, join the chunks of a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
import hashlib
import json
from pathlib import Path
import tempfile

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import Media, MediaError
from pose_ros.core.motion.events import MotionEvent
from pose_ros.core.motion.observer import MotionConfig
from pose_ros.core.motion.observers import make_observers
from pose_ros.core.motion.watcher import MotionWatcher
from pose_ros.core.topology import Topology
from pose_ros.core.types import FrameError
from pose_ros.fleet.chunks import Chunk, join
from pose_ros.fleet.people_file import FramePeople, pack, unpack
from pose_ros.fleet.storage import Storage
from pose_ros.recordings.inputs import estimated, open_input, watched
from pose_ros.recordings.people_tables import open_people_table
from pose_ros.records import event_record


@dataclass(frozen=True)
class BatchSettings:
    """What is done with each recording, and where its results go.

    Attributes
    ----------
    estimator
        Finds the people.
    motion
        Recognises what they do; None for people alone.
    storage
        Every worker must reach it.
    topic, depth
        Of images and of depth images in bags.
    """

    estimator: EstimatorConfig
    motion: MotionConfig | None
    storage: Storage
    topic: str = ''
    depth: str = ''

    @property
    def fingerprint(self) -> str:
        """Tells settings apart whose results differ."""
        text = repr((self.estimator, self.motion, self.topic, self.depth))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Joined:
    """What a recording held.

    Attributes
    ----------
    frames, frames_with_people, people, events
        How many; people by id.
    end
        Time of the last frame [s].
    fault
        Why it could not be read to its end; empty if it could.
    """

    frames: int
    frames_with_people: int
    people: int
    events: int
    end: float
    fault: str


def events_of(name: str) -> str:
    """Name of the file with the events of a recording, by its name."""
    return f'{name}.events.jsonl'


def people_of(name: str) -> str:
    """Name of the file with the people of a recording, by its name."""
    return f'{name}.people.parquet'


def part_of(chunk: Chunk) -> str:
    """Name of the file with the people of a chunk: its times, as `cut` may be given others."""
    return f'parts/{chunk.name}/{chunk.first}-{chunk.start}-{chunk.end}.npz'


def estimate_chunk(chunk: Chunk, settings: BatchSettings) -> int:
    """Find the people in a chunk and store them; returns the number of frames.

    A recording that is damaged is read up to there; chunks behind the damage are empty.
    """
    estimator = _estimator(settings.estimator)
    media = replace(
        _open(chunk.source, settings), start=chunk.first, duration=chunk.end - chunk.first
    )
    frames: list[FramePeople] = []
    fault = ''
    try:
        for frame, people, _ in estimated(estimator, media):
            size = (frame.width, frame.height)
            frames.append(FramePeople(frame.time, size, people))
    except (MediaError, FrameError) as error:
        if not frames and not chunk.index:
            raise
        fault = str(error)
    settings.storage.write(part_of(chunk), pack(frames, fault))
    return len(frames)


def join_chunks(chunks: Sequence[Chunk], settings: BatchSettings) -> Joined:
    """Join the stored chunks of a recording and store its table, and its events if wanted."""
    name = chunks[0].name
    media = _open(chunks[0].source, settings)
    convert = watched(media)
    faults: list[str] = []
    frames = join(_parts(chunks, settings, faults))
    watcher = None if settings.motion is None else MotionWatcher(make_observers(settings.motion))
    ids: set[int] = set()
    events: list[MotionEvent] = []
    count, with_people, end = 0, 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'people.parquet')
        with open_people_table(path, _topology(settings.estimator)) as table:
            for count, frame in enumerate(frames, 1):
                table.write(media.name, count - 1, frame.time, frame.people)
                ids.update(person.id for person in frame.people if person.id)
                with_people += bool(frame.people)
                end = frame.time
                if watcher is not None:
                    people = convert(frame.people, frame.size)
                    events += watcher.observe(people, frame.time).events
        if watcher is not None:
            events += watcher.finish()
            lines = [json.dumps(event_record(media.name, event)) + '\n' for event in events]
            content = ''.join(lines).encode()
            settings.storage.write(events_of(name), content)
        settings.storage.write(people_of(name), path.read_bytes())
    settings.storage.remove_folder(f'parts/{name}')
    fault = '; '.join(dict.fromkeys(faults))
    return Joined(count, with_people, len(ids), len(events), end, fault)


def _parts(
    chunks: Sequence[Chunk], settings: BatchSettings, faults: list[str]
) -> Iterator[tuple[Chunk, list[FramePeople]]]:
    """Chunks with their frames; what is wrong with them goes into a list."""
    for chunk in chunks:
        frames, fault = unpack(settings.storage.read(part_of(chunk)))
        if fault:
            faults.append(fault)
        yield chunk, frames


def _open(source: str, settings: BatchSettings) -> Media:
    return open_input(source, (settings.topic, settings.depth))


@cache
def _estimator(config: EstimatorConfig) -> PoseEstimator:
    """One model per worker and setting."""
    return PoseEstimator(config)


def _topology(config: EstimatorConfig) -> Topology:
    return _estimator(config).topology
