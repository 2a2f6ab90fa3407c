"""What was read, at a server that is well, slow, down, redirects and lies."""

import hashlib
import hmac
import json
import socket
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from servers import Receiver
from until import PATIENCE, until

from livevision.errors import UsageError
from livevision.frame import Event, Frame, Result
from livevision.sinks import webhook as module
from livevision.sinks.webhook import Webhook, sign


def result(*labels: str) -> Result:
    events = tuple(Event("word", label, 0.0, 1.0, 0.9) for label in labels)
    return Result(Frame(np.zeros((8, 8, 3), np.uint8), 0, 0.0), events=events)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is given up because the machine has much to do."""
    for name in ("LAST", "PATIENCE"):
        monkeypatch.setattr(module, name, PATIENCE)


def test_events_arrive_in_order_and_signed(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sesame\n")
    with Receiver(200).running() as server:
        with Webhook(server.url, source="door", secret_file=key) as hook:
            for label in ("ONE", "TWO"):
                hook.write(result(label))
            hook.write(result())
        assert server.paths == ["/hook?room=1"] * 2
    contents = [json.loads(body) for _, body in server.requests]
    assert [each["events"][0]["label"] for each in contents] == ["ONE", "TWO"]
    assert contents[0]["schema"] == 2
    assert contents[0]["source"] == "door"
    headers, body = server.requests[0]
    seconds, _, mark = headers["X-Livevision-Signature"].removeprefix("t=").partition(",v1=")
    own = hmac.new(b"sesame", seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert mark == own
    assert sign(body, "sesame", int(seconds)) == headers["X-Livevision-Signature"]


def test_a_server_in_trouble_is_tried_again_with_the_same_identity() -> None:
    pauses: list[float] = []
    with Receiver(503, 429, 200).running() as server:
        with Webhook(server.url, source="x", wait=pauses.append) as hook:
            hook.write(result("ONE"))
        assert len(server.requests) == 3
    assert pauses == [1.0, 2.0]
    assert len({headers["X-Livevision-Id"] for headers, _ in server.requests}) == 1
    assert hook.dropped == 0


@pytest.mark.parametrize("status", [302, 307, 404])
def test_a_redirect_is_not_followed_and_a_refusal_not_tried_again(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with Receiver(status).running() as server:
        with Webhook(server.url, source="x", wait=lambda _: None) as hook:
            hook.write(result("ONE"))
        assert server.paths == ["/hook?room=1"]
    assert hook.dropped == 1
    assert f"status {status}" in caplog.text


@pytest.mark.parametrize(
    "lie", [b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"nonsense\r\n"]
)
def test_a_server_that_lies_ends_nothing(lie: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with (
        Receiver(200, lie=lie).running() as server,
        Webhook(server.url, source="x", wait=lambda _: None) as hook,
    ):
        hook.write(result("ONE"))
        hook.write(result("TWO"))
        until(lambda: len(server.requests) >= 2)


def test_an_answer_that_drips_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each byte comes in time, and the answer never."""
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    monkeypatch.setattr(module, "PAUSES", ())
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            client, _ = listening.accept()
            with client, suppress(OSError):
                while not over.wait(0.05):
                    client.sendall(b"H")

        thread = threading.Thread(target=drip)
        thread.start()
        with Webhook(f"http://127.0.0.1:{listening.getsockname()[1]}/", source="x") as hook:
            hook.write(result("ONE"))
            until(lambda: hook.dropped)
        over.set()
        thread.join()
    assert "did not take" in caplog.text


def test_a_path_of_other_letters_is_written_as_addresses_are() -> None:
    with Receiver(200, 200).running() as server:
        with Webhook(server.url.replace("hook", "türe %41 b"), source="x") as hook:
            hook.write(result("ONE"))
        assert server.paths == ["/t%C3%BCre%20%41%20b?room=1"]


def test_a_server_that_is_down_is_given_up_and_the_queue_is_bounded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "WAITING", 2)
    go_on = threading.Event()
    with Receiver(200).running() as server:
        url = server.url
    hook = Webhook(url, source="x", wait=lambda _: go_on.wait(PATIENCE))
    with hook:
        for index in range(6):
            hook.write(result(str(index)))
        go_on.set()
    assert hook.dropped >= 3
    assert "left out" in caplog.text


def test_addresses_that_are_none_are_told() -> None:
    for wrong in ("ftp://host", "http://", "http://me:secret@host", "http://host:door"):
        with pytest.raises(UsageError):
            Webhook(wrong, source="x")
