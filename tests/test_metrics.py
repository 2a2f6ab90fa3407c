import re
import socket
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from clips import make_clip

from livevision.__main__ import main
from livevision.errors import OutputError
from livevision.frame import Box, Detection, Event, Frame, Result, Stats
from livevision.sinks.metrics import HOST, Metrics

IMAGE = np.zeros((4, 4, 3), np.uint8)


def ask(metrics: Metrics) -> dict[str, float]:
    with urllib.request.urlopen(f"http://{HOST}:{metrics.port}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    values = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in values}


def result(
    index: int, *, dropped: int = 0, captured: float | None = None, kinds: tuple[str, ...] = ()
) -> Result:
    return Result(
        Frame(IMAGE, index, index / 30, captured),
        tuple(Detection(kind, Box(0, 0, 2, 2), "Zoë") for kind in kinds),
        tuple(Event(kind, "Zoë", 0.0, 1.0, 0.9) for kind in kinds),
        "SECRET",
        stats=Stats(29.5, None, dropped),
    )


def test_counts_of_a_run() -> None:
    with Metrics(0, clock=lambda: 10.0) as metrics:
        metrics.write(result(0, captured=9.98, kinds=("hand", "face", "face")))
        metrics.write(result(3, dropped=2, captured=9.3))
        metrics.write(result(4, dropped=2, kinds=("hand",)))
        values = ask(metrics)
    assert values["livevision_frames_total"] == 3
    assert values["livevision_frames_dropped_total"] == 2
    assert values["livevision_fps"] == 29.5
    assert values['livevision_seen{kind="hand"}'] == 1
    assert values['livevision_seen{kind="face"}'] == 0
    assert values['livevision_events_total{kind="face"}'] == 2
    assert values["livevision_latency_seconds_count"] == 2
    assert values["livevision_latency_seconds_sum"] == pytest.approx(0.72)
    assert values['livevision_latency_seconds_bucket{le="0.025"}'] == 1


def test_names_and_text_are_not_told() -> None:
    with Metrics(0) as metrics:
        metrics.write(result(0, kinds=("face",)))
        url = f"http://{HOST}:{metrics.port}/metrics"
        with urllib.request.urlopen(url, timeout=60) as answer:
            told = answer.read().decode()
    assert "livevision_frames_total 1.0" in told
    assert "Zo" not in told
    assert "SECRET" not in told


def test_nobody_answers_before_and_after_nor_elsewhere() -> None:
    metrics = Metrics(0)
    with metrics:
        port = metrics.port
        with socket.create_connection((HOST, port), 5):
            pass
        other = "127.0.0.2"  # loopback too, but not where it listens
        with pytest.raises(OSError, match=r"refused|timed out|unreachable|assign"):
            socket.create_connection((other, port), 1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, port), 5)


def test_a_taken_port_is_told() -> None:
    with Metrics(0) as first, pytest.raises(OutputError, match="Choose another port"):
        Metrics(first.port).__enter__()


def test_it_can_be_closed_without_having_begun() -> None:
    Metrics(0).close()


def test_the_command_line_takes_a_port_of_this_machine_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_clip(tmp_path / "c.mp4", count=3)
    words = ["run", str(clip), "--no-window", "--no-signs", "--no-faces"]
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main([*words, "--metrics-port", str(port)]) == 6
    assert re.search(f"port {port}: .*Choose another port", capsys.readouterr().err)
    for wrong in ("0", "-1", "65536", "http"):
        assert main([*words, f"--metrics-port={wrong}"]) == 2


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_only_who_calls_this_machine_by_its_own_name_is_answered(host: str) -> None:
    with Metrics(0) as metrics:
        url = f"http://{HOST}:{metrics.port}/metrics"
        asked = urllib.request.Request(url, headers={"Host": host})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=60)
        assert refused.value.code == 403
        refused.value.close()
        own = urllib.request.Request(url, headers={"Host": f"localhost:{metrics.port}"})
        with urllib.request.urlopen(own, timeout=60) as answer:
            assert answer.status == 200
