"""Bags of images of the actor, written with rosbags."""

from types import SimpleNamespace

import numpy as np

from pose_ros import bags
from pose_ros.actor import Action, Actor, Scene, frames
from pose_ros.extras import library

START = 1_700_000_000  # [s]


def fall_frames():
    """Frames at 12 Hz of a person who falls after 2 s."""
    actor = Actor((Action('fall_left', 2.0),), height=330.0)
    return list(frames(Scene(duration=4.6, fps=12.0, actors=(actor,)), seed=4))


def write_bag(
    folder,
    images,
    storage='MCAP',
    topics=('/camera/image_raw',),
    *,
    focal_length=0.0,
    kind='sensor_msgs/msg/Image',
    stamps=None,
):
    """Write images as a bag, with camera_info for a focal length; returns its folder and file.

    `stamps` [s] are those of the headers, instead of the times of recording.
    """
    rosbag2 = library('rosbags.rosbag2', 'bags')
    store = bags.typestore()
    plugin = rosbag2.StoragePlugin[storage]
    with rosbag2.Writer(folder, version=9, storage_plugin=plugin) as writer:
        if focal_length:
            info = _camera_info(store.types, images[0], focal_length)
            name = info.__msgtype__
            connection = writer.add_connection('/camera/camera_info', name, typestore=store)
            writer.write(connection, START * 10**9, store.serialize_cdr(info, name))
        for topic in topics:
            connection = writer.add_connection(topic, kind, typestore=store)
            for number, frame in enumerate(images):
                seconds, nanoseconds = _stamp(frame.stamp)
                message = _message(store.types, frame)
                if stamps is not None:
                    stamp = message.header.stamp
                    stamp.sec, stamp.nanosec = divmod(round(stamps[number] * 1e9), 10**9)
                data = store.serialize_cdr(message, kind)
                writer.write(connection, seconds * 10**9 + nanoseconds, data)
    (file,) = (path for path in folder.iterdir() if path.suffix != '.yaml')
    return SimpleNamespace(folder=folder, file=file)


def _stamp(time):
    return START + int(time), round(time % 1 * 1e9)


def _header(types, frame):
    seconds, nanoseconds = _stamp(frame.stamp)
    stamp = types['builtin_interfaces/msg/Time'](sec=seconds, nanosec=nanoseconds)
    return types['std_msgs/msg/Header'](stamp=stamp, frame_id='camera')


def _camera_info(types, frame, focal_length):
    height, width = frame.image.shape[:2]
    x, y = (width - 1) / 2, (height - 1) / 2
    matrix = np.array([focal_length, 0, x, 0, focal_length, y, 0, 0, 1], float)
    return types['sensor_msgs/msg/CameraInfo'](
        header=_header(types, frame),
        height=height,
        width=width,
        distortion_model='plumb_bob',
        d=np.zeros(5),
        k=matrix,
        r=np.eye(3).ravel(),
        p=np.insert(matrix.reshape(3, 3), 3, 0.0, axis=1).ravel(),
        binning_x=0,
        binning_y=0,
        roi=types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False),
    )


def _message(types, frame):
    height, width = frame.image.shape[:2]
    return types['sensor_msgs/msg/Image'](
        header=_header(types, frame),
        height=height,
        width=width,
        encoding='rgb8',
        is_bigendian=0,
        step=3 * width,
        data=np.ascontiguousarray(frame.image).ravel(),
    )
