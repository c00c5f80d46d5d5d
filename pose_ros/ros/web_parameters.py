"""Parameters of web_node."""

from __future__ import annotations

from pose_ros.ros.parameters import EXECUTOR, Parameter

PARAMETERS = (
    Parameter(
        'host', '127.0.0.1', 'Address to listen on; all but the loopback ask for a token'
    ),
    Parameter('port', 8090, 'Port of the page; 0: a free one', low=0, high=65535),
    Parameter('token', '', 'Token that viewers need; empty: a new one if host needs one'),
    Parameter('allowed_hosts', (), 'Further host names under which the page may be opened'),
    Parameter('control', False, 'Viewers may lock people and set live parameters'),
    Parameter('max_viewers', 8, 'Maximum number of viewers at a time', low=1, high=100),
    Parameter(
        'max_width', 960, 'Maximum width of the images', 'px', 64, 7680, live=True
    ),
    Parameter(
        'jpeg_quality', 75, 'JPEG quality; higher: sharper and larger', '', 1, 100,
        live=True,
    ),
    EXECUTOR,
)  # fmt: skip
