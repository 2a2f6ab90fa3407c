"""Names leaves that lie on a light ground."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from livevision import assets, files, settings
from livevision.options import option
from livevision.plugins import BROKEN, OK, Check, Kept, Kind, RecognizerPlugin

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model

GREEN = (80, 160, 60)


@dataclass(frozen=True, slots=True)
class Options:
    """What there is to choose."""

    threshold: float = option(
        0.5,
        help="least probability of a species; less is an unknown leaf",
        metavar="X",
        low=0.0,
        high=1.0,
    )
    hold: float = option(
        0.8,
        help="seconds a leaf must lie still before it counts",
        metavar="SECONDS",
        low=0.0,
        high=60.0,
    )
    taught: bool = option(True, help="heed what you taught with 'livevision teach leaves'")


def load(options: Options, models: Path) -> "Model":
    from livevision.recognizers.leaves.recognizer import LeafModel

    return LeafModel(options, models)


def taught_file() -> Path:
    """Where what the user taught is kept."""
    return settings.data_folder() / "leaves.npz"


def kept_files() -> Iterator[Kept]:
    """What the user taught."""
    for each in (taught_file(), *files.drafts(taught_file())):
        if each.is_symlink() or each.is_file():
            yield Kept("taught leaves", each)


def checks() -> Iterator[Check]:
    """Whether what the user taught, if anything, can be read."""
    from livevision.errors import ModelError

    own = taught_file()
    if not own.is_file():
        return
    try:
        load(Options(), assets.folder("models") / "leaves")
        yield Check("taught leaves", OK, str(own))
    except ModelError as error:
        yield Check("taught leaves", BROKEN, str(error), "'livevision teach leaves --forget'")


PLUGIN = RecognizerPlugin(
    name="leaves",
    summary="leaves on a light ground, by species",
    options=Options,
    load=load,
    kinds=(Kind("leaf", plural="leaves", unnamed="unknown leaf", colors=(GREEN,)),),
    evaluations={"leaves": "livevision.recognizers.leaves.evaluation.leaves"},
    teaching="livevision.recognizers.leaves.training.lesson",
    personal=kept_files,
    checks=checks,
    trainings={"leaves": "livevision.recognizers.leaves.training.train"},
    demo="livevision.recognizers.leaves.commands.showing",
)
