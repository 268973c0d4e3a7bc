"""How fast observations go in by HTTP: CreateObservations in arrays of 1,000, and single POSTs by 16 clients.

    python -m tests.benchmarks.sensorthings [--seconds 5] [--profile FILE]

The measure is a bare `sqlite3.executemany` of the same rows into one indexed table in one transaction, in the
same run. Server and clients are processes of their own on the same machine; the clients send bytes made
beforehand over raw sockets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import cast
from urllib.request import Request, urlopen

import uvloop

from tests.integration.sensorthings_samples import link, location, thing, whole_datastream
from twin import tokens
from twin.observations.store import open_observations

PATH = "/sta/v1.1"
ARRAY = 1000
CLIENTS = 16
SENDERS = 8
START = 1_714_521_600_000_000
DATE = date(2024, 5, 1)
DAY = DATE.isoformat().encode()
ROWS = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(description="Observations a second by HTTP.")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each run")
    parser.add_argument("--profile", type=Path, help="write a profile of the server here")
    arguments = parser.parse_args()
    print("| what | asked | measured |\n|---|---|---|")
    for row in measure(arguments.seconds, arguments.profile):
        print("| " + " | ".join(row) + " |", flush=True)


def measure(seconds: float = 5.0, profile: Path | None = None) -> Iterator[tuple[str, str, str]]:
    """Rows of the table: what, what is asked for, what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        bare = max(bare_rate(Path(folder) / f"bare{n}.db") for n in range(3))
        yield "bare executemany, rows a second", "", f"{bare:,.0f}"
        with server(Path(folder) / "x.twin", profile) as (port, token, streams):
            arrays = clients(port, array_requests(port, token, streams), seconds, SENDERS) * ARRAY
            yield (
                "CreateObservations in arrays of 1,000, observations a second",
                f"≥ {bare / 2:,.0f} (half the bare rate)",
                f"{arrays:,.0f} ({arrays / bare:.2f})",
            )
            single = clients(port, single_requests(port, token, streams), seconds, CLIENTS)
            yield (
                "single POSTs, 16 clients, observations a second",
                f"≥ {1500 * bare / 250_000:,.0f} (1,500 at a bare rate of 250,000)",
                f"{single:,.0f}",
            )


def bare_rate(path: Path) -> float:
    """Rows a second into a table with one index, in one transaction."""
    rows = [(k % 100, START + k * 1_000_000, float(k % 50)) for k in range(ROWS)]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(
        "CREATE TABLE o (id INTEGER PRIMARY KEY, datastream INTEGER, time INTEGER, result REAL)"
    )
    connection.execute("CREATE INDEX o_datastream ON o (datastream, time)")
    start = time.perf_counter()
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO o (datastream, time, result) VALUES (?, ?, ?)", rows)
    connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return ROWS / seconds


@contextmanager
def server(folder: Path, profile: Path | None = None) -> Iterator[tuple[int, str, list[int]]]:
    """A server process with 100 datastreams: its port, a token, their ids."""
    folder.mkdir()
    open_observations(folder).close()
    token = tokens.create(folder, ["sta:write"], "benchmark", None)
    port = 18_000 + os.getpid() % 1000
    module = ["-m", "tests.integration.sensorthings_server", str(folder), str(port)]
    traced = ["-m", "cProfile", "-o", str(profile)] if profile else []
    process = subprocess.Popen([sys.executable, *traced, *module])
    try:
        yield port, token, _world(port, token)
    finally:
        process.terminate()
        process.wait(20)


def _world(port: int, token: str) -> list[int]:
    streams = [whole_datastream(f"stream {n}") for n in range(100)]
    body = thing("benchmark", Locations=[location()], Datastreams=streams)
    for attempt in range(100):
        try:
            _post(port, token, "/Things", body)
            break
        except OSError:
            if attempt == 99:
                raise
            time.sleep(0.1)
    with urlopen(f"http://127.0.0.1:{port}{PATH}/Datastreams?$select=id&$top=1000") as answer:
        return [entry["@iot.id"] for entry in json.load(answer)["value"]]


def _post(port: int, token: str, path: str, body: object) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = Request(f"http://127.0.0.1:{port}{PATH}{path}", json.dumps(body).encode(), headers)
    urlopen(request).close()


def _iso(micros: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(micros // 1_000_000)) + ".000Z"


def array_requests(port: int, token: str, streams: Sequence[int]) -> list[bytes]:
    """One request for each datastream, of 1,000 observations a second apart."""
    rows = [[_iso(START + k * 1_000_000), 20 + k % 10 / 8] for k in range(ARRAY)]
    parts = [
        {
            "Datastream": link(stream),
            "components": ["phenomenonTime", "result"],
            "dataArray@iot.count": ARRAY,
            "dataArray": rows,
        }
        for stream in streams
    ]
    return [_request(port, token, "/CreateObservations", [part]) for part in parts]


def single_requests(port: int, token: str, streams: Sequence[int]) -> list[bytes]:
    bodies = [
        {"phenomenonTime": _iso(START + k * 60_000_000), "result": 20 + k % 10 / 8, "Datastream": link(s)}
        for k in range(20)
        for s in streams
    ]
    return [_request(port, token, "/Observations", body) for body in bodies]


def _request(port: int, token: str, path: str, body: object) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {PATH}{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def clients(port: int, requests: Sequence[bytes], seconds: float, count: int) -> float:
    """Requests a second that `count` clients in one process of their own got answered with 201."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(len(r).to_bytes(4, "big") + r for r in requests))
        file.flush()
        command = [sys.executable, "-m", __spec__.name, "--client", file.name]
        done = subprocess.run(
            [*command, str(port), str(seconds), str(count)], capture_output=True, text=True, check=True
        )
    return float(done.stdout)


def client(file: str, port: int, seconds: float, count: int) -> None:
    """What runs in the clients' process: prints the rate."""
    content = Path(file).read_bytes()
    requests = []
    at = 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        requests.append(content[at + 4 : at + 4 + length])
        at += 4 + length
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(_drive(requests, port, seconds, count)))


async def _drive(requests: list[bytes], port: int, seconds: float, count: int) -> float:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    pairs = [
        await loop.create_connection(
            lambda k=k: Client(requests[k::count], begin + seconds), "127.0.0.1", port
        )
        for k in range(count)
    ]
    await asyncio.gather(*(protocol.finished for _, protocol in pairs))
    return sum(protocol.answered for _, protocol in pairs) / (loop.time() - begin)


class Client(asyncio.Protocol):
    """One connection that sends the next request when the last is answered."""

    def __init__(self, requests: Sequence[bytes], until: float) -> None:
        self.requests = requests
        self.until = until
        self.answered = 0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting = 0
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.send()

    def send(self) -> None:
        """Each round of the requests is a day later than the one before."""
        day, request = divmod(self.answered, len(self.requests))
        date = (DATE + timedelta(days=day)).isoformat().encode()
        self.transport.write(self.requests[request].replace(DAY, date))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(RuntimeError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        if self.waiting:
            self.waiting -= len(data)
        else:
            self.buffer += data
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].lower()
            if not head.startswith(b"http/1.1 201"):
                self.finished.set_exception(RuntimeError(f"refused: {self.buffer[:500]!r}"))
                return
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            self.waiting = end + 4 + length - len(self.buffer)
        if self.waiting == 0:
            self.buffer = b""
            self.answered += 1
            if asyncio.get_running_loop().time() < self.until:
                self.send()
            else:
                self.transport.close()
                self.finished.set_result(None)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--client"]:
        client(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
    else:
        main()
