"""What the house knows of a recogniser, a source or a sink: its manifest, and how it is found.

A recogniser is a folder in `livevision/recognizers`, or comes with an installed package whose entry
point in the group `livevision.recognizers` names its manifest; sources and sinks likewise, in the
groups `livevision.sources` and `livevision.sinks`. Manifests are imported for `--help`, so nothing
heavy may be imported beside them: what they name is imported when it is used.
"""

import logging
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from livevision.errors import UsageError
from livevision.options import NoOptions

if TYPE_CHECKING:
    from livevision.pipeline import Controls
    from livevision.recognizers.recognizer import Model
    from livevision.sinks import Sink
    from livevision.sinks.look import Look
    from livevision.sources import Source

log = logging.getLogger(__name__)

OK, WARNING, BROKEN = "ok", "warning", "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """What `doctor` found, and the cure where it found trouble."""

    name: str
    state: Literal["ok", "warning", "broken"] | str
    found: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file with personal data, for `privacy`."""

    what: str
    path: Path
    ours: bool = True
    """Whether the program made it by itself, so that it may erase it."""

    @property
    def size(self) -> int:
        """Bytes; of a link, those of the link."""
        return self.path.lstat().st_size


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of detection or event is told of, wherever it appears."""

    name: str
    """Its `kind`: "letter", "person", "hand", ..."""
    singular: str = ""
    """What one event of it is called in a run's summary; its name unless given."""
    plural: str = ""
    """For summaries, "people"; the name and an s unless given."""
    view: str = ""
    """Key of its own list in a clip's JSON of schema 1, "people"; none unless given."""
    key: str = ""
    """Key of its label there and in lines of `--events`, "name"; none of its own unless given."""
    counted: bool = True
    """Whether a run's summary says how many there were."""
    caption: bool = False
    """Whether its labels stand in the running text, so that its times are those of captions."""
    spoken: bool = False
    """Whether it is said aloud."""
    metric: bool = False
    """Whether detections of it in sight are counted for Prometheus."""
    unnamed: str = ""
    """What is drawn where a detection says nothing; nothing unless given."""
    unknown: tuple[str, ...] = ("",)
    """Labels that say nothing: no probability is drawn beside them."""
    private: bool = False
    """Whether it shows a person, who is made unrecognisable without a name if asked for."""
    signer: Literal["", "signs", "named"] = ""
    """For transcripts: "signs" if it may be somebody's hand, "named" if it tells who that is."""
    still: str = ""
    """The kind of event that a labelled detection of it is in a picture that stands alone."""
    odds: bool = True
    """Whether its probability is drawn beside its label; not where dozens stand close together."""
    dots: bool = True
    """Whether landmarks that no lines join are drawn."""
    scale: float = 1.3
    """Size of the drawn label, in the size of small print."""
    colors: tuple[tuple[int, int, int], ...] = ((167, 121, 204),)
    """Blue, green, red of its outline, by track in turn; purple unless given."""
    unnamed_color: tuple[int, int, int] | None = None
    """The same for one that says nothing; its colour otherwise."""

    @property
    def one(self) -> str:
        return self.singular or self.name

    @property
    def many(self) -> str:
        return self.plural or f"{self.name}s"


TEXT = Kind("text", key="text", counted=False)
"""The running text as a line of a transcript."""

Options = TypeVar("Options")


def _nothing() -> Iterable[Any]:
    return ()


def _off() -> tuple[bool, str]:
    return False, ""


@dataclass(frozen=True, kw_only=True)
class RecognizerPlugin(Generic[Options]):
    """The manifest of a recogniser."""

    name: str
    """Lower case; that of its folder, its option `--NAME` and its folder of models."""
    summary: str
    """One line for `--help`."""
    load: Callable[[Options, Path], "Model"]
    """Makes its model from options and the folder of its model files; heavy imports in there."""
    options: type[Options] = NoOptions  # type: ignore[assignment]
    """A frozen dataclass whose fields have defaults (`livevision.options.option`)."""
    wanted: Callable[[], tuple[bool, str]] = _off
    """Is it on when nobody says, and a hint to print when it is not."""
    kinds: tuple[Kind, ...] = ()
    """The kinds of its detections and events."""
    commands: Mapping[str, str] = field(default_factory=dict)
    """Commands of its own: name and module, as in `livevision.commands`."""
    synonyms: Mapping[str, str] = field(default_factory=dict)
    """What people type before they know its commands, and what they mean, to be proposed:
    `{"calibrate": "signs calibrate"}`."""
    evaluations: Mapping[str, str] = field(default_factory=dict)
    """The same for `livevision evaluate NAME`."""
    trainings: Mapping[str, str] = field(default_factory=dict)
    """The same for `livevision train NAME`."""
    teaching: str = ""
    """Module of what `livevision teach NAME` needs, if it can be taught by examples:
    `measured(image)`, `called(name)`, `known(models)`, `current(models)`, `taught_file()`."""
    activities: Mapping[str, str] = field(default_factory=dict)
    """What somebody before a camera can do beside being read: name and module, which is as
    `livevision.recognizers.activity` says."""
    weights: str = ""
    """Module of weights that are not ours to hand on, for `livevision models`; it has `WHAT` (the
    package and its digest), `installed() -> Path` and `setup(tarball or None, tell) -> Path`."""
    demo: str = ""
    """The module whose `prepare(folder) -> options` makes it ready for `livevision demo`, with what
    it needs in a temporary folder. It is shown there, beside others, unless its module has a
    `scene() -> livevision.demo.Scene` of its own as well: then it is shown when asked for, as is
    one without such a module, which is given the picture of all."""
    checks: Callable[[], Iterable[Check]] = _nothing
    """What `doctor` should look at."""
    personal: Callable[[], Iterable[Kept]] = _nothing
    """Files with personal data that exist now, for `privacy`."""


@dataclass(frozen=True, kw_only=True)
class SourcePlugin(Generic[Options]):
    """The manifest of a kind of source."""

    name: str
    summary: str
    """One line for the help page: what SOURCE may be."""
    open: Callable[[str, Options, "SourceWish"], "Source"]
    """Makes the source, not yet opened, that a word names; heavy imports in there."""
    options: type[Options] = NoOptions  # type: ignore[assignment]
    schemes: tuple[str, ...] = ()
    """Beginnings of the addresses that are its own, "rtsp"."""
    claims: Callable[[str], bool] = lambda spec: False
    """Whether a word without a scheme is its own: a camera's number, a file."""
    live: bool = False
    """Whether it may go away and come back, so that it is worth waiting for: its source is a
    `Renewable`."""
    paced: bool = False
    """Whether it may be a recording, which `--realtime` plays at its own speed."""


@dataclass(frozen=True, slots=True)
class SourceWish:
    """What is asked of any source."""

    size: tuple[int, int] | None = None
    """(width, height) in pixels, of a camera."""
    fps: float | None = None
    """Of a camera, or of pictures in a folder."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a sink may know of the run that it is opened for."""

    source: str
    """The source's name."""
    live: bool
    look: "Look"
    """How the picture is drawn."""
    shown: bool = False
    """Whether a window shows the picture."""
    mirror: bool = False
    """Whether it does so as a mirror does."""
    camera: bool = False
    """Whether the source is a camera of this machine, so that there may be a next one."""
    recognizers: Sequence[str] | None = None
    """Names of the recognisers that look at it; None if not known."""
    controls: "Controls | None" = None
    """Where a sink may send commands."""
    opened: "Sequence[Sink]" = ()
    """The sinks before it."""


@dataclass(frozen=True, kw_only=True)
class SinkPlugin(Generic[Options]):
    """The manifest of a kind of sink."""

    name: str
    summary: str
    open: Callable[[Options, RunContext], Iterable["Sink"]]
    """Makes the sinks that the options ask for, none or several; heavy imports in there."""
    options: type[Options] = NoOptions  # type: ignore[assignment]
    outputs: Callable[[Options], Sequence[Path]] = lambda options: ()
    """The files that it would write."""


@cache
def recognizers() -> Mapping[str, "RecognizerPlugin[Any]"]:
    """All recognisers by name: those of the house, then those of other packages."""
    folder = Path(__file__).parent / "recognizers"
    found: dict[str, RecognizerPlugin[Any]] = {}
    for each in pkgutil.iter_modules([str(folder)]):
        if not each.ispkg:
            continue
        try:
            manifest = import_module(f"livevision.recognizers.{each.name}").PLUGIN
            found[manifest.name] = manifest
        except Exception as error:  # one that is being written must not take the house down
            log.warning("The recogniser's folder %s cannot be used: %s", each.name, error)
    return dict(sorted((found | _installed("recognizers", RecognizerPlugin, found)).items()))


@cache
def sources() -> Mapping[str, "SourcePlugin[Any]"]:
    """All kinds of sources by name; those of other packages come first: they claim less."""
    own = {each.name: each for each in import_module("livevision.sources.kinds").KINDS}
    return _installed("sources", SourcePlugin, own) | own


@cache
def sinks() -> Mapping[str, "SinkPlugin[Any]"]:
    """All kinds of sinks by name, in the order in which they get results."""
    own = {each.name: each for each in import_module("livevision.sinks.kinds").KINDS}
    return _installed("sinks", SinkPlugin, own) | own


def recognizer(name: str) -> "RecognizerPlugin[Any]":
    """The manifest of the recogniser `name`; UsageError if there is none."""
    try:
        return recognizers()[name]
    except KeyError:
        raise UsageError(
            f"No recogniser {name!r}; there are: {', '.join(recognizers()) or 'none'}."
        ) from None


@cache
def kinds() -> Mapping[str, Kind]:
    """Every declared kind of detection and event by its name."""
    declared = {kind.name: kind for each in recognizers().values() for kind in each.kinds}
    return {TEXT.name: TEXT} | declared


def kind(name: str) -> Kind:
    """How `name` is told of; a plain way if nobody declares it."""
    return kinds().get(name) or Kind(name)


def rooms(room: Literal["commands", "synonyms", "evaluations", "trainings"]) -> dict[str, str]:
    """Names and modules, or meanings, of what all recognisers have in a room of theirs."""
    found: dict[str, str] = {}
    for each in recognizers().values():
        found |= getattr(each, room)
    return found


def refresh() -> None:
    """Look for plug-ins anew; for tests, and programs that install some."""
    for each in (recognizers, sources, sinks, kinds, _entry_points):
        each.cache_clear()


@cache
def _entry_points() -> Any:
    """Those of all installed packages, whose `select` chooses: a file of each is read for them."""
    return metadata.entry_points()


def _installed(group: str, manifest: type, own: Mapping[str, Any]) -> dict[str, Any]:
    """Manifests that other packages bring; one that fails is told of and passed over."""
    found: dict[str, Any] = {}
    for entry in _entry_points().select(group=f"livevision.{group}"):
        try:
            loaded = entry.load()
            if not isinstance(loaded, manifest):
                raise TypeError(f"{entry.value} is no {manifest.__name__}")
            name: str = loaded.name  # type: ignore[attr-defined]
            if name in own or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(f"its name, {name!r}, is taken or no name")
            found[name] = loaded
        except Exception as error:  # a package of somebody else's must not take us down
            log.warning("The plug-in %s cannot be used: %s", entry.name, error)
    return found
