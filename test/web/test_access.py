"""Who may see the page."""

import pytest

from pose_ros.web.access import AccessError, make_access, page_address

TOKEN = 'correct-horse-battery'


def headers(**values):
    return {'Host': 'localhost:8090', **values}


def test_the_loopback_needs_no_token():
    access = make_access('127.0.0.1')
    assert access.token == ''
    access.check(headers())


@pytest.mark.parametrize('host', ['0.0.0.0', '::', '192.168.1.5', 'robot'])
def test_any_other_address_gets_a_token_of_its_own(host):
    tokens = {make_access(host).token for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(token) >= 32 for token in tokens)


def test_the_token_comes_as_header_or_cookie():
    access = make_access('0.0.0.0', TOKEN)
    access.check(headers(Authorization=f'Bearer {TOKEN}'))
    access.check(headers(), TOKEN)
    for given in ('', 'wrong', TOKEN[:-1], TOKEN + 'x', '\udcff'):
        with pytest.raises(AccessError) as refused:
            access.check(headers(), given)
        assert refused.value.status == 401
        with pytest.raises(AccessError):
            access.check(headers(Authorization=f'Bearer {given}'))


@pytest.mark.parametrize(
    'token', ['short', 'x' * 15, 'a b' * 9, 'ä' * 20, 'x;' * 9, 'x' * 20 + '\n']
)
def test_a_token_that_is_too_short_or_no_cookie_is_refused(token):
    with pytest.raises(ValueError, match='token must have at least 16'):
        make_access('0.0.0.0', token)


@pytest.mark.parametrize(
    'host', ['evil.example', 'evil.example:8090', 'localhost.evil.example', '', '[', 'a' * 5000]
)
def test_another_host_name_is_refused(host):
    """A name of others that leads to this machine (DNS rebinding)."""
    for bound in ('127.0.0.1', '0.0.0.0'):
        with pytest.raises(AccessError, match='unknown host name') as refused:
            make_access(bound, TOKEN).check(headers(Host=host), TOKEN)
        assert refused.value.status == 403
        assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    'host', ['localhost', 'LOCALHOST:8090', '127.0.0.1:8090', '[::1]:8090', '192.168.1.5:80']
)
def test_addresses_and_own_names_are_known(host):
    make_access('127.0.0.1').check(headers(Host=host))


def test_names_that_are_allowed(monkeypatch):
    monkeypatch.setattr('socket.gethostname', lambda: 'Robot')
    access = make_access('0.0.0.0', TOKEN, ['robot.lab'])
    for name in ('robot', 'robot.local', 'robot.lab:8090'):
        access.check(headers(Host=name), TOKEN)
    # The own name is not one of the loopback.
    with pytest.raises(AccessError):
        make_access('127.0.0.1').check(headers(Host='robot'))


@pytest.mark.parametrize(
    'origin',
    [
        'http://evil.example', 'null', '', 'http://localhost', 'http://localhost:8091',
        'http://localhost:8090.evil.example', 'http://evil.example/localhost:8090', 'http://[',
        'http://user@localhost:8090',
    ],
)  # fmt: skip
def test_another_origin_is_refused(origin):
    with pytest.raises(AccessError, match='from other pages') as refused:
        make_access('127.0.0.1').check(headers(Origin=origin))
    assert refused.value.status == 403


@pytest.mark.parametrize('origin', ['http://localhost:8090', 'https://localhost:8090'])
def test_the_own_origin_is_accepted(origin):
    make_access('127.0.0.1').check(headers(Origin=origin))


def test_the_address_that_is_printed():
    assert page_address('127.0.0.1', 8090, '') == 'http://127.0.0.1:8090/'
    assert page_address('::1', 8090, 'abc') == 'http://[::1]:8090/?token=abc'
    anywhere = page_address('0.0.0.0', 8090, 'abc')
    assert anywhere.endswith(':8090/?token=abc')
    assert '0.0.0.0' not in anywhere
