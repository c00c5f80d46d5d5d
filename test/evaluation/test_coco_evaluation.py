"""COCO's figures: the known result of a known pair, and what stands around pycocotools."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from pose_ros.actor import Actor, Scene, frames
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.topology import BLAZEPOSE33, COCO17, keypoint_map
from pose_ros.core.types import Box, KeypointState, Person
from pose_ros.evaluation.coco import (
    DatasetError,
    GivenBoxes,
    detection,
    find_images,
    read_annotations,
    score,
    whole_images,
)
from pose_ros.evaluation.report import Column, Report

SCENE = Scene(
    duration=0.01,
    noise=0.0,
    actors=(Actor(x=170, height=380), Actor('wave_left', x=460, height=340, start=-2.0)),
)


@pytest.fixture
def dataset(tmp_path):
    """Two images of the same two people; in the second only one of them is annotated."""
    [frame] = frames(SCENE)
    image = cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR)
    images, annotations = [], []
    for number, people in ((1, frame.people), (2, frame.people[1:])):
        cv2.imwrite(str(tmp_path / f'{number}.png'), image)
        images.append({'id': number, 'file_name': f'{number}.png', 'width': 640, 'height': 480})
        for true in people:
            box = Box.around(true.keypoints)
            keypoints = np.column_stack([true.keypoints, np.full(17, 2)])
            annotations.append(
                {
                    'id': len(annotations) + 1,
                    'image_id': number,
                    'category_id': 1,
                    'iscrowd': 0,
                    'area': 0.53 * box.width * box.height,
                    'area_is_true': int(number == 1),
                    'bbox': [box.x, box.y, box.width, box.height],
                    'num_keypoints': 17,
                    'keypoints': keypoints.ravel().tolist(),
                }
            )
    path = tmp_path / 'annotations.json'
    path.write_text(json.dumps({'images': images, 'annotations': annotations}))
    return path


class Oracle:
    """Finds everybody in the actor's image where they are."""

    def __init__(self):
        [self._frame] = frames(SCENE)
        self.resets = 0

    def reset(self):
        self.resets += 1

    def estimate(self, frame):
        assert (frame.width, frame.channels) == (640, 'bgr')
        return [
            Person(
                topology=COCO17,
                keypoints=true.keypoints,
                scores=np.ones(17, np.float32),
                states=np.full(17, KeypointState.OBSERVED, np.uint8),
                score=0.9 - 0.1 * index,
                box=Box.around(true.keypoints),
            )
            for index, true in enumerate(self._frame.people)
        ]


@pytest.mark.test_data('golden/example_coco_val.json', 'golden/example_coco_preds.json')
def test_the_known_pair_gives_the_known_figures(test_data, measured, capsys):
    truth = read_annotations(test_data / 'golden/example_coco_val.json')
    predictions = json.loads((test_data / 'golden/example_coco_preds.json').read_text())
    figures = score(truth, predictions)
    assert figures.ap == pytest.approx(0.861, abs=0.001)
    assert figures.ap50 == pytest.approx(0.993, abs=0.001)
    assert figures.ap75 == pytest.approx(0.911, abs=0.001)
    assert capsys.readouterr().out == ''
    measured(f'golden pair: AP {figures.ap:.3f}, AP50 {figures.ap50:.3f}')


def test_perfect_and_complete_people_are_precise_and_the_unannotated_count_as_false(dataset):
    truth = read_annotations(dataset)
    images = find_images(truth, dataset.parent)
    assert [image.is_complete for image in images] == [True, False]
    assert [len(image.boxes) for image in images] == [2, 1]
    seen, oracle = [], Oracle()

    found = whole_images(oracle, images, lambda: seen.append(1))

    assert len(seen) == oracle.resets == len(found.seconds) == 2
    assert len(found.detections) == 4
    complete = score(truth, found.detections, [1])
    assert (complete.ap, complete.ar) == pytest.approx((1.0, 1.0))
    # All are found; the first in the second image, who ranks high, is not annotated.
    everywhere = score(truth, found.detections)
    assert everywhere.ar == pytest.approx(1.0)
    assert 0.7 < everywhere.ap < 1.0


def test_no_one_found_is_zero(dataset):
    figures = score(read_annotations(dataset), [])
    assert (figures.ap, figures.ap50, figures.ap75, figures.ar) == (0, 0, 0, 0)


def test_no_one_annotated_in_the_chosen_images_is_no_number(dataset):
    truth = read_annotations(dataset)
    truth['images'].append({'id': 3, 'file_name': '3.png', 'width': 640, 'height': 480})
    assert np.isnan(score(truth, [], [3]).ap)


def test_a_detection_is_in_cocos_order_and_ranked_by_the_persons_score():
    points = np.random.default_rng(0).uniform(0, 100, (33, 2)).astype(np.float32)
    scores = np.linspace(0.2, 1.0, 33, dtype=np.float32)
    record = detection(7, BLAZEPOSE33, points, scores, 0.5)
    index = keypoint_map(BLAZEPOSE33, COCO17)
    values = np.array(record['keypoints']).reshape(17, 3)
    assert values[:, :2] == pytest.approx(points[index])
    assert values[:, 2] == pytest.approx(scores[index])
    assert record['score'] == 0.5
    assert (record['image_id'], record['category_id']) == (7, 1)
    json.dumps(record)


def test_given_boxes_need_no_detector(dataset, measured):
    """The default model in the true boxes of the actor."""
    truth = read_annotations(dataset)
    found = GivenBoxes(EstimatorConfig()).find(find_images(truth, dataset.parent))
    assert len(found.detections) == 3
    figures = score(truth, found.detections)
    measured(f'actor in given boxes: AP {figures.ap:.2f}, AP50 {figures.ap50:.2f}')
    assert figures.ap50 > 0.9
    assert found.milliseconds > 0


def test_a_model_that_cannot_look_into_boxes_says_so():
    with pytest.raises(ModelError, match='unknown model'):
        GivenBoxes(EstimatorConfig(model='nosuchmodel'))


# --- what cannot be used ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('no json', 'not JSON'),
        ('[1, 2]', 'no lists images and annotations'),
        ('{"images": [], "annotations": {}}', 'no lists images and annotations'),
        ('{"images": [], "annotations": []}', 'no person in it has keypoints'),
        (
            '{"images": [], "annotations": [{"bbox": [0, 0, 1, 1]}]}',
            'has no image_id, category_id',
        ),
        ('{"images": [], "annotations": [5]}', 'annotation 0 is no object'),
    ],
)
def test_other_files_are_refused(tmp_path, content, reason):
    path = tmp_path / 'annotations.json'
    path.write_text(content)
    with pytest.raises(DatasetError, match=reason) as refusal:
        read_annotations(path)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'keypoints': [1, 2, 3]}, r'annotation 1: keypoints must be 51 numbers, got 3'),
        ({'keypoints': ['a'] * 51}, r'annotation 1: keypoints must be numbers'),
        ({'bbox': 5}, r'annotation 1: bbox must be 4 numbers, got 5'),
        ({'area': None}, r'annotation 1: area must be a number, got None'),
        ({'image_id': 'first'}, r"annotation 1: image_id must be a number, got 'first'"),
        ({'id': 1.5}, r'annotation 1: id must be a whole number, got 1\.5'),
        ({'id': 1}, r'annotations must have different ids, got 1 twice'),
    ],
)
def test_wrong_annotations_are_named(dataset, change, reason):
    content = json.loads(dataset.read_text())
    content['annotations'][1] |= change
    dataset.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=reason):
        read_annotations(dataset)


def test_people_without_keypoints_are_no_one(dataset):
    content = json.loads(dataset.read_text())
    for note in content['annotations']:
        note |= {'num_keypoints': 0, 'keypoints': [0] * 51}
    dataset.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match='no person in it has keypoints'):
        read_annotations(dataset)


def test_missing_and_wrong_images_are_named(dataset):
    truth = read_annotations(dataset)
    (dataset.parent / '2.png').unlink()
    with pytest.raises(DatasetError, match=r'1 of 2 images are not in .*: 2\.png$'):
        find_images(truth, dataset.parent)
    cv2.imwrite(str(dataset.parent / '2.png'), np.zeros((10, 20, 3), np.uint8))
    with pytest.raises(DatasetError, match=r'2\.png: the image is 20×10.*for 640×480'):
        whole_images(Oracle(), find_images(truth, dataset.parent))
    with pytest.raises(DatasetError, match='No such file'):
        read_annotations(dataset.parent / 'none.json')


# --- tables -----------------------------------------------------------------------------------


def report(value):
    columns = [Column('name', 'what'), Column('value', 'how much', '.2f')]
    return Report('test', 'About this.', columns, [{'name': 'x', 'value': value}])


def test_tables_as_markdown_and_json(tmp_path):
    report(0.123).write_markdown(tmp_path / 'new.md')
    assert (tmp_path / 'new.md').read_text() == (
        '<!-- test -->\nAbout this.\n\n| what | how much |\n| --- | --- |\n| x | 0.12 |\n'
        '<!-- /test -->\n'
    )
    content = json.loads(report(float('nan')).json())
    assert content['rows'] == [{'name': 'x', 'value': None}]
    assert '| x | - |' in report(float('nan')).markdown()


def test_a_table_goes_into_its_block_and_nothing_else_is_touched(tmp_path):
    path = tmp_path / 'page.md'
    path.write_text('# Page\n\n<!-- test -->\nold\n<!-- /test -->\n\nThe end.\n')
    for value in (1.0, 2.0):
        report(value).write_markdown(path)
    text = path.read_text()
    assert text.startswith('# Page\n\n<!-- test -->\nAbout this.')
    assert text.endswith('| x | 2.00 |\n<!-- /test -->\n\nThe end.\n')
    assert 'old' not in text
    path.write_text('My diary')
    with pytest.raises(ValueError, match='has no lines <!-- test --> and <!-- /test -->'):
        report(1.0).write_markdown(path)
    assert path.read_text() == 'My diary'
