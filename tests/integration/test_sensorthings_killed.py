"""A server that is killed at any moment has kept every observation that it acknowledged, and none twice."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.integration.sensorthings_samples import link, location, observation, thing, whole_datastream
from twin import tokens
from twin.observations.store import open_observations

KILLS = 20
CLIENTS = 4
FIRST_ID = 1_000_000

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL")


class Load:
    """Clients that send observations with ids of their own, and again until they are acknowledged."""

    def __init__(self, url: str, token: str, stream: int) -> None:
        self.url, self.stream = url, stream
        self.headers = {"Authorization": f"Bearer {token}"}
        self.acknowledged: list[int] = []
        self.retried = 0
        self.refused: list[str] = []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(k,)) for k in range(CLIENTS)]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def run(self, client: int) -> None:
        """The first client sends arrays, the others one by one."""
        n, send, count = client, self.send_one, 1
        if client == 0:
            send, count = self.send_array, 20
        with httpx.Client(headers=self.headers, timeout=10) as http:
            while not self.ended.is_set():
                try:
                    answer = send(http, n)
                except httpx.TransportError:
                    self.retried += 1
                    time.sleep(0.1)
                    continue
                if answer.status_code not in (200, 201) or '"error"' in answer.text:
                    self.refused.append(answer.text)
                    return
                self.acknowledged += self.ids(n, count)
                n += CLIENTS

    def ids(self, n: int, count: int) -> list[int]:
        return [FIRST_ID + n * 20 + k for k in range(count)]

    def send_one(self, http: httpx.Client, n: int) -> httpx.Response:
        (id,) = self.ids(n, 1)
        body = observation(n, moment(n, 0), Datastream=link(self.stream), **link(id))
        return http.post(f"{self.url}/Observations", json=body)

    def send_array(self, http: httpx.Client, n: int) -> httpx.Response:
        rows = [[id, moment(n, k), n] for k, id in enumerate(self.ids(n, 20))]
        part = {
            "Datastream": link(self.stream),
            "components": ["id", "phenomenonTime", "result"],
            "dataArray": rows,
        }
        return http.post(f"{self.url}/CreateObservations", json=[part])


def moment(n: int, k: int) -> str:
    """A time of its own for each."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_700_000_000 + n)) + f".{k:03}Z"


def test_killed_twenty_times_under_load(tmp_path: Path) -> None:
    folder = tmp_path / "x.twin"
    folder.mkdir()
    token = tokens.create(folder, ["sta:write"], "load", None)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}/sta/v1.1"
    chance = random.Random(3)
    server = start(folder, port, url)
    body = thing(Locations=[location()], Datastreams=[whole_datastream()])
    httpx.post(f"{url}/Things", json=body, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    load = Load(url, token, 1)
    load.start()
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.05, 0.6))
            server.send_signal(signal.SIGKILL)
            server.wait()
            server = start(folder, port, url)
        time.sleep(0.3)
    finally:
        load.stop()
        server.terminate()
        server.wait(20)
    assert load.refused == []
    assert load.retried >= KILLS
    with open_observations(folder) as observations, observations.connection() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = connection.execute("SELECT id, time, result FROM observations").fetchall()
        (counted,) = connection.execute("SELECT count FROM datastreams WHERE id = 1").fetchone()
    stored = {row[0] for row in rows}
    assert len(load.acknowledged) > 200
    assert set(load.acknowledged) <= stored
    assert [key for key, n in Counter(row[1:] for row in rows).items() if n > 1] == []
    assert counted == len(rows)


def start(folder: Path, port: int, url: str) -> subprocess.Popen[bytes]:
    """A server process that answers."""
    command = [sys.executable, "-m", "tests.integration.sensorthings_server", str(folder), str(port)]
    process = subprocess.Popen(command)
    with httpx.Client(timeout=5) as http:
        while process.poll() is None:
            with suppress(httpx.TransportError):
                if http.get(f"{url}/").status_code == 200:
                    return process
            time.sleep(0.05)
    process.kill()
    pytest.fail("the server did not start")
