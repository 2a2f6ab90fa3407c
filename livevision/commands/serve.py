"""Read signs on a page in the browser: on this machine, or on phones and tablets near by.

examples:
  livevision serve                      prints a link; open it, and sign to the browser's camera
  livevision serve 0 door.mp4           also shows the host's own camera and a file
  livevision serve --lan                phones and tablets in the same network may come in, too
  livevision serve --faces              names people for you, the owner; guests get signs alone

Nobody gets in without the key in the printed link; docs/serve.md and docs/security.md tell more.
"""

import argparse
import sys

from livevision import options, plugins, recognizers
from livevision.commands import _output
from livevision.errors import UsageError
from livevision.signals import INTERRUPTED

SUMMARY = "read signs on a page in the browser"
PORT = 8765
OUTPUTS = ("mqtt", "webhook", "virtual_camera")
"""Kinds of sinks that this machine's own sources may have beside the page."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help="cameras, files and URLs of this machine to show on the page as well",
    )
    parser.add_argument(
        "--port",
        type=_output.port,
        default=PORT,
        metavar="N",
        help="where to listen (default: %(default)s)",
    )
    parser.add_argument(
        "--sessions",
        type=_output.positive,
        metavar="N",
        help="browsers' cameras read at a time (default: what 'livevision fleet measure' found, "
        "else measured at the start; the next is told to wait)",
    )
    parser.add_argument(
        "--bind",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="listen at this address instead of the loopback alone, for a container or a proxy",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name by which the page may be called; may be repeated",
    )
    parser.add_argument(
        "--lan",
        action="store_true",
        help="let phones and tablets in the same network in, by https with a certificate of this "
        "computer's own (at the two ports after --port)",
    )
    parser.add_argument(
        "--new-authority", action="store_true", help="with --lan, make that certificate anew"
    )
    parser.add_argument("--new-keys", action="store_true", help="make earlier links worthless")
    output = parser.add_argument_group("output, of this machine's sources")
    for name in OUTPUTS:
        options.add_arguments(output, plugins.sinks()[name].options, name)
    recognizers.add_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    try:
        from livevision.server import assembly
    except ModuleNotFoundError as error:
        if error.name not in ("starlette", "uvicorn", "websockets", "segno"):
            raise
        raise UsageError(
            "The page needs a few packages more. Install them: pip install 'livevision[serve]'"
        ) from error
    for name, plugin in plugins.recognizers().items():
        named = any(kind.private for kind in plugin.kinds)
        if named and getattr(arguments, name) is None:
            # who somebody is: in a browser only if the owner asks for it
            asked = options.turned_on(plugin.options, arguments, name)
            setattr(arguments, name, asked)
    names, hints = recognizers.chosen(arguments)
    for text in hints:
        _output.hint(text)
    try:
        assembly.serve(arguments, names, OUTPUTS, tell=lambda line: print(line, flush=True))
    except KeyboardInterrupt:  # what else could end it is an error
        print("livevision: the page is closed", file=sys.stderr)
        return INTERRUPTED
    return 0
