"""Enrol people, so that livevision calls them by their names; look after the gallery.

examples:
  livevision faces add "Zoë" zoe1.jpg zoe2.jpg zoe3.jpg
  livevision faces add --folder staff/            (one folder per person)
  livevision faces add "Zoë" --clip zoe.mp4       (or --camera)
  livevision faces list
  livevision faces rename "Zoë" "Zoë Müller"
  livevision faces remove "Zoë Müller"            (with proof that nothing is left)
  livevision faces tune --strangers-named 1       (in a thousand)

Three photos a person, from different days, are worth much more than one. Only embeddings are kept
(128 numbers a photo), never pictures, in one file that only you can read.
"""

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from livevision.errors import GalleryError, UsageError

if TYPE_CHECKING:
    from livevision.recognizers.faces.enrolment import Enrolment
    from livevision.recognizers.faces.gallery import Gallery

SUMMARY = "enrol people, list, rename or remove them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(
        name: str, help_: str, act: "Callable[[argparse.Namespace], int]"
    ) -> argparse.ArgumentParser:
        child = actions.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".")
        child.add_argument(
            "--gallery", type=Path, metavar="FILE", help="another gallery than your own"
        )
        child.set_defaults(act=act)
        return child

    add = action("add", "enrol a person from photos, a clip or the camera", _add)
    add.add_argument("name", metavar="NAME", nargs="?", help="what to call the person")
    add.add_argument("photos", metavar="PHOTO", nargs="*", type=Path, help="pictures of the person")
    add.add_argument("--folder", type=Path, help="enrol everybody of a folder tree: NAME/*.jpg")
    add.add_argument("--clip", type=Path, help="take the best views from a video of the person")
    add.add_argument(
        "--camera", type=int, nargs="?", const=0, metavar="NUMBER", help="take them from a camera"
    )
    add.add_argument("--note", help="anything worth remembering about the person")
    add.add_argument("--consent", metavar="TEXT", help="what the person agreed to, and when")
    add.add_argument(
        "--expires", type=_day, metavar="YYYY-MM-DD", help="forget the person on that day"
    )

    action("list", "show who is enrolled", _list)
    remove = action("remove", "erase people, and prove that nothing of them is left", _remove)
    remove.add_argument("names", metavar="NAME", nargs="+")
    rename = action("rename", "call a person otherwise", _rename)
    rename.add_argument("name", metavar="NAME")
    rename.add_argument("new", metavar="NEW_NAME")


def execute(arguments: argparse.Namespace) -> int:
    return int(arguments.act(arguments))


def _add(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.embedding import FaceReader
    from livevision.recognizers.faces.enrolment import enrol_photos, load_people
    from livevision.recognizers.faces.gallery import Gallery, checked_name

    if arguments.folder is not None:
        if arguments.name or arguments.clip or arguments.camera is not None:
            raise UsageError("--folder takes the names from its folders; give nothing beside it.")
        people = load_people(arguments.folder)
    else:
        if not arguments.name:
            raise UsageError("Whom? Give a NAME and photos, or --folder DIR.")
        name = checked_name(arguments.name)
        if Path(arguments.name).is_file():
            raise UsageError(f"{arguments.name!r} is a file. Give the person's name first.")
        people = {name: arguments.photos}
        given = bool(arguments.photos), arguments.clip is not None, arguments.camera is not None
        if sum(given) != 1:
            raise UsageError(f"Give photos of {name}, or --clip FILE, or --camera.")
    reader = FaceReader()
    complete = True
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
            )
            complete &= _tell(done, name)
    return 0 if complete else GalleryError.exit_code


def _tell(done: "Enrolment", name: str) -> bool:
    """Say what became of a person's photos; False if any was refused."""
    for reason in done.refused.values():
        print(f"livevision: {reason}", file=sys.stderr)
    if done.person is None:
        print(f"livevision: {name} was not enrolled: no photo could be used.", file=sys.stderr)
    else:
        photos = "1 photo" if len(done.added) == 1 else f"{len(done.added)} photos"
        print(f"{done.person.name}: {photos} added, {done.person.faces} in all.")
    return done.person is not None and not done.refused


def _list(arguments: argparse.Namespace) -> int:
    gallery = _existing(arguments)
    if gallery is None:
        return 0
    from rich.console import Console
    from rich.table import Table

    with gallery:
        table = Table("name", "views", "since", "expires", "consent", "note")
        for person in gallery.people():
            table.add_row(
                person.name,
                str(person.faces),
                f"{person.added:%Y-%m-%d}",
                str(person.expires or ""),
                person.consent,
                person.note,
            )
        if not table.row_count:
            print("Nobody is enrolled.")
            return 0
        Console(markup=False, highlight=False).print(table)
        print(gallery.path)
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.gallery import Gallery

    with Gallery(arguments.gallery, create=False) as gallery:
        names = [gallery.person(name).name for name in arguments.names]  # all or none
        for name in dict.fromkeys(names):
            count = gallery.remove(name)
            print(
                f"{name}: removed with {count} embeddings; {gallery.path} was rewritten and "
                "searched, and none of them is in it any more."
            )
    return 0


def _rename(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.faces.gallery import Gallery

    with Gallery(arguments.gallery, create=False) as gallery:
        gallery.rename(arguments.name, arguments.new)
        print(f"{arguments.name} is now {gallery.person(arguments.new).name}.")
    return 0


def _existing(arguments: argparse.Namespace) -> "Gallery | None":
    """The gallery, or None, having said so, if there is none yet."""
    from livevision.recognizers.faces.gallery import Gallery, default_path

    path = arguments.gallery or default_path()
    if not path.exists():
        print("Nobody is enrolled.")
        return None
    return Gallery(path)


def _day(word: str) -> date:
    try:
        day = date.fromisoformat(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is no day like 2030-12-31") from None
    if day <= date.today():
        raise argparse.ArgumentTypeError(f"{word} is not in the future")
    return day
