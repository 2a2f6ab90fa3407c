"""What the fleet keeps on the disk that may name people, for `livevision privacy`.

Archives lie where the user had them written; a list of these folders is kept in the folder of data,
so that they can be shown and erased. Light: `privacy` imports it.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from livevision import files, settings
from livevision.errors import OutputError

LEDGER = "ledger.jsonl"
WORK = ".livevision-work"
"""Folder of drafts in an archive."""
CAMERA = "camera"
"""What the process of a camera holds the lock on, in its folder."""
MOST_DAYS = 36_500
"""For which anything can be kept until it is erased: a hundred years; calendars end, too."""
_RESULT = re.compile(
    r".+\.[0-9a-f]{12}(\.json|\.srt|\.vtt|\.txt|\.transcript\.jsonl)",
    re.DOTALL,  # a clip's name may be of two lines
)
"""Names of an archive's results."""
_STAMP = "%Y%m%d-%H%M%S"
_SHIFT = re.compile(
    r"\d{8}-\d{6}-\d{3}-(?:events\.jsonl|transcript\.jsonl|captions\.(?:srt|vtt|txt)"
    r"|(?:record|raw)(?:-\d+)?\.mp4)"
)
"""Names of what a camera's process writes."""


def places() -> Path:
    """The file that names the folders."""
    return settings.data_folder() / "fleet-folders.json"


def sites() -> Path:
    """Where the cameras' files lie unless the configuration names another folder."""
    return settings.data_folder() / "fleet"


def folders() -> list[Path]:
    """The folders where a fleet has written, as far as is known."""
    try:
        listed = json.loads(places().read_text(encoding="utf-8"))["folders"]
        return [Path(str(each)) for each in listed]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def missing() -> list[Path]:
    """Those of them that are not there now: moved, deleted, or on a disk that is not plugged in."""
    return [each for each in folders() if not each.exists()]


def busy() -> list[Path]:
    """Those of them to which a fleet writes now."""
    return [each for each in folders() if any(_is_locked(path) for path in _writers(each))]


def _writers(folder: Path) -> Iterator[Path]:
    """What whoever writes in a folder holds the lock on, an archive's driver or a camera."""
    for path in (folder / LEDGER, *(each / CAMERA for each in _listed(folder, folders=True))):
        if path.with_name(f".{path.name}.lock").exists():
            yield path


def _is_locked(path: Path) -> bool:
    try:
        with files.locked(path):
            return False
    except files.Busy:
        return True
    except OSError:
        return False


def remember(folder: Path) -> None:
    """Note that a fleet writes to `folder`. Raises OutputError."""
    folder = Path(os.path.realpath(folder))
    try:
        settings.prepare_folder(settings.data_folder())
        with files.locked(places(), patience=5.0):
            known = folders()
            if folder not in known:
                listed = [str(each) for each in (*known, folder)]
                text = json.dumps({"folders": listed}, indent=2) + "\n"
                files.replace_text(places(), text, private=True)
    except OSError as error:
        raise OutputError(f"Cannot write {places()}: {error.strerror}.") from error


@contextmanager
def work_folder(out: Path) -> Iterator[Path]:
    """A folder for the drafts of an archive, empty, and gone afterwards.

    Only whoever holds the ledger may have it. Raises OutputError.
    """
    folder = out / WORK
    try:
        _remove(folder)
        folder.mkdir(mode=0o700)
        yield folder
        _remove(folder)
    except OSError as error:
        raise OutputError(f"Cannot write in {out}: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            _remove(folder)


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def own() -> Iterator[tuple[str, Path]]:
    """What there is, and what it is."""
    for folder in folders():
        yield from _in_archive(folder)
        for each in of_cameras(folder):
            yield f"camera {each.parent.name}", each
    for each in (places(), *files.drafts(places())):
        if each.is_symlink() or each.is_file():
            yield "folders of archives and cameras", each


def written() -> list[Path]:
    """What was written of clips and cameras: all but the ledgers and the list of folders."""
    lasting = {places(), *ledgers()}
    return [path for _, path in own() if path not in lasting]


def ledgers() -> list[Path]:
    """The archives' ledgers that are there."""
    return [path for folder in folders() if is_ledger(path := folder / LEDGER)]


def _in_archive(folder: Path) -> Iterator[tuple[str, Path]]:
    ledger = folder / LEDGER
    if not is_ledger(ledger):
        return
    for each in _listed(folder):
        known = files.draft_of(each.name) or each.name
        if known == LEDGER:
            yield "ledger of an archive", each
        elif _RESULT.fullmatch(known):
            yield "what was read of a clip", each
    for each in _listed(folder / WORK, below=True):
        yield "draft of an archive", each


def of_cameras(folder: Path) -> Iterator[Path]:
    """What the cameras' processes wrote below a site's folder."""
    for camera in _listed(folder, folders=True):
        for each in _listed(camera):
            if _SHIFT.fullmatch(files.draft_of(each.name) or each.name):
                yield each


def is_ledger(path: Path) -> bool:
    """Whether a file begins as our ledgers do."""
    try:
        if path.is_symlink():
            return False
        with path.open("rb") as file:
            head = json.loads(file.readline(1000))
        return isinstance(head, dict) and head.get("type") == "header" and "livevision" in head
    except (OSError, ValueError):
        return False


def shift_name(what: str, now: datetime | None = None) -> str:
    """The name of a file that a camera's process begins now."""
    now = now or datetime.now(UTC)
    return f"{now:{_STAMP}}-{now.microsecond // 1000:03d}-{what}"


def expired(path: Path, before: datetime) -> bool:
    """Whether a file of `own` was last written before a moment."""
    try:
        return path.lstat().st_mtime < before.timestamp()
    except OSError:
        return False


def forget(ledger: Path, before: datetime) -> tuple[list[Path], int]:
    """Take out of a ledger whom and what it names from before a moment.

    The results of these clips, to be erased, and how many lines were changed. What is left of a
    line is its key, so that the clip is not read again. Raises OutputError, UsageError if the
    archive is being written.
    """
    with files.reserved(ledger):
        try:
            lines = ledger.read_bytes().splitlines()
        except OSError as error:
            raise OutputError(f"Cannot read {ledger}: {error.strerror}.") from error
        kept: list[bytes] = []
        results: list[Path] = []
        changed = 0
        gone: set[str] = set()
        parsed = [_parsed(line) for line in lines]
        for content in parsed:
            at = str(content.get("at", ""))
            if content.get("type") in ("done", "failed") and _is_before(at, before):
                gone.add(str(content.get("key")))
        for line, content in zip(lines, parsed, strict=True):
            key = str(content.get("key"))
            at = str(content.get("at", ""))
            if key in gone and (not at or _is_before(at, before)):
                changed += 1
                name = str(content.get("name", ""))
                for ending in content.get("outputs", ()):
                    path = ledger.parent / f"{name}{ending}"
                    if _RESULT.fullmatch(path.name):
                        results.append(path)
                if content.get("type") == "done":
                    line = json.dumps({"type": "erased", "key": key}).encode()
                elif content.get("type") == "erased":
                    changed -= 1
                else:
                    continue
            kept.append(line)
        if changed:
            text = b"".join(line + b"\n" for line in kept).decode("ascii", "replace")
            files.replace_text(ledger, text, private=True)
    return results, changed


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _is_before(at: str, before: datetime) -> bool:
    try:
        return datetime.fromisoformat(at) < before
    except (ValueError, TypeError):
        return False


def _listed(folder: Path, *, folders: bool = False, below: bool = False) -> list[Path]:
    """The files of a folder, or its folders; through no link."""
    if folder.is_symlink():
        return []
    try:
        inside = sorted(folder.rglob("*") if below else folder.iterdir())
    except OSError:
        return []
    if folders:
        return [each for each in inside if each.is_dir() and not each.is_symlink()]
    return [each for each in inside if each.is_symlink() or each.is_file()]
