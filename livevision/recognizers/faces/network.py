"""dlib's face embedding as a LiteRT network.

dlib's own implementation holds Python's lock for its whole call, and without a BLAS it is slow.
The weights are therefore read out of dlib's file on the user's machine, when the program starts,
and put into a LiteRT graph in memory; nothing is stored. The outputs differ from dlib's by
rounding alone (see docs/faces.md).
"""

import importlib.util
import struct
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livevision import litert, tflite
from livevision.errors import ModelError
from livevision.frame import Image

SIZE = 150
"""Side of the aligned face the network looks at, in pixels."""
DIMENSIONS = 128
_MEAN = np.array((122.782, 117.001, 104.298), np.float32)
"""Of R, G and B in the network's training set."""
_CURE = "Install the package again: 'pip install --force-reinstall face-recognition-models'."


@cache
def model_file(name: str) -> Path:
    """The file `name` of the package face_recognition_models, which is never imported.

    Importing it would need pkg_resources, and end the process where that is missing.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / "models" / name
        if path.is_file():
            return path
    raise ModelError(f"{name} of the package face-recognition-models is missing. {_CURE}")


class Embedder:
    """Embeds aligned faces, from any thread, and without Python's lock."""

    def __init__(self) -> None:
        self._network = _embedding_network()

    def embed(self, chip: Image) -> NDArray[np.float32]:
        """The embedding, (128,) float32, of an aligned face, (150, 150, 3) uint8 in RGB order.

        Of one person's faces the embeddings lie within about 0.6 of each other (Euclidean).
        """
        if chip.shape != (SIZE, SIZE, 3):
            raise ValueError(f"an aligned face is {SIZE}x{SIZE}x3, not {chip.shape}")
        (found,) = self._network((chip[None] - _MEAN) / np.float32(256.0))
        return found.reshape(DIMENSIONS)


@cache
def _embedding_network() -> litert.Network:
    """Loaded once a process: it is converted from dlib's file, which takes a while."""
    path = model_file("dlib_face_recognition_resnet_model_v1.dat")
    return litert.network(convert(path), name=str(path), cure=_CURE)


def convert(path: Path) -> bytes:
    """The LiteRT (.tflite) form of dlib's `dlib_face_recognition_resnet_model_v1.dat`.

    Raises ModelError if the file is not that network.
    """
    try:
        reader = _Weights(path.read_bytes())
        graph = tflite.Graph()
        x = graph.input((1, SIZE, SIZE, 3))
        # dlib pads a convolution only where it keeps the size
        x = graph.convolve(
            x, *reader.convolution(3, 32, 7), stride=2, same=False, activation="RELU"
        )
        x = graph.pool(x, 3, 2, "MAX_POOL_2D")
        channels = 32
        for width, blocks, shrinks in _LEVELS:
            for block in range(blocks):
                shrink = shrinks and block == 0
                y = graph.convolve(
                    x,
                    *reader.convolution(channels, width, 3),
                    stride=1 + shrink,
                    same=not shrink,
                    activation="RELU",
                )
                y = graph.convolve(y, *reader.convolution(width, width, 3))
                x = graph.pool(x, 2, 2, "AVERAGE_POOL_2D") if shrink else x
                # of unequal summands dlib fills up the smaller one with zeros
                shape = tuple(map(max, graph.shape(x), graph.shape(y)))
                x = graph.add(graph.fill_up(x, shape), graph.fill_up(y, shape), activation="RELU")
                channels = width
        x = graph.pool(x, graph.shape(x)[1], 1, "AVERAGE_POOL_2D")
        x = graph.convolve(x, *reader.matrix(channels, DIMENSIONS))
        reader.end()
        return graph.model(x)
    except (OSError, ValueError, struct.error) as error:
        raise ModelError(f"{path} is not dlib's face network: {error}. {_CURE}") from error


# filters, residual blocks, and whether the first of them halves the picture: dlib's `anet_type`
_LEVELS = ((32, 3, False), (64, 4, True), (128, 3, True), (256, 3, True), (256, 1, True))


class _Weights:
    """Reads the layers' weights, in their order, out of dlib's serialised network."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def convolution(
        self, inputs: int, outputs: int, side: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Filters (outputs, side, side, inputs) and biases of the next convolution.

        The affine layer that follows each convolution (batch normalisation, frozen) is folded in.
        """
        self._find(b"con_4")
        flat = self._tensor()
        count = outputs * inputs * side * side
        if flat.size != count + outputs:
            raise ValueError(f"a layer has {flat.size} weights instead of {count + outputs}")
        filters = flat[:count].reshape(outputs, inputs, side, side).transpose(0, 2, 3, 1)
        self._find(b"affine_")
        gamma, beta = self._tensor().reshape(2, outputs)
        return filters * gamma[:, None, None, None], flat[count:] * gamma + beta

    def matrix(self, inputs: int, outputs: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The final, fully connected layer as a convolution of a 1x1 picture."""
        self._find(b"fc_2")
        if (self._integer(), self._integer()) != (outputs, inputs):
            raise ValueError("the last layer has another shape")
        weights = self._tensor().reshape(inputs, outputs)
        return weights.T.reshape(outputs, 1, 1, inputs), np.zeros(outputs, np.float32)

    def end(self) -> None:
        """Raise ValueError if there are further layers."""
        if self._data.find(b"con_4", self._at) >= 0:
            raise ValueError("it has more layers")

    def _find(self, tag: bytes) -> None:
        at = self._data.find(tag, self._at)
        if at < 0:
            raise ValueError(f"it has no further layer {tag.decode()!r}")
        self._at = at + len(tag)

    def _integer(self) -> int:
        # dlib's own packing: a byte with sign (128) and length, then the value, little-endian
        header = self._data[self._at] if self._at < len(self._data) else 0
        length = header & 0x0F
        if not 1 <= length <= 8:
            raise ValueError("it is damaged")
        value = int.from_bytes(self._data[self._at + 1 : self._at + 1 + length], "little")
        self._at += 1 + length
        return -value if header & 0x80 else value

    def _tensor(self) -> NDArray[np.float32]:
        version, *shape = (self._integer() for _ in range(5))
        if version != 2:
            raise ValueError(f"its tensors have version {version} instead of 2")
        count = int(np.prod(shape))
        end = self._at + 4 * count
        if count < 0 or end > len(self._data):
            raise ValueError("it is cut off")
        values = np.frombuffer(self._data, "<f4", count, self._at)
        self._at = end
        return values.astype(np.float32, copy=False)
