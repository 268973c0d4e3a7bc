"""The sources of a city: their file, their threads, what becomes of failures."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twin.errors import EntityNotFound, QueryError, TwinError
from twin.observations.model import OBSERVATION
from twin.observations.query import Query, Route
from twin.observations.store import Observations, open_observations
from twin.sources import service
from twin.sources.service import FILE, PullConfig, ReplayConfig, Sources, checked, read_config
from twin.sources.sink import Sink

WAIT = 20.0
MQTT = {
    "name": "air",
    "type": "mqtt",
    "host": "broker.test",
    "mappings": [{"topic": "air/{station}", "values": [{"quantity": "PM10"}]}],
}
PULL = {"name": "other", "type": "sensorthings", "url": "https://other.test/v1.1"}
REPLAY = {"name": "demo", "type": "replay", "file": "readings.csv", "speed": 60, "backfill_hours": 1}
NOTIFY = {"name": "m2m", "type": "onem2m"}


@pytest.fixture
def observations(tmp_path: Path) -> Iterator[Observations]:
    with open_observations(tmp_path) as opened:
        yield opened


def _write(folder: Path, *sources: Any) -> None:
    (folder / FILE).write_text(json.dumps(sources))


def _count(observations: Observations) -> int:
    return observations.page(Route(OBSERVATION), Query(count=True)).count or 0


def test_no_file_no_sources(tmp_path: Path) -> None:
    assert read_config(tmp_path) == []


def test_every_type_is_read(tmp_path: Path) -> None:
    _write(tmp_path, MQTT, PULL, REPLAY, NOTIFY)
    assert [(c.name, c.type) for c in read_config(tmp_path)] == [
        ("air", "mqtt"),
        ("other", "sensorthings"),
        ("demo", "replay"),
        ("m2m", "onem2m"),
    ]


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([{**PULL, "type": "ftp"}], "0: Input tag 'ftp'"),
        ([{**PULL, "intervall": 3}], "0/sensorthings/intervall"),
        ([PULL, PULL], "two sources are called 'other'"),
        ([{**PULL, "name": "../x"}], "0/sensorthings/name"),
        ([{**PULL, "url": "https://user:hunter2@other.test/"}], "0/sensorthings/url"),
        ([{**PULL, "url": "file:///etc/passwd"}], "0/sensorthings/url"),
        ([{**PULL, "interval": 0}], "0/sensorthings/interval"),
        ([{**REPLAY, "speed": 0}], "0/replay/speed"),
        ([{**MQTT, "mappings": []}], "0/mqtt/mappings"),
        ({}, "should be a valid list"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_its_place(
    tmp_path: Path, sources: Any, message: str
) -> None:
    (tmp_path / FILE).write_text(json.dumps(sources))
    with pytest.raises(TwinError) as caught:
        read_config(tmp_path)
    assert message in str(caught.value) and FILE in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[{")
    with pytest.raises(TwinError, match="not JSON"):
        read_config(tmp_path)


def test_secrets_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = checked(PullConfig, **PULL, token_env="OTHER_TOKEN")
    with pytest.raises(TwinError, match="no OTHER_TOKEN"):
        config.source(tmp_path)
    monkeypatch.setenv("OTHER_TOKEN", "s3cret")
    assert config.source(tmp_path).token == "s3cret"
    assert "s3cret" not in config.about()


def _readings(folder: Path) -> None:
    lines = [f"2024-05-01 {hour:02}:00,a,{hour}" for hour in range(24)]
    (folder / "readings.csv").write_text("time,station,PM10\n" + "\n".join(lines) + "\n")


def _until(condition: Any) -> None:
    for _ in range(int(WAIT / 0.02)):
        if condition():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it did not come about")


def test_a_recording_plays_until_the_end(tmp_path: Path, observations: Observations) -> None:
    _readings(tmp_path)
    _write(tmp_path, {**REPLAY, "backfill_hours": 24})
    sources = Sources(tmp_path, observations)
    sources.start()
    status = sources.statuses["demo"]
    _until(lambda: _count(observations) >= 24)
    assert status.running and status.error is None
    sources.stop()
    assert not status.running


def test_one_that_fails_is_begun_again(
    tmp_path: Path, observations: Observations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_PATIENCE", (0.01, 0.05))
    _write(tmp_path, {**REPLAY, "backfill_hours": 24}, NOTIFY)
    sources = Sources(tmp_path, observations)
    sources.start()
    status = sources.statuses["demo"]
    _until(lambda: status.error is not None)
    assert "readings.csv" in str(status.error) and status.failed is not None
    assert sources.statuses["m2m"].running, "the others are not held up"
    _readings(tmp_path)
    _until(lambda: _count(observations) >= 24)
    sources.stop()


class _Leaky:
    def run(self, sink: Sink, stop: threading.Event) -> None:
        raise ValueError("resident registration number 900101-1234567")


def test_errors_that_may_quote_data_are_not_logged_in_full(
    tmp_path: Path,
    observations: Observations,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(ReplayConfig, "source", lambda *_: _Leaky())
    _write(tmp_path, REPLAY)
    sources = Sources(tmp_path, observations)
    with caplog.at_level(logging.DEBUG):
        sources.start()
        _until(lambda: sources.statuses["demo"].error)
        sources.stop()
    assert "900101" not in caplog.text + str(sources.statuses)
    assert "ValueError in run" in str(sources.statuses["demo"].error)


def _notification(content: Any) -> dict[str, Any]:
    instance = {"ct": "20240501T093000", "con": content}
    return {"m2m:sgn": {"nev": {"rep": {"m2m:cin": instance}}, "sur": "/cse/air-7/pm10/sub"}}


def test_notifications_are_stored_once(tmp_path: Path, observations: Observations) -> None:
    _write(tmp_path, NOTIFY, {"name": "ngsi", "type": "ngsi-ld"})
    sources = Sources(tmp_path, observations)
    sources.start()
    assert sources.receive("m2m", _notification("31")).stored == 1
    assert sources.receive("m2m", _notification("31")).known == 1
    with pytest.raises(QueryError, match="NGSI-LD"):
        sources.receive("ngsi", _notification("31"))
    with pytest.raises(EntityNotFound, match="no source 'other'"):
        sources.receive("other", {})
    sources.stop()


def test_notifications_at_once_make_one_thing(tmp_path: Path, observations: Observations) -> None:
    _write(tmp_path, NOTIFY)
    sources = Sources(tmp_path, observations)
    sources.start()
    threads = [
        threading.Thread(target=sources.receive, args=("m2m", _notification(str(n)))) for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sources.stop()
    assert _count(observations) == 16
    with observations.connection() as connection:
        assert connection.execute("SELECT count(*) FROM things").fetchone() == (1,)
