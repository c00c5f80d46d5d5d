"""Start with a webcam: ``ros2 launch pose_ros webcam.launch.py camera:=/dev/video2 rviz:=true``.

It is read by source_node, or by v4l2_camera or usb_cam: ``driver:=v4l2_camera``.
"""

from pose_ros.bringup.webcam import ARGUMENTS
from pose_ros.bringup.webcam import webcam_pipeline as starts


def generate_launch_description():
    # What is started is data, which can be computed where launch is missing.
    from pose_ros.bringup.actions import launch_description  # noqa: PLC0415

    return launch_description(ARGUMENTS, starts)
