"""Enrol people, so that livevision calls them by their names; look after the gallery.

examples:
  livevision faces add "Zoë" zoe1.jpg zoe2.jpg zoe3.jpg
  livevision faces add --folder staff/            (one folder per person)
  livevision faces add "Zoë" --clip zoe.mp4       (or --camera)
  livevision faces list
  livevision faces who party/*.jpg                (CSV: file, name, confidence, box)
  livevision faces rename "Zoë" "Zoë Müller"
  livevision faces remove "Zoë Müller"            (with proof that nothing is left)
  livevision faces tune --strangers-named 1       (in a thousand)
  livevision faces encrypt                        (LIVEVISION_PASSPHRASE spares you the question)

Three photos a person, from different days, are worth much more than one. Only embeddings are kept
(128 numbers a photo), no pictures unless you ask for them, in one file that only you can read.
"""

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from livevision import commands, files, settings
from livevision.commands import _output
from livevision.errors import GalleryError, OutputError, UsageError
from livevision.replaying import VIDEOS
from livevision.text import printable

if TYPE_CHECKING:
    from livevision.recognizers.faces.embedding import FaceReader
    from livevision.recognizers.faces.enrolment import Enrolment
    from livevision.recognizers.faces.gallery import Gallery
    from livevision.recognizers.faces.tuning import Curve

_EXAMPLES = {
    "add": """examples: livevision faces add "Zoë" zoe1.jpg zoe2.jpg zoe3.jpg
          livevision faces add --folder staff/        (staff/Zoë/*.jpg, staff/Ada/*.jpg ...)
          livevision faces add "Zoë" --camera --consent "said yes on 3 May" --expires 2030-05-03

A photo with more or fewer faces than one, or that does not fit the person's others, is left out
and told; the others are added, and the exit code is 5.""",
    "list": "example: livevision faces list",
    "who": """examples: livevision faces who party/*.jpg > who.csv
          livevision faces who party/ --known known/     (known/Zoë.jpg, known/Ada.jpg ...)

One line for each face: file, name, confidence, and its box in pixels (left top right bottom); a
photo without a face has a line without a name.""",
    "remove": 'example: livevision faces remove "Zoë" "Ada"',
    "rename": 'example: livevision faces rename "Zoë" "Zoë Müller"',
    "merge": 'example: livevision faces merge "Zoe" "Zoë"      (Zoë has all views, Zoe is gone)',
    "reject": """example: livevision faces reject "Zoë" not-her.jpg

For a look-alike who was called Zoë: from now on faces like these do not get her name.""",
    "tune": """examples: livevision faces tune                            (shows, changes nothing)
          livevision faces tune --strangers-named 1        (in a thousand)
          livevision faces tune --curve curve.png
          livevision faces tune --default""",
    "unknown": """examples: livevision run --remember-strangers
          livevision faces unknown                         (numbers them)
          livevision faces unknown --name 2 "Ada"
          livevision faces unknown --forget""",
    "backup": "example: livevision faces backup gallery-2030.sqlite",
    "restore": """example: livevision faces restore gallery-2030.sqlite

Whoever is enrolled now and not in the copy is lost: back up first.""",
    "encrypt": """example: livevision faces encrypt

It asks for a passphrase, or takes it from LIVEVISION_PASSPHRASE. Without it there is no way
back.""",
    "decrypt": "example: livevision faces decrypt",
}
_NOBODY = "Nobody is enrolled."
_NO_STRANGERS = "No strangers are remembered. 'livevision run --remember-strangers' does that."

SUMMARY = "enrol people, list, rename or remove them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(
        name: str, help_: str, act: "Callable[[argparse.Namespace], int]"
    ) -> argparse.ArgumentParser:
        child = commands.add_action(actions, name, help_, act, _EXAMPLES[name])
        child.add_argument(
            "--gallery", type=Path, metavar="FILE", help="another gallery than your own"
        )
        return child

    add = action("add", "enrol a person from photos, a clip or the camera", _add)
    add.add_argument("name", metavar="NAME", nargs="?", help="what to call the person")
    add.add_argument("photos", metavar="PHOTO", nargs="*", type=Path, help="pictures of the person")
    add.add_argument("--folder", type=Path, help="enrol everybody of a folder tree: NAME/*.jpg")
    add.add_argument("--clip", type=Path, help="take the best views from a video of the person")
    add.add_argument(
        "--camera",
        type=_camera,
        nargs="?",
        const="",
        metavar="CAMERA",
        help="take them from a camera, by its number or its address (default: 0, or what "
        "'livevision config camera=N' says)",
    )
    add.add_argument("--note", help="anything worth remembering about the person")
    add.add_argument("--consent", metavar="TEXT", help="what the person agreed to, and when")
    add.add_argument(
        "--expires", type=_day, metavar="YYYY-MM-DD", help="forget the person on that day"
    )

    add.add_argument(
        "--keep-chips",
        action="store_true",
        help="keep a small grey picture of each face too, for 'run --faces-model lbph', eigen and "
        "fisher",
    )

    action("list", "show who is enrolled", _list)
    who = action("who", "name the people in photos, as CSV or JSON lines", _who)
    who.add_argument("photos", metavar="PHOTO", nargs="+", type=Path, help="pictures, or folders")
    who.add_argument(
        "--known",
        type=Path,
        metavar="DIR",
        help="name those in DIR/NAME.jpg and DIR/NAME/*.jpg, without enrolling anybody",
    )
    who.add_argument(
        "--format",
        choices=("csv", "jsonl"),
        default="csv",
        help="of the lines (default: %(default)s)",
    )
    remove = action("remove", "erase people, and prove that nothing of them is left", _remove)
    remove.add_argument("names", metavar="NAME", nargs="+")
    rename = action("rename", "call a person otherwise", _rename)
    rename.add_argument("name", metavar="NAME")
    rename.add_argument("new", metavar="NEW_NAME")
    merge = action("merge", "make two enrolled people one", _merge)
    merge.add_argument("name", metavar="NAME", help="who goes")
    merge.add_argument("into", metavar="INTO", help="who stays, with the views of both")
    reject = action(
        "reject", "teach that photos do not show a person, though it seemed so", _reject
    )
    reject.add_argument("name", metavar="NAME", help="who was named wrongly")
    reject.add_argument(
        "photos", metavar="PHOTO", nargs="+", type=Path, help="pictures of somebody else"
    )
    tune = action("tune", "set the threshold from your own gallery", _tune)
    tune.add_argument(
        "--strangers-named",
        type=_per_thousand,
        metavar="N",
        help="how many strangers in a thousand may get a name",
    )
    tune.add_argument("--curve", type=Path, metavar="PNG", help="draw false against missed names")
    tune.add_argument("--default", action="store_true", help="go back to the program's threshold")
    unknown = action(
        "unknown", "show strangers seen again and again; name or forget them", _unknown
    )
    unknown.add_argument("--name", nargs=2, metavar=("NUMBER", "NAME"), help="enrol one of them")
    unknown.add_argument("--forget", action="store_true", help="erase all of them")
    backup = action("backup", "write a copy of the gallery", _backup)
    backup.add_argument("file", type=Path, metavar="FILE", help="where to write it")
    restore = action("restore", "replace the gallery by a copy", _restore)
    restore.add_argument("file", type=Path, metavar="FILE", help="what 'backup' wrote")
    action("encrypt", "keep the gallery under a passphrase from now on", _encrypt)
    action("decrypt", "keep the gallery without a passphrase from now on", _decrypt)


def execute(arguments: argparse.Namespace) -> int:
    return int(arguments.act(arguments))


def _add(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.embedding import FaceReader
    from livevision.recognizers.faces.enrolment import enrol_photos, load_people
    from livevision.recognizers.faces.gallery import Gallery, checked_name

    if arguments.folder is not None:
        if arguments.name or arguments.clip or arguments.camera is not None:
            raise UsageError("--folder takes the names from its folders; give nothing beside it.")
        tree = load_people(arguments.folder)
        people, remarks, refused = tree.people, tree.remarks, tree.refused
    else:
        if not arguments.name:
            raise UsageError("Whom? Give a NAME and photos, or --folder DIR.")
        name = checked_name(arguments.name)
        if Path(arguments.name).is_file():
            raise UsageError(f"{arguments.name!r} is a file. Give the person's name first.")
        photos, remarks = _photos(arguments.photos)
        people, refused = {name: photos}, []
        given = bool(arguments.photos), arguments.clip is not None, arguments.camera is not None
        if sum(given) != 1:
            raise UsageError(f"Give photos of {name}, or --clip FILE, or --camera.")
    reader = FaceReader()
    if arguments.clip is not None or arguments.camera is not None:
        return _add_views(arguments, reader)
    for remark in remarks:
        _output.hint(remark)
    for reason in refused:
        print(f"livevision: {printable(reason)}", file=sys.stderr)
    complete = not refused
    with Gallery(arguments.gallery) as gallery:
        for name, photos in people.items():
            done = enrol_photos(
                gallery,
                name,
                photos,
                reader=reader,
                note=arguments.note,
                consent=arguments.consent,
                expires=arguments.expires,
                keep_chips=arguments.keep_chips,
            )
            complete &= _outcome(done, name)
    return 0 if complete else GalleryError.exit_code


def _photos(words: list[Path]) -> tuple[list[Path], list[str]]:
    """The photos that are named, those right in folders that are, and what else is in these."""
    from livevision.recognizers.faces.enrolment import pictures_in

    photos, remarks = [], []
    for word in words:
        if not word.is_dir():
            photos.append(word)
            continue
        try:
            found, left = pictures_in(word)
        except OSError as error:
            raise GalleryError(f"Cannot read the folder {word}: {error.strerror}.") from error
        if not found:
            raise GalleryError(f"{word} has no pictures right in it. Name another folder.")
        photos += found
        remarks += left
    return photos, remarks


def _add_views(arguments: argparse.Namespace, reader: "FaceReader") -> int:
    """Enrol a person from a clip or the camera."""
    from livevision.recognizers.faces.enrolment import Guide, best_views
    from livevision.recognizers.faces.gallery import Gallery
    from livevision.sources import open_source

    camera = arguments.camera is not None
    source = open_source((arguments.camera or settings.source()) if camera else str(arguments.clip))
    with Gallery(arguments.gallery) as gallery:  # before the work, so that it can't be in vain
        with source:
            if camera:
                guide = Guide(lambda words: print(words, file=sys.stderr, flush=True))
                looks = best_views(guide.until(iter(source)), reader, enough=guide.enough)
            else:
                looks = best_views(iter(source), reader)
        person = gallery.add(
            arguments.name,
            [
                (look.embedding, look.pose.quality, "camera" if camera else arguments.clip.name)
                for look in looks
            ],
            chips=[look.chip for look in looks] if arguments.keep_chips else (),
            note=arguments.note,
            consent=arguments.consent,
            expires=arguments.expires,
        )
    print(f"{person.name}: {len(looks)} views added, {person.faces} in all.")
    return 0


def _outcome(done: "Enrolment", name: str) -> bool:
    """Say what became of a person's photos; False if any was refused."""
    for reason in done.refused.values():
        print(f"livevision: {printable(reason)}", file=sys.stderr)
    for photo in map(Path, done.refused):
        if photo.suffix.lower() in VIDEOS and photo.is_file():
            again = f"livevision faces add {name!r} --clip {str(photo)!r}"
            _output.hint(f"a video is given by --clip: {again}")
    if done.person is None:
        print(
            f"livevision: {printable(name)} was not enrolled: no photo could be used.",
            file=sys.stderr,
        )
    else:
        photos = "1 photo" if len(done.added) == 1 else f"{len(done.added)} photos"
        again = f" ({len(done.known)} there already)" if done.known else ""
        print(f"{printable(done.person.name)}: {photos} added{again}, {done.person.faces} in all.")
    if done.alike:
        new, other = printable(name), printable(done.alike)
        _output.hint(
            f"{new} looks like {other}, who is enrolled: under two names one person may become "
            f"unknown. If they are one: livevision faces merge {new!r} {other!r}"
        )
    return done.person is not None and not done.refused


def _list(arguments: argparse.Namespace) -> int:
    gallery = _existing(arguments, _NOBODY)
    if gallery is None:
        return 0
    from rich.console import Console
    from rich.table import Column, Table

    with gallery:
        headings = ("name", "views", "since", "expires", "consent", "note")
        table = Table(*(Column(each, overflow="fold") for each in headings))  # all of a name
        for person in gallery.people():
            table.add_row(
                printable(person.name),
                str(person.faces),
                f"{person.added:%Y-%m-%d}",
                str(person.expires or ""),
                printable(person.consent),
                printable(person.note),
            )
        if not table.row_count:
            print(_NOBODY)
            return 0
        Console(markup=False, highlight=False).print(table)
        count = table.row_count
        people = "1 person is" if count == 1 else f"{count} people are"
        print(f"{people} enrolled in {printable(str(gallery.path))}")
    return 0


def _who(arguments: argparse.Namespace) -> int:
    import csv
    import json

    from livevision.recognizers.faces.embedding import FaceReader
    from livevision.recognizers.faces.gallery import Gallery, default_path
    from livevision.recognizers.faces.matching import Matcher, matcher
    from livevision.recognizers.faces.photos import Edges, known_people, who

    if arguments.known is not None and arguments.gallery is not None:
        raise UsageError("--known and --gallery both say who is known. Give one.")
    photos, remarks = _photos(arguments.photos)
    for remark in remarks:
        _output.hint(remark)
    reader = FaceReader()
    refused: list[str] = []
    if arguments.known is not None:
        faces, refused = known_people(arguments.known, reader)
        people = Matcher(faces)
    else:
        try:
            with Gallery(arguments.gallery, create=False) as gallery:
                people = matcher(gallery)
        except GalleryError as error:
            if arguments.gallery is None and not default_path().exists():
                raise GalleryError(f"{error} Or give pictures of them: --known DIR.") from error
            raise
    table = csv.writer(sys.stdout, lineterminator="\n")
    if arguments.format == "csv":
        table.writerow(("file", "name", "confidence", "box"))
    for photo in photos:
        try:
            found = who(photo, reader, people)
        except GalleryError as error:
            refused.append(str(error))
            continue
        lines: list[tuple[str, float | None, Edges | None]] = [*found]
        for name, confidence, box in lines or [("", None, None)]:
            if arguments.format == "csv":
                shown = "" if confidence is None else f"{confidence:.3f}"
                place = " ".join(str(edge) for edge in box or ())
                table.writerow((str(photo), name, shown, place))
            else:
                line = {
                    "file": str(photo),
                    "name": name or None,
                    "confidence": None if confidence is None else round(confidence, 3),
                    "box": None if box is None else list(box),
                }
                print(json.dumps(line))
    for reason in refused:
        print(f"livevision: {printable(reason)}", file=sys.stderr)
    return GalleryError.exit_code if refused else 0


def _remove(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.gallery import Gallery

    with Gallery(arguments.gallery, create=False) as gallery:
        names = [gallery.person(name).name for name in arguments.names]  # all or none
        for name in dict.fromkeys(names):
            for other in gallery.shared(name):
                _output.hint(f"{other} is enrolled from a photo of {name}'s; {other}'s view stays.")
            count = gallery.remove(name)
            print(
                f"{name}: removed with {_count(count, 'embedding')}; {gallery.path} was rewritten "
                "and searched, and none of them is in it any more."
            )
    return 0


def _rename(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.gallery import Gallery

    with Gallery(arguments.gallery, create=False) as gallery:
        gallery.rename(arguments.name, arguments.new)
        print(f"{arguments.name} is now {gallery.person(arguments.new).name}.")
    return 0


def _merge(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.gallery import Gallery

    with Gallery(arguments.gallery, create=False) as gallery:
        person = gallery.merge(arguments.name, arguments.into)
        print(f"{arguments.name} is part of {person.name} now: {person.faces} views.")
    return 0


def _reject(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.embedding import FaceReader
    from livevision.recognizers.faces.enrolment import load_photo, only_face
    from livevision.recognizers.faces.gallery import Gallery

    with Gallery(arguments.gallery, create=False) as gallery:
        name = gallery.person(arguments.name).name
        reader = FaceReader()
        looks = [only_face(reader, load_photo(file), str(file)) for file in arguments.photos]
        for look in looks:
            gallery.reject(name, look.embedding)
    faces = "1 face that is" if len(looks) == 1 else f"{len(looks)} faces that are"
    print(f"Noted: {faces} not {name}.")
    return 0


def _tune(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces import tuning
    from livevision.recognizers.faces.gallery import Gallery
    from livevision.recognizers.faces.matching import THRESHOLD_SETTING, matcher

    with Gallery(arguments.gallery, create=False) as gallery:
        files.check_reports(arguments.curve, inputs=(gallery.path,))
        if arguments.default:
            gallery.set(THRESHOLD_SETTING, None)
            print(f"Threshold: {matcher(gallery).threshold:.4f}, the program's own.")
            return 0
        curve = tuning.measure(gallery.faces())
        now = matcher(gallery).threshold
        rate = arguments.strangers_named
        print(f"{curve.people} people, {len(curve.strange)} views.")
        print("strangers named   enrolled people missed (a look)   threshold")
        shown = sorted({0.001, 0.003, 0.01, 0.03, *([rate] if rate else [])})
        rows = [(curve.threshold(each), "") for each in shown]
        rows.append((now, "  (set now)"))
        for threshold, mark in rows:
            missed = curve.missed(threshold)
            part = "      -" if missed != missed else f"{100 * missed:6.1f} %"
            named = 1000 * curve.named(threshold)
            print(f"{named:7.1f} in 1000   {part}   {threshold:30.4f}{mark}")
        if arguments.curve:
            _draw(curve, arguments.curve)
        if rate is None:
            print("Set one with --strangers-named N (in a thousand).")
        else:
            gallery.set(THRESHOLD_SETTING, repr(curve.threshold(rate)))
            print(f"Threshold set to {curve.threshold(rate):.4f}.")
    return 0


def _draw(curve: "Curve", file: Path) -> None:
    """Draw missed over false names as PNG."""
    import numpy as np
    from matplotlib.figure import Figure

    bars = np.linspace(curve.strange.min(), 1.0, 400)
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    named = [1000 * curve.named(float(bar)) for bar in bars]
    axes.plot(named, [100 * curve.missed(float(bar)) for bar in bars])
    axes.set_xscale("log")
    axes.set_xlim(0.1, 1000)
    axes.set_xlabel("strangers named, in a thousand")
    axes.set_ylabel("enrolled people missed in one look, %")
    axes.grid(True, which="both", alpha=0.3)
    try:
        files.replace(file, lambda draft: figure.savefig(draft, dpi=120))
    except ValueError as error:  # an ending that stands for no format
        raise OutputError(f"Cannot write {file}: {error}. Name it .png.") from error


def _unknown(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.strangers import enrol_stranger, group

    gallery = _existing(arguments, _NO_STRANGERS)
    if gallery is None:
        return 0
    with gallery:
        strangers = group(gallery.sightings())
        if arguments.forget:
            gallery.forget_sightings([each.id for one in strangers for each in one.sightings])
            print(f"{len(strangers)} strangers forgotten.")
        elif arguments.name:
            number, name = arguments.name
            if not number.isdigit() or not 1 <= int(number) <= len(strangers):
                raise UsageError(f"There is no stranger {number}; see 'livevision faces unknown'.")
            person = enrol_stranger(gallery, strangers[int(number) - 1], name)
            print(f"{person.name} is enrolled with {person.faces} views.")
        elif not strangers:
            print(_NO_STRANGERS)
        else:
            for number, one in enumerate(strangers, start=1):
                first, last = one.sightings[0].seen, one.sightings[-1].seen
                print(
                    f"{number:3}: seen {len(one.sightings)} times, {one.seconds:.0f} s in all, "
                    f"{first.astimezone():%Y-%m-%d %H:%M} to {last.astimezone():%Y-%m-%d %H:%M}"
                )
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.backup import may_be_replaced
    from livevision.recognizers.faces.gallery import Gallery

    with Gallery(arguments.gallery, create=False) as gallery:
        files.check_outputs(arguments.file, inputs=(gallery.path,))
        if not may_be_replaced(arguments.file):
            raise UsageError(
                f"{arguments.file} is there already and is no backup: it would be lost. Name "
                "another file."
            )
        gallery.backup(arguments.file)
        count = _count(len(gallery.people()), "person", "people")
        print(
            f"{count} written to {arguments.file}; keep it safe. Whoever is removed later is in it "
            "still: erase it then."
        )
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.backup import restore
    from livevision.recognizers.faces.encryption import is_encrypted
    from livevision.recognizers.faces.gallery import default_path

    path = arguments.gallery or default_path()
    before = path.is_file() and is_encrypted(path)
    count = restore(arguments.file, path)
    print(f"{_count(count, 'person', 'people')} restored.")
    if before and not is_encrypted(path):
        print("The backup was not encrypted: nor is the gallery now; see 'faces encrypt'.")
    return 0


def _encrypt(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.gallery import Gallery

    with Gallery(arguments.gallery, create=False) as gallery:
        gallery.encrypt()
        print(
            f"{gallery.path} is encrypted now. Without the passphrase nobody can read it, you "
            "neither; earlier backups are as they were."
        )
    return 0


def _decrypt(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.gallery import Gallery

    with Gallery(arguments.gallery, create=False) as gallery:
        gallery.decrypt()
        print(f"{gallery.path} is not encrypted any more.")
    return 0


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _existing(arguments: argparse.Namespace, otherwise: str) -> "Gallery | None":
    """The gallery, or None, having printed `otherwise`, if the user has none of their own yet."""
    from livevision.recognizers.faces.gallery import Gallery, default_path

    if arguments.gallery is None and not default_path().exists():
        print(otherwise)
        return None
    return Gallery(arguments.gallery, create=False)


def _camera(word: str) -> str:
    if word and not _output.is_camera(word):  # empty: the one of the settings
        raise argparse.ArgumentTypeError(f"{word!r} is neither a camera's number nor its address")
    return word


def _per_thousand(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is no number") from None
    if not 0 < value < 1000:
        raise argparse.ArgumentTypeError(f"{word} is not between 0 and 1000")
    return value / 1000


def _day(word: str) -> date:
    try:
        day = date.fromisoformat(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is no day like 2030-12-31") from None
    if day <= date.today():
        raise argparse.ArgumentTypeError(f"{word} is not in the future")
    return day
