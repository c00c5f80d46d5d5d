"""Small ONNX files, written without the package onnx: the protocol buffers are encoded here."""

import numpy as np

_FLOAT = 1


def _varint(number):
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def _field(number, value):
    """One field: an integer, text, bytes, or a list of them for a repeated field."""
    if isinstance(value, list):
        return b''.join(_field(number, one) for one in value)
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _tensor(name, values):
    values = np.asarray(values)
    kind = {'float32': _FLOAT, 'int64': 7}[values.dtype.name]
    return (
        _field(1, list(values.shape)) + _field(2, kind) + _field(8, name)
        + _field(9, values.tobytes())
    )  # fmt: skip


def _value(name, shape):
    dimensions = b''.join(_field(1, _field(1, side)) for side in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, dimensions)))


def node(operator, inputs, outputs):
    """One operator without attributes."""
    return _field(1, list(inputs)) + _field(2, list(outputs)) + _field(4, operator)


def write_onnx(path, nodes, constants, inputs, outputs):
    """Write a model and return its path.

    `nodes` come from `node`; `constants` are arrays by name; `inputs` and `outputs` are shapes by
    name.
    """
    graph = (
        _field(1, list(nodes)) + _field(2, 'graph')
        + _field(5, [_tensor(name, values) for name, values in constants.items()])
        + _field(11, [_value(name, shape) for name, shape in inputs.items()])
        + _field(12, [_value(name, shape) for name, shape in outputs.items()])
    )  # fmt: skip
    opset = _field(1, '') + _field(2, 13)
    path.write_bytes(_field(1, 7) + _field(7, graph) + _field(8, opset))
    return path
