"""The node of docs/messages.md does what the page says."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys
import threading

from geometry_msgs.msg import Point
import pytest

from pose_ros.msg import GestureEvent, Keypoint, Skeleton, SkeletonArray
from pose_ros.ros.qos import EVENTS, SKELETONS

PAGE = Path(__file__).resolve().parents[2] / 'docs' / 'messages.md'


@pytest.fixture
def host(ros, tmp_path):
    """The page's node as a process, and what it has said so far."""
    script = tmp_path / 'host.py'
    script.write_text(PAGE.read_text().partition('```python\n')[2].partition('```')[0])
    process = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout))
    reader.start()
    yield lines
    process.kill()
    process.wait()
    reader.join()


def _said(lines, text):
    return lambda: any(text in line for line in list(lines))


def test_it_tells_wrists_and_greets_who_waves(ros, host):
    skeletons = ros.publisher(SkeletonArray, 'skeletons', SKELETONS)
    gestures = ros.publisher(GestureEvent, 'gestures', EVENTS)
    person = Skeleton(id=7, format='coco17', keypoints=[Keypoint() for _ in range(17)])
    person.keypoints[Skeleton.LEFT_WRIST] = Keypoint(x=120.0, y=40.0, score=0.9)
    person.positions = [Point(z=2.5) for _ in range(17)]
    skeletons.publish(SkeletonArray(skeletons=[person]))
    ros.spin_until(
        _said(host, 'person 7: left wrist at pixel 120, 40, 2.50 m away'), f'a wrist in {host}'
    )
    gestures.publish(GestureEvent(skeleton_id=7, gesture='wave', phase=GestureEvent.STARTED))
    ros.spin_until(_said(host, 'hello, person 7'), f'a greeting in {host}')
