"""How long `/ar/scene` and `/ar/pick` take in a city of 50,000 buildings, and the server's memory.

    python -m tests.benchmarks.ar [--copies 600] [--positions 10000] [--city DIR]

The city is made of copies of nrw-aachen; positions are drawn among its buildings. Times are the client's, one
request after another. `cold` asks for places that were not asked for before, `warm` for those again.
"""

from __future__ import annotations

import argparse
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import psutil

from tests.benchmarks.measure import TWIN, twin

_DATA = Path(__file__).resolve().parents[3] / "shared"
_SOURCE = _DATA / "data/citygml/nrw-aachen/LoD2_32_280_5657_1_NW.gml"
_TOOL = _DATA / "tools/replicate_citygml.py"


def make_city(folder: Path, copies: int) -> Path:
    files = folder / "files"
    subprocess.run(
        [sys.executable, _TOOL, _SOURCE, files, "--copies", str(copies), "--per-file", "10"], check=True
    )
    twin("add", folder / "city.twin", files)
    return folder / "city.twin"


def positions(city: Path, count: int) -> list[tuple[float, float]]:
    """Longitude, latitude beside buildings drawn at random."""
    from twin.place import georeference
    from twin.store import open_city

    draw = np.random.default_rng(7)
    with open_city(city) as opened:
        boxes = opened.boxes("buildings")
        chosen = boxes[draw.integers(0, len(boxes), count)]
        corner = chosen[:, :3] + [-3.0, -3.0, 0.0]
        degrees = georeference(opened).to_geographic(corner)
    return [(float(x), float(y)) for x, y in degrees[:, :2]]


@contextmanager
def served(city: Path) -> Iterator[tuple[httpx.Client, psutil.Process]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [*TWIN, "serve", str(city), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                for _ in range(300):
                    try:
                        client.get("/health")
                        break
                    except httpx.TransportError:
                        time.sleep(0.1)
                yield client, psutil.Process(server.pid)
        finally:
            server.terminate()


def times(client: httpx.Client, path: str, asked: Sequence[dict[str, float]]) -> list[float]:
    """[s] of each request."""
    taken = []
    for params in asked:
        began = time.perf_counter()
        answer = client.get(path, params=params)
        taken.append(time.perf_counter() - began)
        answer.raise_for_status()
    return taken


def row(what: str, taken: Sequence[float]) -> None:
    p50, p95, p99 = np.percentile(taken, [50, 95, 99]) * 1000
    print(f"| {what} | {len(taken):,} | {p50:.1f} | {p95:.1f} | {p99:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--copies", type=int, default=600, help="of nrw-aachen, 83 buildings each")
    parser.add_argument("--positions", type=int, default=10_000, help="for the memory of the server")
    parser.add_argument("--timed", type=int, default=400, help="positions that are timed")
    parser.add_argument("--city", type=Path, help="a city to use instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        city = options.city or make_city(Path(temporary), options.copies)
        places = positions(city, options.positions)
        turn = random.Random(3)
        with served(city) as (client, process):
            timed = places[: options.timed]
            scenes = [{"lon": x, "lat": y, "radius": 150.0} for x, y in timed]
            times(client, "/ar/scene", scenes[:1])
            print("| request | number | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|")
            row("scene of 150 m, cold", times(client, "/ar/scene", scenes[1:]))
            row("the same, warm", times(client, "/ar/scene", scenes[-40:]))
            sizes = [len(client.get("/ar/scene", params=scene).content) for scene in scenes[-40:]]
            picks = [
                {
                    "lon": x,
                    "lat": y,
                    "heading": turn.uniform(0, 360),
                    "position_error": 3.0,
                    "heading_error": 5.0,
                }
                for x, y in timed
            ]
            times(client, "/ar/pick", picks[:1])
            row("pick, cold", times(client, "/ar/pick", picks[1:]))
            again = [pick | {"heading": turn.uniform(0, 360)} for pick in picks[-40:]]
            row("pick from there again", times(client, "/ar/pick", again))
            print(f"\nThe largest of {len(sizes)} scenes: {max(sizes) / 1e3:,.0f} kB.")
            print("\n| positions asked for | memory of the server, MB |\n|---|---|")
            step = max(1, len(places) // 10)
            for start in range(0, len(places), step):
                for x, y in places[start : start + step]:
                    client.get("/ar/scene", params={"lon": x, "lat": y, "radius": 60.0})
                    client.get("/ar/pick", params={"lon": x, "lat": y, "heading": 0.0, "heading_error": 5.0})
                print(f"| {start + step:,} | {process.memory_info().rss / 1e6:.0f} |", flush=True)


if __name__ == "__main__":
    main()
