"""The ROS-free part: ``pip install .`` brings the core and the pose-ros command.

With ROS 2 the package is built by colcon (CMakeLists.txt), which does not read this file.
"""

from glob import glob

from setuptools import find_packages, setup

setup(
    name='pose_ros',
    version='0.1.0',
    description='Human pose for ROS 2: skeletons, gestures, joint angles and falls from images',
    license='Apache-2.0',
    packages=find_packages(include=['pose_ros', 'pose_ros.*']),
    package_data={'pose_ros': ['py.typed', 'web/page/*']},
    data_files=[
        ('share/pose_ros/config', sorted(glob('config/*'))),
        ('share/pose_ros/examples', sorted(glob('examples/*.*'))),
        ('share/pose_ros/launch', sorted(glob('launch/*'))),
        ('share/pose_ros/msg', sorted(glob('msg/*.msg'))),
    ],
    python_requires='>=3.10',
    install_requires=[
        'ai-edge-litert; platform_machine == "x86_64" or platform_machine == "aarch64"',
        'av',
        'numpy',
        'opencv-python-headless!=4.11.*,!=4.12.*',  # an animated PNG crashes these
        'pooch',
        'PyYAML',
        'rich',
        'scipy',
        'typer',
    ],
    extras_require={
        'bags': ['mcap', 'rosbags'],
        'evaluate': ['motmetrics', 'pycocotools'],
        'fleet': ['pyarrow', 'ray'],
        'openvino': ['openvino'],
        'plot': ['matplotlib', 'rosbags'],
        'tables': ['pyarrow'],
        'web': ['aiohttp'],
    },
    entry_points={'console_scripts': ['pose-ros = pose_ros.command_start:main']},
)
