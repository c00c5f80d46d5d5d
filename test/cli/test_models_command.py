"""``pose-ros models``: what it prints and its exit codes."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
import hashlib
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
import threading

import pytest
from rich.console import Console
import yaml

from pose_ros.core.bounded_yaml import load_yaml
from pose_ros.core.resources import config_file
from pose_ros.core.runtime.store import ModelStore

CONTENT = b'a model' * 1000
# Found before tests set another prefix.
SHIPPED = config_file('models.yaml')
SHA256 = hashlib.sha256(CONTENT).hexdigest()
# As git hash-object prints it.
BLOB = hashlib.sha1(b'blob %d\0' % len(CONTENT) + CONTENT).hexdigest()

UNKNOWN_MODEL = (
    "pose-ros: unknown model 'none' (did you mean known?), "
    'known are: known, changed, blob, unknown'
)


class _Handler(SimpleHTTPRequestHandler):
    """Answers every request with the content."""

    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_):
        """Keep the test output clean."""


class _FolderHandler(SimpleHTTPRequestHandler):
    """Answers with the files of a folder."""

    def log_message(self, *_):
        """Keep the test output clean."""


@contextmanager
def serving(handler):
    """Address of a server on the loopback."""
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()
        thread.join()


@pytest.fixture
def address():
    with serving(_Handler) as address:
        yield address


@pytest.fixture
def cache(tmp_path, monkeypatch, address):
    """Folder into which the models of a small manifest are installed."""

    def entry(*files):
        common = {'role': 'model', 'size': None}
        return {
            'summary': 'a test',
            'family': 'movenet',
            'format': 'coco17',
            'input': [192, 192],
            'licence': 'Apache-2.0',
            'files': [{**common, 'address': f'{address}/{f["name"]}', **f} for f in files],
        }

    models = {
        'known': entry(
            {'name': 'known.tflite', 'sha256': SHA256, 'size': len(CONTENT)},
            {'name': 'known_edgetpu.tflite', 'sha256': SHA256, 'device': 'edgetpu'},
        ),
        'changed': entry({'name': 'changed.tflite', 'sha256': '0' * 64}),
        'blob': entry({'name': 'blob.tflite', 'git_blob': BLOB}),
        'unknown': entry({'name': 'unknown.tflite'}),
    }
    config = tmp_path / 'prefix' / 'share' / 'pose_ros' / 'config'
    config.mkdir(parents=True)
    (config / 'models.yaml').write_text(
        yaml.safe_dump({'default': 'known', 'models': models}, sort_keys=False)
    )
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path / 'prefix'))
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('POSE_ROS_MODEL_PATH', '')
    return tmp_path / 'cache' / 'pose_ros' / 'models'


def rows(out, name):
    """Cells of the table's rows that begin with a name."""
    return [line.split() for line in out.splitlines() if line.split()[:1] == [name]]


def test_list_shows_what_is_installed(pose_ros, cache):
    cache.mkdir(parents=True)
    (cache / 'known.tflite').write_bytes(CONTENT)
    code, out, _ = pose_ros('models', 'list')
    assert code == 0
    assert rows(out, 'known') == [['known', 'yes', 'no', '0.0', 'Apache-2.0', 'a', 'test']]
    assert [row[1:4] for row in rows(out, 'blob')] == [['no', '-', '?']]
    assert f'The default is known. Models are installed into {cache}' in out


def test_list_tells_damaged_models_from_those_installed(pose_ros, cache):
    cache.mkdir(parents=True)
    (cache / 'known.tflite').write_bytes(CONTENT[:-1])
    (cache / 'unknown.tflite').write_bytes(CONTENT)
    _, out, _ = pose_ros('models', 'list')
    assert [row[1] for row in rows(out, 'known')] == ['damaged']
    assert [row[1] for row in rows(out, 'unknown')] == ['yes']


def test_the_list_of_the_shipped_models_fits_80_columns(pose_ros):
    code, out, _ = pose_ros('models', 'list')
    assert code == 0
    table = out.partition('The default is')[0]
    assert max(map(len, table.splitlines())) <= 80
    for name in ModelStore().names:
        assert rows(table, name), name


def test_install_says_where_the_files_are(pose_ros, cache):
    code, out, err = pose_ros('models', 'install', 'known')
    assert (code, err) == (0, '')
    assert out == f'known: {cache}/known.tflite\n'
    assert (cache / 'known.tflite').read_bytes() == CONTENT

    code, out, _ = pose_ros('models', 'install', 'known', '--device', 'edgetpu')
    assert (code, out) == (0, f'known: {cache}/known_edgetpu.tflite\n')


def test_install_shows_progress_to_who_watches(pose_ros, cache, monkeypatch):
    watched = Console(stderr=True, force_terminal=True, width=120)
    monkeypatch.setattr('pose_ros.cli.console.messages', watched)
    code, out, err = pose_ros('models', 'install', 'known')
    assert (code, out) == (0, f'known: {cache}/known.tflite\n')
    assert 'known.tflite' in err
    assert '7.0/7.0 kB' in err


def test_install_prints_a_checksum_that_is_not_recorded(pose_ros, cache):
    cache.mkdir(parents=True)
    (cache / 'unknown.tflite').write_bytes(CONTENT)  # put there by hand
    code, out, _ = pose_ros('models', 'install', 'unknown', 'blob')
    assert code == 0
    assert out.splitlines() == [
        f'unknown: {cache}/unknown.tflite',
        f'  SHA-256 {SHA256} (not verified: none is recorded for this file)',
        f'blob: {cache}/blob.tflite',
        f'  SHA-256 {SHA256} (not recorded; the file is git blob {BLOB}, as it should be)',
    ]


def test_install_refuses_a_download_that_cannot_be_verified(pose_ros, cache):
    code, out, err = pose_ros('models', 'install', 'unknown')
    assert (code, out) == (1, '')
    assert 'no checksum of unknown.tflite is recorded' in err
    assert not cache.exists()


@pytest.mark.test_data('models/tinypose_256x192.xml', 'models/tinypose_256x192.bin')
def test_install_brings_the_files_of_tinypose(pose_ros, cache, test_data, monkeypatch, tmp_path):
    shipped = load_yaml(SHIPPED)
    handler = partial(_FolderHandler, directory=test_data / 'models')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'other'))
    with serving(handler) as address:
        entry = shipped['models']['tinypose_256']
        for file in entry['files']:
            file['address'] = f'{address}/{file["name"]}'
        models = {'default': 'tinypose_256', 'models': {'tinypose_256': entry}}
        (tmp_path / 'prefix/share/pose_ros/config/models.yaml').write_text(yaml.safe_dump(models))
        code, out, err = pose_ros('models', 'install', 'tinypose_256')
    folder = tmp_path / 'other' / 'pose_ros' / 'models'
    assert (code, out.splitlines()) == (
        0,
        [f'tinypose_256: {folder}/tinypose_256x192.{suffix}' for suffix in ('xml', 'bin')],
    ), err
    assert {check.state for check in ModelStore().verify('tinypose_256')} == {'good'}


def test_install_goes_on_after_a_fault_and_tells_it(pose_ros, cache):
    code, out, err = pose_ros('models', 'install', 'changed', 'none', 'known')
    assert code == 1
    assert out == f'known: {cache}/known.tflite\n'
    first, second = err.splitlines()
    assert f'wrong SHA-256: expected {"0" * 64}, found {SHA256}; nothing installed' in first
    assert second == UNKNOWN_MODEL
    assert not (cache / 'changed.tflite').exists()


def test_verify_checks_what_is_there(pose_ros, cache):
    code, out, _ = pose_ros('models', 'verify')
    assert (code, out) == (0, 'no model is installed\n')

    pose_ros('models', 'install', 'known')
    (cache / 'unknown.tflite').write_bytes(CONTENT)  # put there by hand
    code, out, err = pose_ros('models', 'verify')
    assert (code, err) == (0, '')
    assert [row[:3] for row in rows(out, 'known')] == [['known', 'cpu', 'good']]
    assert [row[:3] for row in rows(out, 'unknown')] == [['unknown', 'cpu', 'unverified']]

    wrong = CONTENT[:-1] + b'x'
    (cache / 'known.tflite').write_bytes(wrong)
    code, out, err = pose_ros('models', 'verify')
    assert code == 1
    assert [row[:3] for row in rows(out, 'known')] == [['known', 'cpu', 'wrong']]
    found = hashlib.sha256(wrong).hexdigest()
    assert err == (
        f'pose-ros: {cache}/known.tflite: wrong SHA-256: expected {SHA256}, found {found}\n'
    )


def test_verify_leaves_out_models_that_only_share_a_file(pose_ros, cache, tmp_path):
    path = tmp_path / 'prefix/share/pose_ros/config/models.yaml'
    manifest = yaml.safe_load(path.read_text())
    shared = {'role': 'detector', 'name': 'known.tflite', 'sha256': SHA256, 'size': len(CONTENT)}
    own = {'role': 'model', 'name': 'other.tflite'}
    manifest['models']['sharing'] = {**manifest['models']['blob'], 'files': [shared, own]}
    path.write_text(yaml.safe_dump(manifest, sort_keys=False))
    cache.mkdir(parents=True)
    (cache / 'known.tflite').write_bytes(CONTENT)

    code, out, err = pose_ros('models', 'verify')
    assert (code, err) == (0, '')
    assert not rows(out, 'sharing')

    # A file that no other model has: it was installed, and the shared file is missing.
    (cache / 'other.tflite').write_bytes(CONTENT)
    (cache / 'known.tflite').unlink()
    code, out, err = pose_ros('models', 'verify')
    assert code == 1
    assert [row[2:] for row in rows(out, 'sharing')] == [
        ['missing', 'known.tflite'],
        ['unverified', 'other.tflite'],
    ]
    assert 'known.tflite is missing' in err


def test_verify_of_a_named_model_wants_it_to_be_there(pose_ros, cache):
    code, out, err = pose_ros('models', 'verify', 'known', 'none')
    assert code == 1
    assert [row[:3] for row in rows(out, 'known')] == [['known', 'cpu', 'missing']]
    assert err.splitlines() == [
        'pose-ros: known.tflite is missing; install it with: pose-ros models install known',
        UNKNOWN_MODEL,
    ]


def test_a_broken_manifest_is_one_line(pose_ros, cache, tmp_path):
    (tmp_path / 'prefix/share/pose_ros/config/models.yaml').write_text('models: {a: {}}')
    for command in (['list'], ['verify'], ['install', 'known']):
        code, out, err = pose_ros('models', *command)
        assert (code, out) == (2, '')
        assert "model a: 'input' is missing" in err
        assert len(err.splitlines()) == 1


def test_models_of_the_users_own_are_listed(pose_ros, cache, tmp_path, monkeypatch):
    folder = tmp_path / 'mine'
    folder.mkdir()
    entry = {
        'summary': 'from my lab',
        'family': 'openpose',
        'format': 'coco18',
        'input': [368, 368],
        'licence': 'MIT',
        'files': [{'role': 'model', 'name': 'lab.tflite'}],
    }
    (folder / 'models.yaml').write_text(yaml.safe_dump({'models': {'lab': entry}}))
    monkeypatch.setenv('POSE_ROS_MODEL_PATH', str(folder))

    code, out, _ = pose_ros('models', 'list')
    assert code == 0
    [row] = rows(out, 'lab')
    assert row == ['lab', 'no', '-', '?', 'MIT', 'from', 'my', 'lab']
    remedy = 'no address is known for it: put the file there yourself'
    for command in ('install', 'verify'):
        code, _, err = pose_ros('models', command, 'lab')
        assert code == 1
        assert err.rstrip().endswith(remedy)

    (folder / 'lab.tflite').write_bytes(CONTENT)
    assert [row[:2] for row in rows(pose_ros('models', 'list')[1], 'lab')] == [['lab', 'yes']]
    assert pose_ros('models', 'verify', 'lab')[0] == 0
