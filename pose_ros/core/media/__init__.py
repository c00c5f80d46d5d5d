"""Images and videos in files and from the network: read with time stamps, and written."""

from pose_ros.core.media.files import (
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    Media,
    find_media,
    open_media,
)
from pose_ros.core.media.media_errors import (
    MediaError,
    display_name,
    is_url,
    local_path,
    resolved,
)
from pose_ros.core.media.stamps import DEFAULT_RATE
from pose_ros.core.media.videos import VideoReader, images_at, open_video
from pose_ros.core.media.writer import VideoWriter

__all__ = [
    'DEFAULT_RATE',
    'IMAGE_SUFFIXES',
    'VIDEO_SUFFIXES',
    'Media',
    'MediaError',
    'VideoReader',
    'VideoWriter',
    'display_name',
    'find_media',
    'images_at',
    'is_url',
    'local_path',
    'open_media',
    'open_video',
    'resolved',
]
