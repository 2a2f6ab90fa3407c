"""Cameras that tests plug in and out; OpenCV's part is played: there is none here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from livevision.sources import camera

Cameras = Callable[..., None]
"""Plugs in those named, as in c0="good", and unplugs all others."""


class FakeCapture:
    """Stands in for cv2.VideoCapture; `there` says which cameras exist."""

    there: dict[int, str] = {}  # noqa: RUF012
    opened: list["FakeCapture"] = []  # noqa: RUF012

    def __init__(self, number: int, backend: int) -> None:
        self.number = number
        self.asked: dict[int, float] = {}
        self.released = False
        self.grabs = 0
        FakeCapture.opened.append(self)

    @property
    def kind(self) -> str:
        return self.there.get(self.number, "")

    def isOpened(self) -> bool:  # noqa: N802
        return bool(self.kind)

    def set(self, key: int, value: float) -> bool:
        self.asked[key] = value
        return True

    def get(self, key: int) -> float:
        most = {cv2.CAP_PROP_FRAME_WIDTH: 1280, cv2.CAP_PROP_FRAME_HEIGHT: 720}
        return min(self.asked.get(key, 0), most.get(key, 30)) or 30.0

    def grab(self) -> bool:
        assert not self.released
        time.sleep(0.002)
        self.grabs += 1
        return self.kind not in ("", "black") and (self.kind != "slow" or self.grabs > 5)

    def retrieve(self) -> tuple[bool, NDArray[Any]]:
        shape = (48, 64) if self.kind == "gray" else (48, 64, 3)
        return True, np.full(shape, 10 * self.number, np.uint8)

    def release(self) -> None:
        self.released = True


@contextmanager
def plugged(folder: Path) -> Iterator[Cameras]:
    """Cameras as the system lists them in `folder`, an empty one; all must be released."""
    FakeCapture.there, FakeCapture.opened = {}, []

    def plug(**there: str) -> None:
        FakeCapture.there = {int(name[1:]): kind for name, kind in there.items()}
        for number in FakeCapture.there:
            (folder / f"video{number}").mkdir(exist_ok=True)
            (folder / f"video{number}" / "name").write_text(f"Webcam {number}\n")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cv2, "VideoCapture", FakeCapture)
        patch.setattr(camera, "_SYSTEM_LIST", folder)
        yield plug
    assert all(each.released for each in FakeCapture.opened)
