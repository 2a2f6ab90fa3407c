"""Who may do what: the owner everything, guests read signs of their own, watchers look on."""

from enum import Enum


class Role(Enum):
    """Whom a key belongs to."""

    OWNER = "owner"
    """Whoever started the program: names, enrolment and settings too."""
    GUEST = "guest"
    """Others in the room: their own camera, signs alone."""
    WATCH = "watch"
    """A program that shows captions (OBS): looks on, sends nothing, hears no names."""


ALL = frozenset(Role)
OWNER = frozenset({Role.OWNER})
PEOPLE = frozenset({Role.OWNER, Role.GUEST})
