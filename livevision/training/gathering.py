"""What the trainings of digits and leaves share: their options, where they look, what they keep."""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import assets, files
from livevision.errors import ModelError

if TYPE_CHECKING:
    from numpy.random import Generator

    from livevision.frame import Image

Columns = Mapping[str, Any]
"""Arrays of what was measured, by name."""


def add_arguments(parser: argparse.ArgumentParser, *, data: str) -> None:
    """Declare the options that all have; `data` says what --data holds."""
    parser.add_argument("--data", type=Path, metavar="DIR", help=data)
    parser.add_argument("--fonts", type=Path, metavar="DIR", help="fonts, of which letters are cut")
    parser.add_argument(
        "--photos", type=Path, metavar="DIR", nargs="+", default=[],
        help="pictures in which nothing of the kind is to be seen",
    )  # fmt: skip
    parser.add_argument(
        "--examples", type=Path, metavar="FILE",
        help="keep what was measured, or take it from there",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of all chance")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where the models go")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")


def execute(
    arguments: argparse.Namespace, name: str, train: Callable[[Path], dict[str, Any]]
) -> None:
    """Let `train` write the models of `name` into a folder, and write down what it tells."""
    start = time.monotonic()
    output: Path = arguments.output or assets.folder("models") / name
    output.mkdir(parents=True, exist_ok=True)
    record = train(output)
    assets.write_checksums(output)
    record["minutes"] = round((time.monotonic() - start) / 60, 1)
    if arguments.json is not None:
        files.replace_json(arguments.json, record)


def kept(path: Path | None, measure: Callable[[], Columns]) -> Columns:
    """What `measure` tells: taken from `path` if that is a file, kept there if it is named."""
    if path is not None and path.is_file():
        return loaded(path)
    columns = measure()
    if path is not None:
        save(path, columns)
    return columns


def save(path: Path, columns: Columns) -> None:
    """Write `columns` as an .npz file."""
    import numpy as np

    def write(draft: Path) -> None:
        with draft.open("wb") as file:
            np.savez_compressed(file, **columns)

    files.replace(path, write)


def loaded(path: Path) -> Columns:
    """What `save` wrote. Raises ModelError if it cannot be read."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise ModelError(f"Cannot read the examples {path}: leave --examples out once.") from error


def fonts(folder: Path | None) -> list[Path]:
    """Font files with Latin letters of a folder and all folders in it, by name.

    Of npm's @fontsource packages, which come in many pieces, the piece with digits is taken.
    """
    if folder is None:
        return []
    found = [*folder.rglob("*.ttf"), *folder.rglob("*.otf")]
    return sorted([*found, *folder.rglob("*-latin-400-normal.woff")])


def pictures(
    folders: Sequence[Path], most: int, chance: "Generator"
) -> "Iterator[tuple[Path, Image]]":
    """At most so many pictures of each folder and all folders in it, with the folder's path."""
    from livevision.sources.pictures import SUFFIXES, read_picture

    for folder in folders:
        paths = sorted(each for each in folder.rglob("*") if each.suffix.lower() in SUFFIXES)
        for place in chance.permutation(len(paths))[:most]:
            image = read_picture(paths[place])
            if image is not None:
                yield folder, image
