"""`python -m tests.benchmarks.sun_power`: how fast a year of irradiance, photovoltaics and glare are.

The case: 1,024 box buildings on 960 by 960 m at 1 m in Seoul, points every 2 m on all roofs and facades, and
the hours of a clear year. Each figure is the best of some rounds; compilation comes before. Beside it stands
what pvlib takes for as many open planes one by one, reckoned from some of them. `--large` adds 10,000
buildings.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from analysis.sun import SunScene, Targets, facade_targets, joined, roof_targets
from analysis.sun.power.glare import glare
from analysis.sun.power.irradiation import hourly, irradiance
from analysis.sun.power.pv import facade_potential, roof_potential
from analysis.weather import Weather, clear_sky
from tests.sun_scenes import SEOUL, boxes

Row = tuple[str, str]
SPACING = 2.0
"""Of the points [m]."""
PLANES = 40
"""That pvlib is timed with."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the sun's power.")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--large", action="store_true", help="10,000 buildings, too")
    arguments = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load"
        f" {os.getloadavg()[0]:.1f}",
        file=sys.stderr,
    )
    print("| what | measured |\n|---|---|")
    weather = year()
    warm(weather)
    for row in measure(boxes(), weather, arguments.rounds):
        print("| " + " | ".join(row) + " |", flush=True)
    if arguments.large:
        for row in large(weather):
            print("| " + " | ".join(row) + " |", flush=True)


def year() -> Weather:
    """The hours of a clear year in Seoul."""
    return clear_sky(SEOUL, pd.date_range("2026-01-01 00:30", periods=8760, freq="h", tz=SEOUL.timezone))


def points(scene: SunScene) -> Targets:
    return joined(roof_targets(scene, SPACING), facade_targets(scene, SPACING))


def warm(weather: Weather) -> None:
    """Compile everything."""
    scene = boxes(2, 2)
    targets = points(scene)
    irradiance(scene, weather, targets)
    roof_potential(scene, weather, targets)
    glare(scene, weather, facade_targets(scene, SPACING), street(scene, 20.0))


def measure(scene: SunScene, weather: Weather, rounds: int) -> Iterator[Row]:
    """All rows of the table."""
    assert scene.surfaces is not None
    targets = points(scene)
    n, hours = len(targets), int((weather.ghi > 0).sum())
    seconds = best(lambda: irradiance(scene, weather, targets), rounds)
    yield (
        f"a year by the hour on {n:,} points of {len(scene.surfaces.buildings):,} buildings",
        f"{seconds:.1f} s: {n * hours / seconds / 1e6:.0f} million points and hours with light a second",
    )
    theirs = best(lambda: pvlib_planes(weather, targets), 1) / PLANES * n
    yield "pvlib, as many open planes one by one", f"{theirs:.0f} s: {theirs / seconds:.0f} times ours"
    building = scene.surfaces.building[targets.surface]
    seconds = best(
        lambda: hourly(scene, weather, targets, groups=building, weight=targets.area), min(rounds, 2)
    )
    yield "the same as 8,760 hours of each building [W]", f"{seconds:.1f} s"
    seconds = best(lambda: roof_potential(scene, weather, targets), min(rounds, 2))
    yield "photovoltaics on all roofs", f"{seconds:.1f} s"
    seconds = best(lambda: facade_potential(scene, weather, targets), 1)
    yield "photovoltaics on all facades", f"{seconds:.1f} s"
    facades, receivers = facade_targets(scene, SPACING), street(scene, 10.0)
    seconds = best(lambda: glare(scene, weather, facades, receivers, reach=150.0), 1)
    yield f"glare of all facades at {len(receivers):,} points of the streets, each hour", f"{seconds:.1f} s"


def large(weather: Weather) -> Iterator[Row]:
    """10,000 buildings on 3,000 by 3,000 m."""
    scene = boxes(100, 100)
    targets = points(scene)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    irradiance(scene, weather, targets)
    seconds = time.perf_counter() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    yield (
        f"a year by the hour on {len(targets):,} points of 10,000 buildings",
        f"{seconds:.0f} s, {grown / 1e6:.1f} GB over the scene and its points",
    )


def street(scene: SunScene, spacing: float) -> Targets:
    """Points of open ground, 1.5 m over it, looked at from above."""
    every = max(1, round(spacing / scene.cell_size))
    row, column = np.nonzero(scene.heights == scene.terrain)
    chosen = (row % every == 0) & (column % every == 0)
    row, column = row[chosen], column[chosen]
    places = np.column_stack(
        [
            scene.west + (column + 0.5) * scene.cell_size,
            scene.north - (row + 0.5) * scene.cell_size,
            scene.terrain[row, column] + 1.5,
        ]
    )
    n = len(places)
    return Targets(places, np.tile([0.0, 0.0, 1.0], (n, 1)), np.ones(n), np.full(n, -1, np.int32))


def pvlib_planes(weather: Weather, targets: Targets) -> None:
    """A year of some planes with pvlib's own functions, the sun's place being known."""
    from pvlib.atmosphere import get_relative_airmass
    from pvlib.irradiance import get_extra_radiation, get_total_irradiance

    sun = weather.sun
    known: dict[str, Any] = {
        "dni_extra": np.asarray(get_extra_radiation(weather.times)),
        "airmass": get_relative_airmass(sun.apparent_zenith),
        "model": "perez",
    }
    for normal in targets.normals[:: max(1, len(targets) // PLANES)][:PLANES]:
        tilt = np.degrees(np.arccos(normal[2]))
        azimuth = np.degrees(np.arctan2(normal[0], normal[1]))
        get_total_irradiance(
            tilt,
            azimuth,
            sun.apparent_zenith,
            sun.azimuth,
            weather.dni,
            weather.ghi,
            weather.dhi,
            **known,
        )["poa_global"].sum()


def best(function: Callable[[], Any], rounds: int) -> float:
    """Seconds of the quickest of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
