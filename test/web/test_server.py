"""The web server over real sockets: what it serves, and above all what it refuses."""

import socket

import aiohttp
from browser import wait_for
import pytest

from pose_ros.web.server import MAX_MESSAGE, PAGE

TOKEN = 'correct-horse-battery'


@pytest.fixture
def get(clients):
    """Function that makes a request: status, headers and text of the response."""

    def request(url, method='GET', **headers):
        async def run():
            async with clients.session.request(
                method, url, headers=headers, allow_redirects=False
            ) as response:
                return response.status, response.headers, await response.text()

        return clients.run(run())

    return request


def status_of(connect, *arguments, **options):
    """Status with which a WebSocket is refused."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        connect(*arguments, **options)
    return refused.value.status


def test_the_page_and_all_its_files(serve, get):
    url = serve().url
    status, headers, text = get(url)
    assert (status, headers['Content-Type']) == (200, 'text/html; charset=utf-8')
    assert '<canvas id="image">' in text
    for file in PAGE.iterdir():
        status, headers, text = get(url + file.name)
        assert (status, text) == (200, file.read_text(encoding='utf-8'))
        assert 'octet' not in headers['Content-Type']


def test_nothing_comes_from_other_hosts(serve, get):
    for file in PAGE.iterdir():
        text = file.read_text(encoding='utf-8').replace('http://www.w3.org/2000/svg', '')
        assert 'http:' not in text, file
        assert 'https:' not in text.replace("'https:'", ''), file
    policy = get(serve().url)[1]['Content-Security-Policy']
    assert "default-src 'none'" in policy
    assert 'unsafe' not in policy


def test_every_response_has_the_headers_that_protect_the_page(serve, get):
    url = serve(token=TOKEN).url
    for address, given in (
        (url, {}),
        (url, {'Authorization': f'Bearer {TOKEN}'}),
        (url + 'no', {}),
    ):
        _, headers, _ = get(address, **given)
        assert headers['X-Frame-Options'] == 'DENY'
        assert headers['X-Content-Type-Options'] == 'nosniff'
        assert headers['Cross-Origin-Resource-Policy'] == 'same-origin'
        assert "frame-ancestors 'none'" in headers['Content-Security-Policy']


@pytest.mark.parametrize(
    'path',
    ['../server.py', '%2e%2e/server.py', '..%2fserver.py', 'nothing.js', '.', 'a/b', '%00.js'],
)
def test_no_other_file_is_served(serve, path):
    """Byte for byte: a client library would tidy the path."""
    server = serve()
    with socket.create_connection(('127.0.0.1', server.port)) as raw:
        raw.sendall(
            f'GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'.encode()
        )
        answer = raw.makefile('rb').read()
    assert answer.startswith((b'HTTP/1.1 404', b'HTTP/1.1 400')), answer
    assert b'WebServer' not in answer


@pytest.mark.parametrize('method', ['POST', 'PUT', 'DELETE', 'OPTIONS'])
def test_other_methods_are_refused(serve, get, method):
    assert get(serve().url, method)[0] == 405


@pytest.mark.parametrize('path', ['', 'main.js', 'socket'])
def test_another_host_or_origin_is_refused_everywhere(serve, get, path):
    url = serve().url + path
    assert get(url, Host='evil.example')[0] == 403
    assert get(url, Origin='http://evil.example')[0] == 403


def test_a_socket_from_another_page_is_refused(serve, visit):
    server = serve()
    assert status_of(visit, server.url, Origin='http://evil.example') == 403
    assert status_of(visit, server.url, Origin='null') == 403
    assert status_of(visit, server.url, Host=f'evil.example:{server.port}') == 403
    same = f'http://127.0.0.1:{server.port}'
    viewer = visit(server.url, Origin=same)
    wait_for(lambda: viewer.of('hello'))


def test_without_the_token_nothing_is_served(serve, get, visit):
    url = serve(bound='0.0.0.0', token=TOKEN).url
    status, _, text = get(url)
    assert status == 401
    assert 'name="token"' in text
    assert 'canvas' not in text
    for path in ('main.js', 'socket', 'index.html', 'nothing'):
        assert get(url + path)[0] == 401
    assert status_of(visit, url) == 401
    assert status_of(visit, url, Authorization='Bearer nothing-of-the-kind') == 401
    status, headers, text = get(url + '?token=nothing-of-the-kind')
    assert status == 401
    assert 'data-state="wrong"' in text
    assert 'Set-Cookie' not in headers


def test_the_token_moves_from_the_address_to_a_cookie(serve, get, visit):
    server = serve(bound='0.0.0.0', token=TOKEN)
    status, headers, _ = get(f'{server.url}?token={TOKEN}')
    assert (status, headers['Location']) == (303, '/')
    cookie = headers['Set-Cookie']
    assert all(
        part in cookie for part in (f'pose_ros_{server.port}=', 'HttpOnly', 'SameSite=Strict')
    )
    # The client has it now.
    assert get(server.url)[0] == 200
    viewer = visit(server.url)
    wait_for(lambda: viewer.of('hello'))


def test_the_token_as_a_header(serve, get, visit):
    url = serve(bound='0.0.0.0', token=TOKEN).url
    assert get(url, Authorization=f'Bearer {TOKEN}')[0] == 200
    viewer = visit(url, Authorization=f'Bearer {TOKEN}')
    wait_for(lambda: viewer.of('hello'))


def test_the_token_counts_only_with_a_known_host(serve, get):
    url = serve(bound='0.0.0.0', token=TOKEN).url
    assert get(f'{url}?token={TOKEN}', Host='evil.example')[0] == 403


@pytest.mark.parametrize(
    ('message', 'code'),
    [
        ('x' * (MAX_MESSAGE + 1), 1009),
        (b'binary', 1003),
        ('no JSON', 1008),
        ('[1, 2]', 1008),
        ('{"type": 1}', 1008),
        ('{}', 1008),
        ('[' * 4000, 1008),
    ],
)
def test_a_viewer_that_sends_something_else_is_disconnected(serve, visit, message, code):
    server = serve()
    viewer, other = visit(server.url), visit(server.url)
    viewer.send(message)
    assert wait_for(lambda: viewer.code) == code
    wait_for(lambda: len(server.hub.viewers) == 1)
    other.send({'type': 'ping', 'number': 1})
    wait_for(lambda: other.of('reply'))


def test_requests_are_answered_or_refused_with_the_reason(serve, visit):
    viewer = visit(serve().url)
    for number, kind in enumerate(('good', 'bad')):
        viewer.send({'type': kind, 'number': number})
        wait_for(lambda n=number: len(viewer.of('reply')) == n + 1)
    good, bad = viewer.of('reply')
    assert good == {
        'type': 'reply', 'ok': True, 'number': 0, 'content': {'type': 'good', 'number': 0},
    }  # fmt: skip
    assert (bad['ok'], bad['content'], bad['number']) == (False, 'that is bad', 1)


def test_there_are_no_more_viewers_than_allowed(serve, visit):
    server = serve(max_viewers=2)
    viewers = [visit(server.url) for _ in range(2)]
    assert status_of(visit, server.url) == 503
    viewers[0].close()
    wait_for(lambda: len(server.hub.viewers) == 1)
    visit(server.url)


def test_a_slow_viewer_loses_frames_and_the_others_none(serve, visit):
    server = serve()
    slow, fast = visit(server.url, confirm=False), visit(server.url)
    wait_for(lambda: len(server.hub.viewers) == 2)
    image = b'\x02\0\0\0{}' + bytes(100_000)
    for number in range(20):
        server.post(server.hub.put_frame, image)
        wait_for(lambda n=number: len(fast.frames) == n + 1)
    assert len(slow.frames) <= 2
    assert slow.code is None


def test_a_viewer_that_reads_nothing_stops_no_one(serve, visit):
    """Its kernel buffers are full: sending to it blocks, the others go on."""
    server = serve()
    with socket.create_connection(('127.0.0.1', server.port)) as deaf:
        deaf.sendall(
            b'GET /socket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n'
            b'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
            b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
        )
        wait_for(lambda: len(server.hub.viewers) == 1)
        viewer = visit(server.url)
        wait_for(lambda: len(server.hub.viewers) == 2)
        for number in range(20):
            server.post(server.hub.put_state, number, {'type': 'x', 'text': 'y' * 1_000_000})
            wait_for(lambda n=number: len(viewer.of('x')) == n + 1)


def test_the_end_disconnects_all(serve, visit):
    server = serve()
    viewer = visit(server.url)
    wait_for(lambda: viewer.of('hello'))
    server.run(server._runner.cleanup())
    assert wait_for(lambda: viewer.code) == 1013


def test_a_port_that_is_taken(serve):
    from pose_ros.web.server import WebServer  # noqa: PLC0415

    first = serve()
    second = WebServer(dict, None, first._access)
    with pytest.raises(ValueError, match=f'cannot serve the page on 127.0.0.1, port {first.port}'):
        second.start('127.0.0.1', first.port)
