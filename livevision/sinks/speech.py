"""Words said aloud, by the speech program that the system has; nothing leaves the machine."""

import logging
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from livevision import plugins
from livevision.frame import Result
from livevision.sinks import Sink

log = logging.getLogger(__name__)

HINT = "nothing here can speak; install espeak-ng (Debian, Ubuntu: sudo apt install espeak-ng)."
"""What to tell a user who has none of the programs."""
LAST_WORDS = 3.0
"""Seconds that the end of a run waits for what is still being said."""

_WINDOWS = (
    "Add-Type -AssemblyName System.Speech; [Console]::InputEncoding = [Text.Encoding]::UTF8; "
    "(New-Object System.Speech.Synthesis.SpeechSynthesizer).Speak([Console]::In.ReadToEnd())"
)
_PROGRAMS = {
    "darwin": (("say", "-f", "-"),),
    "win32": (("powershell", "-NoProfile", "-NonInteractive", "-Command", _WINDOWS),),
}
_OTHERS = (("espeak-ng", "--stdin"), ("espeak", "--stdin"))


def program() -> tuple[str, ...] | None:
    """The command that says aloud what it reads, or None if there is no such program."""
    for command in _PROGRAMS.get(sys.platform, _OTHERS):
        if shutil.which(command[0]):
            return command
    return None


class Speech(Sink):
    """Says every finished word aloud, in the background.

    Words that finish while another is being said are said together after it, so that speech
    never falls behind. A program that fails is logged once and not tried again.
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        """`command` reads words on its standard input; `program()` unless given."""
        self._command = command or program()
        self._words: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._command is None:
            log.warning("No speech: %s", HINT)
        else:
            self._words = queue.SimpleQueue()
            self._thread = threading.Thread(target=self._work, name="speech", daemon=True)
            self._thread.start()
        return self

    def write(self, result: Result) -> None:
        for event in result.events:
            if plugins.kind(event.kind).spoken and event.label.strip():
                self._words.put(event.label)

    def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._words.put(None)
        thread.join(LAST_WORDS)
        process = self._process
        if thread.is_alive() and process is not None:
            process.kill()
            thread.join(LAST_WORDS)

    def _work(self) -> None:
        while (word := self._words.get()) is not None:
            words = [word]
            with suppress(queue.Empty):
                while (word := self._words.get_nowait()) is not None:
                    words.append(word)
            if not self._say(" ".join(words)) or word is None:
                return

    def _say(self, text: str) -> bool:
        """Say `text` to its end; False if that fails."""
        assert self._command is not None
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            )
            # in small letters: capitals are spelled out, letter by letter
            _, complaint = self._process.communicate(text.lower() + "\n")
        except OSError as error:
            log.warning("Speech has ended: %s does not start: %s", self._command[0], error.strerror)
            return False
        reason = (complaint.strip().splitlines() or ["no reason given"])[-1]
        # without a loudspeaker espeak-ng complains, and yet ends well
        if self._process.returncode > 0 or reason.startswith("error"):
            log.warning("Speech has ended: %s failed: %s", self._command[0], reason)
            return False
        return True
