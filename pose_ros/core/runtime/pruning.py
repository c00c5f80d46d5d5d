"""Cutting off the parts of a TFLite model that only outputs nobody reads need."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import flatbuffers
import numpy as np

_FILE_IDENTIFIER = b'TFL3'


def prune(model: bytes, kept_outputs: Collection[int], schema: Any) -> bytes:
    """TFLite model without the operators that only serve other outputs.

    Parameters
    ----------
    model
        A valid TFLite file.
    kept_outputs
        Tensor indices of the outputs that are read; they stay in their order.
    schema
        The module of LiteRT that knows the file format.

    Returns
    -------
    bytes
        A TFLite file whose outputs are the kept ones.
    """
    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    (graph,) = tree.subgraphs
    needed = set(kept_outputs)
    operators = []
    for operator in reversed(graph.operators):
        if needed.intersection(operator.outputs):
            operators.append(operator)
            needed.update(operator.inputs)
    graph.operators = operators[::-1]
    graph.outputs = np.array([o for o in graph.outputs if o in kept_outputs], np.int32)
    tree.signatureDefs = None  # they name outputs that are gone
    builder = flatbuffers.Builder(len(model))
    builder.Finish(tree.Pack(builder), _FILE_IDENTIFIER)
    return bytes(builder.Output())
