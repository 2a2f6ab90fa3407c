"""Objects: finds and names eighty kinds of everyday things."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from livevision.options import option
from livevision.plugins import OK, WARNING, Check, Kind, RecognizerPlugin

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model

_HERE = __name__
COLORS = (
    (115, 158, 0),
    (167, 121, 204),
    (178, 114, 0),
    (0, 94, 213),
    (66, 228, 240),
)
"""Okabe and Ito's, for people who are colour-blind as for others."""


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen of objects."""

    classes: tuple[str, ...] = option(
        (),
        metavar="NAME",
        help="look for this kind of thing alone, e.g. dog; may be given several times "
        "(default: all eighty)",
    )
    threshold: float = option(
        0.5, low=0.05, high=0.95, metavar="SCORE", help="least score of an object, 0 to 1"
    )
    looks: Literal["auto", "quick", "thorough"] = option(
        "auto",
        help="look at a picture twice, or five times to find what is small as well; auto: twice in "
        "a live stream, five times in a recording",
    )


def load(options: Options, models: Path) -> "Model":
    """The network, from the user's data folder: its weights are not ours to bundle."""
    from livevision.recognizers.objects.recognizer import ObjectModel

    return ObjectModel(options)


def checks() -> Iterator[Check]:
    """Whether the weights are there."""
    from livevision.errors import ModelError
    from livevision.recognizers.objects import weights

    try:
        yield Check("objects", OK, f"weights {weights.installed()}")
    except ModelError as error:
        found, _, cure = str(error).partition("; ")
        yield Check("objects", WARNING, found, cure)


PLUGIN = RecognizerPlugin(
    name="objects",
    summary="eighty kinds of everyday things (first: 'livevision models setup objects')",
    options=Options,
    load=load,
    kinds=(Kind("object", metric=True, colors=COLORS),),
    evaluations={"objects": f"{_HERE}.evaluation.objects"},
    weights=f"{_HERE}.weights",
    checks=checks,
    demo=f"{_HERE}.commands.showing",
)
