"""A real Chromium with a camera that is a file, for tests of the page."""

import base64
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import cv2
import pytest

from livevision.frame import Image

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 180_000
"""Milliseconds that the browser may take for anything, on a machine that has much to do."""
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


def film(images: Iterable[Image]) -> list[str]:
    """Pictures, (height, width, 3) BGR, as JPEGs in base64, for `unhurried`."""
    encoded = (cv2.imencode(".jpg", each)[1].tobytes() for each in images)
    return [base64.b64encode(each).decode() for each in encoded]


_UNHURRIED = """
(({ pictures, step, again }) => {
  const film = (window.film = { at: 0, labels: [], last: null });
  const decoded = pictures.map((each) =>
    createImageBitmap(new Blob([Uint8Array.from(atob(each), (one) => one.charCodeAt(0))])),
  );
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = document.createElement("canvas");
    const { width, height } = await decoded[0];
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    const stream = canvas.captureStream(0);
    let painted = 0;
    film.paint = async () => {
      painted = performance.now();
      const place = again ? film.at % decoded.length : Math.min(film.at, decoded.length - 1);
      context.drawImage(await decoded[place], 0, 0);
      stream.getVideoTracks()[0].requestFrame();
    };
    await film.paint();
    // once more, should it have got lost before the page was ready
    setInterval(() => performance.now() - painted > 300 && film.paint(), 50);
    return stream;
  };
  const shown = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (call) {
    return shown.call(this, (now, more) => call(now, { ...more, captureTime: film.at * step }));
  };
  window.WebSocket = class extends WebSocket {
    constructor(...words) {
      super(...words);
      const base = film.at;
      this.addEventListener("message", (event) => {
        const result = JSON.parse(event.data);
        film.last = result;
        film.labels.push(...(result.detections ?? []).map((each) => each.label));
        const answered = base + Math.round((result.time * 1000) / step);
        if (!(answered >= film.at)) return;
        film.at = answered + 1;
        film.paint();
      });
    }
  };
})
"""


def unhurried(context: Any, pictures: Sequence[str], *, rate: int, again: bool = False) -> None:
    """Give the pages of `context` a camera that is no faster than whoever reads it.

    Each picture is shown when the one before was answered, and taken at `rate` pictures a second of
    the camera's own clock: what is read does not depend on the speed of the machine. After the last
    it stands still, or begins `again`.
    """
    wishes = {"pictures": list(pictures), "step": 1000 / rate, "again": again}
    context.add_init_script(f"({_UNHURRIED})({json.dumps(wishes)})")


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

    def __init__(
        self,
        browser: Any,
        link: str,
        *,
        camera: Callable[[Any], None] = lambda context: None,
        **context: Any,
    ) -> None:
        """`camera` may give the tab's context another one (`unhurried`)."""
        self.troubles: list[str] = []
        self.asked: list[str] = []
        self.context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, **context}
        )
        self.context.set_default_timeout(PATIENCE)
        camera(self.context)
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

    def answered(self) -> list[float]:
        """Times at which the pictures were taken that are answered from now on, seconds."""
        times: list[float] = []

        def heard(message: str | bytes) -> None:
            if "time" in (result := json.loads(message)):
                times.append(result["time"])

        self.page.on("websocket", lambda socket: socket.on("framereceived", heard))
        return times

    def close(self) -> None:
        """As a user does: the page is told."""
        if not self.page.is_closed():
            self.page.close(run_before_unload=True)
        self.context.close()


def violations(page: Any) -> list[str]:
    """What axe-core finds wrong on the page as it stands."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['help']} {[node['target'] for node in each['nodes']][:3]}"
        for each in found
    ]
