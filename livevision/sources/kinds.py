"""The kinds of sources of the house; the first that claims a word has it.

Imported for `--help`: what is heavy is imported when a source is made.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from livevision.options import NoOptions
from livevision.plugins import SourcePlugin, SourceWish

if TYPE_CHECKING:
    from livevision.sources.source import Source

_CAMERA = re.compile(r"(?:/dev/video)?(\d{1,4})")


def _camera(spec: str, options: NoOptions, wish: SourceWish) -> "Source":
    from livevision.sources.camera import Camera

    number = _CAMERA.fullmatch(spec)
    assert number is not None
    return Camera(int(number[1]), size=wish.size, fps=wish.fps)


def _stream(spec: str, options: NoOptions, wish: SourceWish) -> "Source":
    from livevision.sources.stream import Stream

    return Stream(spec)


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


KINDS: tuple[SourcePlugin[NoOptions], ...] = (
    SourcePlugin(
        name="camera",
        summary="a camera's number",
        open=_camera,
        claims=lambda spec: _CAMERA.fullmatch(spec) is not None,
        live=True,
    ),
    SourcePlugin(
        name="stream",
        summary="a URL",
        open=_stream,
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
