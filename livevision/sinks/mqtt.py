"""What was read, to an MQTT broker; Home Assistant finds it by itself.

Topics below `livevision/NAME/`: `available` (online, offline), `text` (the last finished word),
`people` (the names of those in sight), and `event/KIND` (JSON of schema 2). Only what describes the
device is retained by the broker; what was signed and who was seen is not, unless asked for: it
would outlive `livevision privacy --erase`.
"""

import json
import logging
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from livevision import __version__, plugins, records
from livevision.errors import OutputError, UsageError
from livevision.frame import Event, Result
from livevision.sinks.secrets import address, secret
from livevision.sinks.sink import Sink

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt

log = logging.getLogger(__name__)

WAITING = 1000
"""Messages kept while the broker is away; then new ones are left out and counted."""
AGAIN = 1, 30
"""Seconds after which a lost broker is tried again, at first and at most."""
GONE = 2.0
"""Seconds of the stream for which somebody out of sight still counts as there: a turned head."""
LAST = 3.0
"""Seconds that the last messages may take at the end."""
VARIABLE = "LIVEVISION_MQTT_PASSWORD"
DISCOVERY = "homeassistant"
"""Home Assistant's own prefix for devices that announce themselves."""
_TEMPLATE = "{{ {'event_type': value_json.kind, 'label': value_json.label} | to_json }}"
"""What makes one of our events Home Assistant's."""
_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to, and as whom."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str

    @classmethod
    def of(cls, url: str, password_file: Path | None) -> "Broker":
        """The broker at mqtt://[USER@]HOST[:PORT] or mqtts://...; UsageError if it is none."""
        how = f"put it into a file (--mqtt-password-file) or the variable {VARIABLE}"
        parts = address(url, "--mqtt", tuple(_PORTS), how)
        return cls(
            parts.hostname or "",
            parts.port or _PORTS[parts.scheme],
            parts.scheme == "mqtts",
            parts.username,
            secret(password_file, VARIABLE),
        )


class Mqtt(Sink):
    """Publishes finished words, who is in sight, and events.

    Letters are left out unless asked for. While the broker is away, messages wait; a broker that is
    never there costs nothing but a warning.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        name: str,
        ca: Path | None = None,
        letters: bool = False,
        retain: bool = False,
    ) -> None:
        """`name` tells several programs apart; `ca` is the file of a certificate authority.

        Raises UsageError if the package paho-mqtt is missing, or `ca` is no certificate.
        """
        self.name = "mqtt"
        self._broker = broker
        self._id = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_") or "livevision"
        self._base = f"livevision/{self._id}"
        self._letters, self._retain = letters, retain
        self._people: dict[str, float] = {}
        """Who is in sight, and when they were last seen."""
        self._told = ""
        self.dropped = 0
        """Messages that were left out because the broker was away too long."""
        self._sent = 0
        self._announced = 0  # apart from those, as another thread counts them
        self._arrived = 0
        self._warned = False
        self._connected = threading.Event()
        self._ca = ca
        self._client = self._made()

    def __enter__(self) -> Self:
        self._client = self._made()
        self.dropped = self._sent = self._announced = self._arrived = 0
        try:
            self._client.connect_async(self._broker.host, self._broker.port)
        except ValueError as error:
            raise OutputError(f"Cannot reach the broker: {error}.") from error
        self._client.loop_start()
        return self

    def write(self, result: Result) -> None:
        for event in result.events:
            self._tell(event)
        self._see(result)

    def close(self) -> None:
        self._say_people("")
        if self._connected.is_set():
            last = self._client.publish(self._topic("available"), "offline", qos=1, retain=True)
            self._sent += 1
            try:
                last.wait_for_publish(LAST)
            except (RuntimeError, ValueError):  # the queue is full, or the broker just went
                log.info("the broker did not take the last message")
            self._client.disconnect()
        self._client.loop_stop()
        self._connected.clear()
        self.dropped += max(0, self._sent + self._announced - self._arrived)
        if self.dropped:
            log.warning("%d messages were left out: the broker was away too long", self.dropped)

    def _made(self) -> "mqtt.Client":
        """A client; one that was stopped leaves sockets behind when it is started again."""
        try:
            import paho.mqtt.client as mqtt
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise UsageError(
                "--mqtt needs one package more: pip install 'livevision[mqtt]'"
            ) from error
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"livevision-{self._id}")
        client.max_queued_messages_set(WAITING)
        client.reconnect_delay_set(*AGAIN)
        client.will_set(self._topic("available"), "offline", qos=1, retain=True)
        if self._broker.user is not None:
            client.username_pw_set(self._broker.user, self._broker.password or None)
        if self._broker.tls:
            try:
                client.tls_set(str(self._ca) if self._ca else None)
            except (OSError, ValueError) as error:
                raise UsageError(
                    f"Cannot use the certificate authority {self._ca}: {error}."
                ) from error
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_connect_fail = self._on_failure
        client.on_publish = self._on_publish
        return client

    def _topic(self, *parts: str) -> str:
        return "/".join((self._base, *parts))

    def _tell(self, event: Event) -> None:
        kind = plugins.kind(event.kind)
        if kind.caption and not kind.spoken and not self._letters:
            return
        self._publish(
            self._topic("event", event.kind), json.dumps(records.finite(records.event(event)))
        )
        if kind.spoken:
            self._publish(self._topic("text"), event.label, retain=self._retain)

    def _see(self, result: Result) -> None:
        """Tell who is in sight whenever that changes."""
        time = result.frame.time
        for each in result.detections:
            kind = plugins.kind(each.kind)
            if kind.private and each.label not in kind.unknown:
                self._people[each.label] = time
        self._people = {name: seen for name, seen in self._people.items() if time - seen <= GONE}
        self._say_people(", ".join(sorted(self._people)))

    def _say_people(self, names: str) -> None:
        if names != self._told:
            self._told = names
            self._publish(self._topic("people"), names, retain=self._retain)

    def _publish(self, topic: str, content: str, *, retain: bool = False) -> None:
        sent = self._client.publish(topic, content, qos=1, retain=retain)
        if sent.rc in (0, 4):  # sent, or waiting for the broker to come back
            self._sent += 1
        else:
            self.dropped += 1

    def _on_connect(
        self, client: "mqtt.Client", _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        if reason.is_failure:
            self._warn(f"the broker refuses: {reason}. Check the user's name and password")
            return
        self._warned = False
        for topic, content in self._announcements():
            client.publish(topic, json.dumps(content), qos=1, retain=True)
            self._announced += 1
        client.publish(self._topic("available"), "online", qos=1, retain=True)
        self._announced += 1
        self._connected.set()

    def _on_publish(self, *_: Any) -> None:
        self._arrived += 1

    def _on_disconnect(
        self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        self._connected.clear()
        if reason.is_failure:
            self._warn(f"the broker is gone ({reason}); messages wait until it is back")

    def _on_failure(self, _client: Any, _data: Any) -> None:
        self._warn("the broker cannot be reached; messages wait until it is there")

    def _warn(self, what: str) -> None:
        if not self._warned:
            self._warned = True
            log.warning("MQTT %s:%d: %s", self._broker.host, self._broker.port, what)

    def _announcements(self) -> list[tuple[str, dict[str, Any]]]:
        """What Home Assistant needs to know, by topic."""
        device = {
            "identifiers": [f"livevision-{self._id}"],
            "name": f"livevision {self._id}",
            "sw_version": __version__,
        }
        common: dict[str, Any] = {
            "device": device,
            "availability_topic": self._topic("available"),
        }
        found: list[tuple[str, str, dict[str, Any]]] = [
            ("sensor", "text", {"name": "Text", "state_topic": self._topic("text")}),
            ("sensor", "people", {"name": "People", "state_topic": self._topic("people")}),
        ]
        for kind in plugins.kinds().values():
            if kind.caption and not kind.spoken and not self._letters:
                continue
            if kind.counted or kind.spoken:
                config = {
                    "name": kind.name.capitalize(),
                    "state_topic": self._topic("event", kind.name),
                    "event_types": [kind.name],
                    "value_template": _TEMPLATE,
                }
                found.append(("event", kind.name, config))
        return [
            (
                f"{DISCOVERY}/{component}/livevision_{self._id}/{name}/config",
                {**common, **config, "unique_id": f"livevision_{self._id}_{component}_{name}"},
            )
            for component, name, config in found
        ]
