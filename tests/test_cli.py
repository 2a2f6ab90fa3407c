import importlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

import livevision
from livevision import __main__ as cli
from livevision import assets, commands, recognizers, settings, signals
from livevision.errors import SourceError, UsageError

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEVISION_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))


def exit_code(*words: str) -> int:
    try:
        return cli.main(words)
    except SystemExit as leave:  # argparse's way out
        return int(leave.code or 0)


@pytest.mark.parametrize("command", commands.available())
def test_every_command_has_help_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(command, "--help") == 0
    page = capsys.readouterr().out
    assert "example" in page
    assert f"livevision {command}" in page


def test_help_names_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--help") == 0
    page = capsys.readouterr().out
    assert all(name in page for name in commands.available())


def test_help_names_the_documentation_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert exit_code("--help") == 0
    assert project["urls"]["Documentation"] in capsys.readouterr().out
    assert set(project["urls"]) >= {"Homepage", "Documentation", "Changelog"}
    low, high = re.findall(r"3\.(\d+)", project["requires-python"])
    versions = [f"Programming Language :: Python :: 3.{n}" for n in range(int(low), int(high))]
    assert [each for each in project["classifiers"] if "Python :: 3." in each] == versions


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--version") == 0
    assert capsys.readouterr().out.strip() == f"livevision {livevision.__version__}"


def test_without_a_command_the_words_are_those_of_run() -> None:
    assert cli.parse(["clip.mp4", "--max-frames", "3"]).source == "clip.mp4"
    assert cli.parse([]).command == "run"
    assert cli.parse(["--no-window"]).command == "run"


@pytest.mark.parametrize(
    "words",
    [
        ["replay"],
        ["run", "--size", "big"],
        ["run", "--max-frames", "0"],
        ["replay", "a.mp4", "b.mp4", "--save", "c.mp4"],
        ["replay", "a.mp4", "--expect", "no-such-truth.json"],
        ["config", "volume=11"],
        ["config", "size=big"],
        ["config", "camera"],
        ["config", "camera="],
        ["replya", "clip.mp4"],
        ["help"],
    ],
)
def test_a_usage_error_is_2_and_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(*words) == 2
    message = capsys.readouterr().err
    assert "Traceback" not in message
    assert message.strip().splitlines()[-1].startswith("livevision")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("version", "--version"),
        ("Version", "--version"),
        ("help", "--help"),
        ("webcam", "run 0"),
        ("webcm", "run 0"),
        ("camera", "run 0"),
        ("start", "run 0"),
        ("record", "run 0 --record clip.mp4"),
        ("calibrate", "signs calibrate"),
        ("calibrate my-letters/", "signs calibrate"),
        ("teach sign", "signs teach"),
        ("learn", "practice"),
        ("train-me", "practice"),
        ("enroll", "faces add"),
        ("enrol Zoe zoe.jpg", "faces add"),
        ("replya clip.mp4", "replay"),
    ],
)
def test_near_misses_get_the_command_that_is_meant(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(*typed.split()) == 2
    assert f"Did you mean 'livevision {meant}'?" in capsys.readouterr().err
    first = meant.split()[0]
    assert first == "--version" or first == "--help" or first in commands.available()


def test_a_file_called_as_a_command_nearly_is_a_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("webcam").write_bytes(b"")
    assert cli.parse(["webcam"]).source == "webcam"
    assert cli.parse(["--language", "de", "clip.mp4"]).language == "de"
    assert cli.parse(["--events", "help.jsonl", "clip.mp4"]).events == Path("help.jsonl")


def test_config_lists_all_that_can_be_set_and_marks_what_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_code("config") == 0
    page = capsys.readouterr().out
    assert "  camera = 0\n" in page
    assert "  mirror = -\n" in page
    assert "* " not in page.split("\n\n", 1)[1]
    keys = re.findall(r"^[ *] (\w+) = ", page, re.MULTILINE)
    assert len(keys) == len(set(keys))
    help_page = (exit_code("run", "--help"), capsys.readouterr().out)[1]
    flags = set(re.findall(r"--([a-z][a-z0-9-]+)", help_page.split("source:", 1)[1]))
    for key in keys:
        assert key == "camera" or key.replace("_", "-") in flags
    assert exit_code("config", "camera=2", "mirror=false", "language=de", "fps=25") == 0
    capsys.readouterr()
    settings.write(settings.read() | {"gone": 1})
    assert exit_code("config") == 0
    page = capsys.readouterr().out
    for line in ("* camera = 2\n", "* mirror = false\n", "* language = 'de'\n", "* fps = 25\n"):
        assert line in page
    assert "(default: 'en')" in page
    assert "en, ar, de, es, fr" in page
    assert "livevision config --unset gone" in page


def test_settings_are_remembered_and_the_command_line_wins() -> None:
    assert exit_code("config", "camera=3", "mirror=false", "size=1280x720") == 0
    arguments = cli.parse(["run"])
    assert arguments.mirror is False
    assert arguments.size == (1280, 720)
    assert settings.read()["camera"] == 3
    assert cli.parse(["run", "--mirror", "--size", "640x480"]).size == (640, 480)
    assert cli.parse(["run", "--mirror"]).mirror is True


def test_wishes_about_faces_turn_them_on() -> None:
    def named(*words: str) -> bool:
        return "faces" in recognizers.chosen(cli.parse(["run", *words]))[0]

    assert not named()
    assert not named("--no-remember-strangers")
    for words in (["--remember-strangers"], ["--gallery", "friends.sqlite"]):
        assert named(*words)
        assert not named(*words, "--no-faces")


def test_a_setting_can_be_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code("config", "camera=3")
    assert exit_code("config", "--unset", "camera") == 0
    assert settings.read() == {}
    assert exit_code("config", "--unset", "camera") == 2


def test_settings_that_became_wrong_are_told_and_can_be_forgotten(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.path().write_text('gone = 1\nsize = "big"\n')
    for key in ("gone", "size"):
        assert exit_code("run", "x.mp4") == 2
        message = capsys.readouterr().err
        assert str(settings.path()) in message
        assert f"livevision config --unset {key}" in message
        assert exit_code("config", "--unset", key) == 0
    assert exit_code("run", "x.mp4") == 3


def test_a_full_disk_under_standard_output_is_told() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "livevision", "config", "--path"],
            cwd=ROOT,
            env={key: each for key, each in os.environ.items() if key != "PYTHONUNBUFFERED"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 6
    assert done.stderr.startswith("livevision: ")
    assert len(done.stderr.splitlines()) == 1


def test_broken_settings_say_where_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    settings.path().write_text("mirror = ")
    assert exit_code("run", "x.mp4") == 2
    assert str(settings.path()) in capsys.readouterr().err


def run(*words: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "livevision", *words],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_missing_file_is_a_source_error() -> None:
    done = run("replay", "no-such-clip.mp4")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "no-such-clip.mp4" in done.stderr


@pytest.mark.parametrize(
    "words",
    [["teach", "leaves"], ["replay"], ["signs", "calibrate"]]
    + [["evaluate", name] for name in ("leaves", "notes", "digits", "signs", "spelling")],
)
def test_a_folder_that_is_somebody_elses_is_told_in_one_line(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "0").mkdir(parents=True)

    def refusing(listing: Callable[..., object]) -> Callable[..., object]:
        def listed(path: Path, *words: object) -> object:
            if path.is_relative_to(theirs):  # rights alone would not keep root out
                raise PermissionError(13, "Permission denied", str(path))
            return listing(path, *words)

        return listed

    for name in ("iterdir", "glob", "rglob"):
        monkeypatch.setattr(Path, name, refusing(getattr(Path, name)))
    assert cli.main([*words, str(theirs)]) == SourceError.exit_code
    said = capsys.readouterr().err.splitlines()[-1]
    assert re.match(r"livevision: .*theirs.*Permission denied", said)


def test_a_recogniser_is_a_folder_and_nothing_else(tmp_path: Path) -> None:
    """The example of docs/write-a-plugin.md, put into a copy of the package."""
    page = (ROOT / "docs" / "write-a-plugin.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    copy = tmp_path / "livevision"
    shutil.copytree(ROOT / "livevision", copy, ignore=shutil.ignore_patterns("__pycache__", "data"))
    folder = copy / "recognizers" / "brightness"
    folder.mkdir()
    (folder / "__init__.py").write_text(code[1], encoding="utf-8")
    help_page = run("run", "--help", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert "--brightness-limit" in help_page.stdout
    assert "--brightness, --no-brightness" in help_page.stdout

    pictures = tmp_path / "pictures"
    pictures.mkdir()
    import cv2
    import numpy as np

    cv2.imwrite(str(pictures / "1.png"), np.full((48, 64, 3), 250, np.uint8))
    done = run(
        *("run", str(pictures), "--no-window", "--no-signs", "--brightness"),
        *("--events", str(tmp_path / "events.jsonl")),
        cwd=tmp_path,
        PYTHONPATH=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert "1 frame," in done.stderr


def test_doctor_answers_what_it_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("doctor", "--only", "data") == 0
    assert "personal data" in capsys.readouterr().out
    assert exit_code("doctor", "--only", "data", "--quiet") == 0
    assert capsys.readouterr().out == ""


def test_doctor_tells_a_path_whole_whatever_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "[bold]" / ("long" * 30) / "[/red]"
    monkeypatch.setenv("LIVEVISION_DATA", str(data))
    monkeypatch.setenv("COLUMNS", "80")
    assert exit_code("doctor", "--only", "data") == 0
    told = "".join(capsys.readouterr().out.split())
    assert "".join(str(data).split()) in told


def test_doctor_says_what_it_found_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code = exit_code("doctor", "--json", "--only", "packages", "--only", "codecs")
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert {check["name"] for check in checks} >= {"Python", "OpenCV", "av", "codec libx264"}
    assert (code == 0) == all(check["state"] != "broken" for check in checks)
    assert code == 0


@pytest.mark.parametrize("number", signals.ENDING)
def test_a_signal_never_breaks_an_import(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_to_import.py").write_text(
        f"import os, time\nos.kill(os.getpid(), {int(number)})\ntime.sleep(0.1)\nDONE = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "slow_to_import", raising=False)
    with signals.handled() as ending, pytest.raises(KeyboardInterrupt):  # noqa: PT012
        module = importlib.import_module("slow_to_import")
        time.sleep(5)
    assert module.DONE  # it came after the import
    assert ending.exit_code == 128 + number


def test_the_program_never_imports_tensorflow() -> None:
    code = (
        "import sys; from livevision import recognizers; recognizers.session('signs').close();"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


def test_a_missing_system_library_is_told_with_its_cure(tmp_path: Path) -> None:
    """On a bare Debian `import cv2` fails; that must not take the help pages with it."""
    (tmp_path / "cv2.py").write_text(
        'raise ImportError("libGL.so.1: cannot open shared object file: No such file")'
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    assert run("--help", PYTHONPATH=path).returncode == 0
    clip = str(ROOT / "recordings" / "cloudy.mp4")
    for words, code in ((["doctor", "--only", "packages"], 1), (["replay", clip], 4)):
        done = run(*words, PYTHONPATH=path)
        assert done.returncode == code
        told = " ".join((done.stdout + done.stderr).split())
        assert "libGL.so.1" in told
        assert "apt install libgl1" in told
        assert "Traceback" not in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run --foo", "there is no option --foo. See: livevision run --help"),
        ("run --signs-modle=x", "--signs-modle; did you mean --signs-model? See: livevision run"),
        ("run --size 3", "--size: '3' is no size; write e.g. 640x480. See: livevision run --help"),
        ("run --signs-model fusde", "is none of fused, landmarks, cnn28; did you mean fused? See"),
        ("teach leafs", "'leafs' is none of digits, leaves; did you mean leaves? See: livevision"),
        ("run a.mp4 b.mp4", "'b.mp4' is one word too many. See: livevision run --help"),
        ("replay ''", "CLIP is empty; is a variable not set? See: livevision replay --help"),
        ("run a.mp4 --record ''", "--record is empty; is a variable not set? See: livevision run"),
        ("replay", "CLIP is missing. See: livevision replay --help"),
        ("signs", "ACTION is missing; there are: calibrate, teach, list, forget. See: livevision"),
        ("privacy --keep-days 99999999", "99999999 is more than 36500, the most that may be. See"),
        ("fleet replay a --out b --workers 99999", "99999 is more than 10000, the most that may"),
        ("fleet", "there are: replay, watch, status, reload, measure. See: livevision fleet"),
        ("signs calibrat", "did you mean calibrate? See: livevision signs --help"),
        ("signs calibrate --leters=A", "did you mean --letters? See: livevision signs calibrate"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(shlex.split(words)) == UsageError.exit_code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("livevision: ")
    assert said in line


def test_hints_come_with_the_first_result_and_not_before_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "damaged.mp4").write_bytes(b"no video")
    assert exit_code("run", str(tmp_path / "damaged.mp4"), "--no-window") == 3
    assert "hint:" not in capsys.readouterr().err
    assert exit_code("run", "jawsclub", "--no-window", "--max-frames", "2") == 0
    assert "hint: Nobody is enrolled" in capsys.readouterr().err


def test_a_folder_of_photos_tells_file_and_box(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = cv2.VideoCapture(str(assets.folder("recordings") / "jawsclub.mp4"))
    frames = [capture.read()[1] for _ in range(104)]
    for index in (52, 103):
        cv2.imwrite(str(tmp_path / f"{index}.png"), frames[index])
    assert exit_code("run", str(tmp_path), "--no-window", "--events", "-") == 0
    _, *events = map(json.loads, capsys.readouterr().out.splitlines())
    assert [(each["label"], each["file"]) for each in events] == [("W", "52.png"), ("L", "103.png")]
    left, top, right, bottom = events[0]["box"]
    assert 100 < left < right < 500
    assert 30 < top < bottom < 420
