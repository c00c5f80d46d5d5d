"""Models of the user's own: a models.yaml in a folder of models."""

from __future__ import annotations

import pytest
import yaml

from pose_ros.core.resources import config_file
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore

SHIPPED = config_file('models.yaml')


def entry(*files, **changes):
    return {
        'summary': 'from my lab',
        'family': 'openpose',
        'format': 'body25',
        'input': [368, 368],
        'licence': 'MIT',
        'files': list(files or [{'role': 'model', 'name': 'mine.tflite'}]),
        **changes,
    }


@pytest.fixture
def make_store(tmp_path):
    """Store over folders of the given manifests, one each, and a cache."""

    def make(*manifests):
        folders = []
        for number, manifest in enumerate(manifests):
            folder = tmp_path / f'folder{number}'
            folder.mkdir(exist_ok=True)
            text = manifest if isinstance(manifest, str) else yaml.safe_dump(manifest)
            (folder / 'models.yaml').write_text(text)
            folders.append(folder)
        return ModelStore(folders=[*folders, tmp_path / 'cache'])

    return make


def test_models_of_a_folder_are_added_to_those_shipped(make_store, tmp_path):
    store = make_store({'models': {'lab': entry()}}, {'models': {'other': entry()}})
    shipped = ModelStore(folders=[tmp_path / 'cache'])
    assert store.names == [*shipped.names, 'lab', 'other']
    assert store.default == shipped.default
    assert store.entry('lab').format == 'body25'
    (tmp_path / 'folder1' / 'mine.tflite').write_bytes(b'any')
    assert store.locate('lab') == {'model': tmp_path / 'folder1' / 'mine.tflite'}
    [check] = store.verify('lab')
    assert check.state == 'unverified'


def test_the_same_folder_twice_and_the_shipped_manifest_itself_are_no_conflict(
    make_store, tmp_path
):
    make_store({'models': {'lab': entry()}})
    folders = [tmp_path / 'folder0', tmp_path / 'folder0', SHIPPED.parent, tmp_path / 'cache']
    assert ModelStore(folders=folders).names.count('lab') == 1


def test_a_name_that_is_taken_names_both_files(make_store, tmp_path):
    with pytest.raises(ModelError) as caught:
        make_store({'models': {'movenet_lightning': entry()}})
    assert str(caught.value) == (
        f'{tmp_path}/folder0/models.yaml: model movenet_lightning: '
        f'there is another one of this name in {SHIPPED}'
    )
    with pytest.raises(ModelError, match=r'folder1.*model lab.*folder0/models\.yaml'):
        make_store({'models': {'lab': entry()}}, {'models': {'lab': entry(summary='two')}})


def test_a_missing_file_without_address_is_not_offered_for_installing(make_store, tmp_path):
    store = make_store({'models': {'lab': entry()}})
    for attempt in (store.locate, store.install):
        with pytest.raises(ModelError) as caught:
            attempt('lab')
        assert str(caught.value) == (
            f'model lab: mine.tflite is not in {tmp_path}/folder0, {tmp_path}/cache; '
            'no address is known for it: put the file there yourself'
        )
    assert not (tmp_path / 'cache').exists()


def test_a_file_that_is_there_needs_no_installing(make_store, tmp_path):
    store = make_store({'models': {'lab': entry()}})
    path = tmp_path / 'folder0' / 'mine.tflite'
    path.write_bytes(b'any')
    assert store.install('lab') == {'model': path}


def test_a_wrong_file_without_address_cannot_be_replaced(make_store, tmp_path):
    file = {'role': 'model', 'name': 'mine.tflite', 'size': 7}
    store = make_store({'models': {'lab': entry(file)}})
    (tmp_path / 'cache').mkdir()
    (tmp_path / 'cache' / 'mine.tflite').write_bytes(b'any')
    with pytest.raises(
        ModelError, match=r'cache/mine\.tflite: wrong size: expected 7 bytes, found 3; no address'
    ):
        store.install('lab')


@pytest.mark.parametrize(
    ('manifest', 'reason'),
    [
        ('models: [', 'folder0/models.yaml: the file: while parsing'),
        ({'models': {'lab': {'files': []}}}, "folder0/models.yaml: model lab: 'input' is missing"),
        (
            {
                'models': {
                    'lab': entry({'role': 'm', 'name': 'n.tflite', 'address': 'wheel:mine/n'})
                }
            },
            "folder0/models.yaml: model lab: wheel:mine/n: there is no wheel 'mine'",
        ),
        ({'wheels': {}}, "folder0/models.yaml: .*'models' is missing"),
    ],
)
def test_a_broken_manifest_of_a_folder_names_the_file(make_store, manifest, reason):
    with pytest.raises(ModelError, match=reason):
        make_store(manifest)
