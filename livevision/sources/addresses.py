"""Addresses on the network: what of them may be shown, and which ones may be asked."""

import ipaddress
import re
import socket
from collections.abc import Iterable

_SECRET = re.compile(r"[?#;&=@]")
"""What begins a query, a parameter or a password; nothing after it is shown."""


def safe_name(url: str) -> str:
    """`url` without all that may hold a secret: user, password, query, and "name=value" in it.

    A password may itself hold "@", "/", "?" or "#", though none of them is allowed there.
    """
    scheme, _, rest = url.partition("://")
    first = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in rest and ":" in first:
        rest = rest.rpartition("@")[2]
    elif "@" in first:
        rest = rest[first.rindex("@") + 1 :]
    authority, mark, after = re.match(r"([^/?#]*)([/?#]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    path = mark + after
    if not re.fullmatch(r"(\[[0-9a-fA-F:.%]+\]|[^:;&=@\[\]]*)(:\d{1,5})?", authority):
        return f"{scheme}://(an address that cannot be read)"
    if found := _SECRET.search(path):
        path = path[: found.start()]
        if found[0] not in "?#":  # the secret's own name is no place either
            path = path[: path.rfind("/") + 1] + "..."
    return f"{scheme}://{authority}{path}"


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet: not to this machine, nor its network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_global and not found.is_multicast


def resolved(host: str, port: int) -> list[tuple[int, str]]:
    """The (family, address) pairs that `host` has; OSError if it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(int(family), str(address[0])) for family, _, _, _, address in found]


class Allowed:
    """Which addresses may be asked because of what the user named."""

    def __init__(self, host: str, *, local: bool) -> None:
        """`host` is the one that the user named; `local` allows every address."""
        self._host = host.casefold()
        self._local = local
        self._addresses: set[str] | None = None

    def of(self, host: str, addresses: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
        """Those of a host's `addresses` that may be asked.

        Its own are all of the named one's; of others only public ones, so that no server sends us
        to look into the user's network.
        """
        if self._local or host.casefold() == self._host:
            return list(addresses)
        return [
            (family, address)
            for family, address in addresses
            if is_public(address) or address in self._named()
        ]

    def _named(self) -> set[str]:
        if self._addresses is None:
            try:
                self._addresses = {address for _, address in resolved(self._host, 0)}
            except OSError:
                self._addresses = set()
        return self._addresses
