"""The node of docs/messages.md does what the page says."""

from __future__ import annotations

from pathlib import Path

from geometry_msgs.msg import Point
import pytest

from pose_ros.msg import GestureEvent, Keypoint, Skeleton, SkeletonArray
from pose_ros.ros.qos import EVENTS, SKELETONS

PAGE = Path(__file__).resolve().parents[2] / 'docs' / 'messages.md'


@pytest.fixture
def host(start_program, tmp_path):
    """The page's node as a process."""
    script = tmp_path / 'host.py'
    script.write_text(PAGE.read_text().partition('```python\n')[2].partition('```')[0])
    return start_program(script)


def test_it_tells_wrists_and_greets_who_waves(ros, host):
    skeletons = ros.publisher(SkeletonArray, 'skeletons', SKELETONS)
    gestures = ros.publisher(GestureEvent, 'gestures', EVENTS)
    person = Skeleton(id=7, format='coco17', keypoints=[Keypoint() for _ in range(17)])
    person.keypoints[Skeleton.LEFT_WRIST] = Keypoint(x=120.0, y=40.0, score=0.9)
    person.positions = [Point(z=2.5) for _ in range(17)]
    skeletons.publish(SkeletonArray(skeletons=[person]))
    ros.spin_until(host.has_said('person 7: left wrist at pixel 120, 40, 2.50 m away'), 'a wrist')
    gestures.publish(GestureEvent(skeleton_id=7, gesture='wave', phase=GestureEvent.STARTED))
    ros.spin_until(host.has_said('hello, person 7'), 'a greeting')
