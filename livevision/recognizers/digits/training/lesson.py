"""What `livevision teach digits` needs: one sign a picture, written by hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import assets, classifying
from livevision.recognizers.digits import taught_file

if TYPE_CHECKING:
    from livevision.classifying import Classifier
    from livevision.frame import Image
    from livevision.training.choosing import Table

__all__ = ["called", "current", "known", "measured", "taught_file"]


def measured(image: "Image") -> Any:
    """(LENGTH,): the features of the picture's one sign; None if there is no ink."""
    import numpy as np

    from livevision.recognizers.digits.prepare import features, normalized
    from livevision.recognizers.digits.reading import largest

    ink = largest(image)
    if ink is None:
        return None
    return np.asarray(features(normalized(ink)))


def called(name: str) -> str:
    """What a class named by a folder is called."""
    return name


def known(models: Path) -> "Table":
    """Digits of many writers, and what is none: those that the nearest neighbours are sought in."""
    import numpy as np

    from livevision.training.choosing import Table

    neighbours = classifying.load(assets.verified(models / "knn.npz"))
    assert isinstance(neighbours, classifying.Neighbours)
    space = neighbours.space
    assert space.axes is not None
    # back from the principal axes: what they leave out is lost, and hardly anything
    vectors = (neighbours.vectors @ space.axes.T) * space.scale + space.mean
    labels = np.array(neighbours.classes)[neighbours.labels]
    return Table(np.asarray(vectors, np.float32), labels)


def current(models: Path) -> "Classifier":
    """The shipped classifier."""
    return classifying.load(assets.verified(models / "svm.npz"))
