"""Reads handwritten numbers: on paper, on a board."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from livevision import assets, files, settings
from livevision.options import option
from livevision.plugins import BROKEN, OK, Check, Kept, Kind, RecognizerPlugin

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model

BLUE_GREEN = (115, 158, 0)
"""BGR, of Okabe and Ito's colours (2008)."""


@dataclass(frozen=True, slots=True)
class Options:
    """What there is to choose."""

    method: Literal["svm", "knn"] = option(
        "svm", help="what compares the digits: a support vector machine, or nearest neighbours"
    )
    threshold: float = option(
        0.5, help="least probability of a digit", metavar="X", low=0.0, high=1.0
    )
    hold: float = option(
        0.6,
        help="seconds a number must be held still before it counts; a digit alone twice as long",
        metavar="SECONDS",
        low=0.0,
        high=60.0,
    )
    taught: bool = option(True, help="heed what you taught with 'livevision teach digits'")


def load(options: Options, models: Path) -> "Model":
    from livevision.recognizers.digits.recognizer import DigitModel

    return DigitModel(options, models)


def taught_file() -> Path:
    """Where what the user taught is kept."""
    return settings.data_folder() / "digits.npz"


def kept_files() -> Iterator[Kept]:
    """What the user taught."""
    for each in (taught_file(), *files.drafts(taught_file())):
        if each.is_symlink() or each.is_file():
            yield Kept("taught digits", each)


def checks() -> Iterator[Check]:
    """Whether what the user taught, if anything, can be read."""
    from livevision.errors import ModelError

    own = taught_file()
    if not own.is_file():
        return
    try:
        load(Options(), assets.folder("models") / "digits")
        yield Check("taught digits", OK, str(own))
    except ModelError as error:
        yield Check("taught digits", BROKEN, str(error), "'livevision teach digits --forget'")


PLUGIN = RecognizerPlugin(
    name="digits",
    summary="handwritten numbers on paper or a board",
    options=Options,
    load=load,
    kinds=(
        Kind("digit", counted=False, colors=(BLUE_GREEN,)),
        Kind("number", colors=(BLUE_GREEN,)),
    ),
    evaluations={"digits": "livevision.recognizers.digits.evaluation.digits"},
    teaching="livevision.recognizers.digits.training.lesson",
    personal=kept_files,
    checks=checks,
    trainings={"digits": "livevision.recognizers.digits.training.train"},
    demo="livevision.recognizers.digits.commands.showing",
)
