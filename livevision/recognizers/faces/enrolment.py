"""Putting people into a gallery, from photos."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from livevision import pictures
from livevision.errors import GalleryError
from livevision.frame import Frame, Image
from livevision.locators.faces import roll
from livevision.pictures import SUFFIXES, PictureError
from livevision.recognizers.faces import UNKNOWN
from livevision.recognizers.faces.alignment import TILTED, Pose
from livevision.recognizers.faces.embedding import FaceReader, Look, as_bgr
from livevision.recognizers.faces.gallery import (
    Embedding,
    Gallery,
    Person,
    checked_name,
    same_view,
)
from livevision.recognizers.faces.matching import Matcher, unit

log = logging.getLogger(__name__)

SMALLEST = 36
"""Least width of a face in a photo, in pixels; what is smaller is guesswork."""
MANY = 0.45
"""How wide a second face may be, in widths of the first, before a photo is refused."""
OUTLIER = 0.92
"""Cosine to the person's other photos below which a photo is taken for somebody else's."""
TWO_PEOPLE = 0.94
"""Cosine between the means of two groups of photos below which they show two people: found out in
99.5 % of sets mixed of two people's photos, two or more of each, and wrongly in 0.1 % of others."""
TWO_PHOTOS = 0.90
"""The same where one of the groups is a single photo."""
VIEWS = 8
"""Views kept of a clip or a camera."""
EVERY = 0.2
"""Seconds between the frames of a clip that are looked at."""
GOOD = 0.35
"""Least quality of a view that is kept."""
NEW = 0.985
"""Cosine to two of the views that are kept from which on another one adds nothing, unless the head
is turned otherwise."""
OTHERWISE = 0.08
"""See `Pose.turn`."""
ONE_PERSON = 0.91
"""Least cosine of two good views of one person in one clip."""


@dataclass(slots=True)
class Enrolment:
    """What became of the photos of one person."""

    person: Person | None
    added: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Why each of the others was not added: one line that says what to do."""
    known: list[str] = field(default_factory=list)
    """Those that were there already: one picture counts once."""
    alike: str = ""
    """Somebody else who is enrolled and whom the photos seem to show; empty if there is nobody."""


def load_photo(path: Path) -> Image:
    """A photo as BGR, upright; GalleryError if it is missing or no picture."""
    try:
        return pictures.load(path)
    except PictureError as error:
        raise GalleryError(str(error)) from error


@dataclass(slots=True)
class Tree:
    """What a folder tree `NAME/*.jpg` holds."""

    people: dict[str, list[Path]] = field(default_factory=dict)
    """The photos of each."""
    remarks: list[str] = field(default_factory=list)
    """What else should be known: what was not taken for a photo, names that are one."""
    refused: list[str] = field(default_factory=list)
    """What could not be taken, though it seems to be meant."""


def load_people(folder: Path) -> Tree:
    """The photos of each person in a tree `folder/NAME/*.jpg`; underscores in names are spaces.

    Folders whose names come to one name are one person's. Hidden ones, as file managers make them,
    are passed over. Raises GalleryError if there is nobody.
    """
    tree = Tree()
    places: dict[str, Path] = {}
    try:
        for place in sorted(folder.iterdir()):
            if place.name.startswith(".") or not place.is_dir():
                continue
            photos, left = pictures_in(place)
            tree.remarks += left
            if not photos:
                tree.refused.append(f"{place}: no pictures right in it, so nobody is enrolled.")
                continue
            try:
                name = checked_name(place.name.replace("_", " "))
            except GalleryError as error:
                tree.refused.append(f"{place}: {error}")
                continue
            if name in tree.people:
                tree.remarks.append(
                    f"{places[name]} and {place} are one name, {name}: all photos are taken for "
                    "one person's. Rename a folder if they are two."
                )
            places.setdefault(name, place)
            tree.people.setdefault(name, []).extend(photos)
    except OSError as error:
        raise GalleryError(f"Cannot read the folder {folder}: {error.strerror}.") from error
    if not tree.people:
        raise GalleryError(f"{folder} has no folder with pictures. Make one per person: NAME/*.jpg")
    return tree


def pictures_in(folder: Path) -> tuple[list[Path], list[str]]:
    """The pictures right in a folder, by name, and a remark about everything else in it.

    Hidden files are passed over. Raises OSError.
    """
    photos, remarks = [], []
    for file in sorted(folder.iterdir()):
        if file.name.startswith("."):
            continue
        if file.is_dir():
            remarks.append(f"{file}: a folder in a person's folder is not looked into.")
        elif file.suffix.lower() in SUFFIXES:
            photos.append(file)
        else:
            remarks.append(f"{file}: not taken for a picture, by its ending.")
    return photos, remarks


def pictures_of(folder: Path) -> list[Path]:
    """The pictures right in a folder, by name."""
    return pictures_in(folder)[0]


def only_face(reader: FaceReader, image: Image, source: str) -> Look:
    """The one face of a photo; GalleryError if there is none, more than one, it is too small, or
    may as well be a hand."""
    image, faces, _ = reader.locator.locate_upright(as_bgr(image))
    if not faces:
        raise GalleryError(f"{source}: no face found. Use a photo with the face in plain view.")
    if not reader.locator.is_sure(image, faces[0]):  # then none is
        raise GalleryError(
            f"{source}: no face that is one for sure. Use a photo with the face in plain view."
        )
    if len(faces) > 1 and faces[1].box.width > MANY * faces[0].box.width:
        raise GalleryError(f"{source}: {len(faces)} faces found. Cut out the person's.")
    if faces[0].box.width < SMALLEST:
        raise GalleryError(
            f"{source}: the face is too small ({faces[0].box.width} pixels wide, "
            f"{SMALLEST} are needed). Use a larger photo."
        )
    return reader.look(image, faces[0])


def enrol(
    gallery: Gallery,
    name: str,
    image: Image,
    *,
    source: str = "photo",
    reader: FaceReader | None = None,
) -> Person:
    """Enrol one picture, (height, width, 3) BGR or (height, width) grey, of a person.

    Raises GalleryError if the name is none, or the picture does not show exactly one face.
    """
    name = checked_name(name)
    look = only_face(reader or FaceReader(), image, source)
    return gallery.add(name, [(look.embedding, look.pose.quality, source)])


def enrol_photos(
    gallery: Gallery,
    name: str,
    photos: Sequence[Path],
    *,
    reader: FaceReader,
    note: str | None = None,
    consent: str | None = None,
    expires: date | None = None,
    keep_chips: bool = False,
) -> Enrolment:
    """Enrol every usable photo of a person; the others are told of, each with its reason.

    A photo that does not fit the person's others is taken for somebody else's and not added. With
    `keep_chips` a small picture of each face is kept, for the classic recognisers.
    """
    name = checked_name(name)
    done = Enrolment(None)
    looks: dict[str, Look] = {}
    for photo in photos:
        try:
            looks[str(photo)] = only_face(reader, load_photo(photo), str(photo))
        except GalleryError as error:
            done.refused[str(photo)] = str(error)
    everybody = gallery.faces()
    earlier = [face.embedding for face in everybody if face.name == name]
    again: list[tuple[str, Look]] = []
    for source, look in reversed(list(looks.items())):
        others = [other.embedding for key, other in looks.items() if key != source]
        if any(same_view(look.embedding, other) for other in (*earlier, *others)):
            again.append((source, looks.pop(source)))
    done.known = [source for source, _ in again]
    views = {source: look.embedding for source, look in looks.items()}
    for source, alike, other in undecided(views, earlier):
        del looks[source], views[source]
        done.refused[source] = (
            f"{source}: two people seem to be in the photos of {name}, as many of each: this one "
            f"{f'fits {Path(alike).name}' if alike else 'does not fit'}, {Path(other).name} shows "
            "somebody else. Enrol each under a name of its own."
        )
    for source in misfits(views, earlier):
        del looks[source]
        done.refused[source] = (
            f"{source}: does not look like the other photos of {name}. "
            "If it is the same person, enrol it under a name of its own and merge the two."
        )
    if looks or again:
        added = [*looks.items(), *again]  # of those that are there already, a picture is kept
        done.person = gallery.add(
            name,
            [(look.embedding, look.pose.quality, Path(source).name) for source, look in added],
            chips=[look.chip for _, look in added] if keep_chips else (),
            note=note,
            consent=consent,
            expires=expires,
        )
        done.added = list(looks)
    if looks:
        match = Matcher([face for face in everybody if face.name != name]).match(
            unit(np.mean([look.embedding for look in looks.values()], axis=0))
        )
        done.alike = "" if match.name == UNKNOWN else match.name
    return done


def best_views(
    frames: Iterable[Frame],
    reader: FaceReader,
    *,
    enough: Callable[[Sequence[Pose]], bool] | None = None,
) -> list[Look]:
    """The best and most different views of the one person in a clip or before a camera.

    Frames with several faces are passed over. `enough`, asked after each good view with the poses
    so far, ends it early. Raises GalleryError if there are fewer than three good views, or if they
    do not seem to be of one person.
    """
    kept: list[Look] = []
    due = 0.0
    for frame in frames:
        if frame.time < due:
            continue
        due = frame.time + EVERY
        image = as_bgr(frame.image)
        faces = reader.locator.locate(image)
        if not faces or (len(faces) > 1 and faces[1].box.width > MANY * faces[0].box.width):
            continue
        if abs(roll(faces[0])) > TILTED:
            continue
        pose = reader.aligner.pose(image, faces[0])
        if pose.quality < GOOD or faces[0].box.width < SMALLEST:
            continue
        look = reader.look(image, faces[0])
        if len(kept) >= 3 and sum(_adds_nothing(look, other) for other in kept) >= 2:
            continue
        kept.append(look)
        if len(kept) > 4 * VIEWS:
            kept = _best(kept, 2 * VIEWS)
        if enough is not None and enough([each.pose for each in kept]):
            break
    if len(kept) < 3:
        raise GalleryError(
            "The face was not seen well often enough. Use more light, come nearer, and have one "
            "face in the picture."
        )
    best = max(kept, key=lambda look: look.pose.quality).embedding
    fitting = [look for look in kept if float(look.embedding @ best) >= ONE_PERSON]
    if len(fitting) < 0.75 * len(kept):
        raise GalleryError("More than one person is seen. Use a clip of one person alone.")
    return _best(fitting, VIEWS)


class Guide:
    """Tells a person before the camera what to do, until all sides were seen."""

    _PATIENCE = 60.0
    """Seconds after which what there is must do."""
    _EACH = 2
    """Views of each side."""
    _TURNED = 0.12
    """From where on a head counts as turned; see `Pose.turn`."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """`tell` gets what to say to the person."""
        self._say = tell
        self._told = ""
        self._tell("Look at the camera.")

    def until(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The frames, as long as patience lasts."""
        for frame in frames:
            if frame.time > self._PATIENCE:
                return
            yield frame

    def enough(self, poses: Sequence[Pose]) -> bool:
        """Whether every side was seen; tells what is missing."""
        ahead = sum(abs(pose.turn) <= self._TURNED for pose in poses)
        sides = [sum(sign * pose.turn > self._TURNED for pose in poses) for sign in (1, -1)]
        if ahead < self._EACH:
            self._tell("Look at the camera.")
        elif max(sides) < self._EACH:
            self._tell("Turn your head a little to one side.")
        elif min(sides) < self._EACH:
            self._tell("And to the other.")
        else:
            return True
        return False

    def _tell(self, words: str) -> None:
        if words != self._told:
            self._told = words
            self._say(words)


def _adds_nothing(look: Look, other: Look) -> bool:
    turned = abs(look.pose.turn - other.pose.turn) >= OTHERWISE
    return not turned and float(look.embedding @ other.embedding) >= NEW


def _best(looks: Sequence[Look], count: int) -> list[Look]:
    """Up to `count` of them: the best first, passing over those like one that is kept."""
    ordered = sorted(looks, key=lambda look: -look.pose.quality)
    kept: list[Look] = []
    for look in ordered:
        if not any(_adds_nothing(look, other) for other in kept):
            kept.append(look)
    kept += [look for look in ordered if all(look is not other for other in kept)]
    return kept[:count]


def undecided(
    views: dict[str, Embedding], earlier: Sequence[Embedding] = ()
) -> list[tuple[str, str, str]]:
    """All of the views if they show two people and nothing says which of them is meant.

    Each with another that shows the same, empty if there is none, and one that shows the other.
    """
    if earlier or len(views) < 2 or len(views) % 2:
        return []
    first, second = _two_groups(list(views.values()))
    if len(first) != len(second):
        return []
    names = list(views)
    found = []
    for mine, theirs in ((first, second), (second, first)):
        for place in mine:
            alike = next((names[each] for each in mine if each != place), "")
            found.append((names[place], alike, names[theirs[0]]))
    return found


def _two_groups(views: Sequence[Embedding]) -> tuple[list[int], list[int]]:
    """The places of the views of two people, the more numerous first; no second if it is one.

    Clustering by average linkage, as for strangers.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    everything = np.array([unit(view) for view in views])
    labels = fcluster(linkage(everything, "average", metric="cosine"), 2, "maxclust")
    groups = [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
    groups.sort(key=len, reverse=True)
    if len(groups) < 2:
        return groups[0], []
    first, second = (unit(everything[group].mean(axis=0)) for group in groups)
    bar = TWO_PHOTOS if len(groups[1]) == 1 else TWO_PEOPLE
    return (groups[0], groups[1]) if float(first @ second) < bar else (list(range(len(views))), [])


def misfits(views: dict[str, Embedding], earlier: Sequence[Embedding] = ()) -> list[str]:
    """Which of the views do not fit the others and those enrolled `earlier`.

    If they show two people, those of the one who was not enrolled earlier, or of whom there are
    fewer. Of the rest, one after the other the view least like the mean of the others is left out,
    while it is below `OUTLIER` and at least two views of the person remain to say so, or one
    enrolled earlier.
    """
    left = {key: unit(value) for key, value in views.items()}
    before = [unit(value) for value in earlier]
    found: list[str] = []
    if len(left) + len(before) > 2 or before:
        groups = _two_groups([*before, *left.values()]) if left else ([], [])
        known = [sum(place < len(before) for place in group) for group in groups]
        other = groups[0] if known[1] > known[0] else groups[1]
        found = [list(left)[place - len(before)] for place in other if place >= len(before)]
        for key in found:
            del left[key]
    while left and (len(left) + len(before) > 2 or before):
        worst, least = "", OUTLIER
        for key, value in left.items():
            rest = before + [other for name, other in left.items() if name != key]
            alike = float(unit(np.mean(rest, axis=0)) @ value)
            if alike < least:
                worst, least = key, alike
        if not worst:
            break
        del left[worst]
        found.append(worst)
    return found
