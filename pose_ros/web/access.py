"""Who may see the page: token, host names, origins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import ip_address
import re
import secrets
import socket
from urllib.parse import SplitResult, urlsplit

MIN_TOKEN = 16  # [characters] of a token that the user chooses
_LOOPBACK_NAMES = frozenset(('localhost', '::1', '127.0.0.1'))


class AccessError(Exception):
    """Why a request is refused.

    Attributes
    ----------
    status
        HTTP status: 401 without the token, 403 else.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Access:
    """Rules for every request.

    Attributes
    ----------
    token
        Asked for if it is not empty.
    names
        Host names under which the page may be opened, in addition to IP addresses.
    """

    token: str
    names: frozenset[str]

    def check(self, headers: Mapping[str, str], cookie: str = '') -> None:
        """Check a request.

        Parameters
        ----------
        headers
            Of the request, by names in any case.
        cookie
            Value of the cookie with the token; empty without one.

        Raises
        ------
        AccessError
            The host is unknown, the origin is another one, or the token is missing or wrong.
        """
        self.check_host(headers)
        given = headers.get('Authorization', '').removeprefix('Bearer ') or cookie
        if not self.accepts(given):
            raise AccessError(401, 'the token is missing or wrong')

    def check_host(self, headers: Mapping[str, str]) -> None:
        """Check the host, so that no other name leads here (DNS rebinding), and the origin."""
        host = headers.get('Host', '')
        name = _split(f'//{host}').hostname or ''
        if not (_is_address(name) or name in self.names):
            raise AccessError(
                403, f'unknown host name {name[:100]!r}: add it to the parameter allowed_hosts'
            )
        origin = headers.get('Origin')
        if origin is not None and _split(origin).netloc.lower() != host.lower():
            raise AccessError(403, 'requests from other pages are refused')

    def accepts(self, given: str) -> bool:
        """Whether a token is the right one."""
        sent = given.encode('utf-8', 'surrogateescape')
        return not self.token or compare_digest(sent, self.token.encode())


def make_access(host: str, token: str = '', allowed_hosts: Collection[str] = ()) -> Access:
    """Rules for a server that is bound to a host.

    Parameters
    ----------
    host
        Address to bind to. All but the loopback need a token.
    token
        The token; empty: a new one if one is needed.
    allowed_hosts
        Further host names under which the page may be opened.

    Raises
    ------
    ValueError
        The token is too short or has characters that a cookie cannot hold.
    """
    if token and not re.fullmatch(rf'[A-Za-z0-9_-]{{{MIN_TOKEN},}}', token):
        raise ValueError(f'token must have at least {MIN_TOKEN} letters, digits, - or _')
    names = {*_LOOPBACK_NAMES, *(name.lower() for name in allowed_hosts)}
    if host not in _LOOPBACK_NAMES:
        token = token or secrets.token_urlsafe(24)
        own = socket.gethostname().lower()
        names |= {own, f'{own}.local', host.lower()}
    return Access(token, frozenset(names))


def page_address(host: str, port: int, token: str) -> str:
    """URL of the page as a browser opens it."""
    name = _own_address() if host in ('0.0.0.0', '::', '') else host
    shown = f'[{name}]' if ':' in name else name
    return f'http://{shown}:{port}/{f"?token={token}" if token else ""}'


def _own_address() -> str:
    """Address of this machine in its network; its name if there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing: asks only which way leads out. The address is for documentation.
            probe.connect(('192.0.2.1', 9))
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])


def _split(url: str) -> SplitResult:
    """Parts of a URL; empty ones if it is malformed."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit('')


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
