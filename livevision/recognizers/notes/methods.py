"""The ways to read a sheet: the network by default, the story's chain to compare."""

from pathlib import Path
from typing import Protocol

from livevision import assets
from livevision.frame import Image
from livevision.recognizers.notes.cells import SURE
from livevision.recognizers.notes.reader import Reader, Reading


class Reads(Protocol):
    """Whatever makes a sheet of a picture. Thread-safe."""

    def read(self, grey: Image) -> Reading: ...


def reader(method: str, models: Path | None = None, *, sure: float = SURE) -> Reads:
    """The reader `method`, its files from `models` (the bundled ones unless given)."""
    folder = models or assets.folder("models") / "notes"
    if method == "classic":
        from livevision.recognizers.notes.classic import ClassicReader

        return ClassicReader(folder)
    return Reader(folder, sure=sure)
