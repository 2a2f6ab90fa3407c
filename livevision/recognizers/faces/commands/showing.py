"""Faces in `livevision demo`: one of the two portraits is enrolled, for as long as it lasts."""

from pathlib import Path

from livevision.demo import ENROLLED, astronaut
from livevision.recognizers.faces import Options
from livevision.recognizers.faces.enrolment import enrol
from livevision.recognizers.faces.gallery import Gallery


def prepare(folder: Path) -> Options:
    """A gallery of its own in `folder`."""
    file = folder / "demo.sqlite"
    with Gallery(file) as gallery:
        enrol(gallery, ENROLLED, astronaut())
    return Options(gallery=file)
