"""What `livevision teach leaves` needs: one leaf a picture, measured as the live program does."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import assets, classifying
from livevision.recognizers.leaves import species, taught_file

if TYPE_CHECKING:
    from livevision.classifying import Classifier
    from livevision.frame import Image
    from livevision.training.choosing import Table

__all__ = ["called", "current", "known", "measured", "taught_file"]


def measured(image: "Image") -> Any:
    """(LENGTH,): the features of the largest thing on the ground; None if there is none."""
    from livevision.recognizers.leaves.features import measure
    from livevision.recognizers.leaves.segmenting import pieces

    found = pieces(image)
    if not found:
        return None
    piece = max(found, key=lambda each: int(each.mask.sum()))
    return measure(piece.image, piece.mask)


def called(name: str) -> str:
    """What a class named by a folder is called."""
    return species.called(name)


def known(models: Path) -> "Table":
    """The examples of the species that are known already, and of what is no leaf."""
    from livevision.recognizers.leaves.training.train import EXAMPLES
    from livevision.training import gathering
    from livevision.training.choosing import Table

    columns = gathering.loaded(assets.verified(models / EXAMPLES))
    return Table(columns["vectors"], columns["labels"])


def current(models: Path) -> "Classifier":
    """The shipped classifier."""
    return classifying.load(assets.verified(models / "leaves.npz"))
