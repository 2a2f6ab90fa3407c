"""`livevision train signs`: measures, trains, writes the card, and says how far it is."""

from pathlib import Path

from rich.console import Console
from rich.progress import Progress as Bar
from rich.table import Table as Shown

from livevision.assets import write_checksums
from livevision.errors import OutputError
from livevision.recognizers.signs.training import personal, signs, strangers
from livevision.recognizers.signs.training import report as reports
from livevision.recognizers.signs.training.card import card
from livevision.recognizers.signs.training.dataset import without
from livevision.recognizers.signs.training.signs import Request
from livevision.recognizers.signs.training.validation import Answers, Calibration, calibrate


def run(request: Request, *, report: Path | None, only_measure: bool) -> None:
    """Do what was requested. Raises UsageError for missing data, OutputError if it cannot write."""
    console = Console(stderr=True)
    try:
        with Bar(console=console, disable=not console.is_terminal) as bar:
            tasks: dict[str, object] = {}

            def progress(name: str, at: int, of: int) -> None:
                if name not in tasks:
                    tasks[name] = bar.add_task(name, total=of)
                bar.update(tasks[name], completed=at, total=of)  # type: ignore[arg-type]

            hands = signs.load(request, progress)
            models: dict[str, Answers] = {}
            lights: dict[str, Answers] = {}
            calibrations: dict[str, Calibration] = {}
            spelt: dict[str, list[strangers.Spelt]] = {}
            asked = hands[signs.asked(request, hands)]
            for step in request.without:
                other = without(step, hands, request.data, progress)
                measured = signs.cross_validate(request, other, "cnn28", progress)
                models[f"without {step}"] = measured.answers
            for name in ("cnn28", "landmarks", "fused"):
                if name not in request.networks:
                    continue
                measured = signs.cross_validate(request, hands, name, progress)
                if name != "cnn28":
                    calibrations[name] = calibrate(measured.answers)
                    measured = measured.calibrated(calibrations[name])
                if measured.first is not None:
                    models[f"{name}, first picture"] = measured.first
                    spelt[name] = strangers.spelt(asked, measured.answers, measured.first, progress)
                models[name] = measured.answers
                lights |= {f"{name}, {light}": each for light, each in measured.lights.items()}
            official = None
            if not only_measure:
                for name, calibration in calibrations.items():
                    signs.train_letters(request, hands, name, calibration, progress)
                if "cnn28" in request.networks:
                    official = signs.train_cnn28(request, hands, progress)
        for table in _tables(models):
            _show(table)
        if lights:
            _show(reports.light_table(lights))
        for name, of_name in spelt.items():
            if of_name:
                _show(reports.spelt_table(name, of_name))
        for name, each in calibrations.items():
            shown = f"{name}: temperature {each.temperature:.2f}, caution {each.caution:.1f}"
            Console().print(shown, highlight=False)
        if official is not None:
            _show(reports.official_table(official))
        gained = {name: personal.gains(asked, models[name]) for name in calibrations}
        for name, of_users in gained.items():
            _show(reports.personal_table(name, of_users))
        if report is not None and models:
            reports.write_html(report, models, request.data)
        if not only_measure and set(request.networks) == {"cnn28", "landmarks", "fused"}:
            assert official is not None
            text = card(request, models, calibrations, gained["fused"], official)
            (request.models / "card.md").write_text(text, encoding="utf-8")
            write_checksums(request.models)
    except OSError as error:
        raise OutputError(
            f"Cannot write {error.filename}: {error.strerror}."
            if error.filename
            else f"The system refuses what processes share, in /dev/shm mostly: {error.strerror}."
        ) from error


def _tables(models: dict[str, Answers]) -> list[reports.Table]:
    if not models:
        return []
    last = list(models.values())[-1]
    return [
        reports.source_table(models),
        reports.letter_table(last),
        reports.look_alike_table(models),
        reports.general_table(models),
    ]


def _show(table: reports.Table) -> None:
    heads, rows = table
    shown = Shown()
    for at, head in enumerate(heads):
        shown.add_column(head, justify="left" if at == 0 else "right")
    for row in rows:
        shown.add_row(*row)
    Console().print(shown)
