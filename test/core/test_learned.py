"""Learned motions over time, by a network that asks: is the left, is the right wrist up?"""

from contextlib import suppress
from dataclasses import replace
import json
from types import SimpleNamespace
import zipfile

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from pose_ros.actor import Actor, Errors, Scene, skeletons
from pose_ros.core.motion.gestures import Phase
from pose_ros.core.motion.learned import load_learned, rules_beside
from pose_ros.core.motion.learned_model import Description, LearnedClass, LearnedModel
from pose_ros.core.motion.normalised import JOINTS, Window
from pose_ros.core.motion.rules import Hand, load_rules
from pose_ros.core.motion.watcher import single_observer
from pose_ros.core.resources import config_file
from pose_ros.core.runtime.errors import ModelError, OutputError

WINDOW = Window(1.0)
SIGNS = (LearnedClass('left_sign', Hand.LEFT), LearnedClass('right_sign', Hand.RIGHT))
EXACT = Errors(noise=0.0, drift=0.0, dropout=0.0)


@pytest.fixture
def network(wrist_network):
    """A file of these signs, or of another description."""
    return lambda description=None, outputs=3: wrist_network(
        description or Description(SIGNS, WINDOW, 0.8), outputs
    )


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


def test_from_the_beginning_to_the_end(network):
    gestures = Watched(network())
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


def test_one_motion_gives_way_to_another(network):
    events = told(
        Watched(network()),
        video('raise_left', 1.5),
        video('raise_right', 1.5, 1.5),
    )
    changes = [(g.name, g.phase) for _, g in events if g.phase is not Phase.HELD]
    assert changes == [
        ('left_sign', Phase.STARTED), ('left_sign', Phase.ENDED), ('right_sign', Phase.STARTED),
    ]  # fmt: skip


def test_everybody_is_watched_alone(network):
    events = told(
        Watched(network()),
        video('raise_left', person_id=4),
        video('raise_right', person_id=7),
        video('raise_both', person_id=0),
    )
    started = {(g.skeleton_id, g.name) for _, g in events if g.phase is Phase.STARTED}
    assert started == {(4, 'left_sign'), (7, 'right_sign')}


def test_who_has_just_come_is_watched_first(network):
    first, *_ = told(Watched(network()), video('raise_left', 1.5)[20:])
    assert first[0] == pytest.approx(20 / 30 + 0.5, abs=0.05)


def test_who_leaves_ends_the_motion(network):
    gestures = Watched(network(), grace=0.3)
    told(gestures, video('raise_left', 1.2))
    assert [g.phase for g in gestures.observe([], 1.4)] == []
    (last,) = gestures.observe([], 1.6)
    assert (last.phase, last.name) == (Phase.ENDED, 'left_sign')
    assert gestures.observe([], 1.7) == []


def test_time_that_goes_back_begins_anew_and_the_same_time_changes_nothing(network):
    gestures = Watched(network())
    rows = video('raise_left', 1.2)
    told(gestures, rows)
    stamp, person = rows[-1]
    assert gestures.observe([person], stamp) == []
    assert [g.phase for g in gestures.observe([person], 0.0)] == [Phase.ENDED]


def test_a_motion_switched_on_late_starts_then(network):
    gestures = Watched(network())
    gestures.enable(())
    rows = video('raise_left', 1.5)
    assert told(gestures, rows[:30]) == []
    gestures.enable(('left_sign',))
    assert [g.phase for _, g in told(gestures, rows[30:32])] == [Phase.STARTED, Phase.HELD]
    gestures.enable(())
    assert [g.phase for _, g in told(gestures, rows[32:40])] == [Phase.ENDED]


def test_who_stands_does_nothing(network):
    assert told(Watched(network()), video('stand', 2.0)) == []


def test_what_was_written_is_read(network):
    written = Description(SIGNS, Window(1.0, 15.0), 0.7, 'tcn')
    model = LearnedModel(network(written))
    assert model.description == written


def test_what_is_no_such_file_is_refused_with_what_to_do(network, tmp_path):
    with pytest.raises(ModelError, match='no such model file'):
        LearnedModel(tmp_path / 'missing.tflite')
    (tmp_path / 'text.tflite').write_text('hello')
    with pytest.raises(ModelError, match='motions train'):
        LearnedModel(tmp_path / 'text.tflite')
    path = network()
    (tmp_path / 'plain.tflite').write_bytes(path.read_bytes()[:200])
    with pytest.raises(ModelError, match='motions train'):
        LearnedModel(tmp_path / 'plain.tflite')


def test_a_description_of_another_network_is_refused(network):
    with pytest.raises(ModelError, match='tensors'):
        LearnedModel(network(Description(SIGNS[:1], WINDOW, 0.8)))


@pytest.mark.parametrize(
    'change', [{'version': 2}, {'joints': ['nose']}, {'classes': []}, {'threshold': 3.0}]
)
def test_a_description_that_cannot_be_used_is_refused(network, tmp_path, change):
    path = network()
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        fields = json.loads(archive.read(name))
    other = tmp_path / 'other.tflite'
    with zipfile.ZipFile(other, 'w') as archive:
        archive.writestr(name, json.dumps(fields | change))
    with pytest.raises(ModelError, match='train it again'):
        LearnedModel(other)


def test_classes_have_names_of_their_own():
    with pytest.raises(ValueError, match='names of their own'):
        Description((SIGNS[0], SIGNS[0]), WINDOW, 0.8)
    with pytest.raises(ValueError, match='names of their own'):
        Description((LearnedClass('none', Hand.NONE),), WINDOW, 0.8)


# --- files from anyone ------------------------------------------------------------------------

ENTRY = 'pose_ros_motions.json'
FIELDS = {
    'version': 1,
    'joints': list(JOINTS),
    'classes': [{'name': 'salute', 'hand': 'left'}],
    'window': {'seconds': 1.0, 'rate': 15.0, 'in_space': False},
    'threshold': 0.8,
    'network': 'tcn',
}


def archive_of(folder, content, compression=zipfile.ZIP_DEFLATED):
    path = folder / 'motions.tflite'
    with zipfile.ZipFile(path, 'w', compression) as archive:
        archive.writestr(ENTRY, content)
    return path


@pytest.mark.parametrize(
    'content', [b' ' * 50_000_000, b'[' * 60_000, b'{"a":' * 10_000, b'1' * 5_000, b'\xff', b'']
)
def test_an_entry_that_is_too_large_or_no_json_is_refused(tmp_path, content):
    with pytest.raises(ModelError, match=r'not a model of learned motions .*motions train'):
        Description.read(archive_of(tmp_path, content))


def test_an_entry_that_claims_to_be_small_is_read_to_the_limit(tmp_path):
    path = archive_of(tmp_path, b' ' * 1_000_000)
    content = bytearray(path.read_bytes())
    size = (1_000_000).to_bytes(4, 'little')
    for start in [i for i in range(len(content)) if content.startswith(size, i)]:
        content[start : start + 4] = (10).to_bytes(4, 'little')
    path.write_bytes(content)
    with pytest.raises(ModelError, match='not a model of learned motions'):
        Description.read(path)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_archives_are_refused(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp('archive')
    compression = data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    path = archive_of(folder, json.dumps(FIELDS), compression)
    content = bytearray(path.read_bytes())
    places = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(places, max_size=8)):
        content[place] = value
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with suppress(ModelError):
        Description.read(path)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(field=st.sampled_from([*FIELDS, 'class name', 'hand', 'seconds', 'rate']), value=ANYTHING)
def test_any_value_of_a_field_is_read_or_refused(tmp_path_factory, field, value):
    fields = json.loads(json.dumps(FIELDS))
    if field in ('class name', 'hand'):
        fields['classes'][0][field.removeprefix('class ')] = value
    elif field in ('seconds', 'rate'):
        fields['window'][field] = value
    else:
        fields[field] = value
    path = archive_of(tmp_path_factory.mktemp('archive'), json.dumps(fields))
    try:
        description = Description.read(path)
    except ModelError:
        return
    assert all(isinstance(one.name, str) for one in description.classes)
    assert np.prod(description.window.shape) <= 30 * 60 * 4 * len(JOINTS)


@pytest.mark.parametrize('value', [np.nan, np.inf, 1.5, -0.1])
def test_a_network_that_gives_no_probabilities_is_refused_for_this_run(network, value):
    model = LearnedModel(network())
    features = np.zeros(WINDOW.shape, np.float32)
    assert model.probabilities(features).sum() == pytest.approx(1.0)
    interpreter = model._interpreter
    model._interpreter = SimpleNamespace(
        set_tensor=interpreter.set_tensor,
        invoke=interpreter.invoke,
        get_tensor=lambda _: np.array([[0.0, value, 0.0]], np.float32),
    )
    with pytest.raises(OutputError, match=r'motions\.tflite: expected probabilities'):
        model.probabilities(features)


def test_a_network_that_does_not_run_is_a_model_error(network):
    model = LearnedModel(network())
    with pytest.raises(ModelError, match=r'motions\.tflite: cannot be run'):
        model.probabilities(np.zeros((3, 3), np.float32))
