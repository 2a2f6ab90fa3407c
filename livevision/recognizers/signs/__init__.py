"""Letters of American Sign Language fingerspelling."""

import argparse
import logging

from livevision.errors import ModelError
from livevision.recognizers import Recognizer, Settings

log = logging.getLogger(__name__)

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
    group.add_argument(
        "--signs-personal",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="heed what you showed with 'livevision signs'",
    )


def wanted() -> tuple[bool, str]:
    return True, ""


def load(settings: Settings) -> Recognizer:
    from livevision.locators.hands import HandLocator
    from livevision.recognizers.signs import personal
    from livevision.recognizers.signs.classifiers import load_classifier
    from livevision.recognizers.signs.recognizer import SignRecognizer

    classifier = load_classifier(
        getattr(settings.options, "signs_model", MODELS[0]), settings.models
    )
    if getattr(settings.options, "signs_personal", True):
        try:
            layer = personal.read()
        except ModelError as error:  # the general model reads as well without
            log.warning("%s", error)
        else:
            if layer.examples:
                classifier = personal.PersonalClassifier(classifier, layer)
    return SignRecognizer(classifier, HandLocator())
