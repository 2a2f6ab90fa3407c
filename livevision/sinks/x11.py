"""What only the X server knows of a window of OpenCV: is it in view? which keys were pressed?"""

import os
import warnings
from collections.abc import Iterator
from typing import Any

from Xlib import X, error
from Xlib.display import Display

_COLORS = 0xFFFFFF
_NOT_OURS = X.Mod1Mask | X.Mod4Mask
"""Alt and Super: such keys are for the desktop."""
_NUM_LOCK = X.Mod2Mask
_ALT_GR = X.Mod5Mask
_LAYOUT = 13
"""The lowest bit of the layout's number in the state of a key event."""
_KEYPAD = range(0xFF80, 0xFFBE)
_USED = {*range(0x20, 0x7F), *range(0xFF00, 0x10000)}
"""Keysyms of ASCII and of keys without a letter."""


def available() -> bool:
    """True if the display that DISPLAY names lets this process in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Xlib leaves sockets that went nowhere
        try:
            Display().close()
        except (error.DisplayError, error.XauthError, error.ConnectionClosedError, OSError):
            return False
    return True


def beside(title: str) -> "Beside | None":
    """What there is to know beside OpenCV of this process's window of that title, if it is found.

    Raises Xlib's errors if the display cannot be reached.
    """
    display = Display()
    window = _find(display, display.screen().root, title)
    if window is None:
        display.close()
        return None
    return Beside(display, window)


class Beside:
    """What only the X server knows of a window of this process.

    Its keys, for one: of those pressed between two calls of `cv2.waitKeyEx`, OpenCV's Qt windows
    give the last alone, and none with Ctrl. The server tells them all to whoever asks, without
    taking them from the window.
    """

    def __init__(self, display: Display, window: Any) -> None:
        self._display = display
        self._window = window
        window.change_attributes(event_mask=X.KeyPressMask)
        display.sync()

    def screen(self) -> tuple[int, int]:
        """(width, height) of the screen in pixels."""
        screen = self._display.screen()
        return int(screen.width_in_pixels), int(screen.height_in_pixels)

    def size(self) -> tuple[int, int]:
        """(width, height) of the window's inside in pixels; (0, 0) once it is gone."""
        try:
            place = self._window.get_geometry()
        except error.XError:
            return 0, 0
        return int(place.width), int(place.height)

    def shows_something(self) -> bool:
        """False while the window is not in view, or black all over."""
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
        self._window.unmap()
        self._window.map()
        self._display.sync()

    def pressed(self) -> Iterator[int]:
        """The keys pressed since the last call, as GTK's `cv2.waitKeyEx` gives them; never waits.

        That is the X11 keysym, and above it the Ctrl key's bit.
        """
        for _ in range(self._display.pending_events()):
            event = self._display.next_event()
            if event.type == X.MappingNotify:
                self._display.refresh_keyboard_mapping(event)
            elif event.type == X.KeyPress and not event.state & _NOT_OURS:
                yield (event.state & X.ControlMask) << 16 | self._symbol(event.detail, event.state)

    def _symbol(self, key: int, state: int) -> int:
        """The keysym of a key in the user's layout, 0 if it has none.

        The server lists two for each key in the first layout, two in the second, then those with
        AltGr (XKB protocol 17.1.3). Where the second has no Latin letter the first one counts.
        """
        symbols = [self._display.keycode_to_keysym(key, place) for place in range(8)]
        shift = bool(state & X.ShiftMask)
        if state & _NUM_LOCK and symbols[1] in _KEYPAD:
            shift = not shift
        second = 2 if state >> _LAYOUT & 3 == 1 else 0
        if state & _ALT_GR and symbols[4 + second]:
            return int(symbols[4 + second])
        places = (second + shift, second, shift, 0)
        return next((symbols[at] for at in places if symbols[at] in _USED), 0)

    def close(self) -> None:
        self._display.close()


def _find(display: Display, parent: Any, title: str) -> Any | None:
    """The window of that title which belongs to this process."""
    process = display.intern_atom("_NET_WM_PID")
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
