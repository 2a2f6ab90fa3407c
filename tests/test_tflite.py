"""Networks written operation by operation, and FlatBuffers read again by LiteRT's own classes."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from livevision import flatbuffer, litert, tflite
from livevision.flatbuffer import Byte
from livevision.frame import Floats


def run(content: bytes, *values: Floats) -> list[Floats]:
    return [litert.network(content, name="test", cure="")(each)[0] for each in values]


def test_every_operation_does_what_it_says() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 4, 4, 2)).astype(np.float32)
    filters = rng.standard_normal((3, 1, 1, 2)).astype(np.float32)
    each = rng.standard_normal((1, 1, 3)).astype(np.float32)
    graph = tflite.Graph()
    y = graph.convolve(graph.input(x.shape), filters, np.ones(3, np.float32), activation="RELU")
    y = graph.convolve_each(y, each, np.zeros(3, np.float32), same=False)
    y = graph.pool(y, 2, 2, "MAX_POOL_2D")
    y = graph.fill_up(y, (1, 2, 2, 4))
    y = graph.add(y, graph.constant(np.full((1, 1, 1, 1), 0.5, np.float32)))
    y = graph.multiply(y, y, activation="RELU6")
    y = graph.join((graph.sigmoid(y), graph.exponential(y)), axis=3)
    y = graph.part(y, (0, 0, 0, 3), (1, 2, 2, 2))
    y = graph.reshape(y, (1, 8))
    want = np.maximum(x @ filters[:, 0, 0].T + 1.0, 0.0) * each
    want = want.reshape(1, 2, 2, 2, 2, 3).max(axis=(2, 4))
    want = np.concatenate((want, np.zeros((1, 2, 2, 1))), axis=3) + 0.5
    want = np.minimum(want * want, 6.0)
    want = np.concatenate((1 / (1 + np.exp(-want)), np.exp(want)), axis=3)[..., 3:5]
    (found,) = run(graph.model(y), x)
    assert np.allclose(found, want.reshape(1, 8), rtol=1e-4)


def test_halves_are_stored_and_widened() -> None:
    weights = np.linspace(-1.0, 1.0, 1000, dtype=np.float32).reshape(1, 1, 1, 1000)
    sizes = []
    for half in (True, False):
        graph = tflite.Graph(half=half)
        x = graph.input(weights.shape)
        content = graph.model(graph.convolve(x, weights, np.zeros(1, np.float32)))
        (found,) = run(content, weights)
        assert found.item() == pytest.approx((weights**2).sum(), rel=1e-3)
        sizes.append(len(content))
    assert sizes[0] < 0.7 * sizes[1]


def test_litert_reads_the_file_as_it_was_meant() -> None:
    graph = tflite.Graph()
    x = graph.input((1, 2, 2, 1))
    content = graph.model(graph.pool(x, 2, 1, "AVERAGE_POOL_2D"))
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    assert content[4:8] == b"TFL3"
    assert model.version == 3
    (code,) = model.operatorCodes
    assert code.builtinCode == schema.BuiltinOperator.AVERAGE_POOL_2D
    (operator,) = model.subgraphs[0].operators
    assert operator.builtinOptionsType == schema.BuiltinOptions.Pool2DOptions
    assert operator.builtinOptions.filterHeight == 2
    assert operator.builtinOptions.padding == schema.Padding.VALID


def test_numbers_of_the_format_are_those_of_litert() -> None:
    def named(names: object) -> dict[str, int]:
        return {key: value for key, value in vars(names).items() if isinstance(value, int)}

    assert tflite._OPERATORS.items() <= named(schema.BuiltinOperator).items()
    assert tflite._ACTIVATIONS.items() <= named(schema.ActivationFunctionType).items()
    types = {name.upper(): value for name, value in tflite._TYPES.items()}
    assert types.items() <= named(schema.TensorType).items()
    kinds = {value: name for name, value in named(schema.BuiltinOptions).items()}
    assert {name: kinds[value] for name, value in tflite._OPTIONS.items()} == {
        "CONV_2D": "Conv2DOptions",
        "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
        "AVERAGE_POOL_2D": "Pool2DOptions",
        "MAX_POOL_2D": "Pool2DOptions",
        "CONCATENATION": "ConcatenationOptions",
        "ADD": "AddOptions",
        "RESHAPE": "ReshapeOptions",
        "MUL": "MulOptions",
        "PAD": "PadOptions",
        "EXP": "ExpOptions",
        "DEQUANTIZE": "DequantizeOptions",
        "SLICE": "SliceOptions",
    }


def test_a_damaged_buffer_is_told() -> None:
    content = flatbuffer.write((1, Byte(2), [(3,)], np.arange(3, dtype=np.int32)), b"TEST")
    root = flatbuffer.Reader(content)
    assert root.array(3, np.int32).tolist() == [0, 1, 2]
    assert content[root.place(1)] == 2
    (inner,) = root.tables(2)
    with pytest.raises(ValueError, match="no slot 1"):
        inner.place(1)
    for length in range(len(content)):
        with pytest.raises(ValueError, match=r".+"):
            flatbuffer.Reader(content[:length]).array(3, np.int32)
    with pytest.raises(ValueError, match=r".+"):
        tflite.tapped(b"\0" * 64, ("no such tensor",))
