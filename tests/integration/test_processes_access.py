"""Who may run a process and dismiss a job over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from analysis.contract import Model
from api.app import create_app
from api.settings import Settings
from tests.integration.live_server import serving
from tests.integration.processes import ASYNC, EXECUTION, PATIENCE_S, is_problem
from twin import tokens
from twin.runs import open_runs
from twin.store import create_city


@pytest.fixture
def client(processes: tuple[str, Path]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=processes[0], timeout=PATIENCE_S) as client:
        yield client


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.org"},
        {"Host": "rebound.example.org"},
        {"X-Forwarded-For": "192.0.2.7"},
        {"Forwarded": "for=192.0.2.7"},
        {"X-Real-IP": "127.0.0.1"},
    ],
)
def test_without_a_token_only_this_machine_itself_may_run(
    client: httpx.Client, headers: dict[str, str]
) -> None:
    answer = client.post(EXECUTION, json={}, headers={**ASYNC, **headers})
    assert "scope run" in is_problem(answer, 401)
    job = client.post(EXECUTION, json={}, headers=ASYNC).headers["location"]
    assert client.delete(job, headers=headers).status_code == 401
    assert client.get(job, headers=headers).status_code == 200


def test_a_page_of_this_server_may_run(client: httpx.Client, processes: tuple[str, Path]) -> None:
    assert client.post(EXECUTION, json={}, headers={**ASYNC, "Origin": processes[0]}).status_code == 201


def test_a_token_with_the_scope_may_run_and_is_kept_with_the_run(tmp_path: Path, tiny: Model) -> None:
    create_city(tmp_path / "x.twin").close()
    good, other = (tokens.create(tmp_path / "x.twin", [scope], scope, 1) for scope in ("run", "sta:write"))
    closed = Settings(city=tmp_path / "x.twin", mqtt="off", public_run=False)
    with serving(create_app(closed)) as address, httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        held: list[dict[str, str]] = [
            {"Authorization": f"Bearer {token}"} for token in ("twin_x", other, good)
        ]
        statuses = [
            client.post(EXECUTION, json={}, headers={**ASYNC, **token}).status_code for token in ({}, *held)
        ]
        assert statuses == [401, 401, 403, 201]
        (job,) = client.get("/jobs").json()["jobs"]
        assert "who" not in job
        with open_runs(tmp_path / "x.twin") as runs:
            assert runs.get(job["jobID"]).who == "run"


def test_a_proxy_that_is_known_closes_the_door(tmp_path: Path, tiny: Model) -> None:
    create_city(tmp_path / "x.twin").close()
    behind = Settings(city=tmp_path / "x.twin", mqtt="off", root_url="https://twin.example.org/")
    with serving(create_app(behind)) as address, httpx.Client(base_url=address) as client:
        assert client.post(EXECUTION, json={}).status_code == 401
        links = client.get("/processes/tiny").json()["links"]
        assert all(link["href"].startswith("https://twin.example.org/processes/") for link in links)


def test_reading_jobs_makes_no_database(tmp_path: Path) -> None:
    create_city(tmp_path / "x.twin").close()
    with serving(create_app(Settings(city=tmp_path / "x.twin", mqtt="off"))) as address:
        assert httpx.get(f"{address}/jobs").json()["jobs"] == []
        assert httpx.get(f"{address}/jobs/x").status_code == 404
    assert not (tmp_path / "x.twin" / "runs.db").exists()
