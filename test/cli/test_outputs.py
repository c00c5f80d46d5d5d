"""Results whose name is a dash: JSON goes to the output, all else is refused."""

import pytest


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
