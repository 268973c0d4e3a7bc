"""`python -m tests.benchmarks.energy`: zone-years a second of both hourly methods, beside EnergyPlus.

The case: rooms of 48 m² with seven elements, each with infiltration, gains and set points of its own, and a
year made of normals. Each method runs in a process of its own, where its memory is taken; compilation comes
before, and the best of some rounds counts. `--peers` adds EnergyPlus in the same run, two processes at once,
and a table of the yearly needs of some boxes side by side; `--monthly` has them by month. Windows of the
boxes of ASHRAE 140 are two panes of clear glass in EnergyPlus.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from analysis.energy import simulate
from analysis.energy.zones import Zones
from analysis.weather import Weather, from_normals, read_epw
from tests.benchmarks.energy_peers import Box, EnergyPlus, side_by_side
from tests.bestest import denver, zones_of
from tests.conftest import DATA
from tests.energy_zones import GLASS, SEOUL, WALL, box_zones, plain_use

Row = tuple[str, str]
Needs = tuple[Box, dict[str, Any]]
METHODS = ("iso52016", "5r1c")
ASKED = {"iso52016": 500, "5r1c": 2000}
"""Times as many zone-years a second as EnergyPlus."""
CASES = ("600", "620", "640", "900", "920", "940")
SEOUL_FILE = "weather/KOR_SO_Seoul.WS.471080_TMYx.2011-2025.epw.gz"


def rooms(count: int) -> Zones:
    """Rooms that differ, so that no two take the same way through the code."""
    random = np.random.default_rng(1)
    return box_zones(
        count,
        windows={180.0: 5.0, 0.0: 3.0},
        use=plain_use(20.0, 26.0, people=3.0, appliances=4.0, ventilation=0.8),
        set_point_shift=random.uniform(-1.0, 1.0, count),
        gain_factor=random.uniform(0.5, 1.5, count),
        ventilation_factor=random.uniform(0.5, 1.5, count),
    )


def year() -> Weather:
    """A year that needs no file."""
    return from_normals(SEOUL)


def ours(method: str, count: int, rounds: int, hourly: bool) -> tuple[float, float]:
    """Zone-years a second, and how much memory the process takes over a run of eight zones [byte a zone]."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_ours, (method, count, rounds, hourly))


def _ours(method: str, count: int, rounds: int, hourly: bool) -> tuple[float, float]:
    weather, zones = year(), rooms(count)
    simulate(rooms(8), weather, method=method, hourly=hourly)
    before = _memory()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        simulate(zones, weather, method=method, hourly=hourly)
        times.append(time.perf_counter() - start)
    return count / min(times), (_memory() - before) / count


def _memory() -> float:
    """The most that this process ever held [byte]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def one_room(rounds: int) -> Iterator[Row]:
    """How long an answer for one building takes in a process that is warm."""
    weather, room = year(), rooms(1)
    for method in METHODS:
        simulate(room, weather, method=method)
        times = []
        for _ in range(rounds + 2):
            start = time.perf_counter()
            simulate(room, weather, method=method)
            times.append(time.perf_counter() - start)
        yield f"one zone, a year by the hour, {method}", f"{min(times) * 1e3:.0f} ms"


def measure(arguments: argparse.Namespace, boxes: list[Box]) -> Iterator[Row]:
    """All rows of the table."""
    rate = None
    if arguments.peers and boxes:
        try:
            rate = EnergyPlus().rate(boxes[0], each=arguments.peer_runs)
            yield "EnergyPlus 25.2, two processes at once", f"{rate:.2f} zone-years/s"
        except (OSError, subprocess.SubprocessError) as error:
            yield "EnergyPlus 25.2", f"not measured: {error}"
    for method in METHODS:
        found, memory = ours(method, arguments.buildings, arguments.rounds, arguments.hourly)
        beside = f", {found / rate:,.0f} times EnergyPlus (asked: {ASKED[method]:,})" if rate else ""
        yield (
            f"{method}, {arguments.buildings:,} zones x 8,760 h",
            f"{found:,.0f} zone-years/s{beside}; {memory / 1e3:.1f} kB a zone",
        )
    yield from one_room(arguments.rounds)


def boxes_of(folder: Path) -> list[Box]:
    """Boxes of ASHRAE 140 near Denver and three in Seoul, with their weather unpacked into a folder."""
    bestest = DATA / "energy/bestest"
    if not bestest.is_dir():
        print(f"{bestest} is absent, so there are no boxes to compare", file=sys.stderr)
        return []
    files = {}
    for name, packed in (("denver", bestest / "725650TYCST.epw.gz"), ("seoul", DATA / SEOUL_FILE)):
        files[name] = folder / f"{name}.epw"
        files[name].write_bytes(gzip.decompress(packed.read_bytes()))
    weather = denver(bestest)
    found = [Box(case, zones_of(case, weather), files["denver"], clear=True) for case in CASES]
    seoul = read_epw(files["seoul"])
    use = plain_use(20.0, 26.0, people=3.0, appliances=4.0)
    kept: dict[str, Any] = {
        "use": use,
        "place": seoul.place,
        "ground_temperature": np.full(12, 14.0),
        "wall": WALL,
        "glass": GLASS,
    }
    for name, others in (
        ("Seoul, south", {"windows": {180.0: 6.0}}),
        ("Seoul, all sides", {"windows": {0.0: 3.0, 90.0: 2.0, 180.0: 4.0, 270.0: 2.0}}),
        ("Seoul, between neighbours", {"windows": {180.0: 6.0, 0.0: 3.0}, "shared": (90.0, 270.0)}),
    ):
        found.append(Box(name, box_zones(**kept, **others), files["seoul"]))
    return found


def needs_of(boxes: list[Box]) -> list[Needs]:
    """Monthly needs [kWh] of each box by EnergyPlus, or why there are none, and by both methods."""
    found = []
    for box, theirs in side_by_side(boxes):
        by: dict[str, Any] = {"EnergyPlus": theirs}
        weather = read_epw(box.weather)
        for method in METHODS:
            monthly = simulate(box.zones, weather, method=method, hourly=False).monthly
            by[method] = {need: monthly[need][0] for need in ("heating", "cooling")}
        found.append((box, by))
    return found


def yearly(found: list[Needs]) -> Iterator[str]:
    """A table of sums [kWh], and how far the methods are from EnergyPlus."""
    yield "| box | need | EnergyPlus | " + " | ".join(f"{m} | " for m in METHODS) + " |"
    yield "|---|---|" + "---:|" * (1 + 2 * len(METHODS))
    for box, by in found:
        for need in ("heating", "cooling"):
            if isinstance(by["EnergyPlus"], str):
                cells = [by["EnergyPlus"]]
                reference = np.nan
            else:
                reference = float(by["EnergyPlus"][need].sum())
                cells = [f"{reference:.0f}"]
            for method in METHODS:
                total = float(by[method][need].sum())
                cells += [f"{total:.0f}", f"{total / reference - 1:+.0%}" if reference > 0 else ""]
            yield f"| {box.name} | {need} | " + " | ".join(cells) + " |"


def monthly(found: list[Needs]) -> Iterator[str]:
    """A table by month [kWh]."""
    yield "| box | need | by | " + " | ".join(f"{month}" for month in range(1, 13)) + " |"
    yield "|---|---|---|" + "---:|" * 12
    for box, by in found:
        for need in ("heating", "cooling"):
            for name, values in by.items():
                if not isinstance(values, str):
                    cells = " | ".join(f"{value:.0f}" for value in values[need])
                    yield f"| {box.name} | {need} | {name} | {cells} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the hourly methods of energy.")
    parser.add_argument("--buildings", type=int, default=10_000, help="zones of a run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each case; the best counts")
    parser.add_argument("--hourly", action="store_true", help="keep the series, which takes memory")
    parser.add_argument("--peers", action="store_true", help="also EnergyPlus")
    parser.add_argument("--peer-runs", type=int, default=3, help="of EnergyPlus in each of two processes")
    parser.add_argument("--monthly", action="store_true", help="needs by month beside EnergyPlus's")
    arguments = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python"
        f" {platform.python_version()}",
        file=sys.stderr,
    )
    with tempfile.TemporaryDirectory() as folder:
        boxes = boxes_of(Path(folder)) if arguments.peers else []
        print("| what | measured |\n|---|---|")
        for row in measure(arguments, boxes):
            print("| " + " | ".join(row) + " |", flush=True)
        if boxes:
            found = needs_of(boxes)
            for table in (yearly, monthly)[: 2 if arguments.monthly else 1]:
                print("", *table(found), sep="\n", flush=True)


if __name__ == "__main__":
    main()
