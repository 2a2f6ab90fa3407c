"""Networks as LiteRT runs them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from livevision.errors import ModelError

_lock = Lock()


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
    """Keep LiteRT from telling on stderr that it uses XNNPACK; it has no setting for that."""
    with _lock:
        sys.stderr.flush()
        kept = os.dup(2)
        nothing = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nothing, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nothing)
