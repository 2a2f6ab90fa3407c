"""The files of the page: read once, served from memory, no other file is ever opened."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".jpg": "image/jpeg",
    ".png": "image/png",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    content: bytes
    type: str
    tag: str
    """Changes with the content."""


def read(package: str) -> dict[str, Asset]:
    """The files of a package's folder that a browser may have, by name."""
    return {
        each.name: file(each)
        for each in resources.files(package).iterdir()
        if _type(each.name) and each.is_file()
    }


def file(path: Path | Traversable) -> Asset:
    """One file that a browser may have."""
    content = path.read_bytes()
    return Asset(content, _type(path.name), f'"{hashlib.sha256(content).hexdigest()[:16]}"')


def _type(name: str) -> str:
    return TYPES.get("." + name.rpartition(".")[2], "")
