"""What was read, at a real broker: Debian's mosquitto, killed and started again."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from broker import MOSQUITTO, Mosquitto
from until import PATIENCE, until

from livevision.errors import UsageError
from livevision.frame import Box, Detection, Event, Frame, Result
from livevision.sinks import mqtt as module
from livevision.sinks.mqtt import Broker, Mqtt

client_module = pytest.importorskip("paho.mqtt.client", reason="the extra mqtt is not installed")
from paho.mqtt.enums import CallbackAPIVersion  # noqa: E402

needs_broker = pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto here")


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mosquitto]:
    monkeypatch.setattr(module, "LAST", PATIENCE)  # a broker that is there gets the last word
    made = Mosquitto(tmp_path)
    made.start()
    yield made
    made.kill()


class Listener:
    """Notes every message, in order, and which were retained."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, str, bool]] = []
        self.listens = False
        self._client = client_module.Client(CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: setattr(self, "listens", True)
        self._client.on_message = lambda _client, _data, message: self.heard.append(
            (message.topic, message.payload.decode(), bool(message.retain))
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        until(lambda: self.listens)

    def of(self, topic: str) -> list[str]:
        return [content for heard, content, _ in self.heard if heard == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def result(time: float, *names: str, events: tuple[Event, ...] = ()) -> Result:
    faces = tuple(Detection("face", Box(0, 0, 9, 9), name, 0.9, 1) for name in names)
    return Result(Frame(np.zeros((8, 8, 3), np.uint8), round(time * 10), time), faces, events)


WORD = Event("word", "HELLO", 0.0, 1.0, 0.9)
LETTER = Event("letter", "H", 0.0, 0.2, 0.9)


def sink(port: int, **more: Any) -> Mqtt:
    return Mqtt(Broker.of(f"mqtt://127.0.0.1:{port}", None), name="front door", **more)


@needs_broker
def test_words_and_people_arrive_and_nothing_personal_is_kept(broker: Mosquitto) -> None:
    listener = Listener(broker.port)
    base = "livevision/front_door"
    with sink(broker.port) as home:
        until(lambda: listener.of(f"{base}/available") == ["online"])
        home.write(result(0.0, "Zoë", "unknown", events=(LETTER, WORD)))
        home.write(result(1.0, "Zoë"))
        home.write(result(2.5))
        home.write(result(3.5))
        until(lambda: listener.of(f"{base}/people") == ["Zoë", ""])
    until(lambda: listener.of(f"{base}/available") == ["online", "offline"])
    assert listener.of(f"{base}/text") == ["HELLO"]
    (told,) = listener.of(f"{base}/event/word")
    assert json.loads(told)["label"] == "HELLO"
    assert not listener.of(f"{base}/event/letter")
    listener.close()
    late = Listener(broker.port)
    until(lambda: late.of(f"{base}/available") == ["offline"])
    kept = {topic: content for topic, content, retained in late.heard if retained}
    late.close()
    assert not any("Zoë" in content or "HELLO" in content for content in kept.values())
    configs = {topic: json.loads(kept[topic]) for topic in kept if topic.endswith("/config")}
    assert "homeassistant/sensor/livevision_front_door/people/config" in configs
    assert "homeassistant/event/livevision_front_door/word/config" in configs
    assert not any("letter" in topic for topic in configs)
    for content in configs.values():
        assert content["availability_topic"] == f"{base}/available"
        assert content["unique_id"].startswith("livevision_front_door_")


@needs_broker
def test_letters_and_retained_words_only_if_asked_for(broker: Mosquitto) -> None:
    listener = Listener(broker.port)
    with sink(broker.port, letters=True, retain=True) as home:
        home.write(result(0.0, events=(LETTER, WORD)))
        until(lambda: listener.of("livevision/front_door/event/letter"))
    listener.close()
    late = Listener(broker.port)
    until(lambda: ("livevision/front_door/text", "HELLO", True) in late.heard)
    late.close()


@needs_broker
def test_a_broker_that_dies_and_comes_back_gets_what_waited(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "AGAIN", (1, 1))
    listener = Listener(broker.port)
    with sink(broker.port) as home:
        until(lambda: listener.of("livevision/front_door/available"))
        broker.kill()
        until(lambda: "messages wait" in caplog.text)
        home.write(result(0.0, events=(WORD,)))
        listener.listens = False
        broker.start()
        until(lambda: listener.of("livevision/front_door/text") == ["HELLO"] or listener.listens)
        home.write(result(1.0, events=(Event("word", "AGAIN", 0.0, 1.0, 0.9),)))
        until(lambda: "AGAIN" in listener.of("livevision/front_door/text"))
    listener.close()
    assert home.dropped == 0


def test_a_broker_that_was_never_there_costs_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "WAITING", 3)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # taken, and nobody listens
        with sink(free.getsockname()[1]) as home:
            until(lambda: "cannot be reached" in caplog.text)
            for index in range(10):
                home.write(result(index / 10, events=(WORD,)))
        assert home.dropped == 20  # those that waited are lost as well: an event and a text each
        assert "20 messages were left out" in caplog.text


def test_a_password_never_stands_in_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="password in it"):
        Broker.of("mqtt://me:secret@host", None)
    for wrong in ("http://host", "mqtt://", "mqtt://host:door"):
        with pytest.raises(UsageError):
            Broker.of(wrong, None)
    file = tmp_path / "password"
    file.write_text("secret\n")
    found = Broker.of("mqtts://me@host", file)
    assert (found.user, found.password, found.port, found.tls) == ("me", "secret", 8883, True)
    monkeypatch.setenv(module.VARIABLE, "other")
    assert Broker.of("mqtt://me@host", None).password == "other"
    with pytest.raises(UsageError, match="Cannot read the secret"):
        Broker.of("mqtt://me@host", tmp_path / "none")
