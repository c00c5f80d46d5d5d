"""What camera_info says of the camera."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from pose_ros.core.camera import CameraModel


class Calibration:
    """The camera of the last camera_info, for pictures of any size.

    Parameters
    ----------
    rectified
        Whether the pictures are the rectified ones; may be changed in between.

    Attributes
    ----------
    fault
        Why there is no camera; empty if nothing is wrong.
    """

    def __init__(self, rectified: bool = False) -> None:
        self.rectified = rectified
        self.fault = ''
        self._info: CameraInfo | None = None
        self._camera: CameraModel | None = None
        self._valid_for: tuple[tuple[int, int], bool] | None = None

    @property
    def known(self) -> bool:
        """Whether a camera_info has come."""
        return self._info is not None

    def on_camera_info(self, message: CameraInfo) -> None:
        """Take a message."""
        message.header = Header()
        if message != self._info:
            self._info = message
            self._valid_for = None

    def camera(self, size: tuple[int, int]) -> CameraModel | None:
        """Camera for pictures of (width, height) [px]; None if there is none."""
        if self._info is None:
            return None
        if self._valid_for != (size, self.rectified):
            self._valid_for = (size, self.rectified)
            self._camera, self.fault = None, ''
            try:
                self._camera = camera_model(self._info, size, self.rectified)
            except ValueError as error:
                self.fault = f'camera_info: {error}'
        return self._camera


def camera_model(
    info: CameraInfo, image_size: tuple[int, int], rectified: bool = False
) -> CameraModel:
    """Camera of a message.

    Parameters
    ----------
    info
        Its region of interest and binning are undone: the region covers the picture.
    image_size
        (width, height) of the picture in whose pixels the keypoints are.
    rectified
        Whether that picture is the rectified one (P alone counts) or the raw one (K, D, R, P).

    Returns
    -------
    CameraModel
        ValueError if the message says nothing (uncalibrated) or something unknown.
    """
    matrix = np.array(info.k, float).reshape(3, 3)
    projection = np.array(info.p, float).reshape(3, 4)
    # Drivers of cameras that need no rectification often fill in one of the two.
    if not projection.any():
        projection[:, :3] = matrix
    elif not matrix.any():
        matrix = projection[:, :3].copy()
    rotation = np.array(info.r, float).reshape(3, 3)
    size = (info.roi.width or info.width, info.roi.height or info.height)
    scale_x, scale_y = ((full or own) / own if own else 1.0 for full, own in zip(size, image_size))
    return CameraModel(
        matrix=matrix,
        projection=projection,
        distortion=np.array(info.d, float),
        distortion_model=info.distortion_model,
        rectification=rotation if rotation.any() else None,
        rectified=rectified,
        scale=(scale_x, scale_y),
        offset=(info.roi.x_offset, info.roi.y_offset),
    )
