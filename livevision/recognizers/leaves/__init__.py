"""Names leaves that lie on a light ground."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from livevision.options import option
from livevision.plugins import Kind, RecognizerPlugin

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model

GREEN = (80, 160, 60)


@dataclass(frozen=True, slots=True)
class Options:
    """What there is to choose."""

    threshold: float = option(
        0.5, help="least probability of a species; less is an unknown leaf", low=0.0, high=1.0
    )
    hold: float = option(
        0.8, help="seconds a leaf must lie still before it counts", metavar="SECONDS", low=0.0
    )


def load(options: Options, models: Path) -> "Model":
    from livevision.recognizers.leaves.recognizer import LeafModel

    return LeafModel(options, models)


PLUGIN = RecognizerPlugin(
    name="leaves",
    summary="leaves on a light ground, by species",
    options=Options,
    load=load,
    kinds=(Kind("leaf", plural="leaves", unnamed="unknown leaf", colors=(GREEN,)),),
    evaluations={"leaves": "livevision.recognizers.leaves.evaluation.leaves"},
    trainings={"leaves": "livevision.recognizers.leaves.training.train"},
)
