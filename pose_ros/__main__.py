"""``python -m pose_ros`` is the pose-ros command."""

from pose_ros.cli.main import main

main()
