"""Start pose_ros: ``ros2 launch pose_ros pose.launch.py image:=/camera/image_raw``.

Without a camera of your own: ``source:=camera``, ``source:=actor`` or ``source:=VIDEO``,
a file or URL.
``--show-args`` lists the arguments.
"""

from pose_ros.bringup.arguments import POSE as ARGUMENTS
from pose_ros.bringup.pipeline import full_pipeline as starts


def generate_launch_description():
    # What is started is data, which can be computed where launch is missing.
    from pose_ros.bringup.actions import launch_description  # noqa: PLC0415

    return launch_description(ARGUMENTS, starts)
