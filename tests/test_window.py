"""A real window on a display of its own, with real keys; the window lives in a child process,
because Qt ends a process whose display goes away."""

import os
import select
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from xvfb import Xvfb

from livevision import plugins
from livevision.errors import OutputError
from livevision.frame import Frame, Image, Place, Result
from livevision.pipeline import Controls
from livevision.plugins import RunContext
from livevision.sinks import window
from livevision.sinks.kinds import WindowOptions
from livevision.sinks.look import Look
from livevision.sinks.overlay import Status
from livevision.sinks.recorder import Recorder
from livevision.sinks.window import Window, display_available, key

PATIENCE = 60
"""Seconds after which what a test waits for will not come any more; a busy machine needs many."""

CHILD = """
    import sys
    from pathlib import Path
    import numpy as np
    from livevision.errors import SinkClosed
    from livevision.frame import Frame, Result, Stats
    from livevision.sinks.overlay import Look
    from livevision.sinks.window import Window

    class Controls:
        def send(self, command):
            print(command, flush=True)
            shown.command(command)
            if command == "quit":
                raise SystemExit
            if command == "back":
                shown.review(result(1))

    def result(index):
        image = np.full((480, 640, 3), (30, 160, 90), np.uint8)
        image[200:280, :100] = (200, 40, 40)
        return Result(Frame(image, index, index / 30), text="HELLO 李")

    recording = "recording" in sys.argv
    shown = Window(Controls(), recording=lambda: recording, folder=Path(sys.argv[1]))
    try:
        with shown:
            if "waiting" not in sys.argv:
                shown.write(result(0))
            print("ready", flush=True)
            while True:
                shown.idle()
    except SinkClosed as closed:
        print("closed:", closed, flush=True)
"""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    server = Xvfb()
    yield server.display
    server.close()


class Screen:
    """A user before a window, on a display of its own: presses keys, looks at it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        from Xlib.display import Display

        self._xvfb = Xvfb()
        self.display = self._xvfb.display
        environment = os.environ | {"DISPLAY": self.display}
        self._process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(CHILD), str(folder), *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._said = b""
        self._server = Display(self.display)
        try:
            assert self.reads() == "ready"
            assert until(lambda: self._find() is not None), "no window of that name"
            self.window = self._find()
            self._take_the_keyboard()
            if "waiting" not in arguments:
                assert until(lambda: self.looks().any()), "the window stays black"
        except BaseException:
            self.close()
            raise

    def _find(self) -> Any:
        """The window, if it is in view."""
        from Xlib import X

        for each in self._server.screen().root.query_tree().children:
            if each.get_wm_name() == "livevision":
                return each if each.get_attributes().map_state == X.IsViewable else None
        return None

    def _take_the_keyboard(self) -> None:
        """What a window manager does when a window appears."""
        from Xlib import X

        self.window.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
        assert until(lambda: self._server.get_input_focus().focus == self.window)

    def reads(self) -> str:
        """The next line the program prints, or an empty one."""
        assert self._process.stdout is not None
        while b"\n" not in self._said:
            if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
                return ""
            more = self._process.stdout.read(4096)
            if not more:
                return ""
            self._said += more
        line, _, self._said = self._said.partition(b"\n")
        return line.decode().strip()

    def press(self, *keys: str | int) -> None:
        """Press keys together, by the names of their symbols or their places on the keyboard."""
        from Xlib import X
        from Xlib.ext import xtest

        codes = [self._code(each) if isinstance(each, str) else each for each in keys]
        for code in codes:
            xtest.fake_input(self._server, X.KeyPress, code)
        for code in reversed(codes):
            xtest.fake_input(self._server, X.KeyRelease, code)
        self._server.sync()

    def type(self, *keys: str) -> None:
        """Press one key after the other, too quickly for any frame to come between."""
        from Xlib import X
        from Xlib.ext import xtest

        for code in map(self._code, keys):
            xtest.fake_input(self._server, X.KeyPress, code)
            xtest.fake_input(self._server, X.KeyRelease, code)
        self._server.sync()

    def _code(self, name: str) -> int:
        from Xlib import XK

        code: int = self._server.keysym_to_keycode(XK.string_to_keysym(name))
        assert code, f"the keyboard has no {name}"
        return code

    def lay_out(self, *options: str) -> None:
        """Give the keyboard another layout, as `setxkbmap` does."""
        subprocess.run(["setxkbmap", "-display", self.display, *options], check=True)

    def click(self) -> None:
        from Xlib import X
        from Xlib.ext import xtest

        xtest.fake_input(self._server, X.MotionNotify, x=50, y=50)
        xtest.fake_input(self._server, X.ButtonPress, 1)
        xtest.fake_input(self._server, X.ButtonRelease, 1)
        self._server.sync()

    def draw(self) -> None:
        """Move the mouse to the right with its button held."""
        from Xlib import X
        from Xlib.ext import xtest

        xtest.fake_input(self._server, X.MotionNotify, x=60, y=70)
        xtest.fake_input(self._server, X.ButtonPress, 1)
        self._server.sync()
        time.sleep(0.2)  # Qt joins what comes at once
        xtest.fake_input(self._server, X.MotionNotify, x=160, y=70)
        self._server.sync()
        time.sleep(0.2)
        xtest.fake_input(self._server, X.ButtonRelease, 1)
        self._server.sync()

    def press_x(self) -> None:
        """What a window manager does when the X in the corner is pressed."""
        from Xlib import X
        from Xlib.protocol.event import ClientMessage

        delete = self._server.intern_atom("WM_DELETE_WINDOW")
        protocols = self._server.intern_atom("WM_PROTOCOLS")
        message = ClientMessage(
            window=self.window, client_type=protocols, data=(32, [delete, X.CurrentTime, 0, 0, 0])
        )
        self.window.send_event(message)
        self._server.sync()

    def looks(self) -> Image:
        """The pixels of the window."""
        from Xlib import X

        size = self.window.get_geometry()
        raw = self.window.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF)
        return np.frombuffer(raw.data, np.uint8).reshape(size.height, size.width, 4)[..., :3]

    def resize(self, width: int, height: int) -> None:
        self.window.configure(width=width, height=height)
        self._server.sync()

    def ends(self) -> int:
        return self._process.wait(PATIENCE)

    def close(self) -> None:
        with suppress(Exception):
            self._server.close()
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._xvfb.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("saved")


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[Screen]:
    """One window for all tests that leave it as it was."""
    shown = Screen(folder)
    yield shown
    shown.close()


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    """A window for a test that ends it."""
    shown = Screen(tmp_path)
    yield shown
    shown.close()


def until(condition: Callable[[], object]) -> bool:
    """True as soon as `condition` is, False if it never is."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_keys_ask_for_what_the_help_page_says(shared: Screen) -> None:
    for keys, command in [
        (["space"], "pause"),
        (["m"], "mirror"),
        (["Shift_L", "m"], "mirror"),
        (["d"], "stages"),
        (["r"], "record"),
        (["c"], "next-camera"),
        (["h"], "help"),
        (["Left"], "back"),
        (["Right"], "forward"),
        (["comma"], "back"),
        (["period"], "forward"),
        (["BackSpace"], "backspace"),
        (["Delete"], "clear"),
        (["Tab"], "accept"),
        (["Up"], "previous-word"),
        (["Down"], "next-word"),
        (["t"], "accept"),
        (["Control_L", "s"], "save-text"),
        (["w"], "save-text"),
        (["minus"], "smaller"),
        (["equal"], "larger"),
        (["p"], "captions"),
        (["b"], "blur"),
        # back to how it was
        *[(["b"], "blur"), (["p"], "captions"), (["h"], "help"), (["d"], "stages")],
    ]:
        shared.press(*keys)
        assert shared.reads() == command, keys


def test_keys_pressed_between_two_frames_all_count(shared: Screen) -> None:
    typed = ["BackSpace", "BackSpace", "Tab", "Left", "comma", "BackSpace"]
    for _ in range(5):
        shared.type(*typed)
        assert [shared.reads() for _ in typed] == [
            "backspace", "backspace", "accept", "back", "back", "backspace",
        ]  # fmt: skip


@pytest.mark.skipif(shutil.which("setxkbmap") is None, reason="needs setxkbmap")
def test_keys_are_those_of_the_users_layout(screen: Screen) -> None:
    num_lock, shift, ctrl, alt, alt_gr, other_shift, space = 77, 50, 37, 64, 108, 62, 65

    def asks(*keys: int) -> str:
        """What the keys at these places ask for, if anything."""
        screen.press(*keys)
        screen.press(space)
        asked = screen.reads()
        assert asked == "pause" or screen.reads() == "pause"
        return "" if asked == "pause" else asked

    assert asks(91) == "clear"  # Delete on the keypad
    screen.press(num_lock)
    assert asks(91) == ""  # now a decimal point
    screen.press(num_lock)
    assert asks(alt, 24) == ""  # Alt-Q is the desktop's
    assert asks(ctrl, 24) == ""

    screen.lay_out("-layout", "de")
    assert asks(alt_gr, 17) == "previous-word"  # [
    assert asks(alt_gr, 18) == "next-word"
    assert asks(35) == "larger"  # +
    assert asks(alt_gr, 24) == ""  # @
    assert asks(52) == "copy"  # Y, where others have Z

    screen.lay_out("-layout", "us,ru", "-option", "grp:shifts_toggle")
    screen.press(shift, other_shift)  # now Russian
    assert asks(39) == "snapshot"  # where there is an S
    assert asks(ctrl, 39) == "save-text"
    assert asks(34) == "previous-word"
    assert asks(22) == "backspace"
    assert asks(61) == ""  # a full stop in Russian


def test_arrow_keys_work_after_a_click_and_after_tab(shared: Screen) -> None:
    shared.click()
    shared.press("Right")
    assert shared.reads() == "forward"
    shared.press("Tab")
    assert shared.reads() == "accept"
    shared.press("Left")
    assert shared.reads() == "back"


def test_the_mouse_draws_strokes(shared: Screen) -> None:
    shared.press("2")
    assert shared.reads() == "stroke over 2"
    shared.draw()
    word, x0, y0, x1, y1, over = shared.reads().split()
    assert (word, over) == ("stroke", "2")
    enlarged = shared.looks().shape[1] / 640
    assert int(x1) - int(x0) == pytest.approx(100 / enlarged, abs=5)
    assert abs(int(y1) - int(y0)) <= 1
    shared.press("u")
    assert shared.reads() == "stroke undo"
    shared.press("1")
    assert shared.reads() == "stroke over 1"


def test_quits(screen: Screen) -> None:
    screen.press("Escape")
    assert screen.reads() == "quit"
    assert screen.ends() == 0


def test_the_windows_x_closes_the_sink(screen: Screen) -> None:
    screen.press_x()
    assert screen.reads() == "closed: The window was closed."
    assert screen.ends() == 0


def test_keys_and_the_x_work_before_the_first_frame(tmp_path: Path) -> None:
    shown = Screen(tmp_path, "waiting")
    try:
        shown.press("y")
        assert shown.reads() == "copy"
        shown.press_x()
        assert shown.reads() == "closed: The window was closed."
    finally:
        shown.close()


def test_shows_the_picture_and_mirrors_it(shared: Screen) -> None:
    blue, green = (200, 40, 40), (30, 160, 90)

    def sides() -> tuple[tuple[int, ...], tuple[int, ...]]:
        left, *_, right = shared.looks()[shared.looks().shape[0] // 2, 50::90]
        return tuple(map(int, left)), tuple(map(int, right))

    assert until(lambda: sides() == (blue, green))
    shared.press("m")
    assert until(lambda: sides() == (green, blue))
    shared.press("m")
    assert [shared.reads(), shared.reads()] == ["mirror", "mirror"]


def test_keeps_the_pictures_proportions(shared: Screen) -> None:
    shared.resize(1000, 480)
    assert until(lambda: shared.looks().shape[1] == 1000)

    def left_and_right() -> tuple[int, ...]:
        columns = (shared.looks()[100] == (30, 160, 90)).all(axis=1).nonzero()[0]
        return (columns[0], columns[-1]) if columns.size else (0, 0)

    assert until(lambda: abs(sum(left_and_right()) - 999) < 5)  # in the middle
    left, right = left_and_right()
    assert 600 <= right - left <= 645
    shared.resize(640, 480)
    assert until(lambda: shared.looks().shape[1] == 640)


def test_snapshot_is_annotated_not_mirrored_and_replaces_nothing(
    shared: Screen, folder: Path
) -> None:
    shared.press("m")
    assert shared.reads() == "mirror"
    for _ in range(3):
        shared.press("s")
        assert shared.reads() == "snapshot"
    assert until(lambda: len(list(folder.glob("livevision-*.png"))) == 3)
    files = list(folder.glob("livevision-*.png"))
    shared.press("m")
    assert shared.reads() == "mirror"
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    picture = cv2.imread(str(files[0]))
    assert picture.shape == (480, 640, 3)
    assert (picture[240, 50] == (200, 40, 40)).all()
    assert (picture[440:] > 250).all(axis=2).sum() > 100  # the running text


def test_ctrl_s_saves_the_text(shared: Screen, folder: Path) -> None:
    before = set(folder.iterdir())
    shared.press("Control_L", "s")
    assert shared.reads() == "save-text"
    assert until(lambda: set(folder.iterdir()) > before)
    (file,) = set(folder.iterdir()) - before
    assert file.suffix == ".txt"
    assert until(lambda: file.read_text(encoding="utf-8") == "HELLO 李\n")
    assert file.stat().st_mode & 0o777 == 0o600


def test_y_copies_the_text(shared: Screen) -> None:
    copykitten = pytest.importorskip("copykitten")
    del copykitten
    shared.press("y")
    assert shared.reads() == "copy"
    paste = "import copykitten; print(copykitten.paste())"
    answer = subprocess.run(
        [sys.executable, "-c", paste],
        env=os.environ | {"DISPLAY": shared.display},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert answer.stdout.strip() == "HELLO 李"


def test_pause_help_and_recording_show(tmp_path: Path) -> None:
    shown = Screen(tmp_path, "recording")
    try:
        assert until(
            lambda: (shown.looks()[..., 2].astype(int) - shown.looks()[..., 1] > 150).any()
        )
        before = shown.looks()
        shown.press("space")
        assert until(lambda: not np.array_equal(shown.looks()[:40, 400:], before[:40, 400:]))
        before = shown.looks()
        shown.press("h")
        assert until(lambda: not np.array_equal(shown.looks()[100:380], before[100:380]))
    finally:
        shown.close()


def test_no_display_is_known_before_opencv_is_asked(
    monkeypatch: pytest.MonkeyPatch, display: str
) -> None:
    if sys.platform in ("win32", "darwin"):
        pytest.skip("there is always a display")
    monkeypatch.setenv("DISPLAY", display)
    assert display_available()
    for nothing in ("", ":971", "nonsense", "no-such-host.invalid:0"):
        monkeypatch.setenv("DISPLAY", nothing)
        assert not display_available(), nothing
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")  # OpenCV's wheels have no part for it
    assert not display_available()
    with pytest.raises(OutputError, match="--no-window"):
        Window(SimpleNamespace(send=print)).__enter__()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (-1, ""),
        (0xFF51, "left"),
        (0xFF52, "up"),
        (0x280000, "down"),  # Windows
        (0xF700, "up"),  # macOS
        (0x10FF53, "right"),  # GTK with Num Lock
        (0x40073, "ctrl-s"),  # GTK
        (2424832, "left"),  # Windows
        (2555904, "right"),
        (3014656, "delete"),
        (63234, "left"),  # macOS
        (63235, "right"),
        (127, "backspace"),
        (19, "ctrl-s"),
        (ord("Q"), "q"),
        (0xFFE1, ""),  # Shift alone
        (0x20AC, ""),
    ],
)
def test_key_codes_of_other_platforms(code: int, name: str) -> None:
    assert key(code) == name


SHOWN_AS = {
    " ": "space",
    "escape": "esc",
    "delete": "del",
    "=": "+",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}


def test_help_names_every_command() -> None:
    shown = " ".join(keys.lower() for keys, _ in window.HELP)
    for name in window.COMMANDS:
        word = SHOWN_AS.get(name, name.replace("page-", "page"))
        word = "1 - 9" if name.isdigit() else word
        assert word in shown or word in " ".join(meaning for _, meaning in window.HELP), name


def test_a_folder_that_cannot_be_written_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    commands: list[str] = []
    shown = Window(SimpleNamespace(send=commands.append), folder=tmp_path / "missing")
    shown._result = Result(Frame(np.zeros((48, 64, 3), np.uint8), 0, 0.0), text="HELLO")
    shown.command("snapshot")
    shown.command("save-text")
    assert "Cannot write" in shown._status.notice
    assert "missing" in caplog.text
    assert not list(tmp_path.iterdir())


def shown_as(picture: Image, **more: Any) -> tuple[Window, list[str]]:
    """A window that nobody sees, which has this picture, and what it says, newest last."""
    shown = Window(SimpleNamespace(send=print), **more)
    shown._result = Result(Frame(picture, 0, 0.0))
    said: list[str] = []
    tell = shown._tell

    def told(notice: str) -> None:
        said.append(notice)
        tell(notice)

    shown._tell = told  # type: ignore[method-assign]
    return shown, said


def test_a_recording_says_where_it_goes_and_where_it_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    picture = np.full((48, 64, 3), 90, np.uint8)
    recorder = Recorder(None, lambda result: result.frame.image)
    shown, said = shown_as(
        picture, recording=lambda: recorder.recording, recorded=lambda: recorder.written
    )
    for turn in range(2):
        shown._tell_recording()
        recorder.command("record")
        shown._tell_recording()
        assert said.pop() == "Recording begins with the next picture; r ends it."
        recorder.write(Result(Frame(picture, 2 * turn, turn * 1.0)))
        shown._tell_recording()
        file = recorder.written[-1]
        assert said.pop() == f"Recording to {file.name} in {tmp_path}; r ends it."
        recorder.write(Result(Frame(picture, 2 * turn + 1, turn + 0.1)))
        recorder.command("record")
        shown._tell_recording()
        assert said.pop() == f"Recorded {file.name} in {tmp_path}"
        assert file.exists()
    recorder.command("record")
    shown._tell_recording()
    recorder.command("record")
    shown._tell_recording()
    assert said.pop() == "Nothing was recorded: no picture came meanwhile."
    recorder.close()


def test_a_recording_asked_for_at_the_start_hides_no_help(tmp_path: Path) -> None:
    shown, said = shown_as(
        np.zeros((48, 64, 3), np.uint8),
        recording=lambda: True,
        recorded=lambda: [tmp_path / "asked.mp4"],
    )
    shown._tell_recording()
    shown._tell_recording()
    assert not said


def test_keys_that_do_nothing_say_why() -> None:
    context = RunContext(
        "clip.mp4", False, Look(), shown=True, recognizers=("signs",), controls=Controls()
    )
    (shown,) = plugins.sinks()["window"].open(WindowOptions(), context)
    assert isinstance(shown, Window)
    shown.command("next-camera")
    assert "clip.mp4 is none" in shown._status.notice
    shown.command("blur")
    assert "--faces" in shown._status.notice
    assert not shown._look.blur_others
    for other in (
        replace(context, camera=True, live=True, recognizers=("signs", "faces")),
        replace(context, camera=True, live=True, recognizers=None),
    ):
        (shown,) = plugins.sinks()["window"].open(WindowOptions(), other)
        assert isinstance(shown, Window)
        shown.command("next-camera")
        shown.command("blur")
        assert not shown._status.notice
        assert shown._look.blur_others
        shown.command("back")
        assert "live" in shown._status.notice


class Sent:
    """Commands that a window sent."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def send(self, command: str) -> None:
        self.commands.append(command)


def test_a_click_on_the_bar_goes_to_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    sent, image = Sent(), np.zeros((480, 640, 3), np.uint8)
    shown = Window(sent)
    shown._result = Result(Frame(image, 0, 0.0, place=Place(6.0, 20.0)))
    shown._inset, shown._drawn = (100, 0), (640, 480)  # a wide window has dark rims
    click = cv2.EVENT_LBUTTONDOWN
    shown._mouse(click, 100 + 160, 475, 0, None)
    shown._mouse(click, 100 + 160, 300, 0, None)  # on the picture
    assert sent.commands == ["seek 5.000"]
    shown.command("later")
    shown.command("earlier")
    assert sent.commands[1:] == ["seek 11.000", "seek 1.000"]
    shown._result = Result(Frame(image, 0, 0.0))  # a camera
    shown._mouse(click, 300, 475, 0, None)
    shown.command("later")
    assert len(sent.commands) == 3
    assert "another moment" in shown._status.notice


def test_what_is_shown_is_drawn_in_the_windows_own_pixels() -> None:
    sent, image = Sent(), np.zeros((480, 640, 3), np.uint8)
    shown = Window(sent)
    shown._result = Result(Frame(image, 0, 0.0, place=Place(6.0, 20.0)))
    shown._picture(Status())
    assert shown._drawn == (640, 480)  # the window's size is not known yet
    shown._placed = True
    shown._size = 1920, 960
    assert shown._picture(Status()).shape == (960, 1920, 3)
    assert (shown._drawn, shown._inset) == ((1280, 960), (320, 0))
    shown._mouse(cv2.EVENT_LBUTTONDOWN, 320 + 640, 955, 0, None)  # the bar
    shown._mouse(cv2.EVENT_LBUTTONDOWN, 320 + 200, 200, 0, None)
    shown._mouse(cv2.EVENT_LBUTTONUP, 320 + 400, 300, 0, None)
    assert sent.commands == ["seek 10.000", "stroke 100 100 200 150 1"]
    shown._size = 300, 225  # small: letters keep their strokes
    assert shown._picture(Status()).shape == (225, 300, 3)
    shown._size = 640, 480
    shown._picture(Status())
    assert shown._drawn == (640, 480)


def test_dark_rims_fill_a_window_of_another_shape() -> None:
    picture = np.full((480, 640, 3), 200, np.uint8)
    same, at = window._padded(picture, 640 / 480)
    assert same is picture
    assert at == (0, 0)
    wide, at = window._padded(picture, 2.0)
    assert wide.shape == (480, 960, 3)
    assert at == (160, 0)
    assert (wide[:, 160:800] == 200).all()
    assert wide[:, :160].max() < 60
    tall, at = window._padded(picture, 1.0)
    assert tall.shape == (640, 640, 3)
    assert at == (0, 80)
    assert window._padded(picture, 40.0)[0] is picture  # being dragged


@pytest.mark.parametrize(
    ("screen", "picture", "inside"),
    [
        ((1920, 1080), (640, 480), (1080, 810)),
        ((1366, 768), (640, 480), (768, 576)),
        ((1920, 1080), (1280, 720), (1280, 720)),
        ((800, 600), (640, 480), (640, 480)),
        (None, (320, 240), (640, 480)),
    ],
)
def test_a_new_window_is_large_enough_for_its_text(
    screen: tuple[int, int] | None, picture: tuple[int, int], inside: tuple[int, int]
) -> None:
    shown = Window(Controls())
    shown._result = Result(Frame(np.zeros((*picture[::-1], 3), np.uint8), 0, 0.0))
    if screen is not None:
        shown._beside = SimpleNamespace(screen=lambda: screen)  # type: ignore[assignment]
    assert shown._first_size() == inside
