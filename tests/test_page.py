"""The page in a real Chromium, its camera made from our recordings."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")

from browsing import Tab, browser, chromium, fake_camera, violations
from playwright.sync_api import expect
from serving import Finder, Readers, Running, running

from livevision import recognizers
from livevision.frame import Event, Findings, Frame
from livevision.server import readers as real
from livevision.server.roles import Role

RECORDINGS = Path(__file__).parents[1] / "recordings"


@pytest.fixture(scope="module")
def jawsclub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A little slower than it was signed (15 a second), so that a busy machine can follow."""
    chromium()
    target = tmp_path_factory.mktemp("camera") / "jawsclub.y4m"
    return fake_camera(RECORDINGS / "jawsclub.mp4", target, rate=12)


def signs() -> real.Readers:
    parser = argparse.ArgumentParser()
    recognizers.add_arguments(parser)
    return real.Readers(["signs"], parser.parse_args(["--no-signs-personal"]))


def link(server: Running) -> str:
    return f"{server.base}/?token={server.key()}"


def test_jawsclub_is_read_in_the_browser(jawsclub: Path) -> None:
    with running(signs(), limit=2) as server, browser(jawsclub) as chrome:
        server.server.readers.warm()
        tab = Tab(chrome, link(server))
        page = tab.page
        assert "token" not in page.url
        page.click("#start-button")
        expect(page.locator("#text")).to_contain_text("JAWSCLUB", timeout=90_000)
        assert page.inner_text("#state") == "Reading"
        assert all(each.startswith((server.base, "blob:", "data:")) for each in tab.asked)
        assert tab.troubles == []
        assert server.sessions() == 1
        tab.close()
        assert server.empty() < 1.0


def still(tmp_path: Path) -> Path:
    return fake_camera(RECORDINGS / "jawsclub.mp4", tmp_path / "still.y4m", rate=10, most=10)


def test_a_third_tab_waits_and_a_closed_one_makes_room(tmp_path: Path) -> None:
    with running(limit=2) as server, browser(still(tmp_path)) as chrome:
        tabs = [Tab(chrome, link(server)) for _ in range(3)]
        for tab in tabs[:2]:
            tab.page.click("#start-button")
            expect(tab.page.locator("#text")).to_contain_text("AA", timeout=20_000)
        tabs[2].page.click("#start-button")
        alarm = tabs[2].page.locator("#alarm")
        expect(alarm).to_contain_text("All places are taken", timeout=10_000)
        tabs[0].close()
        expect(tabs[2].page.locator("#text")).to_contain_text("AA", timeout=20_000)
        expect(alarm).to_be_hidden()
        assert server.sessions() == 2
        for tab in tabs[1:]:
            tab.close()
        assert server.empty() < 2.0
        assert [each for tab in tabs for each in tab.troubles] == []


def test_pictures_are_posted_where_a_socket_is_refused(tmp_path: Path) -> None:
    with running() as server, browser(still(tmp_path)) as chrome:
        tab = Tab(chrome, link(server))
        tab.page.evaluate(
            "() => { window.WebSocket = class { constructor() {"
            " setTimeout(() => this.onclose({ code: 1006, reason: '' })); } }; }"
        )
        tab.page.click("#start-button")
        expect(tab.page.locator("#text")).to_contain_text("AAA", timeout=20_000)
        tab.page.click("#clear")
        assert any("/api/frame" in each for each in tab.asked)
        tab.close()
        server.empty(seconds=15)


def test_keys_and_buttons_do_the_same(tmp_path: Path) -> None:
    with running() as server, browser(still(tmp_path)) as chrome:
        tab = Tab(chrome, link(server), permissions=["clipboard-read", "clipboard-write"])
        page = tab.page
        page.click("#start-button")
        text = page.locator("#text")
        expect(text).to_contain_text("AAAA", timeout=20_000)
        page.keyboard.press("p")
        expect(page.locator("#state")).to_have_text("Paused")
        assert page.get_attribute("#pause", "aria-pressed") == "true"
        page.click("#copy")
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
        assert tab.troubles == []


def test_what_grows_is_hidden_from_screen_readers_and_words_are_told(tmp_path: Path) -> None:
    class Worded(Finder):
        def recognize(self, frame: Frame) -> Findings:
            found = super().recognize(frame)
            word = Event("word", "CAB", 0.0, frame.time, 0.9, {"alternatives": [["CUB", 0.2]]})
            return replace(found, events=(*found.events, *([word] if len(self.text) == 3 else [])))

    with running(Readers(lambda role: [Worded()])) as server, browser(still(tmp_path)) as chrome:
        page = Tab(chrome, link(server)).page
        page.click("#start-button")
        expect(page.locator("#log")).to_have_text("CAB", timeout=20_000)
        assert page.get_attribute("#log", "role") == "log"
        assert page.get_attribute("#text", "aria-hidden") == "true"
        assert page.get_attribute("#letters", "aria-hidden") == "true"
        assert page.locator("[aria-live]").count() == 0
        proposal = page.locator("#proposals button")
        expect(proposal).to_contain_text("CUB")
        proposal.click()
        expect(page.locator("#proposals")).to_be_hidden()


VIEWS: dict[str, dict[str, Any]] = {
    "desktop": {},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "across": {"viewport": {"width": 844, "height": 390}, "is_mobile": True, "has_touch": True},
    "dark": {"color_scheme": "dark"},
    "right to left": {"locale": "ar-EG"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
}


def test_axe_finds_nothing(tmp_path: Path) -> None:
    wrong: dict[str, list[str]] = {}
    with running() as server, browser(still(tmp_path)) as chrome:
        for name, view in VIEWS.items():
            tab = Tab(chrome, link(server), bypass_csp=True, **view)
            page = tab.page
            wrong[name] = violations(page)
            if name == "narrow":  # nothing is cut off, nothing has to be scrolled sideways
                assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
            if name in ("desktop", "dark", "right to left"):
                page.click("#start-button")
                expect(page.locator("#text")).to_contain_text("AA", timeout=20_000)
                wrong[name] += violations(page)
                for dialog in ("settings", "share"):
                    page.click(f"#{dialog}-open")
                    expect(page.locator(f"#{dialog}")).to_be_visible()
                    wrong[name] += violations(page)
                    page.keyboard.press("Escape")
            tab.close()
        overlay = chrome.new_context(bypass_csp=True).new_page()
        overlay.goto(f"{server.base}/overlay?token={server.key(Role.WATCH)}")
        wrong["overlay"] = violations(overlay)
    assert {name: each for name, each in wrong.items() if each} == {}


def test_the_language_is_the_browsers_or_the_one_chosen(tmp_path: Path) -> None:
    with running() as server, browser(still(tmp_path)) as chrome:
        page = Tab(chrome, link(server), locale="fr-CA").page
        expect(page.locator("#start-button")).to_have_text("Démarrer la caméra")
        page.click("#settings-open")
        page.select_option("#set-language", "ar")
        page.keyboard.press("Escape")
        expect(page.locator("#start-button")).to_have_text("شغّل الكاميرا")
        assert page.evaluate("() => document.documentElement.dir") == "rtl"
        page.reload()
        expect(page.locator("#start-button")).to_have_text("شغّل الكاميرا")


def test_the_overlay_is_transparent_but_for_its_captions(tmp_path: Path) -> None:
    with running() as server, browser(still(tmp_path)) as chrome:
        page = Tab(chrome, link(server)).page
        context = chrome.new_context(viewport={"width": 1280, "height": 720})
        overlay = context.new_page()
        overlay.goto(f"{server.base}/overlay?token={server.key(Role.WATCH)}&letters=12")
        assert "token" not in overlay.url
        page.click("#start-button")
        expect(overlay.locator("#text")).to_contain_text("AA", timeout=20_000)
        shot = np.frombuffer(overlay.screenshot(omit_background=True), np.uint8)
        image = cv2.imdecode(shot, cv2.IMREAD_UNCHANGED)
        assert image.shape == (720, 1280, 4)
        clear = float((image[:, :, 3] == 0).mean())
        assert 0.95 < clear < 1.0
        assert not image[: 720 * 3 // 4, :, 3].any()
