"""`twin run energy` on a street of boxes in Busan: results agree with one another and say what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray

from analysis.energy.run.compute import Options, compute
from analysis.energy.run.kept import read_kept
from analysis.errors import AnalysisError, Cancelled
from tests.integration.command_line import twin
from tests.integration.energy_city import ATTRIBUTES, BOXES, BUSAN, Found, street
from tests.unit.models import city, write
from twin.ingest import add_files

NEEDS = ("heating", "cooling", "hot_water", "lighting", "appliances", "fans")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("street"))


@pytest.fixture(scope="module")
def found(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Found:
    from tests.conftest import DATA

    if not DATA.is_dir():
        pytest.skip("the folder of real data (../shared/data) is absent")
    weather = str(DATA.joinpath(*BUSAN))
    return Found(folder, weather=weather, battery=1.0, vehicles=0.5, hourly=True)


def kilowatt_hours(watts: Any) -> float:
    return float(np.asarray(watts, np.float64).sum() / 1000.0)


def test_what_is_bought_covers_what_is_needed(found: Found) -> None:
    table = found.table("buildings").set_index("id")
    assert set(table.index) == set(BOXES)
    home, flats, shop = table.loc["home"], table.loc["flats"], table.loc["shop"]
    assert (home["use"], flats["use"]) == ("house", "apartment")
    # the flats' heat comes by pipe, the home's by gas; each with the efficiency of its system
    assert flats["final_gas"] == 0 < flats["final_district_heat"] and home["final_district_heat"] == 0
    assert flats["final_district_heat"] > flats["heating"] + flats["hot_water"]
    assert home["final_gas"] > home["heating"] + home["hot_water"]
    carriers = [c for c in table if str(c).startswith("final_") and c != "final_per_area"]
    np.testing.assert_allclose(table[carriers].sum(axis=1), table["final"], rtol=1e-9)
    # primary energy by the Korean factors: 2.75, 1.1 and 0.728 (building energy certification)
    primary = 2.75 * table["final_electricity"] + 1.1 * table["final_gas"]
    np.testing.assert_allclose(primary + 0.728 * table["final_district_heat"], table["primary"], rtol=1e-9)
    assert table["cost"].isna().all() and found.summary["cost"] is None  # Korean prices are not known
    # an old home needs more for each square metre than flats that stand high and close
    assert home["heating_per_area"] > 1.2 * flats["heating_per_area"] > 0
    assert shop["lighting_per_area"] > home["lighting_per_area"]


def test_a_shared_wall_spares_heat(found: Found) -> None:
    table = found.table("buildings").set_index("id")
    one, other = table.loc["pair-1"], table.loc["pair-2"]
    envelope = found.table("envelope")
    walls = envelope[(envelope["building"] == "pair-1") & (envelope["part"] == "wall")]
    shared = walls.loc[walls["boundary"] == "adiabatic", "area"].sum()
    assert shared == pytest.approx(8.0 * 9.0, rel=1e-3)
    outside = envelope[(envelope["building"] == "pair-1") & (envelope["boundary"] == "outside")]
    upright = outside[outside["part"].isin(["wall", "window", "door"])]["area"].sum()
    assert upright == pytest.approx((2 * 10.0 + 8.0) * 9.0, rel=1e-3)
    assert one["heating"] == pytest.approx(other["heating"], rel=0.1)


def test_hours_sums_and_groups_agree(found: Found) -> None:
    table, load, summary = found.table("buildings"), found.table("load"), found.summary
    district = load[load["group"] == "district"]
    assert len(district) == 8760
    for need in ("heating", "cooling"):
        assert district[need].sum() == pytest.approx(table[need].sum(), rel=1e-4)
        assert summary["need"][need] == pytest.approx(table[need].sum(), rel=1e-9)
        assert summary["peak"][need] == pytest.approx(district[need].max(), rel=1e-5)
    used = table["final_electricity"].sum() + table["vehicles"].sum()
    assert district["electricity"].sum() == pytest.approx(used, rel=1e-4)
    assert district["pv"].sum() == pytest.approx(table["pv"].sum(), rel=1e-4)
    for kind in ("use", "block"):
        parts = load[load["group"].str.startswith(f"{kind}:")].groupby("time")[["heating", "net"]].sum()
        whole = district.set_index("time")[["heating", "net"]]
        pd.testing.assert_frame_equal(parts, whole, check_dtype=False, rtol=1e-3, atol=1e-2)
    # what meters show is what is used less what is made, but for what the batteries lose
    lost = (district["net"] - district["electricity"] + district["pv"]).sum()
    assert 0 < lost < 0.2 * district["pv"].sum()


def test_hours_of_buildings_are_those_of_the_table(found: Found) -> None:
    table = found.table("buildings").set_index("id")
    hours = xarray.open_dataset(found.path("hours"), engine="h5netcdf")
    ids = hours["id"].values.tolist()
    for k, id in enumerate(ids):
        for need in ("heating", "cooling", "pv"):
            assert kilowatt_hours(hours[need][k]) == pytest.approx(table.at[id, need], rel=1e-4, abs=1e-3)
        assert float(hours["heating"][k].max()) / 1000 == pytest.approx(
            table.at[id, "heating_peak"], rel=1e-5
        )
    home = hours["temperature"][ids.index("home")].values
    assert 10 < home.min() < home.max() < 45
    assert hours["heating"].attrs["units"] == "W"


def test_any_building_comes_out_the_same_by_itself(found: Found) -> None:
    kept = read_kept(found.path("zones"))
    options = Options.read(kept.extra["options"])
    table = found.table("buildings").set_index("id")
    number = kept.zones.building.index("flats")
    vehicles = np.array([kept.extra["vehicles"]["flats"]], np.int32)
    assert vehicles.tolist() == [6]  # half a vehicle for each of twelve households
    alone = compute(kept.zones.some([number]), kept.weather, options, vehicles=vehicles)
    for need in NEEDS:
        assert alone.result.yearly(need)[0] == pytest.approx(table.at["flats", need], rel=1e-4)
    assert alone.charged[0] == pytest.approx(table.at["flats", "vehicles"], rel=1e-12)
    assert alone.supply["self_consumed"][0] == pytest.approx(table.at["flats", "self_consumed"], rel=1e-4)


def test_a_reader_learns_what_rests_on_guesses(found: Found) -> None:
    summary, table = found.summary, found.table("buildings").set_index("id")
    guessed = summary["guesses"]
    assert guessed["figures"]["year"] == guessed["figures"]["use"] == 1
    assert table.at["unknown", "origin_year"] == table.at["unknown", "origin_use"] == "guess"
    assert table.at["home", "origin_year"] == "attribute" and table.at["home", "guesses"] == 0
    assert guessed["buildings"] == int((table["guesses"] > 0).sum()) >= 1
    assert summary["origins"]["year"] == {"measured": 0, "attribute": 5, "archetype": 0, "guess": 1}
    assert any("no year" in note for note in summary["notes"])
    assert sum(summary["grades"].values()) == len(table)


def test_grades_follow_from_what_roofs_make(found: Found) -> None:
    table = found.table("buildings")
    share = table["pv"] * 2.75 / table["primary_five_uses"]
    np.testing.assert_allclose(share, table["self_sufficiency"], rtol=1e-9)
    limits = np.array([0.2, 0.4, 0.6, 0.8, 1.0])  # five grades, 2017-01-20
    expected = [0 if s < 0.2 else 6 - int(np.searchsorted(limits, s, side="right")) for s in share]
    assert table["grade"].tolist() == expected
    assert len(set(expected)) > 1  # a tower and a shed under roofs of the same size
    scopes = found.summary["scopes"]
    assert [s["id"] for s in scopes] == ["1", "2", "3", "4"]
    assert scopes[1]["final"] > scopes[0]["final"] and "street_lighting" in scopes[3]["missing"]


def test_tables_tell_their_units(found: Found) -> None:
    import pyarrow.parquet as pq

    schema = pq.read_schema(found.path("buildings"))
    units = {f.name: f.metadata[b"unit"].decode() for f in schema if f.metadata and b"unit" in f.metadata}
    assert (units["heating"], units["heating_peak"], units["co2"]) == ("kW.h", "kW", "kg")
    assert units["primary_per_area"] == "kW.h/m2" and units["u_wall"] == "W/(m2.K)"
    assert found.summary["units"]["need"] == "kW.h"


def test_without_modules_there_is_nothing_of_them(folder: Path) -> None:
    plain = Found(folder, method="5r1c", pv=False, shading=False, plan=True, street_lighting=2.0)
    table = plain.table("buildings")
    assert plain.summary["pv"] is None and (table["pv"] == 0).all() and (table["grade"] == 0).all()
    assert "hours" not in plain.results
    scopes = plain.summary["scopes"]
    lit = scopes[2]["final"] - scopes[1]["final"]
    assert lit == pytest.approx(2.0 * 8760 / 2, rel=0.03)  # half of the year is night
    assert "street_lighting" not in scopes[3]["missing"] and "park_lighting" in scopes[3]["missing"]
    city = next(row for row in plain.json("plan")["rows"] if row["id"] == "city")
    assert round(city["percent"]) == 46  # the pilot city's plan of 2019-09
    assert plain.summary["weather"]["made_up"]  # of normals, for want of a file
    assert any("normals" in note for note in plain.summary["notes"])


def test_measures_for_all_lower_the_need(folder: Path) -> None:
    better = Found(folder, method="5r1c", shading=False, measures="wall_insulation, windows_triple")
    before = Found(folder, method="5r1c", shading=False)
    old, new = (run.table("buildings").set_index("id") for run in (before, better))
    assert (new["heating"] < old["heating"]).all() and (new["u_window"] <= 0.8 + 1e-9).all()
    assert new.at["home", "heating"] < 0.8 * old.at["home", "heating"]


def test_a_share_of_what_is_not_known_is_not_known(folder: Path, tmp_path: Path) -> None:
    """Without a factor of gas, what gas heats must not look as if it used nothing."""
    rows = [
        f"KOR,{carrier},{factor},total,,,,,made up for a test,"
        for carrier, factor in (("electricity", 2.75), ("district_heat", 0.728), ("gas", ""))
    ]
    table = tmp_path / "carriers.csv"
    head = "country,carrier,primary,primary_kind,co2,price,currency,price_year,source,verify"
    table.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    quick: dict[str, Any] = {"method": "5r1c", "shading": False, "meters": "none"}
    plain, found = Found(folder, **quick).summary, Found(folder, factors=str(table), **quick).summary
    assert found["unknown"]["primary"] == 2 and plain["unknown"]["primary"] == 0
    assert found["self_sufficiency"]["primary"] is found["self_sufficiency"]["grade"] is None
    assert all(scope["primary"] is None for scope in found["scopes"])
    assert found["self_sufficiency"]["final"] == plain["self_sufficiency"]["final"] > 0
    assert any("no primary energy factor of gas" in note for note in found["notes"])


def test_more_households_than_a_building_holds_are_not_believed(tmp_path: Path) -> None:
    crowded = {**ATTRIBUTES["flats"], "households": 1e12}
    document = city({"flats": BOXES["flats"]}, attributes={"flats": crowded})
    add_files(tmp_path / "x.twin", [write(tmp_path / "source.json", document)])
    found = Found(tmp_path / "x.twin", method="5r1c", shading=False, pv=False, meters="none", vehicles=0.5)
    # half a vehicle for each 76.6 m² of 640
    assert read_kept(found.path("zones")).extra["vehicles"] == {"flats": 4}


def test_it_tells_how_far_it_is_and_stops_when_it_is_told_to(folder: Path) -> None:
    told: list[tuple[float, str]] = []

    def observe(share: float, message: str) -> None:
        told.append((share, message))
        if share > 0.6:
            raise Cancelled

    with pytest.raises(AnalysisError, match="dismissed"):
        Found(folder, progress=observe, again=True)
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[0] < 0.1 and len(set(shares)) > 8
    assert {"weather", "archetypes"} <= {message for _, message in told}


def test_weather_and_measures_are_looked_at_before_any_building(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: Any, **__: Any) -> Any:
        raise AssertionError("buildings were read")

    monkeypatch.setattr("analysis.scene.zones.envelopes", read)
    (tmp_path / "notes.csv").write_text("no weather", encoding="utf-8")
    for given, message in (
        ({"weather": str(tmp_path / "notes.csv")}, "METPV"),
        ({"measures": "magic"}, "there is no retrofit measure 'magic'"),
    ):
        with pytest.raises(AnalysisError, match=message):
            Found(folder, **given)


def test_what_cannot_be_asked_is_said_in_one_line(folder: Path) -> None:
    done = twin("run", "energy", folder, "--estimate")
    assert done.returncode == 0 and "about" in done.stdout and "memory" in done.stdout
    for given, message in (
        ({"region": "Atlantis"}, r"region: there is no 'Atlantis'; there are .*KOR"),
        ({"system": "fire"}, r"system: there is no 'fire'; there are .*gas_boiler"),
        ({"default_use": "castle"}, r"default_use: there is no 'castle'; there are .*office"),
        ({"measures": "magic"}, r"there is no retrofit measure 'magic'"),
        ({"area": [0.0, 0.0, 0.1, 0.1]}, r"no buildings in the area"),
    ):
        with pytest.raises(AnalysisError, match=message):
            Found(folder, **given)
