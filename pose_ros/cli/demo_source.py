"""What the demo shows: a camera, a video or the actor, tried beforehand."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from pose_ros.actor.scene import Actor
from pose_ros.cli.console import complain
from pose_ros.cli.demo_nodes import DemoError
from pose_ros.core.media import display_name, is_url
from pose_ros.ros.image_sources import CameraSource, SourceError, actor_scene, camera_devices
from pose_ros.ros.video_sources import open_source

# As config/source_node.yaml [px], [px], [Hz].
WIDTH, HEIGHT, RATE = 640, 480, 30.0


@dataclass(frozen=True)
class DemoSource:
    """A source that gives images.

    Attributes
    ----------
    name
        As in summary.json.
    argument
        Value of pose.launch.py's argument source.
    rate
        Frame rate [Hz].
    actors
        The people whose joints are known; empty for real people.
    length
        Time that is shown by default [s].
    note
        What the user should know about the choice.
    """

    name: str
    argument: str
    rate: float = RATE
    actors: tuple[Actor, ...] = ()
    length: float = 30.0
    note: str = ''


def choose_source(wanted: str, people: int = 1, scene: str = '') -> DemoSource:
    """Source for 'auto', 'camera', a device, 'actor', 'actor:MOTION', a video file or a URL.

    Parameters
    ----------
    wanted
        As above.
    people
        Number of actors.
    scene
        Scene of the actor, which is shown once.

    Raises
    ------
    DemoError
        The source gives no image, or the scene is unknown.
    """
    try:
        if scene and wanted not in ('auto', 'actor'):
            raise DemoError(f'the scene {scene} is one of the actor, not of {wanted}')
        if scene:
            length = actor_scene(scene, WIDTH, HEIGHT, RATE, people).duration
            return replace(_actor(scene, people), length=length)
        kind, _, motion = wanted.partition(':')
        if kind == 'actor':
            return _actor(motion or 'mixed', people)
        if wanted in ('auto', 'camera'):
            return _any_camera(people if wanted == 'auto' else 0)
        return _camera(wanted) if wanted.startswith('/dev/') else _video(wanted)
    except ValueError as error:
        raise DemoError(str(error)) from error


def _any_camera(people: int) -> DemoSource:
    """First camera that gives an image; else so many actors, or DemoError if that is 0."""
    faults = []
    for device in camera_devices():
        try:
            return _camera(str(device))
        except SourceError as error:
            faults.append(str(error))
    reason = '; '.join(faults)
    if people:
        return replace(_actor('mixed', people), note=reason)
    raise DemoError(f'no camera can be used: {reason or "this machine has no /dev/video*"}')


def _camera(device: str) -> DemoSource:
    with closing(CameraSource(device, WIDTH, HEIGHT, RATE)) as source:
        source.read()  # other devices of such a name give no image
    return DemoSource(f'camera {device}', device)


def _actor(scene: str, people: int) -> DemoSource:
    actors = actor_scene(scene, WIDTH, HEIGHT, RATE, people).actors
    name = 'actor' if scene == 'mixed' else f'actor:{scene}'
    return DemoSource(name, f'actor:{scene}', actors=actors)


def _video(path: str) -> DemoSource:
    if not (is_url(path) or Path(path).exists()):
        raise DemoError(f'source {path!r} is neither auto, camera, actor nor an existing file')
    with closing(open_source(path, loop=False, warn=complain)) as source:
        source.read()
    argument = path if is_url(path) else str(Path(path).absolute())
    return DemoSource(display_name(path), argument, source.rate)
