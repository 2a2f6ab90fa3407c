"""Letters of American Sign Language fingerspelling."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from livevision.options import option
from livevision.plugins import Check, Kept, Kind, RecognizerPlugin

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model

_HERE = __name__
SKY_BLUE = (233, 180, 86)
YELLOW = (66, 228, 240)


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen of signs."""

    model: Literal["fused", "landmarks", "cnn28"] = option(
        "fused",
        help="what reads a hand: its landmarks and its picture together, its landmarks alone, or "
        "the story's network on 28x28 pixels",
    )
    personal: bool = option(True, help="heed what you showed with 'livevision signs'")


def load(options: Options, models: Path) -> "Model":
    """The classifier that the options name; the hands' networks are loaded with it."""
    from livevision.recognizers.signs.recognizer import SignModel

    return SignModel(options, models)


def kept_files() -> Iterator[Kept]:
    """What the user showed of their own hand."""
    from livevision import files, settings

    file = settings.data_folder() / "signs.npz"
    for each in (file, *files.drafts(file)):
        if each.is_symlink() or each.is_file():
            yield Kept("signs", each)


def checks() -> Iterator[Check]:
    """Whether the networks that find hands are there."""
    from livevision.locators import mediapipe_files

    return mediapipe_files.checks(mediapipe_files.HANDS)


PLUGIN = RecognizerPlugin(
    name="signs",
    summary="letters of American Sign Language fingerspelling",
    options=Options,
    load=load,
    wanted=lambda: (True, ""),
    kinds=(
        Kind(
            "hand",
            counted=False,
            metric=True,
            signer="signs",
            still="letter",
            scale=2.2,
            colors=(SKY_BLUE, YELLOW),
        ),
        Kind("letter", view="letters", key="letter", caption=True, signer="signs"),
        Kind("word", key="word", counted=False, caption=True, spoken=True, signer="signs"),
    ),
    demo=f"{_HERE}.commands.showing",
    checks=checks,
    weights="livevision.locators.mediapipe_files",
    personal=kept_files,
    commands={
        "signs": f"{_HERE}.commands.signs",
        "practice": f"{_HERE}.commands.practice",
    },
    synonyms={
        "calibrate": "signs calibrate",
        "calibration": "signs calibrate",
        "teach sign": "signs teach",
        "teach signs": "signs teach",
        "practise": "practice",
        "exercise": "practice",
        "learn": "practice",
        "train-me": "practice",
        "train me": "practice",
    },
    activities={
        "practice": f"{_HERE}.activities.practice",
        "calibrate": f"{_HERE}.activities.calibrate",
    },
    evaluations={
        "hands": f"{_HERE}.evaluation.hands",
        "signs": f"{_HERE}.evaluation.signs",
        "spelling": f"{_HERE}.evaluation.spelling",
    },
    trainings={"signs": f"{_HERE}.training.train"},
)
