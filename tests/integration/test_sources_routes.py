"""`/notify`, `/sources` and `twin source` as others meet them."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.settings import Settings
from tests.integration.command_line import TWIN, twin
from tests.integration.sensorthings_server import running
from tests.integration.test_mqtt_bridge import eventually
from twin import tokens
from twin.observations.model import OBSERVATION
from twin.observations.query import Query, Route
from twin.observations.store import open_observations
from twin.store import create_city

SOURCES = [
    {"name": "m2m", "type": "onem2m"},
    {"name": "ngsi", "type": "ngsi-ld"},
    {"name": "gone", "type": "replay", "file": "nothing.csv"},
]
M2M = {
    "m2m:sgn": {
        "nev": {"rep": {"m2m:cin": {"ct": "20240501T093000", "con": "31"}}},
        "sur": "/cse/air-7/pm10/sub",
    }
}
NGSI = {
    "data": [{"id": "urn:x:7", "type": "Air", "pm10": 31, "dateObserved": "2024-05-01T00:00:00Z"}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_city(tmp_path / "x.twin").close()
    (tmp_path / "x.twin" / "sources.json").write_text(json.dumps(SOURCES))
    return tmp_path / "x.twin"


@pytest.fixture
def client(folder: Path) -> Iterator[httpx.Client]:
    settings = Settings(city=folder, mqtt="off", sensor_layer_seconds=0, body_limit=10_000)
    with running(create_app(settings)) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture
def writer(folder: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.create(folder, ['sta:write'], 'broker', None)}"}


def _count(folder: Path) -> int:
    with open_observations(folder) as observations:
        return observations.page(Route(OBSERVATION), Query(count=True)).count or 0


@pytest.mark.parametrize(("source", "body"), [("m2m", M2M), ("ngsi", NGSI)])
def test_a_notification_is_stored_once(
    client: httpx.Client, folder: Path, writer: dict[str, str], source: str, body: Any
) -> None:
    for stored in (1, 0):
        answer = client.post(f"/notify/{source}", json=body, headers={**writer, "X-M2M-RI": "r-1"})
        assert (answer.status_code, answer.json()["stored"]) == (200, stored), answer.text
        assert (answer.headers["X-M2M-RI"], answer.headers["X-M2M-RSC"]) == ("r-1", "2000")
    assert _count(folder) == 1


@pytest.mark.parametrize(
    ("source", "body", "status"),
    [
        ("other", b"{}", 404),
        ("gone", b"{}", 404),
        ("m2m", b"{", 400),
        ("m2m", b"\xff\xfe", 400),
        ("m2m", b"[]", 400),
        ("ngsi", b'{"data": [{}]}', 400),
        ("m2m", b'{"x": "' + b"x" * 20_000 + b'"}', 413),
        ("m2m", b"[" * 5000, 400),
        ("m2m", b'{"a":' * 800 + b"1" + b"}" * 800, 400),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: httpx.Client, folder: Path, writer: dict[str, str], source: str, body: bytes, status: int
) -> None:
    answer = client.post(f"/notify/{source}", content=body, headers=writer)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert _count(folder) == 0


def test_only_who_may_write_notifies(client: httpx.Client, folder: Path) -> None:
    assert client.post("/notify/m2m", json=M2M).status_code == 401
    reader = tokens.create(folder, ["sta:read"], "reader", None)
    headers = {"Authorization": f"Bearer {reader}"}
    assert client.post("/notify/m2m", json=M2M, headers=headers).status_code == 403
    assert _count(folder) == 0


def test_how_sources_do(client: httpx.Client, writer: dict[str, str]) -> None:
    def found(**headers: str) -> dict[str, Any]:
        return {s["name"]: s for s in client.get("/sources", headers=headers).json()["sources"]}

    eventually(lambda: found()["gone"]["failed"])
    assert found()["gone"]["error"] is None, "where the city gets its readings is nobody's business"
    assert "nothing.csv" in found(**writer)["gone"]["error"]
    assert found()["m2m"]["running"] and not found()["m2m"]["failed"]
    assert found()["m2m"]["since"] > 1_600_000_000_000


def test_the_list_says_what_is_wrong(folder: Path) -> None:
    done = twin("source", "list", folder)
    assert "posts to /notify/m2m" in done.stdout and "nothing.csv" in done.stdout
    (folder / "sources.json").write_text('[{"name": "x", "type": "replay", "file": "a.csv", "speed": -1}]')
    done = twin("source", "list", folder)
    assert done.returncode == 1 and "sources.json: 0/replay/speed" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pull", "x.twin", "ftp://other"], "url"),
        (["pull", "x.twin", "http://127.0.0.1:9/v1.1"], "127.0.0.1:9"),
        (["pull", "x.twin", "http://127.0.0.1:9/", "--token-env", "NO_SUCH_ONE"], "NO_SUCH_ONE"),
        (["pull", "none.twin", "http://127.0.0.1:9/"], "none.twin"),
        (["replay", "x.twin", "a.csv", "--speed", "0"], "speed"),
        (["replay", "none.twin", "a.csv"], "none.twin"),
        (["replay", "x.twin", "a.csv", "--timezone", "Mars"], "Mars"),
    ],
)
def test_wrong_use_is_one_clear_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(folder.parent)
    Path("a.csv").write_text("time,PM10\n2024-05-01,1\n")
    done = twin("source", *arguments)
    assert done.returncode == 1 and message in done.stderr and done.stderr.count("\n") == 1
    assert not Path("none.twin").exists()


def test_a_recording_plays_until_ctrl_c(folder: Path, tmp_path: Path) -> None:
    lines = [f"2024-05-01 {hour:02}:00,a,{hour}" for hour in range(24)]
    (tmp_path / "a.csv").write_text("time,station,PM10\n" + "\n".join(lines) + "\n")
    command = [TWIN, "source", "replay", folder, tmp_path / "a.csv", "--speed", "36000",
               "--backfill-hours", "24"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        eventually(lambda: process.poll() is not None or _count(folder) >= 30)
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, error) == (0, "")
    assert "36000 times its speed" in output
