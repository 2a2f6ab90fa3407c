"""Which source a word of the command line names."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from livevision import plugins
from livevision.errors import SourceError, UsageError
from livevision.plugins import SourcePlugin, SourceWish
from livevision.sources.source import Source


def open_source(
    spec: str | int | Path,
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    realtime: bool = False,
    paced: bool = False,
    reconnect: bool = True,
    options: Mapping[str, Any] | None = None,
) -> Source:
    """The source, not yet opened, that `spec` names.

    `spec` is a camera's number (0, "0", "/dev/video0"), a URL (rtsp, rtsps, http, https), a folder
    of pictures, a picture, a video file, or what a plug-in claims. `size` (width, height) and `fps`
    are asked of a camera; `fps` is also the rate of a folder's pictures. `realtime` plays
    recordings, behind a URL too, at their own times, as a live source; `paced` plays video files at
    their own speed or slower, with every frame. Cameras and URLs come back by themselves unless
    `reconnect` is False. `options` has those of plug-ins, by their names.

    Raises SourceError if there is nothing by that name, UsageError for a URL of another kind,
    TypeError for what is neither a word, a whole number nor a path.
    """
    from livevision.sources.realtime import Paced, Realtime
    from livevision.sources.reconnecting import Reconnecting, Renewable

    if not isinstance(spec, str | int | Path):
        raise TypeError(f"a source is a str, an int or a Path, not {type(spec).__name__}")
    spec = str(spec)
    if not spec:  # as a path it would be the folder that one is in
        raise SourceError("A source has no name. Give a file, a folder, a URL or a number.")
    try:
        kind = _kind(spec)
        chosen = (options or {}).get(kind.name) or kind.options()
        source = kind.open(spec, chosen, SourceWish(size, fps))
    except (OSError, ValueError) as error:  # a name no file system can hold
        raise SourceError(
            f"{spec[:80]!r} cannot be the name of a file. Give a file, a folder of pictures, "
            "a URL or a camera's number."
        ) from error
    if kind.live and reconnect:
        source = Reconnecting(cast(Renewable, source))
    if realtime and kind.paced:
        return Realtime(source)
    return Paced(source) if paced and kind.paced and not kind.live else source


def known(spec: str) -> bool:
    """Whether `spec` is by its looks alone an address or a camera that some kind of source reads.

    Files do not count: any word may be one's name.
    """
    scheme = re.match(r"([a-z][a-z0-9+.-]+)://", spec, re.IGNORECASE)
    if scheme:
        return any(scheme[1].lower() in each.schemes for each in plugins.sources().values())
    return any(each.live and each.claims(spec) for each in plugins.sources().values())


def _kind(spec: str) -> SourcePlugin[Any]:
    """The kind of source that claims `spec`; UsageError for an address that none does."""
    scheme = re.match(r"([a-z][a-z0-9+.-]+)://", spec, re.IGNORECASE)
    kinds = plugins.sources().values()
    for kind in kinds:
        if scheme:
            if scheme[1].lower() in kind.schemes:
                return kind
        elif kind.claims(spec):
            return kind
    known = ", ".join(f"{each}://" for kind in kinds for each in kind.schemes)
    beginning = scheme[1].lower() if scheme else spec
    raise UsageError(
        f"Cannot read {beginning}:// addresses. Give one of {known}, a file, a folder of pictures, "
        "or a camera's number."
    )
