"""A network of the same form as the objects' one, small and with weights of chance.

As TensorFlow.js stores it, with every operation that the real one has, and what it should answer,
reckoned operation by operation without folding anything.
"""

import io
import json
import tarfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
GRIDS = (19, 10, 5, 3, 2, 1)
ANCHORS = (3, 6, 6, 6, 6, 6)
BOXES = sum(side * side * count for side, count in zip(GRIDS, ANCHORS, strict=True))
SLOTS = 91
WIDTH = 4
"""Channels of all inner layers."""


class Model:
    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._nodes: list[dict[str, object]] = []
        self._weights: dict[str, NDArray[Any]] = {}
        self._values: dict[str, object] = {}
        self._build()

    def topology(self) -> bytes:
        weights = [
            {"name": name, "shape": list(each.shape), "dtype": str(each.dtype)}
            for name, each in self._weights.items()
        ]
        manifest = [{"paths": ["group1-shard1of1"], "weights": weights}]
        content = {"modelTopology": {"node": self._nodes}, "weightsManifest": manifest}
        return json.dumps(content).encode()

    def weights(self) -> bytes:
        return b"".join(each.tobytes() for each in self._weights.values())

    def tarball(self) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            parts = {"model.json": self.topology(), "group1-shard1of1": self.weights()}
            for name, content in parts.items():
                member = tarfile.TarInfo(f"package/models/coco-ssd/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return stream.getvalue()

    def answer(self, picture: Array) -> tuple[Array, Array]:
        """Boxes (1917, 4) and scores (1917, 90) of a picture (1, 300, 300, 3)."""
        values: dict[str, Array] = {"Preprocessor/sub": picture}
        for node in self._nodes:
            name = str(node["name"])
            if node["op"] != "Const" and name not in values:
                values[name] = self._run(node, values)
        places = values["Squeeze"][0]
        anchors = self._weights["Postprocessor/ExpandDims"][0].astype(np.float64)
        sizes = anchors[:, 2:] - anchors[:, :2]
        centers = anchors[:, :2] + sizes / 2 + places[:, :2] / 10 * sizes
        boxes = np.concatenate((centers, sizes * np.exp(places[:, 2:] / 5)), axis=1)
        return boxes.astype(np.float32), values["Postprocessor/convert_scores"][0, :, 1:]

    def _build(self) -> None:
        self._node("Placeholder", "Preprocessor/sub")
        x = self._convolution("stem", "Preprocessor/sub", (3, 3, 3, WIDTH), 16)
        x = self._relu(self._add("stem/add", x))
        y = self._each("block/depthwise", x, 1)
        y = self._node("Mul", "block/mul", y, self._constant("block/factor", (WIDTH,), 1.0))
        y = self._relu(self._add("block/add", y))
        y = self._convolution("block/project", y, (1, 1, WIDTH, WIDTH), 1)
        y = self._node("AddN", "block/sum", y, x)
        bias = self._constant("block/bias", (WIDTH,))
        x = self._node("Add", "block/out", bias, y)
        places, scores = [], []
        for level, count in enumerate(ANCHORS):
            if level:
                x = self._relu(self._add(f"down{level}/add", self._each(f"down{level}", x, 2)))
            place = f"BoxPredictor_{level}"
            places.append(self._head(f"{place}/Reshape", x, count * 4))
            scores.append(self._head(f"{place}/Reshape_1", x, count * SLOTS))
        axis = self._constant("axis", ())
        self._node("ConcatV2", "concat", *places, axis)
        self._node("ConcatV2", "concat_1", *scores, axis)
        self._node("Squeeze", "Squeeze", "concat")
        self._node("Sigmoid", "Postprocessor/convert_scores", "concat_1")
        corners = np.sort(self._rng.uniform(0, 1, (1, BOXES, 2, 2)), axis=2)
        name = "Postprocessor/ExpandDims"
        self._weights[name] = corners.reshape(1, BOXES, 4).astype(np.float32)
        self._node("Const", name)

    def _head(self, name: str, x: str, outputs: int) -> str:
        y = self._each(f"{name}/depthwise", x, 1)
        norm = [
            self._constant(f"{name}/{each}", (WIDTH,), 1.0)
            for each in ("gamma", "beta", "mean", "variance")
        ]
        y = self._node("FusedBatchNorm", f"{name}/norm", y, *norm, epsilon={"f": 0.001})
        y = self._convolution(f"{name}/conv", self._relu(y), (1, 1, WIDTH, outputs), 1)
        y = self._node("BiasAdd", f"{name}/out", y, self._constant(f"{name}/b", (outputs,)))
        return self._node("Reshape", name, y, self._constant(f"{name}/shape", ()))

    def _convolution(self, name: str, x: str, shape: tuple[int, ...], stride: int) -> str:
        filters = self._constant(f"{name}/filters", shape)
        return self._node("Conv2D", name, x, filters, **_window(stride))

    def _each(self, name: str, x: str, stride: int) -> str:
        filters = self._constant(f"{name}/filters", (3, 3, WIDTH, 1))
        return self._node("DepthwiseConv2dNative", name, x, filters, **_window(stride))

    def _add(self, name: str, x: str) -> str:
        return self._node("Add", name, x, self._constant(f"{name}/bias", (WIDTH,)))

    def _relu(self, x: str) -> str:
        return self._node("Relu6", f"{x}/relu", x)

    def _constant(self, name: str, shape: tuple[int, ...], middle: float = 0.0) -> str:
        values = middle + self._rng.uniform(-0.5, 0.5, shape)
        self._weights[name] = np.asarray(values, np.float32)
        return self._node("Const", name)

    def _node(self, op: str, name: str, *inputs: str, **attributes: object) -> str:
        self._nodes.append({"op": op, "name": name, "input": list(inputs), "attr": attributes})
        return name

    def _run(self, node: dict[str, object], values: dict[str, Array]) -> Array:
        names = node["input"]
        assert isinstance(names, list)
        operands: list[NDArray[Any]] = [
            values[each] if each in values else self._weights[each] for each in names
        ]
        x, *rest = operands
        op = node["op"]
        if op in ("Conv2D", "DepthwiseConv2dNative"):
            stride = int(node["attr"]["strides"]["list"]["i"][1])  # type: ignore[index]
            return _convolved(x, rest[0], stride, each=op != "Conv2D")
        if op in ("Add", "AddN", "BiasAdd"):
            return np.asarray(x + rest[0], np.float32)
        if op == "Mul":
            return np.asarray(x * rest[0], np.float32)
        if op == "FusedBatchNorm":
            gamma, beta, mean, variance = rest
            normal = (x - mean) / np.sqrt(variance + 0.001)
            return np.asarray(normal * gamma + beta, np.float32)
        if op == "Relu6":
            return np.clip(x, 0, 6)
        if op == "Sigmoid":
            return np.asarray(1 / (1 + np.exp(-x)), np.float32)
        if op == "ConcatV2":
            return np.concatenate((x, *rest[:-1]), axis=1)
        if op == "Reshape":
            scores = str(node["name"]).endswith("_1")
            return x.reshape((1, -1, SLOTS) if scores else (1, -1, 4))
        assert op == "Squeeze"
        return x


def _window(stride: int) -> dict[str, object]:
    return {
        "strides": {"list": {"i": ["1", str(stride), str(stride), "1"]}},
        "padding": {"s": list(b"SAME")},
    }


def _convolved(x: Array, filters: Array, stride: int, *, each: bool) -> Array:
    side = filters.shape[0]
    out = -(-x.shape[1] // stride)
    missing = max((out - 1) * stride + side - x.shape[1], 0)
    before = missing // 2
    padding = (before, missing - before)
    padded = np.pad(x[0], (padding, padding, (0, 0)))
    result = np.empty((1, out, out, filters.shape[2 if each else 3]), np.float32)
    for row in range(out):
        for column in range(out):
            top, left = row * stride, column * stride
            window = padded[top : top + side, left : left + side]
            if each:
                result[0, row, column] = (window * filters[..., 0]).sum((0, 1))
            else:
                result[0, row, column] = np.tensordot(window, filters, 3)
    return result
