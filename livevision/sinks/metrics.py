"""How a run is doing, for Prometheus: numbers alone, never what was signed or who was seen."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

import prometheus_client as prometheus

from livevision import plugins
from livevision.closing import Closing
from livevision.errors import OutputError
from livevision.frame import Result
from livevision.sinks import Sink

HOST = "127.0.0.1"
"""This machine alone may ask."""
NAMES = frozenset({HOST, "localhost"})
"""Names by which it may be asked: another one is a web page's that was led here (DNS rebinding)."""
_BUCKETS = (0.005, 0.01, 0.015, 0.02, 0.025, 0.033, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0)


class Metrics(Sink):
    """Answers http://127.0.0.1:PORT/metrics while the run lasts.

    Latencies are counted up to this sink: give it to the pipeline last. Raises OutputError if the
    port is taken.
    """

    main_thread = True  # it only counts, and after the others

    def __init__(self, port: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`port` is 1 to 65535, or 0 for any that is free."""
        self.port = port
        self._clock = clock
        self._page: Page | None = None
        self._registry = registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=registry)
        self._frames = prometheus.Counter(
            "livevision_frames", "Frames worked on", registry=registry
        )
        self._dropped = prometheus.Counter(
            "livevision_frames_dropped", "Frames never worked on, being busy", registry=registry
        )
        self._fps = prometheus.Gauge(
            "livevision_fps", "Frames worked on a second, of late", registry=registry
        )
        self._latency = prometheus.Histogram(
            "livevision_latency_seconds",
            "From the camera's delivery of a frame until everything was done with it",
            registry=registry,
            buckets=_BUCKETS,
        )
        self._seen = prometheus.Gauge(
            "livevision_seen", "How many are in the picture", ["kind"], registry=registry
        )
        self._events = prometheus.Counter(
            "livevision_events", "What was read, by kind", ["kind"], registry=registry
        )
        self._kinds = [kind.name for kind in plugins.kinds().values() if kind.metric]
        self._counted = 0
        """Dropped frames that were counted."""

    def __enter__(self) -> Self:
        self._page = Page(self.port, self._registry, setting="port")
        self.port = self._page.port
        return self

    def write(self, result: Result) -> None:
        stats = result.stats
        self._frames.inc()
        self._dropped.inc(max(0, stats.dropped - self._counted))
        self._counted = stats.dropped
        self._fps.set(stats.fps)
        if result.frame.captured is not None:
            self._latency.observe(self._clock() - result.frame.captured)
        seen = Counter(each.kind for each in result.detections)
        for kind in {*self._kinds, *seen}:
            self._seen.labels(kind).set(seen[kind])
        for event in result.events:
            self._events.labels(event.kind).inc()

    def close(self) -> None:
        if self._page is not None:
            self._page.close()
            self._page = None


class Page(Closing):
    """Answers http://127.0.0.1:PORT/metrics with what `registry` holds, until it is closed."""

    def __init__(self, port: int, registry: prometheus.CollectorRegistry, *, setting: str) -> None:
        """0 takes a free port; `setting` is what names it.

        Raises OutputError if the port is taken or none.
        """
        try:
            self._server, self._thread = prometheus.start_http_server(
                port, addr=HOST, registry=registry
            )
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(
                f"Cannot serve metrics at port {port}: {reason}. Choose another {setting}."
            ) from error
        self._server.set_app(for_loopback(self._server.get_app()))
        self.port: int = self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def for_loopback(app: Any) -> Any:
    """The WSGI application `app`, for those alone who call this machine by its own name."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if str(environ.get("HTTP_HOST", "")).rsplit(":", 1)[0].lower() not in NAMES:
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"Ask by the name 127.0.0.1.\n"]
        return app(environ, start_response)

    return guarded
