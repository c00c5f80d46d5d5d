"""``pose-ros evaluate`` end to end, on the actor's images and scenes."""

from __future__ import annotations

import json
import re
import sys

import cv2
import pytest
from rich.console import Console

from pose_ros.actor import Action, Actor, Scene, frames
from pose_ros.core.media import VideoWriter
from pose_ros.core.types import Box

NUMBER = r'\d\.\d{3}'


@pytest.fixture
def dataset(tmp_path):
    """Arguments for three images of an actor, with annotations."""
    images, annotations = [], []
    for number in range(1, 4):
        scene = Scene(duration=0.01, actors=(Actor('wave_left', x=150 + 80 * number),))
        [frame] = frames(scene, number)
        [true] = frame.people
        name = f'{number}.png'
        cv2.imwrite(str(tmp_path / name), cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))
        images.append({'id': number, 'file_name': name, 'width': 640, 'height': 480})
        box = Box.around(true.keypoints)
        annotations.append(
            {
                'image_id': number,
                'category_id': 1,
                'area': 0.5 * box.width * box.height,
                'bbox': [box.x, box.y, box.width, box.height],
                'num_keypoints': 17,
                'keypoints': [v for x, y in true.keypoints.tolist() for v in (x, y, 2)],
            }
        )
    path = tmp_path / 'annotations.json'
    path.write_text(json.dumps({'images': images, 'annotations': annotations}))
    return ['--images', tmp_path, '--annotations', path]


def test_coco_prints_a_table_and_writes_files(pose_ros, dataset, tmp_path):
    files = ['--json', tmp_path / 'out.json', '--markdown', tmp_path / 'out.md']
    code, out, err = pose_ros(
        'evaluate', 'coco', *dataset, '--mode', 'single', '--mode', 'multi', '--boxes', *files
    )
    assert code == 0, err
    rows = json.loads((tmp_path / 'out.json').read_text())['rows']
    assert [(row['model'], row['mode']) for row in rows] == [
        ('blazepose_full', mode) for mode in ('single', 'multi', 'given boxes')
    ]
    assert min(row['ap50'] for row in rows) > 0.9
    assert min(row['ms'] for row in rows) > 0
    assert [row['found'] for row in rows] == [3, 3, 3]
    for mode in ('single', 'multi', 'given boxes'):
        assert re.search(rf'blazepose_full +{mode} +{NUMBER} +{NUMBER}', out)
    markdown = (tmp_path / 'out.md').read_text()
    assert '3 images, 3 people' in markdown
    assert markdown.count('| blazepose_full |') == 3
    # What pycocotools tells does not get into the output.
    assert 'Average' not in out + err
    assert 'index' not in out + err


def test_the_first_images_only(pose_ros, dataset, tmp_path):
    code, _, err = pose_ros(
        'evaluate',
        'coco',
        *dataset,
        '--limit',
        2,
        '--mode',
        'single',
        '--json',
        tmp_path / 'o.json',
    )
    assert code == 0
    assert '2 images, 2 people' in err
    [row] = json.loads((tmp_path / 'o.json').read_text())['rows']
    assert row['found'] == 2
    assert row['ap50'] > 0.9


def test_tracking_prints_a_row_per_kind_and_rate_and_one_for_all(pose_ros, tmp_path):
    code, out, err = pose_ros(
        *('evaluate', 'tracking', '--scenes', 'group', '--seeds', 1, '--fps', 7.5, '--fps', 5),
        *('--mode', 'multi', '--json', tmp_path / 'out.json', '--markdown', tmp_path / 'out.md'),
    )
    assert code == 0, err
    rows = json.loads((tmp_path / 'out.json').read_text())['rows']
    assert [(row['scenes'], row['fps'], row['count']) for row in rows] == [
        ('group', 7.5, 1),
        ('group', 5.0, 1),
        ('all', None, 2),
    ]
    for row in rows:
        assert row['found'] > 0.5
        assert 0 < row['idf1'] <= 1
        assert 0 < row['error'] < 0.1
    assert rows[2]['people'] == rows[0]['people'] + rows[1]['people']
    assert re.search(rf'blazepose_full +multi +group +7\.5 +1 +{NUMBER} +{NUMBER}', out)
    assert 'seeds 1000 to 1000' in err
    assert '| all | - | 2 |' in (tmp_path / 'out.md').read_text()


def test_each_way_to_measure_has_a_block_of_its_own(pose_ros, tmp_path):
    page = tmp_path / 'page.md'
    page.write_text(
        '<!-- tracking -->\nkept\n<!-- /tracking -->\n'
        '<!-- tracking-same-clothes-no-clothing -->\n<!-- /tracking-same-clothes-no-clothing -->\n'
    )
    code, _, err = pose_ros(
        *('evaluate', 'tracking', '--scenes', 'group', '--seeds', 1, '--fps', 5),
        *('--same-clothes', '--no-clothing', '--markdown', page),
    )
    assert code == 0, err
    kept, table = page.read_text().split('<!-- /tracking -->')
    assert 'kept' in kept
    assert 'the same clothes on all, colour of the clothes not used' in table
    assert '| blazepose_full | multi | group | 5 |' in table


def test_progress_is_shown_where_a_person_watches(pose_ros, dataset, monkeypatch):
    watched = Console(stderr=True, force_terminal=True, width=120)
    monkeypatch.setattr('pose_ros.cli.console.messages', watched)
    code, out, err = pose_ros('evaluate', 'coco', *dataset, '--mode', 'single')
    assert code == 0
    assert 'blazepose_full single' in err
    assert '3/3 images' in err
    assert '3/3' not in out


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--scenes', 'duel'], "unknown scene 'duel', known are: passing, crossing"),
        (['--fps', '0'], 'fps must be 0.1 to 1000, got 0'),
        (['--model', 'yolo'], "unknown model 'yolo'"),
        (['--mode', 'many'], 'mode must be one of single, multi, auto'),
        (['--markdown', '{folder}/diary.md'], 'diary.md has no lines <!-- tracking -->'),
    ],
)
def test_bad_requests_of_tracking_are_one_line(pose_ros, tmp_path, arguments, reason):
    (tmp_path / 'diary.md').write_text('Dear diary')
    arguments = [argument.format(folder=tmp_path) for argument in arguments]
    code, out, err = pose_ros('evaluate', 'tracking', *arguments)
    assert (code, out) == (2, '')
    [line] = [line for line in err.splitlines() if line.startswith('pose-ros: ')]
    assert reason in line
    assert 'Traceback' not in err


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (lambda folder: (folder / '2.png').unlink(), '1 of 3 images are not in .*: 2.png'),
        (
            lambda folder: (folder / '2.png').write_bytes(b'x'),
            '2.png: not an image that can be decoded',
        ),
        (lambda folder: (folder / 'annotations.json').write_text('{}'), 'not COCO annotations'),
        (lambda folder: (folder / 'annotations.json').unlink(), 'annotations.json: No such file'),
    ],
)
def test_bad_data_is_one_line(pose_ros, dataset, tmp_path, change, reason):
    change(tmp_path)
    code, out, err = pose_ros('evaluate', 'coco', *dataset, '--mode', 'single')
    assert (code, out) == (2, '')
    [line] = [line for line in err.splitlines() if line.startswith('pose-ros: ')]
    assert re.search(reason, line)


@pytest.mark.parametrize(
    ('command', 'name'), [('tracking', 'motmetrics'), ('coco', 'pycocotools')]
)
def test_a_missing_library_says_what_to_install(pose_ros, dataset, monkeypatch, command, name):
    for module in [name, f'{name}.coco']:
        monkeypatch.setitem(sys.modules, module, None)
    code, out, err = pose_ros('evaluate', command, *(dataset if command == 'coco' else []))
    assert (code, out) == (2, '')
    [line] = [line for line in err.splitlines() if line.startswith('pose-ros: ')]
    assert "pip install '.[evaluate]'" in line
    assert name in line


def test_motion_on_videos(pose_ros, tmp_path):
    """A clip of an actor who waves, and one of an actor who stands."""
    rows = ['file\ttruth']
    for name, actions, truth in (
        ('wave.mp4', (Action('wave_left', 0.5, 2.8),), 'wave; 1'),
        ('stand.mp4', (), 'nothing'),
        ('wrong.mp4', (), 'wawe; 1'),
    ):
        scene = Scene(duration=4.0, fps=15, actors=(Actor(actions, height=380),))
        with VideoWriter(tmp_path / name, 15) as writer:
            for frame in frames(scene, seed=2):
                writer.write(cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR), frame.stamp)
        rows.append(f'{name}\t{truth}')
    truth_file, result = tmp_path / 'truth.tsv', tmp_path / 'result.json'
    truth_file.write_text('\n'.join(rows))

    code, out, err = pose_ros(
        'evaluate', 'motion', '--videos', tmp_path, '--truth', truth_file, '--clips',
        '--json', result,
    )  # fmt: skip

    assert code == 0, err
    (row,) = json.loads(result.read_text())['rows']
    assert (row['clips'], row['gestures_found'], row['false_gestures']) == (2, 1.0, 0.0)
    assert 'wave.mp4' in out
    text = ' '.join((out + err).split())
    assert '1 of them not judged, as their truth has no known name (wrong.mp4)' in text


def test_motion_without_a_video(pose_ros, tmp_path):
    truth_file = tmp_path / 'truth.tsv'
    truth_file.write_text('file\ttruth\nmissing.mp4\tnothing\n')

    code, _, err = pose_ros('evaluate', 'motion', '--videos', tmp_path, '--truth', truth_file)

    assert code == 2
    assert 'has no missing.mp4' in err


def test_motion_needs_one_kind_of_input(pose_ros, tmp_path):
    truth_file = tmp_path / 'truth.tsv'
    truth_file.write_text('file\ttruth\n')

    code, _, err = pose_ros('evaluate', 'motion', '--truth', truth_file)

    assert code == 2
    assert 'give either --videos or --mocap' in err
