"""What every test is held to: no thread left behind, no ERROR in the log."""

import logging
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import apart
import pytest

# so starts a script what it puts in the background, and nohup: all children would be deaf to them
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 20  # a busy machine takes its time
    left = set(threading.enumerate()) - before
    while left and time.monotonic() < deadline:
        time.sleep(0.01)
        left = {thread for thread in left if thread.is_alive()}
    assert not left, f"threads left behind: {left}"


@pytest.fixture(autouse=True)
def no_error_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    for when in ("setup", "call"):
        for record in caplog.get_records(when):
            assert record.levelno < logging.ERROR, record.getMessage()


_children: dict[Path, apart.Child] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first: where several run at a time, none is left for the end."""
    files = {each.path for each in items if apart.runs_apart(each)}
    items.sort(key=lambda item: item.path not in files)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Tests of TensorFlow run in a child process (apart.py)."""
    if not apart.runs_apart(item):
        return None
    child = _children.get(item.path)
    if child is None:
        of_the_file = [each for each in item.session.items if each.path == item.path]
        child = _children[item.path] = apart.Child(of_the_file, item.config)
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in child.reports(item):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    # what was set up here for the module's other tests ends with the module
    item.session._setupstate.teardown_exact(nextitem)
    return True


def pytest_configure(config: pytest.Config) -> None:
    if apart.is_child():
        config.pluginmanager.register(_Reporter(config))


class _Reporter:
    """In a child process: hands reports on to the parent."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        apart.write(report, self._config)
