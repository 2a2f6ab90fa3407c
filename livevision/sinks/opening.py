"""The sinks that the options of a command ask for."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from livevision import options, plugins
from livevision.plugins import RunContext
from livevision.sinks.look import Look
from livevision.sinks.sink import Sink


def add_arguments(parser: argparse.ArgumentParser, *, without: Sequence[str] = ()) -> None:
    """Declare the options of all kinds of sinks but `without`, and of how the picture looks."""
    output = parser.add_argument_group("output")
    for name, kind in plugins.sinks().items():
        if name not in without:
            options.add_arguments(output, kind.options, name)
    options.add_arguments(parser.add_argument_group("look"), Look)


def look(arguments: argparse.Namespace) -> Look:
    """How the picture is to be drawn."""
    return options.values(Look, arguments)


def outputs(arguments: argparse.Namespace) -> list[Path]:
    """The files that will be written."""
    return [
        file
        for name, kind in plugins.sinks().items()
        for file in kind.outputs(options.values(kind.options, arguments, name))
    ]


def open_sinks(
    arguments: argparse.Namespace, context: RunContext, *, without: Sequence[str] = ()
) -> list[Sink]:
    """The sinks that `arguments` ask for, not yet entered, each with its plug-in's name."""
    opened: list[Sink] = []
    for name, kind in plugins.sinks().items():
        if name in without:
            continue
        chosen = options.values(kind.options, arguments, name)
        for sink in kind.open(chosen, replace(context, opened=tuple(opened))):
            sink.name = sink.name or name
            opened.append(sink)
    return opened
