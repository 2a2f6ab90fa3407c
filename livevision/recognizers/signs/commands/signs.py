"""Show livevision how you sign, and teach it signs of your own.

examples:
  livevision signs calibrate                      (leads you through the letters at the camera)
  livevision signs calibrate --letters AEST       (only these)
  livevision signs calibrate my-letters/          (A.mp4, B.mp4 ... or A/*.jpg, B/*.jpg ...)
  livevision signs teach "I love you"             (from the camera)
  livevision signs teach thanks thanks.mp4
  livevision signs list
  livevision signs forget "I love you"            (without a name: everything)

What you show re-weights only what the general model is unsure of, and only if that makes more of
your own examples right. No picture is kept: 21 landmarks a look, in one file that only you can
read; '--no-signs-personal' of the other commands leaves it aside.
"""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livevision import assets, languages, recognizers, settings, signals
from livevision.commands import _output
from livevision.errors import SourceError, UsageError
from livevision.frame import Result
from livevision.recognizers.signs.coach import HOW
from livevision.recognizers.signs.commands import KEYS, add_look, look
from livevision.sinks import Sink

if TYPE_CHECKING:
    from livevision.frame import Image
    from livevision.recognizers.signs.classifiers import Classifier
    from livevision.recognizers.signs.commands.board import Card
    from livevision.recognizers.signs.lesson import Lesson
    from livevision.recognizers.signs.personal import Example, Layer
    from livevision.sinks.overlay import Look, Status

SUMMARY = "show how you sign, teach signs of your own"
LETTERS = "ABCDEFGHIKLMNOPQRSTUVWXY"
"""All but J and Z, which are movements."""
HELP = (
    ("Tab  →", "go on with the next sign"),
    ("Backspace  ←", "this sign, or the last one, once more"),
    ("Space bar", "pause, go on"),
    ("m", "mirror"),
    ("+  -", "larger, smaller text"),
    ("q  Esc", "quit, and keep what was shown"),
    ("h", "this page"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(
        name: str, help_: str, act: "Callable[[argparse.Namespace], int]"
    ) -> argparse.ArgumentParser:
        child = actions.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".")
        child.set_defaults(act=act)
        return child

    calibrate = action("calibrate", "show how you sign the letters", _calibrate)
    calibrate.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a camera's number or address (default: 0, or what 'livevision config camera=N' "
        "says), or a folder with a clip or a folder of pictures for each letter",
    )
    calibrate.add_argument(
        "--yes", action="store_true", help="keep what is mostly read as another letter, unasked"
    )
    calibrate.add_argument(
        "--letters", default=LETTERS, metavar="ABC", help="which letters (default: all but J, Z)"
    )
    teach = action("teach", "teach a sign of your own", _teach)
    teach.add_argument("name", metavar="NAME", help="what to call the sign")
    teach.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a camera's number or address (default: 0, or what 'livevision config camera=N' "
        "says), a clip, or a folder of pictures",
    )
    for child, count in ((calibrate, 12), (teach, 20)):
        child.add_argument(
            "--examples",
            type=_looks,
            default=count,
            metavar="N",
            help="how many looks at each sign, 4 to 100 (default: %(default)s)",
        )
        child.add_argument("--left-handed", action="store_true", help="show left hands")
        add_look(child)
        child.add_argument(
            "--window",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="show the picture, where there is a display",
        )
        recognizers.add_options(child, "signs")
    action("list", "show what is known of you", _list)
    forget = action("forget", "erase what is known of you", _forget)
    forget.add_argument("names", nargs="*", metavar="NAME", help="only these letters and signs")


def execute(arguments: argparse.Namespace) -> int:
    if getattr(arguments, "source", "") is None:
        arguments.source = settings.source()
    return int(arguments.act(arguments))


def _looks(text: str) -> int:
    if not text.isdecimal() or not 4 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 4 to 100")
    return int(text)


def _calibrate(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.signs import personal
    from livevision.recognizers.signs.lesson import mistaken

    letters = list(dict.fromkeys(arguments.letters.upper()))
    if not letters or not set(letters) <= set(LETTERS):
        raise UsageError(f"--letters takes letters other than J and Z, not {arguments.letters!r}.")
    layer = personal.read()
    source = Path(arguments.source)
    if _output.is_camera(arguments.source):
        examples = _lead(letters, arguments)
    else:
        found = {letter: _paths(source, letter) for letter in letters}
        found = {letter: paths for letter, paths in found.items() if paths}
        if not found:
            raise UsageError(
                f"{source} has neither clips nor folders of pictures named by letters: "
                f"expected {source / 'A.mp4'} or {source / 'A'}/*.jpg."
            )
        examples = _gather(found, arguments)
    wrong = mistaken(examples)
    language = look(arguments).language
    if wrong and not arguments.yes and not _kept(wrong, language):
        examples = [each for each in examples if each.label not in wrong]
        print(languages.say(f"Left out: {', '.join(wrong)}", language))
    layer = layer.with_examples(examples)
    personal.write(layer)
    _missing(letters, examples, wrong)
    _tell(layer)
    return 0


def _kept(wrong: Mapping[str, str], language: str) -> bool:
    """Whether looks at letters that are mostly read as others are to be kept all the same."""
    print(languages.say("Most of what you showed looks like another letter:", language))
    for letter, other in wrong.items():
        read = languages.say(f"{letter} read as {other}", language)
        print(f"  {read}. {letter}: {languages.say(HOW[letter], language)}")
    if not sys.stdin.isatty():
        print("These are not kept; with --yes they are.")
        return False
    asked = "Keep them? Only if you sign them so on purpose. (yes/no)"
    answer = input(f"{languages.say(asked, language)} ").strip().lower()
    return answer in {"y", "yes", languages.say("yes", language).lower()}


def _teach(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.signs import personal

    name = personal.checked_name(arguments.name)
    layer = personal.read()
    if _output.is_camera(arguments.source):
        examples = _lead([name], arguments)
    else:
        source = Path(arguments.source)
        paths = _inside(source) if source.is_dir() else [source]
        examples = _gather({name: paths}, arguments)
    layer = layer.with_examples(examples)
    personal.write(layer)
    taken = Counter(_label(each) for each in examples)
    letter, times = taken.most_common(1)[0]
    print(f"{name} is taught from {len(examples)} looks.")
    if letter and times > len(examples) / 2:
        print(f"It looks much like {letter}: held just so, {letter} will be read as {name}.")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.signs import personal

    layer = personal.read()
    if not layer.examples:
        print("Nothing is known of you. Begin with: livevision signs calibrate")
        return 0
    counts = Counter(each.label for each in layer.examples)
    print(f"{personal.path()}:")
    for kind, labels in (("letter", layer.letters), ("sign", layer.taught)):
        for label in labels:
            print(f"  {kind:<7} {label:<12} {counts[label]:3} looks")
    _tell(layer)
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    from livevision.recognizers.signs import personal

    if not arguments.names:
        personal.write(personal.Layer())
        print("All is forgotten.")
        return 0
    layer = personal.read()
    names = [name.upper() if len(name) == 1 else name for name in arguments.names]
    unknown = set(names) - {*layer.letters, *layer.taught}
    if unknown:
        raise UsageError(f"Not known: {', '.join(sorted(unknown))}. See: livevision signs list")
    personal.write(layer.without(names))
    print(f"Forgotten: {', '.join(names)}.")
    return 0


class _Prompts(Sink):
    """Prints what to do, for want of a window."""

    def __init__(self, language: str) -> None:
        self._said = ""
        self._language = language

    def write(self, result: Result) -> None:
        if result.text != self._said:
            self._said = result.text
            print(languages.say(result.text, self._language), flush=True)


def _lead(signs: Sequence[str], arguments: argparse.Namespace) -> "list[Example]":
    """Lead the user through `signs` at the camera."""
    from livevision import pipeline
    from livevision.locators.hands import HandLocator
    from livevision.pipeline import Controls
    from livevision.recognizers.signs import handshapes
    from livevision.recognizers.signs.lesson import Lesson
    from livevision.sinks.window import Window, display_available
    from livevision.sources import open_source

    controls = Controls()
    seen = look(arguments, mirror=True)
    classifier = _classifier(arguments)
    lesson = Lesson(
        signs,
        classifier,
        HandLocator(max_hands=1),
        count=arguments.examples,
        pictures=handshapes.pictures(signs),
        done=lambda: controls.send("quit"),
    )
    sinks: list[Sink] = []
    if arguments.window and display_available():
        sinks.append(
            Window(
                controls,
                look=seen,
                page=Page(lesson, signs, arguments.examples, flipped=not arguments.left_handed),
                keys=KEYS,
                help=HELP,
                title="livevision signs",
            )
        )
    else:
        sinks.append(_Prompts(seen.language))
    summary = pipeline.run(open_source(arguments.source), [lesson], sinks, controls=controls)
    code = _output.outcome(summary)
    if code == signals.INTERRUPTED:
        raise KeyboardInterrupt
    if not lesson.examples:
        raise SourceError("No hand held still long enough. Hold each sign up to the camera.")
    return lesson.examples


class Page:
    """What the window shows: the sign to hold, and how many looks at it there are."""

    def __init__(
        self, lesson: "Lesson", signs: Sequence[str], looks: int, *, flipped: bool
    ) -> None:
        self._lesson = lesson
        self._signs = signs
        self._looks = looks
        self._flipped = flipped

    def __call__(
        self, result: Result, look: "Look", status: "Status", size: tuple[int, int]
    ) -> "Image":
        """The page, (height, width, 3) BGR; `size` is (width, height)."""
        from livevision.recognizers.signs.commands import board

        return board.draw(self.card(), result, look, status, size)

    def card(self) -> "Card":
        """What to say of the sign that is due."""
        from livevision.recognizers.signs.commands.board import Card

        place, taken = self._lesson.progress
        if place == len(self._signs):
            return Card("", message="Thank you", place=place, count=place)
        sign, waits = self._signs[place], self._lesson.waits
        other = self._lesson.taken_for if len(sign) == 1 else ""
        now = f"{taken} of {self._looks} looks" if taken else "Hold it, and turn it a little."
        if other not in ("", sign):
            now += f", read as {other} so far"
        return Card(
            sign,
            how=HOW.get(sign, "your own sign"),
            message=f"Get ready: {math.ceil(waits)}" if waits else now,
            good=other in ("", sign),
            plain=not taken,
            place=place,
            count=len(self._signs),
            part=taken / self._looks,
            keys="Tab: next     Backspace: once more     h: all keys     q: quit",
            flipped=self._flipped,
        )


def _gather(
    found: "Mapping[str, Sequence[Path]]", arguments: argparse.Namespace
) -> "list[Example]":
    """Examples from clips and pictures."""
    from rich.console import Console
    from rich.progress import track

    from livevision.locators.hands import HandLocator
    from livevision.recognizers.signs.lesson import collect

    classifier, locator = _classifier(arguments), HandLocator(max_hands=1)
    console = Console(stderr=True)
    examples: list[Example] = []
    for sign, paths in track(
        found.items(), "looking", console=console, transient=True, disable=not console.is_terminal
    ):
        images = _images(paths)
        examples += collect(sign, images, classifier, locator, count=arguments.examples)
    if not examples:
        raise SourceError("No hand was found. Take pictures in which the whole hand is seen.")
    return examples


def _images(paths: "Sequence[Path]") -> "Iterator[tuple[Image, float | None]]":
    from livevision.pictures import SUFFIXES
    from livevision.sources import open_source

    for path in paths:
        with open_source(str(path)) as source:
            for frame in source:
                yield frame.image, None if path.suffix.lower() in SUFFIXES else frame.time


def _paths(folder: Path, letter: str) -> list[Path]:
    """The clips and pictures of a letter: LETTER.* or all in LETTER/."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is neither a camera's number or address nor a folder.")
    paths: list[Path] = []
    for child in sorted(folder.iterdir()):
        if child.is_dir() and child.name.upper() == letter:
            paths += _inside(child)
        elif child.is_file() and child.stem.upper() == letter:
            paths.append(child)
    return paths


def _inside(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(".")
    ]


def _classifier(arguments: argparse.Namespace) -> "Classifier":
    from livevision.recognizers.signs.classifiers import load_classifier

    return load_classifier(arguments.signs_model, assets.folder("models") / "signs")


def _label(example: "Example") -> str:
    from livevision.recognizers.signs.classifiers import LABELS

    return str(LABELS[int(example.chances.argmax())])


def _missing(
    letters: "Sequence[str]", examples: "Sequence[Example]", wrong: Mapping[str, str]
) -> None:
    shown = {each.label for each in examples} | {*wrong}
    left = [letter for letter in letters if letter not in shown]
    if left:
        print(f"Not seen clearly enough: {', '.join(left)}. Try '--letters {''.join(left)}'.")


def _tell(layer: "Layer") -> None:
    """How the user's own letters are read, with and without the layer."""
    from rich.console import Console

    from livevision.recognizers.signs import personal

    if not layer.letters:
        return
    general = personal.answers(layer.examples, 0.0)
    own = personal.answers(layer.examples, layer.weight)
    console = Console()
    console.print(_confusions(own))
    before, after = (
        sum(answer == each.label for answer, each in pairs) / len(pairs) for pairs in (general, own)
    )
    gain = (
        f"with your examples {after:.1%} (cross-validated; they count {layer.weight:g})."
        if layer.weight
        else "your examples would make no more of them right, so they are not used."
    )
    console.print(
        f"Of your own letters the general model reads {before:.1%}; {gain}", highlight=False
    )


def _confusions(pairs: "Sequence[tuple[str, Example]]") -> Any:
    from rich.table import Table

    rows: dict[str, Counter[str]] = {}
    for answer, each in pairs:
        rows.setdefault(each.label, Counter())[answer or "no sign"] += 1
    table = Table("letter", "looks", "right", "taken for", title="you", title_justify="left")
    for letter in sorted(rows):
        row = rows[letter]
        others = ", ".join(f"{name} {n}" for name, n in row.most_common() if name != letter)
        table.add_row(letter, str(row.total()), f"{row[letter] / row.total():.0%}", others)
    return table
