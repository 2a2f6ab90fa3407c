"""Activities on a stream: practice, calibration, enrolment; and the sessions that they replace."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from livevision import plugins
from livevision.errors import LivevisionError
from livevision.frame import Findings, Frame, Result
from livevision.recognizers.activity import Activity
from livevision.recognizers.recognizer import Session
from livevision.server.roles import Role

log = logging.getLogger(__name__)

MOST_WAITING = 20
"""Wishes of a user that wait for the next picture."""


class Place(Session):
    """Where a recogniser's session stands in a stream; another may take it for a while."""

    def __init__(self, name: str, make: Callable[[], Session]) -> None:
        """`make` makes the recogniser's own session."""
        self.name = name
        self._make = make
        self._own = make()
        self._guest: Session | None = None

    def give(self, guest: Session | None) -> None:
        """Let `guest` read from the next frame on; None gives the place back."""
        if self._guest is not None and self._guest is not guest:
            self._guest.close()
        self._guest = guest

    def renew(self) -> None:
        """Begin the recogniser's own session anew: what it knows has changed."""
        own, self._own = self._own, self._make()
        own.close()

    def recognize(self, frame: Frame) -> Findings:
        return (self._guest or self._own).recognize(frame)

    def finish(self) -> Findings:
        return (self._guest or self._own).finish()

    def command(self, name: str) -> None:
        (self._guest or self._own).command(name)

    def close(self) -> None:
        self.give(None)
        self._own.close()


def offered(recognizers: Sequence[str], role: Role) -> dict[str, tuple[str, str]]:
    """The activities that there are for `role`: name, and recogniser and module."""
    found: dict[str, tuple[str, str]] = {}
    for each in recognizers:
        for name, module in plugins.recognizer(each).activities.items():
            if role is Role.OWNER or (role is Role.GUEST and not import_module(module).OWNER):
                found[name] = (each, module)
    return found


class Doing:
    """The activity of one stream. `ask` is called on the event loop, all else on its thread."""

    def __init__(self, offers: Mapping[str, tuple[str, str]], send: Callable[[str], None]) -> None:
        self._offers = offers
        self._send = send
        self._wishes: deque[Mapping[str, Any]] = deque(maxlen=MOST_WAITING)
        self._places: dict[str, Place] = {}
        self._name = ""
        self._activity: Activity | None = None
        self._told: Mapping[str, object] | None = None

    def placed(self, sessions: Sequence[Session]) -> None:
        """The stream's sessions, once they are made."""
        self._places = {each.name: each for each in sessions if isinstance(each, Place)}

    def ask(self, content: Mapping[str, Any]) -> bool:
        """Heed a message of the page's: {"activity": NAME or null, "wishes": {...}}, or
        {"ask": NAME, "value": ...}. False if it is neither, or names what is not offered."""
        if "activity" in content:
            name = content["activity"]
            if name is not None and (not isinstance(name, str) or name not in self._offers):
                return False
            if not isinstance(content.get("wishes", {}), Mapping):
                return False
        elif not isinstance(content.get("ask"), str):
            return False
        self._wishes.append(content)
        return True

    def see(self, result: Result) -> tuple[bool, Mapping[str, object] | None]:
        """Whether there is something new to tell after a result, and what; None if it is over."""
        before = self._told
        while self._wishes:
            self._heed(self._wishes.popleft())
        if self._activity is not None:
            try:
                self._told = {"name": self._name, **self._activity.see(result)}
            except LivevisionError as error:
                self._end(error)
        if self._activity is not None:
            if self._activity.changed:
                self._activity.changed = False
                self._renew()
            if self._activity.done:
                told = self._told
                self._end(None)
                self._told = None
                return True, told
        return self._told != before, self._told

    def _heed(self, content: Mapping[str, Any]) -> None:
        try:
            if "activity" in content:
                self._end(None)
                if content["activity"] is not None:
                    self._begin(content["activity"], content.get("wishes", {}))
            elif self._activity is not None:
                self._activity.ask(content["ask"], content.get("value"))
        except LivevisionError as error:
            self._end(error)

    def _begin(self, name: str, wishes: Mapping[str, Any]) -> None:
        recognizer, module = self._offers[name]
        self._activity = import_module(module).begin(wishes, self._send)
        self._name = name
        if recognizer in self._places:
            self._places[recognizer].give(self._activity.session)

    def _renew(self) -> None:
        recognizer, _ = self._offers[self._name]
        if recognizer in self._places:
            self._places[recognizer].renew()

    def _end(self, error: LivevisionError | None) -> None:
        activity, self._activity = self._activity, None
        if activity is not None:
            activity.close()
            recognizer, _ = self._offers[self._name]
            if recognizer in self._places:
                self._places[recognizer].give(None)
        if error is not None:
            self._told = {"name": self._name, "error": str(error), "done": True}
        else:
            self._told = None

    def close(self) -> None:
        """The stream has come to its end."""
        self._end(None)
