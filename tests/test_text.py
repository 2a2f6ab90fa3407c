"""What is printed steers no terminal, and is printed whatever the terminal is."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clips import make_clip

from livevision import __main__ as cli
from livevision import litert, text
from livevision.assets import folder
from livevision.sinks.console import Console

ROOT = Path(__file__).resolve().parent.parent
EVIL = "\x1b]0;owned\x07\x1b[2J\rZo\u00eb\x9b31m\u202egnp"
BARE = ("--no-signs", "--no-faces")


def program(*words: str | bytes, **more: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "livevision", *words],
        cwd=ROOT,
        capture_output="stdout" not in more,
        timeout=120,
        **more,
    )


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))


def test_control_characters_are_escaped() -> None:
    assert text.printable("Zoë Łukasz 張 \t\n") == "Zoë Łukasz 張 \\x09\\x0a"
    assert text.printable(EVIL) == ("\\x1b]0;owned\\x07\\x1b[2J\\x0dZoë\\u009b31m\\u202egnp")


def test_everything_printed_goes_through_the_guard(capsys: pytest.CaptureFixture[str]) -> None:
    with text.guarded():
        print(EVIL, end="\n\tb\n")
        print(EVIL, file=sys.stderr)
        Console()._print(EVIL)
    said = capsys.readouterr()
    for out in (said.out, said.err):
        assert not set(out) & set("\x1b\x07\r\x9b\u202e")
        assert "Zoë" in out
    assert said.out.endswith("gnp\n")
    assert "\n\tb\n" in said.out


def test_the_terminals_encoding_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    with text.guarded():
        print("Zoë 張", "\udcff", flush=True)
    assert raw.getvalue() == b"Zo\\xeb \\u5f35 \\udcff\n"
    assert sys.stdout.errors == "strict"


def test_json_on_standard_output_stays_json(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"file": EVIL + "\udcff"}
    with text.guarded():
        print(json.dumps(told, ensure_ascii=False))
    assert json.loads(capsys.readouterr().out) == told


def test_without_standard_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with text.guarded():
        print("x")
        print("x", file=sys.stderr)
    assert sys.stderr is None


@pytest.mark.skipif(sys.platform == "win32", reason="closes descriptors")
@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_program_without_stderr_works(closed: str, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    clip = make_clip(tmp_path / "a.mp4", count=3)
    words = f"'{sys.executable}' -m livevision replay '{clip}' --no-faces --json '{out}' {closed}"
    assert subprocess.run(["sh", "-c", words], cwd=ROOT, timeout=120).returncode == 0
    assert json.loads(out.read_text())["clips"][0]["file"] == str(clip)


def test_loading_a_network_needs_no_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(litert, "_told", False)
    model = folder("models") / "signs" / "landmarks.tflite"
    litert.load(model, name="it", cure="")
    assert litert._told


@pytest.mark.skipif(sys.platform == "win32", reason="file names of bytes")
@pytest.mark.parametrize("encoding", ["ascii", pytest.param("cp1252", marks=pytest.mark.long)])
def test_a_name_that_is_no_utf8_and_a_terminal_that_knows_ascii_alone(
    encoding: str, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "a.mp4", count=3)
    odd = os.fsencode(tmp_path) + b"/\xff\x1b[31m\xc5\x82.mp4"
    clip.rename(os.fsdecode(odd))
    out = tmp_path / "out.json"
    env = os.environ | {"PYTHONIOENCODING": encoding}
    done = program("replay", odd, *BARE, "--json", str(out), env=env)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stdout + done.stderr
    assert json.loads(out.read_bytes())["clips"][0]["file"] == os.fsdecode(odd)
    done = program("replay", odd, *BARE, "--json", "-", env=env)
    assert done.returncode == 0, done.stderr
    done = program("run", odd + b"x", env=env)
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="knows its users otherwise")
@pytest.mark.parametrize("words", [["config"], ["privacy"], ["run", "x.mp4"]])
def test_a_user_without_home_and_name_is_told_what_to_do(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("HOME", "LIVEVISION_CONFIG", "LIVEVISION_DATA"):
        monkeypatch.delenv(name, raising=False)

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert cli.main(words) == 2
    assert "Set HOME" in capsys.readouterr().err


def test_a_faulty_stderr_ends_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "the terminal was closed")

    monkeypatch.setattr(sys, "stderr", Gone())
    assert cli.main(["run", str(make_clip(tmp_path / "a.mp4", count=3)), *BARE]) == 0
