"""Networks as LiteRT runs them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livevision.errors import ModelError

_lock = Lock()
_told = False
"""True once LiteRT has said what it says."""
_loading = Lock()
_networks: dict[bytes, "Network"] = {}
"""By their models' content."""


class Network:
    """A .tflite model of one input, for any number of threads at once.

    An interpreter does one thing at a time: there are as many as ever worked at once, not one for
    each stream.
    """

    def __init__(self, model: bytes, *, name: str, cure: str) -> None:
        """Raises ModelError, which calls the model `name` and ends with `cure`, if it is none."""
        self._model, self._name, self._cure = model, name, cure
        first = load(model, name=name, cure=cure)
        (taken,) = first.get_input_details()
        self.shape: tuple[int, ...] = tuple(int(side) for side in taken["shape"])
        """Of its input."""
        self._input = taken["index"]
        self._outputs = [each["index"] for each in first.get_output_details()]
        self._idle = [first]

    def __call__(self, values: NDArray[Any]) -> list[NDArray[np.float32]]:
        """The outputs for an input; copies, the caller's own."""
        try:
            interpreter = self._idle.pop()  # atomic, and so is append
        except IndexError:
            interpreter = load(self._model, name=self._name, cure=self._cure)
        try:
            interpreter.set_tensor(self._input, values)
            interpreter.invoke()
            return [interpreter.get_tensor(index) for index in self._outputs]
        finally:
            self._idle.append(interpreter)


def network(model: bytes | Path, *, name: str, cure: str) -> Network:
    """The network of a .tflite model, the same one for all who ask for the same model.

    Raises ModelError, which calls the model `name` and ends with `cure`, if it is none.
    """
    try:
        content = model if isinstance(model, bytes) else model.read_bytes()
    except OSError as error:
        raise ModelError(f"Cannot load {name}: {error}. {cure}") from error
    with _loading:
        if content not in _networks:
            _networks[content] = Network(content, name=name, cure=cure)
        return _networks[content]


def load(model: bytes | Path, *, name: str, cure: str) -> Any:
    """An `ai_edge_litert.interpreter.Interpreter` of a .tflite model, ready to be invoked.

    Raises ModelError, which calls the model `name` and ends with `cure`, if it is none.
    """
    from ai_edge_litert.interpreter import Interpreter

    try:
        content = model if isinstance(model, bytes) else model.read_bytes()
        with _quiet():
            interpreter = Interpreter(model_content=content, num_threads=1)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError, OSError) as error:
        raise ModelError(f"Cannot load {name}: {error}. {cure}") from error
    return interpreter


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep LiteRT from telling on stderr that it uses XNNPACK; it has no setting for that.

    It does so once in a process, and so does this: descriptor 2 belongs to everybody.
    """
    global _told
    with _lock:
        if _told:
            yield
            return
        try:
            kept = os.dup(2)
        except OSError:  # there is none
            yield
            return
        nothing = os.open(os.devnull, os.O_WRONLY)
        try:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(nothing, 2)
            yield
            _told = True
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nothing)
