"""Show all personal data that livevision keeps, and erase it.

examples:
  livevision privacy              what is kept, where, and how large it is
  livevision privacy --erase      erase all of it, after a question
  livevision privacy --keep-days 30   erase what 'livevision fleet' wrote more than 30 days ago

Recordings and transcripts that you asked for are where you had them written; no list of them is
kept, but for the folders of 'livevision fleet'. All that is kept otherwise is shown here, and
nothing leaves the machine. Only files that livevision made are erased: nothing through a link, and
nothing in a folder that is not its own.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from livevision import files, plugins, settings
from livevision.commands import _output
from livevision.errors import LivevisionError, OutputError, UsageError
from livevision.fleet import traces as fleet
from livevision.plugins import Kept
from livevision.server import traces

SUMMARY = "show the personal data that is kept, and erase it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--erase", action="store_true", help="erase everything that is shown")
    what.add_argument(
        "--keep-days",
        type=_output.up_to(fleet.MOST_DAYS),
        metavar="N",
        help="erase what 'livevision fleet' wrote more than N days ago: of archives and cameras",
    )
    parser.add_argument("--yes", action="store_true", help="erase without asking")


def execute(arguments: argparse.Namespace) -> int:
    """Show; erase if asked to."""
    if arguments.keep_days is not None:
        return _keep_days(arguments.keep_days, yes=arguments.yes)
    kept = list(found())
    if not kept:
        print("livevision keeps no personal data.")
        return 0
    width = max(len(each.what) for each in kept)
    for each in kept:
        print(f"{each.what:{width}}  {each.size:>10,} bytes  {each.path}")
    for folder in fleet.missing():
        _output.hint(
            f"{folder}, where a fleet has written, is not there now. If it was moved, or its disk "
            "is not plugged in, what is in it is neither shown nor erased."
        )
    if not arguments.erase:
        print("Erase all of it with 'livevision privacy --erase'.")
        return 0
    left = {each.path: "you made it" for each in kept if not each.ours}
    kept = [each for each in kept if each.ours]
    _check_folder(kept)
    if written := fleet.busy():
        raise UsageError(
            f"A fleet writes to {', '.join(map(str, written))} now, and would go on. End it, then "
            "erase again. Nothing was erased."
        )
    if kept and not arguments.yes and not _confirmed(len(kept)):
        return _nothing()
    return _erase([each.path for each in kept], left)


def _keep_days(days: int, *, yes: bool) -> int:
    """Erase what the fleet wrote longer ago, from the ledgers too."""
    before = datetime.now(UTC) - timedelta(days=days)
    old = [path for path in fleet.written() if fleet.expired(path, before)]
    ledgers = fleet.ledgers()
    if not yes and (old or ledgers) and not _confirmed(len(old), "older files"):
        return _nothing()
    left: dict[Path, str] = {}
    for ledger in ledgers:
        try:
            results, changed = fleet.forget(ledger, before)
        except LivevisionError as error:
            left[ledger] = str(error)
            continue
        old += [each for each in results if each not in old and each.exists()]
        if changed:
            print(f"{changed} {'line' if changed == 1 else 'lines'} of {ledger} forgotten.")
    return _erase(old, left)


def _nothing() -> int:
    print("Nothing was erased.")
    return UsageError.exit_code if not sys.stdin.isatty() else 0


def _erase(paths: Sequence[Path], left: dict[Path, str]) -> int:
    """Erase files; `left` are those that are not, and why."""
    erased = 0
    for path in paths:
        target = path.resolve() if path.is_symlink() else None
        try:
            whole = files.erase(path)
        except OutputError as error:
            print(f"livevision: {error}", file=sys.stderr)
            left[path] = "it cannot be erased"
            continue
        erased += 1
        if target is not None:
            left[target] = f"{path} was a link to it"
        elif not whole:
            left[path] = "its name is gone, but it has another one elsewhere (a hard link)"
    print(f"{erased} {'file' if erased == 1 else 'files'} erased.")
    for path, why in left.items():
        print(f"livevision: {path} was left: {why}. Delete it by hand.", file=sys.stderr)
    return OutputError.exit_code if left else 0


def found() -> Iterator[Kept]:
    """Every file with personal data in the program's folders of data and settings."""
    for plugin in plugins.recognizers().values():
        yield from plugin.personal()
    configuration = settings.path()
    ours = _is_settings(configuration)
    for each in (configuration, *files.drafts(configuration)):
        if each.is_symlink() or each.is_file():
            empty = ours and each == configuration and _nothing_set(each)
            yield Kept("settings, none set" if empty else "settings", each, ours=ours)
    for what, file in traces.own():
        yield Kept(what, file)
    for what, file in fleet.own():
        yield Kept(what, file)


def _nothing_set(file: Path) -> bool:
    try:
        return not settings.read(file)
    except UsageError:  # damaged: who knows
        return False


def _is_settings(file: Path) -> bool:
    """Whether the file of settings may be taken for one, and not for a text of the user's."""
    if file.name == "settings.toml":
        return True
    from livevision.commands import config

    try:
        config.check(settings.read(file), file=file)
    except UsageError:
        return False
    return True


def _check_folder(kept: list[Kept]) -> None:
    """Raises UsageError if the folder of data seems to be somebody else's."""
    data = settings.data_folder()
    names = {each.path.name for each in kept if each.path.parent == data}
    if not names or settings.is_ours(data):
        return
    others = [each.name for each in data.iterdir() if each.name not in names]
    if data.is_symlink() or others:
        why = "is a link" if data.is_symlink() else f"holds other files, {others[0]} for one"
        raise UsageError(
            f"The data folder {data} {why}, and does not bear livevision's mark. Nothing was "
            f"erased; delete by hand: {', '.join(sorted(names))}."
        )


def _confirmed(count: int, what: str = "files") -> bool:
    if not sys.stdin.isatty():
        print("Add --yes to erase without being asked.", file=sys.stderr)
        return False
    return input(f"Erase these {count} {what} for ever? (yes/no) ").strip().lower() == "yes"
