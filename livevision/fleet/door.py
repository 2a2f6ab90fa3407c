"""How a running supervisor is asked and told: a socket in its user's runtime folder."""

import json
import os
import socket
import stat
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

from livevision import files
from livevision.closing import Closing
from livevision.errors import OutputError, UsageError

NAME = "fleet.sock"
WAITING = 2.0
"""Seconds that one who knocks has for saying what is wanted."""
ANSWERING = 60.0
"""Seconds within which there is an answer: a configuration is read and checked."""
LONGEST = 100
"""Bytes of a wish."""

Answers = Mapping[str, Callable[[], Any]]


def place() -> Path:
    """Where the socket is, unless one is named: in the runtime folder, the service's own if any.

    Raises OutputError if that is somebody else's.
    """
    import platformdirs

    if given := os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]:
        return Path(given) / NAME
    try:
        with warnings.catch_warnings():
            # that XDG_RUNTIME_DIR is not set, as in a container: the folder is checked all the same
            warnings.simplefilter("ignore")
            return platformdirs.user_runtime_path("livevision", appauthor=False) / NAME
    except OSError as error:
        raise OutputError(f"There is no place for a socket: {error}. Give --socket.") from error


class Door(Closing):
    """Listens at `path`, which its owner alone may use.

    Raises UsageError if another supervisor does, OutputError if there can be no socket.
    """

    def __init__(self, path: Path, answers: Answers) -> None:
        self._path = path
        self._answers = answers
        self._closing = ExitStack()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def __enter__(self) -> Self:
        path = self._path
        with ExitStack() as stack:
            stack.callback(self.socket.close)
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _check(path.parent)
                stack.enter_context(files.locked(path))
                with suppress(FileNotFoundError):  # of one that was killed
                    path.unlink()
                before = os.umask(0o177)
                try:
                    self.socket.bind(str(path))
                finally:
                    os.umask(before)
                stack.callback(path.unlink, missing_ok=True)
                self.socket.listen()
            except files.Busy:
                raise UsageError(
                    "Another 'livevision fleet watch' is running. End it, tell it of new cameras "
                    "by 'livevision fleet reload', or give this one another --socket."
                ) from None
            except OSError as error:
                why = error.strerror or error
                raise OutputError(f"Cannot listen at {path}: {why}. Give another --socket.") from (
                    error
                )
            self._closing = stack.pop_all()
        return self

    def close(self) -> None:
        self._closing.close()

    def answer(self, door: socket.socket) -> None:
        """Hear one who knocks, and answer."""
        with suppress(OSError), door.accept()[0] as caller:
            caller.settimeout(WAITING)
            word = caller.recv(LONGEST).decode("ascii", "replace").strip()
            answer = self._answers.get(word, lambda: None)()
            caller.sendall(json.dumps(answer).encode() + b"\n")


def ask(path: Path, word: str) -> Any:
    """What the supervisor at `path` says to `word`. Raises UsageError if none is there."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.settimeout(ANSWERING)
            caller.connect(str(path))
            caller.sendall(word.encode())
            said = b""
            while data := caller.recv(1 << 16):
                said += data
        return json.loads(said)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"No 'livevision fleet watch' answers at {path}. Start it, or name its --socket."
        ) from error


def _check(folder: Path) -> None:
    """Raise OSError if others could put a socket of theirs in the folder."""
    state = folder.stat()
    if state.st_uid != os.getuid() or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(1, f"others may write in {folder}")
