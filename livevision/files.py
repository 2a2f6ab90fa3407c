"""Writing files whole or not at all, one program at a time; erasing them."""

import json
import os
import random
import re
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from livevision.errors import OutputError, UsageError

_DRAFT = re.compile(
    r"\.livevision-\d+-\d+-(?P<target>.+)"
    r"|\.\d+\.(?P<earlier>.+?)(?:\.readable)?",  # as livevision 0.1 named them
    re.DOTALL,  # a name may be of two lines
)
"""Names of drafts: the process, a number, and the file that they are to become."""
_LOCK = re.compile(r"\.(?P<target>.+)\.lock", re.DOTALL)
_WRITTEN = {".json", ".jsonl", ".csv", ".srt", ".vtt", ".txt", ".html"}
"""Endings of files that are written, and never looked for in a folder of pictures or videos."""
_POLL = (0.005, 0.03)
"""Least and most seconds between two attempts at a lock that another program holds."""
_LOCKED_BYTE = 1 << 40
"""Where Windows locks a file: beyond its end, so that it can be read meanwhile."""
_numbers = count()
_own: list[Callable[[], Iterable[Path]]] = []


def replace(
    path: Path, save: Callable[[Path], object], *, private: bool = False, sync: bool = True
) -> None:
    """Let `save` write a draft beside `path`, then put it in the place of `path` at once.

    The draft has the suffix of `path`; if `private`, it is readable by its owner alone, else it has
    the rights of the file that it replaces. With `sync` it is on the disk before it gets there. A
    link stays one: what it leads to is replaced. A device or a pipe is written to directly. Raises
    OutputError if it cannot be written; the old file is there then, and no draft.
    """
    target = Path(os.path.realpath(path))
    try:
        # /dev/null must never be replaced by a file; where /dev/stdout leads to, may have no name
        if path.exists() and not path.is_file():
            save(path)
            return
        if private:
            sweep(target)
        with new_draft(target, _rights(target, private=private)) as (draft, number):
            try:
                save(draft)
                if sync:
                    with draft.open("rb+") as written:  # perhaps not the file that `new_draft` made
                        os.fsync(written.fileno())
            except BaseException:
                _drop(draft)
                raise
            if sys.platform == "win32":  # an open file cannot be moved there
                os.close(number)
            try:
                os.replace(draft, target)  # noqa: PTH105 - one door for tests to make it fail
            except BaseException:
                _drop(draft)
                raise
        if sync:
            _sync_folder(target.parent)
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror or error}.") from error


def replace_text(path: Path, text: str, *, private: bool = False, sync: bool = True) -> None:
    """Make `text` the content of `path` (UTF-8, lines end with a line feed). Raises OutputError."""

    def save(draft: Path) -> None:
        # a name that is no UTF-8 is written as JSON has it
        draft.write_text(text, "utf-8", "backslashreplace", newline="\n")

    replace(path, save, private=private, sync=sync)


def replace_bytes(path: Path, content: bytes, *, private: bool = False) -> None:
    """Make `content` that of `path`, and see that it can be read again. Raises OutputError."""

    def save(draft: Path) -> None:
        draft.write_bytes(content)
        if draft.read_bytes() != content:
            raise OSError(5, "what was written cannot be read again")

    replace(path, save, private=private)


def replace_json(path: Path, content: Mapping[str, Any]) -> None:
    """Make `content` that of `path`, as JSON; "-" is standard output. Raises OutputError."""
    text = json_text(content)
    if str(path) == "-":
        sys.stdout.write(text)
    else:
        replace_text(path, text)


def json_text(content: Mapping[str, Any]) -> str:
    """`content` as it stands in a file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


@contextmanager
def new_draft(target: Path, mode: int) -> Iterator[tuple[Path, int]]:
    """Make a draft that nobody takes for a dead program's while it is open; its descriptor too."""
    while True:
        draft = target.with_name(f".livevision-{os.getpid()}-{next(_numbers)}-{target.name}")
        number = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        try:
            mine = _try_lock(number)
        except OSError:  # some network disks know no locks
            mine = True
        if mine:
            break
        os.close(number)  # `sweep` of another program was there first, and erases it
    try:
        yield draft, number
    finally:
        with suppress(OSError):
            os.close(number)


def _rights(target: Path, *, private: bool) -> int:
    if private:
        return 0o600
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        return 0o666


def _drop(draft: Path) -> None:
    """Leave nothing of a draft that failed; its content is erased where the name cannot be."""
    try:
        draft.unlink()
    except OSError:
        with suppress(OSError):
            os.truncate(draft, 0)


def _sync_folder(folder: Path) -> None:
    """See a new name on the disk, where a folder can be synchronised."""
    if sys.platform == "win32":
        return
    with suppress(OSError):  # the file is whole under its old or its new name
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def erase(path: Path) -> bool:
    """Overwrite a file with zeros and delete it; False if it has another name still.

    A link is deleted, never followed. A file with another name (a hard link) is not overwritten,
    for that name may not be ours. Raises OutputError if the name cannot be deleted. On disks that
    never write twice to one place (SSDs) the overwriting is no proof.
    """
    try:
        state = path.lstat()
        whole = True
        if stat.S_ISREG(state.st_mode):
            whole = state.st_nlink <= 1
            if whole:
                with suppress(OSError):  # deleting is worth more than overwriting
                    number = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
                    try:
                        zero(number)
                    finally:
                        os.close(number)
        elif stat.S_ISDIR(state.st_mode):
            raise IsADirectoryError(21, "it is a folder")
        path.unlink()
    except OSError as error:
        raise OutputError(f"Cannot erase {path}: {error.strerror}. Delete it by hand.") from error
    return whole


def zero(number: int) -> None:
    """Overwrite an open file, by its descriptor, with zeros, to the disk; OSError."""
    left = os.fstat(number).st_size
    os.lseek(number, 0, os.SEEK_SET)
    while left > 0:
        left -= os.write(number, bytes(min(left, 1 << 20)))
    os.fsync(number)


def drafts(path: Path) -> list[Path]:
    """Drafts of `path` and locks on it that lie beside it, whoever wrote them."""
    path = Path(os.path.realpath(path))
    try:
        around = list(path.parent.iterdir())
    except OSError:
        return []
    return sorted(each for each in around if draft_of(each.name) == path.name)


def draft_of(name: str) -> str | None:
    """The name of the file whose draft or lock has the name `name`; None if it is neither."""
    if found := _DRAFT.fullmatch(name):
        return found["target"] or found["earlier"]
    if found := _LOCK.fullmatch(name):
        return found["target"]
    return None


def sweep(path: Path) -> list[Path]:
    """Erase drafts of `path` that a program left behind when it was killed; which.

    One that is being written is left alone. Raises OutputError if one cannot be erased.
    """
    swept = []
    for draft in drafts(path):
        if _LOCK.fullmatch(draft.name) or draft.is_symlink() or not draft.is_file():
            continue
        try:
            number = os.open(draft, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:  # its writer was quicker
            continue
        except OSError as error:
            raise OutputError(
                f"Cannot erase {draft}: {error.strerror}. Delete it by hand."
            ) from error
        try:
            with suppress(OSError):  # some network disks know no locks, and nobody is in doubt
                if _try_lock(number):
                    if sys.platform == "win32":  # an open file cannot be deleted there
                        os.close(number)
                    erase(draft)
                    swept.append(draft)
        finally:
            with suppress(OSError):
                os.close(number)
    return swept


class Busy(Exception):  # noqa: N818 - a state, not an error; callers say what it means to them
    """Another program holds the lock."""


@contextmanager
def locked(path: Path, patience: float = 0.0) -> Iterator[None]:
    """Hold the one lock there is on the file `path`, among programs and threads.

    Waits up to `patience` seconds; raises Busy if another holds it still, OSError if no lock can be
    made in its folder. The lock lies beside the file while it is held, and no longer.
    """
    path = Path(os.path.realpath(path))
    place = path.with_name(f".{path.name}.lock")
    end = time.monotonic() + patience
    while (number := _take(place)) is None:
        if time.monotonic() >= end:
            raise Busy(str(path))
        time.sleep(random.uniform(*_POLL))
    try:
        yield
    finally:
        with suppress(OSError):  # before it is free, or it would be another's
            place.unlink()
        os.close(number)


def _take(place: Path) -> int | None:
    """The descriptor of the lock if it could be had at once."""
    number = os.open(place, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    taken = False
    try:
        if _try_lock(number):
            with suppress(FileNotFoundError):  # its last holder may have deleted it meanwhile
                taken = os.path.samestat(os.fstat(number), place.stat())
    finally:
        if not taken:
            os.close(number)
    return number if taken else None


def _try_lock(number: int) -> bool:
    """Lock an open file for this descriptor alone; False if another has it. OSError."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(number, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def reserved(*paths: Path | None) -> Iterator[None]:
    """Keep other runs of the program from writing to the same files meanwhile.

    Raises UsageError if one of them does. None, "-" and devices are passed over, and folders in
    which no lock can be made: opening the file says why.
    """
    with ExitStack() as held:
        for path in paths:
            if path is None or _identity(path) is None:
                continue
            try:
                held.enter_context(locked(path))
            except Busy:
                raise UsageError(
                    f"{path} is being written by another run of livevision. Name another file, or "
                    "wait for its end."
                ) from None
            except OSError:
                continue
        yield


def protect(own: Callable[[], Iterable[Path]]) -> None:
    """Have `check_outputs` treat the files that `own` returns as inputs, always."""
    if own not in _own:
        _own.append(own)


def check_outputs(*paths: Path | None, inputs: Iterable[str | Path | None] = ()) -> None:
    """Raises UsageError if two outputs would be one file, or one would take the place of an input.

    Of a folder, all that is in it is an input, but for files of the kinds that are written alone.
    The program's own files (see `protect`) are inputs, too. Devices and "-" (standard output) are
    passed over.
    """
    inputs = [*inputs, *(path for own in _own for path in own())]
    read = {identity for each in inputs if each is not None and (identity := _identity(each))}
    folders = {
        Path(os.path.realpath(each)) for each in inputs if each is not None and _is_folder(each)
    }
    seen: set[str] = set()
    for path in paths:
        identity = None if path is None else _identity(path)
        if path is None or identity is None:
            continue
        inside = folders and path.suffix.lower() not in _WRITTEN and path.exists()
        within = inside and folders & set(Path(os.path.realpath(path)).parents)
        if identity in read or within:
            raise UsageError(
                f"{path} is read from: it would be lost as an output. Name another file."
            )
        if identity in seen:
            raise UsageError(f"{path.name} is asked for as two outputs at once.")
        seen.add(identity)


def check_writable(path: Path | None) -> None:
    """Raises OutputError if a file that is written at the end cannot be, before the work is done.

    None and "-" (standard output) are passed over.
    """
    if path is None or str(path) == "-":
        return
    if path.is_dir():
        raise OutputError(f"Cannot write {path}: it is a folder. Give the name of a file.")
    if not path.parent.is_dir():
        raise OutputError(f"Cannot write {path}: make the folder {path.parent} first.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise OutputError(f"Cannot write {path}: you may not. Choose another place.")


def check_reports(*reports: str | Path | None, inputs: Iterable[str | Path | None] = ()) -> None:
    """`check_outputs` and `check_writable` of files that are written at the end of long work."""
    paths = [Path(each) for each in reports if each is not None]
    check_outputs(*paths, inputs=inputs)
    for path in paths:
        check_writable(path)


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # a camera's address, too long for a name
        return False


def _identity(path: str | Path) -> str | None:
    """What two names of one file have in common; None for what is no file's name."""
    if str(path) == "-":
        return None
    try:
        state = Path(path).stat()
    except (OSError, ValueError):
        return os.path.normcase(os.path.realpath(path))
    return f"{state.st_dev}:{state.st_ino}" if stat.S_ISREG(state.st_mode) else None
