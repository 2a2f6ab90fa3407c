"""Show all personal data that livevision keeps, and erase it.

examples:
  livevision privacy              what is kept, where, and how large it is
  livevision privacy --erase      erase all of it, after a question

Recordings and transcripts that you asked for are where you had them written; no list of them is
kept. All that is kept otherwise is shown here, and nothing leaves the machine.
"""

import argparse
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from livevision import files, settings
from livevision.recognizers.faces.encryption import is_encrypted

SUMMARY = "show the personal data that is kept, and erase it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--erase", action="store_true", help="erase everything that is shown")
    parser.add_argument("--yes", action="store_true", help="erase without asking")


def execute(arguments: argparse.Namespace) -> int:
    """Show; erase if asked to."""
    kept = list(found())
    if not kept:
        print("livevision keeps no personal data.")
        return 0
    width = max(len(each.what) for each in kept)
    for each in kept:
        print(f"{each.what:{width}}  {each.size:>10,} bytes  {each.path}")
    if not arguments.erase:
        print("Erase all of it with 'livevision privacy --erase'.")
        return 0
    if not arguments.yes and not _confirmed(len(kept)):
        print("Nothing was erased.")
        return 0
    for each in kept:
        files.erase(each.path)
    print(f"{len(kept)} files erased.")
    return 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A file with personal data."""

    what: str
    path: Path
    size: int
    """Bytes."""


def found() -> Iterator[Kept]:
    """Every file in the program's folders of data and settings."""
    data, configuration = settings.data_folder(), settings.path()
    kept = sorted(file for file in data.rglob("*") if file.is_file()) if data.is_dir() else []
    for file in kept:
        yield Kept(_what(file, file.relative_to(data)), file, file.stat().st_size)
    if configuration.is_file() and configuration not in kept:
        yield Kept("settings", configuration, configuration.stat().st_size)


def _what(file: Path, below: Path) -> str:
    if file.name.startswith("gallery."):
        if "damaged" in file.name:
            return "damaged gallery, kept aside"
        return "people who are enrolled" + _more(file)
    # what others keep stands in a folder of its own, by which it is called
    return below.parts[0] if len(below.parts) > 1 else below.stem


def _more(gallery: Path) -> str:
    """Whether a gallery is encrypted, or keeps pictures, as far as can be told."""
    try:
        if is_encrypted(gallery):
            return ", encrypted"
        with closing(sqlite3.connect(f"{gallery.absolute().as_uri()}?mode=ro", uri=True)) as db:
            (count,) = db.execute("SELECT count(chip) FROM faces").fetchone()
    except (OSError, sqlite3.Error):  # damaged, or of an earlier version, which kept none
        return ""
    return f", with {count} pictures" if count else ""


def _confirmed(count: int) -> bool:
    if not sys.stdin.isatty():
        print("Add --yes to erase without being asked.", file=sys.stderr)
        return False
    return input(f"Erase these {count} files for ever? (yes/no) ").strip().lower() == "yes"
