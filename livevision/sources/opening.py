"""Which source a word of the command line names."""

import re
from pathlib import Path

from livevision.errors import SourceError, UsageError
from livevision.sources.source import Source


def open_source(
    spec: str,
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    realtime: bool = False,
    reconnect: bool = True,
) -> Source:
    """The source, not yet opened, that `spec` names.

    `spec` is a camera's number ("0", or "/dev/video0"), a URL (rtsp, rtsps, http, https), a folder
    of pictures, a picture, or a video file. `size` (width, height) and `fps` are asked of a camera;
    `fps` is also the rate of a folder's pictures. `realtime` plays recordings, behind a URL too, at
    their own times, as a live source. Cameras and URLs come back by themselves unless `reconnect`
    is False.

    Raises SourceError if there is nothing by that name, UsageError for a URL of another kind.
    """
    from livevision.sources.camera import Camera
    from livevision.sources.pictures import SUFFIXES, Pictures
    from livevision.sources.realtime import Realtime
    from livevision.sources.reconnecting import Reconnecting, Renewable
    from livevision.sources.recording import Recording
    from livevision.sources.stream import Stream

    if number := re.fullmatch(r"(?:/dev/video)?(\d{1,4})", spec):
        live: Renewable = Camera(int(number[1]), size=size, fps=fps)
    elif scheme := re.match(r"([a-z][a-z0-9+.-]+)://", spec, re.IGNORECASE):
        if scheme[1].lower() not in ("rtsp", "rtsps", "http", "https"):
            raise UsageError(
                f"Cannot read {scheme[1]}:// addresses. Give one of rtsp://, rtsps://, http://, "
                "https://, a file, a folder of pictures, or a camera's number."
            )
        live = Stream(spec)
    else:
        path = Path(spec)
        recorded: Source
        try:
            if path.is_dir():
                recorded = Pictures(path, fps=fps or 1.0)
            elif path.suffix.lower() in SUFFIXES:
                recorded = Pictures(path)
            else:
                recorded = Recording(path)
        except (OSError, ValueError) as error:  # a name no file system can hold
            raise SourceError(
                f"{spec[:80]!r} cannot be the name of a file. Give a file, a folder of pictures, "
                "a URL or a camera's number."
            ) from error
        return Realtime(recorded) if realtime else recorded
    source: Source = Reconnecting(live) if reconnect else live
    return Realtime(source) if realtime and isinstance(live, Stream) else source
