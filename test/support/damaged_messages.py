"""Hypothesis strategy that damages valid messages: any value in any field, longer lists."""

from copy import deepcopy
import math

from hypothesis import strategies as st

# What breaks arithmetic, and what limits let pass only just.
SPECIAL = (0.0, -0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 1e-30, 1e-3, 1e4, 1e5, -1e6, 1e30)
SINGLE = st.sampled_from(SPECIAL) | st.floats(width=32)
DOUBLE = st.sampled_from((*SPECIAL, 1e154, 1e308, 5e-324)) | st.floats()
VALUES = {
    'float': SINGLE,
    'double': DOUBLE,
    'boolean': st.booleans(),
    'string': st.text(max_size=30) | st.just('x' * 100_000),
    'octet': st.integers(0, 255),
}
for bits in (8, 16, 32, 64):
    VALUES[f'uint{bits}'] = st.sampled_from((0, 2**bits - 1)) | st.integers(0, 2**bits - 1)
    half = 2 ** (bits - 1)
    VALUES[f'int{bits}'] = st.sampled_from((0, -half)) | st.integers(-half, half - 1)


def leaves(message, path=()):
    """Paths and types of all plain values in a message, and of its lists."""
    for name, kind in message.get_fields_and_field_types().items():
        value, here = getattr(message, name), (*path, name)
        if kind.startswith('sequence<'):
            yield here, 'sequence'
        element = kind.removeprefix('sequence<').partition('[')[0].rstrip('>').partition(',')[0]
        items = [(here, value)]
        if '[' in kind or kind.startswith('sequence<'):
            # Of an image's data a few bytes are enough.
            items = [((*here, i), item) for i, item in enumerate(value[:60])]
        for where, item in items:
            if hasattr(item, 'get_fields_and_field_types'):
                yield from leaves(item, where)
            else:
                yield where, element


def look_up(message, path):
    """What lies at a path."""
    for step in path:
        message = message[step] if isinstance(step, int) else getattr(message, step)
    return message


def put(message, path, value):
    """Set what lies at a path."""
    *way, last = path
    owner = look_up(message, way)
    if isinstance(last, int):
        owner[last] = value
    else:
        setattr(owner, last, value)


@st.composite
def damaged(draw, message):
    """A copy of a message with up to three faults, or none."""
    message = deepcopy(message)
    for _ in range(draw(st.integers(0, 3))):
        # By field, as a skeleton has hundreds of coordinates and one id.
        by_field = {}
        for path, kind in leaves(message):
            names = tuple(step for step in path if isinstance(step, str))
            by_field.setdefault((names, kind), []).append(path)
        (_, kind), paths = draw(st.sampled_from(sorted(by_field.items())))
        chosen = draw(st.just(paths) | st.sampled_from(paths).map(lambda path: [path]))
        if kind == 'sequence':
            for path in chosen:
                items = look_up(message, path)
                count = draw(st.integers(0, len(items) + 70))
                put(message, path, (items * 72)[:count])
        else:
            value = draw(VALUES[kind])
            for path in chosen:
                put(message, path, value)
    return message
