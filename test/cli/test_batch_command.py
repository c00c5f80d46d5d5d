"""``pose-ros batch``: its inputs, its table, its exit codes."""

import json

from image_bags import fall_frames, write_bag
import pytest

from pose_ros.actor import Action, Actor, Scene, frames
from pose_ros.cli.batch import expanded
from pose_ros.core.media import VideoWriter
from pose_ros.recordings.inputs import find_inputs

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


def test_a_list_of_a_windows_program_is_read_and_one_that_cannot_be_read_is_named(tmp_path):
    listed = tmp_path / 'list.txt'
    listed.write_text('\ufeffa.mp4\r\n', encoding='utf-8', newline='')
    assert expanded([str(listed)]) == ['a.mp4']
    listed.write_bytes(b'\x83\xff')
    for name in (str(listed), f'{tmp_path}/none.txt'):
        with pytest.raises(ValueError, match=f'{name} cannot be read'):
            expanded([name])


def test_an_input_that_is_named_twice_is_taken_once(tmp_path, monkeypatch):
    names = ('b.png', 'a.png')
    for name in names:
        (tmp_path / name).write_bytes(b'image')
    (tmp_path / 'link.png').symlink_to('a.png')
    monkeypatch.chdir(tmp_path)
    url = 'rtsp://camera/x'
    spelled = ['./b.png', 'link.png', url, '.', 'a.png', f'{tmp_path}/b.png', url]
    assert [one.source for one in find_inputs(spelled).media] == ['./b.png', 'link.png', url]
    (tmp_path / 'metadata.yaml').touch()
    assert find_inputs(['']).faults == ('the name of an input is empty',)


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


def test_a_batch_of_a_calibrated_bag_gives_what_the_single_commands_give(pose_ros, tmp_path):
    bag = write_bag(tmp_path / 'bag', fall_frames(), focal_length=500.0).folder
    target, common = tmp_path / 'out', ('--mode', 'multi', '--threads', '1')
    table, events = tmp_path / 'people.parquet', tmp_path / 'events.jsonl'
    for command in (
        ('batch', bag, '--output', target, '--workers', '1'),
        ('estimate', bag, '--table', table, *common),
        ('analyse', bag, '--json', events, *common),
    ):
        code, _, err = pose_ros(*command)
        assert code == 0, err
    (people,) = target.glob('*.people.parquet')
    assert parquet.read_table(people).equals(parquet.read_table(table))
    (found,) = target.glob('*.events.jsonl')
    assert found.read_text() == events.read_text()
    assert '"fallen"' in found.read_text()


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    """Folder with clips of an actor who waves, squats, stands, one without truth, and tables."""
    folder = tmp_path_factory.mktemp('clips')
    squats = tuple(Action('squat', 0.5 + 2.5 * i, 2.4) for i in range(3))
    for name, duration, actions in (
        ('wave', 4.0, (Action('wave_left', 0.5, 2.8),)),
        ('squats', 9.0, squats),
        ('stand', 4.0, ()),
        ('x', 4.0, ()),
    ):
        scene = Scene(duration=duration, fps=15, actors=(Actor(actions, height=380),))
        with VideoWriter(folder / f'{name}.mp4', 15) as writer:
            for frame in frames(scene, seed=2):
                writer.write(frame.image[..., ::-1], frame.stamp)
    rows = 'file\ttruth\nwave.mp4\twave; 1\nsquats.mp4\tsquat; 3\n'
    (folder / 'truth.tsv').write_text(f'{rows}stand.mp4\tnothing')
    (folder / 'wide.tsv').write_text(f'{rows}{folder}/stand.mp4\tnothing\nnone.mp4\tbow; 1')
    return folder


def test_evaluate_gives_what_the_single_command_gives(pose_ros, clips, tmp_path):
    batch = tmp_path / 'batch.json'
    command = (
        *('batch', clips, '--task', 'evaluate', '--truth', clips / 'wide.tsv', '--mode', 'single'),
        *('--workers', '1', '--output', tmp_path / 'out', '--json', batch),
    )
    code, out, err = pose_ros(*command)
    assert code == 0, err
    assert 'wave 1' in out
    assert 'x.mp4' not in out
    code, out, err = pose_ros(
        *('evaluate', 'motion', '--videos', clips, '--truth', clips / 'truth.tsv', '--clips'),
        *('--json', '-', '--workers', '1'),
    )
    assert code == 0, err
    ((found,), (wanted,)) = (json.loads(text)['rows'] for text in (batch.read_text(), out))
    assert found == wanted
    assert (found['clips'], found['gestures_found'], found['false_gestures']) == (3, 1.0, 0.0)
    assert (found['sets'], found['sets_exact']) == (1, 1.0)
    # Again: from the results that are there, and after some are gone.
    for pattern in ('*.none', '*.events.jsonl', '*.people.parquet'):
        for file in (tmp_path / 'out').glob(pattern):
            file.unlink()
        batch.unlink()
        assert pose_ros(*command)[0] == 0
        assert json.loads(batch.read_text())['rows'] == [wanted]
    code, out, _ = pose_ros(*command[:-1], '-')
    assert json.loads(out)['rows'] == [wanted]


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--task', 'evaluate'], '--task evaluate needs --truth'),
        (['--truth', 'truth.tsv'], 'only it uses --truth'),
        (['--task', 'evaluate', '--truth', 'other.tsv'], 'other.tsv'),
        (
            ['--task', 'evaluate', '--truth', 'truth.tsv', '--json', 'x.mp4'],
            'x.mp4 would overwrite an input',
        ),
        (
            ['--task', 'evaluate', '--truth', 'truth.tsv', '--json', 'truth.tsv'],
            'truth.tsv would overwrite an input',
        ),
        (['--task', 'evaluate', '--truth', 'more.tsv'], 'names none of the inputs'),
        (['--task', 'evaluate', '--truth', 'two.tsv'], 'two rows about'),
    ],
)
def test_what_cannot_be_evaluated_is_refused(pose_ros, clips, monkeypatch, arguments, reason):
    monkeypatch.chdir(clips)
    (clips / 'more.tsv').write_text('file\ttruth\ny.mp4\tnothing')
    video = next(clips.glob('*.mp4'))
    rows = f'{video.name}\tnothing\n{clips.name}/{video.name}\tsquat; 2'
    (clips / 'two.tsv').write_text(f'file\ttruth\n{rows}')
    code, _, err = pose_ros('batch', clips, '--output', clips / 'out', *arguments)
    assert code == 2
    assert reason in err


def test_wrong_options_are_refused(pose_ros, tmp_path):
    code, _, err = pose_ros('batch', tmp_path, '--output', tmp_path / 'out')
    assert (code, 'no image or video' in err) == (2, True)
    bag = write_bag(tmp_path / 'bag', fall_frames()[:2]).folder
    code, _, err = pose_ros('batch', bag, '--output', tmp_path / 'out', '--task', 'x')
    assert (code, "--task must be one of estimate, analyse, evaluate, got 'x'" in err) == (2, True)
    code, _, err = pose_ros('batch', bag, '--output', '')
    assert (code, 'the name of the folder for the results is empty' in err) == (2, True)
    code, _, err = pose_ros('batch', bag, '--output', 'nowhere://x')
    assert (code, 'nowhere://x cannot be opened' in err) == (2, True)
