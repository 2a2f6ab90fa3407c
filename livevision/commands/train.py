"""Train a recogniser's models anew.

example: livevision train signs --data pictures/
         livevision train NAME --help        explains one of them
"""

import argparse
from importlib import import_module

from livevision import commands, plugins

SUMMARY = "train models from pictures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    subparsers = parser.add_subparsers(
        title="what to train", metavar="NAME", dest="training", required=True
    )
    for name, place in sorted(plugins.rooms("trainings").items()):
        module = import_module(place)
        child = commands.add_parser(subparsers, name, module)
        module.add_arguments(child)
        child.set_defaults(train=module.execute)


def execute(arguments: argparse.Namespace) -> int:
    return int(arguments.train(arguments))
