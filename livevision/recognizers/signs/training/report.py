"""What was measured, as one self-contained HTML page and as the models' card."""

import base64
import html
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from livevision.pictures import PictureError, load
from livevision.recognizers.signs.classifiers import LABELS
from livevision.recognizers.signs.training import validation
from livevision.recognizers.signs.training.dataset import APART
from livevision.recognizers.signs.training.personal import Gain
from livevision.recognizers.signs.training.signs import Official
from livevision.recognizers.signs.training.strangers import Spelt
from livevision.recognizers.signs.training.validation import Answers

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;text-align:right;"
    "border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}"
    "img{max-width:100%}"
)

_ERROR_KINDS = 30
_ERROR_EXAMPLES = 6
_THUMBNAIL = 150
"""Pixels."""

Table = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Heads of the columns, and rows of cells."""


def source_table(models: Mapping[str, Answers]) -> Table:
    """Accuracy of each model on each source that it has not seen; misses are wrong."""
    first = next(iter(models.values()))
    rows = []
    for source, (pictures, found, _) in validation.per_source(first).items():
        mark = " (apart)" if source in APART else ""
        right = [validation.per_source(answers)[source][2] for answers in models.values()]
        rows.append([source + mark, str(pictures), _percent(found), *map(_percent, right)])
    mean = [_percent(validation.mean_accuracy(answers)) for answers in models.values()]
    rows.append(["mean of sources", "", "", *mean])
    of_found = [
        _percent(validation.mean_accuracy(answers, of_found=True)) for answers in models.values()
    ]
    rows.append(["mean, of hands found", "", "", *of_found])
    return ["source held out", "pictures", "hand found", *models], rows


def letter_table(answers: Answers) -> Table:
    """Precision, recall and F1 of each letter."""
    table = validation.per_letter(answers)
    rows = [[letter, *map(_percent, figures)] for letter, figures in table.items()]
    return ["letter", "precision", "recall", "F1"], rows


def look_alike_table(models: Mapping[str, Answers]) -> Table:
    """How many pictures of each group of look-alikes are read as another of the group."""
    rows = []
    for group in validation.LOOK_ALIKES:
        places = [LABELS.index(letter) for letter in group]
        cells = []
        for answers in models.values():
            table = validation.confusion(answers)[np.ix_(places, places)]
            total = validation.confusion(answers)[places].sum()
            cells.append(f"{table.sum() - np.trace(table)} of {total}")
        rows.append(["/".join(group), *cells])
    return ["look-alikes taken for each other", *models], rows


def general_table(models: Mapping[str, Answers]) -> Table:
    """Calibration and false letters."""
    errors = [_percent(validation.calibration_error(answers)) for answers in models.values()]
    false = [validation.false_letters(answers) for answers in models.values()]
    return ["", *models], [
        ["expected calibration error", *errors],
        ["hands in pictures without a sign", *(str(hands) for _, hands, _ in false)],
        ["of these read as a letter", *(str(named) for _, _, named in false)],
    ]


def light_table(models: Mapping[str, Answers]) -> Table:
    """Accuracy on the same pictures in other lights; misses are wrong."""
    rows = []
    for name, answers in models.items():
        share = float(answers.found[answers.letters].mean())
        mean = validation.mean_accuracy(answers)
        rows.append([name, str(int(answers.letters.sum())), _percent(share), _percent(mean)])
    return ["in another light", "pictures", "hand found", "mean of sources"], rows


def spelt_table(name: str, table: Sequence[Spelt]) -> Table:
    """What is read if people who were never seen spell."""

    def share(count: int, each: Spelt) -> str:
        return _percent(count / each.letters)

    rows = [
        [each.how, str(each.letters), share(each.misread, each), share(each.errors, each)]
        for each in table
    ]
    return [f"{name}: strangers spell", "letters", "misread in pictures", "errors spelt"], rows


def personal_table(name: str, gained: Mapping[str, Gain]) -> Table:
    """What a user's own examples bring to that user, and to others who use the machine."""
    rows = [
        [
            user,
            str(gain.later),
            _percent(gain.without),
            _percent(gain.with_layer),
            *(f"{100 * change:+.1f}" for change in gain.others),
        ]
        for user, gain in gained.items()
    ]
    heads = [f"{name}: user", "later hands", "without examples", "with them"]
    return [*heads, "others, mean (points)", "others, worst"], rows


def official_table(official: Official) -> Table:
    """The figures of `cnn28` on the story's data set."""
    return ["Sign Language MNIST", "cnn28"], [
        ["validation part of the training set", _percent(official.validation, 2)],
        ["official test", _percent(official.test, 2)],
        ['official test without class "T"', _percent(official.test_without_t, 2)],
    ]


def markdown(table: Table) -> str:
    """The table for the card."""
    heads, rows = table
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def write_html(path: Path, models: Mapping[str, Answers], data: Path) -> None:
    """Write the page; of the models, the last is the one shown in detail.

    It shows pictures of `data`, so it is for those who may see them.
    """
    name, answers = list(models.items())[-1]
    parts = [
        "<h1>Signs, read from people never seen</h1>",
        "<p>Every source was answered by models trained on all the others. A hand that was not "
        "found counts as wrong.</p>",
        _html(source_table(models)),
        _picture(_source_bars(models), "accuracy per source"),
        _html(general_table(models)),
        _html(look_alike_table(models)),
        f"<h2>{html.escape(name)}</h2>",
        _picture(_confusion(answers), "confusion matrix"),
        _picture(_reliability(answers), "reliability"),
        _html(letter_table(answers)),
        "<h2>Errors</h2>",
        *_error_pictures(answers, data),
        "<h2>Letters read where nobody signs</h2>",
        *_false_pictures(answers, data),
    ]
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signs</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )
    path.write_text(page, encoding="utf-8")


def _error_pictures(answers: Answers, data: Path) -> Iterator[str]:
    """The commonest errors of each kind: what was shown, what was read, by whom, with examples."""
    wrong = np.flatnonzero(answers.letters & (answers.answer != answers.truth))
    kinds: dict[tuple[str, str, str], list[int]] = {}
    for row in wrong:
        read = "no hand" if answers.answer[row] < 0 else LABELS[answers.answer[row]] or "no sign"
        kind = LABELS[answers.truth[row]], read, str(answers.source[row])
        kinds.setdefault(kind, []).append(int(row))
    common = sorted(kinds.items(), key=lambda each: -len(each[1]))[:_ERROR_KINDS]
    for (truth, read, source), rows in common:
        yield from _examples(
            f"{truth} read as {read}", f"pictures of {source}", rows, answers, data
        )


def _false_pictures(answers: Answers, data: Path) -> Iterator[str]:
    """Hands that sign nothing, by the letter that was read, the commonest first."""
    kinds: dict[int, list[int]] = {}
    for row in np.flatnonzero(answers.false):
        kinds.setdefault(int(answers.answer[row]), []).append(int(row))
    for place, rows in sorted(kinds.items(), key=lambda each: -len(each[1])):
        yield from _examples(f"read as {LABELS[place]}", "hands", rows, answers, data)


def _examples(
    title: str, what: str, rows: list[int], answers: Answers, data: Path
) -> Iterator[str]:
    yield f"<h3>{title}, {html.escape(what)}: {len(rows)}</h3><p>"
    for row in rows[:: max(1, len(rows) // _ERROR_EXAMPLES)][:_ERROR_EXAMPLES]:
        picture = _thumbnail(data, str(answers.name[row]))
        if picture:
            yield f'<img alt="{title}" src="data:image/jpeg;base64,{picture}"> '
    yield "</p>"


def _thumbnail(data: Path, name: str) -> str:
    """A picture as base64 of a small JPEG; nothing if it is gone."""
    file, _, frame = name.partition("#")
    if frame:
        capture = cv2.VideoCapture(str(data / file))
        capture.set(cv2.CAP_PROP_POS_FRAMES, int(frame))
        good, image = capture.read()
        capture.release()
        if not good:
            return ""
    else:
        try:
            image = load(data / file)
        except PictureError:
            return ""
    scale = _THUMBNAIL / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return base64.b64encode(cv2.imencode(".jpg", small)[1].tobytes()).decode()


def _html(table: Table) -> str:
    heads, rows = table
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _picture(figure: Any, text: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90, bbox_inches="tight")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<p><img alt="{html.escape(text)}" src="data:image/png;base64,{data}"></p>'


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _source_bars(models: Mapping[str, Answers]) -> Any:
    figure, axes = _figure(9, 4)
    sources = list(validation.per_source(next(iter(models.values()))))
    width = 0.8 / len(models)
    for at, (name, answers) in enumerate(models.items()):
        heights = [validation.per_source(answers)[source][2] for source in sources]
        axes.bar(np.arange(len(sources)) + at * width, heights, width, label=name)
    axes.set_xticks(np.arange(len(sources)) + 0.4 - width / 2, sources, rotation=30, ha="right")
    axes.set_ylim(0, 1)
    axes.set_ylabel("accuracy")
    axes.legend(loc="lower right")
    axes.grid(axis="y", alpha=0.3)
    return figure


def _confusion(answers: Answers) -> Any:
    figure, axes = _figure(9, 8)
    table = validation.confusion(answers)
    rows = np.flatnonzero(table.sum(axis=1))
    columns = np.array([*rows, 26, 27])
    shares = table[np.ix_(rows, columns)] / table[rows].sum(axis=1, keepdims=True)
    axes.imshow(shares, cmap="viridis", vmin=0, vmax=1)
    for y, line in enumerate(shares):
        for x, share in enumerate(line):
            if share >= 0.01:
                color = "black" if share > 0.6 else "white"
                text = f"{100 * share:.0f}"
                axes.text(x, y, text, ha="center", va="center", fontsize=7, color=color)
    names = [LABELS[place] for place in rows]
    axes.set_xticks(range(len(columns)), [*names, "no sign", "no hand"], rotation=90)
    axes.set_yticks(range(len(rows)), names)
    axes.set_xlabel("answer")
    axes.set_ylabel("truth (percent of its pictures)")
    return figure


def _reliability(answers: Answers) -> Any:
    figure, axes = _figure(5, 5)
    sure, right, share = validation.reliability(answers)
    there = share > 0
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.plot(sure[there], right[there], marker="o")
    axes.bar(
        (np.arange(validation.BINS) + 0.5) / validation.BINS,
        share,
        0.9 / validation.BINS,
        alpha=0.3,
        label="share of answers",
    )
    axes.set_xlabel("confidence")
    axes.set_ylabel("share right")
    axes.set_title(f"calibration error {validation.calibration_error(answers):.1%}")
    axes.legend(loc="upper left")
    return figure


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"
