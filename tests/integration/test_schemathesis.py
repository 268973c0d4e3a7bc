"""No request that the OpenAPI document describes, and none that is near one, is answered with a 5xx.

501 says that something is not offered, 503 that it is not there now.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from api.app import create_app
from api.settings import Settings
from tests.integration.sensorthings_samples import location, observation, thing, whole_datastream
from tests.integration.sensorthings_server import running
from tests.unit.models import city, write
from twin import tokens
from twin.ingest import add_files

EXAMPLES = int(os.environ.get("TWIN_TEST_EXAMPLES", "5"))
ENDLESS = ("/events",)
"""Streams, which have no end to wait for."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The whole twin of a small city with a sensor: its address and the headers of an administrator."""
    base = tmp_path_factory.mktemp("schemathesis")
    folder = base / "x.twin"
    add_files(folder, [write(base / "source.json", city({"a": (0.0, 0.0, 5.0)}))])
    token = tokens.create(folder, ["admin"], "tests", None)
    headers = {"Authorization": f"Bearer {token}"}
    with running(create_app(Settings(city=folder, mqtt="off"))) as address:
        body = thing(Locations=[location()], Datastreams=[whole_datastream(Observations=[observation(1)])])
        answer = schemathesis.openapi.from_url(f"{address}/openapi.json")
        assert len(list(answer.get_all_operations())) > 100
        httpx.post(f"{address}/sta/v1.1/Things", json=body, headers=headers).raise_for_status()
        yield address, headers


@pytest.mark.parametrize("mode", GenerationMode)
def test_no_request_breaks_the_server(served: tuple[str, dict[str, str]], mode: GenerationMode) -> None:
    address, headers = served
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    broken: dict[str, str] = {}
    seen: Counter[int] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in ENDLESS:
            continue
        try_operation(operation, mode, headers, broken, seen)
    assert broken == {}
    assert seen[200] + seen[201] > 50 if mode is GenerationMode.POSITIVE else seen[400] > 50, seen


def try_operation(
    operation: Any,
    mode: GenerationMode,
    headers: dict[str, str],
    broken: dict[str, str],
    seen: Counter[int],
) -> None:
    """Note what was answered with an error of the server, and count all answers."""

    @given(operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def attempt(case: Any) -> None:
        answer = case.call(headers=headers, timeout=30)
        seen[answer.status_code] += 1
        if answer.status_code >= 500 and answer.status_code not in (501, 503):
            broken.setdefault(operation.label, f"{answer.status_code} {case.as_curl_command()}"[:600])

    with suppress(Unsatisfiable):  # nothing about it can be wrong
        attempt()
