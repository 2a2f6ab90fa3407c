"""What the soak test (tests/soak.py) lets pass, and what not."""

from dataclasses import replace
from typing import Any

import pytest
from soak import Sample, verdict

GOOD = Sample(0.0, 400.0, 1, 90.0, 50, 20, 29.8, 12, 0.03, 0.06, 0.05)


def session(**change: Any) -> list[Sample]:
    return [replace(GOOD, minutes=minute / 6, **change) for minute in range(60)]


def test_a_good_session_passes() -> None:
    assert verdict(session(), 1.0)["failed"] == []


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        # passed once: 16,566 of 17,914 frames dropped, five minutes late
        ({"fps": 1.9, "p50": 301.0, "p95": 400.0, "lag": 301.0}, ["fps", "latency", "lag"]),
        ({"fps": 20.0}, ["fps"]),
        ({"p50": 0.2}, ["latency"]),
        ({"p95": 0.5}, ["latency"]),
        ({"lag": 3.0}, ["lag"]),
    ],
)
def test_a_session_that_nobody_would_want_fails(
    change: dict[str, float], failed: list[str]
) -> None:
    assert verdict(session(**change), 1.0)["failed"] == failed


def test_the_rate_is_judged_by_the_sources() -> None:
    assert verdict(session(fps=9.8), 1.0, fps=10.0)["failed"] == []
    assert verdict(session(fps=7.0), 1.0, fps=10.0)["failed"] == ["fps"]


@pytest.mark.parametrize("name", ["rss_mb", "handles", "threads", "workers"])
def test_growth_fails(name: str) -> None:
    samples = [
        replace(each, **{name: getattr(each, name) + number})
        for number, each in enumerate(session())
    ]
    assert name in verdict(samples, 1.0)["failed"]


def test_a_session_that_never_settled_fails() -> None:
    assert verdict([], 1.0)["failed"] == ["never settled"]
