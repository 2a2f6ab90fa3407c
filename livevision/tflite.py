"""Writes .tflite files operation by operation, without TensorFlow.

For weights that are not ours to hand on: they are read out of their own package's file on the
user's machine and put into a graph that LiteRT runs.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_ROOM = 32 << 20
"""Bytes that the writer begins with; it takes more where that is not enough."""
_VERSION = 3
"""Of the file format: the only one that LiteRT reads."""


class Graph:
    """A network under construction, with float32 tensors and batch size 1.

    A tensor is a number; `shape` tells its shape, pictures being (1, height, width, channels).
    `activation` is "NONE", "RELU" or "RELU6".
    """

    def __init__(self, *, half: bool = False) -> None:
        """With `half`, weights are stored as 16-bit floats, half the size, and widened on load."""
        from ai_edge_litert import schema_py_generated as schema

        self._schema = schema
        self._half = half
        self._tensors: list[object] = []
        self._shapes: list[tuple[int, ...]] = []
        self._buffers = [schema.BufferT()]
        self._operators: list[object] = []
        self._codes: list[int] = []
        self._inputs: list[int] = []

    def shape(self, tensor: int) -> tuple[int, ...]:
        return self._shapes[tensor]

    def input(self, shape: Sequence[int]) -> int:
        self._inputs.append(self._tensor(shape))
        return self._inputs[-1]

    def convolve(
        self,
        x: int,
        filters: NDArray[np.float32],
        biases: NDArray[np.float32],
        *,
        stride: int = 1,
        same: bool = True,
        activation: str = "NONE",
    ) -> int:
        """Filters are (outputs, side, side, inputs); `same` pads as TensorFlow's SAME does."""
        options = self._schema.Conv2DOptionsT()
        size = self._window(options, x, filters.shape[1], stride, same, activation)
        out = self._tensor((1, *size, len(filters)))
        weights = self.constant(filters), self.constant(biases)
        self._operator("CONV_2D", (x, *weights), out, "Conv2DOptions", options)
        return out

    def convolve_each(
        self,
        x: int,
        filters: NDArray[np.float32],
        biases: NDArray[np.float32],
        *,
        stride: int = 1,
        same: bool = True,
        activation: str = "NONE",
    ) -> int:
        """Every channel with a filter of its own ("depthwise"); they are (side, side, channels)."""
        options = self._schema.DepthwiseConv2DOptionsT()
        options.depthMultiplier = 1
        size = self._window(options, x, filters.shape[0], stride, same, activation)
        out = self._tensor((1, *size, filters.shape[2]))
        weights = self.constant(filters[None]), self.constant(biases)
        self._operator("DEPTHWISE_CONV_2D", (x, *weights), out, "DepthwiseConv2DOptions", options)
        return out

    def pool(self, x: int, side: int, stride: int, kind: str) -> int:
        """`kind` is "MAX_POOL_2D" or "AVERAGE_POOL_2D"; nothing is padded."""
        options = self._schema.Pool2DOptionsT()
        options.filterWidth = options.filterHeight = side
        size = self._window(options, x, side, stride, same=False, activation="NONE")
        out = self._tensor((1, *size, self.shape(x)[3]))
        self._operator(kind, (x,), out, "Pool2DOptions", options)
        return out

    def add(self, x: int, y: int, *, activation: str = "NONE") -> int:
        """The sum; shapes of size 1 are stretched as numpy does."""
        return self._of_two("ADD", "AddOptions", x, y, activation)

    def multiply(self, x: int, y: int, *, activation: str = "NONE") -> int:
        """The product; shapes of size 1 are stretched as numpy does."""
        return self._of_two("MUL", "MulOptions", x, y, activation)

    def fill_up(self, x: int, shape: Sequence[int]) -> int:
        """`x` with zeros at the far end of every axis, until it is of `shape`."""
        missing = [(0, want - have) for want, have in zip(shape, self.shape(x), strict=True)]
        if not any(after for _, after in missing):
            return x
        amounts = self.constant(np.array(missing, np.int32))
        return self._simple("PAD", "PadOptions", (x, amounts), shape)

    def sigmoid(self, x: int) -> int:
        # it has no options of its own in the format
        return self._simple("LOGISTIC", None, (x,), self.shape(x))

    def exponential(self, x: int) -> int:
        return self._simple("EXP", "ExpOptions", (x,), self.shape(x))

    def reshape(self, x: int, shape: Sequence[int]) -> int:
        options = self._schema.ReshapeOptionsT()
        options.newShape = list(shape)
        wanted = self.constant(np.array(shape, np.int32))
        out = self._tensor(shape)
        self._operator("RESHAPE", (x, wanted), out, "ReshapeOptions", options)
        return out

    def part(self, x: int, begin: Sequence[int], size: Sequence[int]) -> int:
        """The part of `x` that begins at `begin` and is of `size`."""
        where = self.constant(np.array(begin, np.int32)), self.constant(np.array(size, np.int32))
        return self._simple("SLICE", "SliceOptions", (x, *where), size)

    def join(self, tensors: Sequence[int], axis: int) -> int:
        """The tensors one after another along `axis`."""
        options = self._schema.ConcatenationOptionsT()
        options.axis = axis
        shape = list(self.shape(tensors[0]))
        shape[axis] = sum(self.shape(each)[axis] for each in tensors)
        out = self._tensor(shape)
        self._operator("CONCATENATION", tensors, out, "ConcatenationOptions", options)
        return out

    def constant(self, values: NDArray[np.float32] | NDArray[np.int32]) -> int:
        """Numbers that are part of the network: float32 (see `half`) or int32."""
        if values.dtype == np.int32:
            return self._stored(values, "INT32")
        if not self._half:
            return self._stored(values, "FLOAT32")
        stored = self._stored(values.astype(np.float16), "FLOAT16")
        return self._simple("DEQUANTIZE", "DequantizeOptions", (stored,), values.shape)

    def model(self, *outputs: int) -> bytes:
        """The file's content."""
        import flatbuffers  # type: ignore[import-untyped]

        schema = self._schema
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = self._inputs, list(outputs)
        model = schema.ModelT()
        model.version = _VERSION
        model.subgraphs, model.buffers = [graph], self._buffers
        model.operatorCodes = []
        for code in self._codes:
            entry = schema.OperatorCodeT()
            entry.builtinCode = code
            entry.deprecatedBuiltinCode = code
            entry.version = 1
            model.operatorCodes.append(entry)
        builder = flatbuffers.Builder(_ROOM)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _window(
        self, options: object, x: int, side: int, stride: int, same: bool, activation: str
    ) -> tuple[int, int]:
        """Fill in what convolutions and pools have in common; (height, width) of the result."""
        schema = self._schema
        values = {
            "padding": schema.Padding.SAME if same else schema.Padding.VALID,
            "strideW": stride,
            "strideH": stride,
            "fusedActivationFunction": getattr(schema.ActivationFunctionType, activation),
        }
        for name, value in values.items():
            setattr(options, name, value)
        _, height, width, _ = self.shape(x)
        if same:
            return -(-height // stride), -(-width // stride)
        return (height - side) // stride + 1, (width - side) // stride + 1

    def _of_two(self, kind: str, union: str, x: int, y: int, activation: str) -> int:
        options = getattr(self._schema, f"{union}T")()
        options.fusedActivationFunction = getattr(self._schema.ActivationFunctionType, activation)
        out = self._tensor(np.broadcast_shapes(self.shape(x), self.shape(y)))
        self._operator(kind, (x, y), out, union, options)
        return out

    def _simple(
        self, kind: str, union: str | None, inputs: Sequence[int], shape: Sequence[int]
    ) -> int:
        out = self._tensor(shape)
        options = None if union is None else getattr(self._schema, f"{union}T")()
        self._operator(kind, inputs, out, union, options)
        return out

    def _tensor(self, shape: Sequence[int], buffer: int = 0, kind: str = "FLOAT32") -> int:
        tensor = self._schema.TensorT()
        tensor.shape = list(shape)
        tensor.type = getattr(self._schema.TensorType, kind)
        tensor.buffer = buffer
        self._tensors.append(tensor)
        self._shapes.append(tuple(shape))
        return len(self._tensors) - 1

    def _stored(
        self, values: NDArray[np.float32] | NDArray[np.float16] | NDArray[np.int32], kind: str
    ) -> int:
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self._buffers.append(buffer)
        return self._tensor(values.shape, len(self._buffers) - 1, kind)

    def _operator(
        self, kind: str, inputs: Sequence[int], output: int, union: str | None, options: object
    ) -> None:
        schema = self._schema
        code = getattr(schema.BuiltinOperator, kind)
        if code not in self._codes:
            self._codes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = self._codes.index(code)
        operator.inputs, operator.outputs = list(inputs), [output]
        if union is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, union)
            operator.builtinOptions = options
        self._operators.append(operator)
