"""Energy of what is missing or lies about itself: one clear line, or a fall-back that the result names."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.energy.run.kept import read_kept
from analysis.errors import AnalysisError
from tests.integration.command_line import twin
from tests.integration.energy_city import BUSAN, Found, street
from tests.unit.models import city, write
from tests.unit.sensor_models import add, datastreams_of, read, thing
from twin.ingest import add_files
from twin.observations.store import open_observations

QUICK: dict[str, Any] = {"method": "5r1c", "shading": False, "pv": False, "meters": "none"}
Rows = list[list[str]]
_TEMPERATURE, _RAIN = 6, 33
"""Columns of an EPW (EPW data dictionary)."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("street"))


def changed(data: Path, path: Path, change: Callable[[Rows], Rows]) -> str:
    """Busan's weather file with other rows of hours."""
    lines = gzip.decompress(data.joinpath(*BUSAN).read_bytes()).decode("utf-8").splitlines()
    hours = change([line.split(",") for line in lines[8:]])
    path.write_text("\n".join([*lines[:8], *(",".join(row) for row in hours)]) + "\n", encoding="utf-8")
    return str(path)


def unknown_for(hours: int) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        for row in rows[100 : 100 + hours]:
            row[_TEMPERATURE] = "99.9"
        return rows

    return change


def test_without_any_weather_nothing_is_made_up(tmp_path: Path) -> None:
    boxes = city({"a": (0.0, 0.0, 9.0)}, crs="EPSG:32632")  # far from every station whose normals are known
    add_files(tmp_path / "x.twin", [write(tmp_path / "source.json", boxes)])
    with pytest.raises(AnalysisError, match=r"no weather was given.*give a weather file"):
        Found(tmp_path / "x.twin", **QUICK)
    done = twin("run", "energy", tmp_path / "x.twin", "--no-shading")
    assert done.returncode == 1 and done.stderr.count("no weather was given") == 1
    assert "Traceback" not in done.stderr + done.stdout


def test_short_gaps_are_filled_and_told_and_long_ones_refused(
    folder: Path, data: Path, tmp_path: Path
) -> None:
    short = changed(data, tmp_path / "short.epw", unknown_for(3))
    summary = Found(folder, weather=short, **QUICK).summary
    assert any("air temperature" in note and "3" in note for note in summary["notes"])
    long = changed(data, tmp_path / "long.epw", unknown_for(48))
    with pytest.raises(AnalysisError, match=r"air temperature is unknown for 48 h"):
        Found(folder, weather=long, **QUICK)


def test_rain_that_cannot_be_is_told_and_changes_nothing(folder: Path, data: Path, tmp_path: Path) -> None:
    def flooded(rows: Rows) -> Rows:
        rows[3000][_RAIN] = "4854.0"
        return rows

    wet = Found(folder, weather=changed(data, tmp_path / "wet.epw", flooded), **QUICK)
    plain = Found(folder, weather=str(data.joinpath(*BUSAN)), **QUICK)
    assert any("4,854.0 mm" in note and "not plausible" in note for note in wet.summary["notes"])
    assert not any("not plausible" in note for note in plain.summary["notes"])
    assert wet.summary["need"] == plain.summary["need"]


def test_a_leap_year_has_its_day(folder: Path, data: Path, tmp_path: Path) -> None:
    def leap(rows: Rows) -> Rows:
        end = next(k for k, row in enumerate(rows) if row[1:3] == ["3", "1"])
        again = [[*row[:2], "29", *row[3:]] for row in rows[end - 24 : end]]
        return [["2024", *row[1:]] for row in [*rows[:end], *again, *rows[end:]]]

    found = Found(folder, weather=changed(data, tmp_path / "leap.epw", leap), **QUICK)
    plain = Found(folder, weather=str(data.joinpath(*BUSAN)), **QUICK)
    load = found.table("load")
    assert (load["group"] == "district").sum() == 8784 and found.summary["year"] == 2024
    more = found.summary["need"]["heating"] / plain.summary["need"]["heating"] - 1
    assert 0 < more < 0.03  # a winter's day more, and other weekdays
    assert np.isfinite(load["heating"]).all()


def test_solids_that_are_none_are_told_and_the_rest_is_computed(tmp_path: Path) -> None:
    boxes = {
        "sound": (0.0, 0.0, 9.0),
        "open": (40.0, 0.0, 9.0),
        "flat": (80.0, 0.0, 0.0),
        "tiny": (120.0, 0.0, 0.1),
    }
    document = city(boxes)
    shell = document["CityObjects"]["open"]["geometry"][0]
    for part in (shell["boundaries"][0], shell["semantics"]["values"][0]):
        del part[2]  # a wall is missing
    add_files(tmp_path / "x.twin", [write(tmp_path / "source.json", document)])
    found = Found(tmp_path / "x.twin", **QUICK)
    table, summary = found.table("buildings").set_index("id"), found.summary
    assert "sound" in table.index and "flat" not in table.index
    assert table.at["open", "origin_volume"] != "measured" or "open" in [
        d["building"] for d in summary["doubts"]
    ]
    assert np.isfinite(table[["heating", "cooling", "primary"]].to_numpy(float)).all()
    assert table.at["sound", "heating"] > 0
    # what is said of them reaches the reader
    assert summary["left_out"] or any("left out" in note for note in summary["notes"])
    doubted = {d["building"] for d in summary["doubts"]}
    assert "tiny" in doubted or "tiny" not in table.index


def test_buildings_that_say_nothing_rest_on_defaults_that_can_be_chosen(folder: Path) -> None:
    usual = Found(folder, **QUICK).table("buildings").set_index("id")
    chosen = (
        Found(folder, default_year=2018, default_use="office", **QUICK).table("buildings").set_index("id")
    )
    assert usual.at["unknown", "use"] in ("house", "apartment")
    assert (chosen.at["unknown", "use"], chosen.at["unknown", "year"]) == ("office", 2018)
    assert chosen.at["unknown", "origin_use"] == chosen.at["unknown", "origin_year"] == "guess"
    assert chosen.at["unknown", "u_wall"] < usual.at["unknown", "u_wall"]
    others = [id for id in usual.index if id != "unknown"]
    pd.testing.assert_series_equal(usual.loc[others, "heating"], chosen.loc[others, "heating"], rtol=1e-6)


def test_weather_sensors_in_another_unit_or_of_two_days_are_refused(tmp_path: Path) -> None:
    start = int(pd.Timestamp("2025-06-01", tz="UTC").timestamp())
    for unit, words in (("MJ", r"MJ"), ("W/m²", r"2 days .*energy needs a whole year")):
        folder = street(tmp_path / unit.replace("/", ""))
        with open_observations(folder) as observations:
            held = thing("roof", observed="global horizontal irradiance", unit=unit)
            (stream,) = datastreams_of(observations, add(observations, held))
            light = np.tile([0.0] * 6 + [300.0] * 12 + [0.0] * 6, 2)
            read(observations, stream, [start + k * 3600 for k in range(49)], [*light.tolist(), 0.0])
        with pytest.raises(AnalysisError, match=words):
            Found(folder, weather_source="sensors", **QUICK)


def test_a_meter_in_another_unit_is_found_and_not_scaled(tmp_path: Path, data: Path) -> None:
    folder = street(tmp_path)
    weather = str(data.joinpath(*BUSAN))
    plain = Found(folder, weather=weather, **QUICK)
    true = plain.table("buildings").set_index("id")["final_electricity"]
    times = pd.date_range("2024-01-01", "2025-01-01", freq="MS", tz="Asia/Seoul")
    days = np.diff(times.asi8) / 86_400 / 10 ** (9 if times.unit == "ns" else 6)
    with open_observations(folder) as observations:
        for id, factor in (("pair-1", 1.1), ("pair-2", 1100.0)):
            held = {"objectId": id, "reading": "interval"}
            made = add(observations, thing(id, properties=held, observed="전력량", unit="kWh"))
            (stream,) = datastreams_of(observations, made)
            monthly = true[id] * factor * days / days.sum()
            seconds = [int(t.timestamp()) for t in times[:-1]]
            read(observations, stream, seconds, monthly.tolist())
    found = Found(folder, weather=weather, **QUICK | {"meters": "compare"})
    doubted = {d["building"]: d for d in found.summary["doubts"] if d["figure"].startswith("meter")}
    assert set(doubted) == {"pair-2"} and doubted["pair-2"]["severity"] == "refuse"
    assert "kWh" in doubted["pair-2"]["text"]["en"] and doubted["pair-2"]["text"]["ko"]
    fitted = Found(folder, weather=weather, **QUICK | {"meters": "calibrate"})
    assert abs(fitted.summary["measured"]["nmbe"]) < 0.02 and fitted.summary["measured"]["meets"] == 1
    kept = read_kept(fitted.path("zones"))
    factors = dict(zip(kept.zones.building, kept.zones.gain_factor.tolist(), strict=True))
    assert 1.05 < factors["pair-1"] < 1.8  # lamps and devices use more, and spare some of the heat pump's
    assert factors["pair-2"] == factors["home"] == 1.0
    measured = found.summary["measured"]
    assert measured["buildings"] == 1 and measured["nmbe"] == pytest.approx((1 - 1 / 1.1) * 12 / 11, abs=0.01)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"weather_source": "normals", "weather": "{file}"}, "a file is not used with"),
        ({"archetypes": ["{file}"]}, "no table of archetypes has this name"),
        ({"factors": "{file}"}, "lacks the column"),
        ({"plan_file": "{file}"}, "lacks the column"),
        ({"measures": "windows_double, windows_triple"}, "exclude one another"),
    ],
)
def test_inputs_that_do_not_go_are_refused_in_one_line_before_buildings_are_read(
    folder: Path, tmp_path: Path, given: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.scene.zones.envelopes", lambda *_, **__: pytest.fail("buildings were read"))
    file = tmp_path / "notes.csv"
    file.write_text(json.dumps({"not": "a table"}), encoding="utf-8")
    filled = json.loads(json.dumps(given).replace("{file}", str(file)))
    with pytest.raises(AnalysisError, match=words) as refused:
        Found(folder, **QUICK | filled)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("weather", "words"), [("nothing.epw", "there is no file 'nothing.epw'"), ("{file}", "METPV")]
)
def test_the_command_line_says_what_is_wrong(folder: Path, tmp_path: Path, weather: str, words: str) -> None:
    file = tmp_path / "notes.csv"
    file.write_text("no weather", encoding="utf-8")
    done = twin("run", "energy", folder, "--no-shading", "--weather", weather.format(file=file))
    assert done.returncode == 1 and words in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
