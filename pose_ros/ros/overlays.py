"""The drawn images of marker_node, raw and as JPEG."""

from __future__ import annotations

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.core.encoded_image import encode_jpeg
from pose_ros.ros import qos
from pose_ros.ros.images import Channels, ImageWriter

TOPIC = 'image_overlay'


class Overlays:
    """Publishers of image_overlay and image_overlay/compressed; remapped, the two go together.

    Parameters
    ----------
    node
        Their owner.

    Attributes
    ----------
    quality
        Of the JPEGs, 1 to 100.
    """

    def __init__(self, node: Node) -> None:
        self.quality = 80
        self._raw = node.create_publisher(Image, TOPIC, qos.IMAGE_RELIABLE)
        compressed = f'{node.resolve_topic_name(TOPIC)}/compressed'
        self._compressed = node.create_publisher(CompressedImage, compressed, qos.IMAGE_RELIABLE)
        self._writers = {'rgb': ImageWriter('rgb8'), 'bgr': ImageWriter('bgr8')}

    @property
    def wanted(self) -> bool:
        """Whether either has subscribers."""
        return any(p.get_subscription_count() for p in (self._raw, self._compressed))

    def publish(self, image: np.ndarray, channels: Channels, header: Header) -> None:
        """Send an image, uint8 [height, width, 3], to those that have subscribers."""
        if self._raw.get_subscription_count():
            self._raw.publish(self._writers[channels].write(image, header))
        if self._compressed.get_subscription_count():
            self._compressed.publish(jpeg(image, channels, header, self.quality))


def jpeg(image: np.ndarray, channels: Channels, header: Header, quality: int) -> CompressedImage:
    """Message of an image, uint8 [height, width, 3], as a JPEG of a quality of 1 to 100."""
    message = CompressedImage(header=header, format='bgr8; jpeg compressed bgr8')
    message.data = encode_jpeg(image, channels, quality)
    return message
