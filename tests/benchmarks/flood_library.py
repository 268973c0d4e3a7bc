"""`python -m tests.benchmarks.flood_library`: the batch of a scenario library on one Dask worker, and on two.

The case: eight rains of one length on the sample district, each worker one process of one thread. The time is
that of the whole run of the model `flood-library`, with reading the city and writing the results; compilation
comes before. Asked: two workers take at most 60 % of the time of one.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from analysis.run import run
from twin.ingest import add_files
from twin.synth.write import make_district

ASKED = 0.6
LAYERS = ("terrain", "buildings", "roads", "bridges", "water", "landuse")


def seconds(city: Path, workers: int, inputs: dict[str, Any], rounds: int) -> float:
    """Of the library on a cluster of so many workers, the best of some rounds."""
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        address = str(cluster.scheduler_address)
        run(city, "flood-library", again=True, dask=address, **(inputs | {"durations": [0.1], "after": 0.0}))
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            run(city, "flood-library", again=True, dask=address, **inputs)
            times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the library batch on one and two Dask workers.")
    parser.add_argument("--cell-size", type=float, default=10.0, help="[m]")
    parser.add_argument("--hours", type=float, default=1.0, help="of rain, in each scenario")
    parser.add_argument("--rounds", type=int, default=2, help="the best counts")
    arguments = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f},"
        f" Python {platform.python_version()}",
        file=sys.stderr,
    )
    inputs = {
        "cell_size": arguments.cell_size,
        "rains": [10.0 * n for n in range(1, 9)],
        "durations": [arguments.hours],
        "stream_rises": [0.0],
        "after": 0.0,
        "held_out": 0,
    }
    with tempfile.TemporaryDirectory() as folder:
        made = make_district(Path(folder) / "source", buildings=100, seed=7)
        city = Path(folder) / "x.twin"
        add_files(city, [made.files[name] for name in LAYERS])
        one, two = (seconds(city, workers, inputs, arguments.rounds) for workers in (1, 2))
    print("| what | asked | measured |\n|---|---|---|")
    print(
        f"| library of 8 scenarios, two Dask workers, of the time of one | {ASKED:.0%} |"
        f" {two / one:.0%} ({two:.1f} of {one:.1f} s) |"
    )


if __name__ == "__main__":
    main()
