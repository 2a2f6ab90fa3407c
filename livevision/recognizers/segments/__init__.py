"""Segments: what the picture is made of, by five classic ways and by strokes of the user's."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from livevision.options import option
from livevision.plugins import Kind, RecognizerPlugin

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model

_HERE = __name__
COLORS = (
    (0, 159, 230),
    (233, 180, 86),
    (115, 158, 0),
    (66, 228, 240),
    (178, 114, 0),
    (0, 94, 213),
    (167, 121, 204),
    (160, 160, 160),
)
"""Okabe and Ito's, and a grey."""


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen of segments."""

    method: Literal["otsu", "kmeans", "slic", "felzenszwalb", "strokes"] = option(
        "kmeans",
        turns_on=True,
        help="light and dark; colours alike; the same of small patches; regions without an inner "
        "edge; or what looks like your strokes",
    )
    colors: int = option(
        4, low=2, high=8, metavar="N", help="how many colours kmeans and slic tell apart"
    )
    lightness: bool = option(
        True, help="let kmeans and slic heed how light a colour is; without, shadows vanish"
    )
    kinds: int = option(
        0,
        low=0,
        high=8,
        metavar="N",
        help="sort the regions into this many kinds by their shape (0: don't)",
    )
    points: Literal["none", "harris", "orb"] = option(
        "none", help="show corners, or keypoints, as well"
    )
    stroke: tuple[str, ...] = option(
        (),
        metavar="'X0 Y0 X1 Y1 NAME'",
        turns_on=True,
        help="a stroke over something called NAME, in pixels of the first picture; give several, "
        "of two names at the least",
    )


def load(options: Options, models: Path) -> "Model":
    """Nothing is loaded: what there is to learn is learnt from the stream itself."""
    from livevision.recognizers.segments.recognizer import SegmentModel

    return SegmentModel(options)


PLUGIN = RecognizerPlugin(
    name="segments",
    summary="what the picture is made of: light and dark, colours, regions, your own strokes",
    options=Options,
    load=load,
    kinds=(
        Kind("segment", counted=False, colors=COLORS, scale=1.0),
        Kind("points", counted=False, colors=((255, 255, 255),), scale=1.0),
    ),
    evaluations={"segments": f"{_HERE}.evaluation.segments"},
    demo=f"{_HERE}.commands.showing",
)
