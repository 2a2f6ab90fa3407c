"""From the command line to a running server."""

import argparse
import logging
import re
from collections.abc import Callable, Sequence

from livevision.errors import UsageError
from livevision.server import keys
from livevision.server.app import Server
from livevision.server.guard import LOOPBACK
from livevision.server.readers import Readers
from livevision.server.roles import Role
from livevision.server.running import Door, cores, listen
from livevision.server.running import serve as run
from livevision.server.streams import Stream
from livevision.sources import open_source

log = logging.getLogger(__name__)

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


def serve(arguments: argparse.Namespace, names: Sequence[str], tell: Callable[[str], None]) -> None:
    """Serve until Ctrl-C; `tell` gets what the user has to know, line by line.

    Raises UsageError for a port that is taken or a name that is none, ModelError for a missing
    model, SourceError if there is nothing by a source's name.
    """
    hosts = {each.lower() for each in arguments.allowed_host}
    for host in hosts:
        if not _NAME.fullmatch(host):
            raise UsageError(f"--allowed-host takes a name without port or path, not {host!r}.")
    readers = Readers(names, arguments)
    server = Server(
        readers,
        keys.kept(renew=arguments.new_keys),
        arguments.sessions or max(1, cores() - len(arguments.sources)),
        arguments.port,
        hosts=LOOPBACK | hosts,
        sources=[shown(spec, readers) for spec in arguments.sources],
    )
    door = Door(server.app(), listen(arguments.bind, arguments.port))
    try:
        readers.warm()

        def ready() -> None:
            tell(f"http://127.0.0.1:{arguments.port}/?token={server.keys.owner}")

        run([door], ready, server.leave)
    finally:
        door.socket.close()


def shown(spec: str, readers: Readers) -> Callable[[], Stream]:
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
        )

    return make
