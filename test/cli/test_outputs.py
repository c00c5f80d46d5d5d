"""Names of results: a dash is the output for JSON alone; what cannot be written is told early."""

from pathlib import Path

import pytest

from pose_ros.cli.console import check_outputs


@pytest.mark.parametrize(
    'command',
    [
        *(('estimate', 'x.mp4', option) for option in ('--overlay', '--bag', '--table')),
        *(('analyse', 'x.mp4', option) for option in ('--bag', '--angles', '--plot')),
        ('batch', 'x.mp4', '--output'),
        ('plot', 'x.jsonl', '--output'),
        ('signs', 'x.mp4', '--overlay'),
        ('motions', 'train', '--output'),
        ('motions', 'evaluate', 'x.npz', '--plot'),
        ('evaluate', 'tracking', '--markdown'),
        ('evaluate', 'coco', '--images', '.', '--annotations', 'x.json', '--markdown'),
        ('evaluate', 'motion', '--videos', '.', '--truth', 'x.tsv', '--markdown'),
        pytest.param(('demo', '--output'), marks=pytest.mark.ros, id='demo'),
    ],
    ids=' '.join,
)
def test_only_json_goes_to_the_output(pose_ros, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    code, out, err = pose_ros(*command, '-')
    assert (code, out) == (2, '')
    assert 'only --json can go to the output (-)' in err
    assert len(err.splitlines()) == 1
    assert not any(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_is_told_before_the_work(monkeypatch, tmp_path):
    existing = tmp_path / 'a.json'
    existing.touch()
    # Root may write everywhere, but on read-only file systems.
    monkeypatch.setattr('os.access', lambda path, _: Path(path) != tmp_path)
    for name in ('a.json', 'new.png'):
        with pytest.raises(ValueError, match=f'{name} cannot be written: {tmp_path} is read-only'):
            check_outputs([str(tmp_path / name)], [])
    check_outputs([str(tmp_path.parent / 'a.csv')], [], '/dev/stdout')
