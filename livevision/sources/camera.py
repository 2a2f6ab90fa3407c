"""A camera of this machine, read by OpenCV."""

import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

import cv2

from livevision.errors import SourceError
from livevision.frame import Frame, Image
from livevision.pictures import quiet
from livevision.sources.reconnecting import Renewable
from livevision.sources.rhythm import Rhythm

WARM_UP = 5.0
"""Seconds within which an opened camera must give its first picture."""
READ_PATIENCE = 1.7
SWITCH_PATIENCE = 15.0
"""Seconds for going to another camera: some need long to open."""
MOST_CAMERAS = 10
"""Numbers tried when looking for cameras where the system keeps no list."""
SIZES = ((320, 240), (640, 480), (1280, 720), (1920, 1080), (3840, 2160))

_SYSTEM_LIST = Path("/sys/class/video4linux")
_BACKENDS = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_DSHOW}


@dataclass(frozen=True, slots=True)
class Device:
    """A camera that was found."""

    number: int
    name: str
    modes: tuple[tuple[int, int, float], ...] = ()
    """(width, height, frames per second) it agreed to; empty if it could not be opened."""
    trouble: str = ""
    """Why it could not be opened."""

    def __str__(self) -> str:
        modes = (f"{width}x{height} at {rate:g} fps" for width, height, rate in self.modes)
        return f"{self.number}  {self.name}: {self.trouble or ', '.join(modes)}"


class Camera(Renewable):
    """Camera `number`; `size` (width, height) and `fps` are asked for, and the nearest come.

    The command "next-camera" goes to the next one that gives pictures, and round to the first.
    """

    live = True
    main_thread = sys.platform == "darwin"

    def __init__(
        self,
        number: int = 0,
        *,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.number = number
        self.patience = READ_PATIENCE
        self._node: Path | None = None
        """The name that it was asked for by: it may come back under another number."""
        self._size = size
        self._fps = fps
        self._clock = clock
        self._capture: cv2.VideoCapture | None = None
        self._first: float | None = None
        self._rhythm = Rhythm(READ_PATIENCE)
        self._index = 0
        self._switch = False

    @classmethod
    def at(
        cls, node: Path, *, size: tuple[int, int] | None = None, fps: float | None = None
    ) -> "Camera":
        """The camera that `node` leads to, "/dev/v4l/by-id/..."; the same one at every start.

        Raises SourceError if none of that name is plugged in.
        """
        found = re.fullmatch(r"video(\d{1,4})", Path(os.path.realpath(node)).name)
        if found is None:
            others = sorted(each.name for each in node.parent.glob("*"))
            there = f"There are: {', '.join(others)}." if others else "No camera was found."
            raise SourceError(f"{node} is no camera. {there} Check that it is plugged in.")
        camera = cls(int(found[1]), size=size, fps=fps)
        camera._node = node
        return camera

    @property
    def name(self) -> str:  # type: ignore[override]
        """ "camera 0"."""
        return f"camera {self.number}"

    def renew(self) -> "Camera":
        camera = Camera(self.number, size=self._size, fps=self._fps, clock=self._clock)
        camera._node = self._node
        return camera

    def __enter__(self) -> Self:
        self.close()
        self._first = None
        self._index = 0
        self._rhythm = Rhythm(READ_PATIENCE)
        if self._node is not None and not self._switch:
            self.number = Camera.at(self._node).number
        if self._switch:  # asked for while this one was away
            self._go_to_next()
        else:
            self._capture = self._open(self.number)
        return self

    def read(self) -> Frame | None:
        if self._switch:
            self._go_to_next()
        capture = self._capture
        if capture is None:
            return None
        grabbed = capture.grab()
        captured = self._clock()
        image = _retrieve(capture) if grabbed else None
        if image is None:
            raise SourceError(
                f"{self.name.capitalize()} stopped giving pictures. Check its cable, and that no "
                "other program took it."
            )
        if self._first is None:
            self._first = captured
        # in the dark some cameras expose for seconds
        self._rhythm.beat(captured)
        self.patience = max(READ_PATIENCE, self._rhythm.learned)
        frame = Frame(image, self._index, captured - self._first, captured)
        self._index += 1
        return frame

    def command(self, name: str) -> None:
        if name == "next-camera":
            self._switch = True

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _go_to_next(self) -> None:
        self.patience = SWITCH_PATIENCE
        self._switch = False
        here = self.number
        known = numbers()
        after = [n for n in known if n > here] + [n for n in known if n < here] + [here]
        self.close()  # two cameras on one USB bus may be one too many
        for number in after:
            try:
                self._capture = self._open(number)
            except SourceError:
                continue
            self.number = number
            self._node = None
            self.patience = READ_PATIENCE
            self._rhythm = Rhythm(READ_PATIENCE)
            return
        self.patience = READ_PATIENCE
        raise SourceError(f"No camera gives pictures any more. {_permission()}")

    def _open(self, number: int) -> cv2.VideoCapture:
        capture = _capture(number)
        if capture is None:
            raise SourceError(_why_not(number))
        if self._size:
            width, height = self._size
            if width * height > 640 * 480:  # uncompressed, USB 2 carries these at 10 fps
                capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        if self._fps:
            capture.set(cv2.CAP_PROP_FPS, self._fps)
        deadline = self._clock() + WARM_UP
        while True:
            if capture.grab() and _retrieve(capture) is not None:
                return capture
            if self._clock() > deadline:
                capture.release()
                raise SourceError(
                    f"Camera {number} opens but gives no picture. Close other programs that use "
                    f"it, or plug it in again. {_permission()}"
                )
            time.sleep(0.02)


def numbers() -> list[int]:
    """Numbers under which there may be a camera."""
    if _SYSTEM_LIST.is_dir():
        found = (each.name.removeprefix("video") for each in _SYSTEM_LIST.glob("video*"))
        return sorted(int(number) for number in found if number.isdecimal())
    return [] if sys.platform == "linux" else list(range(MOST_CAMERAS))


def devices() -> list[Device]:
    """The cameras of this machine. Each is opened for a moment to learn what it can do."""
    found = []
    for number in numbers():
        capture = _capture(number)
        if capture is None:
            if sys.platform == "linux" and not _is_side_channel(number):
                found.append(Device(number, _title(number), trouble=_why_not(number)))
            elif sys.platform != "linux":
                break  # elsewhere cameras are numbered without gaps
            continue
        try:
            found.append(Device(number, _title(number), _modes(capture)))
        finally:
            capture.release()
    return found


def _capture(number: int) -> cv2.VideoCapture | None:
    """Camera `number`, opened, or None."""
    with quiet():
        for backend in (_BACKENDS.get(sys.platform, cv2.CAP_ANY), cv2.CAP_ANY):
            capture = cv2.VideoCapture(number, backend)
            if capture.isOpened():
                return capture
            capture.release()
    return None


def _retrieve(capture: cv2.VideoCapture) -> Image | None:
    good, picture = capture.retrieve()
    if not good or picture is None or picture.size == 0:
        return None
    if picture.ndim == 2 or picture.shape[2] == 1:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    image = cast(Image, picture)
    image.flags.writeable = False
    return image


def _modes(capture: cv2.VideoCapture) -> tuple[tuple[int, int, float], ...]:
    modes = {}
    for width, height in SIZES:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        got = (
            int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        modes[got] = capture.get(cv2.CAP_PROP_FPS)
    return tuple((*size, rate) for size, rate in sorted(modes.items()))


def _title(number: int) -> str:
    try:
        title = (_SYSTEM_LIST / f"video{number}" / "name").read_text(errors="replace").strip()
    except OSError:
        title = ""
    return title or f"camera {number}"


def _is_side_channel(number: int) -> bool:
    """True for the second node that Linux makes for a camera's metadata."""
    try:
        return (_SYSTEM_LIST / f"video{number}" / "index").read_text().strip() != "0"
    except OSError:
        return False


def _why_not(number: int) -> str:
    """Why camera `number` does not open, and what to do."""
    if sys.platform != "linux":
        return f"Camera {number} cannot be opened: not there, or in use. {_permission()}"
    node = Path(f"/dev/video{number}")
    if not node.exists():
        others = [str(each) for each in numbers() if not _is_side_channel(each)]
        there = f"There is camera {', '.join(others)}." if others else "No camera was found."
        return f"There is no camera {number}. {there} Plug one in, or give a video file instead."
    if not os.access(node, os.R_OK | os.W_OK):
        return (
            f"Camera {number} may not be used: no permission for {node}. Add yourself to the group "
            "'video' (sudo usermod -aG video $USER) and log in again."
        )
    return f"Camera {number} cannot be opened. Close other programs that use it."


def _permission() -> str:
    if sys.platform == "darwin":
        return (
            "Allow your terminal in System Settings > Privacy & Security > Camera, "
            "then start the terminal again."
        )
    if sys.platform == "win32":
        return (
            "Switch on Settings > Privacy & security > Camera > "
            "Let desktop apps access your camera."
        )
    return "Check that it is plugged in."
