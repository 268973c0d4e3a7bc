"""Questions to a large observation store over HTTP, while single observations arrive over HTTP too.

Server, asker and senders are processes of their own on the same machine. `observations.measure` fills the
store and asks the same without HTTP.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import numpy as np

from tests.benchmarks.sensorthings import PATH
from twin import tokens

Row = tuple[str, str, str]
Question = Callable[[np.random.Generator], str]
ARRIVING = 500
"""Observations a second that arrive while questions are asked."""
_SENDERS = 16


def questions(streams: int, per_thing: int, first: int, last: int) -> dict[str, Question]:
    """Paths by name, each of a random Thing or datastream. first, last: of the readings [µs since 1970]."""
    day = 86_400_000_000

    def thing(random: np.random.Generator) -> str:
        return f"/Things({random.integers(1, streams // per_thing + 1)})"

    def stream(random: np.random.Generator) -> str:
        return f"/Datastreams({random.integers(1, streams + 1)})"

    def one_day(random: np.random.Generator) -> str:
        start = int(random.integers(first, max(last - day, first + 1)))
        within = f"phenomenonTime ge {_iso(start)} and phenomenonTime lt {_iso(start + day)}"
        return f"{stream(random)}/Observations?$count=true&$top=1000&$filter={quote(within)}"

    newest = "$orderby=phenomenonTime%20desc"
    return {
        "latest of every datastream of one Thing": lambda r: (
            f"{thing(r)}/Datastreams?$expand=Observations($top=1;{newest})"
        ),
        "$orderby=phenomenonTime desc&$top=100": lambda r: f"/Observations?{newest}&$top=100",
        "the same of one datastream": lambda r: f"{stream(r)}/Observations?{newest}&$top=100",
        "$count=true": lambda r: "/Observations?$count=true&$top=1",
        "$count=true of one datastream": lambda r: f"{stream(r)}/Observations?$count=true&$top=1",
        "one day of one datastream": one_day,
    }


def measure(
    folder: Path, streams: int, per_thing: int, first: int, last: int, times: int = 200
) -> Iterator[Row]:
    """The 95th percentile of each question to a server of `folder`, which must not be open elsewhere."""
    random = np.random.default_rng(2)
    token = tokens.create(folder, ["sta:write"], "benchmark", None)
    port = 17_000 + os.getpid() % 1000
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.sensorthings_server", folder, str(port)]
    )
    try:
        connection = _connect(port)
        with tempfile.TemporaryFile("w+") as sent:
            command = [sys.executable, "-m", "tests.benchmarks.questions", str(port), str(streams), str(last)]
            sender = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=sent, text=True)
            assert sender.stdin is not None
            sender.stdin.write(token + "\n")
            sender.stdin.flush()
            for name, question in questions(streams, per_thing, first, last).items():
                taken = sorted(_ask(connection, question(random)) for _ in range(times))
                yield (
                    f"over HTTP: {name}",
                    "p95 < 50 ms",
                    f"{taken[int(times * 0.95)] * 1e3:.1f} ms (median {taken[times // 2] * 1e3:.1f})",
                )
            sender.communicate("end\n", timeout=60)
            sent.seek(0)
            yield (
                "observations that arrived meanwhile over HTTP",
                f"{ARRIVING}/s",
                f"{float(sent.read()):.0f}/s",
            )
    finally:
        server.terminate()
        server.wait(30)


def _connect(port: int) -> http.client.HTTPConnection:
    for _ in range(300):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.connect()
        except OSError:
            time.sleep(0.1)
        else:
            return connection
    raise TimeoutError("the server did not start")


def _ask(connection: http.client.HTTPConnection, path: str) -> float:
    """Seconds from the question to the last byte of the answer."""
    start = time.perf_counter()
    connection.request("GET", PATH + path)
    answer = connection.getresponse()
    content = answer.read()
    taken = time.perf_counter() - start
    assert answer.status == 200, content[:300]
    assert b'"value"' in content
    return taken


def _iso(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _send(port: int, token: str, streams: int, start: int, done: asyncio.Event) -> float:
    """Post one observation at a time from each connection, `ARRIVING` a second in all: the rate reached."""
    stored = 0
    begun = time.perf_counter()

    async def device(number: int) -> None:
        nonlocal stored
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        count = 0
        while not done.is_set():
            due = begun + (count * _SENDERS + number) / ARRIVING
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            at = count * _SENDERS + number
            body = {
                "phenomenonTime": _iso(start + at * 2000),
                "result": 1.5,
                "Datastream": {"@iot.id": at % streams + 1},
            }
            content = json.dumps(body).encode()
            head = (
                f"POST {PATH}/Observations HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
            )
            writer.write(head.encode() + content)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 201"), answer
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            stored += 1
            count += 1
        writer.close()

    await asyncio.gather(*(device(number) for number in range(_SENDERS)))
    return stored / (time.perf_counter() - begun)


async def _send_until_told() -> float:
    token = sys.stdin.readline().strip()
    done = asyncio.Event()

    async def wait() -> None:
        await asyncio.to_thread(sys.stdin.readline)
        done.set()

    port, streams, start = map(int, sys.argv[1:4])
    rate, _ = await asyncio.gather(_send(port, token, streams, start, done), wait())
    return rate


if __name__ == "__main__":
    print(asyncio.run(_send_until_told()))
