"""`python -m tests.benchmarks.flood`: how many cells a second the flood schemes compute.

The case: a square of 1 m cells with blocks of buildings, 100 mm/h, closed edges. A rate counts the cells of
the grid, blocked ones too, over the wall time of the steps; compilation comes before. Each figure is the
best of some short runs, beside the rate at which this machine copies arrays meanwhile. `--peers` also runs
other programs on the same town (see `flood_peers`), each figure with what ours are of it.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

import numba
import numpy as np

from analysis import flood
from tests.benchmarks.flood_peers import measured

RAIN = 100 / flood.MM_PER_HOUR
SCHEMES = ("inertial", "hllc", "muscl")
Row = tuple[str, str]


def town(n: int) -> tuple[Any, Any]:
    """Ground [m] `(n, n)` with a slope of 0.5 % and hollows, and which cells are built on: blocks of 25 by
    20 m with streets of 25 and 20 m."""
    y, x = np.mgrid[:n, :n].astype(np.float32)
    ground = 10 + 0.005 * (n - x) + 0.3 * np.sin(x / 37) * np.cos(y / 29)
    return ground, (x % 50 > 15) & (x % 50 < 40) & (y % 40 > 12) & (y % 40 < 32)


@numba.njit(parallel=True)  # type: ignore[untyped-decorator]
def _copy(a: Any, b: Any) -> None:
    for i in numba.prange(a.shape[0]):
        for j in range(a.shape[1]):
            b[i, j] = a[i, j]


def copy_rate() -> float:
    """Bytes read and written a second by a plain copy of arrays too large for the cache [GB/s]."""
    a, b = np.ones((2000, 10000)), np.zeros((2000, 10000))
    _copy(a, b)
    return 2 * a.nbytes / min(_timed(_copy, a, b) for _ in range(5)) / 1e9


def _timed(function: Any, *arguments: Any) -> float:
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def rate(n: int, scheme: str, dtype: str, seconds: float, rounds: int) -> tuple[float, flood.FloodResult]:
    """Million cell updates a second, the best of some runs of so many seconds of rain, and the last
    result."""
    ground, built = town(n)
    best = 0.0
    for _ in range(rounds + 1):  # the first compiles
        r = flood.simulate(ground, 1.0, seconds, scheme=scheme, dtype=dtype, rainfall=RAIN, buildings=built)
        best = max(best, (r.steps - 1) * n * n / r.seconds / 1e6)
    return best, r


def dry_share(n: int, scheme: str, rounds: int) -> float:
    """Time of a step with a tenth of the grid wet (a strip behind a wall), over that with all of it wet."""
    times = []
    for wet in (n // 10, n):
        depth = np.zeros((n, n))
        depth[:wet] = 0.5 + 0.1 * np.sin(np.arange(n) / 9)
        wall = flood.Structures(walls=[flood.Wall([(n // 10, 0), (n // 10, n)], 9.0)])
        times.append(
            min(
                r.seconds / (r.steps - 1)
                for r in (
                    flood.simulate(
                        np.zeros((n, n)), 1.0, 20.0, scheme=scheme, initial_depth=depth, structures=wall
                    )
                    for _ in range(rounds)
                )
            )
        )
    return times[0] / times[1]


def peers(n: int, ours: dict[str, float], rounds: int) -> Iterator[Row]:
    """A row for each peer: its rate, and how many times that ours are."""
    for peer, found in measured(*town(n), rounds):
        if isinstance(found, str):
            yield f"{peer.name}, {n} × {n}", found
            continue
        times = ", ".join(f"{name} {best / found['rate']:.1f}" for name, best in ours.items())
        yield (
            f"{peer.name}, {n} × {n}",
            f"{found['rate']:.1f} M {peer.unit}/s ({found['steps']:.0f} steps, mass error"
            f" {found['mass_error']:.1e}); times that: {times}",
        )


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """All rows of the table."""
    for n in arguments.sizes:
        ours = {}
        for scheme in SCHEMES:
            for dtype in ("float64", "float32"):
                best, r = rate(n, scheme, dtype, arguments.seconds, arguments.rounds)
                ours[f"{scheme} {dtype}"] = best
                yield (
                    f"{scheme}, {dtype}, {n} × {n}",
                    f"{best:.0f} M cells/s ({r.steps} steps, mass error {r.mass_error:.1e}, deepest"
                    f" {r.max_depth.max():.3f} m)",
                )
        if arguments.peers:
            yield from peers(n, ours, arguments.rounds)
    for scheme in SCHEMES:
        yield (
            f"{scheme}, nine tenths dry, 1000 × 1000",
            f"{dry_share(1000, scheme, arguments.rounds):.1%} of all wet",
        )
    if arguments.large:
        best, r = rate(5000, "hllc", "float64", arguments.seconds / 10, 1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        yield "hllc, float64, 5000 × 5000", f"{best:.0f} M cells/s, {peak:.1f} GB at most"
    yield "copy of arrays", f"{copy_rate():.0f} GB/s"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the flood schemes.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 1000], help="cells on a side")
    parser.add_argument("--seconds", type=float, default=600.0, help="of rain, in each run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each case; the best counts")
    parser.add_argument("--peers", action="store_true", help="also itzi, landlab and ANUGA")
    parser.add_argument("--large", action="store_true", help="also 25 million cells")
    arguments = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {numba.get_num_threads()} threads, load"
        f" {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, numba {numba.__version__}",
        file=sys.stderr,
    )
    print("| what | measured |\n|---|---|")
    for row in measure(arguments):
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
