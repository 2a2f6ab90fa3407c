"""Show, or change, the settings that every 'livevision run' starts from.

Without KEY=VALUE it lists all that can be set, with values and defaults; * marks what you have set.
A setting is an option of 'run' without its dashes; 'camera' is the SOURCE when none is given.
The command line wins over the settings.

examples: livevision config
          livevision config camera=1 mirror=false size=1280x720
          livevision config --unset mirror
"""

import argparse
import difflib
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from livevision import commands, options, plugins, settings
from livevision.errors import UsageError

SUMMARY = "show or change what 'run' starts from"
INDENT = " " * 6
"""Before what a setting does, in the list of all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("changes", nargs="*", metavar="KEY=VALUE", help="settings to change")
    parser.add_argument(
        "--unset", action="append", default=[], metavar="KEY", help="forget a setting"
    )
    parser.add_argument("--path", action="store_true", help="print where the file is, and end")


def execute(arguments: argparse.Namespace) -> int:
    file = settings.path()
    if arguments.path:
        print(file)
        return 0
    values = settings.read(file)
    changed: dict[str, settings.Value] = {}
    for change in arguments.changes:
        key, equals, value = change.partition("=")
        if not equals or not key:
            raise UsageError(f"{change!r} is no setting; write KEY=VALUE, e.g. camera=1.")
        changed[key.strip().replace("-", "_")] = _value(value.strip())
    for key in arguments.unset:
        if values.pop(key.replace("-", "_"), None) is None:
            raise UsageError(f"There is no setting {key!r} to forget.")
    if arguments.changes or arguments.unset:
        check(changed)
        settings.write(values | changed, file)
        values = settings.read(file)
    print(f"# {file}" + ("" if file.exists() else " (does not exist yet)"))
    if arguments.changes or arguments.unset:
        for key, setting in values.items():
            print(f"{key} = {_told(setting)}")
    else:
        print("# what can be set, by 'livevision config KEY=VALUE'; * is what you have set\n")
        print("\n".join(_listed(values)))
    return 0


def _told(value: object) -> str:
    """A value as the settings file has it; "-" for none."""
    if value is None or value == ():
        return "-"
    return str(value).lower() if isinstance(value, bool) else f"{value!r}"


def _listed(values: Mapping[str, settings.Value]) -> Iterator[str]:
    """Every setting in its group: its value or default, what it does, and what it may be."""
    from livevision.commands import _playing

    parser = argparse.ArgumentParser(add_help=False)
    _playing.add_options(parser)
    left = dict(values)
    width = max(30, shutil.get_terminal_size().columns)
    secret = _secret()

    def entry(key: str, help: str, default: object, may_be: str) -> str:
        mine = key in left
        value = left.pop(key, default)
        shown = "(a secret)" if mine and key in secret else _told(value)
        help = help.split(" (default: ")[0] + (f" [{may_be}]" if may_be else "")
        help += f" (default: {_told(default)})" if mine and default is not None else ""
        head = f"{'*' if mine else ' '} {key} = {shown}"
        return (
            head
            + "\n"
            + textwrap.fill(help, width, initial_indent=INDENT, subsequent_indent=INDENT)
        )

    first = entry(settings.SOURCE, "the SOURCE when none is given", 0, "N, FILE or URL")
    for group in parser._action_groups:
        entries = [first] if group.title == "source" else []
        for action in group._group_actions:
            help = (
                (action.help or "") % vars(action) if "%(" in (action.help or "") else action.help
            )
            text = (help or "").replace("%%", "%")
            entries.append(entry(action.dest, text, action.default, _may_be(action)))
        if entries:
            yield f"{group.title}" + (f": {group.description}" if group.description else "")
            yield from entries
            yield ""
    for key, value in left.items():
        yield f"* {key} = {_told(value)}"
        yield f"{INDENT}no setting; forget it: livevision config --unset {key}"


def _may_be(action: argparse.Action) -> str:
    """What an option takes, in short."""
    if isinstance(action, argparse.BooleanOptionalAction):
        return "true, false"
    if action.nargs == 0:
        return "true"
    if action.choices is not None:
        return ", ".join(str(each) for each in action.choices)
    return action.metavar if isinstance(action.metavar, str) else action.dest.upper()


def _secret() -> set[str]:
    """Settings whose values are not to be printed."""
    kinds = (plugins.sources(), plugins.sinks(), plugins.recognizers())
    return {
        options.destination(each, name)
        for kind in kinds
        for name, plugin in kind.items()
        for each in options.declared(plugin.options)
        if options.spec(each).private
    }


def check(values: dict[str, settings.Value], *, file: Path | None = None) -> None:
    """Raises UsageError if 'run' would not understand `values`, which come from `file`."""
    if not values:  # as for most users, at every start
        return
    from livevision.commands import _playing

    parser = commands.Bare(add_help=False, allow_abbrev=False)
    _playing.add_options(parser)
    known = {action.dest: action for action in parser._actions}
    for key, value in values.items():  # one by one, so that the message names the culprit
        if value == "":
            raise UsageError(f"{key} has no value. Forget it with: livevision config --unset {key}")
        try:
            if key == settings.SOURCE:
                if file is None:  # what was there when it was set may be gone for the moment
                    _check_source(value)
            elif key not in known:
                near = difflib.get_close_matches(key, [*known, settings.SOURCE], n=1)
                meant = f" Did you mean {near[0]}?" if near else ""
                raise UsageError(
                    f"There is no setting {key!r}.{meant} 'livevision config' lists all."
                )
            else:
                _check_value(parser, known[key], value)
        except UsageError as error:
            if file is None:
                raise
            raise UsageError(
                f"The settings {file}: {error} Forget it with: livevision config --unset {key}"
            ) from error


def _check_value(
    parser: argparse.ArgumentParser, action: argparse.Action, value: settings.Value
) -> None:
    """Raises UsageError if an option does not take `value`."""
    told = _told(value)
    if isinstance(value, bool) != (action.nargs == 0):
        raise UsageError(f"{action.dest} cannot be {told}: it may be: {_may_be(action)}.")
    try:
        parser.parse_args(settings.words({action.dest: value}))
    except UsageError as error:
        why = str(error).partition(": ")[2]
        if not why or why.startswith(("invalid", "-")):
            why = f"it may be: {_may_be(action)}"
        raise UsageError(f"{action.dest} cannot be {told}: {why.rstrip('.')}.") from error


def _check_source(value: settings.Value) -> None:
    """Raises UsageError if `value` names no SOURCE that there may be."""
    from livevision.sources.opening import known

    spec = str(value)
    if isinstance(value, bool) or not (known(spec) or Path(spec).exists()):
        raise UsageError(
            f"{settings.SOURCE} cannot be {_told(value)}: give a camera's number "
            "('livevision devices' lists them), a URL, or a file or folder that there is."
        )


def _value(text: str) -> settings.Value:
    if text.lower() in ("true", "yes", "on"):
        return True
    if text.lower() in ("false", "no", "off"):
        return False
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
