"""Running the pose-ros command inside the test, and the actor's frames as files."""

from __future__ import annotations

import json
import struct

import cv2
import pytest

from pose_ros.actor import Actor, Scene, frames
from pose_ros.cli.main import app


@pytest.fixture
def pose_ros(capsys):
    """Run the command: exit code, output and error output."""

    def run(*arguments):
        with pytest.raises(SystemExit) as exit_:
            app([str(argument) for argument in arguments], prog_name='pose-ros')
        out, err = capsys.readouterr()
        return exit_.value.code or 0, out, err

    return run


@pytest.fixture
def estimate(pose_ros, tmp_path):
    """Run ``pose-ros estimate --json``: exit code, records and error output."""

    def run(*arguments):
        lines = tmp_path / 'lines.jsonl'
        code, out, err = pose_ros('estimate', *arguments, '--json', lines)
        assert out == ''
        return code, [json.loads(line) for line in lines.read_text().splitlines()], err

    return run


@pytest.fixture
def clip():
    """Frames of an actor with the truth about him."""

    def make(motion='wave_left', duration=0.1, width=640, **actor):
        actor = Actor(motion, **{'x': width / 2, **actor})
        return list(frames(Scene(width=width, duration=duration, actors=(actor,)), seed=3))

    return make


@pytest.fixture
def save_image():
    """Write an actor's frame as an image."""

    def save(path, actor_frame):
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), cv2.cvtColor(actor_frame.image, cv2.COLOR_RGB2BGR))
        return path

    return save


@pytest.fixture
def save_video():
    """Write an actor's frames as a video."""

    def save(path, clip, rate=30.0):
        height, width = clip[0].image.shape[:2]
        code = cv2.VideoWriter_fourcc(*'mp4v')
        writer = cv2.VideoWriter(str(path), code, rate, (width, height))
        assert writer.isOpened()
        for actor_frame in clip:
            writer.write(cv2.cvtColor(actor_frame.image, cv2.COLOR_RGB2BGR))
        writer.release()
        return path

    return save


@pytest.fixture
def save_gif():
    """Write an actor's frames as a GIF of 128 greys, each shown for its delay [0.01 s]."""

    def save(path, clip, delays):
        height, width = clip[0].image.shape[:2]
        greys = bytes(value for grey in range(128) for value in (2 * grey,) * 3)
        parts = [b'GIF89a', struct.pack('<HHBBB', width, height, 0xF6, 0, 0), greys]
        for actor_frame, delay in zip(clip, delays):
            grey = cv2.cvtColor(actor_frame.image, cv2.COLOR_RGB2GRAY) // 2
            parts.append(struct.pack('<BBBBHBB', 0x21, 0xF9, 4, 0, delay, 0, 0))
            parts.append(struct.pack('<BHHHHB', 0x2C, 0, 0, width, height, 0))
            parts.append(b'\x07' + _gif_data(grey.tobytes()) + b'\0')
        path.write_bytes(b''.join(parts) + b'\x3b')
        return path

    return save


def _gif_data(pixels):
    """Pixels as GIF data: clearing the table before it grows keeps every code one byte."""
    codes = b''.join(b'\x80' + pixels[i : i + 120] for i in range(0, len(pixels), 120)) + b'\x81'
    blocks = (codes[i : i + 255] for i in range(0, len(codes), 255))
    return b''.join(bytes([len(block)]) + block for block in blocks)
