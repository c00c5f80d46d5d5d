"""Bags, tables and parts of recordings by ``pose-ros estimate`` and ``analyse``."""

from concurrent.futures import ThreadPoolExecutor
import csv
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time

from image_bags import fall_frames, write_bag
import numpy as np
import pytest

from pose_ros import bags
from pose_ros.cli.file_runs import run_files
from pose_ros.core.topology import BLAZEPOSE33
from pose_ros.recordings.inputs import open_input


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    """Twelve images in one second."""
    return write_bag(tmp_path_factory.mktemp('bags') / 'walk', fall_frames()[:12]).folder


def test_a_bag_becomes_lines_and_tables(estimate, pose_ros, bag, tmp_path):
    pytest.importorskip('pyarrow')
    from pyarrow import parquet  # noqa: PLC0415

    code, records, _ = estimate(bag)
    assert code == 0
    assert [record['time'] for record in records] == [
        pytest.approx(i / 12, abs=1e-5) for i in range(12)
    ]
    for name in ('people.csv', 'people.parquet'):
        code, _, err = pose_ros('estimate', bag, '--table', tmp_path / name)
        assert code == 0, err
    rows = list(csv.DictReader((tmp_path / 'people.csv').open()))
    table = parquet.read_table(tmp_path / 'people.parquet').to_pylist()
    people = [(record, person) for record in records for person in record['people']]
    assert len(rows) == len(table) == len(people) >= 10
    assert list(rows[0]) == list(table[0])
    nose, ankle = BLAZEPOSE33.index('nose'), BLAZEPOSE33.index('left_ankle')
    for (record, person), row, typed in zip(people, rows, table):
        assert (row['input'], typed['input']) == (str(bag), str(bag))
        assert int(row['frame']) == typed['frame'] == record['frame']
        assert int(row['id']) == typed['id'] == person['id']
        for name, index in (('nose', nose), ('left_ankle', ankle)):
            x, y, score, state = person['keypoints'][index]
            assert typed[f'{name}_x'] == pytest.approx(x, abs=0.01)
            assert float(row[f'{name}_y']) == pytest.approx(y, abs=0.01)
            assert typed[f'{name}_score'] == pytest.approx(score, abs=1e-3)
            assert int(row[f'{name}_state']) == typed[f'{name}_state'] == state
            assert typed[f'{name}_world_z'] == pytest.approx(person['world'][index][2], abs=1e-3)


@pytest.mark.parametrize(
    ('command', 'option', 'name'),
    [
        ('estimate', '--json', 'o.jsonl'), ('estimate', '--table', 'o.csv'),
        ('estimate', '--table', 'o.parquet'), ('analyse', '--json', 'o.jsonl'),
        ('analyse', '--angles', 'o.csv'), ('analyse', '--plot', 'o.png'),
    ],
)  # fmt: skip
def test_a_full_disk_leaves_the_earlier_result(pose_ros, bag, tmp_path, *, command, option, name):
    target = tmp_path / name
    target.write_text('of before')
    part = target.with_stem('o.part')
    part.symlink_to('/dev/full')
    code, _, err = pose_ros(command, bag, option, target)
    assert code == 2
    assert 'No space left on device' in err
    assert f'{part} is incomplete' in err
    assert target.read_text() == 'of before'
    part.unlink()
    assert pose_ros(command, bag, option, target)[0] == 0
    assert target.read_bytes() != b'of before'
    assert not part.exists()


@pytest.mark.parametrize(
    ('command', 'option', 'suffix'),
    [
        ('estimate', '--json', '.jsonl'), ('estimate', '--table', '.csv'),
        ('estimate', '--table', '.parquet'), ('analyse', '--angles', '.csv'),
        ('analyse', '--plot', '.png'),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_created_has_its_own_name(pose_ros, bag, command, option, suffix):
    # No file can be created there, not even by root.
    code, _, err = pose_ros(command, bag, option, f'/proc/o{suffix}')
    assert code == 2
    assert re.search(rf"cannot write the results: \[Errno \d+\] .*: '/proc/o{suffix}'", err)


def test_results_go_to_pipes_and_through_links(pose_ros, bag, tmp_path):
    (tmp_path / 'link.csv').symlink_to(tmp_path / 'o.csv')
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        lines = pool.submit(pipe.read_text)
        command = ('estimate', bag, '--json', pipe, '--table', tmp_path / 'link.csv')
        assert pose_ros(*command)[0] == 0
        assert len(lines.result().splitlines()) == 12
    assert (tmp_path / 'link.csv').is_symlink()
    assert (tmp_path / 'o.csv').read_text().startswith('input,frame,time')


def test_a_bag_that_cannot_be_finished_is_removed(pose_ros, bag, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        code, _, err = pose_ros('estimate', bag, '--bag', tmp_path / 'out')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (code, 'cannot write the results' in err) == (2, True)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('command', ['estimate', 'analyse'])
def test_ctrl_c_keeps_what_was_found_and_says_so(bag, tmp_path, command):
    target, results = tmp_path / 'o.jsonl', tmp_path / 'bags'
    long = write_bag(tmp_path / 'long', fall_frames()).folder
    process = subprocess.Popen(
        [
            *(sys.executable, '-m', 'pose_ros', command, str(bag), str(long)),
            *('--json', str(target), '--bag', str(results)),
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not list(results.glob('long-*')) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 130
    (line,) = err.strip().splitlines()
    assert re.fullmatch(
        r'pose-ros: stopped in .*long \(2 of 2\) after \d+ frames; .*kept, .*', line
    )
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert sum(line['input'] == str(bag) for line in lines) >= (12 if command == 'estimate' else 1)
    assert list(results.iterdir()) == [results / open_input(str(bag)).result_name]


def test_ctrl_c_without_a_bag_mentions_none(bag, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_files([open_input(str(bag))], stop, quiet=True)
    assert capsys.readouterr().err.strip().endswith('results up to there are kept')


def test_the_results_of_images_without_stamps_have_their_times(pose_ros, tmp_path):
    few = fall_frames()[:4]
    source = write_bag(tmp_path / 'in', few, stamps=[0.0] * 4).folder
    code, _, err = pose_ros('estimate', source, '--bag', tmp_path / 'out')
    assert code == 0, err
    found = list(bags.messages(tmp_path / 'out', ['skeletons']))
    assert [message.header.stamp.sec for _, _, message in found] == [0] * 4
    times = [stamp - found[0][1] for _, stamp, _ in found]
    assert times == pytest.approx([one.stamp - few[0].stamp for one in few], abs=1e-6)


def test_a_part_of_a_bag_keeps_its_times(estimate, bag):
    _, records, _ = estimate(bag, '--start', '0.5', '--duration', '0.25')
    assert [record['time'] for record in records] == pytest.approx([6 / 12, 7 / 12, 8 / 12])


@pytest.mark.parametrize('command', ['estimate', 'analyse'])
@pytest.mark.parametrize('part', [('--start', '99'), ('--duration', '0')])
def test_a_part_without_frames_is_told(pose_ros, bag, command, part):
    code, out, err = pose_ros(command, bag, *part)
    assert (code, out) == (1, '')
    line = f'pose-ros: {bag}: there are no frames in the part of .*{" ".join(part)}'
    assert re.search(f'{line}.*; its length is 0.9 s', err)
    code, _, err = pose_ros(command, bag, '--start', '0.9')
    assert (code, 'no frames' in err) == (0, False)


def test_a_bag_without_images_is_an_error(tmp_path, capsys):
    empty = open_input(str(write_bag(tmp_path / 'empty', []).folder))
    assert run_files([empty], lambda *_: None, quiet=True) == 1
    assert capsys.readouterr().err.strip().endswith('empty: there are no images in it')


def test_a_calibrated_bag_gives_positions(pose_ros, estimate, tmp_path):
    """The person is 330 px high, 1.7 m by assumption, and 500 px is the focal length."""
    folder = write_bag(tmp_path / 'bag', fall_frames()[:12], focal_length=500.0).folder
    _, records, _ = estimate(folder)
    positions = np.array(records[-1]['people'][0]['positions'], float)
    assert np.nanmedian(positions[:, 2]) == pytest.approx(500 * 1.7 / 330, rel=0.15)
    code, _, err = pose_ros('estimate', folder, '--bag', tmp_path / 'out')
    assert code == 0, err
    *_, last = (message for _, _, message in bags.messages(tmp_path / 'out', ['skeletons']))
    (skeleton,) = last.skeletons
    found = np.array([(point.x, point.y, point.z) for point in skeleton.positions])
    np.testing.assert_allclose(found, positions, atol=1e-4)
    assert skeleton.position_source == skeleton.POSITIONS_MODEL
    assert np.isfinite(skeleton.velocity.z)
    assert skeleton.motion == skeleton.MOTION_STATIONARY


def test_several_inputs_get_a_bag_each_and_existing_ones_are_skipped(pose_ros, bag, tmp_path):
    target = tmp_path / 'out'
    other = write_bag(tmp_path / 'other', fall_frames()[:3]).folder
    arguments = ('estimate', bag, other, '--bag', target)
    assert pose_ros(*arguments)[0] == 0
    walk = open_input(str(bag)).result_name
    assert sorted(path.name for path in target.iterdir()) == [
        open_input(str(other)).result_name,
        walk,
    ]
    found = [message for _, _, message in bags.messages(target / walk, ['skeletons'])]
    assert len(found) == 12
    assert found[-1].model == 'blazepose_full'
    code, _, err = pose_ros(*arguments)
    assert code == 2
    assert 'exists already' in err
    code, _, err = pose_ros(*arguments, '--skip-existing')
    assert (code, 'skipped, as they exist: 2' in err) == (0, True)


@pytest.mark.parametrize(('command', 'table'), [('estimate', '--table'), ('analyse', '--angles')])
def test_skipped_inputs_stay_in_earlier_files(pose_ros, bag, tmp_path, command, table):
    lines, rows = tmp_path / 'o.jsonl', tmp_path / 'o.csv'
    arguments = ('--bag', tmp_path / 'out', '--json', lines, table, rows, '--skip-existing')
    other = write_bag(tmp_path / 'other', fall_frames()[:3]).folder
    of_bag, of_other = (
        tmp_path / 'out' / open_input(str(one)).result_name for one in (bag, other)
    )
    of_bag.mkdir(parents=True)
    rows.write_text('of before')
    code, _, err = pose_ros(command, bag, other, *arguments)
    assert code == 2
    assert f'{rows} exists already and would lose the inputs that are skipped' in err
    of_other.mkdir()
    code, _, err = pose_ros(command, bag, other, *arguments)
    assert (code, 'skipped, as they exist: 2' in err) == (0, True)
    assert rows.read_text() == 'of before'
    assert not lines.exists()
    of_other.rmdir()
    rows.unlink()
    assert pose_ros(command, bag, other, *arguments)[0] == 0
    assert f'{other}' in rows.read_text()
    assert f'{bag}' not in rows.read_text()


def test_a_damaged_bag_gives_the_people_before_the_damage(pose_ros, tmp_path):
    damaged = write_bag(tmp_path / 'damaged', fall_frames()[:12])
    content = damaged.file.read_bytes()
    damaged.file.write_bytes(content[: len(content) // 2])
    code, _, err = pose_ros('analyse', damaged.folder, '--bag', tmp_path / 'out')
    assert code == 1
    assert 'damaged or cut off' in err
    found = list(bags.messages(tmp_path / 'out', ['skeletons', 'joint_angles']))
    assert [topic for topic, _, _ in found].count('skeletons') in (5, 6)


@pytest.mark.parametrize('command', ['estimate', 'analyse'])
def test_an_input_named_twice_gets_one_bag(pose_ros, bag, tmp_path, command):
    code, _, err = pose_ros(command, bag, bag, '--bag', tmp_path / 'out')
    assert code == 0, err
    assert 'inputs: 1, frames: 12' in err
    assert [one.name for one in (tmp_path / 'out').iterdir()] == [open_input(str(bag)).result_name]


def test_options_that_do_not_fit_are_refused(pose_ros, bag, tmp_path):
    code, _, err = pose_ros('estimate', bag, '--skip-existing')
    assert (code, '--skip-existing needs --bag or --overlay' in err) == (2, True)
    code, _, err = pose_ros('estimate', bag, '--table', tmp_path / 'x.xlsx')
    assert code == 2
    assert f'{tmp_path}/x.xlsx: a table ends in .csv or .parquet' in err
    code, _, err = pose_ros('estimate', bag, '--topic', '/front')
    assert (code, 'no such topic of images /front' in err) == (1, True)
