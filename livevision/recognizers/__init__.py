"""What can be recognised: every folder here is one recogniser, and packages may bring more.

Its `__init__` is light (it is imported for `--help`) and has a manifest, `PLUGIN`
(`livevision.plugins.RecognizerPlugin`). docs/write-a-plugin.md tells how to add one.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from livevision import options, plugins

if TYPE_CHECKING:
    from livevision.recognizers.recognizer import Model, Session

_loading = Lock()
_loaded: dict[tuple[str, Path, object], "Model"] = {}


def available() -> list[str]:
    """Names of the recognisers, without loading any."""
    return list(plugins.recognizers())


def add_arguments(parser: argparse.ArgumentParser, names: Sequence[str] | None = None) -> None:
    """Add `--NAME/--no-NAME` and the options of every recogniser, or of `names`, to `parser`."""
    for name in names or available():
        plugin = plugins.recognizer(name)
        group = parser.add_argument_group(name, plugin.summary)
        group.add_argument(
            f"--{name}",
            action=argparse.BooleanOptionalAction,
            default=None,
            help=f"recognise {name}, or don't",
        )
        add_options(group, name)


def add_options(group: argparse._ActionsContainer, name: str) -> None:
    """Add the options of the recogniser `name`, for a command that is about it alone."""
    options.add_arguments(group, plugins.recognizer(name).options, name)


def chosen(arguments: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Names of the recognisers asked for or on by default, and hints about those that are not."""
    names, hints = [], []
    for name, plugin in plugins.recognizers().items():
        on = getattr(arguments, name, None)
        if on is None:
            on = options.turned_on(plugin.options, arguments, name)
            if not on:
                on, hint = plugin.wanted()
                if hint and not on:
                    hints.append(hint)
        if on:
            names.append(name)
    return names, hints


def look_for_people(arguments: argparse.Namespace) -> None:
    """Turn on what shows who people are, unless told otherwise."""
    for name, plugin in plugins.recognizers().items():
        if any(kind.private for kind in plugin.kinds) and getattr(arguments, name, None) is None:
            setattr(arguments, name, True)


def values(name: str, arguments: argparse.Namespace) -> Any:
    """The options of the recogniser `name` as they were parsed."""
    return options.values(plugins.recognizer(name).options, arguments, name)


def files_read(arguments: argparse.Namespace) -> list[Path]:
    """Files that the options of any recogniser name: no output may take the place of one."""
    return [file for name in available() for file in options.files_read(values(name, arguments))]


def load(name: str, chosen: Any = None, *, models: Path | None = None) -> "Model":
    """The model of the recogniser `name`, with its files from `models / name`.

    `chosen` is an instance of its options (its defaults unless given), `models` the bundled folder
    unless given. A model is loaded once a process: the same words give the same model. Raises
    UsageError for an unknown name or value, ModelError for a missing or damaged model.
    """
    from livevision import assets

    plugin = plugins.recognizer(name)
    if chosen is None:
        chosen = plugin.options()
    if not isinstance(chosen, plugin.options):
        raise TypeError(f"options of {name} are {plugin.options}, not {type(chosen)}")
    options.check(chosen)
    folder = (models or assets.folder("models")) / name
    key = (name, folder, chosen)
    with _loading:
        model = _loaded.get(key)
        if model is None:
            model = _loaded[key] = plugin.load(chosen, folder)
    return model


def session(name: str, chosen: Any = None, *, live: bool = False) -> "Session":
    """A new session of the recogniser `name`; see `load`."""
    made = load(name, chosen).session(live=live)
    made.name = name
    return made


def sessions(names: Sequence[str], arguments: argparse.Namespace, *, live: bool) -> list["Session"]:
    """New sessions of `names`, in that order, with the options that were parsed; see `opened`."""
    return opened({name: values(name, arguments) for name in names}, live=live)


def opened(chosen: Mapping[str, Any], *, live: bool) -> list["Session"]:
    """New sessions of the recognisers `chosen`, by their names, with those options.

    Those made before are closed if one fails.
    """
    made: list[Session] = []
    try:
        for name, given in chosen.items():
            made.append(session(name, given, live=live))
    except BaseException:
        for each in made:
            each.close()
        raise
    return made


def forget() -> None:
    """Let go of all loaded models."""
    with _loading:
        _loaded.clear()
