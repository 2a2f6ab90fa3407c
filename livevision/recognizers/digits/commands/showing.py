"""Digits in `livevision demo`: two pages that we wrote are held up."""

from pathlib import Path

from livevision.demo import Scene, recorded
from livevision.recognizers.digits import Options


def prepare(folder: Path) -> Options:
    """Without what the user taught."""
    return Options(taught=False)


def scene() -> Scene:
    """The bundled clip."""
    return Scene(lambda: recorded("digits.mp4"))
