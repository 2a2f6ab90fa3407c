"""One folder is one recogniser, and an installed package is as good as a folder."""

import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
import venv
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import livevision
from livevision import plugins, recognizers
from livevision.errors import UsageError
from livevision.plugins import RecognizerPlugin

ROOT = Path(livevision.__file__).parents[1]
CLIP = ROOT / "recordings" / "cloudy.mp4"
EXAMPLE = ROOT / "examples" / "livevision-brightness"

COMMANDS = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from livevision.__main__ import main

clip, gone, target = sys.argv[1:]
answers = {}
for words in (
    ["--help"], ["run", "--help"], ["bench", "--help"], ["evaluate", "--help"], ["train", "--help"],
    ["privacy"], ["config"], ["doctor", "--only", "recognizers", "--only", "models"],
    ["replay", clip, "--max-frames", "4"],
    ["run", clip, "--max-frames", "4", "--no-window"],
):
    told = io.StringIO()
    with redirect_stdout(told), redirect_stderr(told):
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code
    answers[" ".join(words[:2] if words[0] in ("run", "doctor") else words[:1])] = [
        code or 0, told.getvalue()
    ]
open(target, "w").write(json.dumps(answers))
"""


# those the program began with, and one more; each further one is tried at length
QUICK = ("signs", "faces", "notes")
FOLDERS = [
    name if name in QUICK else pytest.param(name, marks=pytest.mark.long)
    for name in recognizers.available()
]


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_is_deleted_takes_only_itself_with_it(name: str, tmp_path: Path) -> None:
    copy = tmp_path / "livevision"
    gone = f"recognizers/{name}"
    shutil.copytree(
        ROOT / "livevision",
        copy,
        ignore=lambda folder, names: [
            each
            for each in names
            if each == "__pycache__"
            or (Path(folder) / each).relative_to(ROOT / "livevision").as_posix() == gone
        ],
    )
    for shared in ("models", "recordings"):
        (tmp_path / shared).symlink_to(ROOT / shared)
    target = tmp_path / "answers.json"
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path),
        "LIVEVISION_CONFIG": str(tmp_path / "settings.toml"),
        "LIVEVISION_DATA": str(tmp_path / "data"),
    }
    environment.pop("DISPLAY", None)
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, str(CLIP), name, str(target)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(target.read_text())
    for command, (code, told) in answers.items():
        assert code == 0, f"{command}: {told}"
        assert "Traceback" not in told
    shown = answers["run --help"][1]
    assert f"--{name}" not in shown
    for other in recognizers.available():
        assert other == name or f"--{other}" in shown


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the example's package, and with our own packages beside it."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=True)
    own = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    ours = [*site.getsitepackages(), str(ROOT)]
    (Path(own) / "ours.pth").write_text("\n".join(ours), encoding="utf-8")
    source = place / "source"
    shutil.copytree(EXAMPLE, source)
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", str(source)]
    done = subprocess.run(
        [python, "-m", "pip", *words], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return python


def in_environment(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, *words],
        cwd=folder,
        env={
            **{key: value for key, value in os.environ.items() if key != "DISPLAY"},
            "LIVEVISION_CONFIG": str(folder / "settings.toml"),
            "LIVEVISION_DATA": str(folder / "data"),
        },
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_an_installed_package_is_found_everywhere(environment: Path, tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        done = in_environment(environment, tmp_path, "-m", "livevision", *words)
        assert done.returncode == 0, done.stderr
        return done

    shown = run("run", "--help").stdout
    for word in ("--brightness-limit", "--lamp-period", "--tally FILE", "lamp://"):
        assert word in shown
    done = run(
        *("run", "lamp://2", "--no-window", "--no-signs", "--brightness", "--lamp-period", "0.5"),
        *("--tally", "tally.txt", "--events", "events.jsonl", "--captions", "text.srt"),
    )
    assert "4 changes" in done.stderr
    assert done.stdout.splitlines()[-1] == "text: dark light dark light"
    assert "change" in done.stdout
    assert (tmp_path / "tally.txt").read_text() == "10 brightness dark\n10 brightness light\n"
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [each["label"] for each in lines[1:]] == ["dark", "light"] * 2
    assert "00:00:00,000 -->" in (tmp_path / "text.srt").read_text()
    run(
        *("replay", "lamp://1", "--no-signs", "--brightness"),
        *("--json", "read.json", "--frames"),
    )
    (clip,) = json.loads((tmp_path / "read.json").read_text())["clips"]
    assert [(each["kind"], each["label"]) for each in clip["events"]] == [
        ("change", "dark"),
        ("change", "light"),
    ]
    assert clip["frames"][0]["detections"][0]["details"] == {"level": 0.118}
    # where MediaPipe has no wheel, this environment lacks its networks, and doctor says so
    done = in_environment(
        environment, tmp_path, "-m", "livevision", "doctor", "--only", "recognizers"
    )
    assert "lightmeter" in done.stdout, done.stderr
    run("config", "brightness=true")
    assert "brightness = true" in run("config").stdout


@pytest.mark.long
def test_an_installed_package_is_drawn_and_counted(environment: Path, tmp_path: Path) -> None:
    code = """
import urllib.request
from livevision import pipeline, recognizers
from livevision.sinks.metrics import Metrics
from livevision.sinks.overlay import annotate
from livevision.sinks.sink import Sink
from livevision.sources import open_source

class Look(Sink):
    def write(self, result):
        self.picture = annotate(result)
        port = metrics.port
        self.page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()

metrics, look = Metrics(0), Look()
session = recognizers.session("brightness")
pipeline.run(open_source("lamp://0.5"), [session], [metrics, look])
assert (look.picture == (40, 200, 40)).all(axis=2).any()
assert 'livevision_seen{kind="brightness"} 1.0' in look.page, look.page
"""
    done = in_environment(environment, tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr


def test_a_package_that_fails_is_told_of_and_passed_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = metadata.EntryPoint("broken", "nowhere:PLUGIN", "livevision.recognizers")
    monkeypatch.setattr(metadata, "entry_points", lambda: metadata.EntryPoints([broken]))
    plugins.refresh()
    try:
        assert "signs" in recognizers.available()
        assert "broken cannot be used" in caplog.text
    finally:
        monkeypatch.undo()
        plugins.refresh()


def test_a_model_is_loaded_once() -> None:
    assert recognizers.load("signs") is recognizers.load("signs")


def test_names_and_values_that_are_none_are_told() -> None:
    with pytest.raises(UsageError, match="there are: "):
        recognizers.load("seance")
    from livevision.recognizers.signs import Options

    with pytest.raises(UsageError, match="choose one of: fused"):
        recognizers.load("signs", Options(model="crystal ball"))  # type: ignore[arg-type]


def test_every_manifest_is_whole() -> None:
    for name, plugin in plugins.recognizers().items():
        assert isinstance(plugin, RecognizerPlugin)
        assert name == plugin.name
        assert plugin.summary
        for room in (plugin.commands, plugin.evaluations, plugin.trainings):
            for module in room.values():
                assert module.startswith(f"livevision.recognizers.{name}.")


def test_numbers_of_numpy_reach_json() -> None:
    from livevision import records
    from livevision.frame import Box, Detection, Event

    box = Box(*np.array([1, 2, 3, 4]))
    found = Detection("thing", box, "a", 0.5, details={"size": np.float32(0.5), "at": np.arange(2)})
    assert json.loads(json.dumps(records.detection(found)))["box"] == [1, 2, 3, 4]
    event = Event("thing", "a", 0.0, 1.0, 1.0, {"count": np.int64(3)})
    assert json.loads(json.dumps(records.event(event)))["count"] == 3
