"""`python -m tests.benchmarks.retrofit`: how fast retrofits answer, and a calibration.

The case: box buildings of two storeys with windows to four sides and skylines of 36 directions, all hours of
a year, element by element. One building is asked as the server asks: a package before and after, warm. Each
figure is the best of some rounds; compilation comes before. `--buildings` is how many a block has.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.energy.factors import factors_of
from analysis.energy.measured import calibrate, predictor, with_factors
from analysis.energy.retrofit import (
    chosen,
    curve,
    evaluator,
    ranking,
    reach,
    read_costs,
    read_measures,
    retrofit,
)
from analysis.energy.zones import Zones
from analysis.weather import Weather
from tests.energy_zones import box_zones, even_weather, plain_use

Row = tuple[str, str]
PACKAGE = ("wall_insulation", "roof_insulation", "windows_triple", "airtightness", "air_heat_pump")
METERED = 20


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure retrofits and calibration.")
    parser.add_argument("--rounds", type=int, default=5, help="the best of so many counts")
    parser.add_argument("--buildings", type=int, default=300, help="of a block")
    parser.add_argument("--method", default="iso52016", help="of the simulation")
    arguments = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load"
        f" {os.getloadavg()[0]:.1f}",
        file=sys.stderr,
    )
    print("| what | measured |\n|---|---|")
    for row in measure(arguments.buildings, arguments.rounds, arguments.method):
        print("| " + " | ".join(row) + " |", flush=True)


def year() -> Weather:
    """A year with seasons under clear skies."""
    hour = np.arange(8760)
    warmth = 12.0 - 13.0 * np.cos(2 * np.pi * (hour / 24 - 20) / 365) - 4 * np.cos(2 * np.pi * hour / 24)
    return even_weather(temperature=warmth, sun=True)


def block(count: int) -> Zones:
    """Buildings of one zone each."""
    use = plain_use(ventilation=0.8, appliances=3.0, lighting=2.0, people=2.0, hot_water=2.0)
    windows = {0.0: 4.0, 90.0: 4.0, 180.0: 8.0, 270.0: 4.0}
    zones = box_zones(count, width=10.0, depth=9.0, height=5.6, windows=windows, use=use)
    skyline = 12.0 + 10.0 * np.sin(np.radians(10.0 * np.arange(36)))
    horizon = np.tile(skyline.astype(np.float32), (len(zones.elements), 1))
    return replace(zones, elements=replace(zones.elements, horizon=horizon))


def measure(count: int, rounds: int, method: str) -> Iterator[Row]:
    """All rows of the table."""
    weather, one, many = year(), block(1), block(count)
    factors, costs, measures = factors_of("DEU"), read_costs("DEU"), read_measures()
    evaluate = evaluator(weather, factors, method=method)
    package, solar = chosen(measures, PACKAGE), chosen(measures, [*PACKAGE, "pv"])
    retrofit(one, solar, evaluate, costs)

    def row(what: str, work: Callable[[], Any], times: int = rounds) -> Row:
        spent = []
        for _ in range(times):
            start = time.perf_counter()
            work()
            spent.append(time.perf_counter() - start)
        return what, f"{1000 * min(spent):.0f} ms"

    yield row("one building, 5 measures, before and after", lambda: retrofit(one, package, evaluate, costs))
    yield row("the same with photovoltaics", lambda: retrofit(one, solar, evaluate, costs))
    every = list(measures.values())
    yield row(
        f"cost curve of {len(every)} measures on one building",
        lambda: curve(one, every, evaluate, costs),
        1,
    )
    yield row(
        f"cheapest of {2 ** len(solar)} packages to 60 %",
        lambda: reach(one, solar, lambda f: bool(f.self_sufficiency[0] >= 0.6), evaluate, costs),
        1,
    )

    def ranked() -> Any:
        found = retrofit(many, package, evaluate, costs)
        return ranking(found, [f"block {k % 10}" for k in range(count)], many.floor_area)

    yield row(f"ranking of the blocks of {count} buildings, 5 measures", ranked, 1)
    some, predict = block(METERED), predictor(weather, factors, method=method)
    truth = {
        "set_point_shift": np.linspace(-1.5, 1.5, METERED),
        "air_factor": np.linspace(0.6, 1.8, METERED),
        "gain_factor": np.linspace(1.4, 0.7, METERED),
    }
    read = dict(predict(with_factors(some, truth)))
    yield row(
        f"calibration of {METERED} buildings to their months",
        lambda: calibrate(some, some.building, read, predict),
        1,
    )


if __name__ == "__main__":
    main()
