"""The clips that words name: files, folders with all that is below them, patterns, lists."""

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from livevision.errors import UsageError
from livevision.replaying import VIDEOS, bundled

LIST = "@"
"""What a word begins with that names a list: one clip a line."""


def clips(words: Iterable[str]) -> list[str]:
    """The clips, each once, in the order of the words; those of a folder by their names.

    Raises UsageError if a list cannot be read.
    """
    return list(dict.fromkeys(each for word in words for each in _named(word)))


def _named(word: str) -> Iterator[str]:
    path = Path(word)
    if path.is_dir():
        yield from _below(word)
    elif path.exists():
        yield word
    elif word.startswith(LIST):
        yield from clips(_listed(Path(word[1:])))
    elif glob.has_magic(word):
        for each in sorted(glob.glob(word, recursive=True)):  # noqa: PTH207 - takes absolute ones
            yield from _named(each)
    else:
        yield bundled(word)


def _below(folder: str) -> Iterator[str]:
    """The videos of a folder and of those below; each folder with pictures is a clip, too."""
    from livevision.sources.pictures import SUFFIXES

    for place, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        endings = [(name, Path(name).suffix.lower()) for name in sorted(names)]
        yield from (str(Path(place, name)) for name, ending in endings if ending in VIDEOS)
        if any(ending in SUFFIXES for _, ending in endings):
            yield place


def _listed(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise UsageError(f"Cannot read the list {path}: {error.strerror}.") from error
    return [line for line in lines if line.strip()]
