"""Measure how well signs are read and faces are named, on your own pictures.

examples: livevision evaluate signs pictures/ --json signs.json
          livevision evaluate NAME --help        explains one of them
"""

import argparse
from importlib import import_module

from livevision import commands, plugins

SUMMARY = "measure accuracy on pictures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    subparsers = parser.add_subparsers(
        title="what to evaluate", metavar="NAME", dest="evaluation", required=True
    )
    for name, place in sorted(plugins.rooms("evaluations").items()):
        module = import_module(place)
        child = commands.add_parser(subparsers, name, module)
        module.add_arguments(child)
        child.set_defaults(evaluate=module.execute)


def execute(arguments: argparse.Namespace) -> int:
    return int(arguments.evaluate(arguments))
