"""`python -m tests.benchmarks.zones`: how fast thermal zones are made of a city, party walls included.

Copies of nrw-aachen, 83 buildings with 50 parts each. Beside the zones stands a bare pass over the same
objects in the same run: read from the store, decoded, and each triangle's area and normal taken, batch by
batch. Each figure is the best of some rounds; compilation comes before. Memory is the peak of a process that
makes the zones of one copy, of half of all copies, and of all.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from analysis.scene.zones import envelopes
from citygml.model import SOLID_TYPES, SURFACE_TYPES, Geometry
from tests.benchmarks.measure import run, twin
from tests.benchmarks.sun import best
from tests.conftest import DATA
from twin.store import City, open_city

Row = tuple[str, str]
SEED = DATA / "citygml/nrw-aachen/LoD2_32_280_5657_1_NW.gml"
REPLICATE = DATA.parent / "tools/replicate_citygml.py"
EACH = 83
"""Buildings of one copy."""
_BATCH = 500
_DRAWN = SURFACE_TYPES | SOLID_TYPES


def bare_pass(city: City) -> int:
    """Triangles whose area and normal were taken: fans of all rings of all buildings."""
    index = city.index("buildings")
    count = 0
    for start in range(0, len(index), _BATCH):
        stored = city.fetch(index.rows[start : start + _BATCH])
        drawn = [
            g for each in stored for g in each.decode(surface_attributes=False).geometries if g.type in _DRAWN
        ]
        count += len(_normals(drawn)[0])
    return count


def _normals(drawn: list[Geometry]) -> tuple[Any, Any]:
    """Areas and unit normals of the triangles of some geometries."""
    vertices = np.concatenate([g.vertices for g in drawn])
    sizes = np.concatenate([np.diff(g.rings) for g in drawn])
    begin = np.cumsum(sizes) - sizes
    triangles = sizes - 2
    first = np.repeat(begin, triangles)
    step = np.arange(len(first)) - np.repeat(np.cumsum(triangles) - triangles, triangles) + 1
    a = vertices[first]
    cross = np.cross(vertices[first + step] - a, vertices[first + step + 1] - a)
    double = np.linalg.norm(cross, axis=1)
    return double / 2, cross / np.maximum(double, 1e-12)[:, None]


def measure(folder: Path, copies: int, rounds: int, shading: bool) -> Iterator[Row]:
    """All rows of the table."""
    yield "buildings", f"{copies * EACH:,}"
    whole, half = (_city(folder, count) for count in (copies, copies // 2))
    with open_city(whole) as city:
        triangles = bare_pass(city)
        bare = best(lambda: bare_pass(city), rounds)
        yield "bare pass", f"{bare:.2f} s, {triangles:,} triangles"
        for by in ("building", "part", "storey"):
            taken = best(lambda by=by: envelopes(city, by=by, shading=False), rounds)  # type: ignore[misc]
            yield f"zones by {by}", f"{taken:.2f} s: {taken / bare:.1f} bare passes"
        if shading:
            start = time.perf_counter()
            found = envelopes(city)
            yield "zones with skylines", f"{time.perf_counter() - start:.0f} s, {len(found.pieces):,} pieces"
    peaks = [_peak(city) / 1e6 for city in (_city(folder, 1), half, whole)]
    yield "memory for one copy, half of all, all", " / ".join(f"{peak:.0f}" for peak in peaks) + " MB"


def _city(folder: Path, copies: int) -> Path:
    """A city of so many copies."""
    source, city = folder / f"{copies}", folder / f"{copies}.twin"
    run([sys.executable, REPLICATE, SEED, source, "--copies", str(copies), "--per-file", "10"])
    twin("add", city, source)
    return city


def _peak(city: Path) -> int:
    """The largest memory of a process that makes the zones of a city [byte]."""
    return run([sys.executable, "-m", "tests.benchmarks.zones", "--city", city], watch=True).peak


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the making of thermal zones.")
    parser.add_argument("--copies", type=int, default=121, help="copies of 83 buildings; 121 are 10,043")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each case; the best counts")
    parser.add_argument("--shading", action="store_true", help="also skylines and views of the sky")
    parser.add_argument("--city", type=Path, help="only make the zones of this city, once")
    arguments = parser.parse_args()
    if arguments.city is not None:
        with open_city(arguments.city) as city:
            envelopes(city, shading=False)
        return
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f},"
        f" Python {platform.python_version()}",
        file=sys.stderr,
    )
    print("| what | measured |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for row in measure(Path(folder), arguments.copies, arguments.rounds, arguments.shading):
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
