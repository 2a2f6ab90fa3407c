"""Measure how well signs are read and faces are named, on your own pictures.

examples: livevision evaluate signs pictures/ --json signs.json
          livevision evaluate NAME --help        explains one of them
"""

import argparse

from livevision import commands, evaluation

SUMMARY = "measure accuracy on pictures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    subparsers = parser.add_subparsers(
        title="what to evaluate", metavar="NAME", dest="evaluation", required=True
    )
    for name in evaluation.available():
        module = evaluation.module(name)
        child = commands.add_parser(subparsers, name, module)
        module.add_arguments(child)
        child.set_defaults(evaluate=module.execute)


def execute(arguments: argparse.Namespace) -> int:
    return int(arguments.evaluate(arguments))
