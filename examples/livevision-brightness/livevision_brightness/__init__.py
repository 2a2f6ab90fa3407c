"""Says whether the picture is light or dark: an example of a recogniser in a package of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from livevision.options import option
from livevision.plugins import OK, Check, Kind, RecognizerPlugin

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen of it."""

    limit: float = option(0.5, help="from 0, dark, to 1, light", metavar="X", low=0.0, high=1.0)


def load(options: Options, models: Path) -> "Model":
    """Import what is heavy here, not above: this file is imported for `--help`."""
    from livevision_brightness.recognizer import Lightmeter

    return Lightmeter(options)


def checks() -> Iterator[Check]:
    """What `livevision doctor` tells of it."""
    yield Check("lightmeter", OK, "needs no model")


PLUGIN = RecognizerPlugin(
    name="brightness",
    summary="whether the picture is light or dark",
    options=Options,
    load=load,
    checks=checks,
    kinds=(
        Kind("brightness", counted=False, metric=True, colors=((40, 200, 40),)),
        Kind("change", caption=True, spoken=True),
    ),
)
