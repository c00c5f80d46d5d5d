"""Batches: joined results as uncut, stopped and resumed, failing inputs."""

from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
import json
import math
from pathlib import Path

import cv2
from image_bags import fall_frames, write_bag
import numpy as np
import pytest

from pose_ros.core.media import Media, open_media
from pose_ros.fleet.driver import MAX_TRIES, BatchRun
from pose_ros.fleet.status import StatusTable
from pose_ros.fleet.storage import Storage
from pose_ros.fleet.tasks import Joined, estimate_chunk
from pose_ros.recordings.inputs import open_input

parquet = pytest.importorskip('pyarrow.parquet')

HEIGHT, FPS = 260, 10.0  # of the person [px], of the videos [Hz]
CUT = {'chunk': 5.0, 'overlap': 2.0}


def results(settings, status):
    """Rows of people and events of an input."""
    folder = Path(settings.storage.location)
    rows = parquet.read_table(folder / f'{status.name}.people.parquet').to_pylist()
    lines = (folder / f'{status.name}.events.jsonl').read_text().splitlines()
    return rows, [json.loads(line) for line in lines]


def test_a_cut_recording_gives_what_the_uncut_one_gives(
    long_video, settings, inline_engine, tmp_path
):
    media = [open_media(long_video)]
    (whole,) = BatchRun(settings, inline_engine()).run(media)
    engine, seconds = inline_engine(), []
    other = replace(settings, storage=Storage(str(tmp_path / 'cut')))
    (cut,) = BatchRun(other, engine, advance=seconds.append, **CUT).run(media)
    assert engine.ran == ['estimate_chunk'] * 3 + ['join_chunks']
    assert sum(seconds) == pytest.approx(16.0, abs=0.2)
    assert cut == whole
    assert (cut.state, cut.frames, cut.people, cut.reason) == ('done', 160, 1, '')

    (people, events), (cut_people, cut_events) = results(settings, whole), results(other, cut)
    assert [(row['frame'], row['id']) for row in cut_people] == [
        (row['frame'], row['id']) for row in people
    ]
    for name in ('nose_x', 'left_wrist_y', 'right_ankle_x'):
        found, wanted = ([row[name] for row in rows] for rows in (cut_people, people))
        np.testing.assert_allclose(found, wanted, atol=0.02 * HEIGHT)
    assert [(e['name'], e['hand'], e['phase'], e['skeleton_id']) for e in cut_events] == [
        (e['name'], e['hand'], e['phase'], e['skeleton_id']) for e in events
    ]
    assert [e['hand'] for e in events if (e['name'], e['phase']) == ('wave', 'started')] == [
        'left', 'right',
    ]  # fmt: skip
    times = [[event['time'] for event in found] for found in (cut_events, events)]
    np.testing.assert_allclose(*times, atol=1.01 / FPS)


def test_a_stopped_batch_goes_on_where_it_was(long_video, short_video, settings, inline_engine):
    media = [open_media(long_video), open_media(short_video)]
    with pytest.raises(KeyboardInterrupt):
        BatchRun(settings, inline_engine(stop_after=2), **CUT).run(media)
    states = StatusTable(settings.storage, settings.fingerprint).inputs
    assert {one.state for one in states.values()} == {'to do'}
    engine = inline_engine()
    found = BatchRun(settings, engine, **CUT).run(media)
    assert sorted(engine.ran) == ['estimate_chunk'] * 2 + ['join_chunks'] * 2
    assert [(one.state, one.frames) for one in found] == [('done', 160), ('done', 20)]
    engine = inline_engine()
    assert BatchRun(settings, engine, **CUT).run(media) == found
    assert engine.ran == []
    assert not Path(settings.storage.location, 'parts').exists()


def test_an_input_in_another_spelling_is_the_same(
    short_video, settings, inline_engine, tmp_path, monkeypatch
):
    (first,) = BatchRun(settings, inline_engine()).run([open_media(short_video)])
    link = tmp_path / 'link.mp4'
    link.symlink_to(short_video)
    monkeypatch.chdir(tmp_path)
    for name in (link, 'link.mp4', f'file://{link}', short_video.parent / 'none' / '..' / link):
        engine = inline_engine()
        assert BatchRun(settings, engine).run([open_media(name)]) == [first]
        assert engine.ran == []
    # The names of results that are gone stay.
    Path(settings.storage.location, f'{first.name}.people.parquet').unlink()
    (again,) = BatchRun(settings, inline_engine()).run([open_media('link.mp4')])
    assert (again.name, again.input) == (first.name, 'link.mp4')


def test_a_failing_input_is_tried_again_and_set_aside(
    short_video, settings, inline_engine, tmp_path
):
    lost = tmp_path / 'lost.mp4'
    lost.write_bytes(short_video.read_bytes())
    media = [open_media(lost), open_media(short_video)]
    lost.unlink()
    engine = inline_engine()
    failed, done = BatchRun(settings, engine).run(media)
    assert (failed.state, failed.tries) == ('failed', MAX_TRIES)
    assert 'lost.mp4' in failed.reason
    assert (done.state, done.frames) == ('done', 20)
    assert engine.ran.count('estimate_chunk') == MAX_TRIES + 1


class MortalEngine:
    """Tasks without work; a deadly chunk takes all tasks that run with it, `deaths` times."""

    workers = 2

    def __init__(self, deadly, deaths):
        self.deadly, self.deaths = deadly, deaths
        self._results = {}

    def submit(self, key, function, *_):
        done = 1 if function is estimate_chunk else Joined(20, 20, 1, 0, 2.0, '')
        self._results[key] = done
        if self.deaths and function is estimate_chunk and key[0][0] + str(key[1]) == self.deadly:
            self.deaths -= 1
            self._results = dict.fromkeys(self._results, BrokenProcessPool('a process died'))

    def next(self):
        return self._results.popitem()


def videos(*names):
    """Videos of two seconds that are not there; one chunk a second."""
    return [Media(f'{name}.mp4', True, 10.0, 20) for name in names]


def test_a_process_that_dies_once_fails_no_input(settings):
    run = BatchRun(settings, MortalEngine('a1', 1), chunk=1.0, overlap=0.2)
    assert [(one.state, one.tries) for one in run.run(videos(*'abc'))] == [('done', 0)] * 3


def test_a_chunk_that_kills_its_process_fails_its_input_alone(settings):
    run = BatchRun(settings, MortalEngine('b1', 100), chunk=1.0, overlap=0.2)
    before, failed, after = run.run(videos(*'abc'))
    assert (failed.state, failed.tries, failed.reason) == ('failed', MAX_TRIES, 'a process died')
    assert [(one.state, one.tries) for one in (before, after)] == [('done', 0)] * 2


def test_tries_are_those_of_a_task(settings, inline_engine):
    """Each of the four chunks fails once."""
    failed = set()

    class Engine(inline_engine):
        def next(self):
            key, function, _ = self._tasks.popleft()
            if function is not estimate_chunk:
                return key, Joined(40, 40, 1, 0, 4.0, '')
            if key not in failed:
                failed.add(key)
                return key, OSError('no memory')
            return key, 1

    media = [Media('a.mp4', True, 10.0, 40)]
    (one,) = BatchRun(settings, Engine(), chunk=1.0, overlap=0.2).run(media)
    assert (one.state, one.tries) == ('done', 4)


def test_a_damaged_input_gives_what_is_before_the_damage(settings, inline_engine, tmp_path):
    bag = write_bag(tmp_path / 'bag', fall_frames()[:20])
    content = bag.file.read_bytes()
    bag.file.write_bytes(content[: len(content) // 2])
    (one,) = BatchRun(settings, inline_engine()).run([open_input(str(bag.folder))])
    assert one.state == 'failed'
    assert 'damaged or cut off' in one.reason
    assert one.frames in (9, 10)
    assert len(results(settings, one)[0]) >= 7


def test_a_video_that_is_cut_off_gives_the_chunks_before_it(settings, inline_engine, tmp_path):
    video = tmp_path / 'video.avi'
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*'MJPG'), FPS, (160, 120))
    for frame in fall_frames()[:30]:
        writer.write(cv2.resize(frame.image, (160, 120)))
    writer.release()
    content = video.read_bytes()
    video.write_bytes(content[: len(content) // 2])
    engine = inline_engine()
    run = BatchRun(replace(settings, motion=None), engine, chunk=0.7, overlap=0.2)
    (one,) = run.run([open_media(video)])
    assert engine.ran == ['estimate_chunk'] * 4 + ['join_chunks']
    assert (one.state, one.tries) == ('failed', 0)
    assert 'the file is cut off, after' in one.reason
    assert one.frames in (13, 14, 15)


def test_results_of_other_settings_are_not_mixed(short_video, settings, inline_engine):
    BatchRun(settings, inline_engine()).run([open_media(short_video)])
    with pytest.raises(ValueError, match='holds results of other settings'):
        BatchRun(replace(settings, motion=None), inline_engine())


@pytest.mark.parametrize(
    ('chunk', 'overlap', 'fault'),
    [
        (math.inf, 10.0, 'chunk length must be .* got inf'),
        (math.nan, 10.0, 'chunk length must be .* got nan'),
        (-1.0, 10.0, 'chunk length must be .* got -1.0'),
        (100.0, math.nan, 'overlap must be .* got nan'),
        (100.0, 100.0, 'overlap must be .* got 100.0'),
    ],
)
def test_lengths_that_cut_nothing_are_refused(settings, inline_engine, chunk, overlap, fault):
    with pytest.raises(ValueError, match=fault):
        BatchRun(settings, inline_engine(), chunk, overlap)
