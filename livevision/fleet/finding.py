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

    Raises UsageError if a list cannot be read, or a camera or a stream is named.
    """
    return list(dict.fromkeys(each for word in words for each in _named(word, ())))


def _named(word: str, lists: tuple[Path, ...]) -> Iterator[str]:
    """What a word names that stands in `lists`, each named by the one before."""
    path = Path(word)
    if path.is_dir():
        yield from _below(word)
    elif path.exists():
        yield word
    elif word.startswith(LIST):
        file = Path(word[1:])
        if file in lists:
            raise UsageError(f"The list {file} names itself. Take that line out of it.")
        for line in _listed(file):
            yield from _named(line, (*lists, file))
    elif glob.has_magic(word):
        found = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - takes absolute ones
        if not found:  # it is told as a clip that is not there
            yield word
        for each in found:
            yield from _named(each, lists)
    elif "://" in word or word.isdecimal():
        raise UsageError(
            f"{word} is a camera or a stream. 'livevision run' and 'livevision fleet watch' read "
            "those; name files and folders."
        )
    else:
        yield bundled(word)


def _below(folder: str) -> Iterator[str]:
    """The videos of a folder and of those below; each folder with pictures is a clip, too.

    A folder that cannot be listed is one as well: reading it says why. What is hidden is passed
    over (macOS leaves a `._NAME` beside each NAME on disks of other systems).
    """
    from livevision.sources.pictures import SUFFIXES

    shut: list[str] = []
    for place, folders, names in os.walk(
        folder, onerror=lambda error: shut.append(str(error.filename))
    ):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        seen = sorted(each for each in names if not each.startswith("."))
        endings = [(name, Path(name).suffix.lower()) for name in seen]
        yield from (str(Path(place, name)) for name, ending in endings if ending in VIDEOS)
        if any(ending in SUFFIXES for _, ending in endings):
            yield place
    yield from sorted(shut)


def _listed(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise UsageError(
            f"Cannot read the list {path}: {error.strerror}. A list is a text with a clip a line."
        ) from error
    if "\0" in text:
        raise UsageError(
            f"{path} is no list: a list is a text with a clip a line. Leave out the @."
        )
    # by line feeds alone: a name may hold what else Unicode has as the end of a line
    return [line for line in text.split("\n") if line.strip()]
