"""A real Chromium with a camera that is a file, for tests of the page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


def chromium() -> str:
    """Where the browser is; skips the test where there is none."""
    pytest.importorskip("playwright", reason="playwright is not installed")
    for name in NAMES:
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium here (Debian: apt install chromium)")


def fake_camera(clip: Path, target: Path, *, rate: int, most: int | None = None) -> Path:
    """The pictures of `clip` as a camera of `rate` pictures a second, in Chromium's own format."""
    with av.open(str(clip)) as container, target.open("wb") as file:
        stream = container.streams.video[0]
        head = f"YUV4MPEG2 W{stream.width} H{stream.height} F{rate}:1 Ip A1:1 C420jpeg\n"
        file.write(head.encode())
        for number, frame in enumerate(container.decode(stream)):
            if number == most:
                break
            file.write(b"FRAME\n" + frame.reformat(format="yuv420p").to_ndarray().tobytes())
    return target


@contextmanager
def browser(camera: Path) -> Iterator[Any]:
    """A browser whose camera shows the file `camera`, over and over."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    with sync_playwright() as play:
        launched = play.chromium.launch(
            executable_path=path,
            args=[*QUIET, f"--use-file-for-fake-video-capture={camera}"],
        )
        try:
            yield launched
        finally:
            launched.close()


class Tab:
    """A page, and all that went wrong in it."""

    def __init__(self, browser: Any, link: str, **context: Any) -> None:
        self.troubles: list[str] = []
        self.asked: list[str] = []
        self.context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, **context}
        )
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(link)
        self.page.wait_for_selector("html[data-ready]")

    def _heard(self, said: Any) -> None:
        """Keep what the page wrote to its console, if it is a complaint."""
        if said.type in ("error", "warning"):
            self.troubles.append(said.text)

    def close(self) -> None:
        self.context.close()


def violations(page: Any) -> list[str]:
    """What axe-core finds wrong on the page as it stands."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['help']} {[node['target'] for node in each['nodes']][:3]}"
        for each in found
    ]
