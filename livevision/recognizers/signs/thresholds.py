"""What the decoding of letters, drawings and words goes by, each with unit and reason.

`livevision evaluate spelling CLIPS --sensitivity` moves each of them down and up and tells what
comes of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar

_Owner = TypeVar("_Owner")
_KEY = "threshold"


@dataclass(frozen=True, slots=True)
class Spec:
    """What is known of a threshold beside its value."""

    unit: str
    reason: str


def threshold(value: Any, unit: str, reason: str) -> Any:
    """A field of a dataclass of thresholds."""
    return field(default=value, metadata={_KEY: Spec(unit, reason)})


@dataclass(frozen=True, slots=True)
class Motion:
    """How the movement of a hand is measured."""

    lag: float = threshold(
        0.03, "s", "least time between two looks that are compared, so that jitter is no movement"
    )
    memory: float = threshold(
        0.25, "s", "time constant of the running means of a hand's size and unrest"
    )
    release: float = threshold(
        0.3, "s", "without evidence for so long a sign is over, and a hand not seen begins anew"
    )
    few: float = threshold(
        2.5,
        "times",
        "the same in times from frame to frame, where these are long: cameras in the dark, or a "
        "busy machine, give three frames a second",
    )
    slowest: float = threshold(1.1, "s", "frames farther apart do not show one hand")


@dataclass(frozen=True, slots=True)
class Letters:
    """From the probabilities of frames to signs."""

    even: float = threshold(0.42, "probability", "speaks neither for nor against a letter")
    most: float = threshold(0.85, "nats/s", "what a frame's probability can say for a letter")
    least: float = threshold(-2.0, "nats/s", "that and movement against it")
    rest: float = threshold(
        1.2,
        "palms/s",
        "change of shape, on the mean over all landmarks, as of a hand that still forms a sign; at "
        "rest it is 0.1 to 0.6, between letters 2 to 10",
    )
    move_share: float = threshold(
        0.35, "share", "how much moving the whole hand counts beside changing its shape"
    )
    still: float = threshold(0.3, "nats/s", "the most that rest can say for a letter")
    enough: float = threshold(
        0.06, "nats", "sum at which a letter is signed: a clear one of a still hand takes 55 ms"
    )
    frames: int = threshold(
        2, "frames", "have to agree: at low rates one on the way from sign to sign would do"
    )
    unsure: float = threshold(0.3, "probability", "is worth nothing")
    quiet: float = threshold(0.6, "palms/s", "change of shape at which holding a sign counts half")
    unquiet: float = threshold(
        0.1, "share", "what it counts at least: landmarks that jitter move as well"
    )
    full: float = threshold(
        0.22, "nats", "the sums grow no further, so that they forget as quickly"
    )
    longest_step: float = threshold(0.3, "s", "that one frame can stand for")
    apart: float = threshold(
        0.12, "palms", "distance of shapes that are surely two, on the mean over all landmarks"
    )
    peak: float = threshold(
        0.32,
        "palms/s",
        "nearer ones are two if the change was as fast as this (M and N, S and T, U and "
        "V differ by little)",
    )
    unrest: float = threshold(
        1.8, "times", "and so many times as fast as the hand's unrest while it held the last letter"
    )
    settled: float = threshold(
        0.8, "palms/s", "change of shape at which the hand has come to rest in a sign"
    )
    clear: float = threshold(
        0.55, "probability", "mean for a letter whose shape differs by so little"
    )
    sure: float = threshold(
        0.9, "probability", "the same where the hand went from one to the other slowly"
    )
    opened: float = threshold(0.16, "palms", "change of shape and back between two equal letters")
    slide: float = threshold(
        0.26,
        "palms",
        "way of the hand between two equal letters of one shape: rendered signers slide by 0.35, a "
        "real hand that holds a letter for a second drifts by 0.2",
    )
    slide_speed: float = threshold(1.0, "palms/s", "least speed on that way")
    no_sign_time: float = threshold(
        0.8, "s of rest", "time constant of the mean of the probability of no sign"
    )


@dataclass(frozen=True, slots=True)
class Doubt:
    """What speaks for no sign beyond what a single picture says.

    For a moment, a hand at rest looks like a letter now and then; one that spells means it.
    """

    idle: float = threshold(
        4.2,
        "nats",
        "of a hand that has not spelt: of rendered hands that gesture for seven minutes five "
        "letters are read, at 2.9 nats nine",
    )
    spelling: float = threshold(
        1.5,
        "nats",
        "of a hand that spells: with the doubt of others more letters of strangers are lost, with "
        "none hands that gesture go on after a first letter",
    )
    held: float = threshold(2.5, "nats", "of a hand that is held still")
    after: float = threshold(0.8, "s", "for so long: seldom is a hand that rests so still")
    quiet: float = threshold(
        0.45, "palms/s", "change of shape up to which it is; at rest it is 0.1 to 0.6"
    )


@dataclass(frozen=True, slots=True)
class Hook:
    """What a track has to be like to be a J."""

    like: float = threshold(0.972, "cosine", "least likeness of a track and the letter")
    extent: float = threshold(0.6, "palms", "least size of the drawing: its wider side")
    lead: float = threshold(
        0.12, "share", "how much straighter than any other the little finger is, on the mean"
    )
    straight: float = threshold(
        0.8,
        "share",
        "how straight it is at first: end to end over the length of its bones",
    )
    hook: float = threshold(
        75.0, "degrees", "least turn: a hand that sinks or is lowered draws no hook"
    )
    after_y: float = threshold(
        0.985,
        "cosine",
        "likeness after a Y: one that sinks came to 0.975, one that closes to an O to 0.98, J's "
        "that began with a little finger and thumb to 0.994 and more",
    )
    y: float = threshold(
        0.04, "s", "what that Y has to be worth: at 4 letters a second it is some 0.07"
    )
    again: float = threshold(
        0.5, "s", "after it before it can begin again: the hand comes back from a J much like a J"
    )


@dataclass(frozen=True, slots=True)
class Zigzag:
    """Weights of what tells a Z: drawings.py.

    Learnt, not chosen: `python -m livevision.recognizers.signs.evaluation.strokes` prints them.
    """

    bias: float = threshold(-2.76, "nats", "odds of a Z before anything is known of the track")
    angle: float = threshold(-20.77, "nats/radian", "for the angle between the track and a Z")
    top: float = threshold(3.55, "nats", "for the share of the first fifth that goes sideways")
    bottom: float = threshold(3.17, "nats", "and of the last")
    extent: float = threshold(1.57, "nats/nat", "for the logarithm of its wider side in palms")
    tall: float = threshold(2.64, "nats/nat", "and of its height in widths, from 0.1 to 0.5")
    way: float = threshold(4.63, "nats/nat", "for the logarithm of its length in wider sides")
    lead: float = threshold(
        2.99, "nats", "for how much straighter than any other the index finger is, on the mean"
    )


@dataclass(frozen=True, slots=True)
class Drawings:
    """From tracks of fingers to J and Z."""

    j: Hook = Hook()
    z: Zigzag = Zigzag()
    leads: float = threshold(
        0.06, "share", "by how much the finger that draws is straighter than any other just now"
    )
    longest: float = threshold(2.4, "s", "that drawing a letter may take")
    shortest: float = threshold(0.16, "s", "that it takes at least")
    resting: float = threshold(0.9, "palms/s", "speed of the tip at which a drawing is complete")
    look_back: float = threshold(0.07, "s", "over which that speed is taken")
    gone: float = threshold(
        0.3, "s", "a drawing that got no better is complete even if the hand goes on"
    )
    every: float = threshold(0.03, "s", "least time between two comparisons")


@dataclass(frozen=True, slots=True)
class Passing:
    """Weights of what tells a letter that was only passed through: passing.py.

    Learnt, not chosen: `python -m livevision.recognizers.signs.evaluation.passing` prints them.
    """

    bias: float = threshold(4.0, "nats", "odds of a letter before anything else is known of it")
    lesser: float = threshold(
        1.24, "nats/nat", "for how much more it is held than the lesser of its neighbours"
    )
    greater: float = threshold(1.83, "nats/nat", "and than the greater")
    odds: float = threshold(0.94, "nats/nat", "for the logarithm of its odds")
    twin: float = threshold(-2.36, "nats", "if the one before or after is the same letter")


@dataclass(frozen=True, slots=True)
class Text:
    """From signs and drawings to letters that stand, and to words."""

    away: float = threshold(1.0, "s", "a hand may be out of the picture without ending the word")
    pause: float = threshold(1.3, "s", "without a sign that end a word, at least")
    pause_share: float = threshold(
        2.5, "times", "the same for slow signers, in their own times from letter to letter"
    )
    glimpse: float = threshold(
        0.08,
        "s",
        "what the first letters together have to be worth to be in the text: some 0.1 s at rest, "
        "longer than most idle hands show one",
    )
    alone: float = threshold(
        0.23, "s", "what a letter has to be worth to stand alone: some 0.4 s at rest"
    )
    certain: float = threshold(0.8, "probability", "more if its confidence is less than this")
    uncertain: float = threshold(0.3, "s", "by so much for a confidence of 0")
    held: float = threshold(
        0.43, "s", "what is enough for any letter: 0.7 s at rest if it is clear"
    )
    enough: float = threshold(
        0.25, "s", "letters that follow each other stand if together they are worth this"
    )
    share: float = threshold(0.14, "s", "what each counts at most")
    company: float = threshold(0.05, "s", "and beside it if it is sure")
    sure: float = threshold(0.8, "probability", "from which on it is")
    vague: float = threshold(0.5, "probability", "below which it counts nothing")
    together: float = threshold(
        0.6,
        "s",
        "at most between two such letters; from one to the next spellers take 0.2 s, idle hands 1",
    )
    no_sign: float = threshold(
        0.05,
        "probability",
        "mean of no sign while the hand rests up to which it is taken to spell: 0.00 to 0.01 for "
        "spellers, 0.02 to 0.8 for idle hands",
    )
    caution: float = threshold(
        14.0, "times", "beyond it letters have to be worth so much more for each unit"
    )
    steady: float = threshold(
        0.4,
        "s/s",
        "what letters are worth for each second that they take: 0.4 to 0.6 for spellers, 0.2 to "
        "0.4 for idle hands, which never quite rest",
    )
    quite: float = threshold(0.5, "s/s", "from here on a hand spells even if it was idle just now")
    restless: float = threshold(
        6.0,
        "times",
        "how much more letters have to be worth for each unit that they are less steady, in as far "
        "as no sign is probable as well: landmarks that jitter are found on hands that spell, too",
    )
    most_caution: float = threshold(1.8, "times", "as much at most")
    longer: float = threshold(
        2.0, "times", "by how much more for each unit of no sign where a letter is alone"
    )
    idle: float = threshold(
        0.35,
        "probability",
        "mean of no sign from which on letters that do not follow at once prove themselves anew",
    )
    at_once: float = threshold(0.2, "s", "between two letters that do")
    drawn: float = threshold(0.12, "s", "what a drawn letter is worth")
    beyond: float = threshold(
        0.85,
        "probability",
        "confidence from which on a drawn letter stands alone: those that were signed have 0.98 "
        "and more, those of idle hands that happen to draw one 0.58 to 0.77",
    )
    back: float = threshold(
        0.12, "s", "what the handshape that has just drawn has to be worth to be a letter itself"
    )
    back_again: float = threshold(0.06, "s", "the same if it is held as it was before the drawing")
    same: float = threshold(0.3, "palms", "mean distance of the landmarks up to which it is")
    finish: float = threshold(
        0.3, "s", "in which a hand that moved when its drawing was complete comes to rest"
    )
    patience: float = threshold(
        1.0, "s", "for which a letter in doubt waits until the next one is over"
    )
    settle: float = threshold(
        0.35, "s", "after its end in which a letter may still turn out to be part of a drawing"
    )
    beside: float = threshold(0.15, "s", "that a drawing's times are known to")
    own_time: float = threshold(
        0.65,
        "share",
        "of the usual time of a letter that makes a handshape before a drawing its own letter",
    )


@dataclass(frozen=True, slots=True)
class Thresholds:
    """All of them."""

    motion: Motion = Motion()
    letters: Letters = Letters()
    doubt: Doubt = Doubt()
    drawings: Drawings = Drawings()
    passing: Passing = Passing()
    text: Text = Text()


DEFAULT = Thresholds()
"""Those that are used."""


def listed(owner: Any = None, prefix: str = "") -> Iterator[tuple[str, float, Spec]]:
    """Name ("letters.even"), value and what is known of all thresholds of a dataclass of such."""
    owner = DEFAULT if owner is None else owner
    for each in fields(owner):
        value = getattr(owner, each.name)
        if is_dataclass(value):
            yield from listed(value, f"{prefix}{each.name}.")
        else:
            yield f"{prefix}{each.name}", value, each.metadata[_KEY]


def changed(owner: _Owner, name: str, value: float) -> _Owner:
    """A copy of `owner` with another value for the threshold of that name."""
    first, _, rest = name.partition(".")
    new = changed(getattr(owner, first), rest, value) if rest else value
    return replace(owner, **{first: new})  # type: ignore[type-var]
