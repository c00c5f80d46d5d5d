"""What the demo looks at: which camera, video or actor, and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pose_ros.cli.console import complain
from pose_ros.cli.demo_processes import DemoError
from pose_ros.core.media import display_name, is_url
from pose_ros.ros.sources import (
    CameraSource,
    SourceError,
    actor_scene,
    camera_devices,
)
from pose_ros.ros.video_sources import open_source

WIDTH, HEIGHT, RATE = 640, 480, 30.0


@dataclass(frozen=True)
class DemoSource:
    """A source that gives pictures, as far as could be tried.

    Attributes
    ----------
    name
        As in summary.json.
    parameters
        For source_node.
    rate
        Pictures a second [Hz].
    heights
        Standing height [px] of each actor by id; empty for real people.
    length
        Seconds to show if no others are asked for.
    note
        What the user should know about the choice; empty if nothing.
    """

    name: str
    parameters: Mapping[str, str | int | float | bool]
    rate: float = RATE
    heights: Mapping[int, float] = field(default_factory=dict)
    length: float = 30.0
    note: str = ''


def choose_source(wanted: str, people: int = 1, scene: str = '') -> DemoSource:
    """Source for 'auto', 'camera', a device, 'actor', 'actor:MOTION', a video file or a URL.

    Parameters
    ----------
    wanted
        As above.
    people
        How many, if they are actors.
    scene
        Of the actor, which is then shown once as a whole.

    Raises
    ------
    DemoError
        Says in one line why there is none.
    """
    try:
        if scene:
            if wanted not in ('auto', 'actor'):
                raise DemoError(f'the scene {scene} is one of the actor, not of {wanted}')
            source = _actor(scene, people)
            return replace(source, length=actor_scene(scene, WIDTH, HEIGHT, RATE, people).duration)
        if wanted == 'auto':
            faults: list[str] = []
            camera = _camera_or_none(camera_devices(), faults)
            return camera or replace(_actor('showreel', people), note='; '.join(faults))
        if wanted == 'camera':
            return _any_camera()
        if wanted == 'actor' or wanted.startswith('actor:'):
            return _actor(wanted.partition(':')[2] or 'showreel', people)
        if wanted.startswith('/dev/'):
            return _camera(wanted)
        return _video(wanted)
    except ValueError as error:
        raise DemoError(str(error)) from error


def _any_camera() -> DemoSource:
    faults: list[str] = []
    camera = _camera_or_none(camera_devices(), faults)
    if camera is None:
        reason = '; '.join(faults) or 'this machine has no /dev/video*'
        raise DemoError(f'no camera can be used: {reason}')
    return camera


def _camera_or_none(devices: list[Path], faults: list[str]) -> DemoSource | None:
    for device in devices:
        try:
            return _camera(str(device))
        except SourceError as error:
            faults.append(str(error))
    return None


def _camera(device: str) -> DemoSource:
    source = CameraSource(device, WIDTH, HEIGHT, RATE)
    try:
        # Only a picture tells a camera from the other devices that have such a name.
        source.read()
    finally:
        source.close()
    parameters = {'source': 'camera', 'device': device, 'width': WIDTH, 'height': HEIGHT}
    return DemoSource(f'camera {device}', {**parameters, 'fps': RATE})


def _actor(scene: str, people: int) -> DemoSource:
    actors = actor_scene(scene, WIDTH, HEIGHT, RATE, people).actors
    parameters = {
        'source': 'actor', 'scene': scene, 'people': people, 'width': WIDTH, 'height': HEIGHT,
    }  # fmt: skip
    return DemoSource(
        'actor' if scene == 'showreel' else f'actor:{scene}',
        {**parameters, 'fps': RATE},
        heights={number: actor.height for number, actor in enumerate(actors, start=1)},
    )


def _video(path: str) -> DemoSource:
    if not (is_url(path) or Path(path).exists()):
        raise DemoError(f'source {path!r} is neither auto, camera, actor nor a file that is there')
    source = open_source(path, loop=False, warn=complain)
    try:
        source.read()
    finally:
        source.close()
    place = path if is_url(path) else str(Path(path).absolute())
    parameters = {'source': 'video', 'path': place, 'loop': False}
    return DemoSource(display_name(path), parameters, source.rate)
