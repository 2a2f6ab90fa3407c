"""Show, or change, the settings that every 'livevision run' starts from.

A setting is an option of 'run' without its dashes; 'camera' is the SOURCE when none is given.
The command line wins over the settings.

examples: livevision config
          livevision config camera=1 mirror=false size=1280x720
          livevision config --unset mirror
"""

import argparse
from pathlib import Path

from livevision import settings
from livevision.errors import UsageError

SUMMARY = "show or change what 'run' starts from"


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
    for key, setting in values.items():
        print(f"{key} = {setting!r}" if isinstance(setting, str) else f"{key} = {setting}".lower())
    return 0


def check(values: dict[str, settings.Value], *, file: Path | None = None) -> None:
    """Raises UsageError if 'run' would not understand `values`, which come from `file`."""
    from livevision.commands import _playing

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> None:  # type: ignore[override]
            raise UsageError(f"Not a setting of 'livevision run': {message}")

    parser = Parser(add_help=False, allow_abbrev=False)
    _playing.add_options(parser)
    for key, value in values.items():  # one by one, so that the message names the culprit
        if value == "":
            raise UsageError(f"{key} has no value. Forget it with: livevision config --unset {key}")
        try:
            parser.parse_args(settings.words({key: value}))
        except UsageError as error:
            if file is None:
                raise
            raise UsageError(
                f"The settings {file}: {error}. Forget it with: livevision config --unset {key}"
            ) from error


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
