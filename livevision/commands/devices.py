"""List the cameras of this machine: number, name, sizes and frames per second.

examples: livevision devices
          livevision devices --json
"""

import argparse
import json
from dataclasses import asdict

SUMMARY = "list the cameras"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def execute(arguments: argparse.Namespace) -> int:
    from livevision.sources.camera import devices

    found = devices()
    if arguments.json:
        print(json.dumps([asdict(device) for device in found], indent=2))
    elif not found:
        print("No camera found. 'livevision demo' needs none.")
    else:
        for device in found:
            print(device)
    return 0
