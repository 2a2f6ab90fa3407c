"""What only the X server knows of a window of OpenCV: is it in view? which keys went with Ctrl?"""

import os
import warnings
from collections.abc import Iterator
from typing import Any

from Xlib import X, error  # type: ignore[import-untyped]
from Xlib.display import Display  # type: ignore[import-untyped]

_COLORS = 0xFFFFFF
_MODIFIERS = X.ControlMask | X.ShiftMask | X.Mod1Mask | X.Mod4Mask


def available() -> bool:
    """True if the display that DISPLAY names lets this process in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Xlib leaves sockets that went nowhere
        try:
            Display().close()
        except (error.DisplayError, error.XauthError, error.ConnectionClosedError, OSError):
            return False
    return True


class Beside:
    """What only the X server knows of a window of this process.

    Ctrl with a letter, for one: OpenCV's Qt windows drop these keys. The server tells them to
    whoever asks, without taking them from the window.
    """

    def __init__(self, title: str) -> None:
        self._display = Display()
        self._window = self._find(self._display.screen().root, title)
        if self._window is not None:
            self._window.change_attributes(event_mask=X.KeyPressMask)
            self._display.sync()

    def shows_something(self) -> bool:
        """False while the window is not in view, or black all over."""
        if self._window is None:
            return True
        try:
            if self._window.get_attributes().map_state != X.IsViewable:
                return False
            place = self._window.get_geometry()
            seen = self._window.get_image(0, 0, place.width, place.height, X.ZPixmap, _COLORS)
        except error.XError:  # partly outside the screen: nobody can tell
            return True
        return any(seen.data)

    def show_again(self) -> None:
        """Take the window from the screen and put it back."""
        if self._window is not None:
            self._window.unmap()
            self._window.map()
            self._display.sync()

    def pressed(self) -> Iterator[str]:
        """The letters pressed with Ctrl since the last call; never waits."""
        for _ in range(self._display.pending_events()):
            event = self._display.next_event()
            if event.type == X.KeyPress and event.state & _MODIFIERS == X.ControlMask:
                symbol = self._display.keycode_to_keysym(event.detail, 0)
                if ord("a") <= symbol <= ord("z"):
                    yield chr(symbol)

    def close(self) -> None:
        self._display.close()

    def _find(self, parent: Any, title: str) -> Any | None:
        """The window of that title which belongs to this process."""
        process = self._display.intern_atom("_NET_WM_PID")
        waiting = [parent]
        while waiting:
            window = waiting.pop()
            try:
                if window.get_wm_name() == title:
                    owner = window.get_full_property(process, X.AnyPropertyType)
                    if owner is not None and owner.value[0] == os.getpid():
                        return window
                waiting += window.query_tree().children
            except error.XError:  # a window that has gone in the meantime
                continue
        return None
