"""The description of REST is what the running server does."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from serving import PATIENCE, Running, jpeg, message, running  # noqa: E402
from starlette.routing import Route  # noqa: E402

from livevision.server import app, keys  # noqa: E402

DESCRIPTION = json.loads((Path(app.__file__).parent / "openapi.json").read_text("utf-8"))
ENDLESS = {"/api/events", "/video.mjpg"}
PAGE = {"/", "/overlay", "/page/{name}", "/languages/{name}", "/api/share/{number:int}.svg"}
HERSELF = {"/api/openapi.json"}


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))


def test_every_address_is_described_and_no_other() -> None:
    with running() as server:
        inner: Any = server.server.app().app
        routes = {each.path for each in inner.routes if isinstance(each, Route)}
        served = server.get("/api/openapi.json").json()
    assert served == DESCRIPTION
    assert routes - PAGE - HERSELF == set(DESCRIPTION["paths"])


@pytest.mark.parametrize("examples", [3, pytest.param(40, marks=pytest.mark.long)])
def test_the_server_answers_as_described(examples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With more examples: pytest -m long tests/test_openapi.py"""
    monkeypatch.setattr(keys, "WRONG", 10**6)  # schemathesis tries wrong keys as well
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_dict(DESCRIPTION)
    with running(limit=50, idle=1.0) as server:
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path not in ENDLESS:
                _try(operation, server, examples)


def _try(operation: Any, server: Running, examples: int) -> None:
    """Ask for what the description allows, and look whether the answer is one that it names."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        response = case.call(base_url=server.base, headers=server.bearer(), timeout=PATIENCE)
        case.validate_response(response, excluded_checks=beyond)

    # no description can say which bytes are a picture
    beyond = [schemathesis.checks.CHECKS.get_one("positive_data_acceptance")]
    ask()


def test_what_is_right_is_answered_rightly() -> None:
    schema = schemathesis.openapi.from_dict(DESCRIPTION)
    with running() as server:
        read = server.post("/api/read", content=jpeg((64, 48)))
        frame = server.post("/api/frame?session=abcdefgh", content=message(0, 0.0, jpeg()))
    for path, answer in (("/api/read", read), ("/api/frame", frame)):
        assert answer.status_code == 200
        operation = schema[path]["POST"]
        operation.validate_response(answer)
