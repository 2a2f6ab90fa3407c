"""The n-th write, sync, rename, unlink or creation of a file fails, for every n: see faults/."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "faults"
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None,
    reason="needs Linux's LD_PRELOAD and a C compiler",
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("faults") / "failing.so"
    words = ["cc", "-shared", "-fPIC", "-O1", "-o", str(target), str(HERE / "failing.c"), "-ldl"]
    subprocess.run(words, check=True)
    return target


def inject(library: Path, folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, str(HERE / "driver.py"), str(folder), *words],
        env={**os.environ, "LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_some_failures_leave_everything_whole(library: Path, tmp_path: Path) -> None:
    inject(
        library,
        tmp_path,
        *("--step", "7", "--only", "gallery: add", "--only", "encrypt", "--only", "settings"),
        *("--only", "personal signs", "--only", "encrypted gallery: add"),
    )


@pytest.mark.long
def test_every_failure_leaves_everything_whole(library: Path, tmp_path: Path) -> None:
    print(inject(library, tmp_path))


def test_the_injector_finds_a_draft_that_is_left(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is worth nothing if it finds no fault that is there."""
    (tmp_path / "sitecustomize.py").write_text(
        "from livevision import files\nfiles._drop = lambda draft: None\n", encoding="utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(AssertionError, match="is left with"):
        inject(library, tmp_path, "--only", "settings")
