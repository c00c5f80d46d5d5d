"""``python -m pose_ros`` is the pose-ros command."""

from pose_ros.command_start import main

if __name__ == '__main__':  # workers import this file
    main()
