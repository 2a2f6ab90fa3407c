"""Where the networks lie that come in MediaPipe's package, which is never imported."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from livevision.errors import ModelError
from livevision.plugins import BROKEN, OK, Check

HANDS = (
    "hand_landmark/hand_landmark_full.tflite",
    "palm_detection/palm_detection_full.tflite",
)
FACES = (
    "face_detection/face_detection_short_range.tflite",
    "face_detection/face_detection_full_range_sparse.tflite",
)


def path(name: str) -> Path:
    """The file `name` below "modules" in the package; ModelError if there is no such package."""
    spec = find_spec("mediapipe")
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("The package mediapipe is missing. Install livevision again.")
    return Path(spec.submodule_search_locations[0]) / "modules" / name


def checks(names: Sequence[str]) -> Iterator[Check]:
    """For `doctor`: whether the files `names` are there."""
    for name in names:
        try:
            there = path(name).is_file()
        except ModelError:
            there = False
        yield Check(
            Path(name).stem,
            OK if there else BROKEN,
            "in MediaPipe's wheel" if there else "missing from MediaPipe's wheel",
            "" if there else "pip install --force-reinstall mediapipe==0.10.21",
        )
