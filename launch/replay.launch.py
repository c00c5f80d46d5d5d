"""Start with a recording: ``ros2 launch pose_ros replay.launch.py bag:=FOLDER image:=/TOPIC``.

The nodes live in the time of the bag, and RViz shows them.
"""

from pose_ros.bringup.replay import ARGUMENTS
from pose_ros.bringup.replay import replay_pipeline as starts


def generate_launch_description():
    # What is started is data, which can be computed where launch is missing.
    from pose_ros.bringup.actions import launch_description  # noqa: PLC0415

    return launch_description(ARGUMENTS, starts)
