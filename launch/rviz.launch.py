"""Start only RViz: ``ros2 launch pose_ros rviz.launch.py namespace:=robot``.

For nodes that run on another machine: without raw images, unless ``rviz_config:=full``.
"""

from pose_ros.bringup.viewer import ARGUMENTS
from pose_ros.bringup.viewer import viewer as starts


def generate_launch_description():
    # What is started is data, which can be computed where launch is missing.
    from pose_ros.bringup.actions import launch_description  # noqa: PLC0415

    return launch_description(ARGUMENTS, starts)
