"""Small TFLite models, written operator by operator."""

import importlib

import numpy as np
import pytest


class TfliteBuilder:
    """One graph of a TFLite file in the making; tensors are numbers."""

    def __init__(self, schema, flatbuffers):
        self._schema = schema
        self._flatbuffers = flatbuffers
        self._tensors, self._operators, self._codes = [], [], []
        self._buffers = [schema.BufferT()]  # the first is the empty one

    def tensor(self, shape, dtype, signature=None):
        """Tensor that is computed or fed; -1 in the signature is a side left open."""
        tensor = self._schema.TensorT()
        tensor.shape = list(shape)
        tensor.shapeSignature = None if signature is None else list(signature)
        types = {'float32': 'FLOAT32', 'int32': 'INT32', 'uint8': 'UINT8', 'int8': 'INT8'}
        tensor.type = getattr(self._schema.TensorType, types[np.dtype(dtype).name])
        tensor.name = f'tensor_{len(self._tensors)}'
        tensor.hasRank = True
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def constant(self, values, dtype=np.float32):
        """Tensor of numbers that lie in the file."""
        values = np.ascontiguousarray(values, dtype)
        index = self.tensor(values.shape, dtype)
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self._buffers.append(buffer)
        self._tensors[index].buffer = len(self._buffers) - 1
        return index

    def operator(self, name, inputs, shape, *, dtype=np.float32, options=None, **values):
        """Output tensor of a new operator: `options` names its options table, values fill it."""
        schema = self._schema
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = 1
        self._codes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self._codes) - 1
        operator.inputs = list(inputs)
        operator.outputs = [self.tensor(shape, dtype)]
        if options is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operator.builtinOptions = getattr(schema, f'{options}T')()
            for key, value in values.items():
                setattr(operator.builtinOptions, key, value)
        self._operators.append(operator)
        return operator.outputs[0]

    def custom_operator(self, name, inputs, shapes, options):
        """Output tensors of a new operator that is not of the file format: options are bytes."""
        code = self._schema.OperatorCodeT()
        code.builtinCode = self._schema.BuiltinOperator.CUSTOM
        code.deprecatedBuiltinCode = code.builtinCode
        code.customCode = name
        code.version = 1
        self._codes.append(code)
        operator = self._schema.OperatorT()
        operator.opcodeIndex = len(self._codes) - 1
        operator.inputs = list(inputs)
        operator.outputs = [self.tensor(shape, np.float32) for shape in shapes]
        operator.customOptions = list(options)
        self._operators.append(operator)
        return operator.outputs

    def cast(self, tensor, shape):
        """Real numbers of a tensor."""
        return self.operator('CAST', [tensor], shape)

    def write(self, path, inputs, outputs):
        """Write the file and return its path."""
        graph = self._schema.SubGraphT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = list(inputs), list(outputs)
        model = self._schema.ModelT()
        model.version = 3
        model.subgraphs, model.operatorCodes, model.buffers = [graph], self._codes, self._buffers
        builder = self._flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b'TFL3')
        path.write_bytes(builder.Output())
        return path


@pytest.fixture
def tflite_builder():
    """Start a new TFLite model."""
    schema = pytest.importorskip('ai_edge_litert.schema_py_generated')
    return TfliteBuilder(schema, importlib.import_module('flatbuffers'))
