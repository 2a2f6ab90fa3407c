"""The keys that let people in, and what becomes of those who guess."""

import hashlib
import hmac
import json
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from livevision.errors import UsageError
from livevision.server import traces
from livevision.server.roles import Role

LENGTH = 32
"""Random bytes of a key: 256 bits."""
WRONG, WINDOW = 10, 60.0
"""Wrong keys from one address within so many seconds, after which it has to wait."""
ADDRESSES = 1000
"""Addresses that are remembered at most."""
_MOST_FILE = 10_000
"""Bytes of the file of keys."""


@dataclass(frozen=True, slots=True)
class Keys:
    """One key a role."""

    owner: str
    guest: str
    watch: str

    def role(self, word: str) -> Role | None:
        """Whose key `word` is, compared in constant time; None if it is nobody's."""
        found = None
        given = word.encode("utf-8", "replace")
        for role in Role:
            if hmac.compare_digest(given, self.of(role).encode()):
                found = role
        return found

    def of(self, role: Role) -> str:
        return {Role.OWNER: self.owner, Role.GUEST: self.guest, Role.WATCH: self.watch}[role]

    def cookie(self, role: Role) -> str:
        """What a browser keeps instead of the key: no link can be made of it."""
        return hashlib.sha256(f"livevision cookie {self.of(role)}".encode()).hexdigest()

    def cookie_role(self, role: Role, value: str) -> bool:
        """Whether `value` is the cookie of `role`, compared in constant time."""
        return hmac.compare_digest(value.encode("utf-8", "replace"), self.cookie(role).encode())


def fresh() -> Keys:
    """New keys."""
    return Keys(*(secrets.token_urlsafe(LENGTH) for _ in Role))


def kept(file: Path | None = None, *, renew: bool = False) -> Keys:
    """The keys of earlier times, so that a link on a tablet stays good; new ones if there are none,
    or if they are to be made anew.

    Raises UsageError for a damaged file, OutputError if it cannot be written.
    """
    file = file or traces.keys()
    if not renew:
        try:
            with file.open(encoding="utf-8") as stream:
                content = json.loads(stream.read(_MOST_FILE))
            keys = Keys(**{role.value: content[role.value] for role in Role})
            if all(
                isinstance(keys.of(role), str) and len(keys.of(role)) >= LENGTH for role in Role
            ):
                return keys
            raise ValueError("its keys are too short")
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"Cannot read the keys in {file}: {error}. Make new ones with --new-keys."
            ) from error
    keys = fresh()
    content = json.dumps({role.value: keys.of(role) for role in Role}, indent=2) + "\n"
    traces.write(file, content.encode())
    return keys


class Attempts:
    """Counts wrong keys by address: whoever guesses has to wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until `address` may try a key; 0 if it may now."""
        times = self._recent(address)
        if len(times) < WRONG:
            return 0.0
        return max(0.0, times[0] + WINDOW - self._clock())

    def wrong(self, address: str) -> None:
        times = self._recent(address)
        times.append(self._clock())
        self._wrong[address] = times
        self._wrong.move_to_end(address)
        while len(self._wrong) > ADDRESSES:
            self._wrong.popitem(last=False)

    def _recent(self, address: str) -> deque[float]:
        times = self._wrong.get(address, deque(maxlen=WRONG))
        while times and times[0] <= self._clock() - WINDOW:
            times.popleft()
        return times
