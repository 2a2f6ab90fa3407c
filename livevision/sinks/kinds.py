"""The kinds of sinks of the house, in the order in which they get results.

Imported for `--help`: what is heavy is imported when a sink is opened.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from livevision import plugins
from livevision.options import option
from livevision.plugins import RunContext, SinkPlugin
from livevision.sinks.sink import Sink


@dataclass(frozen=True, slots=True)
class RecorderOptions:
    """Video files."""

    record: Path | None = option(
        None, flag="--record", metavar="OUT.mp4", help="write the picture as shown"
    )
    raw: Path | None = option(
        None, flag="--raw", metavar="OUT.mp4", help="write the camera's picture"
    )
    split_minutes: int | None = option(
        None,
        flag="--split-minutes",
        low=1,
        metavar="N",
        help="begin a new file of --record and --raw after N minutes",
    )
    split_megabytes: int | None = option(
        None,
        flag="--split-megabytes",
        low=1,
        metavar="N",
        help="begin a new file of --record and --raw after N MB",
    )


def _recorders(options: RecorderOptions, run: RunContext) -> Iterable[Sink]:
    if not (options.record or options.raw or run.shown):
        return
    from livevision.sinks.overlay import annotate
    from livevision.sinks.recorder import Recorder

    seconds = options.split_minutes and options.split_minutes * 60
    size = options.split_megabytes and options.split_megabytes * 1_000_000
    if options.raw:
        yield Recorder(options.raw, split_seconds=seconds, split_bytes=size)
    if options.record or run.shown:  # in a window the key r starts one at any time
        yield Recorder(
            options.record,
            annotate=lambda result: annotate(result, run.look),
            split_seconds=seconds,
            split_bytes=size,
        )


@dataclass(frozen=True, slots=True)
class EventsOptions:
    """JSON lines."""

    events: Path | None = option(
        None,
        flag="--events",
        metavar="OUT.jsonl",
        help="write what was read, one event a line; - is standard output",
    )


def _events(options: EventsOptions, run: RunContext) -> Iterable[Sink]:
    if options.events:
        from livevision.sinks.events import Events

        yield Events(options.events, source=run.source)


@dataclass(frozen=True, slots=True)
class CaptionsOptions:
    """Subtitles."""

    captions: Path | None = option(
        None, flag="--captions", metavar="OUT", help="write the text as .srt, .vtt or .txt"
    )


def _captions(options: CaptionsOptions, run: RunContext) -> Iterable[Sink]:
    if options.captions:
        from livevision.sinks.captions import Captions

        yield Captions(options.captions)


@dataclass(frozen=True, slots=True)
class TranscriptOptions:
    """JSON lines with signers."""

    transcript: Path | None = option(
        None,
        flag="--transcript",
        metavar="OUT.jsonl",
        help="write what was read, and who signed",
    )


def _transcript(options: TranscriptOptions, run: RunContext) -> Iterable[Sink]:
    if options.transcript:
        from livevision.sinks.transcript import Transcript

        yield Transcript(options.transcript, source=run.source)


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """A voice."""

    speak: bool = option(False, flag="--speak", help="say finished words aloud, off line")


def _speech(options: SpeechOptions, run: RunContext) -> Iterable[Sink]:
    if options.speak:
        from livevision.sinks.speech import Speech

        yield Speech()


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """A broker of the home."""

    url: str | None = option(
        None,
        flag="--mqtt",
        metavar="URL",
        help="publish words and who is in sight at mqtt://[USER@]HOST or mqtts://..., as Home "
        "Assistant knows it",
    )
    name: str = option(
        "livevision",
        flag="--mqtt-name",
        metavar="NAME",
        help="what the broker calls this camera, for several of them",
    )
    password_file: Path | None = option(
        None,
        flag="--mqtt-password-file",
        metavar="FILE",
        reads=True,
        help="the user's password (or in the variable LIVEVISION_MQTT_PASSWORD)",
    )
    ca: Path | None = option(
        None,
        flag="--mqtt-ca",
        metavar="FILE",
        reads=True,
        help="the broker's certificate authority, for mqtts:// in a house of one's own",
    )
    letters: bool = option(
        False, flag="--mqtt-letters", help="publish every letter, too, not only finished words"
    )
    retain: bool = option(
        False,
        flag="--mqtt-retain",
        help="have the broker keep the last word and who is in sight; 'livevision privacy --erase' "
        "cannot reach them there",
    )


def _mqtt(options: MqttOptions, run: RunContext) -> Iterable[Sink]:
    if options.url:
        from livevision.sinks.mqtt import Broker, Mqtt

        yield Mqtt(
            Broker.of(options.url, options.password_file),
            name=options.name,
            ca=options.ca,
            letters=options.letters,
            retain=options.retain,
        )


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """A program behind a web address."""

    url: str | None = option(
        None, flag="--webhook", metavar="URL", help="post what was read as JSON to this address"
    )
    secret_file: Path | None = option(
        None,
        flag="--webhook-secret-file",
        metavar="FILE",
        reads=True,
        help="sign it with this secret (or that in the variable LIVEVISION_WEBHOOK_SECRET)",
    )


def _webhook(options: WebhookOptions, run: RunContext) -> Iterable[Sink]:
    if options.url:
        from livevision.sinks.webhook import Webhook

        yield Webhook(options.url, source=run.source, secret_file=options.secret_file)


@dataclass(frozen=True, slots=True)
class VirtualCameraOptions:
    """A camera for other programs."""

    device: Path | None = option(
        None,
        flag="--virtual-camera",
        metavar="/dev/videoN",
        help="be a camera for Zoom, OBS and the like (Linux, with v4l2loopback)",
    )


def _virtual_camera(options: VirtualCameraOptions, run: RunContext) -> Iterable[Sink]:
    if options.device:
        from livevision.sinks.overlay import annotate
        from livevision.sinks.virtual_camera import VirtualCamera

        yield VirtualCamera(options.device, lambda result: annotate(result, run.look))


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """The screen."""

    window: bool = option(True, flag="--window", help="show the picture, where there is a display")
    mirror: bool | None = option(
        None,
        flag="--mirror",
        help="show the picture as in a mirror (default: for cameras; never recorded so)",
    )


def _window(options: WindowOptions, run: RunContext) -> Iterable[Sink]:
    from livevision.sinks.console import Console
    from livevision.sinks.events import Events

    if not run.shown:
        # lines for programs and lines for people must not mix
        programs = any(isinstance(each, Events) and each.standard_output for each in run.opened)
        yield Console(sys.stderr if programs else None)
        return
    from livevision.sinks.recorder import Recorder
    from livevision.sinks.window import Window

    assert run.controls is not None
    recorders = [each for each in run.opened if isinstance(each, Recorder)]
    yield Window(
        run.controls,
        look=replace(run.look, mirror=run.mirror),
        recording=lambda: any(each.recording for each in recorders[-1:]),
        recorded=lambda: [file for each in recorders[-1:] for file in each.written],
        idle_keys=_idle_keys(run),
    )


def _idle_keys(run: RunContext) -> dict[str, str]:
    """Commands that can do nothing in this run, and why, for the picture."""
    idle = {}
    if not run.camera:
        idle["next-camera"] = f"c goes to the next camera, and {run.source} is none"
    if run.live:
        idle["back"] = "Left goes back in a recording; this is live"
        idle["forward"] = "Right goes on in a recording; this is live"
    if run.recognizers is not None and not any(
        kind.private for name in run.recognizers for kind in plugins.recognizer(name).kinds
    ):
        idle["blur"] = "b blurs unknown faces, and none are looked for; start with --faces"
    return idle


@dataclass(frozen=True, slots=True)
class MetricsOptions:
    """Prometheus."""

    metrics_port: int | None = option(
        None,
        flag="--metrics-port",
        low=1,
        high=65535,
        metavar="N",
        help="serve rates, latencies and counts to Prometheus at 127.0.0.1:N (default: off)",
    )


def _metrics(options: MetricsOptions, run: RunContext) -> Iterable[Sink]:
    if options.metrics_port:
        from livevision.sinks.metrics import Metrics

        yield Metrics(options.metrics_port)


def _named(*names: str) -> Callable[[object], Sequence[Path]]:
    """A function that gives the files which the options `names` have."""

    def outputs(options: object) -> Sequence[Path]:
        return [file for name in names if (file := getattr(options, name)) is not None]

    return outputs


KINDS: tuple[SinkPlugin[Any], ...] = (
    SinkPlugin(
        name="recorder",
        summary="video files",
        options=RecorderOptions,
        open=_recorders,
        outputs=_named("record", "raw"),
    ),
    SinkPlugin(
        name="events",
        summary="what was read, for programs",
        options=EventsOptions,
        open=_events,
        outputs=_named("events"),
    ),
    SinkPlugin(
        name="captions",
        summary="the running text as subtitles",
        options=CaptionsOptions,
        open=_captions,
        outputs=_named("captions"),
    ),
    SinkPlugin(
        name="transcript",
        summary="who signed what and when",
        options=TranscriptOptions,
        open=_transcript,
        outputs=_named("transcript"),
    ),
    SinkPlugin(name="speech", summary="a voice", options=SpeechOptions, open=_speech),
    SinkPlugin(name="mqtt", summary="a broker of the home", options=MqttOptions, open=_mqtt),
    SinkPlugin(
        name="webhook",
        summary="a program behind a web address",
        options=WebhookOptions,
        open=_webhook,
    ),
    SinkPlugin(
        name="virtual_camera",
        summary="a camera for other programs",
        options=VirtualCameraOptions,
        open=_virtual_camera,
    ),
    SinkPlugin(name="window", summary="the screen", options=WindowOptions, open=_window),
    SinkPlugin(
        name="metrics", summary="numbers for Prometheus", options=MetricsOptions, open=_metrics
    ),
)
"""Metrics come last: they count latencies up to themselves."""
