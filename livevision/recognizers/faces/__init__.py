"""Faces: finds them, follows them, and calls those who are enrolled by their names."""

import argparse
from datetime import date
from pathlib import Path

from livevision import settings
from livevision.recognizers import Recognizer, Settings

CLASSIC = ("lbph", "eigen", "fisher")

SUMMARY = "names the faces of people who are enrolled (see 'livevision faces --help')"

_NOBODY = "Nobody is enrolled, so faces are off; 'livevision faces add NAME PHOTO' changes that."
_PUT_ASIDE = (
    "The gallery was damaged and kept as {}, so faces are off; 'livevision faces restore BACKUP' "
    "or 'livevision faces add NAME PHOTO' changes that."
)


def add_options(group: argparse._ActionsContainer) -> None:
    """Add the options that every command has which names faces."""
    group.add_argument(
        "--gallery",
        type=Path,
        action=_Gallery,
        metavar="FILE",
        help="name the people enrolled there (default: those of your own gallery)",
    )
    group.add_argument(
        "--faces-threshold",
        type=_score,
        metavar="SCORE",
        help="least score of a name, 0 to 1; higher is stricter (default: the one that "
        "'livevision faces tune' set, else what suits the number of people enrolled)",
    )
    group.add_argument(
        "--faces-model",
        choices=("dlib", *CLASSIC),
        default="dlib",
        help="what compares the faces: dlib's network (default), or a classic for comparison, "
        "with the pictures that 'livevision faces add --keep-chips' kept",
    )
    group.add_argument(
        "--remember-strangers",
        action=_Remember,
        default=False,
        help="keep the embeddings of those who are not enrolled, for 'livevision faces unknown'",
    )


def wanted() -> tuple[bool, str]:
    """On if somebody is enrolled in the user's own gallery."""
    # a look at the file's size is all that --help and a run without faces may cost
    import sqlite3

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


def load(settings: Settings) -> Recognizer:
    """The recogniser with the gallery that the options name.

    Raises GalleryError if it is damaged, or named and not there, unless strangers are to be
    remembered in it; ModelError if a model is missing.
    """
    from livevision.recognizers.faces.gallery import Gallery
    from livevision.recognizers.faces.matching import Judge, matcher
    from livevision.recognizers.faces.recognizer import FaceRecognizer

    options = settings.options
    create = options.gallery is None or options.remember_strangers
    with Gallery(options.gallery, create=create) as gallery:
        gallery.forget_expired(date.today())
        people: Judge
        if options.faces_model == "dlib":
            people = matcher(gallery, options.faces_threshold)
        else:
            from livevision.recognizers.faces.classic import ClassicMatcher

            people = ClassicMatcher(
                options.faces_model, gallery.chips(), threshold=options.faces_threshold
            )
        sightings = gallery.path if options.remember_strangers else None
    return FaceRecognizer(people, live=settings.live, sightings=sightings)


class _Gallery(argparse.Action):
    """Whoever names a gallery wants faces named, unless told otherwise."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values)
        _look_for_faces(namespace)


class _Remember(argparse.BooleanOptionalAction):
    """Whoever wants strangers remembered wants faces looked for, also with nobody enrolled."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        super().__call__(parser, namespace, values, option_string)  # type: ignore[arg-type]
        if getattr(namespace, self.dest):
            _look_for_faces(namespace)


def _look_for_faces(namespace: argparse.Namespace) -> None:
    """Unless told otherwise."""
    if getattr(namespace, "faces", None) is None:
        namespace.faces = True


def _score(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is no number") from None
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{word} is not between 0 and 1")
    return value
