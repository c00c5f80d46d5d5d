"""The Python examples of README and docs run as they are."""

from __future__ import annotations

from pathlib import Path
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from pose_ros.actor import Action, Actor, Scene, frames
from pose_ros.core.media import VideoWriter

README = Path(__file__).parents[1] / 'README.md'
BLOCKS = re.findall(r'```python\n(.*?)```', README.read_text(encoding='utf-8'), re.DOTALL)


PROGRAMS = [
    pytest.param(block, id=page.stem, marks=[pytest.mark.model('hand_lite')] * ('hands' in block))
    for page in sorted(README.parent.glob('docs/*.md'))
    for block in re.findall(r'```python\n(.*?)```', page.read_text(encoding='utf-8'), re.DOTALL)
    if "open_media('video.mp4')" in block
]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Folder with a video of a person who raises a hand."""
    folder = tmp_path_factory.mktemp('program')
    actor = Actor((Action('raise_left', 0.5, 1.5),), height=380.0)
    with VideoWriter(folder / 'video.mp4', 10) as writer:
        for frame in frames(Scene(duration=2.5, fps=10, actors=(actor,)), seed=2):
            writer.write(frame.image[..., ::-1], frame.stamp)
    return folder


@pytest.mark.parametrize('program', PROGRAMS)
def test_a_program_of_a_page_runs(folder, program):
    done = subprocess.run(
        [sys.executable, '-c', program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_video_in_people_and_events_out(folder):
    (block,) = [block for block in BLOCKS if 'open_media' in block]
    out = subprocess.run(
        [sys.executable, '-c', block], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    assert re.search(r'^[01]\.\d s: person 1, hand raised \(left\), started$', out, re.MULTILINE)
    assert re.search(r'^[12]\.\d s: person 1, hand raised \(left\), ended$', out, re.MULTILINE)


@pytest.mark.ros
def test_a_subscriber_logs_the_left_wrist_of_any_format():
    from pose_ros.core.topology import TOPOLOGIES  # noqa: PLC0415
    from pose_ros.msg import Keypoint, Skeleton, SkeletonArray  # noqa: PLC0415

    (block,) = [block for block in BLOCKS if 'SkeletonArray' in block]
    subscriptions, logged = {}, []
    node = SimpleNamespace(
        create_subscription=lambda _, topic, callback, __: subscriptions.update({topic: callback}),
        get_logger=lambda: SimpleNamespace(info=logged.append),
    )
    exec(block, {'node': node})
    people = []
    for number, topology in enumerate(TOPOLOGIES.values(), 1):
        keypoints = [Keypoint() for _ in topology.keypoint_names]
        keypoints[topology.index('left_wrist')] = Keypoint(x=100.0 + number, y=50.0)
        people.append(Skeleton(id=number, format=topology.name, keypoints=keypoints))
    hidden = people[0].keypoints[Skeleton.LEFT_WRIST]
    hidden.state = Keypoint.BELOW_THRESHOLD
    subscriptions['skeletons'](SkeletonArray(skeletons=people))
    assert logged == [f'person {i}: left wrist at {100 + i}, 50' for i in (2, 3, 4)]
