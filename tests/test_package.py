"""What would go to the registry: built, checked, installed where nothing else is, and tried."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 900
"""Seconds of each step; the packages come from a registry."""


def uv() -> str:
    """The program that builds and installs, as the Makefile finds it."""
    own = ROOT / ".uv" / "bin" / "uv"
    found = shutil.which("uv") or (str(own) if own.exists() else None)
    if found is None:
        pytest.skip("needs uv, which 'make demo' or 'make test' sets up")
    return found


def run(*words: str | Path, folder: Path) -> str:
    """What a program prints; it must end well."""
    own = ("LIVEVISION", "PYTHONPATH", "VIRTUAL_ENV", "DISPLAY")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(own)}
    environment |= {"HOME": str(folder), "UV_SYSTEM_CERTS": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


WITHOUT = """
import io, pkgutil, sys
from importlib import import_module

sys.modules |= dict.fromkeys(sys.argv[1:])  # each import of one of these fails
import livevision

for module in pkgutil.walk_packages(livevision.__path__, "livevision."):
    if not {"training", "on_ray", "mediapipe_solutions", "__main__"} & {*module.name.split(".")}:
        import_module(module.name)

from ai_edge_litert.interpreter import Interpreter
from matplotlib import font_manager
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from rich.table import Table
from skimage import data, filters, measure

figure = Figure(layout="constrained")
figure.subplots().plot([1, 2])
figure.savefig(io.BytesIO(), format="png")
Console(force_terminal=True).print(Table("x"), {"a": [1]}, "[bold]x[/] https://x.org `a`")
assert list(track([1], console=Console(force_terminal=True))) == [1]
assert data.astronaut().shape == measure.label(data.astronaut()).shape
assert livevision.sinks.lettering.mask("Zo\u00eb \u0645\u0631\u062d\u0628\u0627 \u5b57", 20).any()
"""


def test_what_make_demo_leaves_out_is_not_missed() -> None:
    """Of what is installed by `make demo`, `pip install .` and `make test`, it takes the least."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (left_out,) = re.findall(r"^LEFT_OUT := (.+)$", makefile, re.MULTILINE)
    modules = {"markdown-it-py": "markdown_it"}
    names = [modules.get(each, each).replace("-", "_") for each in left_out.split()]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *names], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.long
def test_the_package_is_built_checked_installed_and_tried(tmp_path: Path) -> None:
    built = tmp_path / "built"
    run(uv(), "build", ROOT, "--out-dir", built, folder=tmp_path)
    (source,), (wheel,) = built.glob("*.tar.gz"), built.glob("*.whl")
    run(uv(), "tool", "run", "twine", "check", "--strict", source, wheel, folder=tmp_path)

    with tarfile.open(source) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {"README.md", "LICENSE", "NOTICE", "pyproject.toml"} <= {*names}
    with zipfile.ZipFile(wheel) as packed:
        held = packed.namelist()
    assert "livevision/data/recordings/jawsclub.mp4" in held
    assert "livevision/data/models/signs/fused.tflite" in held
    assert not [name for name in held if name.endswith((".pyc", ".keras.tmp"))]

    environment = tmp_path / "venv"
    run(uv(), "venv", "--python", sys.executable, environment, folder=tmp_path)
    # pip's users have no lock: the newest that fits is what they get
    python = environment / "bin" / "python"
    run(uv(), "pip", "install", "--python", python, wheel, folder=tmp_path)
    program = environment / "bin" / "livevision"
    assert "livevision" in run(program, "--version", folder=tmp_path)
    run(program, "doctor", "--only", "packages", folder=tmp_path)
    run(program, "replay", "jawsclub", "--json", "read.json", folder=tmp_path)
    (clip,) = json.loads((tmp_path / "read.json").read_text())["clips"]
    letters = [each["label"] for each in clip["events"] if each["kind"] == "letter"]
    assert "".join(letters) == "JAWSCLUB"
