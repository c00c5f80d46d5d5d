"""Training end to end, small: four signs, ten examples each."""

import json

import numpy as np
import pytest

from pose_ros.core.motion.learned_model import LearnedModel
from pose_ros.core.motion.point_set import PointSet
from pose_ros.learning.examples import MotionClass
from pose_ros.learning.motion_evaluation import draw_confusion, evaluate, interval, play
from pose_ros.learning.point_sequences import read_point_sequences
from pose_ros.learning.ridge import Sums
from pose_ros.learning.training import Settings, train
from pose_ros.learning.training_report import check_folder, write_results

# A machine that is busy takes several times as long as an idle one.
pytestmark = pytest.mark.timeout(400)

SIGNS = {
    'left_up_right_up': 'right_up_left_up',
    'right_up_left_up': 'left_up_right_up',
    'left_out_right_up': 'none',
    'both_chest_both_out': 'same',
}
UNKNOWN = ('left_up', 'both_up', 'right_out', 'both_hip_both_up')


@pytest.fixture(scope='module')
def trained(make_class):
    classes = [make_class(name, 10, 1, mirror) for name, mirror in SIGNS.items()]
    return train(classes, Settings(windows=800, features=840))


@pytest.fixture(scope='module')
def results(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp('training') / 'results'
    write_results(trained, folder)
    return folder


def test_signs_are_told_from_each_other_and_from_other_movements(results, make_class, measured):
    model = LearnedModel.load(results / 'motions.npz')
    classes = [make_class(name, 10, 2) for name in SIGNS]
    classes += [make_class(name, 8, 3) for name in UNKNOWN]
    evaluation = evaluate(model, classes)
    measured(
        f'learned motions, small training: accuracy {evaluation.accuracy:.3f}, rejection '
        f'{evaluation.rejection:.3f}, {evaluation.milliseconds:.2f} ms a frame'
    )
    assert evaluation.names == (*SIGNS, 'none')
    assert evaluation.counts.sum(axis=1).tolist() == [10, 10, 10, 10, 32]
    assert evaluation.accuracy >= 0.85
    assert evaluation.named_right >= 0.9
    assert evaluation.rejection >= 0.85


def test_a_sign_is_recognised_once(trained, make_class):
    (example,) = make_class('left_out_right_up', 1, 9).examples
    assert play(trained.model, example) == ['left_out_right_up']


def test_the_cross_validation_holds_out_every_example_once(trained):
    assert trained.evaluation.counts.sum(axis=1).tolist() == [10, 10, 10, 10, 0]
    assert trained.evaluation.named.sum() == 40
    assert trained.evaluation.accuracy >= 0.7
    report = trained.model.description.report
    low, high = report['interval']
    assert low < report['accuracy'] <= high
    assert high - low > 0.05
    assert (report['validation'], report['examples']) == ('5-fold, persons mixed', 40)
    assert report['made_movements_rejected'] > 0.7


def test_few_examples_leave_a_wide_interval():
    # Wilson, as E. B. Wilson (1927) and every table of it have.
    assert interval(4, 4) == pytest.approx((0.510, 1.0), abs=1e-3)
    assert interval(171, 180) == pytest.approx((0.908, 0.973), abs=1e-3)
    assert interval(0, 0) == (0.0, 1.0)


def test_the_same_seed_gives_the_same_model(make_class, tmp_path):
    classes = [make_class(name, 4, 1) for name in ('left_up_right_up', 'right_up_left_up')]
    files = [tmp_path / 'one.npz', tmp_path / 'two.npz']
    for file in files:
        train(classes, Settings(seed=3, windows=200, features=252)).model.save(file)
    with np.load(files[0]) as one, np.load(files[1]) as two:
        assert (one['channels'] == two['channels']).all()
        assert (one['biases'] == two['biases']).all()
        assert one['weights'] == pytest.approx(two['weights'], abs=1e-2)


def test_the_results_hold_everything(results):
    names = {path.name for path in results.iterdir()}
    assert names == {'motions.npz', 'confusion.png', 'training.json'}
    assert (results / 'confusion.png').read_bytes().startswith(b'\x89PNG')
    written = json.loads((results / 'training.json').read_text())
    model = LearnedModel.load(results / 'motions.npz')
    assert written['report'] == model.description.report
    assert [one['name'] for one in written['classes']] == list(SIGNS)
    assert (results / 'motions.npz').stat().st_size < 150_000
    assert [path.name for path in results.parent.iterdir()] == ['results']


def test_results_replace_results_and_nothing_else(trained, results, tmp_path):
    check_folder(results)
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'thesis.txt').write_text('')
    with pytest.raises(ValueError, match=r'thesis\.txt'):
        write_results(trained, tmp_path / 'mine')
    (tmp_path / 'file').write_text('')
    with pytest.raises(ValueError, match='not a folder'):
        check_folder(tmp_path / 'file')


def test_a_matrix_of_any_counts_can_be_drawn(trained, tmp_path):
    draw_confusion(trained.evaluation, tmp_path / 'matrix.png')
    assert (tmp_path / 'matrix.png').stat().st_size > 5000


def test_what_cannot_be_trained_is_refused(make_class):
    few = make_class('left_up_right_up', 3)
    with pytest.raises(ValueError, match='at least 4 examples are needed, got 3'):
        train([few])
    with pytest.raises(ValueError, match='no motion to learn'):
        train([MotionClass('none')])
    lonely = make_class('left_up_right_up', 4, mirror='right_up_left_up')
    with pytest.raises(ValueError, match='which is not recorded'):
        train([lonely])


def test_learning_in_space_needs_positions(make_class):
    with pytest.raises(ValueError, match='has no positions in space'):
        train([make_class('left_up_right_up', 4)], Settings(in_space=True))


# --- the linear classifier --------------------------------------------------------------------


def test_sums_of_parts_give_the_regression_of_all_of_them():
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=900)
    features = (rng.normal(size=(900, 5)) + 300 * np.eye(3, 5)[labels]).astype(np.float32)
    centre = features.mean(axis=0)
    whole = Sums.of(features, labels, 3, centre)
    part = Sums.of(features[:300], labels[:300], 3, centre)
    rest = Sums.of(features[300:], labels[300:], 3, centre)
    for one, two in zip((part + rest).solve(), whole.solve()):
        assert one == pytest.approx(two, abs=1e-4)
    for one, two in zip((whole - part).solve(), rest.solve()):
        assert one == pytest.approx(two, abs=1e-4)
    weights, offsets = rest.solve()
    assert ((features[:300] @ weights + offsets).argmax(axis=1) == labels[:300]).all()


# --- point sequences --------------------------------------------------------------------------

POINTS = ('left_wrist', 'right_wrist', 'left_elbow', 'right_elbow', 'left_thumb')


@pytest.fixture
def sequences(tmp_path):
    """A file of circles by the left wrist, to and fro; of two persons."""

    def write(**changed):
        rng = np.random.default_rng(0)
        times = np.linspace(0, 2 * np.pi, 40)
        points = rng.normal(0.0, 0.01, (24, 40, 5, 3))
        labels = np.arange(24) % 2
        turn = np.where(labels, 1.0, -1.0)[:, None] * times
        points[:, :, 0] += np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=-1)
        points[:, :3, 4] = np.nan
        meta = {'points': POINTS, 'classes': ['to', 'and fro'], 'rate_hz': 20.0}
        arrays = {'X': points, 'y': labels, 'persons': np.arange(24) // 12 % 2}
        arrays |= {'meta': np.array(json.dumps(meta | changed.pop('meta', {})))} | changed
        np.savez(tmp_path / 'circles.npz', **arrays)
        return tmp_path / 'circles.npz'

    return write


def test_point_sequences_are_trained_in_space_and_held_out_by_person(sequences):
    classes = read_point_sequences(sequences())
    assert [(motion.name, len(motion.examples)) for motion in classes] == [
        ('to', 12),
        ('and_fro', 12),
    ]
    assert not classes[0].examples[0].recorded.seen[0, 4]
    trained = train(classes, Settings(windows=200, features=252))
    description = trained.model.description
    assert description.window.in_space
    assert description.window.point_set == PointSet(POINTS)
    assert description.report['validation'] == 'leave one person out, 2 persons'
    assert trained.evaluation.named_right == 1.0


@pytest.mark.parametrize(
    ('changed', 'reason'),
    [
        ({'X': np.zeros((24, 40, 3, 3))}, r'X must be \[N, T, 5, 2 or 3\]'),
        ({'y': np.zeros(3, int)}, r'must be \[24\]'),
        ({'y': np.full(24, 7)}, 'numbers of the 2 classes'),
        ({'meta': {'points': ['A'] * 5}}, 'different points'),
        ({'meta': {'rate_hz': 'fast'}}, r"circles.npz: .*rate_hz must be a number, got 'fast'"),
        ({'meta': {'rate_hz': 0}}, 'rate_hz must be more than 0, got 0'),
        ({'X': np.array([None])}, 'circles.npz: not point sequences'),
    ],
)
def test_a_file_that_holds_no_point_sequences_is_refused(sequences, changed, reason):
    with pytest.raises(ValueError, match=reason):
        read_point_sequences(sequences(**changed))


def test_a_model_is_not_played_other_points(trained, sequences):
    with pytest.raises(ValueError, match='other points than those to be learned'):
        evaluate(trained.model, read_point_sequences(sequences()))
