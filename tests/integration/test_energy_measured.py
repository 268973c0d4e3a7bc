"""From the sample district's meters to calibrated buildings: read, bound, doubted, fitted, checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from analysis.energy.archetypes import zones_of
from analysis.energy.factors import factors_of
from analysis.energy.measured import (
    FACTORS,
    Commodity,
    Meters,
    agreements,
    calibrate,
    meters,
    predictor,
    targets,
    trusted,
)
from analysis.energy.retrofit import chosen, evaluator, read_measures, retrofit
from analysis.energy.zones import Zones
from analysis.scene.zones import envelopes
from analysis.weather import Weather, read_epw
from twin.ingest import add_files
from twin.store import open_city
from twin.synth.write import make_district


@dataclass
class Metered:
    """folder: of the city. zones: of the buildings with meters."""

    folder: Path
    read: Meters
    zones: Zones
    weather: Weather


@pytest.fixture(scope="module")
def metered(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Metered:
    made = make_district(tmp_path_factory.mktemp("metered") / "source", buildings=45, seed=7)
    folder = made.folder.parent / "x.twin"
    add_files(folder, [made.files["buildings"], made.folder / "meters"])
    read = meters(folder, timezone="Asia/Seoul")
    with open_city(folder) as city:
        zones = zones_of(envelopes(city))
    with_meters = [k for k, id in enumerate(zones.building) if id in read.building]
    weather = read_epw(next((data / "weather").rglob("*Busan*.epw*")))
    return Metered(folder, read, zones.some(with_meters), weather)


def test_every_meter_is_bound_to_its_building(metered: Metered) -> None:
    read = metered.read
    assert not read.left_out and [f"{t:%Y-%m}" for t in read.times] == [f"2025-{m:02}" for m in range(1, 13)]
    assert set(read.building) == set(metered.zones.building) and len(read.building) == 3
    assert np.isfinite(read.whole(Commodity.ELECTRICITY)).all()
    heated = [
        np.isfinite(read.whole(c)).all(axis=1) for c in (Commodity.HEAT, Commodity.GAS) if c in read.energy
    ]
    assert np.sum(heated, axis=0).tolist() == [1] * 3
    hours = meters(metered.folder, step="hour", timezone="Asia/Seoul")
    assert hours.energy[Commodity.ELECTRICITY].sum() == pytest.approx(
        read.energy[Commodity.ELECTRICITY].sum()
    )


def test_the_meter_that_lies_is_found_and_the_others_are_calibrated(metered: Metered) -> None:
    zones, weather = metered.zones, metered.weather
    quick = predictor(weather, factors_of("KOR"), method="5r1c")
    before = quick(zones)
    goal, doubts = trusted(targets(metered.read, weather), before, zones.building)
    (lying,) = [d for d in doubts if d.doubt.severity == "refuse"]
    assert lying.commodity is Commodity.ELECTRICITY and "kWh" in lying.doubt.text["en"]
    assert np.isnan(goal.months[Commodity.ELECTRICITY][goal.building.index(lying.building)]).all()
    fitted = calibrate(zones, goal.building, goal.months, quick)
    off = agreements(goal, before, zones.building)
    left = agreements(goal, quick(fitted.zones), zones.building)
    for id, by in left.items():
        for commodity, found in by.items():
            assert found.cv_rmse <= off[id][commodity].cv_rmse + 0.05, (id, commodity)
    electric = [by[Commodity.ELECTRICITY] for by in left.values() if Commodity.ELECTRICITY in by]
    assert len(electric) == 2 and all(found.cv_rmse < 0.2 for found in electric)
    exact = agreements(goal, predictor(weather, factors_of("KOR"))(fitted.zones), zones.building)
    assert all(found.cv_rmse < 0.6 for by in exact.values() for found in by.values())
    assert all(np.isfinite(fitted.factors[name]).all() for name in FACTORS)


def test_a_retrofit_of_the_calibrated_district_saves_energy(metered: Metered) -> None:
    evaluate = evaluator(metered.weather, factors_of("KOR"), method="5r1c")
    package = chosen(read_measures(), ["wall_insulation", "windows_triple", "airtightness"])
    found = retrofit(metered.zones, package, evaluate)
    assert (found.after.need["heating"] < found.before.need["heating"]).all()
    assert (found.after.primary < found.before.primary).all()
