"""Small videos with known images and times, and PyAV taken away."""

from __future__ import annotations

from fractions import Fraction
import sys

import av
import pytest

from pose_ros.core.media import videos


@pytest.fixture
def make_video():
    """Write images at their stamps [s] with PyAV: codec and container at will."""

    def make(path, images, stamps, codec='mpeg4', container=None, *, options=None, gop=12):
        with av.open(str(path), 'w', container, options=options or {}) as output:
            stream = output.add_stream(codec, rate=Fraction(100))
            stream.height, stream.width = images[0].shape[:2]
            stream.pix_fmt = {'gif': 'rgb8', 'mjpeg': 'yuvj420p'}.get(codec, 'yuv420p')
            stream.codec_context.time_base = Fraction(1, 100)
            stream.codec_context.gop_size = gop
            for image, stamp in zip(images, stamps):
                frame = av.VideoFrame.from_ndarray(image, format='bgr24')
                frame.pts, frame.time_base = round(stamp * 100), Fraction(1, 100)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        return path

    return make


@pytest.fixture
def without_pyav(monkeypatch):
    """As on a robot on which PyAV cannot be imported."""
    monkeypatch.setitem(sys.modules, 'av', None)
    videos.pyav.cache_clear()
    yield
    videos.pyav.cache_clear()
