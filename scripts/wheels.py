"""Which packages of uv.lock have no wheel for a machine: what people there would have to compile.

    .venv/bin/python scripts/wheels.py                              (64-bit ARM on Linux)
    .venv/bin/python scripts/wheels.py --machine x86_64 --python 3.14

It looks at what `make demo` installs, with all that these packages need there.
"""

import argparse
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

LOCK = Path(__file__).parents[1] / "uv.lock"
EXTRAS = ("mqtt", "serve")
"""What `make demo` installs beside the live program."""
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
GLIBC = 36
"""glibc 2.x of Debian 12, the oldest system that is tried."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machine", default="aarch64", help="of Linux (default: %(default)s)")
    parser.add_argument("--python", action="append", choices=PYTHONS, help="default: all")
    arguments = parser.parse_args()
    packages = tomllib.loads(LOCK.read_text("utf-8"))["package"]
    for python in arguments.python or PYTHONS:
        environment = _environment(python, arguments.machine)
        wanted = _wanted(packages, environment)
        tags = frozenset(_tags(python, arguments.machine))
        lacking = [each for each in wanted if not _has_wheel(each, tags)]
        names = ", ".join(f"{each['name']} {each['version']}" for each in lacking)
        print(
            f"Python {python} on {arguments.machine}: {len(wanted)} packages, "
            f"without a wheel: {names or 'none'}"
        )


def _environment(python: str, machine: str) -> dict[str, str]:
    return {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }


def _wanted(packages: list[dict[str, Any]], environment: dict[str, str]) -> list[dict[str, Any]]:
    """The packages of the lock that are installed there, but for livevision itself."""
    chosen: dict[str, dict[str, Any]] = {}
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def fits(needed: dict[str, Any]) -> bool:
        return "marker" not in needed or Marker(needed["marker"]).evaluate(environment)

    def add(needed: dict[str, Any]) -> None:
        if not fits(needed):
            return
        same = [
            each
            for each in packages
            if each["name"] == needed["name"]
            and needed.get("version", each["version"]) == each["version"]
        ]
        for package in same:
            for extra in ("", *needed.get("extra", ())):
                if (package["name"], extra) in found:
                    continue
                found[package["name"], extra] = package
                chosen[package["name"]] = package
                inner = package.get("dependencies", [])
                if extra:
                    inner = package.get("optional-dependencies", {}).get(extra, [])
                for each in inner:
                    add(each)

    add({"name": "livevision", "extra": EXTRAS})
    return [each for name, each in sorted(chosen.items()) if name != "livevision"]


def _tags(python: str, machine: str) -> Iterator[Tag]:
    """What wheels may be called that can be installed there."""
    version = tuple(int(each) for each in python.split("."))
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC, 4, -1)]
    platforms += [f"manylinux2014_{machine}", f"linux_{machine}"]
    yield from cpython_tags(version, platforms=platforms)
    yield from compatible_tags(version, f"cp{version[0]}{version[1]}", platforms)


def _has_wheel(package: dict[str, Any], tags: frozenset[Tag]) -> bool:
    urls = (each["url"] for each in package.get("wheels", ()))
    return any(parse_wheel_filename(url.rpartition("/")[2])[3] & tags for url in urls)


if __name__ == "__main__":
    main()
