"""A web server with a scripted source, and clients."""

import json

import pytest

web_client = pytest.importorskip('web_client', reason='needs aiohttp', exc_type=ImportError)


@pytest.fixture
def serve():
    """Function that starts a server; it echoes requests, and refuses those of type bad."""
    from pose_ros.web.access import make_access  # noqa: PLC0415
    from pose_ros.web.server import WebServer  # noqa: PLC0415

    servers = []

    async def answer(_, request):
        if request['type'] == 'bad':
            raise ValueError('that is bad')
        return json.loads(json.dumps(request))

    def start(bound='127.0.0.1', token='', **options):
        access = make_access(bound, token)
        server = WebServer(lambda: {'title': 'test'}, answer, access, **options)
        server.start('127.0.0.1', 0)
        servers.append(server)
        server.url = f'http://127.0.0.1:{server.port}/'
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def visit(clients):
    """Function that connects a viewer."""
    return lambda url, **options: web_client.Visitor(clients, url, **options)
