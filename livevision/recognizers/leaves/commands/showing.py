"""Leaves in `livevision demo`: leaves that we drew lie on a table."""

from pathlib import Path

from livevision.demo import Scene, recorded
from livevision.recognizers.leaves import Options


def prepare(folder: Path) -> Options:
    """Without what the user taught."""
    return Options(taught=False)


def scene() -> Scene:
    """The bundled clip."""
    return Scene(lambda: recorded("leaves.mp4"))
