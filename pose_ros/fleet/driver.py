"""Runs a batch: cuts recordings, hands out tasks, tries failed ones again, keeps the status."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
import math
from typing import Any

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
    name_of,
    part_of,
    people_of,
)

# How often a task of a recording may fail before the recording is set aside [-].
MAX_TRIES = 3
# Tasks that wait at each worker [-], so that none is ever without work.
_QUEUE = 2


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
        self._waiting: deque[tuple[Any, Callable[..., Any], tuple[Any, ...]]] = deque()
        self._running = 0

    def run(self, media: Sequence[Media]) -> list[InputStatus]:
        """Process recordings that are not done yet; returns the status of all of these."""
        recordings = {}
        for one in media:
            status = self.status.inputs.get(resolved(one.source))
            if status is None or status.state != DONE or not self._has_results(status):
                recording = self._plan(one, status)
                recordings[recording.status.name] = recording
        self.status.save()
        for recording in recordings.values():
            self._hand_out(recording)
        self._fill()
        while self._running:
            (name, index), result = self._engine.next()
            self._running -= 1
            self._take(recordings[name], index, result)
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
        name = name_of(media.source) if before is None else before.name
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
                self._queue_chunk(chunk)
        if not recording.missing:
            self._queue_join(recording)

    def _queue_chunk(self, chunk: Chunk) -> None:
        key = (chunk.name, chunk.index)
        self._waiting.append((key, estimate_chunk, (chunk, self._settings)))

    def _queue_join(self, recording: _Recording) -> None:
        # Before further chunks: its parts take room.
        key = (recording.status.name, None)
        task = (join_chunks, (recording.chunks, self._settings))
        self._waiting.appendleft((key, *task))

    def _fill(self) -> None:
        """Keep the workers busy."""
        while self._waiting and self._running < _QUEUE * self._engine.workers:
            key, function, arguments = self._waiting.popleft()
            self._engine.submit(key, function, *arguments)
            self._running += 1

    def _take(self, recording: _Recording, index: int | None, result: Any) -> None:
        """Take the result of a task: of a chunk, or of joining (no index)."""
        status = recording.status
        if status.state == FAILED:
            return  # another chunk of it has failed for good
        if isinstance(result, Exception):
            self._retry(recording, index, result)
        elif isinstance(result, Joined):
            for name in ('frames', 'frames_with_people', 'people', 'events', 'end'):
                setattr(status, name, getattr(result, name))
            status.reason = result.fault
            status.state = FAILED if result.fault else DONE
            self.status.save()
        elif index is not None:
            recording.missing.discard(index)
            self._advance(self._seconds(recording, recording.chunks[index]))
            if not recording.missing:
                self._queue_join(recording)

    def _retry(self, recording: _Recording, index: int | None, error: Exception) -> None:
        status = recording.status
        status.tries += 1
        status.reason = ' '.join(str(error).split()) or type(error).__name__
        if status.tries >= MAX_TRIES:
            status.state = FAILED
            self._waiting = deque(task for task in self._waiting if task[0][0] != status.name)
        elif index is None:
            self._queue_join(recording)
        else:
            self._queue_chunk(recording.chunks[index])
        self.status.save()

    def _seconds(self, recording: _Recording, chunk: Chunk) -> float:
        """Duration of a chunk without its warm-up [s]."""
        return max(min(chunk.end, recording.status.duration) - chunk.start, 0.0)
