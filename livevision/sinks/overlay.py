"""What was found, drawn on a copy of the picture: pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from livevision import languages, plugins
from livevision.frame import Box, Detection, Image, Points, Result
from livevision.sinks import lettering
from livevision.sinks.look import Look as Look

Color: TypeAlias = tuple[int, int, int]
"""Blue, green, red."""

# Okabe and Ito (2008), "Color universal design": told apart with every kind of colour vision
SKY_BLUE: Color = (233, 180, 86)
ORANGE: Color = (0, 159, 230)
YELLOW: Color = (66, 228, 240)
PURPLE: Color = (167, 121, 204)
WHITE: Color = (255, 255, 255)
BLACK: Color = (0, 0, 0)
GROUND: Color = (24, 24, 24)
"""Beside and below the picture in a window."""
RED: Color = (40, 40, 230)
"""For the dot of a recording alone, which stands beside its word."""

_SMALL = 15
"""Size of small print on a picture whose shorter side has 480 pixels."""
_BAR = 14
"""Height of the bar of positions there; the line that is drawn is a third of it."""
_ROWS = 2
"""Lines of running text; the newest."""
_HINTS = 3
_LARGEST_NOTES = 2.0
"""Times their usual size that notes and the page of keys get at the most: they are sentences."""
_PICTURE = 0.45
"""How wide a picture that a recogniser made is drawn at the most, as a share of the whole."""
_MOSAIC = 6
"""A blurred face has so many patches across: too few to recognise anybody by."""


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Status:
    """What a window has to say about itself."""

    recording: bool = False
    paused: bool = False
    notice: str = ""
    """What has just been done, e.g. where a snapshot is."""
    panel: tuple[tuple[str, str], ...] = ()
    """Keys, two spaces between them, and their meanings, as a page over the picture."""
    bar: bool = False
    """Whether a bar at the bottom shows where in a recording the picture is, if that is known."""


def annotate(result: Result, look: Look = PLAIN, status: Status = Status()) -> Image:
    """A new picture, (height, width, 3) BGR of the frame's size, with the result drawn on it."""
    return _Drawing(result, look).finished(status)


def strip(result: Result, width: int, look: Look = PLAIN) -> Image:
    """The stages' pictures in one row `width` pixels wide, as the model sees them.

    (height, width, 3) BGR; as high as the row is, 0 if there are no stages or no room. It stands
    below the picture: on it, it would cover the hand sooner or later.
    """
    stages = [(name, picture) for name, picture in result.stages if picture.size]
    unit = min(result.frame.image.shape[:2]) / 480
    small = max(8, round(_SMALL * unit))
    gap = small // 2
    height = result.frame.image.shape[0]
    side = min(height // 5, (width - gap) // max(1, len(stages)) - gap)
    label = _stamp("", small, WHITE, look.contrast).height
    if not stages or side < 8:
        return np.zeros((0, width, 3), np.uint8)
    row = np.full((gap + side + label + gap // 2, width, 3), GROUND, np.uint8)
    left = gap
    for name, picture in stages:
        # enlarged, every pixel of what the model sees is a square of its own
        enlarged = max(picture.shape[:2]) < side
        method = cv2.INTER_NEAREST if enlarged else cv2.INTER_AREA
        inner = cv2.resize(picture, (side, side), interpolation=method)
        row[gap : gap + side, left : left + side] = inner if inner.ndim == 3 else inner[..., None]
        words, size = _fitting(name, small, side + gap)
        _paste(row, _stamp(words, size, WHITE, 0.0), left - size // 4, gap + side)
        left += side + gap
    return row


def resized(result: Result, width: int, height: int) -> Result:
    """The same result for its picture in another size, so that lines are as sharp as can be."""
    image = result.frame.image
    tall, wide = image.shape[:2]
    if (wide, tall) == (width, height):
        return result
    method = cv2.INTER_AREA if width < wide else cv2.INTER_LINEAR
    picture = np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)
    across, down = width / wide, height / tall
    detections = tuple(_resized(each, across, down) for each in result.detections)
    return replace(result, frame=replace(result.frame, image=picture), detections=detections)


def _resized(each: Detection, across: float, down: float) -> Detection:
    box = Box(
        round(each.box.left * across),
        round(each.box.top * down),
        round(each.box.right * across),
        round(each.box.bottom * down),
    )
    points, mask = each.landmarks, each.mask
    if points is not None:
        scale = np.array((across, down, across)[: points.shape[1]], np.float32)
        points = np.asarray(points * scale, np.float32)
    if mask is not None:
        tall, wide = mask.shape
        size = max(1, round(wide * across)), max(1, round(tall * down))
        mask = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return replace(each, box=box, landmarks=points, mask=mask)


def draw_panel(image: Image, panel: Sequence[tuple[str, str]], look: Look = PLAIN) -> None:
    """Keys and their meanings as a page over `image`, all of it inside, however small that is."""
    height, width = image.shape[:2]
    said = [
        (
            "  ".join(languages.say(key, look.language) for key in keys.split("  ")),
            languages.say(meaning, look.language),
        )
        for keys, meaning in panel
    ]
    if not said:
        return
    size = max(8, round(_SMALL * _enlarged(look) * min(height, width) / 480))
    size = max(8, min(size, int(height / (1.6 * (len(panel) + 1)))))

    def column(at: int) -> int:
        return round(max(lettering.width(each[at], size) for each in said)) + size // 2

    while size > 8 and column(0) + column(1) + 2 * size > width:
        size -= 1
    keys = [_stamp(each, size, YELLOW, 0.0) for each, _ in said]
    meanings = [_stamp(meaning, size, WHITE, 0.0) for _, meaning in said]
    first = max(stamp.width for stamp in keys) + size // 2
    wide = first + max(stamp.width for stamp in meanings) + 2 * size
    tall = len(said) * keys[0].height + 2 * size
    left, top = (width - wide) // 2, (height - tall) // 2
    page = Box(left, top, left + wide, top + tall).crop(image)
    page[:] = page // 8
    for index, (one, other) in enumerate(zip(keys, meanings, strict=True)):
        y = top + size + index * keys[0].height
        _paste(image, one, left + size, y)
        _paste(image, other, left + size + first, y)


def _enlarged(look: Look) -> float:
    """How much larger than usual what is told now and then is written, for who needs it large."""
    return min(_LARGEST_NOTES, max(1.0, look.text_size))


def bar_height(height: int, width: int) -> int:
    """Pixels at the bottom of a picture of that size in which a click goes to another moment."""
    return max(8, round(_BAR * min(height, width) / 480))


@dataclass(frozen=True, slots=True, eq=False)
class _Stamp:
    """A piece of text ready to be put on pictures: picture * keep + ink."""

    ink: Image
    keep: Image

    @property
    def width(self) -> int:
        return int(self.ink.shape[1])

    @property
    def height(self) -> int:
        return int(self.ink.shape[0])


# A camera's worth of numbers fits, so that drawing text costs little more than copying it
@lru_cache(maxsize=128)
def _stamp(text: str, size: int, color: Color, contrast: float) -> _Stamp:
    """`text` on a dark ground of its own."""
    return _lettered(text, size, color, contrast, None)


@lru_cache(maxsize=4)
def _line(text: str, size: int, color: Color, contrast: float, width: int) -> _Stamp:
    """`text` on a dark ground `width` pixels wide."""
    return _lettered(text, size, color, contrast, width)


def _lettered(text: str, size: int, color: Color, contrast: float, width: int | None) -> _Stamp:
    gap = max(1, size // 4)
    letters = lettering.mask(text, size)
    right = gap if width is None else max(0, width - gap - letters.shape[1])
    letters = np.pad(letters, ((0, 0), (gap, right)))[:, :width]
    alpha = letters[..., None].astype(np.float32) / 255.0
    # a dark rim keeps letters readable even on a clear ground
    rim = max(1, size // 14)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    dark = cv2.dilate(letters, kernel)[..., None].astype(np.float32) / 255.0
    dark = np.maximum(dark, np.float32(np.clip(contrast, 0.0, 1.0)))
    ink = alpha * np.array(color, np.float32)
    keep = (1.0 - dark) * (1.0 - alpha) * 255.0
    return _Stamp(
        np.ascontiguousarray(ink.round().astype(np.uint8)),
        np.ascontiguousarray(np.repeat(keep.round().astype(np.uint8), 3, axis=2)),
    )


def _paste(image: Image, stamp: _Stamp, left: int, top: int) -> None:
    """Put the stamp on `image`, as far as it lies inside."""
    x, y = max(0, -left), max(0, -top)
    area = image[
        max(0, top) : max(0, top + stamp.height), max(0, left) : max(0, left + stamp.width)
    ]
    if not area.size:
        return
    part = np.s_[y : y + area.shape[0], x : x + area.shape[1]]
    cv2.multiply(area, stamp.keep[part], area, scale=1 / 255)
    cv2.add(area, stamp.ink[part], area)


@lru_cache(maxsize=32)
def _fitting(text: str, size: int, width: int) -> tuple[str, int]:
    """`text` and the largest size up to `size` in which its stamp is at most `width` wide."""
    while size > 7 and lettering.width(text, size) + 2 * (size // 4) > width:
        size -= 1
    return text, size


def _tail(text: str, length: int = 200) -> str:
    """The end of a long text, from the same word on for many letters, so that lines stay put."""
    start = max(0, len(text) // length - 1) * length
    if not start:
        return text
    space = text.find(" ", start, start + length)  # none in what was spelt without a pause
    return text[start if space < 0 else space + 1 :]


def _number(value: float) -> str:
    """Two digits or three: more would flicker, and nobody reads them."""
    return f"{round(value, -1):.0f}" if value >= 100 else f"{value:.0f}"


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02}"


class _Drawing:
    """One picture in the making."""

    def __init__(self, result: Result, look: Look) -> None:
        self._result = result
        self._look = look
        image = result.frame.image
        if image.ndim == 2:
            image = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
        self._image = np.asarray(cv2.flip(image, 1), np.uint8) if look.mirror else image.copy()
        self._height, self._width = self._image.shape[:2]
        unit = min(self._height, self._width) / 480
        self._small = max(8, round(_SMALL * unit))
        self._notes = max(8, round(_SMALL * _enlarged(look) * unit))
        self._thick = max(2, round(2 * unit))  # thinner, its dark rim is all that is seen
        self._caption = max(8, round(30 * unit * look.text_size))

    def finished(self, status: Status) -> Image:
        result, look = self._result, self._look
        if look.blur_others:
            for each in result.detections:
                kind = plugins.kind(each.kind)
                if kind.private and each.label in kind.unknown:
                    self._blur(each.box)
        for each in result.detections:
            self._tint(each)
        for each in result.detections:
            self._outline(each)
        floor = self._height - (self._bar() if status.bar else 0)
        rows = self._rows()
        tall = len(rows) * self._stamp("", self._caption).height
        above = look.captions == "top"
        self._captions(rows, 0 if above else floor - tall)
        gap = self._small // 2
        top = tall + gap if above else gap
        top = self._state(status, top)
        floor -= 0 if above else tall
        self._pictures(top, floor - gap)
        self._messages(status, floor - gap)
        for each in result.detections:  # nothing across a name
            self._name(each, top, floor)
        draw_panel(self._image, status.panel, look)
        return self._image

    def _stamp(self, text: str, size: int, color: Color = WHITE) -> _Stamp:
        return _stamp(text, size, color, self._look.contrast)

    def _say(self, word: str) -> str:
        """A word of the catalogue in the language that is spoken."""
        return languages.say(word, self._look.language)

    def _row(self, stamps: Sequence[_Stamp], left: int, bottom: int, top: int, floor: int) -> None:
        """Stamps side by side, standing on one line, moved to between `top` and `floor`."""
        left = max(0, min(left, self._width - sum(stamp.width for stamp in stamps)))
        bottom = min(max(bottom, top + max(stamp.height for stamp in stamps)), floor)
        for stamp in stamps:
            _paste(self._image, stamp, left, bottom - stamp.height)
            left += stamp.width

    def _box(self, box: Box) -> Box:
        """The box where it is on the drawn picture."""
        if not self._look.mirror:
            return box
        return Box(self._width - box.right, box.top, self._width - box.left, box.bottom)

    def _points(self, points: Points) -> NDArray[np.int32]:
        flat = np.nan_to_num(points[:, :2]).clip(-(2**15), 2**15)
        if self._look.mirror:
            flat = flat * (-1, 1) + (self._width - 1, 0)
        return np.asarray(flat.round(), np.int32)

    def _tint(self, each: Detection) -> None:
        """Its mask in its colour, half through which the picture is seen."""
        if each.mask is None:
            return
        height, width = self._image.shape[:2]
        box = Box(0, 0, width, height) if each.mask.shape == (height, width) else each.box
        inside = box.clip(self._image)
        left, top = inside.left - box.left, inside.top - box.top
        part = each.mask[top : top + inside.height, left : left + inside.width].astype(np.uint8)
        tall, wide = part.shape
        if not part.size:
            return
        at = inside.left
        if self._look.mirror:
            part, at = np.asarray(cv2.flip(part, 1), np.uint8), width - inside.left - wide
        # no more than the box: a picture may have dozens of them
        area = self._image[inside.top : inside.top + tall, at : at + wide]
        tint = np.empty_like(area)
        tint[:] = _color(each)
        cv2.copyTo(cv2.addWeighted(area, 0.5, tint, 0.5, 0.0), part, area)

    def _outline(self, each: Detection) -> None:
        color = _color(each)
        box = self._box(each.box)
        corners = (box.left, box.top), (box.right - 1, box.bottom - 1)
        cv2.rectangle(self._image, *corners, BLACK, self._thick + 2)
        cv2.rectangle(self._image, *corners, color, self._thick)
        if each.landmarks is None or not len(each.landmarks):
            return
        points = self._points(each.landmarks)
        if each.skeleton is not None:
            chains = each.skeleton.chains
            lines = [points[[at for at in chain if at < len(points)]] for chain in chains]
            cv2.polylines(self._image, lines, False, BLACK, self._thick + 2)
            cv2.polylines(self._image, lines, False, color, self._thick)
        if each.skeleton is None and not plugins.kind(each.kind).dots:
            return
        for x, y in points.tolist():
            cv2.circle(self._image, (x, y), self._thick, WHITE, cv2.FILLED)

    def _name(self, each: Detection, top: int, floor: int) -> None:
        box = self._box(each.box)
        kind = plugins.kind(each.kind)
        label = each.label or kind.unnamed
        if not label:
            return
        if not each.label or each.label in kind.unknown:  # not a person's own name
            label = self._say(label)
        stamps = [self._stamp(label, round(self._small * kind.scale), _color(each))]
        if kind.odds and each.label not in kind.unknown and each.confidence > 0:
            stamps.append(self._stamp(f"{each.confidence * 100:.0f} %", self._small))
        self._row(stamps, box.left, box.top - self._thick, top, floor)

    def _rows(self) -> tuple[str, ...]:
        """The end of the running text in lines that fit; of several texts, the end of each."""
        texts = [text for text in self._result.text.split("\n") if text.strip()]
        room = self._width - 2 * self._caption
        broken = [lettering.broken(_tail(text), self._caption, room) for text in texts[-_ROWS:]]
        if len(broken) == 1:
            return broken[0][-_ROWS:]
        return tuple(lines[-1] for lines in broken)

    def _captions(self, rows: Iterable[str], top: int) -> None:
        for row in rows:
            line = _line(row, self._caption, WHITE, self._look.contrast, self._width)
            _paste(self._image, line, 0, top)
            top += line.height

    def _state(self, status: Status, top: int) -> int:
        """Rates to the left, what the window does to the right; returns where they end."""
        stats = self._result.stats
        left = gap = self._small // 2
        place = self._result.frame.place
        words = []
        if place is not None and status.bar:
            words.append(f"{_clock(place.seconds)} / {_clock(place.length)}")
        if stats.source:
            words.append(f"{self._say('source')} {_number(stats.source)} fps")
        if stats.fps:
            words.append(f"{self._say('read')} {_number(stats.fps)} fps")
        if stats.latency is not None:
            words.append(f"{_number(stats.latency * 1000)} ms")
        if stats.dropped:
            words.append(f"{stats.dropped} {self._say('dropped')}")
        height = self._stamp("", self._small).height
        for word in words:
            stamp = self._stamp(word, self._small)
            _paste(self._image, stamp, left, top)
            left += stamp.width
        right = self._width - gap
        if status.recording:
            stamp = self._stamp("REC", self._small)
            right -= stamp.width
            _paste(self._image, stamp, right, top)
            right -= height
            center = right + height // 2, top + height // 2
            cv2.circle(self._image, center, height * 2 // 5 + 1, WHITE, cv2.FILLED, cv2.LINE_AA)
            cv2.circle(self._image, center, height * 2 // 5 - 1, RED, cv2.FILLED, cv2.LINE_AA)
        if status.paused:
            time = self._result.frame.time
            paused = f"{self._say('PAUSED')} {int(time // 60)}:{time % 60:05.2f}"
            stamp = self._stamp(paused, self._small, YELLOW)
            right -= stamp.width
            if right < left:  # a narrow picture
                top, right = top + height, gap
            _paste(self._image, stamp, right, top)
        return top + height

    def _messages(self, status: Status, bottom: int) -> None:
        room = self._width - 2 * self._notes
        messages = [(hint, YELLOW) for hint in self._result.hints[:_HINTS]]
        if status.notice:
            messages.append((status.notice, SKY_BLUE))
        for text, color in reversed(messages):
            said = languages.say(text, self._look.language)
            for line in reversed(lettering.broken(said, self._notes, room)):
                stamp = self._stamp(line, self._notes, color)
                bottom -= stamp.height
                _paste(self._image, stamp, self._notes // 2, bottom)

    def _bar(self) -> int:
        """A line at the bottom, as far as the recording has been played; the height it takes."""
        place = self._result.frame.place
        if place is None or place.length <= 0:
            return 0
        tall = bar_height(self._height, self._width)
        top = self._height - tall
        self._image[top:] = self._image[top:] // 4
        line = max(2, tall // 3)
        at = self._height - (tall + line) // 2
        end = round(self._width * min(1.0, max(0.0, place.seconds / place.length)))
        self._image[at : at + line] = (90, 90, 90)
        self._image[at : at + line, :end] = SKY_BLUE
        center = min(max(end, tall // 3), self._width - tall // 3), at + line // 2
        cv2.circle(self._image, center, tall // 3, WHITE, cv2.FILLED, cv2.LINE_AA)
        return tall

    def _pictures(self, top: int, bottom: int) -> None:
        """What recognisers made, in small, at the lower right; the newest above the others."""
        gap = self._small // 2
        for picture in self._result.pictures.values():
            room = min(self._width * _PICTURE, self._width - 2 * gap), bottom - top - gap
            scale = min(room[0] / picture.shape[1], room[1] / picture.shape[0])
            size = (int(picture.shape[1] * scale), int(picture.shape[0] * scale))
            if min(size) < 2:
                return
            small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            left, bottom = self._width - gap - size[0], bottom - size[1]
            self._image[bottom : bottom + size[1], left : left + size[0]] = (
                small if small.ndim == 3 else small[..., None]
            )
            cv2.rectangle(
                self._image, (left, bottom), (left + size[0] - 1, bottom + size[1] - 1), WHITE, 1
            )
            bottom -= gap

    def _blur(self, box: Box) -> None:
        """A mosaic over the face and a margin."""
        grow = box.width // 5, box.height // 5
        shown = self._box(box)
        area = Box(
            shown.left - grow[0], shown.top - grow[1], shown.right + grow[0], shown.bottom + grow[1]
        ).crop(self._image)
        if not area.size:
            return
        small = cv2.resize(area, (_MOSAIC, _MOSAIC), interpolation=cv2.INTER_AREA)
        cv2.resize(small, area.shape[1::-1], dst=area, interpolation=cv2.INTER_LINEAR)


def _color(each: Detection) -> Color:
    kind = plugins.kind(each.kind)
    if kind.unnamed_color is not None and each.label in kind.unknown:
        return kind.unnamed_color
    return kind.colors[(each.track or 0) % len(kind.colors)]
