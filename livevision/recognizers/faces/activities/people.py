"""Who is enrolled: their names, adding who is before the camera, and removing somebody."""

import logging
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

from livevision.errors import LivevisionError
from livevision.frame import Frame, Result
from livevision.recognizers.activity import Activity, SendCommand, Wishes
from livevision.recognizers.faces.gallery import Gallery, checked_name

log = logging.getLogger(__name__)

OWNER = True
WAIT = 0.5
"""Seconds without a picture after which whoever waits looks whether it is over."""


class People(Activity):
    """Lists names, adds and removes people. The work on pictures is done on a thread of its own."""

    def __init__(self, gallery: Path | None = None) -> None:
        self._path = gallery
        self._names: list[str] = []
        self._prompt = ""
        self._error = ""
        self._frames: deque[Frame] = deque(maxlen=1)
        self._come = threading.Event()
        self._stop = threading.Event()
        self._adding: threading.Thread | None = None
        self._list()

    def see(self, result: Result) -> Mapping[str, object]:
        if self._adding is not None:
            if self._adding.is_alive():
                self._frames.append(result.frame)
                self._come.set()
            else:
                self._adding = None
                self._list()
        return {
            "names": self._names,
            "adding": self._adding is not None,
            "prompt": self._prompt,
            "error": self._error,
            "done": self.done,
        }

    def ask(self, name: str, value: object) -> None:
        if name == "add" and self._adding is None:
            self._begin(str(value))
        elif name == "remove":
            self._remove(str(value))
        elif name == "stop":
            self._end()

    def close(self) -> None:
        self._end()

    def _list(self) -> None:
        try:
            with Gallery(self._path) as gallery:
                self._names = [person.name for person in gallery.people()]
        except LivevisionError as error:
            self._error = str(error)

    def _remove(self, name: str) -> None:
        self._error = self._prompt = ""
        try:
            with Gallery(self._path) as gallery:
                gallery.remove(name)
            self.changed = True
        except LivevisionError as error:
            self._error = str(error)
        self._list()

    def _begin(self, name: str) -> None:
        self._error = self._prompt = ""
        try:
            name = checked_name(name)
        except LivevisionError as error:
            self._error = str(error)
            return
        self._stop.clear()
        self._adding = threading.Thread(target=self._add, args=(name,), name="enrolment")
        self._adding.start()

    def _add(self, name: str) -> None:
        from livevision.recognizers.faces.embedding import FaceReader
        from livevision.recognizers.faces.enrolment import Guide, best_views

        guide = Guide(self._tell)
        try:
            looks = best_views(guide.until(self._coming()), FaceReader(), enough=guide.enough)
            if self._stop.is_set():
                return
            with Gallery(self._path) as gallery:
                gallery.add(name, [(each.embedding, each.pose.quality, "page") for each in looks])
            self._tell("Done")
            self.changed = True
        except LivevisionError as error:
            self._error = "" if self._stop.is_set() else str(error)
            self._prompt = ""

    def _tell(self, words: str) -> None:
        self._prompt = words

    def _coming(self) -> Iterator[Frame]:
        """The newest frame, whenever there is one; their times count from the first."""
        first: float | None = None
        while not self._stop.is_set():
            if not self._come.wait(WAIT):
                continue
            self._come.clear()
            try:
                frame = self._frames.popleft()
            except IndexError:
                continue
            first = frame.time if first is None else first
            yield Frame(frame.image, frame.index, frame.time - first, frame.captured)

    def _end(self) -> None:
        self._stop.set()
        if self._adding is not None:
            self._adding.join()
            self._adding = None
        self._prompt = ""


def begin(wishes: Wishes, send: SendCommand) -> People:
    """The user's own gallery."""
    return People()
