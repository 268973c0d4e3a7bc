"""What users looked at, over HTTP: consent, reading and deleting by id, no id in logs, counts for admins."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api import live
from api.app import create_app
from api.routes import ar_looks
from api.settings import Settings
from tests.integration.command_line import make_city
from tests.integration.live_server import serving
from twin import tokens
from twin.looks import DATABASE, Looks
from twin.store import create_city


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_city(tmp_path_factory.mktemp("looks"))


@pytest.fixture(scope="module")
def client(city: Path) -> Iterator[httpx.Client]:
    settings = Settings(city=city, mqtt="off")
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.mark.parametrize("consent", [{}, {"consent": False}, {"consent": None}])
def test_without_consent_nothing_is_kept(
    client: httpx.Client, city: Path, consent: dict[str, object]
) -> None:
    (city / DATABASE).unlink(missing_ok=True)
    answer = client.post("/ar/looks", json={"object": "a", **consent})
    assert answer.status_code == 400
    assert "consent" in answer.json()["detail"]
    assert not (city / DATABASE).exists()


def test_who_has_the_id_reads_and_deletes(client: httpx.Client, city: Path) -> None:
    first = client.post("/ar/looks", json={"object": "a", "consent": True, "lat": 35.16239, "lon": 128.98765})
    assert first.status_code == 201
    id = first.json()["id"]
    again = client.post("/ar/looks", json={"object": "c d/한", "consent": True, "id": id})
    assert again.json() == {"looks": 2, "expires": again.json()["expires"]}
    kept = client.get(f"/ar/looks/{id}")
    assert kept.headers["cache-control"] == "no-store"
    assert [look["object"] for look in kept.json()["looks"]] == ["c d/한", "a"]
    assert [look["position"] for look in kept.json()["looks"]] == [None, {"lat": 35.1624, "lon": 128.9877}]
    assert set(kept.json()["looks"][0]) == {"object", "time", "position"}
    assert client.delete(f"/ar/looks/{id}").status_code == 204
    for gone in (client.get(f"/ar/looks/{id}"), client.delete(f"/ar/looks/{id}")):
        assert gone.status_code == 404
        assert gone.headers["content-type"] == "application/problem+json"
        assert id not in gone.text


def test_nothing_about_the_user_has_a_column(client: httpx.Client, city: Path) -> None:
    client.post(
        "/ar/looks",
        json={"object": "a", "consent": True},
        headers={"User-Agent": "a-telling-agent", "X-Forwarded-For": "203.0.113.7"},
    )
    with sqlite3.connect(city / DATABASE) as connection:
        columns = {
            row[1]
            for table in ("users", "looks")
            for row in connection.execute(f"PRAGMA table_info({table})")
        }
    assert columns == {
        "row", "digest", "keep_s", "expires", "user", "object", "time", "latitude", "longitude"
    }  # fmt: skip
    for path in city.glob(f"{DATABASE}*"):
        for secret in (b"a-telling-agent", b"203.0.113.7", b"127.0.0.1"):
            assert secret not in path.read_bytes()


@pytest.mark.parametrize(
    ("wrong", "status", "why"),
    [
        ({"object": "nowhere"}, 404, "no object 'nowhere'"),
        ({"lat": 35.0}, 400, "both lat and lon"),
        ({"lat": 135.0, "lon": 0.0}, 400, "lat"),
        ({"days": 31}, 400, "days"),
        ({"days": 0}, 400, "days"),
        ({"id": "me"}, 400, "id"),
        ({"id": "0" * 32}, 404, "nothing is kept under this id"),
        ({"name": "somebody"}, 400, "name"),
        ({"object": ""}, 400, "object"),
    ],
)
def test_what_is_refused(client: httpx.Client, wrong: dict[str, object], status: int, why: str) -> None:
    answer = client.post("/ar/looks", json={"object": "a", "consent": True, **wrong})
    assert answer.status_code == status
    assert why in answer.text


def test_admins_see_counts_and_nobody_else_does(client: httpx.Client, city: Path) -> None:
    client.post("/ar/looks", json={"object": "a", "consent": True})
    assert client.get("/ar/looks").status_code == 401
    reader = tokens.create(city, ["run"], "reader")
    assert client.get("/ar/looks", headers={"Authorization": f"Bearer {reader}"}).status_code == 403
    admin = tokens.create(city, ["admin"], "admin")
    counts = client.get("/ar/looks", headers={"Authorization": f"Bearer {admin}"}).json()
    assert set(counts) == {"users", "looks"}
    assert counts["looks"] >= 1


def test_logs_do_not_have_the_id(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    id = client.post("/ar/looks", json={"object": "a", "consent": True}).json()["id"]
    with caplog.at_level(logging.DEBUG):
        client.get(f"/ar/looks/{id}")
        for name in ("uvicorn.access", "twin.api"):
            log = logging.getLogger(name)
            log.setLevel(logging.INFO)
            log.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", "GET", f"/ar/looks/{id}?x=1", "1.1", 200)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    assert any("/ar/looks/…" in message for message in ours)
    assert not [message for message in ours if id in message]


def gone(file: Path, what: bytes) -> None:
    end = time.monotonic() + 30
    while what in file.read_bytes():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def test_what_has_expired_goes_without_anybody_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_city(tmp_path / "x.twin", crs="EPSG:5187+5193").close()
    kept = Looks(tmp_path / "x.twin")
    kept.keep("before-the-start", days=1e-5)
    kept.keep("while-it-runs")
    monkeypatch.setattr(live, "_SWEEP_S", 0.05)
    with serving(create_app(Settings(city=tmp_path / "x.twin", mqtt="off"))):
        gone(kept.path, b"before-the-start")
        assert b"while-it-runs" in kept.path.read_bytes()
        with sqlite3.connect(kept.path) as connection:
            connection.execute("UPDATE users SET expires = 1")
        connection.close()
        gone(kept.path, b"while-it-runs")


def test_too_many_are_refused_whoever_sends_them(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ar_looks, "WRITES_A_SECOND", 1e-4)
    with serving(create_app(Settings(city=city, mqtt="off"))) as url, httpx.Client(base_url=url) as client:
        first, second = (client.post("/ar/looks", json={"object": "a", "consent": True}) for _ in range(2))
        assert first.status_code == 201
        assert second.status_code == 429
        assert int(second.headers["retry-after"]) > 0
        assert "looks a second" in second.json()["detail"]
        assert client.get(f"/ar/looks/{first.json()['id']}").status_code == 200
