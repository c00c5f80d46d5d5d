"""Videos over HTTP and RTSP, from servers of the test on this machine."""

from __future__ import annotations

import socket
import struct
import threading

import numpy as np
import pytest

from pose_ros.core.media import MediaError, open_media, open_video

STAMPS = [number / 25 for number in range(60)]
# How long a server may be silent here [s].
TIMEOUT = 1.0


@pytest.fixture
def images():
    rng = np.random.default_rng(1)
    return [rng.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in STAMPS]


@pytest.fixture
def mp4(make_video, tmp_path, images):
    options = {'movflags': 'faststart'}
    return make_video(tmp_path / 'x.mp4', images, STAMPS, options=options).read_bytes()


@pytest.fixture
def transport_stream(make_video, tmp_path, images):
    return make_video(tmp_path / 'x.ts', images, STAMPS, 'mpeg2video', 'mpegts').read_bytes()


def read(url):
    """Number of frames, stamps, and the error of a stream, after `TIMEOUT` of silence."""
    stamps = []
    try:
        reader = open_video(url, TIMEOUT)
    except MediaError as error:
        return stamps, str(error)
    try:
        for _, stamp in reader.frames():
            stamps.append(stamp)
    except MediaError as error:
        return stamps, str(error)
    finally:
        reader.close()
    return stamps, ''


def test_a_video_over_http_is_read_whole(http_server, mp4):
    http_server.content, http_server.length = mp4, len(mp4)
    media = open_media(http_server.url)
    assert http_server.requests == 0
    assert [frame.stamp for frame in media.frames()] == pytest.approx(STAMPS)
    reader = open_video(http_server.url)
    assert reader.finite
    assert (reader.rate, reader.count) == (pytest.approx(25, rel=0.02), 60)
    reader.close()


def test_a_live_stream_over_http_is_not_finite(http_server, transport_stream):
    http_server.content = transport_stream
    reader = open_video(http_server.url, TIMEOUT)
    assert not reader.finite
    reader.close()
    stamps, error = read(http_server.url)
    assert len(stamps) == 60
    # It states no length, so that its end is not told from a loss.
    assert error in ('', f'{http_server.url}: the connection is lost, after 60 frames')


def test_what_is_not_there_is_named_with_the_reason(http_server):
    stamps, error = read(http_server.url)
    assert (stamps, error) == ([], f'{http_server.url}: Server returned 404 Not Found')


@pytest.mark.parametrize('scheme', ['http', 'rtsp'])
def test_a_refused_connection_is_named_with_the_reason(scheme):
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = server.getsockname()[1]
    url = f'{scheme}://127.0.0.1:{port}/x'
    assert read(url) == ([], f'{url}: Connection refused')


@pytest.mark.parametrize('scheme', ['http', 'rtsp'])
def test_a_server_that_never_answers_is_given_up(scheme):
    with socket.create_server(('127.0.0.1', 0)) as server:
        url = f'{scheme}://me:secret@127.0.0.1:{server.getsockname()[1]}/x'
        stamps, error = read(url)
    assert stamps == []
    assert error == url.replace('secret', '***') + ': no data for 1 s'


def test_a_stream_that_falls_silent_gives_its_frames_then_says_so(http_server, transport_stream):
    http_server.content = transport_stream[: len(transport_stream) // 2]
    http_server.hold = threading.Event()
    stamps, error = read(http_server.url)
    assert 20 < len(stamps) < 40
    assert 'no data for 1 s' in error


def test_a_transfer_that_breaks_off_gives_its_frames_then_says_so(http_server, mp4):
    http_server.content, http_server.length = mp4[: len(mp4) // 2], len(mp4)
    stamps, error = read(http_server.url)
    assert 20 < len(stamps) < 40
    assert error == f'{http_server.url}: the connection is lost, after {len(stamps)} frames'


class RtspServer(threading.Thread):
    """Answers one client, who takes RTP over the same connection, with a transport stream."""

    SDP = 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\n'

    def __init__(self, content):
        super().__init__(daemon=True)
        self._content = content
        self._server = socket.create_server(('127.0.0.1', 0))
        self.url = f'rtsp://127.0.0.1:{self._server.getsockname()[1]}/live'
        self.transport = ''

    def run(self):
        connection, _ = self._server.accept()
        with connection, connection.makefile('rb') as lines:
            while request := lines.readline().decode().split():
                head = dict(
                    line.split(': ', 1) for line in iter(lambda: lines.readline().decode(), '\r\n')
                )
                extra, body = '', ''
                if request[0] == 'DESCRIBE':
                    extra, body = 'Content-Type: application/sdp\r\n', self.SDP
                elif request[0] == 'SETUP':
                    self.transport = head['Transport'].strip()
                    extra = f'Transport: {self.transport}\r\nSession: 1\r\n'
                connection.sendall(
                    f'RTSP/1.0 200 OK\r\nCSeq: {head["CSeq"].strip()}\r\n{extra}'
                    f'Content-Length: {len(body)}\r\n\r\n{body}'.encode()
                )
                if request[0] == 'PLAY':
                    self._play(connection)
                    return

    def _play(self, connection):
        size = 7 * 188
        for number in range(0, len(self._content), size):
            part = self._content[number : number + size]
            packet = struct.pack('>BBHII', 0x80, 33, number // size, 0, 1) + part
            connection.sendall(struct.pack('>BBH', ord('$'), 0, len(packet)) + packet)


def test_a_live_stream_over_rtsp_by_tcp(transport_stream):
    server = RtspServer(transport_stream)
    server.start()
    stamps, error = read(server.url)
    server.join()
    assert server.transport.startswith('RTP/AVP/TCP')
    # The last one ends where the next would begin.
    assert len(stamps) in (59, 60)
    assert np.diff(stamps) == pytest.approx(1 / 25, abs=1e-3)
    assert error in ('', f'{server.url}: the connection is lost, after {len(stamps)} frames')
