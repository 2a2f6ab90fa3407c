"""Passwords and keys of sinks: out of a file or the environment, never off the command line."""

import os
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from livevision.errors import UsageError


def secret(file: Path | None, variable: str) -> str:
    """The first line of `file`, else what the environment's `variable` holds; empty if neither.

    Raises UsageError if the file cannot be read.
    """
    if file is None:
        return os.environ.get(variable, "")
    try:
        return (file.read_text(encoding="utf-8").splitlines() or [""])[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read the secret in {file}: {error}.") from error


def address(url: str, option: str, schemes: tuple[str, ...], how: str) -> SplitResult:
    """`url` in its parts; UsageError if it is none of `schemes`, or has a password in it.

    Everybody on the machine can read a command line; `how` says where the password goes.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises if it is none
    except ValueError as error:
        raise UsageError(f"{option} {url!r} is no address: {error}.") from error
    if parts.password is not None:
        raise UsageError(f"{option} must not have a password in it, which others can see: {how}.")
    if parts.scheme not in schemes or not parts.hostname:
        listed = " or ".join(f"{scheme}://HOST" for scheme in schemes)
        raise UsageError(f"{option} takes {listed}, not {url!r}.")
    return parts
