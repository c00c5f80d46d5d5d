"""Which way of placing people is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pose_ros.core.positions import Positions
from pose_ros.core.space.depth_strategy import DepthStrategy
from pose_ros.core.space.height_strategy import HeightStrategy
from pose_ros.core.space.model_strategy import ModelStrategy
from pose_ros.core.space.strategy import CameraView, PositionStrategy
from pose_ros.core.types import Person

WAYS = ('auto', 'depth', 'model', 'height', 'none')
# Time after a measured position for which no other source is used [s]: positions would jump.
_PAUSE = 1.0


class PositionEstimator:
    """Places people in the best way that there is for them.

    That is: measured in a depth image; by the model's metric landmarks; by an assumed height.
    Whoever was measured a moment ago and now is not has no positions, rather than others.

    Parameters
    ----------
    way
        'auto' as above, or the only one: 'depth', 'model' or 'height'.
    body_height
        Assumed of everybody [m].
    """

    def __init__(self, way: str = 'auto', body_height: float = 1.7) -> None:
        if way not in WAYS:
            raise ValueError(f'positions must be one of {", ".join(WAYS)}, got {way!r}')
        ways: Mapping[str, PositionStrategy] = {
            'depth': DepthStrategy(),
            'model': ModelStrategy(),
            'height': HeightStrategy(body_height),
        }
        self._ways = ways if way == 'auto' else {k: ways[k] for k in ways if k == way}
        self._measured: dict[int, float] = {}

    @property
    def wants_depth(self) -> bool:
        """Whether depth images are of use."""
        return 'depth' in self._ways

    def place(self, people: Sequence[Person], view: CameraView) -> list[Person]:
        """People with their positions, as far as they can be told."""
        self._measured = {
            person_id: stamp
            for person_id, stamp in self._measured.items()
            if 0 <= view.stamp - stamp <= _PAUSE
        }
        return [replace(person, positions=self._positions(person, view)) for person in people]

    def _positions(self, person: Person, view: CameraView) -> Positions | None:
        for name, placer in self._ways.items():
            positions = placer.place(person, view)
            if positions is not None and name == 'depth' and person.id:
                self._measured[person.id] = view.stamp
            if positions is not None or person.id in self._measured:
                return positions
        return None
