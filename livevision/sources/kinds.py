"""The kinds of sources of the house; the first that claims a word has it.

Imported for `--help`: what is heavy is imported when a source is made.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision.options import NoOptions, option
from livevision.plugins import SourcePlugin, SourceWish

if TYPE_CHECKING:
    from livevision.sources.source import Source

_CAMERA = re.compile(r"(?:/dev/video)?(\d{1,4})")
_NODE = re.compile(r"/dev/v4l/by-(?:id|path)/[^/]+")
"""Names that Linux gives to one camera for good, whatever number it gets."""


def _camera(spec: str, options: NoOptions, wish: SourceWish) -> "Source":
    from livevision.sources.camera import Camera

    number = _CAMERA.fullmatch(spec)
    if number is None:
        return Camera.at(Path(spec), size=wish.size, fps=wish.fps)
    return Camera(int(number[1]), size=wish.size, fps=wish.fps)


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """Streams from the network."""

    allow_local: bool = option(
        False,
        flag="--allow-local",
        help="let a server send us on to addresses of this machine and its local network; "
        "those that SOURCE names may always be asked",
    )


def _stream(spec: str, options: StreamOptions, wish: SourceWish) -> "Source":
    from livevision.sources.stream import Stream

    return Stream(spec, allow_local=options.allow_local)


def _is_pictures(spec: str) -> bool:
    from livevision.sources.pictures import SUFFIXES

    path = Path(spec)
    return path.is_dir() or path.suffix.lower() in SUFFIXES


def _pictures(spec: str, options: NoOptions, wish: SourceWish) -> "Source":
    from livevision.sources.pictures import Pictures

    path = Path(spec)
    return Pictures(path, fps=wish.fps or 1.0) if path.is_dir() else Pictures(path)


def _recording(spec: str, options: NoOptions, wish: SourceWish) -> "Source":
    from livevision.sources.recording import Recording

    return Recording(Path(spec))


KINDS: tuple[SourcePlugin[Any], ...] = (
    SourcePlugin(
        name="camera",
        summary="a camera's number",
        open=_camera,
        claims=lambda spec: bool(_CAMERA.fullmatch(spec) or _NODE.fullmatch(spec)),
        live=True,
    ),
    SourcePlugin(
        name="stream",
        summary="a URL",
        open=_stream,
        options=StreamOptions,
        schemes=("rtsp", "rtsps", "http", "https"),
        live=True,
        paced=True,
    ),
    SourcePlugin(
        name="pictures",
        summary="a picture, or a folder of pictures",
        open=_pictures,
        claims=_is_pictures,
        paced=True,
    ),
    SourcePlugin(
        name="recording",
        summary="a video file",
        open=_recording,
        claims=lambda spec: True,
        paced=True,
    ),
)
