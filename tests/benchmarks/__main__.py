"""`make bench`: the figures of docs/performance.md.

Needs the real data in ../shared/data and its tool that makes a city of any size from one file.
`make bench ARGS="--large 600"` adds the run that shows that memory does not grow.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from tests.benchmarks import mqtt, observations, sensorthings
from tests.benchmarks.measure import Watch, best, run, twin
from tests.benchmarks.serving import compare
from tests.conftest import DATA
from tiles.build import build

SEED = DATA / "citygml/nrw-aachen/LoD2_32_280_5657_1_NW.gml"
REPLICATE = DATA.parent / "tools/replicate_citygml.py"
_BARE_PASS = """
import sys
from lxml import etree
for path in sys.argv[1:]:
    for _, element in etree.iterparse(path):
        element.clear()
"""
Row = tuple[str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure time and memory.")
    parser.add_argument("--copies", type=int, default=60, help="copies of nrw-aachen (60 are 120 MB)")
    parser.add_argument("--large", type=int, default=0, help="copies of a large run, such as 600 (1.2 GB)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the small run; the best counts")
    parser.add_argument(
        "--observations", type=int, default=200_000, help="observations of the large store, such as 10000000"
    )
    arguments = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", file=sys.stderr
    )
    print("| what | asked | measured |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for row in measure(Path(folder), arguments):
            print("| " + " | ".join(row) + " |", flush=True)


def measure(folder: Path, arguments: argparse.Namespace) -> Iterator[Row]:
    """All rows of the table."""
    source = folder / "small"
    run([sys.executable, REPLICATE, SEED, source, "--copies", str(arguments.copies), "--per-file", "10"])
    city = folder / "small.twin"
    small = yield from _full(city, source, arguments.rounds)
    yield from _content(city)
    yield from _one_change(city, source, small)
    yield from _answers(folder, city)
    bare, ours = compare(city, max(city.glob("tiles/buildings/*.glb"), key=lambda p: p.stat().st_size))
    yield (
        "tile route, requests a second",
        "≥ 1/3 of bare Starlette",
        f"{ours:.0f} of {bare:.0f} ({ours / bare:.2f})",
    )
    (folder / "observations").mkdir()
    yield from observations.measure(folder / "observations", arguments.observations)
    yield from sensorthings.measure()
    yield from mqtt.measure()
    if arguments.large:
        yield from _large(folder, arguments, small)


def _pass(source: Path) -> float:
    files = sorted(source.glob("*.gml"))
    return best([run([sys.executable, "-c", _BARE_PASS, *files]) for _ in range(3)]).seconds


class Full:
    """Times [s] and peak memory [byte] of reading and tiling a whole city."""

    def __init__(self, source: Path, city: Path, rounds: int) -> None:
        watched = [twin("add", city, source, watch=True), twin("tile", city, watch=True)]
        self.peak = max(r.peak for r in watched)
        adds, tiles = [], []
        for _ in range(rounds):
            shutil.rmtree(city)
            adds.append(twin("add", city, source))
            tiles.append(twin("tile", city))
        self.bare = _pass(source)
        self.add, self.tile = best(adds), best(tiles)
        self.seconds = self.add.seconds + self.tile.seconds


def _full(city: Path, source: Path, rounds: int) -> Generator[Row, None, Full]:
    full = Full(source, city, rounds)
    yield (
        "`twin add` + `twin tile`, against one bare iterparse pass",
        "≤ 10 times, aim 6",
        f"{full.seconds / full.bare:.2f} times ({full.add.seconds:.2f} s + {full.tile.seconds:.2f} s"
        f" against {full.bare:.2f} s)",
    )
    yield "peak memory of any process", "< 700 MB", f"{full.peak / 1e6:.0f} MB"
    return full


def _content(city: Path) -> Iterator[Row]:
    report = json.loads(twin("check", city / "tiles/buildings/tileset.json", "--json").output)
    yield (
        "mean tile content",
        "< 5 bytes a triangle",
        f"{report['bytes'] / report['all_triangles']:.2f} bytes ({report['contents']} contents,"
        f" {report['bytes']:,} bytes, {report['all_triangles']:,} triangles, {report['errors']} faults)",
    )


def _one_change(city: Path, source: Path, full: Full) -> Iterator[Row]:
    """One building changed, tiled by a new process each time and by processes that are there already."""
    asked = "≤ 4 files, < 5 % of the full build"

    def measured(tile: Callable[[], float]) -> str:
        """The least time [s] of three changes and the most files that one rewrites."""
        seconds, written = [], 0
        for _ in range(3):
            before = _files(city)
            _change(city, source)
            seconds.append(tile())
            written = max(written, _rewritten(city, before))
        return f"{written} files; {min(seconds):.2f} s, {min(seconds) / full.seconds:.1%} of add and tile"

    yield "one building changed, `twin tile` again", asked, measured(lambda: twin("tile", city).seconds)
    with Watch(city) as watch:
        yield "the same in a running `twin tile --watch`", asked, measured(lambda: watch.build()["seconds"])
    yield "the same by `build` in a Python process", asked, measured(lambda: _timed(city))


def _timed(city: Path) -> float:
    start = time.perf_counter()
    build(city)
    return time.perf_counter() - start


def _change(city: Path, source: Path) -> None:
    """Make one building a centimetre higher in its file, and read it."""
    path = sorted(source.glob("*.gml"))[0]
    text = path.read_text()
    height = re.search(r"measuredHeight[^>]*>([\d.]+)", text)
    assert height is not None
    start, end = height.span(1)
    path.write_text(f"{text[:start]}{float(height[1]) + 0.01:.3f}{text[end:]}")
    twin("add", city, source)


def _files(city: Path) -> dict[Path, int]:
    """When each file of the tiles was written."""
    return {p: p.stat().st_mtime_ns for p in (city / "tiles").rglob("[!.]*") if p.is_file()}


def _rewritten(city: Path, before: dict[Path, int]) -> int:
    return sum(before.get(path) != written for path, written in _files(city).items())


def _answers(folder: Path, city: Path) -> Iterator[Row]:
    yield "`twin --help`", "< 0.5 s", f"{best([twin('--help') for _ in range(5)]).seconds:.2f} s"
    objects = json.loads(twin("info", city, "--json").output)["objects"]
    quick = best([twin("info", city) for _ in range(5)])
    yield f"`twin info`, {sum(objects.values()):,} objects", "< 1 s at 50,000", f"{quick.seconds:.2f} s"


def _large(folder: Path, arguments: argparse.Namespace, small: Full) -> Iterator[Row]:
    source, city = folder / "large", folder / "large.twin"
    run([sys.executable, REPLICATE, SEED, source, "--copies", str(arguments.large), "--per-file", "10"])
    large = Full(source, city, 1)
    factor = arguments.large / arguments.copies
    yield (
        f"peak memory, {arguments.large} copies",
        "within 20 % of the small run's",
        f"{large.peak / 1e6:.0f} MB ({large.peak / small.peak:.2f} times)",
    )
    yield (
        f"time, {arguments.large} copies",
        "linear within 15 %",
        f"{large.seconds:.1f} s, {large.seconds / small.seconds / factor:.2f} of linear"
        f" ({large.seconds / large.bare:.2f} times a bare pass)",
    )
    yield from _one_change(city, source, large)
    yield from _answers(folder, city)


if __name__ == "__main__":
    main()
