"""The recognisers of a stream: loaded once at the start, a session of each for every stream."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from livevision import plugins, recognizers
from livevision.frame import Frame
from livevision.recognizers.recognizer import Session
from livevision.server.doing import Place
from livevision.server.roles import Role


def personal(name: str) -> bool:
    """Whether a recogniser tells who somebody is: that is for the owner's streams alone."""
    return any(kind.private for kind in plugins.recognizer(name).kinds)


class Readers:
    """Makes the sessions of streams."""

    def __init__(self, names: Sequence[str], arguments: argparse.Namespace) -> None:
        self._names = list(names)
        self._arguments = arguments

    def names(self, role: Role) -> list[str]:
        """The recognisers that read for `role`."""
        return [name for name in self._names if role is Role.OWNER or not personal(name)]

    def open(self, role: Role, *, live: bool = True) -> list[Session]:
        """New sessions for a stream of `role`'s."""
        made: list[Session] = []
        try:
            for name in self.names(role):
                made.append(Place(name, partial(self._session, name, role, live)))
        except BaseException:
            for each in made:
                each.close()
            raise
        return made

    def _session(self, name: str, role: Role, live: bool) -> Session:
        chosen = recognizers.values(name, self._arguments)
        if role is not Role.OWNER and hasattr(chosen, "personal"):
            chosen = replace(chosen, personal=False)  # what the owner showed is no guest's
        return recognizers.session(name, chosen, live=live)

    def warm(self) -> None:
        """Load the models and run each once, so that no session has to wait for them."""
        blank = np.zeros((480, 640, 3), np.uint8)
        blank.flags.writeable = False
        for role in (Role.OWNER, Role.GUEST):
            for reader in self.open(role):
                with reader:
                    reader.recognize(Frame(blank, 0, 0.0, 0.0))
