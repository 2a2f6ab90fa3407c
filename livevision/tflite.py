"""Writes .tflite files operation by operation, without TensorFlow, and changes them.

For weights that are not ours to hand on: they are read out of their own package's file on the
user's machine and put into a graph that LiteRT runs. The slots of the tables, and all numbers that
stand for a name, are those of LiteRT's `schema.fbs`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from livevision import flatbuffer
from livevision.flatbuffer import Byte, Table

_IDENTIFIER = b"TFL3"
_VERSION = 3
"""Of the file format: the only one that LiteRT reads."""

_OPERATORS = {
    "ADD": 0,
    "AVERAGE_POOL_2D": 1,
    "CONCATENATION": 2,
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 4,
    "DEQUANTIZE": 6,
    "LOGISTIC": 14,
    "MAX_POOL_2D": 17,
    "MUL": 18,
    "RESHAPE": 22,
    "PAD": 34,
    "EXP": 47,
    "SLICE": 65,
}
_OPTIONS = {
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 2,
    "AVERAGE_POOL_2D": 5,
    "MAX_POOL_2D": 5,
    "CONCATENATION": 10,
    "ADD": 11,
    "RESHAPE": 17,
    "MUL": 21,
    "PAD": 22,
    "EXP": 33,
    "DEQUANTIZE": 38,
    "SLICE": 48,
}
"""Which kind of options an operator has; those that are not here have none."""
_ACTIVATIONS = {"NONE": 0, "RELU": 1, "RELU6": 3}
_SAME, _VALID = 0, 1
"""Paddings."""
_TYPES = {"float32": 0, "float16": 1, "int32": 2}

_SUBGRAPHS = 2
"""Slot of a model."""
_TENSORS, _OUTPUTS = 0, 2
"""Slots of a subgraph."""
_NAME = 3
"""Slot of a tensor."""


def tapped(model: bytes, taps: Sequence[str]) -> bytes:
    """The .tflite `model` with the tensors `taps` as further outputs; ValueError if it has not all.

    Its list of outputs is written anew at the end of the file, and the graph pointed to it.
    """
    (graph, *_) = flatbuffer.Reader(model).tables(_SUBGRAPHS)
    names = [each.array(_NAME, np.uint8).tobytes().decode() for each in graph.tables(_TENSORS)]
    added = [names.index(tap) for tap in taps]
    outputs = np.append(graph.array(_OUTPUTS, np.int32), added).astype("<i4")
    at = graph.place(_OUTPUTS)
    end = len(model) + -len(model) % 4
    return b"".join(
        (
            model[:at],
            (end - at).to_bytes(4, "little"),
            model[at + 4 :],
            bytes(end - len(model)),
            len(outputs).to_bytes(4, "little"),
            outputs.tobytes(),
        )
    )


class Graph:
    """A network under construction, with float32 tensors and batch size 1.

    A tensor is a number; `shape` tells its shape, pictures being (1, height, width, channels).
    `activation` is "NONE", "RELU" or "RELU6".
    """

    def __init__(self, *, half: bool = False) -> None:
        """With `half`, weights are stored as 16-bit floats, half the size, and widened on load."""
        self._half = half
        self._tensors: list[Table] = []
        self._shapes: list[tuple[int, ...]] = []
        self._buffers: list[Table] = [()]
        self._operators: list[Table] = []
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
        weights = self.constant(filters), self.constant(biases)
        shape = (1, *self._windows(x, filters.shape[1], stride, same), len(filters))
        options = (_padding(same), stride, stride, _activation(activation))
        return self._operator("CONV_2D", (x, *weights), shape, options)

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
        weights = self.constant(filters[None]), self.constant(biases)
        shape = (1, *self._windows(x, filters.shape[0], stride, same), filters.shape[2])
        multiplier = 1  # outputs of each channel
        options = (_padding(same), stride, stride, multiplier, _activation(activation))
        return self._operator("DEPTHWISE_CONV_2D", (x, *weights), shape, options)

    def pool(self, x: int, side: int, stride: int, kind: str) -> int:
        """`kind` is "MAX_POOL_2D" or "AVERAGE_POOL_2D"; nothing is padded."""
        shape = (1, *self._windows(x, side, stride, same=False), self.shape(x)[3])
        options = (_padding(False), stride, stride, side, side, _activation("NONE"))
        return self._operator(kind, (x,), shape, options)

    def add(self, x: int, y: int, *, activation: str = "NONE") -> int:
        """The sum; shapes of size 1 are stretched as numpy does."""
        return self._of_two("ADD", x, y, activation)

    def multiply(self, x: int, y: int, *, activation: str = "NONE") -> int:
        """The product; shapes of size 1 are stretched as numpy does."""
        return self._of_two("MUL", x, y, activation)

    def fill_up(self, x: int, shape: Sequence[int]) -> int:
        """`x` with zeros at the far end of every axis, until it is of `shape`."""
        missing = [(0, want - have) for want, have in zip(shape, self.shape(x), strict=True)]
        if not any(after for _, after in missing):
            return x
        amounts = self.constant(np.array(missing, np.int32))
        return self._operator("PAD", (x, amounts), shape)

    def sigmoid(self, x: int) -> int:
        return self._operator("LOGISTIC", (x,), self.shape(x))

    def exponential(self, x: int) -> int:
        return self._operator("EXP", (x,), self.shape(x))

    def reshape(self, x: int, shape: Sequence[int]) -> int:
        wanted = np.array(shape, np.int32)
        return self._operator("RESHAPE", (x, self.constant(wanted)), shape, (wanted,))

    def part(self, x: int, begin: Sequence[int], size: Sequence[int]) -> int:
        """The part of `x` that begins at `begin` and is of `size`."""
        where = self.constant(np.array(begin, np.int32)), self.constant(np.array(size, np.int32))
        return self._operator("SLICE", (x, *where), size)

    def join(self, tensors: Sequence[int], axis: int) -> int:
        """The tensors one after another along `axis`."""
        shape = list(self.shape(tensors[0]))
        shape[axis] = sum(self.shape(each)[axis] for each in tensors)
        return self._operator("CONCATENATION", tensors, shape, (axis, _activation("NONE")))

    def constant(self, values: NDArray[np.float32] | NDArray[np.int32]) -> int:
        """Numbers that are part of the network: float32 (see `half`) or int32."""
        if not self._half or values.dtype == np.int32:
            return self._stored(values)
        return self._operator(
            "DEQUANTIZE", (self._stored(values.astype(np.float16)),), values.shape
        )

    def model(self, *outputs: int) -> bytes:
        """The file's content."""
        graph: Table = (self._tensors, _numbers(self._inputs), _numbers(outputs), self._operators)
        codes: list[Table] = [(Byte(code), None, 1, code) for code in self._codes]
        description = None
        root: Table = (_VERSION, codes, [graph], description, self._buffers)
        return flatbuffer.write(root, _IDENTIFIER)

    def _windows(self, x: int, side: int, stride: int, same: bool) -> tuple[int, int]:
        """(height, width) of what convolutions and pools make of `x`."""
        _, height, width, _ = self.shape(x)
        if same:
            return -(-height // stride), -(-width // stride)
        return (height - side) // stride + 1, (width - side) // stride + 1

    def _of_two(self, name: str, x: int, y: int, activation: str) -> int:
        shape = np.broadcast_shapes(self.shape(x), self.shape(y))
        return self._operator(name, (x, y), shape, (_activation(activation),))

    def _tensor(self, shape: Sequence[int], buffer: int = 0, kind: str = "float32") -> int:
        self._tensors.append((_numbers(shape), Byte(_TYPES[kind]), buffer))
        self._shapes.append(tuple(shape))
        return len(self._tensors) - 1

    def _stored(self, values: NDArray[np.float32] | NDArray[np.float16] | NDArray[np.int32]) -> int:
        content = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
        self._buffers.append((content,))
        return self._tensor(values.shape, len(self._buffers) - 1, values.dtype.name)

    def _operator(
        self, name: str, inputs: Sequence[int], shape: Sequence[int], options: Table = ()
    ) -> int:
        """Append an operator; its output, which is of `shape`."""
        code = _OPERATORS[name]
        if code not in self._codes:
            self._codes.append(code)
        output = self._tensor(shape)
        operator: Table = (self._codes.index(code), _numbers(inputs), _numbers((output,)))
        if name in _OPTIONS:
            operator = (*operator, Byte(_OPTIONS[name]), options)
        self._operators.append(operator)
        return output


def _padding(same: bool) -> Byte:
    return Byte(_SAME if same else _VALID)


def _activation(name: str) -> Byte:
    return Byte(_ACTIVATIONS[name])


def _numbers(values: Sequence[int]) -> NDArray[np.int32]:
    return np.array(values, np.int32)
