"""``pose-ros batch``: its inputs, its table, its exit codes."""

from image_bags import fall_frames, write_bag
import pytest

from pose_ros.cli.batch import expanded

parquet = pytest.importorskip('pyarrow.parquet')


def test_patterns_and_lists_become_inputs(tmp_path):
    for name in ('b.mp4', 'a.mp4', 'c.avi'):
        (tmp_path / name).touch()
    listed = tmp_path / 'list.txt'
    listed.write_text('# cameras\nrtsp://camera/x\n\n  one.mp4 \n')
    sources = expanded([f'{tmp_path}/*.mp4', str(listed), f'{tmp_path}/a.mp4'])
    assert sources == [f'{tmp_path}/a.mp4', f'{tmp_path}/b.mp4', 'rtsp://camera/x', 'one.mp4']
    with pytest.raises(ValueError, match='matches no file'):
        expanded([f'{tmp_path}/*.mkv'])


def test_a_batch_of_bags_in_processes(pose_ros, tmp_path):
    for name in ('one', 'two'):
        write_bag(tmp_path / 'week' / name, fall_frames()[:6])
    target = tmp_path / 'out'
    command = ('batch', tmp_path / 'week', '--output', target, '--workers', '1')
    code, out, err = pose_ros(*command)
    assert code == 0, err
    assert 'done: 2, failed: 0' in err
    rows = parquet.read_table(target / 'status.parquet').to_pylist()
    assert [(row['state'], row['frames'], row['tries']) for row in rows] == [('done', 6, 0)] * 2
    for row in rows:
        assert (target / f'{row["name"]}.people.parquet').is_file()
        assert (target / f'{row["name"]}.events.jsonl').is_file()
    assert out.count('done') == 2


def test_wrong_options_are_refused(pose_ros, tmp_path):
    code, _, err = pose_ros('batch', tmp_path, '--output', tmp_path / 'out')
    assert (code, 'no image or video' in err) == (2, True)
    bag = write_bag(tmp_path / 'bag', fall_frames()[:2]).folder
    code, _, err = pose_ros('batch', bag, '--output', tmp_path / 'out', '--task', 'x')
    assert (code, "--task must be one of estimate, analyse, got 'x'" in err) == (2, True)
    code, _, err = pose_ros('batch', bag, '--output', 'nowhere://x')
    assert (code, 'nowhere://x cannot be opened' in err) == (2, True)
