"""Letters of American Sign Language fingerspelling."""

import argparse

from livevision.recognizers import Recognizer, Settings

SUMMARY = "letters of American Sign Language fingerspelling"
MODELS = ("fused", "landmarks", "cnn28")


def add_options(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--signs-model",
        choices=MODELS,
        default=MODELS[0],
        help="what reads a hand: its landmarks and its picture together, its landmarks alone, or "
        "the story's network on 28x28 pixels (default: %(default)s)",
    )


def wanted() -> tuple[bool, str]:
    return True, ""


def load(settings: Settings) -> Recognizer:
    from livevision.locators.hands import HandLocator
    from livevision.recognizers.signs.classifiers import load_classifier
    from livevision.recognizers.signs.recognizer import SignRecognizer

    name = getattr(settings.options, "signs_model", MODELS[0])
    return SignRecognizer(load_classifier(name, settings.models), HandLocator())
