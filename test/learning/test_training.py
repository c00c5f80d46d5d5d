"""Training end to end, small: four signs, ten examples each."""

import numpy as np
import pytest

from pose_ros.core.motion.learned_model import LearnedModel
from pose_ros.core.motion.normalised import Window
from pose_ros.core.motion.rules import Hand
from pose_ros.extras import MissingLibraryError
from pose_ros.learning import networks
from pose_ros.learning.examples import MotionClass
from pose_ros.learning.motion_evaluation import draw_confusion, evaluate, play
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
def keras():
    try:
        return networks.load_keras()
    except MissingLibraryError as error:
        pytest.skip(str(error))


@pytest.fixture(scope='module')
def trained(keras, make_class):
    rounds = []
    classes = [make_class(name, 10, 1, mirror) for name, mirror in SIGNS.items()]
    settings = Settings(epochs=18)
    result = train(classes, settings, rounds.append)
    assert result.rounds == tuple(rounds)
    return result


@pytest.fixture(scope='module')
def results(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp('training') / 'results'
    return folder, write_results(trained, folder)


def test_signs_are_told_from_each_other_and_from_other_movements(results, make_class, measured):
    model = LearnedModel(results[0] / 'motions.tflite')
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
    assert evaluation.rejection >= 0.85


def test_a_sign_is_told_once_with_its_hand(results, make_class):
    from pose_ros.core.motion.gestures import Phase  # noqa: PLC0415
    from pose_ros.core.motion.learned import load_learned  # noqa: PLC0415

    (example,) = make_class('left_out_right_up', 1, 9).examples
    events = play(load_learned(results[0] / 'motions.tflite'), example)
    assert [event.phase for event in events].count(Phase.STARTED) == 1
    assert {(event.name, event.hand) for event in events} == {('left_out_right_up', Hand.BOTH)}


def test_the_file_gives_what_the_network_gives(trained, results):
    model = LearnedModel(results[0] / 'motions.tflite')
    assert model.description == trained.description
    features = np.random.default_rng(0).normal(size=(3, *trained.description.window.shape))
    numbers = trained.network.predict(features, verbose=0) / trained.temperature
    expected = np.exp(numbers) / np.exp(numbers).sum(axis=1, keepdims=True)
    for row, chances in zip(features.astype(np.float32), expected):
        assert model.probabilities(row) == pytest.approx(chances, abs=1e-4)


def test_the_results_hold_everything(trained, results):
    folder, evaluation = results
    names = {path.name for path in folder.iterdir()}
    assert names == {'motions.tflite', 'confusion.png', 'training.json'}
    assert (folder / 'confusion.png').read_bytes().startswith(b'\x89PNG')
    assert evaluation.counts.sum() == 4 * 2
    assert [len(motion.examples) for motion in trained.held_out] == [2] * 4
    assert [path.name for path in folder.parent.iterdir()] == ['results']


def test_results_replace_results_and_nothing_else(trained, results, tmp_path):
    check_folder(results[0])
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'thesis.txt').write_text('')
    with pytest.raises(ValueError, match=r'thesis\.txt'):
        write_results(trained, tmp_path / 'mine')
    (tmp_path / 'file').write_text('')
    with pytest.raises(ValueError, match='not a folder'):
        check_folder(tmp_path / 'file')


def test_the_losses_fall_and_the_threshold_is_in_bounds(trained):
    assert trained.rounds[-1].loss < 0.5 * trained.rounds[0].loss
    assert 0.3 <= trained.description.threshold <= 0.95
    assert trained.temperature >= 1.0
    assert trained.recognised > 0.7
    assert trained.rejected > 0.7


@pytest.mark.parametrize('name', networks.NETWORKS)
def test_every_network_runs_in_litert(keras, name, tmp_path):
    from pose_ros.core.runtime.litert import load_interpreter  # noqa: PLC0415

    shape = Window(2.5, in_space=True).shape
    network = networks.NETWORKS[name](shape, 3)
    path = tmp_path / 'network.tflite'
    path.write_bytes(networks.to_tflite(network, 2.0))
    interpreter = load_interpreter(path, 1)
    features = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]['index'], features)
    interpreter.invoke()
    chances = interpreter.get_tensor(interpreter.get_output_details()[0]['index'])
    numbers = network.predict(features, verbose=0) / 2.0
    assert chances == pytest.approx(np.exp(numbers) / np.exp(numbers).sum(), abs=1e-5)


def test_a_image_of_any_counts_can_be_drawn(results, tmp_path):
    pytest.importorskip('matplotlib')
    draw_confusion(results[1], tmp_path / 'matrix.png')
    assert (tmp_path / 'matrix.png').stat().st_size > 5000


def test_what_cannot_be_trained_is_refused(make_class):
    few = make_class('left_up_right_up', 3)
    with pytest.raises(ValueError, match='has 3 examples: at least 4'):
        train([few])
    with pytest.raises(ValueError, match='no motion to learn'):
        train([MotionClass('none')])
    lonely = make_class('left_up_right_up', 4, mirror='right_up_left_up')
    with pytest.raises(ValueError, match='which is not recorded'):
        train([lonely])
    for settings in ({'network': 'lstm'}, {'held_out': 1.0}, {'epochs': 0}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            Settings(**settings)


def test_learning_in_space_needs_positions(keras, make_class):
    with pytest.raises(ValueError, match='has no positions in space'):
        train([make_class('left_up_right_up', 4)], Settings(in_space=True))
