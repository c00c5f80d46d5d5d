"""Recognise a gesture of one's own in a video, without ROS; own_gesture.yaml defines it.

    python3 own_gesture.py video.mp4

With ROS, gesture_node takes the same file:

    ros2 run pose_ros gesture_node --ros-args -p rules_file:=$PWD/own_gesture.yaml
"""

from pathlib import Path
import sys

from pose_ros import MotionConfig, MotionWatcher, PoseEstimator, make_observers, open_media

RULES = Path(__file__).with_suffix('.yaml')


def main() -> None:
    """Print when the gesture begins and ends."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    estimator = PoseEstimator()
    watcher = MotionWatcher(make_observers(MotionConfig(rules_file=str(RULES))))
    watcher.want(['gestures'])
    for frame in open_media(sys.argv[1]).frames():
        for event in watcher.observe(estimator.estimate(frame), frame.time).events:
            print(f'{event.time:.1f} s: person {event.skeleton_id}, {event.title}, {event.phase}')


if __name__ == '__main__':
    try:
        main()
    except (ValueError, RuntimeError) as error:  # a file or model that cannot be used
        sys.exit(str(error))
