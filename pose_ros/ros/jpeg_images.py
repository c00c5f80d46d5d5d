"""Images of a topic as JPEGs, upright and of limited width."""

from __future__ import annotations

from pose_ros.core.camera_orientation import UPRIGHT
from pose_ros.core.encoded_image import read_encoded
from pose_ros.message_types import CompressedImage, Image
from pose_ros.ros.images import ImageReader
from pose_ros.web.viewer_messages import small_jpeg


class JpegImages:
    """Makes JPEGs of images, raw or compressed.

    Attributes
    ----------
    orientation
        How the camera is mounted.
    """

    def __init__(self) -> None:
        self.orientation = UPRIGHT
        self._reader = ImageReader()

    def encode(
        self, message: Image | CompressedImage | None, max_width: int, quality: int
    ) -> tuple[bytes, tuple[int, int]]:
        """JPEG of an image.

        Parameters
        ----------
        message
            None gives an empty JPEG.
        max_width
            Maximum width [px]. A JPEG that is not wider is passed on as it is, without metadata.
        quality
            Of other JPEGs, 1 to 100.

        Returns
        -------
        tuple
            The JPEG, and (width, height) [px] of the upright image before it was made smaller.
            FrameError says what is wrong with an image that cannot be used.
        """
        if message is None:
            return b'', (0, 0)
        if isinstance(message, CompressedImage) and self.orientation.is_upright:
            given = read_encoded(bytes(message.data))
            if given.format == 'jpeg' and given.width <= max_width:
                return given.data, (given.width, given.height)
        frame = self.orientation.upright_frame(self._reader.frame(message))
        return small_jpeg(frame, max_width, quality), (frame.width, frame.height)
