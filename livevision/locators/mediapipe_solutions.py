"""MediaPipe without TensorFlow."""

import os
import sys
import warnings
from functools import cache
from types import ModuleType


@cache
def solutions() -> ModuleType:
    """`mediapipe.solutions`, imported without TensorFlow.

    MediaPipe imports TensorFlow for its own use wherever it is installed, which costs 8 to 13 s
    and hundreds of MB, and works as well without.
    """
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    blocked = "tensorflow" not in sys.modules
    if blocked:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mediapipe
    finally:
        if blocked:
            del sys.modules["tensorflow"]
    return mediapipe.solutions  # type: ignore[no-any-return]
