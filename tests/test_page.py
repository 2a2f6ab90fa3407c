"""The page in a real Chromium, its camera made from our recordings."""

import argparse
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")

from browsing import Tab, browser, chromium, fake_camera
from playwright.sync_api import expect
from serving import Running, running

from livevision import recognizers
from livevision.server import readers as real

RECORDINGS = Path(__file__).parents[1] / "recordings"


@pytest.fixture(scope="module")
def jawsclub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half as fast as it was signed, so that a machine that does much else can follow."""
    chromium()
    target = tmp_path_factory.mktemp("camera") / "jawsclub.y4m"
    return fake_camera(RECORDINGS / "jawsclub.mp4", target, rate=8)


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
