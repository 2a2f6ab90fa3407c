"""The SSDLite network of COCO's objects, from a TensorFlow.js graph to a LiteRT one.

SSDLite on MobileNet v2 (Sandler et al., 2018), as the TensorFlow Object Detection API trained it.
The graph's loops that scale a batch of pictures, and the suppression of overlapping boxes, are left
out: the first is one call of OpenCV, the second a few lines of numpy. Batch normalisation is folded
into the convolutions, sigmoid and the decoding of the boxes stay in the network.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from livevision import tflite
from livevision.errors import ModelError

SIZE = 300
"""Side of the picture that the network looks at, in pixels."""
BOXES = 1917
"""Boxes that it proposes for every picture."""
CLASSES = 90
"""Slots of COCO's first numbering, 80 of which are in use."""
_FIRST = "Preprocessor/sub"
"""The picture, scaled to -1..1, on which the network proper begins."""
_PLACES = "Squeeze"
_SCORES = "Postprocessor/convert_scores"
_ANCHORS = "Postprocessor/ExpandDims"
_CENTER_SCALE = 0.1
_SIZE_SCALE = 0.2
"""Of the box coder (Faster R-CNN's): what the network's numbers are multiplied with."""

Weights: TypeAlias = NDArray[np.float32]


def convert(topology: bytes, weights: bytes) -> bytes:
    """The .tflite form of a TensorFlow.js model, its `model.json` and its joined weight files.

    Input: (1, 300, 300, 3), R, G, B from -1 to 1. Outputs: boxes (1, 1917, 4) as y and x of the
    centre, height and width, in shares of the picture; and scores (1, 1917, 90), 0 to 1.
    Raises ModelError if it is another model.
    """
    try:
        model = json.loads(topology)
        network = _Network(model["modelTopology"]["node"], _constants(model, weights))
        return network.convert()
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The weights are not those of the SSDLite network that is expected ({error!r}). "
            "Get the package again: 'livevision models setup objects'."
        ) from error


def _constants(model: Mapping[str, Any], weights: bytes) -> dict[str, NDArray[Any]]:
    """All weights by name; the files' content is one stretch of numbers, in the list's order."""
    found: dict[str, NDArray[Any]] = {}
    at = 0
    for group in model["weightsManifest"]:
        for entry in group["weights"]:
            kind = np.dtype({"float32": "<f4", "int32": "<i4"}[entry["dtype"]])
            count = int(np.prod(entry["shape"], dtype=np.int64))
            found[entry["name"]] = np.frombuffer(weights, kind, count, at).reshape(entry["shape"])
            at += count * kind.itemsize
    if at != len(weights):
        raise ValueError(f"{len(weights)} bytes of weights instead of {at}")
    return found


class _Layer:
    """A convolution whose scale, bias and activation are still being gathered.

    `filters` are (height, width, inputs, outputs), or (height, width, channels, 1) if `each`.
    """

    def __init__(self, x: int, filters: Weights, stride: int, *, each: bool) -> None:
        self.x = x
        self.filters = filters
        self.stride = stride
        self.each = each
        count = filters.shape[2 if each else 3]
        self.biases = np.zeros(count, np.float32)
        self.rest: int | None = None
        """What is added to the result (a residual), if anything."""

    def scale(self, factor: Weights) -> None:
        self.filters = self.filters * (factor[:, None] if self.each else factor)
        self.biases = self.biases * factor

    def emit(self, graph: tflite.Graph, activation: str) -> int:
        first = "NONE" if self.rest is not None else activation
        if self.each:
            out = graph.convolve_each(
                self.x,
                np.ascontiguousarray(self.filters[..., 0], np.float32),
                self.biases.astype(np.float32),
                stride=self.stride,
                activation=first,
            )
        else:
            out = graph.convolve(
                self.x,
                np.ascontiguousarray(self.filters.transpose(3, 0, 1, 2), np.float32),
                self.biases.astype(np.float32),
                stride=self.stride,
                activation=first,
            )
        return out if self.rest is None else graph.add(out, self.rest, activation=activation)


class _Network:
    """Walks the graph from its outputs back to the picture."""

    def __init__(self, nodes: list[dict[str, Any]], constants: Mapping[str, NDArray[Any]]) -> None:
        self._nodes = {node["name"]: node for node in nodes}
        self._constants = constants
        self._graph = tflite.Graph(half=True)
        self._made: dict[str, int] = {}

    def convert(self) -> bytes:
        graph = self._graph
        self._made[_FIRST] = graph.input((1, SIZE, SIZE, 3))
        places = self._tensor(_PLACES)
        scores = self._tensor(_SCORES)
        if graph.shape(places) != (1, BOXES, 4) or graph.shape(scores) != (1, BOXES, CLASSES + 1):
            raise ValueError("its outputs have other shapes")
        # slot 0 says that there is nothing
        scores = graph.part(scores, (0, 0, 1), (1, BOXES, CLASSES))
        return graph.model(self._decoded(places), scores)

    def _decoded(self, places: int) -> int:
        """Boxes from the network's differences to its anchors (top, left, bottom, right)."""
        graph = self._graph
        anchors = np.asarray(self._constants[_ANCHORS], np.float32)
        sizes = anchors[..., 2:] - anchors[..., :2]
        centers = anchors[..., :2] + sizes / 2
        half = (1, BOXES, 2)
        shifts = graph.part(places, (0, 0, 0), half)
        scale = np.float32(_CENTER_SCALE)
        shifts = graph.add(
            graph.multiply(shifts, graph.constant(sizes * scale)), graph.constant(centers)
        )
        growth = graph.part(places, (0, 0, 2), half)
        scales = graph.constant(np.full((1, 1, 1), _SIZE_SCALE, np.float32))
        growth = graph.exponential(graph.multiply(growth, scales))
        return graph.join((shifts, graph.multiply(growth, graph.constant(sizes))), axis=2)

    def _tensor(self, name: str) -> int:
        """The tensor that the node `name` makes, made now if it was not yet."""
        if name not in self._made:
            self._made[name] = self._make(self._nodes[name])
        return self._made[name]

    def _make(self, node: Mapping[str, Any]) -> int:
        kind, inputs = node["op"], node["input"]
        graph = self._graph
        if kind == "Relu6":
            return self._layer(inputs[0]).emit(graph, "RELU6")
        if kind == "Sigmoid":
            return graph.sigmoid(self._tensor(inputs[0]))
        if kind == "Squeeze":
            x = self._tensor(inputs[0])
            return graph.reshape(x, (1, BOXES, 4))
        if kind == "ConcatV2":
            return graph.join([self._tensor(each) for each in inputs[:-1]], axis=1)
        if kind == "Reshape":
            return self._flattened(node)
        return self._layer(node["name"]).emit(graph, "NONE")

    def _flattened(self, node: Mapping[str, Any]) -> int:
        """A predictor's grid as a list of boxes; what for is told by the node's name."""
        x = self._tensor(node["input"][0])
        _, height, width, channels = self._graph.shape(x)
        scores = node["name"].endswith("_1")
        values = CLASSES + 1 if scores else 4
        count = height * width * channels // values
        # places are reshaped to (1, n, 1, 4), of which the 1 is squeezed away afterwards
        return self._graph.reshape(x, (1, count, values))

    def _layer(self, name: str) -> _Layer:
        """The convolution that ends in the node `name`, before its activation."""
        node = self._nodes[name]
        kind, inputs = node["op"], node["input"]
        if kind in ("Conv2D", "DepthwiseConv2dNative"):
            if bytes(node["attr"]["padding"]["s"]) != b"SAME":
                raise ValueError(f"{name} is padded in another way")
            stride = int(node["attr"]["strides"]["list"]["i"][1])
            filters = self._constants[inputs[1]]
            each = kind != "Conv2D"
            return _Layer(self._tensor(inputs[0]), filters, stride, each=each)
        if kind == "FusedBatchNorm":
            layer = self._layer(inputs[0])
            gamma, beta, mean, variance = (self._constants[each] for each in inputs[1:])
            factor = gamma / np.sqrt(variance + node["attr"]["epsilon"]["f"])
            layer.scale(factor)
            layer.biases = layer.biases + beta - mean * factor
            return layer
        if kind == "AddN":
            layer = self._layer(inputs[0])
            layer.rest = self._tensor(inputs[1])
            return layer
        if kind in ("Add", "BiasAdd", "Mul"):
            first, second = inputs
            if first in self._constants:
                first, second = second, first
            layer = self._layer(first)
            if kind == "Mul":
                layer.scale(self._constants[second])
            elif second in self._constants:
                layer.biases = layer.biases + self._constants[second]
            else:
                layer.rest = self._tensor(second)
            return layer
        raise ValueError(f"{name} is a {kind}, which is not expected")
