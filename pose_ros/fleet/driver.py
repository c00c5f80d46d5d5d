"""Runs a batch: cuts recordings, hands out tasks, tries failed ones again, keeps the status."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
import math
from typing import Any, TypeAlias

from pose_ros.core.media import Media, resolved
from pose_ros.fleet.chunks import Chunk, cut
from pose_ros.fleet.engines import Engine
from pose_ros.fleet.status import DONE, FAILED, InputStatus, StatusTable
from pose_ros.fleet.tasks import (
    BatchSettings,
    Joined,
    estimate_chunk,
    events_of,
    join_chunks,
    part_of,
    people_of,
)

# How often a task may fail before its recording is set aside [-].
MAX_TRIES = 3
# Tasks that wait at each worker [-], so that none is ever without work.
_QUEUE = 2

# Of a task: name of its recording, and index of its chunk; None for joining the chunks.
_Key: TypeAlias = tuple[str, int | None]


@dataclass
class _Recording:
    """Chunks of one input: all of them, and those that are not stored yet."""

    status: InputStatus
    chunks: list[Chunk]
    missing: set[int] = field(default_factory=set)


class BatchRun:
    """Processes recordings on an engine.

    Parameters
    ----------
    settings
        What is done, and where results go.
    engine
        Where it is done.
    chunk
        Length of a chunk [s], above 0 and finite.
    overlap
        Of chunks [s], above 0 and below their length.
    advance
        Called with the seconds of recordings that are done now.
    """

    def __init__(
        self,
        settings: BatchSettings,
        engine: Engine,
        chunk: float = 300.0,
        overlap: float = 10.0,
        advance: Callable[[float], object] = lambda _: None,
    ) -> None:
        if not 0 < chunk < math.inf:
            raise ValueError(f'the chunk length must be a finite number above 0 s, got {chunk}')
        if not 0 < overlap < chunk:
            raise ValueError(f'overlap must be between 0 and {chunk} s, got {overlap}')
        self.status = StatusTable(settings.storage, settings.fingerprint)
        self._settings = settings
        self._engine = engine
        self._length = chunk
        self._overlap = overlap
        self._advance = advance
        self._waiting: deque[_Key] = deque()
        # Tasks that ran when a process died. They run again alone, which shows the guilty one.
        self._suspects: deque[_Key] = deque()
        self._alone: _Key | None = None
        self._tries: Counter[_Key] = Counter()
        self._recordings: dict[str, _Recording] = {}
        self._running = 0

    def run(self, media: Sequence[Media]) -> list[InputStatus]:
        """Process recordings that are not done yet; returns the status of all of these."""
        self._recordings = {}
        for one in media:
            status = self.status.inputs.get(resolved(one.source))
            if status is None or status.state != DONE or not self._has_results(status):
                recording = self._plan(one, status)
                self._recordings[recording.status.name] = recording
        self.status.save()
        for recording in self._recordings.values():
            self._hand_out(recording)
        self._fill()
        while self._running:
            key, result = self._engine.next()
            self._running -= 1
            self._take(key, result)
            self._fill()
        if all(status.state == DONE for status in self.status.inputs.values()):
            self._settings.storage.remove_folder('parts')
        return [self.status.inputs[resolved(one.source)] for one in media]

    def _has_results(self, status: InputStatus) -> bool:
        names = [people_of(status.name)]
        if self._settings.motion is not None:
            names.append(events_of(status.name))
        return all(map(self._settings.storage.has, names))

    def _plan(self, media: Media, before: InputStatus | None) -> _Recording:
        known = media.frame_count is not None and media.frame_rate > 0
        duration = media.frame_count / media.frame_rate if known and media.frame_count else 0.0
        name = media.result_name if before is None else before.name
        path = resolved(media.source)
        status = InputStatus(media.source, path, name, duration=duration)
        self.status.inputs[path] = status
        chunks = cut(name, media.source, duration, self._length, self._overlap)
        return _Recording(status, chunks)

    def _hand_out(self, recording: _Recording) -> None:
        """Queue the chunks that an earlier run did not store."""
        for chunk in recording.chunks:
            if self._settings.storage.has(part_of(chunk)):
                self._advance(self._seconds(recording, chunk))
            else:
                recording.missing.add(chunk.index)
                self._waiting.append((chunk.name, chunk.index))
        if not recording.missing:
            self._queue_join(chunk.name)

    def _queue_join(self, name: str) -> None:
        # Before further chunks: its parts take room.
        self._waiting.appendleft((name, None))

    def _fill(self) -> None:
        """Keep the workers busy, or run a suspect alone."""
        self._alone = None
        if self._suspects:
            if not self._running:
                self._alone = self._suspects.popleft()
                self._start(self._alone)
            return
        while self._waiting and self._running < _QUEUE * self._engine.workers:
            self._start(self._waiting.popleft())

    def _start(self, key: _Key) -> None:
        name, index = key
        chunks = self._recordings[name].chunks
        if index is None:
            self._engine.submit(key, join_chunks, chunks, self._settings)
        else:
            self._engine.submit(key, estimate_chunk, chunks[index], self._settings)
        self._running += 1

    def _take(self, key: _Key, result: Any) -> None:
        """Take the result of a task."""
        name, index = key
        recording = self._recordings[name]
        status = recording.status
        if status.state == FAILED:
            return  # another chunk of it has failed for good
        if isinstance(result, BrokenProcessPool) and key != self._alone:
            self._suspects.append(key)
        elif isinstance(result, Exception):
            self._retry(key, result)
        elif isinstance(result, Joined):
            for field_name in ('frames', 'frames_with_people', 'people', 'events', 'end'):
                setattr(status, field_name, getattr(result, field_name))
            status.reason = result.fault
            status.state = FAILED if result.fault else DONE
            self.status.save()
        elif index is not None:
            recording.missing.discard(index)
            self._advance(self._seconds(recording, recording.chunks[index]))
            if not recording.missing:
                self._queue_join(name)

    def _retry(self, key: _Key, error: Exception) -> None:
        name, index = key
        status = self._recordings[name].status
        self._tries[key] += 1
        status.tries += 1
        status.reason = ' '.join(str(error).split()) or type(error).__name__
        if self._tries[key] >= MAX_TRIES:
            status.state = FAILED
            self._waiting = deque(one for one in self._waiting if one[0] != name)
            self._suspects = deque(one for one in self._suspects if one[0] != name)
        elif isinstance(error, BrokenProcessPool):
            self._suspects.append(key)
        elif index is None:
            self._queue_join(name)
        else:
            self._waiting.append(key)
        self.status.save()

    def _seconds(self, recording: _Recording, chunk: Chunk) -> float:
        """Duration of a chunk without its warm-up [s]."""
        return max(min(chunk.end, recording.status.duration) - chunk.start, 0.0)
