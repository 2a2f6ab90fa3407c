"""From the command line to a running server."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from livevision import plugins
from livevision.errors import UsageError
from livevision.machine import cores, measured_streams
from livevision.plugins import RunContext
from livevision.server import authority, capacity, keys, qr, trust
from livevision.server.app import Link, Server
from livevision.server.guard import LOOPBACK, Guard
from livevision.server.readers import Readers
from livevision.server.roles import Role
from livevision.server.running import Door, listen
from livevision.server.running import serve as run
from livevision.server.streams import Stream
from livevision.sinks.look import Look
from livevision.sinks.opening import open_sinks
from livevision.sinks.sink import Sink
from livevision.sources import open_source

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_LAST_PORT = 65535

Tell = Callable[[str], None]


def serve(
    arguments: argparse.Namespace, names: Sequence[str], outputs: Sequence[str], tell: Tell
) -> None:
    """Serve until Ctrl-C; `tell` gets what the user has to know.

    `names` are the recognisers, `outputs` the kinds of sinks that this machine's own sources have
    beside the page, if the options ask for them.

    Raises UsageError for a port that is taken or a name that is none, ModelError for a missing
    model, SourceError if there is nothing by a source's name.
    """
    port = arguments.port
    hosts = {each.lower() for each in arguments.allowed_host}
    for host in hosts:
        if not _NAME.fullmatch(host):
            raise UsageError(f"--allowed-host takes a name without port or path, not {host!r}.")
    readers = Readers(names, arguments)
    server = Server(
        readers,
        keys.kept(renew=arguments.new_keys),
        arguments.sessions or 1,
        port,
        hosts=LOOPBACK | hosts,
        sources=[
            shown(spec, readers, _sinks(arguments, outputs) if place == 0 else _none)
            for place, spec in enumerate(arguments.sources)
        ],
    )
    home = f"http://127.0.0.1:{port}"
    key = server.keys
    lines = [f"{home}/?token={key.owner}"]
    links = [
        Link("Captions for OBS, as a browser source", f"{home}/overlay?token={key.watch}"),
        Link("Picture with overlay, for OBS or a player", f"{home}/video.mjpg?token={key.watch}"),
    ]
    with ExitStack() as stack:
        doors = [Door(server.app(), listen(arguments.bind, port))]
        stack.callback(doors[0].socket.close)
        if arguments.lan:
            found = authority.host_names()
            own, fresh = authority.kept(found, renew=arguments.new_authority)
            doors += _lan_doors(server, found, own, stack)
            guests, told = _lan_links(server, found, own, fresh=fresh)
            links = [*guests, *links]
            lines += told
        server.links = links
        readers.warm()
        if arguments.sessions is None:
            server.allow(_carried(readers, len(arguments.sources)))
        run(doors, lambda: tell("\n".join(lines)), server.leave)


def _carried(readers: Readers, sources: int) -> int:
    """Browsers' cameras that may be read at a time beside the host's own `sources`."""
    known = measured_streams()
    if known is not None:
        return max(1, known - sources)
    return capacity.sessions(cores(), capacity.frame_cost(readers), sources)


def _lan_doors(
    server: Server, names: authority.Names, own: authority.Authority, stack: ExitStack
) -> list[Door]:
    """Doors to the network: the page by https, and beside it how to trust its certificate."""
    secure, plain = server.port + 1, server.port + 2
    if plain > _LAST_PORT:
        raise UsageError(f"--lan needs the two ports after --port: choose one below {plain - 2}.")
    certificate, key = authority.write_server(own, names)
    hosts = [_host(each) for each in names.all]
    inner = server.app().app
    page = Guard(inner, server.keys, frozenset(hosts), server.port)
    trusting = trust.app(own, f"https://{_host(names.addresses[0])}:{secure}/", hosts)
    doors = []
    for address in names.addresses:
        for app, port in ((page, secure), (trusting, plain)):
            listening = listen(address, port)
            stack.callback(listening.close)
            pair = (str(certificate), str(key)) if app is page else (None, None)
            doors.append(Door(app, listening, pair[0], pair[1], lifespan=False))
    return doors


def _lan_links(
    server: Server, names: authority.Names, own: authority.Authority, *, fresh: bool
) -> tuple[list[Link], list[str]]:
    """What the owner may hand on in the network, and what to print."""
    base = f"https://{_host(names.addresses[0])}:{server.port + 1}"
    explained = f"http://{_host(names.addresses[0])}:{server.port + 2}/"
    server.trust = (explained, own.fingerprint)
    guest = f"{base}/?token={server.keys.guest}"
    links = [
        Link("Phones and tablets of guests in this network", guest),
        Link("Your own phone or tablet in this network", f"{base}/?token={server.keys.owner}"),
    ]
    days = (own.certificate.not_valid_after_utc - datetime.now(UTC)).days
    lines = [
        "",
        f"{guest}   (guests: their own camera, signs alone)",
        qr.terminal(guest, sys.stdout.encoding or "utf-8"),
        f"Phones and tablets have to trust this computer first, once{' (anew)' if fresh else ''}:",
        f"{explained}   (good for {days} days; compare this fingerprint)",
        own.fingerprint,
    ]
    return links, lines


def _host(name: str) -> str:
    """A name or address as it stands in an address of the web."""
    return f"[{name}]" if ":" in name else name


def _none(source: str) -> Sequence[Sink]:
    return ()


def _sinks(
    arguments: argparse.Namespace, outputs: Sequence[str]
) -> Callable[[str], Sequence[Sink]]:
    """What makes the sinks that the options ask for, of a source by its name."""
    others = [name for name in plugins.sinks() if name not in outputs]

    def make(source: str) -> Sequence[Sink]:
        run = RunContext(source=source, live=True, look=Look())
        return open_sinks(arguments, run, without=others)

    make("check")  # what cannot be is better told now
    return make


def shown(
    spec: str, readers: Readers, sinks: Callable[[str], Sequence[Sink]] = _none
) -> Callable[[], Stream]:
    """What makes the stream of a source of the host's own. Raises SourceError, UsageError."""
    open_source(spec)  # a name that is none is better told now

    def make() -> Stream:
        source = open_source(spec, realtime=True)
        return Stream(
            source,
            lambda: readers.open(Role.OWNER, live=source.live),
            name=source.name,
            role=Role.OWNER,
            shared=True,
            sinks=sinks(source.name),
            waits=Path(spec).exists() and not spec.startswith("/dev/"),
        )

    return make
