"""What camera_info says of the camera."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pose_ros.core.camera import CameraModel
from pose_ros.message_types import CameraInfo, Header

# An image resized from the calibrated one may be stretched by this [-] (848×480 from 1280×720),
# and its sides are whole pixels [px].
_STRETCH, _ROUNDING = 0.01, 2.0


class Calibration:
    """The camera of the last camera_info, for images of any size.

    Parameters
    ----------
    rectified
        Whether the images are the rectified ones; may be changed in between.
    mirrored
        Whether the images are mirrored, left to right; may be changed in between.
    warn
        Called with a fault of camera_info when it is first found.

    Attributes
    ----------
    fault
        Why there is no camera; empty if nothing is wrong.
    """

    def __init__(
        self,
        rectified: bool = False,
        mirrored: bool = False,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.rectified = rectified
        self.mirrored = mirrored
        self._warn = warn
        self._warned = ''
        self.fault = ''
        self._info: CameraInfo | None = None
        self._camera: CameraModel | None = None
        self._valid_for: tuple[tuple[int, int], bool, bool] | None = None

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
        """Camera for images of (width, height) [px]; None if there is none."""
        if self._info is None:
            return None
        wanted = (size, self.rectified, self.mirrored)
        if self._valid_for != wanted:
            self._valid_for = wanted
            self._camera, self.fault = None, ''
            try:
                self._camera = camera_model(self._info, *wanted)
            except ValueError as error:
                self.fault = f'camera_info: {error}'
                if self.fault != self._warned:
                    self._warn(f'no 3D positions: {self.fault}')
                    self._warned = self.fault
        return self._camera


def camera_model(
    info: CameraInfo,
    image_size: tuple[int, int],
    rectified: bool = False,
    mirrored: bool = False,
) -> CameraModel:
    """Camera of a message.

    Parameters
    ----------
    info
        Its region of interest and binning are undone: the region covers the image.
    image_size
        (width, height) of the image in whose pixels the keypoints are.
    rectified
        Whether that image is the rectified one (P alone counts) or the raw one (K, D, R, P).
    mirrored
        Whether it is mirrored, left to right.

    Returns
    -------
    CameraModel
        ValueError if the message says nothing (uncalibrated), something unknown or something
        about images of another shape.
    """
    calibrated = _calibrated_size(info, image_size)
    matrix = np.array(info.k, float).reshape(3, 3)
    projection = np.array(info.p, float).reshape(3, 4)
    # Drivers of cameras that need no rectification often fill in one of the two.
    if not projection.any():
        projection[:, :3] = matrix
    elif not matrix.any():
        matrix = projection[:, :3].copy()
    rotation = np.array(info.r, float).reshape(3, 3)
    scale_x, scale_y = (full / own for full, own in zip(calibrated, image_size))
    return CameraModel(
        matrix=matrix,
        projection=projection,
        distortion=np.array(info.d, float),
        distortion_model=info.distortion_model,
        rectification=rotation if rotation.any() else None,
        rectified=rectified,
        mirrored=mirrored,
        scale=(scale_x, scale_y),
        offset=(info.roi.x_offset, info.roi.y_offset),
    )


def _calibrated_size(info: CameraInfo, image_size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) [px] of the part of the calibrated image that the image shows.

    ValueError if that part has another shape than the image.
    """
    width, height = image_size
    if not (width and height):
        raise ValueError(f'the image has no size: {width}×{height}')
    roi = info.roi
    full_width, full_height = roi.width or info.width, roi.height or info.height
    if not (full_width or full_height):
        return image_size  # some drivers leave the size out
    if not (full_width and full_height):
        raise ValueError(f'a side of 0 px: {full_width}×{full_height}')
    if info.width and info.height and (roi.width or roi.height):
        right, bottom = roi.x_offset + full_width, roi.y_offset + full_height
        if right > info.width or bottom > info.height:
            raise ValueError(
                f'its region of interest reaches to {right}, {bottom}, beyond '
                f'{info.width}×{info.height} px'
            )
    shown_width = full_width / max(info.binning_x, 1)
    shown_height = full_height / max(info.binning_y, 1)
    stretch = shown_width * height / (shown_height * width)
    if abs(stretch - 1) > max(_STRETCH, _ROUNDING / min(image_size)):
        raise ValueError(
            f'it is for {shown_width:.0f}×{shown_height:.0f} px, the images have {width}×{height} '
            'px: another shape; publish the camera_info of the images'
        )
    return full_width, full_height
