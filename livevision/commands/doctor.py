"""Check everything that commonly goes wrong, and say how to cure it.

Exits with 1 if something is broken; warnings (no camera, no display) do not count.

examples: livevision doctor
          livevision doctor --json
          livevision doctor --only speed --only camera
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib import metadata, util
from typing import Literal

from livevision import plugins
from livevision.plugins import BROKEN, OK, WARNING, Check

SUMMARY = "check packages, models, camera, display, codecs and speed"

_MARKS = {OK: "[green]ok[/]", WARNING: "[yellow]note[/]", BROKEN: "[red bold]broken[/]"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")
    parser.add_argument(
        "--only",
        choices=sorted(_GROUPS),
        action="append",
        help="make only these checks; may be repeated",
    )
    parser.add_argument("--quiet", action="store_true", help="tell only what is broken")


def execute(arguments: argparse.Namespace) -> int:
    checks: list[Check] = []
    for group in arguments.only or _GROUPS:
        try:
            checks += _GROUPS[group]()
        except Exception as error:  # a check that cannot even run is a finding
            checks.append(Check(group, BROKEN, f"{type(error).__name__}: {error}"))
    if arguments.json:
        print(json.dumps({"schema": 1, "checks": [asdict(check) for check in checks]}, indent=2))
    else:
        _print(checks, quiet=arguments.quiet)
    return 1 if any(check.state == BROKEN for check in checks) else 0


def _print(checks: list[Check], *, quiet: bool) -> None:
    """All checks as a table; if `quiet`, trouble alone."""
    shown = [check for check in checks if not quiet or check.state == BROKEN]
    if not shown:
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")  # a path is told whole
    for check in shown:  # brackets in a name are no markup
        table.add_row(_MARKS[check.state], Text(check.name), Text(check.found))
        if check.cure:
            table.add_row("", "", Text(check.cure, style="bold"))
    Console().print(table)


def _packages() -> Iterator[Check]:
    from packaging.requirements import Requirement

    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] < (3, 15)
    yield Check(
        "Python",
        OK if fits else BROKEN,
        f"{version} on {platform.platform()}",
        "" if fits else "Use Python 3.11 to 3.14.",
    )
    try:
        wanted = metadata.requires("livevision") or []
    except metadata.PackageNotFoundError:
        wanted = []
    again = "Install it again: 'make setup', or 'pip install --force-reinstall livevision'."
    missing = []
    for requirement in map(Requirement, wanted):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            missing.append(requirement.name)
    yield Check(
        "packages",
        BROKEN if missing else OK,
        f"missing: {', '.join(missing)}" if missing else f"{len(wanted)} requirements looked up",
        again if missing else "",
    )
    yield _opencv()
    for package, purpose in (("ai_edge_litert", "networks"), ("av", "recordings")):
        there = util.find_spec(package) is not None
        yield Check(package, OK if there else BROKEN, purpose, "" if there else again)


def _opencv() -> Check:
    others = [
        name
        for name in ("opencv-python", "opencv-python-headless", "opencv-contrib-python-headless")
        if any(each.metadata["Name"] == name for each in metadata.distributions())
    ]
    if others:
        return Check(
            "OpenCV",
            BROKEN,
            f"{', '.join(others)} is installed beside opencv-contrib-python",
            f"pip uninstall {' '.join(others)} opencv-contrib-python; "
            "pip install opencv-contrib-python==4.11.0.86",
        )
    try:
        import cv2
    except ImportError as error:
        return Check("OpenCV", BROKEN, str(error), library_cure(error))
    return Check("OpenCV", OK, cv2.__version__)


def library_cure(error: ImportError) -> str:
    """How to get the system library that a package failed to load."""
    text = str(error)
    if "cannot open shared object file" in text:
        return (
            f"The system library {text.partition(':')[0]} is missing. "
            "Debian, Ubuntu: sudo apt install libgl1 libglib2.0-0. "
            "Fedora: sudo dnf install mesa-libGL glib2."
        )
    return "Install livevision again: 'make setup', or 'pip install --force-reinstall livevision'."


def _models() -> Iterator[Check]:
    from livevision import assets
    from livevision.errors import ModelError

    for sums in sorted(assets.folder("models").rglob(assets.CHECKSUMS)):
        names = [line.partition("  ")[2] for line in sums.read_text("utf-8").splitlines()]
        try:
            for name in names:
                assets.verified(sums.parent / name)
        except ModelError as error:
            yield Check(f"models/{sums.parent.name}", BROKEN, str(error))
        else:
            yield Check(f"models/{sums.parent.name}", OK, f"{len(names)} files, checksums right")


def _recognizers() -> Iterator[Check]:
    """What the recognisers want looked at, each for itself."""
    for name, plugin in plugins.recognizers().items():
        yield Check(name, OK, plugin.summary)
        try:
            yield from plugin.checks()
        except Exception as error:  # a check that cannot even run is a finding
            yield Check(name, BROKEN, f"{type(error).__name__}: {error}")


def _camera() -> Iterator[Check]:
    from livevision.sources.camera import devices

    found = devices()
    if not found:
        yield Check(
            "camera",
            WARNING,
            "none found",
            "Plug one in, close programs that use it, allow this terminal to use it; "
            "or try 'livevision demo'.",
        )
    for device in found:
        yield Check("camera", OK, str(device))


def _display() -> Iterator[Check]:
    from livevision.sinks.window import display_available

    if display_available():
        yield Check("display", OK, os.environ.get("DISPLAY") or "native")
    else:
        yield Check(
            "display",
            WARNING,
            "none, so no window",
            "Letters are printed as text; '--record OUT.mp4' writes the picture.",
        )


def _codecs() -> Iterator[Check]:
    import av

    wanted: tuple[tuple[str, Literal["r", "w"]], ...]
    wanted = (("libx264", "w"), ("h264", "r"), ("hevc", "r"), ("vp9", "r"))
    for codec, mode in wanted:
        try:
            av.codec.Codec(codec, mode)
        except Exception as error:
            cure = "pip install --force-reinstall av"
            yield Check(f"codec {codec}", BROKEN, str(error), cure)
        else:
            yield Check(f"codec {codec}", OK, "writes" if mode == "w" else "reads")
    free = shutil.disk_usage(tempfile.gettempdir()).free / 1e9
    low = free < 1
    yield Check("disk", WARNING if low else OK, f"{free:.1f} GB free", "Make room." if low else "")


def _speed() -> Iterator[Check]:
    """Median ms a frame of what is on by default, on a bundled recording."""
    from livevision import assets, recognizers
    from livevision.sources.recording import Recording

    clips = sorted(assets.folder("recordings").glob("*.mp4"))
    if not clips:
        return
    with Recording(clips[0]) as source:
        frames = [frame for _, frame in zip(range(45), source, strict=False)]
    for name, plugin in plugins.recognizers().items():
        if not plugin.wanted()[0]:
            continue
        with recognizers.session(name) as session:
            spent = []
            for frame in frames:
                begin = time.perf_counter()
                session.recognize(frame)
                spent.append(time.perf_counter() - begin)
        median = sorted(spent)[len(spent) // 2] * 1000
        slow = median > 33
        yield Check(
            "speed",
            WARNING if slow else OK,
            f"{name}: {median:.1f} ms a frame (median of {len(spent)})",
            "Close other programs, or ask the camera for a smaller picture: --size 640x480."
            if slow
            else "",
        )


def _data() -> Iterator[Check]:
    from livevision import settings

    folder = settings.data_folder()
    writable = os.access(folder if folder.exists() else folder.parent, os.W_OK)
    yield Check(
        "personal data",
        OK if writable or not folder.parent.exists() else WARNING,
        f"{folder}" + ("" if folder.exists() else " (nothing stored yet)"),
    )


_GROUPS: dict[str, Callable[[], Iterator[Check]]] = {
    "packages": _packages,
    "models": _models,
    "recognizers": _recognizers,
    "camera": _camera,
    "display": _display,
    "codecs": _codecs,
    "data": _data,
    "speed": _speed,
}
