"""Learned motions over time, by a model that asks: is the left, is the right wrist up?"""

from contextlib import suppress
from dataclasses import replace
import json
import zipfile

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from pose_ros.actor import Actor, Errors, Scene, skeletons
from pose_ros.core.motion.gestures import Phase
from pose_ros.core.motion.learned import load_learned, rules_beside
from pose_ros.core.motion.learned_model import (
    Description,
    LearnedClass,
    LearnedModel,
    features_of,
)
from pose_ros.core.motion.normalised import Window
from pose_ros.core.motion.point_set import PointSet
from pose_ros.core.motion.random_convolutions import RandomConvolutions
from pose_ros.core.motion.rules import Hand, load_rules
from pose_ros.core.motion.watcher import single_observer
from pose_ros.core.resources import config_file
from pose_ros.core.runtime.errors import ModelError

WINDOW = Window(1.0)
SIGNS = (LearnedClass('left_sign', Hand.LEFT), LearnedClass('right_sign', Hand.RIGHT))
EXACT = Errors(noise=0.0, drift=0.0, dropout=0.0)


@pytest.fixture
def model_file(wrist_model):
    """A file of these signs, or of another description."""
    return lambda description=None: wrist_model(description or Description(SIGNS, WINDOW, 0.8))


class Watched:
    """Learned gestures with a watcher of their own."""

    def __init__(self, path, grace=0.5):
        gestures = load_learned(path, grace)
        self.gestures, self.enable = gestures.gestures, gestures.enable
        self.observe = single_observer(gestures)


def video(motion, duration=1.0, start=0.0, person_id=1):
    scene = Scene(duration=duration, actors=(Actor(motion, start=0.0, x=300.0),))
    return [
        (start + frame.stamp, replace(frame.people[0], id=person_id))
        for frame in skeletons(scene, errors=EXACT)
    ]


def told(gestures, *videos):
    """(time, event) of everything."""
    rows = sorted((row for video in videos for row in video), key=lambda row: row[0])
    events = []
    for stamp in dict.fromkeys(stamp for stamp, _ in rows):
        people = [person for time, person in rows if time == stamp]
        events += [(stamp, gesture) for gesture in gestures.observe(people, stamp)]
    return events


def test_from_the_beginning_to_the_end(model_file):
    gestures = Watched(model_file())
    assert gestures.gestures == {'left_sign', 'right_sign'}
    events = told(
        gestures, video('stand', 1.0), video('raise_left', 1.5, 1.0), video('stand', 1.5, 2.5)
    )
    phases = [gesture.phase for _, gesture in events]
    assert phases == [Phase.STARTED, *[Phase.HELD] * (len(phases) - 2), Phase.ENDED]
    assert {(g.name, g.hand, g.skeleton_id, g.direction) for _, g in events} == {
        ('left_sign', Hand.LEFT, 1, (0.0, 0.0, 0.0))
    }
    (begin, first), (end, last) = events[0], events[-1]
    assert 1.2 < begin < 1.7
    assert 2.5 < end < 3.2
    assert first.duration == 0.0
    assert first.score > 0.8
    assert last.duration == pytest.approx(2.5 - begin, abs=0.15)
    held = [gesture.duration for _, gesture in events[1:-1]]
    assert (np.diff(held) > 0).all()


def test_what_is_learned_takes_the_place_of_the_rules_of_its_name():
    rules = load_rules(config_file('gestures.yaml'))
    names = {rule.name for rule in rules}
    kept, replaced = rules_beside(rules, {'wave', 'stop', 'windmill'})
    assert {rule.name for rule in kept} == names - {'wave', 'stop'}
    assert replaced == ('stop', 'wave')
    assert rules_beside(rules, {'windmill'}) == (rules, ())


def test_one_motion_gives_way_to_another(model_file):
    events = told(
        Watched(model_file()),
        video('raise_left', 1.5),
        video('raise_right', 1.5, 1.5),
    )
    changes = [(g.name, g.phase) for _, g in events if g.phase is not Phase.HELD]
    assert changes == [
        ('left_sign', Phase.STARTED), ('left_sign', Phase.ENDED), ('right_sign', Phase.STARTED),
    ]  # fmt: skip


def test_everybody_is_watched_alone(model_file):
    events = told(
        Watched(model_file()),
        video('raise_left', person_id=4),
        video('raise_right', person_id=7),
        video('raise_both', person_id=0),
    )
    started = {(g.skeleton_id, g.name) for _, g in events if g.phase is Phase.STARTED}
    assert started == {(4, 'left_sign'), (7, 'right_sign')}


def test_who_has_just_come_is_watched_first(model_file):
    first, *_ = told(Watched(model_file()), video('raise_left', 1.5)[20:])
    assert first[0] == pytest.approx(20 / 30 + 0.5, abs=0.05)


def test_who_leaves_ends_the_motion(model_file):
    gestures = Watched(model_file(), grace=0.3)
    told(gestures, video('raise_left', 1.2))
    assert [g.phase for g in gestures.observe([], 1.4)] == []
    (last,) = gestures.observe([], 1.6)
    assert (last.phase, last.name) == (Phase.ENDED, 'left_sign')
    assert gestures.observe([], 1.7) == []


def test_time_that_goes_back_begins_anew_and_the_same_time_changes_nothing(model_file):
    gestures = Watched(model_file())
    rows = video('raise_left', 1.2)
    told(gestures, rows)
    stamp, person = rows[-1]
    assert gestures.observe([person], stamp) == []
    assert [g.phase for g in gestures.observe([person], 0.0)] == [Phase.ENDED]


def test_a_motion_switched_on_late_starts_then(model_file):
    gestures = Watched(model_file())
    gestures.enable(())
    rows = video('raise_left', 1.5)
    assert told(gestures, rows[:30]) == []
    gestures.enable(('left_sign',))
    assert [g.phase for _, g in told(gestures, rows[30:32])] == [Phase.STARTED, Phase.HELD]
    gestures.enable(())
    assert [g.phase for _, g in told(gestures, rows[32:40])] == [Phase.ENDED]


def test_who_stands_does_nothing(model_file):
    assert told(Watched(model_file()), video('stand', 2.0)) == []


def test_what_was_written_is_read(model_file):
    written = Description(SIGNS, Window(1.0, 15.0, True, PointSet(('left_wrist', 'a'))), 0.7, 3)
    written = replace(written, report={'accuracy': 0.9})
    model = LearnedModel.load(model_file(replace(written, window=replace(WINDOW, in_space=True))))
    assert model.description.report == {'accuracy': 0.9}
    read = Description.from_json(written.to_json())
    assert (read, read.report) == (written, written.report)


def test_the_file_gives_what_the_model_gives(tmp_path):
    rng = np.random.default_rng(0)
    shown = rng.normal(size=(20, *WINDOW.shape)).astype(np.float32)
    convolutions = RandomConvolutions.fit(shown, 500, rng)
    shape = features_of(convolutions, shown).shape[1], 3
    weights = rng.normal(size=shape) / 20
    model = LearnedModel(Description(SIGNS, WINDOW, 0.8), convolutions, weights, np.arange(3.0))
    model.save(tmp_path / 'motions.npz')
    read = LearnedModel.load(tmp_path / 'motions.npz')
    for window in shown:
        chances = model.probabilities(window)
        assert chances.sum() == pytest.approx(1.0)
        # Weights are stored in half precision.
        assert read.probabilities(window) == pytest.approx(chances, abs=5e-3)


def test_a_file_that_is_not_a_model_is_refused_with_what_to_do(model_file, tmp_path):
    with pytest.raises(ModelError, match='no such model file'):
        LearnedModel.load(tmp_path / 'missing.npz')
    (tmp_path / 'text.npz').write_text('hello')
    with pytest.raises(ModelError, match='motions train'):
        LearnedModel.load(tmp_path / 'text.npz')
    (tmp_path / 'cut.npz').write_bytes(model_file().read_bytes()[:200])
    with pytest.raises(ModelError, match='motions train'):
        LearnedModel.load(tmp_path / 'cut.npz')
    with zipfile.ZipFile(tmp_path / 'motions.tflite', 'w') as archive:
        archive.writestr('pose_ros_motions.json', '{}')
    with pytest.raises(ModelError, match=r'network of an earlier version .*train it again'):
        LearnedModel.load(tmp_path / 'motions.tflite')
    np.savez(tmp_path / 'objects.npz', description=np.array([{}], dtype=object))
    with pytest.raises(ModelError, match='motions train'):
        LearnedModel.load(tmp_path / 'objects.npz')


def arrays_of(path):
    with np.load(path) as file:
        return {name: file[name] for name in file}


@pytest.mark.parametrize(
    ('name', 'value', 'reason'),
    [
        ('weights', np.zeros((3, 3), np.float16), 'expected weights'),
        ('weights', np.full((456, 3), np.nan, np.float16), 'finite'),
        ('offsets', np.zeros(2), 'expected weights'),
        ('offsets', np.full(3, np.inf), 'finite'),
        ('dilations', np.array([99]), 'dilations'),
        ('counts', np.array([1]), 'counts'),
        ('biases', np.zeros((9_000_000,)), 'allowed are'),
        ('description', np.array('{'), 'Expecting property name'),
        # Python 3.14 reads so deep a list to its end.
        ('description', np.array('[' * 60_000), 'description is damaged|Expecting value'),
    ],
)
def test_a_model_that_does_not_fit_together_is_refused(model_file, tmp_path, name, value, reason):
    np.savez(tmp_path / 'other.npz', **(arrays_of(model_file()) | {name: value}))
    with pytest.raises(ModelError, match=f'({reason}).*motions train'):
        LearnedModel.load(tmp_path / 'other.npz')


def test_classes_have_different_names():
    with pytest.raises(ValueError, match='different names'):
        Description((SIGNS[0], SIGNS[0]), WINDOW, 0.8)
    with pytest.raises(ValueError, match='different names'):
        Description((LearnedClass('none', Hand.NONE),), WINDOW, 0.8)


# --- files from anyone ------------------------------------------------------------------------


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_files_are_refused(model_file, tmp_path, data):
    content = bytearray(model_file().read_bytes())
    places = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(places, max_size=8)):
        content[place] = value
    path = tmp_path / 'damaged.npz'
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with suppress(ModelError):
        LearnedModel.load(path)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FIELDS = json.loads(Description(SIGNS, WINDOW, 0.8).to_json())


@settings(max_examples=150, deadline=None)
@given(field=st.sampled_from([*FIELDS, 'class name', 'hand', 'seconds', 'rate']), value=ANYTHING)
def test_any_value_of_a_field_is_read_or_refused(field, value):
    fields = json.loads(json.dumps(FIELDS))
    if field in ('class name', 'hand'):
        fields['classes'][0][field.removeprefix('class ')] = value
    elif field in ('seconds', 'rate'):
        fields['window'][field] = value
    else:
        fields[field] = value
    try:
        description = Description.from_json(json.dumps(fields))
    except ValueError:
        return
    assert all(isinstance(one.name, str) for one in description.classes)
    assert description.window.shape[0] <= 30 * 60
