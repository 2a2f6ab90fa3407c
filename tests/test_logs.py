import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from livevision.logs import KeyValues, Plain


def fields(line: str) -> dict[str, str]:
    return {key: json.loads(value) for key, value in re.findall(r'(\w+)=("(?:[^"\\]|\\.)*")', line)}


def record(message: str, *details: object, error: bool = False) -> str:
    info = None
    if error:
        try:
            raise ValueError("broken")
        except ValueError:
            info = sys.exc_info()
    made = logging.LogRecord("livevision.x", logging.WARNING, "x.py", 1, message, details, info)
    made.created = 0.25
    return KeyValues().format(made)


def test_a_line_can_be_read_back() -> None:
    assert fields(record('a "%s" = %d', "b", 3)) == {
        "time": "1970-01-01T00:00:00.250+00:00",
        "level": "warning",
        "logger": "livevision.x",
        "thread": "MainThread",
        "message": 'a "b" = 3',
    }


def test_nothing_breaks_the_line_or_reaches_the_terminal() -> None:
    line = record("%s", "x\nlevel=error\r\x1b[2J\x9b2J\u2028", error=True)
    assert line.isascii()
    assert line.isprintable()
    found = fields(line)
    assert found["message"] == "x\nlevel=error\r\x1b[2J\x9b2J\u2028"
    assert found["level"] == "warning"
    assert found["traceback"].endswith("ValueError: broken")


def test_the_program_logs_so_on_stderr_from_the_level_asked_for(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((9, 9, 3), np.uint8))
    (tmp_path / "b\n.png").write_bytes(b"no picture")
    words = ["run", str(tmp_path), "--no-window", "--no-signs", "--no-faces"]
    for level, expected in (("warning", True), ("error", False)):
        done = subprocess.run(
            [sys.executable, "-m", "livevision", *words, "--log-level", level],
            capture_output=True,
            text=True,
            timeout=60,
        )
        lines = [line for line in done.stderr.splitlines() if line.startswith("time=")]
        assert bool(lines) == expected, done.stderr
        assert all("b\n.png" in fields(line)["message"] for line in lines)


def test_people_are_told_in_words() -> None:
    made = logging.LogRecord("livevision.x", logging.WARNING, "x.py", 1, "%s\n", ("a\x1b",), None)
    assert Plain().format(made) == "warning: a\\x1b\\x0a"
