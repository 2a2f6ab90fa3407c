"""Tests that run in a child process, which is held to some memory and time.

TensorFlow's: a process that had it once grew to 24 GB at its end. What is marked `tensorflow` in a
file is run by one child, whose reports take the place of our own; if it dies, the tests that it had
not done fail and say so.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

MARK = "tensorflow"
REPORTS = "LIVEVISION_TEST_REPORTS"
"""The variable that names the file into which a child writes its reports."""
MEMORY = 8 << 30
"""Bytes of data that the child may have; the training of the tests takes 1.5 GB."""
PATIENCE = 900
"""Seconds of one child; it takes 60 for short tests, and some minutes for the long ones."""


def is_child() -> bool:
    """Whether this process runs the tests of another."""
    return REPORTS in os.environ


def runs_apart(item: pytest.Item) -> bool:
    """Whether a test is for the child."""
    return not is_child() and item.get_closest_marker(MARK) is not None


class Child:
    """The process that runs those of the given tests that are marked."""

    def __init__(self, items: Iterable[pytest.Item], config: pytest.Config) -> None:
        self._names = [each.nodeid for each in items if runs_apart(each)]
        self._config = config
        self._reports: dict[str, list[Any]] | None = None
        self._end = ""
        """How the child ended, if not well."""

    def reports(self, item: pytest.Item) -> list[Any]:
        """What the child tells of a test."""
        if self._reports is None:
            self._reports = self._run()
        found = self._reports.get(item.nodeid, [])
        if any(each.when == "teardown" for each in found):
            return found
        return [
            pytest.TestReport(
                nodeid=item.nodeid,
                location=item.location,
                keywords={},
                outcome="failed",
                longrepr=f"The child process ended before this test did: {self._end}",
                when="call",
            )
        ]

    def _run(self) -> dict[str, list[Any]]:
        with TemporaryDirectory() as folder:
            target = Path(folder) / "reports.jsonl"
            target.touch()
            words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", MARK]
            try:
                done = subprocess.run(
                    [*words, "-n", "0", *self._names],
                    cwd=self._config.rootpath,
                    env=os.environ | {REPORTS: str(target)},
                    # elsewhere the limit counts what is only reserved, or there is none
                    preexec_fn=_limited if sys.platform == "linux" else None,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    timeout=PATIENCE,
                )
                self._end = f"exit code {done.returncode}\n{done.stdout[-4000:]}"
            except subprocess.TimeoutExpired:
                self._end = f"it took longer than {PATIENCE} s"
            lines = target.read_text(encoding="utf-8").splitlines()
        found: dict[str, list[Any]] = {}
        for line in lines:
            report = self._config.hook.pytest_report_from_serializable(
                config=self._config, data=json.loads(line)
            )
            if isinstance(report.longrepr, list):  # where it was skipped; JSON has no tuples
                report.longrepr = tuple(report.longrepr)
            found.setdefault(report.nodeid, []).append(report)
        return found


def write(report: pytest.TestReport, config: pytest.Config) -> None:
    """In a child: note a report for the parent."""
    data = config.hook.pytest_report_to_serializable(config=config, report=report)
    with Path(os.environ[REPORTS]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(data) + "\n")


def _limited() -> None:
    """In the child, before anything else."""
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
