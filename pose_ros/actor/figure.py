"""The flesh and clothes on the skeleton: every part is the hull of a few balls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from pose_ros.core.topology import SIDES

Colour = tuple[int, int, int]
Points = dict[str, np.ndarray]

_WHITE, _IRIS, _LIPS = (240, 238, 234), (40, 30, 26), (164, 74, 74)


@dataclass(frozen=True)
class Clothes:
    """Colours of a person, RGB 0 to 255."""

    shirt: Colour = (176, 52, 48)
    trousers: Colour = (44, 58, 104)
    skin: Colour = (224, 172, 140)
    hair: Colour = (62, 42, 30)
    shoes: Colour = (48, 44, 44)

    def __post_init__(self) -> None:
        """Refuse what is no colour."""
        for field in fields(self):
            colour = getattr(self, field.name)
            if len(colour) != 3 or not all(0 <= channel <= 255 for channel in colour):
                raise ValueError(f'{field.name} must be (r, g, b) from 0 to 255, got {colour}')


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the body in one colour: the hull of balls, or of each ball and the next.

    Attributes
    ----------
    balls
        [N, 4]: centre (x, y, z) and radius [heights].
    colour
        RGB.
    joints
        Names of the joints that belong to this part; it does not hide them.
    depth
        Parts are painted from the greatest depth to the smallest [heights].
    flat
        True for small things that need no shading.
    chain
        True for a limb: its balls are joined one to the next.
    """

    balls: np.ndarray
    colour: Colour
    joints: tuple[str, ...]
    depth: float
    flat: bool = False
    chain: bool = False

    @property
    def hulls(self) -> list[slice]:
        """Which balls are joined to a convex shape."""
        count = len(self.balls)
        return [slice(i, i + 2) for i in range(count - 1)] if self.chain else [slice(0, count)]


def parts(points: Points, clothes: Clothes) -> list[Part]:
    """Parts of a body in the order of painting, the farthest first."""
    made = [*_head(points, clothes), *_trunk(points, clothes)]
    for side in SIDES:
        made += _arm(points, clothes, side)
        made += _leg(points, clothes, side)
    return sorted(made, key=lambda part: -part.depth)


def _part(
    colour: Colour,
    *balls: tuple[np.ndarray, float],
    joints: tuple[str, ...] = (),
    lift: float = 0.0,
    flat: bool = False,
    chain: bool = False,
) -> Part:
    """Part from (centre, radius); lift brings it in front of what has the same depth."""
    array = np.array([[*centre, radius] for centre, radius in balls])
    return Part(array, colour, joints, float(array[:, 2].mean()) - lift, flat, chain)


def _head(points: Points, clothes: Clothes) -> Iterator[Part]:
    """Neck, hair, ears and face, with those features that look towards the camera."""
    ears = ('left_ear', 'right_ear')
    middle = points['head']

    def seen(*names: str) -> tuple[str, ...]:
        return tuple(name for name in names if points[name][2] < middle[2] + 0.015)

    seen_face = seen('nose', 'left_eye', 'right_eye', *ears)
    yield _part(clothes.skin, (points['neck'], 0.030), (points['jaw'], 0.026), lift=-0.005)
    yield _part(
        clothes.hair, (points['nape'], 0.049), (points['crown'], 0.030), joints=seen(*ears)
    )
    rim = (points['crown'] - middle) * 0.2
    for ear in ears:
        yield _part(
            clothes.skin, (points[ear] + rim, 0.009), (points[ear] - rim, 0.007), joints=(ear,)
        )
    yield _part(
        clothes.skin,
        (points['forehead'], 0.044),
        (points['jaw'], 0.032),
        (points['chin'], 0.014),
        joints=seen_face,
        lift=0.01,
    )
    yield _part(
        clothes.hair,
        (points['left_temple'], 0.010),
        (points['right_temple'], 0.010),
        (points['crown'], 0.030),
        joints=seen_face,
        lift=0.02,
    )
    yield from _features(points, clothes, seen_face)


def _features(points: Points, clothes: Clothes, joints: tuple[str, ...]) -> Iterator[Part]:
    """Eyes, brows, nose and mouth, as far as they look towards the camera."""
    across = (points['left_eye'] - points['right_eye']) / 4
    up = (points['crown'] - points['head']) / 2.8
    for name in ('left_eye', 'right_eye'):
        eye = points[name]
        if eye[2] > points['head'][2]:
            continue
        yield _part(
            _WHITE,
            (eye + across * 0.7, 0.003),
            (eye - across * 0.7, 0.003),
            (eye, 0.0055),
            joints=joints,
            lift=0.02,
            flat=True,
        )
        yield _part(_IRIS, (eye, 0.0048), joints=joints, lift=0.021, flat=True)
        brow = eye + up
        yield _part(
            clothes.hair,
            (brow + across, 0.0022),
            (brow - across, 0.0022),
            joints=joints,
            lift=0.02,
            flat=True,
        )
    if points['nose'][2] < points['head'][2]:
        red, green, blue = clothes.skin
        shade = int(red * 0.80), int(green * 0.80), int(blue * 0.80)
        nose, bridge = points['nose'], points['bridge']
        yield _part(
            shade, (bridge, 0.004), (nose - up * 0.1, 0.010), joints=joints, lift=0.02, flat=True
        )
        yield _part(
            clothes.skin,
            (bridge, 0.003),
            (nose + up * 0.15, 0.006),
            joints=joints,
            lift=0.021,
            flat=True,
        )
        mouth = [(points[f'{side}_mouth'], 0.0028) for side in SIDES]
        lips = (points['left_mouth'] + points['right_mouth']) / 2
        yield _part(_LIPS, *mouth, (lips, 0.006), joints=joints, lift=0.02, flat=True)


def _trunk(points: Points, clothes: Clothes) -> Iterator[Part]:
    """Shirt without its sleeves, and the seat of the trousers under its hem."""
    neck = points['neck']
    sides = ('left', 'right')
    shoulders = [points[f'{side}_shoulder'] for side in sides]
    hips = [points[f'{side}_hip'] for side in sides]
    held = tuple(f'{side}_{joint}' for side in sides for joint in ('shoulder', 'hip'))
    yield _part(
        clothes.shirt,
        (neck, 0.042),
        *((shoulder, 0.034) for shoulder in shoulders),
        *((neck * 0.40 + hip * 0.70, 0.038) for hip in hips),
        *((neck * 0.05 + hip * 0.85, 0.040) for hip in hips),
        joints=held,
    )
    low = (points['left_knee'] + points['right_knee']) / 2 * 0.10
    yield _part(
        clothes.trousers,
        *((hip * 0.95, 0.046) for hip in hips),
        *((hip * 0.4 + low, 0.038) for hip in hips),
        joints=held,
        lift=-0.085,
    )


def _arm(points: Points, clothes: Clothes, side: str) -> Iterator[Part]:
    """Bare arm, hand and short sleeve; hanging, they lie before the trunk."""
    names = tuple(f'{side}_{joint}' for joint in ('shoulder', 'elbow', 'wrist'))
    shoulder, elbow, wrist = (points[name] for name in names)
    shaped = f'{side}_finger_0' in points
    tips = points[f'{side}_finger_9'] if shaped else points[f'{side}_hand']
    hem = shoulder + (elbow - shoulder) * 0.6
    palm = wrist + (tips - wrist) * 0.40
    yield _part(
        clothes.skin,
        (hem, 0.026),
        (elbow, 0.0225),
        (wrist, 0.0145),
        *([] if shaped else [(palm, 0.0195)]),
        joints=names,
        lift=0.045,
        chain=True,
    )
    if shaped:
        yield from _shaped_hand(points, clothes, side, names)
    else:
        yield from _fingers(clothes, palm, tips, 1 if side == 'left' else -1, names)
    yield _part(clothes.shirt, (shoulder, 0.035), (hem, 0.031), joints=names, lift=0.05)


def _fingers(
    clothes: Clothes, palm: np.ndarray, tips: np.ndarray, side: int, joints: tuple[str, ...]
) -> Iterator[Part]:
    """Four fingers and the thumb, which points up or to the head, and down to the body."""
    along = tips - palm
    across = side * np.array([along[1], -along[0], 0.0])
    for place in (-0.26, -0.09, 0.09, 0.26):
        root, tip = palm + across * place, palm + along * (1 - abs(place) / 3) + across * place
        yield _part(
            clothes.skin, (root, 0.0065), (tip, 0.0055), joints=joints, lift=0.046, flat=True
        )
    thumb = across * (-1 if along[1] > abs(along[0]) else 1)
    tip = palm + thumb * 0.62 + along * 0.35
    yield _part(clothes.skin, (palm + thumb * 0.2, 0.008), (tip, 0.006), joints=joints, lift=0.046)


def _shaped_hand(
    points: Points, clothes: Clothes, side: str, joints: tuple[str, ...]
) -> Iterator[Part]:
    """Palm and the bones of the fingers of a hand that shows a gesture."""
    at = [points[f'{side}_finger_{number}'] for number in range(21)]
    palm = ((0, 0.015), (1, 0.011), (5, 0.0075), (9, 0.0075), (13, 0.0075), (17, 0.007))
    balls = [(at[number], radius) for number, radius in palm]
    yield _part(clothes.skin, *balls, joints=joints, lift=0.05)
    for root in (1, 5, 9, 13, 17):
        for number in range(root, root + 3):
            yield _part(
                clothes.skin,
                (at[number], 0.0062 - 0.0005 * (number - root)),
                (at[number + 1], 0.0057 - 0.0005 * (number - root)),
                joints=joints,
                lift=0.06,  # the nearer ones last
            )


def _leg(points: Points, clothes: Clothes, side: str) -> Iterator[Part]:
    """Trousers and shoe, behind the shirt's hem unless the thigh points to the camera."""
    names = tuple(f'{side}_{joint}' for joint in ('hip', 'knee', 'ankle'))
    hip, knee, ankle = (points[name] for name in names)
    heel, toes = points[f'{side}_heel'], points[f'{side}_toes']
    lift = 0.05 if knee[2] < hip[2] - 0.12 else -0.08
    yield _part(
        clothes.shoes, (heel, 0.020), (toes, 0.017), (ankle, 0.018), joints=names, lift=lift - 0.01
    )
    yield _part(
        clothes.trousers,
        (hip, 0.050),
        (knee, 0.036),
        (ankle, 0.025),
        joints=names,
        lift=lift,
        chain=True,
    )
