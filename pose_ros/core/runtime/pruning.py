"""Remove the parts of a TFLite model that are not read or cannot run."""

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
    return _packed(tree, len(model))


def without_operator(model: bytes, name: str, schema: Any) -> bytes:
    """TFLite model without a custom operator; what went into it comes out in its stead.

    Parameters
    ----------
    model
        A valid TFLite file.
    name
        Name of the custom operator, at the end of the model.
    schema
        The module of LiteRT that knows the file format.
    """
    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    codes = tree.operatorCodes
    kept = [i for i, code in enumerate(codes) if code.customCode != name.encode()]
    numbers = {old: new for new, old in enumerate(kept)}
    for graph in tree.subgraphs:
        outputs = list(graph.outputs)
        for operator in graph.operators:
            if operator.opcodeIndex not in numbers:
                others = [output for output in outputs if output not in operator.outputs]
                outputs = [*operator.inputs, *others]
        graph.outputs = np.array(outputs, np.int32)
        graph.operators = [o for o in graph.operators if o.opcodeIndex in numbers]
        for operator in graph.operators:
            operator.opcodeIndex = numbers[operator.opcodeIndex]
    tree.operatorCodes = [codes[old] for old in kept]
    return _packed(tree, len(model))


def _packed(tree: Any, size: int) -> bytes:
    """File of a changed model that had this size [bytes] before."""
    tree.signatureDefs = None  # they name outputs that are gone
    builder = flatbuffers.Builder(size)
    builder.Finish(tree.Pack(builder), _FILE_IDENTIFIER)
    return bytes(builder.Output())
