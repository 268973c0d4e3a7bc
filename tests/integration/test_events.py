"""Server-sent events over a real socket: readings, alerts, filters, coming back, and listeners too slow."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest

from api import events as hub_module
from api.events import EventHub, Listener, parse_mark
from tests.integration.live_server import live, make_app, serving
from tests.unit.alert_models import S, add_thing, append
from twin.alerts import records
from twin.alerts.rules import parse_rule
from twin.observations.changes import Append, AppendMany

RULE = parse_rule(
    "high",
    {
        "title": {"ko": "높음", "en": "High"},
        "select": {"property": "water level"},
        "condition": {"kind": "threshold", "operator": ">", "value": 2},
    },
)


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[SimpleNamespace]:
    with live(tmp_path) as made:
        yield made


@pytest.fixture
def url(parts: SimpleNamespace, tmp_path: Path) -> Iterator[str]:
    with serving(make_app(tmp_path, parts)) as address:
        yield address


def list_alerts(parts: SimpleNamespace) -> list[dict[str, Any]]:
    with parts.observations.connection() as connection:
        return records.list_alerts(connection)


class Stream:
    """A client that reads events in a thread of its own."""

    def __init__(self, response: httpx.Response) -> None:
        self.events: list[tuple[str, Any]] = []
        self.last_id = ""
        self.ended = False
        self.response = response
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        kind = ""
        try:
            for line in self.response.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    self.events.append((kind, json.loads(value)))
                elif name == "id":
                    self.last_id = value
        except (httpx.HTTPError, RuntimeError):
            pass
        self.ended = True

    def wait(self, count: int, kind: str | None = None, seconds: float = 10) -> list[Any]:
        end = time.monotonic() + seconds
        while True:
            found = [data for k, data in self.events if kind is None or k == kind]
            if len(found) >= count:
                return found
            assert time.monotonic() < end, f"{len(found)} of {count}: {self.events}"
            time.sleep(0.02)


@contextmanager
def listening(url: str, last_event_id: str | None = None, **query: object) -> Iterator[Stream]:
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    with (
        httpx.Client(timeout=30) as client,
        client.stream("GET", f"{url}/events", params=query, headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = Stream(response)
        while not stream.last_id:
            time.sleep(0.01)
        try:
            yield stream
        finally:  # wakes the reading thread, which closing would not
            response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def test_a_reading_and_its_alert_arrive(parts: SimpleNamespace, url: str) -> None:
    (a,) = add_thing(parts.observations, "gauge")
    parts.alerts.set_rule(RULE)
    now = time.time()
    with listening(url) as stream:
        append(parts.observations, a, [(now, 3.5)])
        (reading,) = stream.wait(1, "observation")
        (alert,) = stream.wait(1, "alert")
    assert reading == {
        "datastream": a,
        "thing": 1,
        "time": round(now * S) // 1000,
        "value": 3.5,
        "flags": [],
    }
    assert (alert["state"], alert["rule"], alert["value"]) == ("raised", "high", 3.5)
    assert alert["history"][0]["state"] == "raised"


def test_readings_are_coalesced_and_carry_flags(parts: SimpleNamespace, url: str) -> None:
    (a,) = add_thing(parts.observations, "gauge")
    start = time.time()
    with listening(url) as stream:
        for n in range(40):
            append(parts.observations, a, [(start - 100 + n, n)])
        append(parts.observations, a, [(start + 10**6, "ahead")])
        stream.wait(1)
        while stream.events[-1][1]["value"] != "ahead":
            time.sleep(0.05)
        took = time.time() - start
    assert stream.events[-1][1]["flags"] == ["clock"]
    assert len(stream.events) <= took / hub_module.PERIOD_S + 2, "not one for each of 41"


def test_filters_by_datastream_and_thing(parts: SimpleNamespace, url: str) -> None:
    a, b, c = (add_thing(parts.observations, name)[0] for name in "abc")
    with listening(url, datastream=a) as by_stream, listening(url, thing=f"{2},{3}") as by_thing:
        append(parts.observations, b, [(time.time(), 2)])
        append(parts.observations, a, [(time.time(), 1)])
        append(parts.observations, c, [(time.time(), 3)])
        assert [d["value"] for d in by_stream.wait(1)] == [1]
        assert sorted(d["value"] for d in by_thing.wait(2)) == [2, 3]
        time.sleep(0.7)
        assert len(by_stream.events) == 1
        assert len(by_thing.events) == 2


def test_coming_back_with_the_last_id_misses_nothing(parts: SimpleNamespace, url: str) -> None:
    a, b = (add_thing(parts.observations, name)[0] for name in "ab")
    parts.alerts.set_rule(RULE)
    with listening(url) as stream:
        append(parts.observations, a, [(time.time() - 60, 1)])
        stream.wait(1)
        while stream.last_id.startswith("0-"):
            time.sleep(0.01)
        mark = stream.last_id
    append(parts.observations, a, [(time.time() - 50, 3), (time.time() - 40, 4)])
    append(parts.observations, b, [(time.time() - 30, 1)])
    while not list_alerts(parts):
        time.sleep(0.02)
    with listening(url, mark) as again:
        readings = again.wait(2, "observation")
        assert {(r["datastream"], r["value"]) for r in readings} == {(a, 4), (b, 1)}
        assert [alert["state"] for alert in again.wait(1, "alert")] == ["raised"]
        append(parts.observations, b, [(time.time(), 2)])
        assert again.wait(3, "observation")[-1]["value"] == 2


def test_too_much_missed_is_said(parts: SimpleNamespace, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "MOST_MISSED", 10)
    (a,) = add_thing(parts.observations, "a")
    append(parts.observations, a, [(n + 10**9, n) for n in range(12)])
    with listening(url, "0-0") as stream:
        assert stream.wait(1)[0]["reason"].startswith("too much")
        assert stream.events[0][0] == "reset"
    with listening(url, "2-0") as stream:
        assert stream.wait(1, "observation")[0]["value"] == 11
    with listening(url, "99999-0") as stream:
        assert stream.wait(1, "reset"), "a cursor of another city"


@pytest.mark.parametrize("text", ["", "x", "1", "1-", "-1-2", "1-x", "²-1", "1" * 60 + "-1"])
def test_a_strange_id_is_no_mark(text: str) -> None:
    assert parse_mark(text) is None


def test_bad_filters_are_refused(url: str) -> None:
    answer = httpx.get(f"{url}/events", params={"datastream": "1,x"})
    assert answer.status_code == 400
    assert "whole numbers" in answer.json()["detail"]


def test_a_listener_that_does_not_read_is_dropped_with_a_message() -> None:
    async def scenario() -> list[bytes]:
        listener = Listener(asyncio.get_running_loop())
        for _ in range(40):
            listener.give(b"x" * 100_000)
        assert listener.size < 200, "what waited is let go"
        listener.give(b"more")
        return [chunk async for chunk in listener.chunks()]

    chunks = asyncio.run(scenario())
    assert len(chunks) == 1
    assert chunks[0].startswith(b"event: dropped\ndata: ")


def test_a_large_single_chunk_is_not_too_slow() -> None:
    async def scenario() -> bool:
        listener = Listener(asyncio.get_running_loop())
        listener.give(b"x" * (3 << 20))
        return listener.ended

    assert asyncio.run(scenario()) is False


def test_a_heartbeat_keeps_the_connection_open() -> None:
    async def scenario() -> bytes:
        async for chunk in Listener(asyncio.get_running_loop()).chunks(0.01):
            return chunk
        return b""

    assert asyncio.run(scenario()).startswith(b": ")


def test_a_client_that_stops_reading_costs_the_others_nothing(parts: SimpleNamespace, url: str) -> None:
    streams = [add_thing(parts.observations, f"t{n}")[0] for n in range(40)]
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as stuck, listening(url) as reader:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        stuck.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        hub: EventHub = parts.events
        assert len(hub._listeners) == 2
        for n in range(6):
            times = np.array([round(time.time() * S)])
            many = AppendMany([Append(s, times, [f"{n} {'x' * 20_000}"]) for s in streams])
            parts.observations.writer.submit(many).result()
            reader.wait(40 * (n + 1))
            time.sleep(0.3)
        assert max(listener.size for listener in hub._listeners) <= hub_module.MOST_WAITING + 900_000
        append(parts.observations, streams[0], [(time.time() + 1, "last")])
        while reader.events[-1][1]["value"] != "last":
            time.sleep(0.02)


def test_listeners_are_forgotten_when_they_go(parts: SimpleNamespace, url: str) -> None:
    with listening(url), listening(url):
        assert len(parts.events._listeners) == 2
    end = time.monotonic() + 10
    while parts.events._listeners and time.monotonic() < end:
        time.sleep(0.05)
    assert not parts.events._listeners


def test_a_server_that_is_to_stop_lets_its_listeners_go(parts: SimpleNamespace, url: str) -> None:
    with listening(url) as stream:
        parts.events.dismiss()
        end = time.monotonic() + 10
        while not stream.ended:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_a_city_has_only_so_many_listeners(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "MOST_LISTENERS", 1)
    with listening(url):
        assert httpx.get(f"{url}/events").status_code == 429
