"""``pose-ros estimate`` end to end: the real default model on files of the actor."""

from __future__ import annotations

from contextlib import suppress
import json
import os
from pathlib import Path
import re
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from rich.console import Console

from pose_ros.actor import Actor, Clothes, Scene, frames
from pose_ros.cli.file_runs import FileRun, bag_paths, prepare_overlays
from pose_ros.cli.results import Overlay, overlay_paths
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import Media, MediaError, open_media
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import Box, Frame, KeypointState, Person
from pose_ros.records import frame_record


def error_of(record, truth):
    """Mean distance of the nearest one's visible joints from the truth, in heights."""
    names = [BLAZEPOSE33.index(name) for name in COCO17.keypoint_names]
    found = np.array([person['keypoints'] for person in record['people']])[:, names, :2]
    distances = np.linalg.norm(found - truth.keypoints, axis=2)[:, truth.visible]
    return distances.mean(axis=1).min() / truth.height


def test_a_image_gives_one_line_with_the_person_in_its_pixels(
    estimate, clip, save_image, tmp_path
):
    # Not square and the person at the side: padding or swapped axes would show.
    [frame] = clip('wave_left', duration=0.03, width=1000, x=760)
    path = save_image(tmp_path / 'picture.png', frame)

    code, [record], _ = estimate(path)

    assert code == 0
    assert list(record) == ['input', 'frame', 'time', 'width', 'height', 'people']
    assert [record[key] for key in ('input', 'frame', 'time')] == [str(path), 0, 0.0]
    assert (record['width'], record['height']) == (1000, 480)
    [person] = record['people']
    assert list(person) == ['id', 'score', 'format', 'box', 'keypoints', 'world']
    # One image is not enough for an id.
    assert (person['id'], person['format']) == (0, 'blazepose33')
    assert 0.5 < person['score'] <= 1
    keypoints = np.array(person['keypoints'])
    assert keypoints.shape == (33, 4)
    assert np.array(person['world']).shape == (33, 3)
    assert error_of(record, frame.people[0]) < 0.05
    x, y, width, height = person['box']
    assert x < keypoints[0, 0] < x + width
    assert y < keypoints[0, 1] < y + height
    # The person's left is at the image's right.
    left, right = (
        keypoints[BLAZEPOSE33.index(f'{side}_shoulder'), 0] for side in ('left', 'right')
    )
    assert left > right + 10


@pytest.fixture
def group(clip, save_image, tmp_path):
    """Image of three actors side by side."""
    images = [clip(duration=0.03, width=320, x=160)[0].image for _ in range(3)]
    path = tmp_path / 'group.png'
    cv2.imwrite(str(path), np.hstack(images)[..., ::-1])
    return path


def table_rows(err, name):
    return [line.split() for line in err.splitlines() if line.split()[:1] == [name]]


def test_an_image_gives_all_its_people_in_colour_and_in_the_table(estimate, group, tmp_path):
    overlay = tmp_path / 'overlay.png'
    code, _, err = estimate(group, '--overlay', overlay)
    assert code == 0
    assert [row[1:3] for row in table_rows(err, 'group.png')] == [
        ['1', '1'],
        ['2', '1'],
        ['3', '1'],
    ]
    assert all(row[4:] == ['33', 'of', '33'] for row in table_rows(err, 'group.png'))
    drawn, given = (cv2.imread(str(path)) for path in (overlay, group))
    third = drawn.shape[1] // 3
    for part in range(3):
        columns = slice(part * third, (part + 1) * third)
        changed = drawn[:, columns][(drawn != given).any(axis=2)[:, columns]].astype(int)
        # Grey is what is drawn without an id.
        assert (np.ptp(changed, axis=1) > 60).mean() > 0.3


def test_the_mode_single_gives_one_person_of_an_image(estimate, group):
    code, [record], err = estimate(group, '--mode', 'single')
    assert code == 0
    assert len(record['people']) == 1
    assert [row[1] for row in table_rows(err, 'group.png')] == ['1']


def test_images_and_videos_each_have_their_mode(estimate, group, clip, save_video, tmp_path):
    video = save_video(tmp_path / 'video.mp4', clip(duration=0.2), rate=30.0)
    again = tmp_path / 'again' / Path(group).name
    again.parent.mkdir()
    again.write_bytes(Path(group).read_bytes())
    code, records, err = estimate(group, video, again)
    assert code == 0
    people = {}
    for record in records:
        people.setdefault(Path(record['input']).name, set()).add(len(record['people']))
    assert people == {'group.png': {3}, 'video.mp4': {1}}
    assert [row[1] for row in table_rows(err, 'group.png')] == ['1', '2', '3'] * 2
    assert [row[1] for row in table_rows(err, 'video.mp4')] == ['1']


def test_without_a_detector_one_person_is_looked_for_and_the_reason_told(group, capsys):
    def reconfigure(config):
        raise ValueError(f'mode {config.mode} needs a detector: install it')

    estimator = SimpleNamespace(
        config=EstimatorConfig(),
        reconfigure=reconfigure,
        reset=lambda: None,
        estimate=lambda frame: [],
        find_hands=list,
    )
    batch = FileRun(estimator, None, {}, everybody=True)
    for _ in range(2):
        batch.run(open_media(group), lambda: None)
    assert batch.frames == 2
    assert ' '.join(capsys.readouterr().err.split()) == (
        'pose-ros: only one person is looked for in each image: '
        'mode multi needs a detector: install it'
    )


def test_a_video_is_a_sequence_with_stamps_and_one_person(estimate, clip, save_video, tmp_path):
    shown = clip('wave_left', duration=1.0)[::3]
    path = save_video(tmp_path / 'video.mp4', shown, rate=10.0)

    code, records, err = estimate(path)

    assert code == 0
    assert [record['frame'] for record in records] == list(range(10))
    assert [record['time'] for record in records] == pytest.approx([i / 10 for i in range(10)])
    assert [person['id'] for record in records for person in record['people']] == [0] * 2 + [1] * 8
    errors = [error_of(record, frame.people[0]) for record, frame in zip(records, shown)]
    assert np.mean(errors) < 0.05
    assert 'inputs: 1, frames: 10, with people: 10' in err


def test_a_gif_has_the_stamps_of_its_own_delays(estimate, clip, save_gif, tmp_path):
    shown = clip('stand', duration=0.13)
    path = save_gif(tmp_path / 'actor.gif', shown, delays=[10, 30, 5, 10])

    code, records, _ = estimate(path)

    assert code == 0
    assert [record['time'] for record in records] == pytest.approx([0, 0.1, 0.4, 0.45])
    assert [person['id'] for record in records for person in record['people']] == [0, 0, 1, 1]
    assert error_of(records[-1], shown[3].people[0]) < 0.06


def test_images_are_taken_one_by_one(estimate, clip, save_image, tmp_path):
    """The same image gives the same numbers, whatever came before it."""
    [here], [there] = clip(duration=0.03, x=250), clip(duration=0.03, x=280)
    alone = save_image(tmp_path / 'alone' / 'a.png', there)
    for name, frame in (('a.png', here), ('b.png', there), ('c.png', there)):
        save_image(tmp_path / 'folder' / name, frame)

    code, [expected], _ = estimate(alone)
    assert code == 0
    code, records, _ = estimate(tmp_path / 'folder')

    assert code == 0
    assert [record['input'] for record in records] == [
        str(tmp_path / 'folder' / name) for name in ('a.png', 'b.png', 'c.png')
    ]
    assert [record['frame'] for record in records] == [0, 0, 0]
    assert records[1]['people'] == records[2]['people'] == expected['people']
    assert [record['people'][0]['id'] for record in records] == [0, 0, 0]


def test_no_one_is_an_empty_list(estimate, tmp_path):
    cv2.imwrite(str(tmp_path / 'grey.png'), np.full((240, 320, 3), 128, np.uint8))
    code, [record], err = estimate(tmp_path / 'grey.png')
    assert code == 0
    assert record['people'] == []
    assert 'with people: 0' in err


def test_bad_inputs_are_reported_and_the_others_done(estimate, clip, save_image, tmp_path):
    [frame] = clip(duration=0.03)
    good = save_image(tmp_path / 'good.png', frame)
    (tmp_path / 'bad.png').write_bytes(b'no image')
    (tmp_path / 'bad.mp4').write_bytes(b'no video')

    code, records, err = estimate(
        tmp_path / 'bad.png', tmp_path / 'none', tmp_path / 'bad.mp4', good
    )

    assert code == 1
    assert [record['input'] for record in records] == [str(good)]
    complaints = sorted(line for line in err.splitlines() if line.startswith('pose-ros: '))
    assert complaints == [
        f'pose-ros: {tmp_path}/bad.mp4: not a video that can be decoded',
        f'pose-ros: {tmp_path}/bad.png: not an image that can be decoded',
        f'pose-ros: {tmp_path}/none: there is no such file or folder',
    ]


@pytest.mark.parametrize('name', ['none.png', 'bad.png', 'bad.mp4'])
def test_one_bad_input_is_enough_for_exit_code_1(estimate, clip, save_image, tmp_path, name):
    [frame] = clip(duration=0.03)
    good = save_image(tmp_path / 'good.png', frame)
    if name != 'none.png':
        (tmp_path / name).write_bytes(b'neither')
    code, records, _ = estimate(good, tmp_path / name)
    assert (code, len(records)) == (1, 1)


def test_lines_go_to_the_output_when_nothing_else_is_asked_for(
    pose_ros, clip, save_image, tmp_path
):
    [frame] = clip(duration=0.03)
    path = save_image(tmp_path / 'picture.png', frame)
    for arguments in ((), ('--json', '-')):
        code, out, _ = pose_ros('estimate', path, *arguments)
        assert code == 0
        assert json.loads(out)['input'] == str(path)


def test_progress_does_not_get_into_the_lines(pose_ros, clip, save_video, tmp_path, monkeypatch):
    watched = Console(stderr=True, force_terminal=True, width=120)
    for module in ('estimate', 'console'):
        monkeypatch.setattr(f'pose_ros.cli.{module}.messages', watched)
    path = save_video(tmp_path / 'video.mp4', clip('stand', duration=0.1))
    code, out, err = pose_ros('estimate', path)
    assert code == 0
    assert [json.loads(line)['frame'] for line in out.splitlines()] == [0, 1, 2]
    assert '1/1 video.mp4' in err


@pytest.fixture
def pair():
    """Two actors side by side, the right one waving."""
    actors = (
        Actor(x=170, height=380, clothes=Clothes(shirt=(40, 120, 60))),
        Actor('wave_left', x=460, height=360),
    )
    return list(frames(Scene(duration=0.6, actors=actors), seed=5))


def test_mode_multi_finds_both_with_the_ids_that_the_node_gives(
    estimate, pair, save_video, tmp_path
):
    path = save_video(tmp_path / 'pair.mp4', pair)
    code, records, _ = estimate(path, '--mode', 'multi')
    assert code == 0
    estimator = PoseEstimator(EstimatorConfig(mode='multi'))
    expected = [
        [person.id for person in estimator.estimate(frame)] for frame in open_media(path).frames()
    ]
    assert [[person['id'] for person in record['people']] for record in records] == expected
    assert set(expected[-1]) == {1, 2}
    assert all(error_of(records[-1], true) < 0.06 for true in pair[-1].people)


def test_every_file_counts_its_people_from_1(estimate, pair, save_video, tmp_path):
    for name in ('a.mp4', 'b.mp4'):
        save_video(tmp_path / name, pair[:8])
    code, records, _ = estimate(tmp_path, '--mode', 'multi')
    assert code == 0
    ids = [sorted(person['id'] for person in record['people']) for record in records]
    assert len(ids) == 16
    assert ids[:8] == ids[8:]
    assert ids[7] == [1, 2]


def test_mode_single_stays_with_one(estimate, pair, save_video, tmp_path):
    path = save_video(tmp_path / 'pair.mp4', pair[:8])
    code, records, _ = estimate(path, '--mode', 'single')
    assert code == 0
    assert [len(record['people']) for record in records] == [1] * 8


@pytest.mark.model('movenet_lightning')
def test_another_model_gives_its_own_format(estimate, clip, save_image, tmp_path):
    [frame] = clip(duration=0.03)
    path = save_image(tmp_path / 'picture.png', frame)
    code, [record], _ = estimate(path, '--model', 'movenet_lightning')
    assert code == 0
    [person] = record['people']
    assert (person['format'], len(person['keypoints'])) == ('coco17', 17)
    assert person['world'] == []


# --- what cannot be done ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--model', 'yolo'], "unknown model 'yolo', known are: blazepose_full"),
        (['--mode', 'many'], 'mode must be one of single, multi, auto'),
        (['--smoothing', 'magic'], 'smoothing must be one of none, ema, one_euro'),
        (['--json', '{folder}/none/lines.jsonl'], 'there is no folder .*none for .*create it'),
        (['--json', '{folder}/picture.png'], 'would overwrite an input'),
        (['--overlay', '{folder}/picture.png'], 'would overwrite an input'),
        (['--overlay', '{folder}/a.png', '--json', '{folder}/a.png'], 'two results would'),
        (['--json', '{folder}'], 'is a folder: name a file in it'),
        (['--overlay', '{folder}/new.mp4'], 'picture.png is an image, so .*new.mp4 cannot be'),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    *, pose_ros, clip, save_image, tmp_path, arguments, reason
):
    [frame] = clip(duration=0.03)
    path = save_image(tmp_path / 'picture.png', frame)
    before = path.read_bytes()

    code, out, err = pose_ros('estimate', path, *(a.format(folder=tmp_path) for a in arguments))

    assert (code, out) == (2, '')
    assert path.read_bytes() == before
    [line] = [line for line in err.splitlines() if line.startswith('pose-ros: ')]
    assert re.search(reason, line)
    assert 'Traceback' not in err


def test_a_missing_model_names_the_command(pose_ros, clip, save_image, tmp_path, monkeypatch):
    [frame] = clip(duration=0.03)
    path = save_image(tmp_path / 'picture.png', frame)
    monkeypatch.setenv('POSE_ROS_MODEL_PATH', '')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    code, out, err = pose_ros('estimate', path)
    assert (code, out) == (2, '')
    assert err.splitlines() == [
        f'pose-ros: model blazepose_full: pose_detection.tflite is not in {tmp_path}/cache/'
        'pose_ros/models; install it with: pose-ros models install blazepose_full'
    ]


# --- overlays ---------------------------------------------------------------------------------


def changed(before, after):
    """Where two images differ clearly."""
    return (np.abs(before.astype(int) - after.astype(int)) > 60).any(axis=2)


def test_the_overlay_of_a_image_is_a_image_with_the_skeleton(pose_ros, clip, save_image, tmp_path):
    [frame] = clip('stand', duration=0.03)
    path = save_image(tmp_path / 'picture.png', frame)

    code, out, _ = pose_ros('estimate', path, '--overlay', tmp_path / 'new' / 'overlay.png')

    assert (code, out) == (0, '')
    before = cv2.imread(str(path))
    drawn = changed(before, cv2.imread(str(tmp_path / 'new' / 'overlay.png')))
    # Along the left thigh, in the middle of the bone.
    x, y = frame.people[0].keypoints[[11, 13]].mean(axis=0).astype(int)
    assert drawn[y, x - 12 : x + 12].any()
    assert not drawn[:, :100].any()
    # The colours of the rest are the same: channels in order.
    assert not changed(before, cv2.imread(str(tmp_path / 'new' / 'overlay.png')))[:20].any()


def test_the_overlay_of_a_video_is_a_video_of_the_same_length(
    estimate, clip, save_video, tmp_path
):
    path = save_video(tmp_path / 'video.mp4', clip('stand', duration=0.2), rate=12.5)

    code, records, _ = estimate(path, '--overlay', tmp_path / 'overlay.mp4')

    assert (code, len(records)) == (0, 6)
    capture = cv2.VideoCapture(str(tmp_path / 'overlay.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 6
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)
    _, first = capture.read()
    _, before = cv2.VideoCapture(str(path)).read()
    assert first.shape == before.shape
    assert changed(before, first)[:, 220:420].any()
    assert not changed(before, first)[:, :100].any()


def test_the_overlays_of_several_inputs_go_into_a_folder(
    pose_ros, clip, save_image, save_video, tmp_path
):
    shown = clip('stand', duration=0.1)
    first = save_image(tmp_path / 'a' / 'x.jpg', shown[0])
    second = save_image(tmp_path / 'b' / 'x.jpg', shown[0])
    video = save_video(tmp_path / 'x.avi', shown)

    code, _, _ = pose_ros('estimate', first, second, video, '--overlay', tmp_path / 'out.d')

    assert code == 0
    paths = list((tmp_path / 'out.d').iterdir())
    assert sorted(path.suffix for path in paths) == ['.jpg', '.jpg', '.mp4']
    assert all(re.fullmatch(r'x-[0-9a-f]{8}', path.stem) for path in paths)
    overlay = next(path for path in paths if path.suffix == '.jpg')
    assert cv2.imread(str(overlay)).shape == (480, 640, 3)


def test_the_name_of_a_result_does_not_depend_on_the_other_inputs(tmp_path):
    days = ('monday', 'tuesday', 'wednesday')
    first, second, third = (Media(f'{tmp_path}/{day}/cam.mp4', sequence=True) for day in days)
    named = []
    for media in ((first, second), (second, third), (second,)):
        sources = [str(one.path.parent) for one in media]
        bags, overlays = bag_paths('out', sources, media), overlay_paths(Path('out'), media, True)
        named.append({paths[second] for paths in (bags, overlays)})
        assert len({*bags.values(), *overlays.values()}) == 2 * len(media)
    assert named == [named[0]] * 3


def test_a_single_input_gives_the_result_of_the_given_name(tmp_path):
    """A folder with one video may get others; a bag is a folder, but one input."""
    bag, video = (Media(f'{tmp_path}/{name}', sequence=True) for name in ('bag', 'd/x.mp4'))
    (tmp_path / 'bag').mkdir()
    target = tmp_path / 'out.mp4'
    assert bag_paths('out', [f'{tmp_path}/bag/'], [bag]) == {bag: Path('out')}
    assert prepare_overlays(target, [f'{tmp_path}/bag'], [bag]) == {bag: target}
    assert bag_paths('out', [f'{tmp_path}/d'], [video])[video].parent == Path('out')


def test_names_of_overlays(tmp_path):
    gif, mp4 = (Media(f'{tmp_path}/x.{suffix}', sequence=True) for suffix in ('gif', 'mp4'))
    png, jfif = (Media(f'{tmp_path}/x.{suffix}', sequence=False) for suffix in ('PNG', 'jfif'))
    stream = Media('rtsp://camera/live?channel=1', sequence=True)
    out = tmp_path / 'out'
    assert overlay_paths(out, [gif, mp4, png, jfif, stream], folder=True) == {
        gif: out / f'{gif.result_name}.mp4',
        mp4: out / f'{mp4.result_name}.mp4',
        png: out / f'{png.result_name}.PNG',
        jfif: out / f'{jfif.result_name}.png',
        stream: out / f'{stream.result_name}.mp4',
    }
    assert overlay_paths(tmp_path / 'o.jpg', [png], folder=False) == {png: tmp_path / 'o.jpg'}
    with pytest.raises(ValueError, match=r'x\.gif is a video: its overlay ends in \.mp4'):
        overlay_paths(tmp_path / 'o.gif', [gif], folder=False)


def test_the_overlay_of_a_video_has_the_times_of_its_images(estimate, clip, save_gif, tmp_path):
    path = save_gif(tmp_path / 'actor.gif', clip('stand', duration=0.13), [10, 30, 5, 10])
    code, _, _ = estimate(path, '--overlay', tmp_path / 'o.mp4')
    assert code == 0
    stamps = [frame.stamp for frame in open_media(tmp_path / 'o.mp4').frames()]
    assert stamps == pytest.approx([0, 0.1, 0.4, 0.45], abs=1e-3)


@pytest.mark.parametrize(
    ('error', 'name'), [(KeyboardInterrupt, 'o.part.mp4'), (MediaError, 'o.mp4')]
)
def test_an_overlay_that_is_stopped_does_not_get_its_name(tmp_path, error, name):
    """An input that cannot be read on gives what it has."""
    frame = Frame(np.zeros((20, 30, 3), np.uint8), 0.0, 'bgr')
    overlay = Overlay(tmp_path / 'o.mp4', Media('x.mp4', True, 10.0))
    with suppress(error), overlay:
        overlay.add(frame, [])
        assert not (tmp_path / 'o.mp4').exists()
        raise error
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len(list(open_media(tmp_path / name).frames())) == 1


def test_what_a_stopped_run_left_is_no_overlay(tmp_path):
    (tmp_path / 'o.part.mp4').touch()
    with Overlay(tmp_path / 'o.mp4', Media('x.mp4', True, 10.0)):
        pass  # no frames
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('name', ['o.mp4', 'o.png'])
def test_a_full_disk_is_reported(*, pose_ros, clip, save_video, save_image, tmp_path, name):
    if name == 'o.mp4':
        path = save_video(tmp_path / 'in.mp4', clip('stand', duration=0.1))
    else:
        path = save_image(tmp_path / 'in.png', clip('stand', duration=0.03)[0])
    (tmp_path / name).symlink_to('/dev/full')
    code, _, err = pose_ros('estimate', path, '--overlay', tmp_path / name)
    assert code == 2
    assert 'cannot write the results: ' in err
    assert 'No space left on device' in err
    assert not os.path.lexists(tmp_path / name)


@pytest.mark.parametrize('command', ['estimate', 'analyse'])
def test_a_name_that_is_not_utf_8_does_not_lose_the_folder(
    pose_ros, clip, save_video, tmp_path, command
):
    (tmp_path / 'in').mkdir()
    for name in (b'a.mp4', b'caf\xe9.mp4', b'z.mp4'):
        save_video(tmp_path / 'new.mp4', clip('stand', duration=0.1))
        os.rename(tmp_path / 'new.mp4', os.fsencode(tmp_path / 'in') + b'/' + name)
    option = ('--angles', tmp_path / 'angles.csv') if command == 'analyse' else ()
    lines = tmp_path / 'lines.jsonl'
    code, _, err = pose_ros(command, tmp_path / 'in', '--json', lines, *option)
    assert code == 0, err
    assert 'inputs: 3' in err
    if command == 'estimate':
        records = [json.loads(line) for line in lines.read_text().splitlines()]
        names = sorted({record['input'].rpartition('/')[2] for record in records})
        assert names == ['a.mp4', r'caf\xe9.mp4', 'z.mp4']


# --- numbers ----------------------------------------------------------------------------------


def test_numbers_are_rounded_and_always_json():
    keypoints = np.full((17, 2), 1 / 3, np.float32)
    keypoints[4] = np.nan
    states = np.full(17, KeypointState.BELOW_THRESHOLD, np.uint8)
    world = np.full((17, 3), 1 / 3, np.float32)
    box = Box(1 / 3, 100 / 3, 10.0, float('inf'))
    scores = np.full(17, 2 / 3, np.float32)
    person = Person(COCO17, keypoints, scores, states, 2 / 3, box, 4, world=world)
    frame = Frame(np.zeros((20, 30, 3), np.uint8), 1 / 3)

    record = frame_record('in.mp4', 7, frame, [person])

    text = json.dumps(record, allow_nan=False)
    assert json.loads(text) == record
    assert (record['frame'], record['time']) == (7, 0.333333)
    assert (record['width'], record['height']) == (30, 20)
    [shown] = record['people']
    assert (shown['id'], shown['score']) == (4, 0.6667)
    assert shown['box'] == [0.33, 33.33, 10.0, None]
    assert shown['keypoints'][0] == [0.33, 0.33, 0.6667, 1]
    assert shown['keypoints'][4] == [None, None, 0.6667, 1]
    assert shown['world'][0] == [0.3333] * 3


# --- real people ------------------------------------------------------------------------------


@pytest.mark.test_data('images/pose.jpg', 'images/tf_example_1.png')
def test_real_images(estimate, test_data):
    code, records, _ = estimate(
        test_data / 'images/pose.jpg', test_data / 'images/tf_example_1.png'
    )
    assert code == 0
    assert [len(record['people']) for record in records] == [1, 1]
    assert min(record['people'][0]['score'] for record in records) > 0.85


@pytest.mark.test_data('clips/combined_squat_dance.gif')
def test_a_real_gif_keeps_its_person(estimate, test_data):
    code, records, _ = estimate(test_data / 'clips/combined_squat_dance.gif')
    assert code == 0
    assert len(records) == 42
    assert sum(bool(record['people']) for record in records) >= 38
