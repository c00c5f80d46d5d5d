"""Count squats from a webcam or a video, without ROS.

pip install . && pose-ros models install blazepose_full
python3 count_squats.py              # camera 0, stop with Ctrl+C
python3 count_squats.py video.mp4
"""

from collections.abc import Iterator
import sys
import time

import cv2

from pose_ros import Frame, MotionConfig, MotionWatcher, PoseEstimator, make_observers, open_media


def camera_frames(number: int) -> Iterator[Frame]:
    """Images of a camera, with the time at which they were read [s]."""
    camera = cv2.VideoCapture(number)
    while True:
        read, image = camera.read()
        if not read:
            sys.exit(f'camera {number} delivers no image: is it plugged in, and free?')
        yield Frame(image, time.monotonic(), channels='bgr')


def main() -> None:
    """Print every complete squat of each person."""
    frames = open_media(sys.argv[1]).frames() if sys.argv[1:] else camera_frames(0)
    estimator = PoseEstimator()
    watcher = MotionWatcher(make_observers(MotionConfig(exercise='squat')))
    watcher.want(['exercises'])  # the others cost time
    for frame in frames:
        for event in watcher.observe(estimator.estimate(frame), frame.time).events:
            count, deep = event.details['repetitions'], event.details['range_reached']
            print(f'person {event.skeleton_id}: squat {count}, deep enough: {deep}')


if __name__ == '__main__':
    try:
        main()
    except (ValueError, RuntimeError) as error:  # a file or model that cannot be used
        sys.exit(str(error))
    except KeyboardInterrupt:
        pass
