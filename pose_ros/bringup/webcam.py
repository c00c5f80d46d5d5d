"""A webcam, by our own node or by the drivers of ROS, and the nodes behind it."""

from __future__ import annotations

from typing import Any

from pose_ros.bringup.arguments import ONE_PROCESS, PEOPLE, RUNNING, RVIZ, SOURCE, TOPICS, Argument
from pose_ros.bringup.packages import require
from pose_ros.bringup.pipeline import Values, full_pipeline, own_node
from pose_ros.bringup.process import Process

FRAME = 'camera_optical_frame'
DRIVERS = {'v4l2_camera': 'v4l2_camera_node', 'usb_cam': 'usb_cam_node_exe'}
ARGUMENTS = (
    Argument('camera', '/dev/video0', 'device'),
    Argument(
        'driver',
        'source_node',
        'node that reads it; those of ROS know a calibration, and must be installed',
        ('source_node', *DRIVERS),
    ),
    Argument('width', '640', 'of the images [px]'),
    Argument('height', '480', 'of the images [px]'),
    Argument('fps', '30', 'images a second that are asked for [Hz]; not by v4l2_camera'),
    Argument(
        'camera_info_url',
        '',
        'calibration, such as file:///home/me/camera.yaml; not by source_node',
    ),
    *RVIZ,
    *PEOPLE,
    ONE_PROCESS,
    *RUNNING,
)


def webcam_pipeline(values: Values) -> list[Process]:
    """Everything that webcam.launch.py starts.

    ValueError for a driver that is not installed, or a number that is none.
    """
    driver = values['driver']
    rest = {argument.name: argument.default for argument in (*TOPICS, SOURCE)}
    everything = {**rest, **values}
    if driver == 'source_node':
        if values['camera_info_url']:
            raise ValueError('source_node knows no calibration: choose driver:=v4l2_camera')
        camera = own_node(driver, everything, source_parameters(values))
    else:
        # Both drivers call it so.
        everything['image'] = 'image_raw'
        camera = driver_node(values)
    return full_pipeline(everything, camera)


def numbers(values: Values) -> tuple[int, int, float]:
    """Width and height [px] and rate [Hz]; ValueError says which is no number."""
    try:
        return int(values['width']), int(values['height']), float(values['fps'])
    except ValueError as error:
        raise ValueError(f'width, height and fps must be numbers: {error}') from error


def source_parameters(values: Values) -> dict[str, Any]:
    """Parameters of source_node."""
    width, height, fps = numbers(values)
    device = {'source': 'camera', 'device': values['camera']}
    return {**device, 'width': width, 'height': height, 'fps': fps}


def driver_node(values: Values) -> Process:
    """v4l2_camera or usb_cam; ValueError if it is not installed."""
    driver = values['driver']
    require(driver)
    width, height, fps = numbers(values)
    parameters: dict[str, Any] = {
        'use_sim_time': values['use_sim_time'] == 'true',
        'video_device': values['camera'],
    }
    if driver == 'v4l2_camera':
        parameters |= {'image_size': [width, height], 'camera_frame_id': FRAME}
    else:
        # What USB cameras need to be fast, unpacked.
        parameters |= {'image_width': width, 'image_height': height, 'framerate': fps}
        parameters |= {'frame_id': FRAME, 'pixel_format': 'mjpeg2rgb'}
    if values['camera_info_url']:
        parameters['camera_info_url'] = values['camera_info_url']
    return Process(
        driver,
        DRIVERS[driver],
        driver,
        values['namespace'],
        parameters={'/**': parameters},
        respawn=values['respawn'] == 'true',
    )
