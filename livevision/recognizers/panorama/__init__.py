"""Panorama: a sweep of the camera, or a clip of one, becomes one picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from livevision.options import option
from livevision.plugins import Kind, RecognizerPlugin

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model

_HERE = __name__


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen of panoramas."""

    file: Path | None = option(
        None, metavar="FILE", turns_on=True, help="write the picture there (.jpg, .png)"
    )
    start: bool = option(
        False, help="begin with the first picture, not when the key or the button is pressed"
    )


def load(options: Options, models: Path) -> "Model":
    """Nothing is loaded: it needs no model."""
    from livevision.recognizers.panorama.recognizer import PanoramaModel

    return PanoramaModel(options)


PLUGIN = RecognizerPlugin(
    name="panorama",
    summary="one picture of a sweep: press a, turn the camera slowly, press a again",
    options=Options,
    load=load,
    kinds=(Kind("panorama"),),
    commands={"panorama": f"{_HERE}.commands.panorama"},
    evaluations={"panorama": f"{_HERE}.evaluation.panorama"},
    demo=f"{_HERE}.commands.showing",
)
