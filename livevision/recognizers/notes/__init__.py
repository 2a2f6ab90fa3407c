"""Printed sheet music, read to notes with octaves and durations."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from livevision.options import option
from livevision.plugins import Kind, RecognizerPlugin

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model

_HERE = __name__
VERMILION = (0, 94, 213)
BLUISH_GREEN = (115, 158, 0)


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen of notes."""

    method: Literal["network", "classic"] = option(
        "network",
        help="what reads the sheet: staffs made straight and a network, or the story's chain "
        "(morphology, difference of Gaussians, a linear SVC)",
    )
    threshold: float = option(
        0.5,
        help="least probability of a symbol that counts (network)",
        metavar="P",
        low=0.05,
        high=0.99,
    )


def load(options: Options, models: Path) -> "Model":
    """What reads a sheet, by the method that the options name."""
    from livevision.recognizers.notes.recognizer import NoteModel

    return NoteModel(options, models)


PLUGIN = RecognizerPlugin(
    name="notes",
    summary="printed sheet music on paper or a screen",
    options=Options,
    load=load,
    kinds=(
        Kind("tune"),
        Kind("staff", plural="staffs", counted=False, odds=False, colors=(BLUISH_GREEN,)),
        Kind("note", counted=False, odds=False, scale=0.8, colors=(VERMILION,)),
    ),
    commands={"notes": f"{_HERE}.commands.notes"},
    evaluations={"notes": f"{_HERE}.evaluation.notes"},
    trainings={"notes": f"{_HERE}.training.train"},
    demo=f"{_HERE}.commands.showing",
)
