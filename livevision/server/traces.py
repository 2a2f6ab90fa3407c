"""What the page's server keeps on the disk, all of it shown and erased by `livevision privacy`.

Light: `privacy` imports it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from livevision import files, settings
from livevision.errors import OutputError

UPLOAD = "serve-upload-"
"""How files begin that are being read; each is erased right after."""


def keys() -> Path:
    """The keys in the printed links."""
    return settings.data_folder() / "serve-keys.json"


def authority() -> Path:
    """The authority's certificate, which is public."""
    return settings.data_folder() / "serve-authority.pem"


def authority_key() -> Path:
    return settings.data_folder() / "serve-authority-key.pem"


def certificate() -> Path:
    """The server's own certificate."""
    return settings.data_folder() / "serve-certificate.pem"


def certificate_key() -> Path:
    return settings.data_folder() / "serve-certificate-key.pem"


def own() -> Iterator[tuple[str, Path]]:
    """What there is, and what it is."""
    named = (
        ("keys to the page", keys()),
        ("certificate authority", authority()),
        ("key of the certificate authority", authority_key()),
        ("certificate of the page", certificate()),
        ("key of the page's certificate", certificate_key()),
    )
    for what, file in named:
        for each in (file, *files.drafts(file)):
            if each.is_symlink() or each.is_file():
                yield what, each
    if settings.data_folder().is_dir():
        for each in sorted(settings.data_folder().glob(f"{UPLOAD}*")):
            if each.is_symlink() or each.is_file():
                yield "upload that was not finished", each


def sweep() -> None:
    """Erase uploads that servers left when they were killed, and those of livevision 0.2."""
    for each in settings.data_folder().glob(f"{UPLOAD}*"):
        process = each.name.removeprefix(UPLOAD).partition("-")[0]
        if not (process.isdecimal() and _is_running(int(process))):
            with suppress(OutputError):
                files.erase(each)


def _is_running(process: int) -> bool:
    """Whether there is a process of that number, which may be another by now."""
    if sys.platform == "win32":  # asking would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def prepare() -> Path:
    """The folder of personal data, made if there is none. Raises OutputError."""
    folder = settings.data_folder()
    try:
        settings.prepare_folder(folder)
    except OSError as error:
        raise OutputError(f"Cannot make the folder {folder}: {error.strerror}.") from error
    return folder


def write(file: Path, content: bytes) -> None:
    """Keep something, readable by its owner alone, whole or not at all. Raises OutputError."""
    prepare()
    files.replace_bytes(file, content, private=True)
