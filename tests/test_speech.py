import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from livevision.frame import Event, Frame, Result
from livevision.sinks import speech
from livevision.sinks.speech import Speech


def said(word: str, kind: str = "word") -> Result:
    frame = Frame(np.zeros((4, 4, 3), np.uint8), 0, 0.0)
    return Result(frame, events=(Event(kind, word, 0.0, 1.0, 0.9),))


def speaker(path: Path, seconds: float = 0.0, code: int = 0) -> list[str]:
    """A program that writes to `path` what it should say, and takes its time."""
    script = (
        "import sys, time; words = sys.stdin.buffer.read().decode(); "
        f"time.sleep({seconds}); open({str(path)!r}, 'a', encoding='utf-8').write(words); "
        f"print('no loudspeaker', file=sys.stderr); sys.exit({code})"
    )
    return [sys.executable, "-c", script]


def test_says_every_word_once_and_letters_never(tmp_path: Path) -> None:
    path = tmp_path / "said"
    with Speech(speaker(path)) as sink:
        sink.write(said("H", "letter"))
        for word in ("HELLO", "--help", "Zoë"):
            sink.write(said(word))
    assert path.read_text(encoding="utf-8").split() == ["hello", "--help", "zoë"]


def test_never_holds_up_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "said"
    with Speech(speaker(path, seconds=0.5)) as sink:
        start = time.monotonic()
        for _ in range(200):
            sink.write(said("word"))
        assert time.monotonic() - start < 50  # of the 100 s that saying them one by one takes
    assert path.read_text().split() == ["word"] * 200
    # what came while it spoke was said at once, not in 200 runs of half a second
    assert len(path.read_text().splitlines()) < 10


def test_the_end_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "LAST_WORDS", 0.3)
    start = time.monotonic()
    with Speech(speaker(tmp_path / "said", seconds=60)) as sink:
        sink.write(said("word"))
        time.sleep(0.2)
    assert time.monotonic() - start < 40  # of 60
    assert "speech" not in {thread.name for thread in threading.enumerate()}


def test_a_failure_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Speech(speaker(tmp_path / "said", code=1)) as sink:
        sink.write(said("one"))
        assert sink._thread is not None
        sink._thread.join(20)
        sink.write(said("two"))
    assert caplog.text.count("no loudspeaker") == 1


@pytest.mark.parametrize("command", [["no-such-program-anywhere"], None])
def test_no_program_is_a_hint_and_no_more(
    command: list[str] | None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert speech.program() is None
    with Speech(command) as sink:
        sink.write(said("word"))
    assert "speech" in caplog.text.lower()
    assert "ERROR" not in caplog.text
