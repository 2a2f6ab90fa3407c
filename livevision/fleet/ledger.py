"""The ledger of an archive: what was done, one line of JSON each, only ever added to."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self

from livevision import __version__, files
from livevision.closing import Closing
from livevision.errors import OutputError, UsageError
from livevision.fleet.job import Task

NAME = "ledger.jsonl"
SCHEMA = 1
SYNC = 100
"""Lines after which the file is synchronised with the disk. A line that a power cut takes costs
one clip's work, never a result: that is there before its line is, and is replaced by its equal."""

State = Literal["done", "failed", "erased"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger has of a key."""

    state: State
    """"erased" if it was done and its results have been erased since."""
    name: str
    """What its results are called, without endings."""
    outputs: tuple[str, ...]
    """Their endings."""
    clip: str
    reason: str
    at: str
    """When, ISO 8601, UTC."""

    def paths(self, folder: Path) -> list[Path]:
        """Its results in the archive's folder."""
        return [folder / f"{self.name}{each}" for each in self.outputs]


class Ledger(Closing):
    """The ledger in `folder`; while it is open nobody else can open it.

    A line that was not finished, as when its writer was killed, is cut off. Raises UsageError if
    another program has it, or if it is no ledger; OutputError if it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME
        self.entries: dict[str, Entry] = {}
        """The newest of each key."""
        self._contents: dict[str, tuple[int, int, str]] = {}
        """By a clip's path: size, time of change, digest."""
        self._file: BinaryIO | None = None
        self._pending = 0

    def __enter__(self) -> Self:
        self._lock = files.reserved(self.path)
        self._lock.__enter__()
        try:
            self._open()
        except OSError as error:
            self.close()
            raise OutputError(f"Cannot write {self.path}: {error.strerror}.") from error
        except BaseException:
            self.close()
            raise
        return self

    def _open(self) -> None:
        number = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        self._file = os.fdopen(number, "r+b")
        whole = 0
        for place, line in enumerate(self._file):
            if not line.endswith(b"\n"):
                break
            try:
                content = json.loads(line)
                known = content["type"]
            except (ValueError, KeyError, TypeError):
                content, known = {}, ""
            if not place and known != "header":
                raise UsageError(f"{self.path} is no ledger of livevision. Name another folder.")
            self._heed(content)
            whole += len(line)
        self._file.truncate(whole)
        self._file.seek(whole)
        if not whole:
            self._add({"type": "header", "schema": SCHEMA, "livevision": __version__})

    def close(self) -> None:
        file, self._file = self._file, None
        try:
            if file is not None:
                with file:
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"Cannot write {self.path}: {error.strerror}.") from error
        finally:
            self._lock.__exit__(None, None, None)

    def content(self, clip: str, size: int, modified: int) -> str | None:
        """The digest of a clip that has not been changed since it was last taken."""
        known = self._contents.get(clip)
        return known[2] if known is not None and known[:2] == (size, modified) else None

    def done(self, task: Task, outputs: Iterable[str], attempts: int) -> None:
        """Note that a clip was read, after its results were written."""
        self._tell("done", task, outputs, attempts)

    def failed(self, task: Task, outputs: Iterable[str], attempts: int, reason: str) -> None:
        """Note that it could not be read, or not wholly."""
        self._tell("failed", task, outputs, attempts, reason=reason)

    def same(self, task: Task) -> None:
        """Note that a clip holds what another does that has its place."""
        self._add({"type": "same", **_of(task)})

    def erased(self, key: str) -> dict[str, Any]:
        """The line that is left of a clip whose results were erased: no name, no time."""
        return {"type": "erased", "key": key}

    def _tell(
        self, what: State, task: Task, outputs: Iterable[str], attempts: int, **more: str
    ) -> None:
        self._add(
            {
                "type": what,
                **_of(task),
                "name": task.name,
                "outputs": list(outputs),
                "attempts": attempts,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "livevision": __version__,
                **more,
            }
        )

    def _add(self, content: dict[str, Any]) -> None:
        assert self._file is not None
        try:
            # ASCII: no name can break a line in two
            self._file.write(json.dumps(content, separators=(",", ":")).encode("ascii") + b"\n")
            self._file.flush()
            self._pending += 1
            if self._pending >= SYNC:
                os.fsync(self._file.fileno())
                self._pending = 0
        except OSError as error:
            raise OutputError(f"Cannot write {self.path}: {error.strerror}.") from error
        self._heed(content)

    def _heed(self, content: dict[str, Any]) -> None:
        """Take in a line; kinds and keys that are not known are passed over."""
        kind, key = content.get("type"), content.get("key")
        if not isinstance(key, str):
            return
        if kind == "erased":
            self.entries[key] = Entry("erased", "", (), "", "", "")
            return
        clip = str(content.get("file", ""))
        known = (content.get("size"), content.get("modified"), content.get("content"))
        self._contents[clip] = known  # type: ignore[assignment]
        if kind in ("done", "failed"):
            self.entries[key] = Entry(
                kind,
                str(content.get("name", "")),
                tuple(str(each) for each in content.get("outputs") or ()),
                clip,
                str(content.get("reason", "")),
                str(content.get("at", "")),
            )


def _of(task: Task) -> dict[str, Any]:
    return {
        "key": task.key,
        "file": task.clip,
        "content": task.content,
        "size": task.size,
        "modified": task.modified,
    }
