"""``pose-ros signs``, and hands in recordings: real signers, one take each."""

import json

import cv2
import numpy as np
import pytest

from pose_ros.bags import topics_of
from pose_ros.core.media import open_media
from pose_ros.core.motion.learned_model import Description, LearnedClass
from pose_ros.core.motion.normalised import Window
from pose_ros.core.motion.point_set import BODY_AND_HANDS
from pose_ros.core.motion.rules import Hand
from pose_ros.learning.examples import MotionClass, append_example, read_class

CLIP = 'real/intel__asl_gestures__{}.mkv'
SIGNS = ('brother', 'no')


@pytest.mark.model('hand_lite')
@pytest.mark.test_data(*map(CLIP.format, SIGNS))
@pytest.mark.timeout(400)  # a busy machine takes several times as long as an idle one
def test_a_sign_is_found_by_its_only_take(pose_ros, test_data, tmp_path):
    folder = tmp_path / 'motions'
    for name in SIGNS:
        clip = test_data / CLIP.format(name)
        options = ('--hands', 'tracked', '--folder', folder)
        code, _, err = pose_ros('motions', 'record', name, clip, *options)
        assert code == 0, err
    (take,) = read_class(folder / 'brother.jsonl').examples
    assert sum(map(bool, take.hands)) > 30

    clip, overlay = test_data / CLIP.format('brother'), tmp_path / 'overlay.mp4'
    options = ('--signs', folder, '--start', 0.1, '--overlay', overlay)
    code, out, err = pose_ros('signs', clip, *options)
    assert code == 0, err
    (line,) = out.splitlines()
    assert 'person 1: brother 0.' in line
    assert ', then no 0.' in line
    # The label comes with the end of the sign.
    images = [frame.image for frame in open_media(overlay).frames()]
    assert len(images) > 60
    dark = [int((image[100:260, :220].max(axis=2) < 30).sum()) for image in images]
    assert dark[-1] > dark[len(dark) // 2] + 2000


@pytest.mark.model('hand_lite')
@pytest.mark.test_data(CLIP.format('brother'))
@pytest.mark.timeout(400)
def test_hands_go_into_json_and_bags_and_back(pose_ros, test_data, tmp_path):
    pytest.importorskip('rosbags.rosbag2')
    clip, lines, bag = test_data / CLIP.format('brother'), tmp_path / 'x.jsonl', tmp_path / 'bag'
    options = ('--hands', 'tracked', '--start', 0.8, '--duration', 0.7)
    code, _, err = pose_ros('estimate', clip, *options, '--json', lines, '--bag', bag)
    assert code == 0, err
    records = [json.loads(line) for line in lines.read_text().splitlines()]
    found = [hand for record in records for hand in record['hands']]
    assert {hand['side'] for hand in found} == {'left', 'right'}
    assert {hand['format'] for hand in found} == {'hand21'}
    assert {hand['skeleton_id'] for hand in found} <= {0, 1}
    assert np.array(found[0]['keypoints']).shape == (21, 2)

    folder = tmp_path / 'motions'
    record = ('motions', 'record', 'brother', bag, '--folder', folder)
    code, _, err = pose_ros(*record, '--hands', 'tracked')
    assert code == 0, err
    (example,) = read_class(folder / 'brother.jsonl').examples
    for hands, record in zip(example.hands[-10:], records[-10:]):
        points = {hand.side: hand.keypoints for hand in hands}
        assert points.keys() == {hand['side'] for hand in record['hands']}
        for hand in record['hands']:
            assert points[hand['side']] == pytest.approx(np.array(hand['keypoints']), abs=0.06)


@pytest.mark.model('hand_lite')
def test_a_model_that_learned_hands_gets_them(pose_ros, wrist_model, clip, save_video, tmp_path):
    pytest.importorskip('rosbags.rosbag2')
    classes = (LearnedClass('salute', Hand.LEFT),)
    path = wrist_model(Description(classes, Window(1.0, point_set=BODY_AND_HANDS), 0.8))
    video, bag = save_video(tmp_path / 'x.mp4', clip('raise_left', 0.2)), tmp_path / 'bag'
    code, _, err = pose_ros('analyse', video, '--learned', path, '--bag', bag)
    assert code == 0, err
    assert '/hands' in {topic.name for topic in topics_of(bag)}


@pytest.fixture
def recorded(make_take, tmp_path):
    """Folder that holds a folder of signs."""
    append_example(tmp_path / 'signs', MotionClass('up'), make_take('fist'))
    return tmp_path


@pytest.mark.parametrize(
    ('arguments', 'told'),
    [
        (('clip.mp4', '--signs', 'nowhere'), 'motions record'),
        (('--min-score', '2'), '--min-score'),
        (('--overlay', 'o.mp4'), '--overlay does not apply to live topics (no INPUT)'),
        (('--model', 'x'), '--model does not apply'),
        (('--topic', '/cam/skeletons'), '--topic does not apply'),
        (('--start', '0'), '--start does not apply'),
        (('image.png', '--signs', 'signs'), 'an image shows no motion'),
        (('/dev/video99', '--signs', 'signs'), 'video99: there is no such'),
    ],
)
def test_what_cannot_be_done_is_told(pose_ros, recorded, monkeypatch, arguments, told):
    monkeypatch.chdir(recorded)
    cv2.imwrite('image.png', np.zeros((9, 9, 3), np.uint8))
    code, _, err = pose_ros('signs', *arguments)
    assert code > 0
    assert told in err
