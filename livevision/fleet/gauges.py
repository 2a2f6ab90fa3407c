"""How the cameras of a site are doing, for Prometheus: numbers alone, never who was seen."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import prometheus_client as prometheus
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from livevision.closing import Closing
from livevision.sinks.metrics import Page

Told = Callable[[], Iterable[dict[str, Any]]]


class Gauges(Closing):
    """Answers http://127.0.0.1:PORT/metrics. Raises OutputError if the port is taken."""

    def __init__(self, port: int, told: Told) -> None:
        """`told` gives what `Supervisor.told` gave last; it is called on other threads."""
        self.port = port
        self._registry = prometheus.CollectorRegistry()
        self._registry.register(_Cameras(told))

    def __enter__(self) -> Self:
        self._page = Page(self.port, self._registry, setting="metrics_port")
        self.port = self._page.port
        return self

    def close(self) -> None:
        self._page.close()


class _Cameras(Collector):
    def __init__(self, told: Told) -> None:
        self._told = told

    def collect(self) -> Iterator[Metric]:
        cameras = list(self._told())
        for key, name, help_ in (
            ("fps", "fps", "Frames worked on a second, of late"),
            ("rss_mb", "resident_megabytes", "Memory of the camera's process"),
            ("silent_s", "silent_seconds", "Since the process was last heard"),
        ):
            gauge = GaugeMetricFamily(f"livevision_camera_{name}", help_, labels=["camera"])
            for each in cameras:
                if each[key] is not None:
                    gauge.add_metric([each["camera"]], each[key])
            yield gauge
        up = GaugeMetricFamily("livevision_camera_up", "1 if it is read", labels=["camera"])
        frames = CounterMetricFamily("livevision_frames", "Frames worked on", labels=["camera"])
        dropped = CounterMetricFamily(
            "livevision_frames_dropped", "Frames never worked on, being busy", labels=["camera"]
        )
        events = CounterMetricFamily(
            "livevision_events", "What was read, by kind", labels=["camera", "kind"]
        )
        restarts = CounterMetricFamily(
            "livevision_camera_restarts", "By reason", labels=["camera", "reason"]
        )
        failed = GaugeMetricFamily(
            "livevision_camera_failed", "Recognisers and outputs that broke off", labels=["camera"]
        )
        for each in cameras:
            name = each["camera"]
            up.add_metric([name], float(each["state"] == "running" and not each["source"]))
            frames.add_metric([name], each["frames"])
            dropped.add_metric([name], each["dropped"])
            failed.add_metric([name], len(each["failed"]))
            for kind, number in each["events"].items():
                events.add_metric([name, kind], number)
            for reason, number in each["restarts"].items():
                restarts.add_metric([name, reason], number)
        yield from (up, failed, frames, dropped, events, restarts)
