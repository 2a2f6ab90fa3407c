"""The recognisers of a stream: loaded once at the start, a session of each for every stream."""

import argparse
from collections.abc import Sequence

import numpy as np

from livevision import recognizers
from livevision.frame import Frame
from livevision.recognizers import Recognizer
from livevision.server.roles import Role

PERSONAL = frozenset({"faces"})
"""Recognisers that tell who somebody is: for the owner's streams alone."""


class Readers:
    """Makes the sessions of streams."""

    def __init__(self, names: Sequence[str], arguments: argparse.Namespace) -> None:
        self._names = list(names)
        self._arguments = arguments

    def names(self, role: Role) -> list[str]:
        """The recognisers that read for `role`."""
        return [name for name in self._names if role is Role.OWNER or name not in PERSONAL]

    def open(self, role: Role, *, live: bool = True) -> list[Recognizer]:
        """New sessions for a stream of `role`'s."""
        return recognizers.load_all(self.names(role), live=live, options=self._arguments)

    def warm(self) -> None:
        """Load the models and run each once, so that no session has to wait for them."""
        blank = np.zeros((480, 640, 3), np.uint8)
        blank.flags.writeable = False
        for reader in self.open(Role.OWNER):
            with reader:
                reader.recognize(Frame(blank, 0, 0.0, 0.0))
