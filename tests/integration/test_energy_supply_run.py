"""`twin run energy` with collectors, fuel cells, demand that waits and outages: figures by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from analysis.energy.run.compute import Options, compute
from analysis.energy.run.kept import read_kept
from analysis.errors import AnalysisError
from api.app import create_app
from api.settings import Settings
from tests.integration.energy_city import Found, street

QUICK: dict[str, Any] = {"method": "5r1c", "shading": False, "meters": "none"}
PER_PRIMARY = {"gas": 1.1, "district_heat": 0.728, "electricity": 2.75}
"""Korean factors, as in tests of plain runs."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("street"))


@pytest.fixture(scope="module")
def plain(folder: Path) -> Any:
    return Found(folder, battery=2.0, **QUICK).table("buildings").set_index("id")


def test_collectors_spare_what_made_hot_water(folder: Path, plain: Any) -> None:
    found = Found(folder, battery=2.0, solar_thermal=0.1, **QUICK)
    table, summary = found.table("buildings").set_index("id"), found.summary
    home, before = table.loc["home"], plain.loc["home"]
    # a flat roof of 10 x 8 m: rows on half of the tenth that is theirs
    assert home["collector_area"] == pytest.approx(80.0 * 0.1 * 0.5)
    assert home["hot_water"] == before["hot_water"]  # the need is what it was
    assert 0.2 * home["hot_water"] < home["solar_heat"] < home["hot_water"]
    # what the boiler no longer gives is not bought: gas by its efficiency, district heat by its own
    kept = read_kept(found.path("zones"))
    for id, carrier in (("home", "gas"), ("flats", "district_heat")):
        zone = kept.zones.building.index(id)
        plant = kept.zones.systems[kept.zones.system[zone]].hot_water
        assert plant is not None and plant.carrier == carrier
        spared = plain.at[id, f"final_{carrier}"] - table.at[id, f"final_{carrier}"]
        assert spared == pytest.approx(table.at[id, "solar_heat"] / plant.efficiency, rel=1e-4)
        # the grade counts it as made, of what would be used without
        assert table.at[id, "primary_five_uses"] == plain.at[id, "primary_five_uses"]
        made = table.at[id, "pv"] * 2.75 + spared * PER_PRIMARY[carrier]
        share = made / plain.at[id, "primary_five_uses"]
        assert table.at[id, "self_sufficiency"] == pytest.approx(share, rel=1e-4)
    assert summary["solar_heat"]["heat"] == pytest.approx(table["solar_heat"].sum())
    sold = summary["scopes"][0]
    assert sold["produced_final"] == pytest.approx(
        summary["pv"]["yield"] + summary["solar_heat"]["spared_final"], rel=1e-9
    )


def test_cells_led_by_heat_burn_gas_for_heat_and_power(folder: Path, plain: Any) -> None:
    found = Found(folder, battery=2.0, fuel_cell=5.0, hourly=True, **QUICK)
    table, summary = found.table("buildings").set_index("id"), found.summary
    flats, before = table.loc["flats"], plain.loc["flats"]
    assert flats["cell_power"] == pytest.approx(5.0 * flats["floor_area"] / 1000)
    # polymer cells: 35 % electricity and 55 % heat of the gas, none of it let go when led by heat
    assert flats["cell_electricity"] == pytest.approx(0.35 * flats["cell_fuel"], rel=1e-6)
    assert flats["cell_heat"] == pytest.approx(0.55 * flats["cell_fuel"], rel=1e-6)
    assert 0 < flats["cell_heat"] < flats["heating"] + flats["hot_water"]
    # the flats' other heat comes by pipe: their gas is the cells' alone
    assert flats["final_gas"] == pytest.approx(flats["cell_fuel"], rel=1e-6)
    zones = read_kept(found.path("zones")).zones
    system = zones.systems[zones.system[zones.building.index("flats")]]
    assert system.heating is not None and system.hot_water is not None
    spared = before["final_district_heat"] - flats["final_district_heat"]
    least, most = sorted([system.heating.efficiency, system.hot_water.efficiency])
    assert least < flats["cell_heat"] / spared < most  # some of it in either way
    # pumps run on, and grades are as without cells
    assert flats["final_electricity"] == pytest.approx(before["final_electricity"], rel=1e-6)
    assert (table["grade"] == plain["grade"]).all() and flats["autarky"] > before["autarky"]
    load = found.table("load")
    district = load[load["group"] == "district"]
    assert district["fuel_cell"].sum() == pytest.approx(table["cell_electricity"].sum(), rel=1e-4)
    # own use is the modules' and the cells' by what they make
    assert summary["pv"]["self_consumed"] < summary["pv"]["yield"]
    own = flats["self_consumption"] * (flats["pv"] + flats["cell_electricity"])
    made = flats["pv"] / (flats["pv"] + flats["cell_electricity"])
    assert flats["self_consumed"] == pytest.approx(own * made, rel=1e-6)
    bought = (flats["final_electricity"] - own) / flats["final_electricity"]
    assert 1 - flats["autarky"] == pytest.approx(bought, abs=0.05)  # but for what the battery loses
    assert summary["fuel_cells"]["fuel"] == pytest.approx(table["cell_fuel"].sum())


def test_cells_that_always_run_make_the_same_each_hour(folder: Path) -> None:
    given = QUICK | {"fuel_cell": 2.0, "fuel_cell_kind": "solid_oxide", "pv": False}
    table = Found(folder, **given).table("buildings").set_index("id")
    home = table.loc["home"]
    assert home["cell_electricity"] == pytest.approx(2.0 * home["floor_area"] * 8760 / 1000, rel=1e-6)
    assert home["cell_fuel"] == pytest.approx(home["cell_electricity"] / 0.6, rel=1e-6)
    assert home["cell_heat"] < 0.25 * home["cell_fuel"]  # in summer nobody takes all of it


def test_demand_that_waits_uses_more_of_the_sun(folder: Path) -> None:
    plain = Found(folder, **QUICK).table("buildings").set_index("id")
    found = Found(folder, flexible=0.3, **QUICK)
    table = found.table("buildings").set_index("id")
    assert (table["final_electricity"] == plain["final_electricity"]).all()
    assert (table["self_consumed"] >= plain["self_consumed"] - 1e-6).all()
    assert table.at["home", "self_consumed"] > 1.02 * plain.at["home", "self_consumed"]
    assert (table["moved"] > 0).all() and (table["moved"] <= 0.3 * table["final_electricity"]).all()
    load = found.table("load")
    kept = read_kept(found.path("zones"))
    plainly = compute(kept.zones, kept.weather, Options.read(kept.extra["options"] | {"flexible": 0.0}))
    days = load.loc[load["group"] == "district", "electricity"].to_numpy(float).reshape(-1, 24).sum(axis=1)
    before = plainly.electricity.sum(axis=0, dtype=float).reshape(-1, 24).sum(axis=1) / 1000
    np.testing.assert_allclose(days, before, rtol=1e-5)  # each day uses what it did


def test_blocks_without_the_grid_last_as_long_as_their_batteries(folder: Path) -> None:
    dark = QUICK | {"pv": False, "outage": 3.0}
    found = Found(folder, **dark)
    told, (row,) = found.summary["outages"], found.table("outages").to_dict("records")
    assert told["hours"] == 3 and row["bridged"] == row["longest"] == 0.0  # nothing there to serve it
    district = found.table("load").query("group == 'district'")["electricity"].to_numpy(float)
    assert row["unserved"] == pytest.approx(district.mean() * 3, rel=1e-4)
    assert row["missing"] == pytest.approx(row["demand"]) == pytest.approx(district.sum(), rel=1e-4)
    # cells of more than the peak serve all of it, for as long as there is gas
    area = found.table("buildings")["floor_area"].sum()
    enough = Found(folder, fuel_cell=float(1.01 * district.max() * 1000 / area), **dark).table("outages")
    assert enough["bridged"][0] == enough["covered"][0] == 1.0 and enough["shortest"][0] == 3.0
    half = Found(folder, critical=0.5, **dark).table("outages")
    assert half["demand"][0] == pytest.approx(row["demand"] / 2)
    assert half["unserved"][0] == pytest.approx(row["unserved"] / 2)


def test_sun_and_batteries_bridge_some_outages(folder: Path) -> None:
    found = Found(folder, battery=4.0, outage=6.0, critical=0.3, **QUICK)
    (row,) = found.table("outages").to_dict("records")
    table = found.table("buildings")
    assert row["buildings"] == len(table) and row["pv_power"] == pytest.approx(table["pv_power"].sum())
    assert row["battery"] == pytest.approx(4.0 * row["pv_power"])
    assert 0 < row["bridged"] < 1 and 0 <= row["shortest"] < row["mean"] < row["longest"] == 6.0
    taken, served = table["pv"].sum() - row["unused"], row["demand"] - row["missing"]
    assert (
        0.8 * taken < served < taken
    )  # batteries lose 15 % of what goes through them, and some by themselves


def test_all_of_it_is_off_by_default_and_any_building_is_the_same_by_itself(folder: Path) -> None:
    bare = Found(folder, **QUICK)
    assert not {"moved", "solar_heat", "cell_fuel"} & set(bare.table("buildings"))
    assert "fuel_cell" not in bare.table("load") and "outages" not in bare.results
    assert bare.summary["solar_heat"] is bare.summary["outages"] is None
    found = Found(folder, solar_thermal=0.2, fuel_cell=4.0, flexible=0.2, battery=1.0, **QUICK)
    kept, table = read_kept(found.path("zones")), found.table("buildings").set_index("id")
    options = Options.read(kept.extra["options"])
    alone = compute(kept.zones.some([kept.zones.building.index("flats")]), kept.weather, options)
    assert alone.own is not None
    assert alone.own.solar[0] == pytest.approx(table.at["flats", "solar_heat"], rel=1e-6)
    assert alone.own.fuel.sum() == pytest.approx(table.at["flats", "cell_fuel"], rel=1e-6)
    assert alone.delivered.primary[0] == pytest.approx(table.at["flats", "primary"], rel=1e-6)
    assert alone.supply["autarky"][0] == pytest.approx(table.at["flats", "autarky"], rel=1e-4)
    months = pd.Series(alone.delivered.of().sum(axis=0))
    assert months.sum() == pytest.approx(table.at["flats", "final"], rel=1e-6)


def test_clients_hear_of_it(folder: Path) -> None:
    found = Found(folder, battery=2.0, fuel_cell=5.0, hourly=True, **QUICK)
    client = TestClient(create_app(Settings(city=folder)))
    flats = found.table("buildings").set_index("id").loc["flats"]
    told = client.get(f"/energy/runs/{found.id}/buildings/flats").json()
    # own electricity is taken off, the modules' and the cells'
    net = flats["final"] - flats["pv"] - flats["cell_electricity"]
    assert told["net"]["final"] == pytest.approx(net, rel=1e-4)
    assert told["pv"]["self_consumed"] == pytest.approx(flats["self_consumed"], rel=1e-4)
    assert sum(told["monthly"]["final"]) == pytest.approx(flats["final"], rel=1e-4)
    shown = client.get(f"/energy/runs/{found.id}/values").json()["properties"]
    assert "cell_electricity" in [property["id"] for property in shown]
    inputs = client.get("/processes/energy").json()["inputs"]
    assert inputs["fuel_cell_kind"]["schema"]["enum"] == ["polymer", "solid_oxide"]


def test_more_than_a_roof_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match=r"60% and collectors on 50% are more than a roof"):
        Found(street(tmp_path), solar_thermal=0.5, **QUICK)
