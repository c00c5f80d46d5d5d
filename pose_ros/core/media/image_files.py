"""Image files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pose_ros.core.encoded_image import PNG_START, read_encoded
from pose_ros.core.media.media_errors import MediaError, display_name
from pose_ros.core.media.stored_orientation import webp_orientation
from pose_ros.core.types import MAX_IMAGE_SIDE, FrameError


def is_image(path: Path) -> bool:
    """Whether a file begins as one of the image formats that can be decoded; GIFs are videos."""
    try:
        with path.open('rb') as file:
            if file.read(4) == b'GIF8':
                return False
            # The descriptor's name is ASCII, whatever the file's is.
            return bool(cv2.haveImageReader(f'/proc/self/fd/{file.fileno()}'))
    except (OSError, cv2.error):
        return False


def read_image(path: Path) -> np.ndarray:
    """Read an image as uint8 [height, width, 3] BGR, upright as its EXIF data say."""
    name = display_name(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MediaError(f'{name}: {error.strerror}') from error
    if not content:
        raise MediaError(f'{name}: the file is empty')
    if content.startswith(PNG_START):
        # Some versions of OpenCV crash on animated ones, or allocate what a length field claims.
        try:
            read_encoded(content, MAX_IMAGE_SIDE**2)
        except FrameError as error:
            raise MediaError(f'{name}: {error}') from error
    webp = content[:4] == b'RIFF' and content[8:12] == b'WEBP'
    # OpenCV applies the EXIF data of JPEG and PNG, but not of WebP.
    flags = cv2.IMREAD_COLOR | (cv2.IMREAD_IGNORE_ORIENTATION if webp else 0)
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise MediaError(f'{name}: cannot be decoded: {error.err}') from error
    if image is None:
        raise MediaError(f'{name}: not an image that can be decoded')
    return webp_orientation(content).apply(image) if webp else image
