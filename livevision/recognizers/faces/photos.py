"""Who is in a photo, for lists; and people who are known by photos alone, without a gallery."""

from datetime import UTC, datetime
from pathlib import Path

from livevision.errors import GalleryError
from livevision.locators.faces import turned_back
from livevision.recognizers.faces import UNKNOWN
from livevision.recognizers.faces.embedding import FaceReader, as_bgr
from livevision.recognizers.faces.enrolment import load_photo, only_face, pictures_in
from livevision.recognizers.faces.gallery import EnrolledFace, checked_name
from livevision.recognizers.faces.matching import Matcher

Edges = tuple[int, int, int, int]
"""A box in pixels of the photo: left, top, right, bottom."""
Found = tuple[str, float, Edges]
"""A name, "unknown" if it is nobody's, the probability that it is right, 0 to 1, and the box."""


def who(photo: Path, reader: FaceReader, people: Matcher) -> list[Found]:
    """Everybody in a photo, the largest face first; no name twice, the likelier one has it.

    What may as well be a hand is passed over, unless it is somebody's who is known. Raises
    GalleryError if it cannot be read.
    """
    turned, faces, turns = reader.locator.locate_upright(as_bgr(load_photo(photo)))
    looks = [(face, people.match(reader.look(turned, face).embedding)) for face in faces]
    looks = [
        (face, match)
        for face, match in looks
        if match.name in people.names or reader.locator.is_sure(turned, face)
    ]
    best: dict[str, float] = {}
    for _, match in looks:
        if match.name in people.names:
            best[match.name] = max(best.get(match.name, -1.0), match.score)
    found = []
    for face, match in looks:
        mine = match.name not in people.names or match.score >= best[match.name]
        name, confidence = (match.name, match.confidence) if mine else (UNKNOWN, 0.5)
        box = turned_back(face.box, turned, turns)
        found.append((name, confidence, (box.left, box.top, box.right, box.bottom)))
    return found


def known_people(folder: Path, reader: FaceReader) -> tuple[list[EnrolledFace], list[str]]:
    """The faces of `folder/NAME.jpg` and `folder/NAME/*.jpg`, and why some are not among them.

    Underscores in names are spaces. Raises GalleryError if there is nobody.
    """
    faces: list[EnrolledFace] = []
    refused: list[str] = []
    try:
        photos = [(photo.stem, photo) for photo in pictures_in(folder)[0]]
        for place in sorted(each for each in folder.iterdir() if each.is_dir()):
            if not place.name.startswith("."):
                photos += [(place.name, photo) for photo in pictures_in(place)[0]]
    except OSError as error:
        raise GalleryError(f"Cannot read the folder {folder}: {error.strerror}.") from error
    numbers: dict[str, int] = {}
    for words, photo in photos:
        try:
            name = checked_name(words.replace("_", " "))
            look = only_face(reader, load_photo(photo), str(photo))
        except GalleryError as error:
            refused.append(str(error))
            continue
        person = numbers.setdefault(name, len(numbers))
        faces.append(
            EnrolledFace(
                len(faces),
                person,
                name,
                look.embedding,
                look.pose.quality,
                photo.name,
                datetime.now(UTC),
            )
        )
    if not faces:
        why = f" {refused[0]}" if refused else ""
        raise GalleryError(f"{folder} has no photo of a person: NAME.jpg or NAME/*.jpg.{why}")
    return faces, refused
