"""The arguments of the launch files."""

from __future__ import annotations

from dataclasses import dataclass, replace

import yaml

BOOLEAN = ('true', 'false')


@dataclass(frozen=True)
class Argument:
    """One argument of a launch file.

    Attributes
    ----------
    name
        As in ``NAME:=value``.
    default
        Its value where it is not given.
    meaning
        One line.
    choices
        The only values allowed; empty for any value.
    names
        Whether the value is a list of names; see `name_list`.
    """

    name: str
    default: str
    meaning: str
    choices: tuple[str, ...] = ()
    names: bool = False


def _parameter(
    name: str, meaning: str, choices: tuple[str, ...] = (), names: bool = False
) -> Argument:
    """Argument that overrides the parameter of the same name in the files."""
    choices = ('', *choices) if choices else ()
    return Argument(name, '', f'{meaning}; empty: as in the parameter files', choices, names)


def name_list(argument: str, text: str) -> list[str]:
    """Names in the value of an argument: 'wave,stop' or YAML's '[wave, stop]'; [''] for 'none'.

    An empty list would have no type in a parameter file.
    """
    if text == 'none':
        return ['']
    if not text.startswith('['):
        return [name.strip() for name in text.split(',')]
    try:
        names = yaml.safe_load(text)
    except yaml.YAMLError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f'{argument} must be a list such as [a, b], got {text!r}')
    return names or ['']


def file_argument(node: str) -> str:
    """Name of the argument that names the parameter file of a node."""
    return node.removesuffix('_node') + '_params'


NODES = ('pose_node', 'gesture_node', 'marker_node', 'bridge_node', 'source_node', 'web_node')

# Parameters of bridge_node, each the name of messages of others that it speaks.
STANDARDS = ('hri', 'vision', 'foxglove', 'people', 'tf')

# Arguments that are parameters of a node, under the same name.
PARAMETER_ARGUMENTS = {
    'pose_node': (
        _parameter('model', 'name as in `pose-ros models list`'),
        _parameter('device', 'where the model runs, such as cpu'),
        _parameter(
            'mode',
            'whom to follow: one person, several, or one but all while there are more',
            ('single', 'multi', 'auto'),
        ),
        _parameter('max_people', 'most people to follow in multi and auto'),
        _parameter('hands', 'hands to find', ('none', 'tracked', 'all')),
        _parameter(
            'detector',
            'what finds people in the whole image, a name as in `pose-ros models list`',
        ),
        _parameter('image_transport', 'kind of images', ('raw', 'compressed')),
        _parameter(
            'positions',
            'how people are placed in space',
            ('auto', 'depth', 'model', 'height', 'none'),
        ),
    ),
    'gesture_node': (
        _parameter('gestures', 'gestures to report, such as wave,stop; all or none', names=True),
        _parameter('learned', 'file of learned gestures (motions.npz)'),
        _parameter('exercise', 'exercise to watch, such as squat; auto or none'),
    ),
    'web_node': (
        _parameter('host', 'address of the web page; all but 127.0.0.1 ask for a token'),
        _parameter('port', 'port of the web page'),
        _parameter('control', 'whether viewers of the web page may change settings', BOOLEAN),
    ),
}

TOPICS = (
    Argument('image', 'image', 'topic of the images'),
    Argument('camera_info', '', 'topic of the calibration; empty: camera_info beside the images'),
    Argument('depth', 'depth', 'topic of the depth images, registered to the images'),
    Argument('remap', '', 'further topics, such as "gestures:=/gestures falls:=/alarms/falls"'),
)

SOURCE = Argument(
    'source',
    'none',
    'starts source_node: camera, a device such as /dev/video2, actor, actor:MOTION such as '
    "actor:wave_left, a video file's path, or a URL such as rtsp://camera/stream; none: the "
    'images come from elsewhere',
)

PEOPLE = (
    *(argument for arguments in PARAMETER_ARGUMENTS.values() for argument in arguments),
    Argument(
        'people',
        '',
        'number of people: so many are drawn by source:=actor; more than 1 sets mode multi and '
        'max_people; empty: as in the parameter files',
    ),
    Argument(
        'autostart',
        'true',
        'whether pose_node activates itself; false: a lifecycle manager does',
        BOOLEAN,
    ),
    Argument(
        'bridge',
        'false',
        f'starts bridge_node with these standards, separated by commas: {", ".join(STANDARDS)}; '
        'true: with those of its parameter files; false: not at all',
        names=True,
    ),
    Argument('web', 'false', 'starts web_node: camera and people in the browser', BOOLEAN),
    Argument(
        'params_file',
        '',
        'YAML file whose parameters, of any of the nodes, go before those of their files',
    ),
    *(
        Argument(
            file_argument(node),
            '',
            f'YAML file of all parameters of {node}; empty: config/{node}.yaml',
        )
        for node in NODES
    ),
)

ONE_PROCESS = Argument(
    'one_process',
    'false',
    'whether all nodes, with a camera also source_node, share one process: for small boards',
    BOOLEAN,
)

RUNNING = (
    Argument('namespace', '', 'of all nodes and topics'),
    Argument('use_sim_time', 'false', 'time from /clock', BOOLEAN),
    Argument('log_level', 'info', 'debug to fatal'),
    Argument(
        'respawn',
        'true',
        'whether a node that dies is started again, after 1 s, then 2, 4 … 30 s',
        BOOLEAN,
    ),
    Argument(
        'dds_profile',
        'auto',
        'Fast DDS profile of the nodes: a file; none; auto: the one of the environment, else '
        'config/fastdds.xml',
    ),
    Argument(
        'keep_memory',
        'true',
        'whether nodes keep the memory of an image for the next: quicker, up to 128 MB more',
        BOOLEAN,
    ),
)

RVIZ_VIEW = (
    Argument(
        'rviz_config',
        'full',
        'what RViz shows: full; light, without raw images, for networks; or a .rviz file',
    ),
    Argument('fixed_frame', '', "RViz' fixed frame; empty: the frame of the first image"),
)
RVIZ = (
    Argument('rviz', 'false', 'whether to start RViz, with the first image that arrives', BOOLEAN),
    *RVIZ_VIEW,
)


def changed(arguments: tuple[Argument, ...], **defaults: str) -> tuple[Argument, ...]:
    """The arguments with other defaults."""
    return tuple(replace(a, default=defaults.get(a.name, a.default)) for a in arguments)


POSE = (*TOPICS, SOURCE, *RVIZ, *PEOPLE, ONE_PROCESS, *RUNNING)
