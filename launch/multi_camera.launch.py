"""Start several cameras: ``ros2 launch pose_ros multi_camera.launch.py cameras:=FILE``.

FILE is a YAML list of cameras, see config/cameras.yaml.
"""

from pose_ros.bringup.cameras import ARGUMENTS
from pose_ros.bringup.cameras import cameras_pipeline as starts


def generate_launch_description():
    # What is started is data, which can be computed where launch is missing.
    from pose_ros.bringup.actions import launch_description  # noqa: PLC0415

    return launch_description(ARGUMENTS, starts)
