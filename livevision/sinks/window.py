"""The picture in a window of its own, and its keys."""

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, Self

import cv2
import numpy as np

from livevision.errors import OutputError, SinkClosed
from livevision.frame import Image, Result
from livevision.sinks import Sink
from livevision.sinks.overlay import (
    GROUND,
    Look,
    Status,
    annotate,
    bar_height,
    resized,
    strip,
)

if TYPE_CHECKING:
    from livevision.sinks.x11 import Beside

log = logging.getLogger(__name__)

PLAIN = Look()
NOTICE = 4.0
"""Seconds a notice stays on the picture."""
LARGEST = 1280, 960
SMALLEST = 640, 480
"""Sizes of a new window, in pixels, where the screen has them; the user may give it any other."""
PAGE = 1280, 720
"""The size of a new window with a page of its own."""
SHARPEST = 1920, 1080
"""The largest picture that is drawn; in a larger window it is enlarged, which costs less."""
_SAME_SIZE = 0.02
"""Part by which a picture may differ from its window and still be shown as it is."""
_SCREEN = 0.92
"""Share of the screen's width and height that a new window takes at the most."""
_ROOM = 0.75
"""The same where a small picture is enlarged for it. The text grows with it: at 640x480 on a large
screen it is too small to be read at arm's length."""
_BIGGER = 1.25
JUMP = 5.0
"""Seconds that the keys for that go to and fro in a recording."""
STROKE = 4
"""Pixels that the mouse moves while its button is held, for a stroke; less is a click."""
_NARROWEST = 64
"""Pixels; less has a window that was made an icon."""
_SAME_SHAPE = 0.02
"""Part by which a window's shape may differ from its picture's and still be thought of as its own.
"""
_LARGEST_RIM = 3.0
"""In widths or heights of the picture; a window beyond that shape is being dragged."""
_PATIENCE = 50
"""Hundredths of a second that a new window may stay away or black."""

HELP = (
    ("q  Esc", "quit"),
    ("Space bar", "pause, go on"),
    ("←  →", "one frame back, forward (also , and .)"),
    ("PageUp  PageDown", "five seconds back, forward (or click on the bar)"),
    ("Backspace", "take the last letter back"),
    ("Del", "clear the text"),
    ("Tab  t", "accept the proposed word"),
    ("↑  ↓", "another word (also [ and ])"),
    ("Ctrl-S  w", "save the text to a file"),
    ("Ctrl-C  y", "copy the text to the clipboard"),
    ("s", "save the picture"),
    ("r", "start, stop recording"),
    ("m", "mirror"),
    ("d", "show what the model sees"),
    ("b", "blur unknown faces"),
    ("+  -", "larger, smaller text"),
    ("p", "text at the top, at the bottom"),
    ("c", "next camera"),
    ("l", "once more, at the end"),
    ("a", "begin, end a panorama (with --panorama)"),
    ("mouse  u", "draw a stroke, take it back (with --segments)"),
    ("1 - 9", "what strokes are drawn over"),
    ("h", "this page"),
)

COMMANDS = {
    "q": "quit",
    "escape": "quit",
    " ": "pause",
    "left": "back",
    ",": "back",
    "right": "forward",
    ".": "forward",
    "backspace": "backspace",
    "delete": "clear",
    "tab": "accept",
    "up": "previous-word",
    "[": "previous-word",
    "down": "next-word",
    "]": "next-word",
    "t": "accept",
    "ctrl-s": "save-text",
    "w": "save-text",
    "ctrl-c": "copy",
    "y": "copy",
    "s": "snapshot",
    "r": "record",
    "m": "mirror",
    "d": "stages",
    "b": "blur",
    "+": "larger",
    "=": "larger",
    "-": "smaller",
    "p": "captions",
    "c": "next-camera",
    "l": "again",
    "page-up": "earlier",
    "page-down": "later",
    "a": "panorama",
    "u": "stroke undo",
    **{str(digit): f"stroke over {digit}" for digit in range(1, 10)},
    "h": "help",
}
"""What a key asks for."""

_KEYS = {
    # Linux: X11 keysyms, from Qt as from GTK
    0xFF51: "left",
    0xFF52: "up",
    0xFF53: "right",
    0xFF54: "down",
    0xFF96: "left",
    0xFF97: "up",
    0xFF98: "right",
    0xFF99: "down",
    0xFF55: "page-up",
    0xFF56: "page-down",
    0xFF9A: "page-up",
    0xFF9B: "page-down",
    0xFFFF: "delete",
    0xFF9F: "delete",
    0xFF08: "backspace",
    0xFF09: "tab",
    0xFF1B: "escape",
    0xFFAB: "+",
    0xFFAD: "-",
    # Windows: virtual keys
    0x250000: "left",
    0x260000: "up",
    0x270000: "right",
    0x280000: "down",
    0x2E0000: "delete",
    0x210000: "page-up",
    0x220000: "page-down",
    # macOS: function keys of AppKit
    0xF700: "up",
    0xF701: "down",
    0xF702: "left",
    0xF703: "right",
    0xF728: "delete",
    0xF72C: "page-up",
    0xF72D: "page-down",
    127: "backspace",
    # control characters
    3: "ctrl-c",
    8: "backspace",
    9: "tab",
    19: "ctrl-s",
    27: "escape",
}
_GTK_CONTROL = 0x40000


class Page(Protocol):
    """What a window shows instead of the annotated picture."""

    def __call__(self, result: Result, look: Look, status: Status, size: tuple[int, int]) -> Image:
        """(height, width, 3) BGR, as large as the window: `size` is (width, height)."""


class Commands(Protocol):
    """Where keys send what they ask for, e.g. the pipeline's controls."""

    def send(self, command: str) -> None: ...


def display_available() -> bool:
    """True if a window can be shown. Without a display OpenCV would abort the whole process."""
    if sys.platform in ("win32", "darwin"):
        return True
    # OpenCV's wheels speak X11 alone; a Wayland desktop offers that beside its own
    if not os.environ.get("DISPLAY"):
        return False
    from livevision.sinks import x11

    return x11.available()


def key(code: int) -> str:
    """The name of the key that `cv2.waitKeyEx` calls `code`; empty if it is not used here."""
    if code < 0:
        return ""
    if code in _KEYS:
        return _KEYS[code]
    low = code & 0xFFFF  # GTK puts modifiers above
    if low in _KEYS:
        return _KEYS[low]
    if not 32 <= low < 127:
        return ""
    return ("ctrl-" if code & _GTK_CONTROL else "") + chr(low).lower()


class Window(Sink):
    """Shows results with their overlay and turns keys into commands; `HELP` lists them.

    Snapshots and saved texts go to `folder`, readable by the user alone, and never replace a file.
    `recording` tells whether a red dot is due, `recorded` the files of recordings so far, newest
    last. `idle_keys` are commands that can do nothing here, and why. `page` draws what is shown
    instead of the annotated picture; `keys` and `help` are then those of the page. Raises
    SinkClosed when the user closes the window.
    """

    main_thread = True
    essential = True

    def __init__(
        self,
        controls: Commands,
        *,
        look: Look = PLAIN,
        recording: Callable[[], bool] = lambda: False,
        recorded: Callable[[], Sequence[Path]] = tuple,
        idle_keys: Mapping[str, str] = MappingProxyType({}),
        page: Page | None = None,
        keys: Mapping[str, str] = MappingProxyType(COMMANDS),
        help: Sequence[tuple[str, str]] = HELP,
        folder: Path = Path(),
        title: str = "livevision",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._controls = controls
        self._look = look
        self._recording = recording
        self._recorded = recorded
        self._idle_keys = idle_keys
        self._recorder: tuple[bool, int] | None = None
        """Whether it recorded when last looked at, and how many files there were."""
        self._pending = False
        """True while a recording waits for its first picture."""
        self._page = page
        self._keys = keys
        self._help = tuple(help)
        self._size = PAGE
        """Of the window's inside, in pixels, as far as it is known."""
        self._placed = False
        """Whether it was given a size."""
        self._inset = 0, 0
        """Where in what is shown the picture begins."""
        self._drawn = 1, 1
        """Width and height of the picture as it is shown."""
        self._folder = folder
        self._title = title
        self._clock = clock
        self._status = Status()
        self._notice_ends = 0.0
        self._result: Result | None = None
        self._changed = False
        self._beside: Beside | None = None
        self._open = False
        self._shown = False
        self._stroke: tuple[int, int] | None = None
        """Where the mouse's button was pressed."""
        self._over = "1"
        """What strokes are drawn over."""

    def __enter__(self) -> Self:
        if not display_available():
            raise OutputError("There is no display for a window; use --no-window.")
        # without GUI_NORMAL Qt adds tool bars and takes keys for itself
        flags = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
        cv2.namedWindow(self._title, flags)
        self._open = True
        cv2.setMouseCallback(self._title, self._mouse)
        cv2.waitKey(1)
        if sys.platform not in ("win32", "darwin"):
            from livevision.sinks import x11

            self._beside = x11.beside(self._title)
        self._shown = self._is_visible()  # so that it is noticed if it is closed before a picture
        return self

    def write(self, result: Result) -> None:
        first = self._result is None
        self._result = result
        if first:
            self._size = self._first_size()
            if self._page is None:  # a page says it itself
                self._tell("h: help")
        self._tell_recording()
        self._draw()
        if first:
            self._appear()
        self._listen()

    def review(self, result: Result) -> None:
        self.write(result)

    def idle(self) -> None:
        self._tell_recording()
        over = self._status.notice and self._clock() > self._notice_ends
        if self._changed or over or self._inside() != self._size:
            self._draw()
        self._listen()

    def command(self, name: str) -> None:
        self._changed = True
        look, status = self._look, self._status
        if name in self._idle_keys:
            self._tell(f"{self._idle_keys[name]}.")
        elif name == "pause":
            self._status = replace(status, paused=not status.paused)
        elif name == "help":
            self._status = replace(status, panel=() if status.panel else self._help)
        elif name == "mirror":
            self._look = replace(look, mirror=not look.mirror)
        elif name == "stages":
            before = self._ratio()
            self._look = replace(look, stages=not look.stages)
            self._grow(before)
        elif name == "blur":
            self._look = replace(look, blur_others=not look.blur_others)
        elif name == "captions":
            self._look = replace(look, captions="bottom" if look.captions == "top" else "top")
        elif name == "larger":
            self._look = replace(look, text_size=min(4.0, look.text_size * _BIGGER))
        elif name == "smaller":
            self._look = replace(look, text_size=max(0.4, look.text_size / _BIGGER))
        elif name in ("earlier", "later"):
            self._jump(-JUMP if name == "earlier" else JUMP)
        elif name == "snapshot":
            self._save_picture()
        elif name == "save-text":
            self._save_text()
        elif name == "copy":
            self._copy()
        elif name.startswith("stroke over "):
            self._over = name.removeprefix("stroke over ")
            self._tell(f"strokes are over {self._over}")

    def close(self) -> None:
        if self._beside is not None:
            self._beside.close()
            self._beside = None
        if self._open:
            self._open = False
            with suppress(cv2.error):  # the user was quicker
                cv2.destroyWindow(self._title)
                cv2.waitKey(1)

    def _first_size(self) -> tuple[int, int]:
        """(width, height) of a new window that suits what is shown and the screen."""
        width, height = PAGE
        if self._page is None:
            assert self._result is not None
            height, width = self._annotated(self._status, self._result).shape[:2]
        most = LARGEST if self._page is None else PAGE
        enlarged = SMALLEST
        if self._beside is not None:
            across, down = self._beside.screen()
            most = min(most[0], round(across * _SCREEN)), min(most[1], round(down * _SCREEN))
            enlarged = round(across * _ROOM), round(down * _ROOM)
        if self._page is not None:  # it fits any shape
            return most
        scale = min(most[0] / width, most[1] / height)
        if scale > 1:
            scale = max(1.0, min(scale, enlarged[0] / width, enlarged[1] / height))
        return max(1, round(width * scale)), max(1, round(height * scale))

    def _appear(self) -> None:
        """Give the new window its size, and see to it that something is seen."""
        cv2.resizeWindow(self._title, *self._size)
        self._placed = True
        if self._beside is not None:
            for _ in range(_PATIENCE):
                if self._beside.shows_something():
                    return
                cv2.waitKey(10)
            # On a busy machine Qt may miss that the window came into view, and then never draws.
            self._beside.show_again()

    def _draw(self) -> None:
        if self._result is None:
            return
        if self._status.notice and self._clock() > self._notice_ends:
            self._status = replace(self._status, notice="")
        self._changed = False
        status = replace(self._status, recording=self._recording())
        cv2.imshow(self._title, self._picture(status))

    def _picture(self, status: Status) -> Image:
        """What the window shows, in its shape."""
        assert self._result is not None
        width, height = self._size = self._inside()
        if self._page is not None:
            return self._page(self._result, self._look, status, self._size)
        shown = self._fitted(self._result, self._size)
        self._drawn = shown.frame.image.shape[1], shown.frame.image.shape[0]
        picture, self._inset = _padded(self._annotated(status, shown), width / height)
        return picture

    def _annotated(self, status: Status, shown: Result) -> Image:
        """The picture with all that is drawn on it and below it."""
        picture = annotate(shown, self._look, replace(status, bar=True))
        if self._look.stages:
            picture = np.vstack((picture, strip(shown, picture.shape[1], self._look)))
        return picture

    def _fitted(self, result: Result, room: tuple[int, int]) -> Result:
        """The result in the size in which it is shown: letters that OpenCV enlarges are blurred,
        and those that it reduces lose their strokes."""
        tall, wide = result.frame.image.shape[:2]
        below = len(strip(result, wide, self._look)) if self._look.stages else 0
        most = min(room[0], SHARPEST[0]), min(room[1], SHARPEST[1])
        scale = min(most[0] / wide, most[1] / (tall + below))
        if not self._placed or abs(scale - 1) < _SAME_SIZE:
            return result
        return resized(result, max(1, round(wide * scale)), max(1, round(tall * scale)))

    def _ratio(self) -> float:
        """Width by height of what is shown, without its rims."""
        if self._result is None:
            return 1.0
        tall, wide = self._annotated(self._status, self._result).shape[:2]
        return wide / tall

    def _grow(self, before: float) -> None:
        """Make room for what came below the picture, or went, where the screen has it.

        `before` is the width by the height of what was shown; a window of another shape stays.
        """
        width, height = self._size
        if self._result is None or self._page is not None or self._beside is None:
            return
        wanted = round(width / self._ratio())
        fits = wanted <= self._beside.screen()[1] * _SCREEN
        if fits and abs(width / height / before - 1) < _SAME_SHAPE:
            cv2.resizeWindow(self._title, width, wanted)

    def _inside(self) -> tuple[int, int]:
        """(width, height) of the window's inside; as it was at first where nobody can tell.

        OpenCV only knows where in it the picture is.
        """
        if self._beside is None or not self._placed:
            return self._size
        size = self._beside.size()
        return size if min(size) >= _NARROWEST else self._size

    def _listen(self) -> None:
        """Let the window breathe, and hand on what was pressed in it."""
        last = cv2.waitKeyEx(1)
        pressed = [last] if self._beside is None else self._beside.pressed()
        for name in map(key, pressed):
            if name in self._keys:
                self._controls.send(self._keys[name])
        visible = self._is_visible()
        if self._shown and not visible:
            self._open = False
            raise SinkClosed("The window was closed.")
        self._shown |= visible

    def _mouse(self, event: int, x: int, y: int, flags: int, data: object) -> None:
        """A click on the bar, or a stroke over the picture, told in its pixels."""
        x, y = x - self._inset[0], y - self._inset[1]
        if event == cv2.EVENT_LBUTTONDOWN and self._seek(x, y):
            return
        if event == cv2.EVENT_LBUTTONDOWN:
            self._stroke = x, y
        elif event == cv2.EVENT_LBUTTONUP and self._stroke is not None and self._result is not None:
            begin, self._stroke = self._stroke, None
            if max(abs(x - begin[0]), abs(y - begin[1])) < STROKE:
                return
            (x0, y0), (x1, y1) = map(self._pixel, (begin, (x, y)))
            self._controls.send(f"stroke {x0} {y0} {x1} {y1} {self._over}")

    def _pixel(self, shown: tuple[int, int]) -> tuple[int, int]:
        """(x, y) in the frame of what stands there as it is drawn."""
        assert self._result is not None
        tall, wide = self._result.frame.image.shape[:2]
        x, y = shown[0] * wide // self._drawn[0], shown[1] * tall // self._drawn[1]
        return wide - 1 - x if self._look.mirror else x, y

    def _seek(self, x: int, y: int) -> bool:
        """Go to the moment that a click on the bar means; False if it was none on it."""
        if self._result is None or self._page is not None:
            return False
        frame = self._result.frame
        width, height = self._drawn
        if frame.place is None or not height - bar_height(height, width) <= y < height:
            return False
        share = min(1.0, max(0.0, x / width))
        self._controls.send(f"seek {share * frame.place.length:.3f}")
        return True

    def _jump(self, seconds: float) -> None:
        """Go some seconds to or fro in a recording."""
        place = None if self._result is None else self._result.frame.place
        if place is None:
            self._tell("This cannot be played from another moment.")
        else:
            self._controls.send(f"seek {max(0.0, place.seconds + seconds):.3f}")

    def _is_visible(self) -> bool:
        try:
            return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1
        except cv2.error:
            return False

    def _tell(self, notice: str) -> None:
        self._status = replace(self._status, notice=notice)
        self._notice_ends = self._clock() + NOTICE
        self._changed = True

    def _tell_recording(self) -> None:
        """Say where a recording goes once its file is begun, and where it is when it ended."""
        on, files = self._recording(), self._recorded()
        before, self._recorder = self._recorder, (on, len(files))
        if before is None or before == self._recorder:  # what the command line began is known
            return
        was_on, earlier = before
        if on and len(files) > earlier:
            self._tell(f"Recording to {_where(files[-1])}; r ends it.")
        elif on and not was_on:
            self._tell("Recording begins with the next picture; r ends it.")
        elif was_on and not on and files and (len(files) > earlier or not self._pending):
            self._tell(f"Recorded {_where(files[-1])}")
        elif was_on and not on:
            self._tell("Nothing was recorded: no picture came meanwhile.")
        self._pending = on and len(files) == earlier and (self._pending or not was_on)

    def _save_picture(self) -> None:
        if self._result is None:
            return
        # as recordings are: not mirrored
        look = replace(self._look, mirror=False)
        if self._page is None:
            picture = annotate(self._result, look)
        else:
            picture = self._page(self._result, self._look, Status(), self._size)
        self._save(cv2.imencode(".png", picture)[1].tobytes(), ".png")

    def _save_text(self) -> None:
        if self._result is None or not self._result.text:
            self._tell("There is no text to save yet.")
            return
        self._save((self._result.text + "\n").encode(), ".txt")

    def _save(self, content: bytes, ending: str) -> None:
        try:
            path = _write_new(self._folder, content, ending)
        except OSError as error:
            log.warning("Cannot write to %s: %s", self._folder.resolve(), error.strerror)
            self._tell(f"Cannot write to {self._folder.resolve()}: {error.strerror}")
        else:
            self._tell(f"Saved {_where(path)}")

    def _copy(self) -> None:
        if self._result is None or not self._result.text:
            self._tell("There is no text to copy yet.")
            return
        import copykitten

        try:
            copykitten.copy(self._result.text)
        except copykitten.CopykittenError as error:
            log.warning("Cannot copy to the clipboard: %s", error)
            self._tell("The clipboard does not answer; Ctrl-S saves the text to a file.")
        else:
            self._tell("Copied the text.")


def _padded(picture: Image, ratio: float) -> tuple[Image, tuple[int, int]]:
    """`picture` with a dark rim that makes its width by its height `ratio`, and where it begins.

    Else OpenCV puts it on a clear ground.
    """
    height, width = picture.shape[:2]
    across, down = round(height * ratio) - width, round(width / ratio) - height
    if max(across, down) <= 1 or max(across / width, down / height) > _LARGEST_RIM:
        return picture, (0, 0)
    left, top = max(0, across) // 2, max(0, down) // 2
    rims = top, max(0, down) - top, left, max(0, across) - left
    padded = cv2.copyMakeBorder(picture, *rims, cv2.BORDER_CONSTANT, value=GROUND)
    return np.asarray(padded, np.uint8), (left, top)


def _where(path: Path) -> str:
    return f"{path.name} in {path.resolve().parent}"


def _write_new(folder: Path, content: bytes, ending: str) -> Path:
    """Write a new file named by the date; no file is ever replaced, or left half-written."""
    stem = f"livevision-{datetime.now():%Y%m%d-%H%M%S}"
    number = 1
    while True:
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}{ending}"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        except FileExistsError:
            number += 1
            continue
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path


_BINARY = getattr(os, "O_BINARY", 0)  # Windows would turn line feeds into two bytes
