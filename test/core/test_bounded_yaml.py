"""YAML files from anyone: the manifests of models, rules of gestures and exercises, cameras."""

import pytest
import yaml

from pose_ros.bringup.cameras import read_cameras
from pose_ros.core.bounded_yaml import DEEPEST, LARGEST_FILE, MAX_NODES, load_yaml
from pose_ros.core.motion.exercise_rules import load_exercises
from pose_ros.core.motion.rules import load_rules
from pose_ros.core.resources import config_file
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.manifest import load_manifest


def bomb():
    """Nine levels of ten aliases each: a thousand million strings."""
    lines = ['a0: &a0 boom']
    lines += [f'a{n}: &a{n} [{", ".join([f"*a{n - 1}"] * 10)}]' for n in range(1, 10)]
    return '\n'.join(lines)


def chain():
    """Each entry nests that before it: 1,000 levels, of which the file shows three."""
    return '\n'.join(['a0: &a0 [x]', *(f'a{n}: &a{n} [*a{n - 1}]' for n in range(1, 1000))])


ATTACKS = {
    'aliases': (bomb(), f'more than {MAX_NODES} values'),
    'itself': ('models: &a [*a]', 'alias within its own anchor'),
    'deep aliases': (chain(), f'deeper than {DEEPEST} levels'),
    'nested lists': ('[' * 100_000, f'deeper than {DEEPEST} levels'),
    'nested mappings': ('{a: ' * 50_000, f'deeper than {DEEPEST} levels'),
    'nested blocks': ('- ' * 50_000, f'deeper than {DEEPEST} levels'),
    'size': ('#' * (LARGEST_FILE + 1), f'larger than the {LARGEST_FILE} bytes'),
    'object': ('!!python/object/apply:os.system ["true"]', 'python/object|expected|must be'),
}
READERS = {
    'models': (load_manifest, ModelError),
    'gestures': (load_rules, ValueError),
    'exercises': (load_exercises, ValueError),
    'cameras': (lambda path: read_cameras({'cameras': str(path), 'namespace': ''}), ValueError),
}


@pytest.mark.parametrize('reader', READERS)
@pytest.mark.parametrize('attack', ATTACKS)
def test_attacks_are_refused_with_the_documented_error(tmp_path, reader, attack):
    text, reason = ATTACKS[attack]
    path = tmp_path / 'file.yaml'
    path.write_text(text)
    read, error = READERS[reader]
    with pytest.raises(error, match=reason) as caught:
        read(path)
    assert 'file.yaml' in str(caught.value)


@pytest.mark.parametrize('value', ['0x' + 'f' * 1000, '0b_', '!!int no', '!!float [1]', '.nan'])
def test_numbers_that_are_none_name_file_and_line(tmp_path, value):
    path = tmp_path / 'gestures.yaml'
    path.write_text(
        f'gestures:\n- {{name: a, hand: left, hold: {value}, when: {{wrist_height: [0, 1]}}}}\n'
    )
    with pytest.raises(ValueError, match=r'gestures\.yaml:2: expected a (finite )?number, got'):
        load_rules(path)


@pytest.mark.parametrize('path', sorted(config_file('models.yaml').parent.glob('*.yaml')))
def test_the_shipped_files_read_as_plain_yaml_does(path):
    assert load_yaml(path) == yaml.safe_load(path.read_text(encoding='utf-8'))


def test_an_alias_stands_for_its_anchor(tmp_path):
    path = tmp_path / 'file.yaml'
    path.write_text('a: &a {x: [1, 2]}\nb: [*a, *a]\n')
    assert load_yaml(path) == {'a': {'x': [1, 2]}, 'b': [{'x': [1, 2]}] * 2}
