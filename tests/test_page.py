"""The page in a real Chromium, its camera made from our recordings."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")

from browsing import PATIENCE, Tab, browser, chromium, fake_camera, film, unhurried, violations
from playwright.sync_api import expect
from serving import Finder, Readers, Running, running

from livevision import demo, languages, recognizers
from livevision.frame import Event, Findings, Frame, Image
from livevision.recognizers.faces.enrolment import Guide
from livevision.recognizers.signs import lesson, personal
from livevision.server import readers as real
from livevision.server.app import Link
from livevision.server.roles import Role
from livevision.server.streams import Stream
from livevision.sources.pushed import Pushed

RECORDINGS = Path(__file__).parents[1] / "recordings"
JAWSCLUB = RECORDINGS / "jawsclub.mp4"
expect.set_options(timeout=PATIENCE)

Open = Callable[..., Tab]


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser with the first ten pictures of a recording as its camera, over and over."""
    chromium()
    still = tmp_path_factory.mktemp("camera") / "still.y4m"
    with browser(fake_camera(JAWSCLUB, still, rate=10, most=10)) as launched:
        yield launched


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    """A server for all tests that need none of their own."""
    with running(limit=2) as server:
        yield server


@pytest.fixture
def opened(chrome: Any, shared: Running) -> Iterator[Open]:
    """Opens the page in a tab; all are closed after the test, and nothing went wrong in them."""
    tabs: list[Tab] = []

    def open_tab(server: Running = shared, key: Role = Role.OWNER, **context: Any) -> Tab:
        tabs.append(Tab(chrome, link(server, key), **context))
        return tabs[-1]

    yield open_tab
    for tab in tabs:
        tab.close()
    shared.empty()
    assert [each for tab in tabs for each in tab.troubles] == []


def readers(*names: str, words: Sequence[str] = ()) -> real.Readers:
    parser = argparse.ArgumentParser()
    recognizers.add_arguments(parser)
    return real.Readers(names, parser.parse_args(["--no-signs-personal", *words]))


def link(server: Running, role: Role = Role.OWNER) -> str:
    return f"{server.base}/?token={server.key(role)}"


def frames(clip: Path) -> Iterator[Image]:
    with av.open(str(clip)) as container:
        for each in container.decode(video=0):
            yield np.asarray(each.to_ndarray(format="bgr24"), np.uint8)


def test_jawsclub_is_read_in_the_browser(opened: Open) -> None:
    """Every picture of the recording, each once the one before was answered."""
    shown = film(frames(JAWSCLUB))
    with running(readers("signs")) as server:
        tab = opened(server, camera=lambda context: unhurried(context, shown, rate=15))
        page = tab.page
        assert "token" not in page.url
        page.click("#start-button")
        expect(page.locator("#text")).to_have_text("JAWSCLUB", timeout=5 * PATIENCE)
        assert page.inner_text("#state") == "Reading"
        assert all(each.startswith((server.base, "blob:", "data:")) for each in tab.asked)
        assert server.sessions() == 1
        tab.close()
        server.empty()


@pytest.mark.long
def test_jawsclub_is_read_from_a_camera_that_does_not_wait(tmp_path: Path) -> None:
    """A little slower than it was signed (15 a second); pytest -m long tests/test_page.py"""
    chromium()
    camera = fake_camera(JAWSCLUB, tmp_path / "jawsclub.y4m", rate=12)
    one_pass = 150 / 12  # seconds of the camera
    with running(readers("signs")) as server, browser(camera) as own:
        server.server.readers.warm()
        tab = Tab(own, link(server))
        answered = tab.answered()
        tab.page.click("#start-button")
        expect(tab.page.locator("#text")).not_to_be_empty()
        while "JAWSCLUB" not in (tab.page.text_content("#text") or ""):
            assert tab.troubles == []
            # the whole recording was seen, no two pictures in a row left out, and not read
            assert quick(answered) < 2 * one_pass
            if answered[-1] > 10 * one_pass:
                pytest.skip("this machine is too slow for 12 pictures a second")
            tab.page.wait_for_timeout(200)
        assert tab.troubles == []
        tab.close()
        server.empty()


def quick(times: Sequence[float], gap: float = 2.5 / 12) -> float:
    """The longest time in which no two of `times` were further apart than `gap`, seconds."""
    longest, since = 0.0, times[0] if times else 0.0
    for before, time in pairwise(times):
        since = since if time - before <= gap else time
        longest = max(longest, time - since)
    return longest


def test_a_third_tab_waits_and_a_closed_one_makes_room(opened: Open, shared: Running) -> None:
    tabs = [opened() for _ in range(3)]
    for tab in tabs[:2]:
        tab.page.click("#start-button")
        expect(tab.page.locator("#text")).to_contain_text("AA")
    tabs[2].page.click("#start-button")
    alarm = tabs[2].page.locator("#alarm")
    expect(alarm).to_contain_text("All places are taken")
    tabs[0].close()
    expect(tabs[2].page.locator("#text")).to_contain_text("AA")
    expect(alarm).to_be_hidden()
    assert shared.sessions() == 2


def test_pictures_are_posted_where_a_socket_is_refused(opened: Open) -> None:
    tab = opened()
    tab.page.evaluate(
        "() => { window.WebSocket = class { constructor() {"
        " setTimeout(() => this.onclose({ code: 1006, reason: '' })); } }; }"
    )
    tab.page.click("#start-button")
    expect(tab.page.locator("#text")).to_contain_text("AAA")
    tab.page.click("#clear")
    assert any("/api/frame" in each for each in tab.asked)


def test_an_answer_that_comes_after_the_end_is_not_written_twice(opened: Open) -> None:
    tab = opened()
    page = tab.page
    page.evaluate(
        "() => { window.WebSocket = class { constructor() {"
        " setTimeout(() => this.onclose({ code: 1006, reason: '' })); } };"
        " const ask = window.fetch; let under = null;"
        # once `cut`, of two posts under way the first is answered after the second was refused
        " window.fetch = async (what, more) => {"
        "  if (!window.cut || !String(what).includes('/api/frame')) return ask(what, more);"
        "  if (under) { under(); ask(what, { method: 'DELETE' });"
        "   return new Response('{}', { status: 400 }); }"
        "  const late = await ask(what, more);"
        "  await new Promise((go) => (under = () => setTimeout(go, 0)));"
        "  setTimeout(() => (window.done = true), 100);"
        "  return late; }; }"
    )
    page.click("#start-button")
    expect(page.locator("#text")).to_contain_text("AAA")
    page.evaluate("() => (window.cut = true)")
    page.wait_for_function("() => window.done")
    assert set(page.text_content("#text") or "") == {"A"}


def test_sockets_are_tried_again_where_the_server_was_away(opened: Open) -> None:
    tab = opened()
    page = tab.page
    page.evaluate(
        "() => { const Real = window.WebSocket; window.sockets = 0; let now = null;"
        " const later = window.setTimeout; window.setTimeout = (what) => later(what, 20);"
        " window.WebSocket = function (address) {"
        "  window.sockets += 1;"
        "  if (!window.away) return (now = new Real(address));"
        "  const none = { close() {} };"
        "  setTimeout(() => none.onclose({ code: 1006, reason: '' }));"
        "  return none; };"
        " const ask = window.fetch; const none = async () => { throw new TypeError(); };"
        " window.fetch = (...words) => (window.away ? none : ask)(...words);"
        " window.leave = () => { window.away = true; now.close(); }; }"
    )
    page.click("#start-button")
    expect(page.locator("#text")).to_contain_text("AA")
    page.evaluate("() => window.leave()")
    page.wait_for_function("() => window.sockets > 4")
    expect(page.locator("#alarm")).to_contain_text("There is no answer")
    expect(page.locator("#state")).to_have_text("Connecting")
    expect(page.locator("#now")).to_be_hidden()  # it would stand on the alarm
    page.evaluate("() => (window.away = false)")
    expect(page.locator("#text")).to_contain_text("A A")
    expect(page.locator("#alarm")).to_be_hidden()
    assert not any("/api/frame" in each for each in tab.asked)


def test_a_camera_that_was_unplugged_can_be_started_again(opened: Open) -> None:
    page = opened().page
    page.click("#start-button")
    expect(page.locator("#text")).to_contain_text("AA")
    page.evaluate(
        "() => document.querySelector('#video').srcObject.getVideoTracks()[0]"
        ".dispatchEvent(new Event('ended'))"
    )
    expect(page.locator("#alarm")).to_contain_text("There is no camera.")
    expect(page.locator("#state")).to_have_text("Ready")
    page.click("#start-button")
    expect(page.locator("#text")).to_contain_text("A A")
    expect(page.locator("#alarm")).to_be_hidden()


SPY = """
(() => {
  window.tracks = [];
  window.times = [];
  const devices = navigator.mediaDevices;
  const asked = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wish) => {
    const stream = await asked(wish);
    window.tracks.push(...stream.getVideoTracks());
    return stream;
  };
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (data instanceof ArrayBuffer) window.times.push(new DataView(data).getFloat64(4, true));
    return send.call(this, data);
  };
})()
"""
"""Keeps what cameras were given, and when the pictures were captured that were sent."""


def test_one_camera_runs_and_each_picture_is_sent_once(opened: Open) -> None:
    """However often it is started, changed or unplugged."""
    page = opened(camera=lambda context: context.add_init_script(SPY)).page
    live = "() => window.tracks.filter((each) => each.readyState === 'live').length"
    start = "document.querySelector('#start-button').click()"
    page.evaluate(f"() => {{ {start}; {start}; {start}; }}")  # an impatient finger
    page.wait_for_function("() => window.tracks.length === 3 && window.times.length > 3")
    assert page.evaluate(live) == 1
    change = "document.querySelector('#set-camera').dispatchEvent(new Event('change'))"
    page.evaluate(f"() => {{ {change}; }}")
    page.wait_for_function("() => window.tracks.length === 4")
    page.evaluate(
        "() => document.querySelector('#video').srcObject.getVideoTracks()[0]"
        ".dispatchEvent(new Event('ended'))"
    )
    page.click("#start-button")
    page.wait_for_function("() => window.tracks.length === 5")
    assert page.evaluate(live) == 1
    page.evaluate("() => { window.times.length = 0; }")
    page.wait_for_function("() => window.times.length > 8")
    times = page.evaluate("() => window.times")
    assert len(set(times)) == len(times)
    for _ in range(4):
        page.keyboard.press("p")  # quicker than the picture stops and goes on


@pytest.mark.parametrize("full", [False, True])
def test_a_recording_is_told_as_saved_when_it_is(full: bool, opened: Open) -> None:
    page = opened().page
    page.evaluate(
        "(full) => { window.MediaRecorder = class { state = 'inactive';"
        " static isTypeSupported() { return true; }"  # the real one takes a core for seconds
        " start() { this.state = 'recording';"
        "  setTimeout(() => this.ondataavailable({ data: new Blob(['x']) })); }"
        " stop() { this.state = 'inactive'; setTimeout(() => this.onstop()); } };"
        " window.written = 0; const refuse = () => Promise.reject(new Error('full'));"
        " const write = (data) => { window.written += data.size; return Promise.resolve(); };"
        " const file = full ? { write: refuse, close: refuse }"
        "   : { write, close: () => Promise.resolve() };"
        " window.showSaveFilePicker = async () => ({ createWritable: async () => file }); }",
        full,
    )
    page.click("#start-button")
    expect(page.locator("#text")).to_contain_text("AA")
    page.click("#record")
    if full:
        expect(page.locator("#alarm")).to_have_text("The recording could not be saved: full")
    else:
        page.wait_for_function("() => window.written > 0")
        expect(page.locator("#record")).to_have_attribute("aria-pressed", "true")
        page.click("#record")
        expect(page.locator("#notice")).to_have_text("The recording was saved on this device.")
    expect(page.locator("#record")).to_have_attribute("aria-pressed", "false")


def test_a_page_that_nobody_looks_at_leaves_its_place_to_others(opened: Open) -> None:
    with running() as server:
        tab = opened(server)
        page = tab.page
        page.evaluate(
            "() => { const Real = window.WebSocket; window.sockets = 0;"
            " window.WebSocket = function (at) { window.sockets += 1; return new Real(at); };"
            " Object.defineProperty(document, 'hidden', { get: () => Boolean(window.away) });"
            " window.turn = (away) => { window.away = away;"
            "  document.dispatchEvent(new Event('visibilitychange')); }; }"
        )
        page.click("#start-button")
        expect(page.locator("#text")).to_contain_text("AA")
        page.evaluate("() => window.turn(true)")
        patience, server.server.sessions.idle = server.server.sessions.idle, 0.05
        page.click("#space")  # from the next message on
        server.empty()
        page.wait_for_timeout(1000)  # twice as long as it waits before it tries again
        assert page.evaluate("() => window.sockets") == 1
        server.server.sessions.idle = patience
        page.evaluate("() => window.turn(false)")
        expect(page.locator("#text")).to_contain_text("A A")
        tab.close()


def test_a_page_that_is_paused_leaves_its_place_to_others(opened: Open) -> None:
    with running() as server:
        tab = opened(server)
        page = tab.page
        page.evaluate(
            "() => { const Real = window.WebSocket; window.sockets = window.ended = 0;"
            " const later = window.setTimeout;"
            " window.setTimeout = (what) => later(what, 0);"  # what waits, waits no longer
            " window.WebSocket = function (at) { window.sockets += 1; const made = new Real(at);"
            "  made.addEventListener('close', () => later(() => (window.ended += 1), 100));"
            "  return made; }; }"
        )
        page.click("#start-button")
        expect(page.locator("#text")).to_contain_text("AA")
        page.click("#pause")
        patience, server.server.sessions.idle = server.server.sessions.idle, 0.05
        page.click("#space")  # from the next message on
        page.wait_for_function("() => window.ended === 1")
        assert page.evaluate("() => window.sockets") == 1
        assert server.sessions() == 0
        expect(page.locator("#state")).to_have_text("Paused")
        server.server.sessions.idle = patience
        page.keyboard.press("p")
        expect(page.locator("#text")).to_contain_text("A A")
        expect(page.locator("#state")).to_have_text("Reading")
        tab.close()
        server.empty()


def test_links_are_copied_where_the_browser_has_no_clipboard(opened: Open) -> None:
    """As at an address without https."""
    with running(
        links=[Link("Captions for OBS, as a browser source", "http://host/?token=a")]
    ) as one:
        tab = opened(one)
        tab.page.evaluate(
            "() => Object.defineProperty(navigator, 'clipboard', { value: undefined })"
        )
        tab.page.click("#share-open")
        copy = tab.page.locator("#share-body button")
        copy.click()
        expect(copy).to_have_text("Copied")
        assert tab.page.evaluate("() => getSelection().toString()") == "http://host/?token=a"
        tab.close()


def test_a_source_of_the_hosts_is_found_again_when_the_server_was_started_anew(
    opened: Open,
) -> None:
    source = Pushed("door")
    stream = Stream(source, lambda: [Finder()], name="door", role=Role.OWNER, shared=True)
    with running(sources=[lambda: stream]) as server:
        source.push(np.full((48, 64, 3), 90, np.uint8))
        unknown = iter((True, True))  # as a new server says of the name that the old one gave it

        def answer(route: Any) -> None:
            if next(unknown, False):
                route.fulfill(status=404, body="{}", content_type="application/json")
            else:
                route.continue_()

        tab = opened(server, camera=lambda context: context.route("**/api/events*", answer))
        expect(tab.page.locator("#text")).to_have_text("A")
        expect(tab.page.locator("#state")).to_have_text("Watching door")
        source.end()
        expect(tab.page.locator("#alarm")).to_have_text("door has ended.")
        tab.troubles.clear()  # that it was not found
        tab.close()


def test_keys_and_buttons_do_the_same(opened: Open) -> None:
    tab = opened(permissions=["clipboard-read", "clipboard-write"])
    page = tab.page
    page.click("#start-button")
    text = page.locator("#text")
    expect(text).to_contain_text("AAAA")
    page.keyboard.press("p")
    expect(page.locator("#state")).to_have_text("Paused")
    assert page.get_attribute("#pause", "aria-pressed") == "true"
    page.click("#copy")
    expect(page.locator("#notice")).to_have_text("Copied")
    assert set(page.evaluate("() => navigator.clipboard.readText()")) == {"A"}
    with page.expect_download() as saved:
        page.keyboard.press("s")
        page.click("#save-text")
    assert saved.value.suggested_filename.endswith(".txt")
    assert set(Path(saved.value.path()).read_text().strip()) == {"A"}
    before = page.evaluate("() => getComputedStyle(document.querySelector('#text')).fontSize")
    page.keyboard.press("+")
    after = page.evaluate("() => getComputedStyle(document.querySelector('#text')).fontSize")
    assert float(after[:-2]) > float(before[:-2])
    page.keyboard.press("p")
    page.keyboard.press("Delete")
    expect(page.locator("#state")).to_have_text("Reading")
    # everything can be reached by Tab, and what has the focus is seen
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => document.activeElement.id"))
    assert {"settings-open", "delete", "space", "clear", "copy", "speak", "pause"} <= reached


def test_a_text_that_was_cleared_can_be_brought_back_once(opened: Open) -> None:
    """Read in an earlier session, and in this one; by button and by key."""

    class Spelt(Finder):
        def __init__(self) -> None:
            super().__init__()
            self.text = "CAB"

        def recognize(self, frame: Frame) -> Findings:
            return Findings(text=self.text)

        def command(self, name: str) -> None:
            self.text = "" if name == "clear" else "B"

    with running(Readers(lambda role: [Spelt()])) as server:
        tab = opened(server)
        page = tab.page
        text, undo = page.locator("#text"), page.locator("#undo")
        page.click("#start-button")
        expect(text).to_have_text("CAB")
        expect(undo).to_be_hidden()
        page.keyboard.press("Delete")
        page.keyboard.press("Delete")  # an impatient finger
        expect(text).to_be_empty()
        expect(page.locator("#notice")).to_have_text("Cleared")
        page.click("#space")
        expect(text).to_have_text("B")
        undo.click()
        expect(text).to_have_text("CAB B")
        expect(undo).to_be_hidden()
        expect(page.locator("#caption")).to_be_focused()
        page.keyboard.press("z")  # once is all
        expect(text).to_have_text("CAB B")
        page.keyboard.press("Delete")
        expect(text).to_be_empty()
        page.keyboard.press("z")
        expect(text).to_have_text("CAB B")
        tab.close()
        server.empty()


def test_what_grows_is_hidden_from_screen_readers_and_words_are_told(opened: Open) -> None:
    class Worded(Finder):
        def recognize(self, frame: Frame) -> Findings:
            found = super().recognize(frame)
            word = Event("word", "CAB", 0.0, frame.time, 0.9, {"alternatives": [["CUB", 0.2]]})
            return replace(found, events=(*found.events, *([word] if len(self.text) == 3 else [])))

    with running(Readers(lambda role: [Worded()])) as server:
        tab = opened(server)
        page = tab.page
        page.click("#start-button")
        expect(page.locator("#log")).to_have_text("CAB")
        assert page.get_attribute("#log", "role") == "log"
        assert page.get_attribute("#text", "aria-hidden") == "true"
        assert page.get_attribute("#letters", "aria-hidden") == "true"
        assert page.locator("[aria-live]").count() == 0
        proposal = page.locator("#proposals button")
        expect(proposal).to_contain_text("CUB")
        proposal.click()
        expect(page.locator("#proposals")).to_be_hidden()
        tab.close()
        server.empty()


def test_people_are_enrolled_named_and_removed_on_the_owners_page(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    # a portrait turns to no side: three good views are enough, however long they take
    monkeypatch.setattr(Guide, "enough", lambda self, poses: len(poses) >= 3)
    monkeypatch.setattr(Guide, "_PATIENCE", float("inf"))
    portrait = cv2.resize(demo.astronaut(), (480, 480))
    shown = film(np.roll(portrait, 2 * step, axis=1) for step in range(8))
    with running(readers("faces")) as server:
        tab = opened(server, camera=lambda context: unhurried(context, shown, rate=5, again=True))
        page = tab.page
        page.click("#start-button")
        expect(page.locator("#state")).to_have_text("Reading")
        page.click("#people-open")
        expect(page.locator("#people-note")).to_have_text("Nobody is enrolled.")
        page.keyboard.type("Zoë")
        page.keyboard.press("Enter")
        expect(page.locator("#people-list")).to_contain_text("Zoë")
        assert page.input_value("#people-name") == ""
        page.wait_for_function("() => film.labels.includes('Zoë')")  # her box bears the name
        remove = page.locator("#people-list button")
        remove.click()
        expect(remove).to_have_text("Really remove?")
        remove.click()
        expect(page.locator("#people-list")).to_be_empty()
        page.evaluate("() => { film.labels = []; }")
        page.wait_for_function("() => film.labels.length > 20")
        assert "Zoë" not in page.evaluate("() => film.labels")
        tab.close()
        server.empty()
        guest = opened(server, key=Role.GUEST).page
        assert guest.locator("#people-open").is_hidden()


def test_what_is_mostly_read_as_another_letter_is_asked_about(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(lesson, "COUNTDOWN", 0.3)
    monkeypatch.setattr(lesson, "PATIENCE", float("inf"))
    shown = film(list(frames(JAWSCLUB))[50:51])  # W, where A is asked for
    with running(readers("signs")) as server:
        tab = opened(server, camera=lambda context: unhurried(context, shown, rate=10, again=True))
        page = tab.page
        page.click("#start-button")
        expect(page.locator("#state")).to_have_text("Reading")
        for answer, letters in (("Leave them out", ()), ("Keep them", ("A",))):
            page.click("#practice-open")
            page.click("#calibrate-begin")
            page.wait_for_function(
                "() => document.querySelector('#lesson progress')?.value > 4 / 12 / 24"
            )
            page.click("#lesson button:has-text('End')")
            expect(page.locator("#lesson .wrong li b")).to_have_text("A read as W")
            expect(page.locator("#lesson button:focus")).to_have_text("Leave them out")
            page.click(f"#lesson button:has-text('{answer}')")
            expect(page.locator("#lesson .word")).to_have_text("Thank you")
            expect(page.locator("#lesson .tip")).to_have_text("" if letters else "Left out: A")
            expect(page.locator("#lesson .wrong")).to_have_count(0)
            assert personal.read().letters == letters
            page.click("#lesson button:has-text('Close')")
        tab.close()
        server.empty()


def test_strokes_are_drawn_by_mouse_and_by_keyboard(opened: Open) -> None:
    pictures = np.full((240, 320, 3), (60, 160, 60), np.uint8)
    pictures[:, 160:] = (200, 90, 40)
    with running(readers("segments", words=["--segments-method", "strokes"])) as server:
        tab = opened(
            server, camera=lambda context: unhurried(context, film([pictures]), rate=10, again=True)
        )
        page = tab.page
        page.click("#settings-open")
        page.uncheck("#set-mirror")
        page.keyboard.press("Escape")
        page.click("#start-button")
        expect(page.locator("#hint")).to_contain_text("Draw strokes over at least two things")
        box = page.locator("#drawing").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 30, y + 20, steps=3)
        page.mouse.up()
        # the second by keys: from the middle to the right, down, and the stroke back up
        page.focus("#drawing")
        for key in ("2", *["ArrowRight"] * 4, "Enter", *["ArrowDown"] * 3, "Enter"):
            page.keyboard.press(key)
        page.wait_for_function("() => ['1', '2'].every((each) => film.labels.includes(each))")
        expect(page.locator("#hint")).to_be_hidden()
        page.wait_for_function("() => film.last.detections.every((each) => each.outlines.length)")
        sides = page.evaluate("() => film.last.detections.map((each) => [each.label, each.box])")
        left = {label: (box[0] + box[2]) / 2 for label, box in sides}
        assert left["1"] < 160 < left["2"]
        page.click("#strokes-clear")
        expect(page.locator("#hint")).to_be_visible()
        tab.close()
        server.empty()


def test_a_panorama_is_begun_ended_and_shown(opened: Open) -> None:
    class Sweeping(Finder):
        name = "panorama"
        going = ended = False

        def recognize(self, frame: Frame) -> Findings:
            if not self.ended:
                return Findings(pictures={"panorama": frame.image} if self.going else {})
            self.ended = False
            made = Event("panorama", "200x50", 0.0, frame.time, 1.0)
            return Findings(events=(made,), pictures={"panorama": np.zeros((50, 200, 3), np.uint8)})

        def command(self, name: str) -> None:
            self.going, self.ended = not self.going, self.going

    with running(Readers(lambda role: [Sweeping()], ["panorama"])) as server:
        tab = opened(server)
        page = tab.page
        page.click("#start-button")
        expect(page.locator("#state")).to_have_text("Reading")
        page.keyboard.press("a")
        expect(page.locator("#panorama")).to_have_attribute("aria-pressed", "true")
        page.click("#panorama")
        expect(page.locator("#panorama-made")).to_be_visible()
        size = "() => [document.querySelector('#panorama-picture').naturalWidth]"
        page.wait_for_function(f"({size})()[0] === 200")
        with page.expect_download() as saved:
            page.click("#panorama-save")
        assert saved.value.suggested_filename.endswith(".jpg")
        tab.close()
        server.empty()


VIEWS: dict[str, dict[str, Any]] = {
    "desktop": {},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "across": {"viewport": {"width": 844, "height": 390}, "is_mobile": True, "has_touch": True},
    "dark": {"color_scheme": "dark"},
    "right to left": {"locale": "ar-EG"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
}


@pytest.mark.parametrize("view", ["desktop", "phone"])
def test_a_long_text_pushes_neither_its_end_nor_the_buttons_out_of_sight(
    view: str, chrome: Any
) -> None:
    class Long(Finder):
        def recognize(self, frame: Frame) -> Findings:
            return Findings(text="SPELLED " * 100 + "LAST")

    with running(Readers(lambda role: [Long()])) as server:
        tab = Tab(chrome, link(server), **VIEWS[view])
        page = tab.page
        page.press("#start-button", "Enter")
        expect(page.locator("#text .growing")).to_have_text("LAST")
        expect(page.locator("#caption")).to_be_focused()  # the button that was pressed is gone
        for part in ("#text .growing", "#pause"):
            expect(page.locator(part)).to_be_in_viewport(ratio=1)
        assert page.evaluate("() => document.documentElement.scrollHeight - innerHeight") <= 0
        tab.close()
        server.empty()


def wrong_in(page: Any) -> list[str]:
    """What axe finds while the page reads, and in what it opens."""
    page.click("#start-button")
    expect(page.locator("#text")).to_contain_text("AA")
    page.click("#clear")
    expect(page.locator("#undo")).to_be_visible()
    found = violations(page)
    for dialog in ("settings", "share"):
        page.click(f"#{dialog}-open")
        expect(page.locator(f"#{dialog}")).to_be_visible()
        found += violations(page)
        page.keyboard.press("Escape")
    return found


def test_axe_finds_nothing(opened: Open) -> None:
    page = opened(bypass_csp=True).page
    assert violations(page) == []
    assert wrong_in(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 320, "height": 640})
    assert violations(page) == []
    # nothing is cut off, nothing has to be scrolled sideways
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320


@pytest.mark.long
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_in_any_view(view: str, opened: Open) -> None:
    """pytest -m long tests/test_page.py"""
    page = opened(bypass_csp=True, **VIEWS[view]).page
    assert violations(page) == []
    assert wrong_in(page) == []


def test_the_language_is_the_browsers_or_the_one_chosen(opened: Open) -> None:
    page = opened(locale="fr-CA").page
    expect(page.locator("#start-button")).to_have_text("Démarrer la caméra")
    page.click("#settings-open")
    page.select_option("#set-language", "ar")
    page.keyboard.press("Escape")
    expect(page.locator("#start-button")).to_have_text("شغّل الكاميرا")
    assert page.evaluate("() => document.documentElement.dir") == "rtl"
    for text in (  # what was put together on the server is said as the window says it
        "That was E. B: four straight fingers together, the thumb across the palm.",
        "Lost rtsp://door/: reconnecting (attempt 2)",
        "No panorama: There is too little to see here: too little texture, or too dark.",
        "A is right.",
        "[never said] (at all)?",
    ):
        told = page.evaluate("async (text) => (await import('/page/words.js')).saidAs(text)", text)
        assert told == languages.say(text, "ar")
    page.reload()
    expect(page.locator("#start-button")).to_have_text("شغّل الكاميرا")


def test_the_overlay_is_transparent_but_for_its_captions(
    opened: Open, chrome: Any, shared: Running
) -> None:
    context = chrome.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=True)
    overlay = context.new_page()
    overlay.goto(f"{shared.base}/overlay?token={shared.key(Role.WATCH)}")
    assert "token" not in overlay.url
    assert violations(overlay) == []
    page = opened().page
    page.click("#start-button")
    expect(overlay.locator("#text")).to_have_text("A" * 32)  # a full line of the usual size
    shot = np.frombuffer(overlay.screenshot(omit_background=True), np.uint8)
    context.close()
    image = cv2.imdecode(shot, cv2.IMREAD_UNCHANGED)
    assert image.shape == (720, 1280, 4)
    clear = float((image[:, :, 3] == 0).mean())
    assert 0.98 < clear < 1.0
    assert not image[: 720 * 3 // 4, :, 3].any()
