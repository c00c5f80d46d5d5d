"""People and what they do as a ROS 2 bag, written without ROS."""

from __future__ import annotations

from collections.abc import Sequence
import math
from pathlib import Path
import shutil
from typing import Any

from pose_ros.bag_messages import serialize, type_name
from pose_ros.bags import typestore
from pose_ros.core.camera import CameraModel
from pose_ros.core.media import MediaError
from pose_ros.core.motion.falls import Fall
from pose_ros.core.motion.watcher import Motion
from pose_ros.core.topology import HAND21, Topology
from pose_ros.core.types import Frame, FrameError, Person, TrackedHand
from pose_ros.extras import library
from pose_ros.message_types import Header, SkeletonArray
from pose_ros.message_values import seconds
from pose_ros.recordings.bag_images import BagFrame
from pose_ros.ros.conversions import SkeletonWriter, format_to_msg
from pose_ros.ros.hand_conversions import hand_array
from pose_ros.ros.labels import ANNOTATIONS, Labels
from pose_ros.ros.markers import SkeletonMarkers
from pose_ros.ros.motion_conversions import time_to_msg
from pose_ros.ros.motion_outputs import OUTPUTS
from pose_ros.ros.person_markers import MarkerStyle

# Time of the first image of a video [s]: a stamp of zero means that there is none.
_VIDEO_START = 1.0
# Horizontal field of view of markers for a camera without calibration [rad]: that of most webcams.
_FIELD_OF_VIEW = math.radians(60)
# Rounding of the times of frames [ns].
_SAME_TIME = 1000
# Messages that a late subscriber to a kept topic receives, as from the nodes.
_DEPTH = 50


class BagWriter:
    """Writes one bag (MCAP) with the topics of the nodes; a context manager.

    Parameters
    ----------
    path
        Folder of the bag, which must not exist.
    model
        Name of the model.
    topology
        Of the people.

    Raises
    ------
    OSError
        If the bag cannot be written.
    """

    def __init__(self, path: Path, model: str, topology: Topology) -> None:
        self._rosbag2 = library('rosbags.rosbag2', 'bags')
        if path.exists():
            raise FileExistsError(f'{path} exists already: remove it, or choose another name')
        self._path = path
        self._bag = self._rosbag2.Writer(
            path, version=9, storage_plugin=self._rosbag2.StoragePlugin.MCAP
        )
        self._types = typestore()
        self._connections: dict[str, Any] = {}
        self._format: Any = format_to_msg(topology)
        self._skeletons = SkeletonWriter(model)
        self._markers = SkeletonMarkers(MarkerStyle())
        self._labels = Labels()
        self._recorded = 0  # time of the image [ns]

    def __enter__(self) -> BagWriter:
        """Begin."""
        try:
            self._bag.open()
        except BaseException:  # also Ctrl-C
            self._remove()
            raise
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Write index and metadata; remove a bag that was not written to its end.

        A bag of an input that could not be read to its end stays.
        """
        whole = error is None or issubclass(error, (MediaError, FrameError))
        try:
            self._bag.close()
        except BaseException:
            whole = False
            raise
        finally:
            if not whole:
                self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self._path, ignore_errors=True)

    def write(
        self,
        frame: Frame,
        people: Sequence[Person],
        motion: Motion | None = None,
        inference_time: float = 0.0,
        hands: Sequence[TrackedHand] | None = None,
    ) -> None:
        """Add the people of a frame, with the header of its image.

        Parameters
        ----------
        frame
            The image; the stamps of a video begin at 1 s.
        people
            In its pixels.
        motion
            What they do.
        inference_time
            Time spent in the models [s].
        hands
            Hands of the people; None if they were not looked for.
        """
        header, zero = _header(frame)
        self._recorded = _recorded(header, zero + frame.time)
        if self._format is not None:
            self._add('skeleton_format', self._format, header, kept=True)
            if hands is not None:
                self._add('hand_format', format_to_msg(HAND21), header, kept=True)
            self._format = None
        size = (frame.width, frame.height)
        message = self._skeletons.write(people, header, size)
        message.inference_time = inference_time
        message.depth = _depth_state(frame)
        self._add('skeletons', message, header)
        if hands is not None:
            self._add('hands', hand_array(hands, header, size), header)
        if motion is not None:
            self._add_events(motion, header, zero)
        labels = self._labels.at(seconds(header.stamp), {person.id for person in people})
        placed = [(p, None if p.positions is None else p.positions.points) for p in people]
        camera = _camera(frame)
        markers = self._markers.update(header, placed, camera, labels, image_size=size)
        self._add('skeleton_markers', markers, header)

    def _add_events(self, motion: Motion, header: Any, zero: float) -> None:
        for output in OUTPUTS:
            values = [one for name in output.observers for one in motion.values.get(name, ())]
            # Times in the bag are on the clock of its stamps.
            values = [one.shifted(zero) if isinstance(one, Fall) else one for one in values]
            for event in output.convert(values, header):
                self._add(output.topic, event, header, kept=output.kept)
                if output.topic in ANNOTATIONS:
                    ANNOTATIONS[output.topic](self._labels, event)

    def _add(self, topic: str, message: Any, header: Any, kept: bool = False) -> None:
        """Write a message at the time of the image."""
        connection = self._connections.get(topic)
        if connection is None:
            connection = self._connections[topic] = self._bag.add_connection(
                f'/{topic}',
                type_name(message),
                typestore=self._types,
                offered_qos_profiles=[self._kept_profile()] if kept else [],
            )
        self._bag.write(connection, self._recorded, serialize(message))

    def _kept_profile(self) -> Any:
        """Reliable and transient local."""
        names = library('rosbags.interfaces', 'bags')
        unset = names.QosTime(0, 0)
        return names.Qos(
            names.QosHistory.KEEP_LAST,
            _DEPTH,
            names.QosReliability.RELIABLE,
            names.QosDurability.TRANSIENT_LOCAL,
            unset,
            unset,
            names.QosLiveliness.AUTOMATIC,
            unset,
            False,
        )


def _camera(frame: Frame) -> CameraModel:
    """The calibrated camera, else an assumed one."""
    if isinstance(frame, BagFrame) and frame.view is not None:
        return frame.view.camera
    return CameraModel.from_field_of_view(frame.width, frame.height, _FIELD_OF_VIEW)


def _depth_state(frame: Frame) -> int:
    """State of the depth image in SkeletonArray."""
    if not isinstance(frame, BagFrame) or not frame.expects_depth:
        return int(SkeletonArray.DEPTH_OFF)
    paired = frame.view is not None and frame.view.depth is not None
    return int(SkeletonArray.DEPTH_PAIRED if paired else SkeletonArray.DEPTH_MISSING)


def _header(frame: Frame) -> tuple[Any, float]:
    """Header of the image, and the stamp at which the frame's time is zero [s]."""
    if isinstance(frame, BagFrame):
        stamp = frame.header.stamp
        header = Header(frame_id=frame.header.frame_id)
        header.stamp.sec, header.stamp.nanosec = stamp.sec, stamp.nanosec
        return header, frame.zero
    return Header(stamp=time_to_msg(frame.time + _VIDEO_START)), _VIDEO_START


def _recorded(header: Any, time: float) -> int:
    """When messages about an image are recorded [ns]: its stamp, if that is its time [s]."""
    stamp = int(header.stamp.sec * 10**9 + header.stamp.nanosec)
    counted = round(time * 1e9)
    return stamp if abs(stamp - counted) < _SAME_TIME else counted
