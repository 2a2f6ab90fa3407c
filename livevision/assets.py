"""Where the files that travel with the program are, in a checkout as in an installed wheel."""

import hashlib
from functools import cache
from pathlib import Path

from livevision.errors import ModelError

_PACKAGE = Path(__file__).resolve().parent
CHECKSUMS = "SHA256SUMS"


def folder(name: str) -> Path:
    """The bundled folder `name` ("models" or "recordings")."""
    installed = _PACKAGE / "data" / name  # pyproject.toml puts it there in the wheel
    return installed if installed.is_dir() else _PACKAGE.parent / name


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_checksums(models: Path) -> None:
    """Note the digests of all files of a model's folder beside them, as `sha256sum` prints them."""
    files = sorted(path for path in models.iterdir() if path.is_file() and path.name != CHECKSUMS)
    lines = [f"{digest(path)}  {path.name}\n" for path in files]
    (models / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


@cache
def verified(path: Path) -> Path:
    """`path` if it is what its folder's SHA256SUMS says.

    Raises ModelError if the file or its line is missing, or if its digest differs.
    """
    cure = "Install livevision again, or train it anew with 'livevision train'."
    if not path.is_file():
        raise ModelError(f"Model file {path} is missing. {cure}")
    sums = path.parent / CHECKSUMS
    try:
        lines = sums.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ModelError(f"Cannot read {sums}, so {path.name} cannot be checked. {cure}") from error
    known = {name: value for value, _, name in (line.partition("  ") for line in lines)}
    own = digest(path)
    if known.get(path.name) != own:
        raise ModelError(f"Model file {path} is damaged: its checksum is wrong. {cure}")
    if path.parent.parent == folder("models"):
        from livevision.digests import DIGESTS

        expected = DIGESTS.get(f"{path.parent.name}/{path.name}")
        if expected is not None and expected != own:
            raise ModelError(
                f"Model file {path} is not the one that this version came with. Install livevision "
                "again; if you trained it yourself, run 'python scripts/digests.py'."
            )
    return path
