"""`python -m tests.benchmarks.sun`: how fast shade, hours of sun and sky-view factors are.

The case: box buildings on a chess board at 1 m, 1,024 of them on 960 by 960 m, the winter solstice in Seoul.
Each figure is the best of some rounds; compilation comes before. Beside it stands what embreex takes for the
same points on the same triangles, one ray each, in the same rounds, and what solweig takes with `--peers`.
`--large` adds 10,000 buildings, with the memory that the work takes over the scene and the points.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numba
import numpy as np
import pandas as pd

from analysis.sun import (
    SunPath,
    SunScene,
    facade_targets,
    ground_targets,
    shadow_mask,
    sky_view_factor,
    sunlit,
    sunlit_hours,
)
from analysis.sun.engine.choice import engine_for
from tests.benchmarks.sun_peers import BareEmbree, solweig
from tests.sun_scenes import boxes

Row = tuple[str, str]
SPACING = 2.0
"""Of points on facades [m]."""


def winter_day(scene: SunScene) -> pd.DatetimeIndex:
    """The solstice in steps of ten minutes, while the sun is up."""
    times = pd.date_range("2026-12-22 07:00", "2026-12-22 18:00", freq="10min", tz=scene.place.timezone)
    return pd.DatetimeIndex(times[SunPath.at(scene.place, times).up()])


def best(function: Callable[[], Any], rounds: int) -> float:
    """Seconds of the quickest of some rounds after a first one that does not count."""
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def masks(scene: SunScene, times: pd.DatetimeIndex, rounds: int, peer: dict[str, float]) -> Iterator[Row]:
    """One mask at each hour, as the whole function, and as the sweep alone."""
    path = SunPath.at(scene.place, times)
    ground = ground_targets(scene)
    bare = BareEmbree(scene, ground)
    hours = range(3, len(times), 6)
    ours = [best(lambda k=k: shadow_mask(scene, times[k]), rounds) for k in hours]  # type: ignore[misc]
    sun = [best(lambda k=k: SunPath.at(scene.place, times[k]), rounds) for k in hours]  # type: ignore[misc]
    theirs = [best(lambda k=k: bare.lit(path.directions[k]), rounds) for k in hours]  # type: ignore[misc]
    alike = [(shadow_mask(scene, times[k]).reshape(-1) != bare.lit(path.directions[k])).mean() for k in hours]
    mask = float(np.mean(ours) - np.mean(sun))
    yield (
        "ground mask, mean of the hours",
        f"{mask * 1e3:.2f} ms, and {np.mean(sun) * 1e3:.1f} ms for the sun's position",
    )
    yield (
        "embreex, the same",
        f"{np.mean(theirs) * 1e3:.1f} ms: {np.mean(theirs) / mask:.0f} times ours; the same in"
        f" {np.mean(alike):.2%} of the cells",
    )
    if "day" in peer:
        theirs_mean = peer["day"] / len(times)
        yield "solweig, mean of the day", f"{theirs_mean * 1e3:.0f} ms: {theirs_mean / mask:.0f} times ours"


def day(scene: SunScene, times: pd.DatetimeIndex, rounds: int) -> Iterator[Row]:
    """Hours of sun of a winter day on the ground and on all facades, by both, and how far they differ."""
    targets = [ground_targets(scene), facade_targets(scene, SPACING)]
    path = SunPath.at(scene.place, times)
    bares = [BareEmbree(scene, each) for each in targets]

    def by_rays() -> None:
        for bare in bares:
            for direction in path.directions:
                bare.lit(direction)

    ours = best(lambda: [sunlit_hours(scene, times, each, "sweep") for each in targets], rounds)
    theirs = best(by_rays, 1)
    yield (
        f"winter day of {len(times)} instants, ground and {len(targets[1]):,} points of facades",
        f"{ours:.2f} s; embreex {theirs:.1f} s: {theirs / ours:.0f} times ours",
    )
    for name, each in zip(("ground", "facades"), targets, strict=True):
        ours_lit, theirs_lit = (sunlit(scene, times, each, engine) for engine in ("sweep", "rays"))
        hours = np.abs(ours_lit.sum(axis=0) - theirs_lit.sum(axis=0)) / 6
        yield (
            f"sweep and rays, {name}",
            f"the same in {(ours_lit == theirs_lit).mean():.2%}; hours differ by {hours.mean():.3f} h on"
            " average",
        )


def sky(scene: SunScene, rounds: int, peer: dict[str, float]) -> Iterator[Row]:
    """Sky-view factors of all cells, and of facades."""
    ground, walls = ground_targets(scene), facade_targets(scene, SPACING)
    ours = best(lambda: sky_view_factor(scene, ground, "sweep"), rounds)
    yield "sky-view factor of all cells, 32 directions", f"{ours:.2f} s"
    if "sky" in peer:
        yield "solweig, the same", f"{peer['sky']:.1f} s: {peer['sky'] / ours:.0f} times ours"
    on_walls = best(lambda: sky_view_factor(scene, walls, "sweep"), rounds)
    yield f"sky-view factor of {len(walls):,} points of facades", f"{on_walls:.2f} s"


def rays(scene: SunScene, times: pd.DatetimeIndex, rounds: int) -> Iterator[Row]:
    """The engine of rays against bare calls, in rays a second."""
    directions = SunPath.at(scene.place, times).directions[3::6]
    for name, targets in (("ground", ground_targets(scene)), ("facades", facade_targets(scene, SPACING))):
        engine, bare = engine_for(scene, targets, "rays"), BareEmbree(scene, targets)
        light = np.zeros(len(targets), np.float32)
        count = sum(bare.rays(d) for d in directions)
        ours = best(partial(_cast, lambda d: engine.add(d, 1.0, 0.0, light), directions), rounds)  # noqa: B023
        theirs = best(partial(_cast, bare.lit, directions), rounds)
        yield (
            f"engine of rays, {name}",
            f"{count / ours / 1e6:.1f} M rays/s, {theirs / ours:.0%} of bare embreex"
            f" ({count / theirs / 1e6:.1f})",
        )


def _cast(cast: Callable[[Any], Any], directions: Any) -> None:
    for direction in directions:
        cast(direction)


def large(side: int) -> Row:
    """A winter day of side² buildings in a process of its own, with its memory."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, field, taken, points = pool.apply(_large, (side,))
    return (
        f"winter day of {side * side:,} buildings, ground and {points:,} points of facades",
        f"{seconds:.1f} s; the scene's two fields and the work take {2 + taken / field:.1f} times the"
        f" {field / 1e6:.0f} MB of one, beside the points",
    )


def _large(side: int) -> tuple[float, int, int, int]:
    small = boxes(2, 2)
    for each in (ground_targets(small), facade_targets(small, SPACING)):
        sunlit_hours(small, winter_day(small), each)
    scene = boxes(side, side)
    times = winter_day(scene)
    targets = (ground_targets(scene), facade_targets(scene, SPACING))
    tracemalloc.start()
    start = time.perf_counter()
    for each in targets:
        sunlit_hours(scene, times, each, "sweep")
    seconds = time.perf_counter() - start
    return seconds, scene.heights.nbytes, tracemalloc.get_traced_memory()[1], len(targets[1])


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """All rows of the table."""
    scene = boxes(arguments.side, arguments.side)
    times = winter_day(scene)
    path = SunPath.at(scene.place, times)
    peer: dict[str, float] = {}
    if arguments.peers:
        found = solweig(scene, list(zip(path.azimuth, path.elevation, strict=True)))
        if isinstance(found, str):
            yield "solweig", found
        else:
            peer = found
    yield from masks(scene, times, arguments.rounds, peer)
    yield from day(scene, times, arguments.rounds)
    if "day" in peer:
        yield "solweig, the day on the ground alone", f"{peer['day']:.1f} s"
    yield from sky(scene, arguments.rounds, peer)
    yield from rays(scene, times, arguments.rounds)
    if arguments.large:
        yield large(100)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the engines of the sun.")
    parser.add_argument("--side", type=int, default=32, help="buildings on a side of the square")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each case; the best counts")
    parser.add_argument("--peers", action="store_true", help="also solweig")
    parser.add_argument("--large", action="store_true", help="also 10,000 buildings")
    arguments = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {numba.get_num_threads()} threads, load"
        f" {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, numba {numba.__version__}",
        file=sys.stderr,
    )
    print("| what | measured |\n|---|---|")
    for row in measure(arguments):
        print("| " + " | ".join(row) + " |", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"| memory of it all at most | {peak:.1f} GB |")


if __name__ == "__main__":
    main()
