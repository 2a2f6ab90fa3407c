"""The networks of hands and faces, which come in MediaPipe's package; that is never imported.

There is a wheel for Python 3.11 and 3.12 on common machines. Elsewhere `livevision models setup
signs` (or faces) takes the same wheel apart, of which nothing is run.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from livevision import assets, files, settings
from livevision.errors import ModelError, OutputError
from livevision.plugins import BROKEN, OK, Check

VERSION = "0.10.21"
LICENCE = "Apache-2.0"
WHAT = f"the wheel of mediapipe {VERSION}, {LICENCE}"
HANDS = (
    "hand_landmark/hand_landmark_full.tflite",
    "palm_detection/palm_detection_full.tflite",
)
FACES = (
    "face_detection/face_detection_short_range.tflite",
    "face_detection/face_detection_full_range_sparse.tflite",
)
DIGESTS: Mapping[str, str] = {
    HANDS[0]: "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
    HANDS[1]: "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
    FACES[0]: "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    FACES[1]: "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
}
"""SHA-256 of the four files: nothing else is taken out of the wheel."""
MISSING = (
    "The networks of MediaPipe are not installed, for whose package there is no wheel here; "
    "'livevision models setup signs' gets them once (36 MB, of which 9 are kept)."
)
_ENVIRONMENT = Path(sys.prefix) / "share" / "livevision" / "mediapipe"
_WHEEL = ("--only-binary=:all:", "--no-deps", f"mediapipe=={VERSION}")
_PYTHON, _PLATFORM = "3.12", "manylinux_2_28_x86_64"
"""Whose wheel is taken apart: the networks are the same in all of them."""
_LARGEST = 1 << 25
"""Bytes of a network, several times the largest; a wheel that claims more is not theirs."""
_PATIENCE = 900
"""Seconds that the download may take."""


def folders() -> tuple[Path, ...]:
    """Where the files may be that were taken out of a wheel, the best place first.

    They belong to the installation, if that is a virtual environment, more than to the user's data.
    """
    data = settings.data_folder() / "models" / "mediapipe"
    return (_ENVIRONMENT, data) if sys.prefix != sys.base_prefix else (data,)


def path(name: str) -> Path:
    """The file `name` below "modules" in the package; ModelError if it is nowhere."""
    spec = find_spec("mediapipe")
    if spec is not None and spec.submodule_search_locations:
        return Path(spec.submodule_search_locations[0]) / "modules" / name
    places = (each / name for each in folders())
    kept = next((each for each in places if each.is_file()), None)
    if kept is None:
        raise ModelError(MISSING)
    if assets.digest(kept) != DIGESTS.get(name):
        raise ModelError(f"{kept} is damaged; 'livevision models setup signs' gets it anew.")
    return kept


def installed() -> Path:
    """The folder of the four files; ModelError if one is missing or damaged."""
    found = [path(name) for name in DIGESTS]
    for each in found:
        if not each.is_file():
            raise ModelError(MISSING)
    return found[0].parents[1]


def setup(wheel: Path | None, tell: Callable[[str], None]) -> Path:
    """Put the four files in their place, out of `wheel` or else one that pip or uv gets.

    `tell` is given lines about what is done. Raises ModelError if the wheel cannot be had, or is
    another one; OutputError if the data folder cannot be written.
    """
    if find_spec("mediapipe") is not None:
        tell(f"The package mediapipe is installed, with all that is needed: {installed()}")
        return installed()
    with tempfile.TemporaryDirectory() as place:
        if wheel is None:
            tell(f"Getting {WHAT} ...")
            contents = _fetched(Path(place))
        else:
            contents = _taken(wheel)
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != DIGESTS[name]:
            raise ModelError(f"{name} is not that of {WHAT}. Give that very file.")
    first, *others = folders()
    target = others[0] if others and not os.access(sys.prefix, os.W_OK) else first
    for name, content in contents.items():
        file = target / name
        try:
            settings.prepare_folder(settings.data_folder())  # with our mark, closed to others
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"Cannot make the folder {file.parent}: {error.strerror}.") from error
        files.replace(file, lambda draft, content=content: draft.write_bytes(content))  # type: ignore[misc]
    tell(f"{len(contents)} networks are in {target}.")
    return target


def checks(names: Sequence[str]) -> Iterator[Check]:
    """For `doctor`: whether the files `names` are there."""
    for name in names:
        try:
            there, cure = (
                path(name).is_file(),
                f"pip install --force-reinstall mediapipe=={VERSION}",
            )
        except ModelError as error:
            there, cure = False, str(error)
        yield Check(
            Path(name).stem,
            OK if there else BROKEN,
            f"of mediapipe {VERSION}" if there else "missing",
            "" if there else cure,
        )


def _taken(wheel: Path) -> dict[str, bytes]:
    """The four files out of a wheel, which is a zip; ModelError if it is none, or lacks one."""
    try:
        if wheel.exists() and not wheel.is_file():  # a pipe would never end
            raise ModelError(f"{wheel} is not {WHAT}, and no file.")
        with zipfile.ZipFile(wheel) as archive:
            contents = {}
            for name in DIGESTS:
                member = archive.getinfo(f"mediapipe/modules/{name}")
                if member.file_size > _LARGEST:
                    raise ModelError(f"{wheel} is not {WHAT}: {name} is too large.")
                contents[name] = archive.read(member)
            return contents
    except (OSError, LookupError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise ModelError(f"{wheel} is not {WHAT}: {error}") from error
    except zipfile.BadZipFile as error:
        raise ModelError(f"{wheel} is not {WHAT}: {error}") from error


def _fetched(place: Path) -> dict[str, bytes]:
    """The four files, by pip where there is one, else by uv; `place` is an empty folder."""
    pip = [
        *("download", "--quiet", "--disable-pip-version-check", "--dest", str(place)),
        *("--python-version", _PYTHON, "--platform", _PLATFORM),
    ]
    uv = [
        *("pip", "install", "--quiet", "--target", str(place)),
        *("--python-version", _PYTHON, "--python-platform", f"x86_64-{_PLATFORM[:14]}"),
    ]
    own = Path(".uv/bin/uv")
    tools = [
        ([sys.executable, "-m", "pip"], pip),
        ([shutil.which("uv") or (str(own.absolute()) if own.is_file() else "uv")], uv),
        (["pip3"], pip),
    ]
    why = "neither pip nor uv was found"
    for tool, words in tools:
        try:
            done = subprocess.run(
                [*tool, *words, *_WHEEL], capture_output=True, text=True, timeout=_PATIENCE
            )
        except FileNotFoundError:
            continue
        except subprocess.TimeoutExpired:
            why = f"{tool[-1]} took longer than {_PATIENCE} s"
            continue
        if done.returncode == 0:
            for found in place.glob("mediapipe-*.whl"):
                return _taken(found)
            modules = place / "mediapipe" / "modules"
            return {name: (modules / name).read_bytes() for name in DIGESTS}
        told = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        if "No module named pip" not in told:
            why = told
    raise ModelError(
        f"Cannot get {WHAT}: {why}. Get its file for Linux on x86-64 by any means and name it: "
        "livevision models setup signs mediapipe.whl"
    )
