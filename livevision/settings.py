"""What a user wants every time: one TOML file in their configuration folder.

Its entries are options of `livevision run`, e.g. `camera = 1`, `mirror = false`,
`size = "1280x720"`; they are put before the words of the command line, which therefore win.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from livevision import files
from livevision.errors import OutputError, UsageError

MARK = ".livevision"
"""The file that says that its folder is the program's own."""
_MARK = "Personal data of livevision; 'livevision privacy' shows and erases it.\n"

Value = bool | int | float | str

SOURCE = "camera"
"""The one entry that is no option: the SOURCE when none is given."""


def path() -> Path:
    """Where the settings are; the variable LIVEVISION_CONFIG names another file."""
    named = os.environ.get("LIVEVISION_CONFIG")
    if named:
        return Path(named)
    _check_home()
    import platformdirs

    return platformdirs.user_config_path("livevision", appauthor=False) / "settings.toml"


def data_folder() -> Path:
    """Where personal data is kept; the variable LIVEVISION_DATA names another folder."""
    named = os.environ.get("LIVEVISION_DATA")
    if named:
        return Path(named)
    _check_home()
    import platformdirs

    return platformdirs.user_data_path("livevision", appauthor=False)


def _check_home() -> None:
    """Raise UsageError if nobody knows where the user's files are, as for users without a name."""
    try:
        Path.home()
    except RuntimeError:
        raise UsageError(
            "It is not known where your files are kept. Set HOME, or LIVEVISION_CONFIG to a file "
            "and LIVEVISION_DATA to a folder."
        ) from None


def prepare_folder(folder: Path) -> None:
    """Make a folder for personal data, for its user alone; OSError if it cannot be made.

    The folder of data gets the mark by which it is known as ours if it is made here, or empty; one
    that is ours, and open to others, is closed to them.
    """
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    if folder != data_folder():
        return
    with suppress(OSError):  # read-only, or another user's, who lets us in
        if not any(folder.iterdir()):
            (folder / MARK).write_text(_MARK, encoding="utf-8")
        if is_ours(folder) and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)


def is_ours(folder: Path) -> bool:
    """Whether all that is in a folder of personal data may be thought of as the program's.

    True if it bears our mark, or is where the program keeps its data unless told otherwise; never
    for one that is reached through a link.
    """
    if folder.is_symlink():
        return False
    return (folder / MARK).is_file() or not os.environ.get("LIVEVISION_DATA")


def read(file: Path | None = None) -> dict[str, Value]:
    """The settings; empty if there is no file. Raises UsageError if it is no such file."""
    file = file or path()
    try:
        content = file.read_bytes()
    except FileNotFoundError:  # as for most users, who then need not wait for a parser
        return {}
    except OSError as error:
        raise _unreadable(file, error) from error
    import tomllib

    try:
        values: dict[str, Value] = tomllib.loads(content.decode("utf-8"))
    except ValueError as error:
        raise _unreadable(file, error) from error
    for key, value in values.items():
        if not isinstance(value, bool | int | float | str):
            raise UsageError(
                f"The settings {file} have a {key} that is neither text, number, true nor false. "
                "Mend the file or delete it."
            )
    return values


def _unreadable(file: Path, why: Exception) -> UsageError:
    return UsageError(f"Cannot read the settings {file}: {why}. Mend the file or delete it.")


def write(values: Mapping[str, Value], file: Path | None = None) -> None:
    """Replace the settings at once; raises OutputError if they cannot be written."""
    file = file or path()
    try:
        prepare_folder(file.parent)
    except OSError as error:
        raise OutputError(f"Cannot make the folder {file.parent}: {error.strerror}.") from error
    import tomlkit

    files.replace_text(file, tomlkit.dumps(dict(values)), private=True)


def source() -> str:
    """The SOURCE when none is given: the one the settings name, else camera 0."""
    return str(read().get(SOURCE, 0))


def words(values: Mapping[str, Value]) -> list[str]:
    """The settings as words of the command line of `run`, but for `camera`."""
    result = []
    for key, value in values.items():
        option = "--" + key.replace("_", "-")
        if key == SOURCE:
            continue
        if value is True:
            result.append(option)
        elif value is False:
            result.append("--no-" + option[2:])
        else:
            result.append(f"{option}={value}")
    return result
