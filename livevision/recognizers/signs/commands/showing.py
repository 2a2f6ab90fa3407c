"""Signs in `livevision demo`: as they are for somebody who has not shown their own."""

from pathlib import Path

from livevision.recognizers.signs import Options


def prepare(folder: Path) -> Options:
    """Nothing personal."""
    return Options(personal=False)
