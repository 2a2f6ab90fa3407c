"""Train the models of signs anew, from pictures of hands.

DIR holds signs/photos/SOURCE/LETTER/*.jpg and signs/signmnist/train.npz and test.npz. The
sources are first held out in five parts, each read by models trained on the others: that is what
the figures in the card are of. Work that is done is kept in the cache, so that a run can be
interrupted and repeated. Needs the extra `train`.

examples: livevision train signs --data pictures/
          livevision train signs --data pictures/ --cross-validate --report signs.html
          livevision train signs --data pictures/ --cross-validate --only cnn28 --without denoise
"""

import argparse
from importlib.util import find_spec
from pathlib import Path

from platformdirs import user_cache_dir

from livevision import assets
from livevision.errors import UsageError

SUMMARY = "train the models of signs from pictures"
NETWORKS = ("cnn28", "landmarks", "fused")
STEPS = ("crop", "denoise", "normalize")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of data")
    parser.add_argument(
        "--cross-validate",
        action="store_true",
        help="only measure on people held out; write no model",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=NETWORKS,
        metavar="MODEL",
        help=f"train this one alone: {', '.join(NETWORKS)}; may be repeated",
    )
    parser.add_argument(
        "--rendered",
        type=Path,
        metavar="DIR",
        help="folder of rendered hands, LETTER/*.jpg, to train on as well",
    )
    parser.add_argument("--seed", type=int, default=1, help="of all chance (default: %(default)s)")
    parser.add_argument("--epochs", type=int, metavar="N", help="fewer than planned, for a trial")
    parser.add_argument(
        "--held-out",
        action="append",
        default=[],
        metavar="SOURCE",
        help="with --cross-validate: measure on this source alone; repeated, several are held out "
        "together",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=STEPS,
        metavar="STEP",
        help="with --cross-validate: measure cnn28 without this step of its pictures, too: "
        f"{', '.join(STEPS)}; may be repeated",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write an HTML page of figures")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="folder of the models (default: the bundled one)"
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="folder for what can be used again"
    )


def execute(arguments: argparse.Namespace) -> int:
    if find_spec("tensorflow") is None:
        raise UsageError(
            "Training needs TensorFlow, which is not installed: "
            "install the extra with 'uv sync --extra train' or 'pip install livevision[train]'."
        )
    if not arguments.data.is_dir():
        raise UsageError(f"--data {arguments.data} is not a folder.")
    if arguments.rendered is not None and not arguments.rendered.is_dir():
        raise UsageError(f"--rendered {arguments.rendered} is not a folder.")
    if arguments.epochs is not None and arguments.epochs < 1:
        raise UsageError("--epochs must be 1 or more.")
    if (arguments.held_out or arguments.without) and not arguments.cross_validate:
        raise UsageError("--held-out and --without only measure: add --cross-validate.")
    from livevision.recognizers.signs.training.run import run
    from livevision.recognizers.signs.training.signs import Request

    cache = arguments.cache or Path(user_cache_dir("livevision", appauthor=False)) / "training"
    request = Request(
        data=arguments.data,
        cache=cache,
        rendered=arguments.rendered,
        models=arguments.output or assets.folder("models") / "signs",
        networks=tuple(arguments.only or NETWORKS),
        seed=arguments.seed,
        epochs=arguments.epochs,
        held_out=tuple(arguments.held_out),
        without=tuple(arguments.without),
    )
    run(request, report=arguments.report, only_measure=arguments.cross_validate)
    return 0
