"""Meters of a city: found by what they observe, bound to buildings, in kWh; gaps and wrong units are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.energy.measured.meters import Meters, meters
from analysis.energy.measured.units import Commodity
from analysis.errors import AnalysisError
from tests.unit.sensor_models import add, box_city, datastreams_of, read, thing
from twin.observations.store import Observations, open_observations

START = pd.Timestamp("2025-01-01", tz="Asia/Seoul")
FIRST = int(START.timestamp())
SPAN: dict[str, Any] = {"start": START, "end": START + pd.Timedelta(days=2), "timezone": "Asia/Seoul"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return box_city(tmp_path, {"a": (0, 0, 5), "b": (40, 0, 5), "c": (80, 0, 5)})


@pytest.fixture
def obs(folder: Path) -> Iterator[Observations]:
    with open_observations(folder) as opened:
        yield opened


def meter(
    obs: Observations,
    building: str,
    observed: str,
    unit: str,
    values: Any,
    every: int = 3600,
    after: int = 0,
    **properties: Any,
) -> None:
    """A meter and its readings from so many hours after the start on. properties: of its Thing."""
    held = {"objectId": building, "reading": "interval", **properties}
    made = add(obs, thing(f"{observed} of {building}", properties=held, observed=observed, unit=unit))
    (stream,) = datastreams_of(obs, made)
    times = [FIRST + after * 3600 + i * every for i in range(len(values))]
    read(obs, stream, times, [float(v) for v in values])


def test_meters_of_all_sorts_become_kilowatt_hours(folder: Path, obs: Observations) -> None:
    meter(obs, "a", "전력량", "kWh", np.full(48, 2.0))
    meter(obs, "a", "heat energy", "GJ", 100.0 + 0.0036 * np.arange(60), reading="register")
    meter(obs, "b", "electric energy", "W", np.full(192, 500.0), every=900)
    meter(obs, "b", "gas", "m³", np.full(48, 0.5), heating_value=11.0)
    meter(obs, "c", "gas", "m3", np.full(48, 0.5))
    meter(obs, "c", "water volume", "L", np.full(48, 40.0))
    found = meters(folder, step="day", **SPAN)
    assert found.building == ["a", "b", "c"] and len(found.times) == 2
    assert found.times[0] == START
    energy = found.energy
    assert energy[Commodity.ELECTRICITY][0] == pytest.approx([48.0, 48.0])
    assert energy[Commodity.ELECTRICITY][1] == pytest.approx([12.0, 12.0])
    assert energy[Commodity.HEAT][0] == pytest.approx([24.0, 24.0])
    assert energy[Commodity.GAS][1] == pytest.approx([132.0, 132.0])
    assert energy[Commodity.GAS][2] == pytest.approx([12 * 0.9 * 42.7 / 3.6] * 2)
    assert found.volume[Commodity.WATER][2] == pytest.approx([0.96, 0.96])
    assert Commodity.WATER not in energy and np.isnan(energy[Commodity.HEAT][1]).all()
    assert any("10.68 kWh/m³ (net)" in note for note in found.notes)
    assert not found.left_out and len(found.meters) == 6


def test_two_meters_of_a_building_are_added_and_a_gap_in_one_is_a_gap(
    folder: Path, obs: Observations
) -> None:
    meter(obs, "a", "electricity", "kWh", np.full(48, 1.0))
    meter(obs, "a", "electricity", "kWh", np.full(30, 2.0))
    found = meters(folder, step="day", **SPAN)
    whole = found.whole(Commodity.ELECTRICITY)[0]
    assert whole[0] == pytest.approx(72.0) and np.isnan(whole[1])
    assert found.energy[Commodity.ELECTRICITY][0, 1] == pytest.approx(24 + 12)
    assert any("1 of 2 intervals are not wholly known" in note for note in found.notes)


def test_a_meter_that_takes_the_place_of_another_goes_on_from_it(folder: Path, obs: Observations) -> None:
    meter(obs, "a", "electricity", "kWh", np.full(24, 1.0))
    meter(obs, "a", "electricity", "kWh", np.full(24, 2.0), after=24)
    whole = meters(folder, step="day", **SPAN).whole(Commodity.ELECTRICITY)[0]
    assert whole == pytest.approx([24.0, 48.0])


@pytest.mark.parametrize(
    "meters_of_a",
    [
        [(0, 48, 1.0), (0, 24, 2.0), (24, 24, 2.0)],  # one of two is changed
        [(0, 24, 3.0), (24, 24, 1.0), (24, 24, 2.0)],  # one is changed for two
        [(0, 24, 1.0), (0, 24, 2.0), (24, 24, 3.0)],  # two are changed for one
    ],
)
def test_a_building_whose_meters_are_changed_has_no_gap(
    folder: Path, obs: Observations, meters_of_a: list[tuple[int, int, float]]
) -> None:
    for after, hours, amount in meters_of_a:
        meter(obs, "a", "electricity", "kWh", np.full(hours, amount), after=after)
    whole = meters(folder, step="day", **SPAN).whole(Commodity.ELECTRICITY)[0]
    assert whole == pytest.approx([72.0, 72.0])


def test_meters_that_are_silent_in_the_span_do_not_count(folder: Path, obs: Observations) -> None:
    meter(obs, "a", "electricity", "kWh", np.full(48, 1.0))
    meter(obs, "a", "electricity", "kWh", np.full(48, 1.0), after=24 * 400)
    meter(obs, "b", "electricity", "kWh", np.full(48, 1.0), after=24 * 400)
    found = meters(folder, step="day", **SPAN)
    assert found.building == ["a"]
    assert found.whole(Commodity.ELECTRICITY)[0] == pytest.approx([24.0, 24.0])
    assert "2 meters have no reading in these intervals" in found.notes


def test_what_cannot_be_used_is_named_with_its_reason(folder: Path, obs: Observations) -> None:
    meter(obs, "a", "electricity", "kWh", np.full(48, 1.0))
    meter(obs, "a", "heat energy", "BTU", np.full(48, 1.0))
    meter(obs, "nowhere", "electricity", "kWh", np.full(48, 1.0))
    add(obs, thing("loose", observed="gas", unit="m³"))
    found = meters(folder, step="day", **SPAN)
    assert found.building == ["a"] and len(found.meters) == 1
    told = "\n".join(found.left_out)
    assert "the unit 'BTU' does not fit heat; use kWh" in told
    assert "'nowhere' is no building of the city" in told and "give its Thing an objectId" in told


def test_what_readings_are_is_told_by_their_course_or_asked_for(folder: Path, obs: Observations) -> None:
    hours = np.arange(49)
    meter(obs, "a", "electricity", "kWh", 700.0 + 2.0 * hours, reading="")
    meter(obs, "b", "electricity", "kWh", 2.0 + hours % 3, reading="")
    meter(obs, "c", "electricity", "kWh", np.full(48, 1.0), reading="")
    found = meters(folder, step="day", **SPAN)
    assert [(m.reading, m.stated) for m in found.meters] == [("register", False), ("interval", False)]
    assert found.energy[Commodity.ELECTRICITY].sum(axis=1) == pytest.approx([96.0, 144.0])
    (told,) = found.left_out
    assert "electricity of c" in told and "say reading=register or reading=interval" in told


def test_without_a_span_it_is_that_of_the_readings(folder: Path, obs: Observations) -> None:
    days = 31 + 28 + 31
    meter(obs, "a", "electricity", "kWh", np.full(days * 24, 1.0))
    found = meters(folder, timezone="Asia/Seoul")
    assert [f"{t:%Y-%m}" for t in found.times] == ["2025-01", "2025-02", "2025-03"]
    assert found.whole(Commodity.ELECTRICITY)[0] == pytest.approx([744.0, 672.0, 744.0])
    assert np.isnan(found.yearly(Commodity.ELECTRICITY)).all()


def test_days_are_as_long_as_the_clock_says(folder: Path, obs: Observations) -> None:
    begin = pd.Timestamp("2025-10-25", tz="Europe/Berlin")
    later = int((begin - START).total_seconds()) // 3600
    meter(obs, "a", "electricity", "kWh", np.full(24 * 4, 1.0), after=later)
    span: dict[str, Any] = {"start": begin, "timezone": "Europe/Berlin"}
    found = meters(folder, end=begin + pd.Timedelta(days=3), step="day", **span)
    assert found.energy[Commodity.ELECTRICITY][0] == pytest.approx([24.0, 25.0])
    doubled = pd.Timestamp("2025-10-26 01:30", tz="UTC").tz_convert("Europe/Berlin")
    hours = meters(
        folder, start=doubled, end=begin + pd.Timedelta(days=2), step="hour", timezone="Europe/Berlin"
    )
    assert hours.energy[Commodity.ELECTRICITY][0] == pytest.approx(1.0)


def test_a_city_without_readings_has_no_meters(folder: Path) -> None:
    found = meters(folder)
    assert isinstance(found, Meters) and not found.building and not len(found.times)


def test_an_end_before_the_start_is_refused(folder: Path, obs: Observations) -> None:
    meter(obs, "a", "electricity", "kWh", np.full(48, 1.0))
    with pytest.raises(AnalysisError, match="not a whole day"):
        meters(folder, start=START, end=START - pd.Timedelta(days=1), step="day", timezone="Asia/Seoul")


@pytest.mark.parametrize("stamp", ["start", "end"])
def test_a_year_of_bills_has_twelve_months(folder: Path, obs: Observations, stamp: str) -> None:
    months = pd.date_range(START, periods=13, freq="MS")
    made = add(
        obs,
        thing("bills", properties={"objectId": "a", "reading": "interval", "stamp": stamp},
              observed="electricity", unit="kWh"),
    )  # fmt: skip
    at = months[:-1] if stamp == "start" else months[1:]
    bills = 300.0 + np.arange(12)
    (stream,) = datastreams_of(obs, made)
    read(obs, stream, [int(t.timestamp()) for t in at], bills.tolist())
    found = meters(folder, timezone="Asia/Seoul")
    assert found.times.equals(months[:-1])
    assert found.whole(Commodity.ELECTRICITY)[0] == pytest.approx(bills)
    assert found.yearly(Commodity.ELECTRICITY) == pytest.approx([bills.sum()]) and not found.notes


def test_a_register_that_is_read_each_month_ends_with_its_last_reading(
    folder: Path, obs: Observations
) -> None:
    made = add(
        obs,
        thing("register", properties={"objectId": "a", "reading": "register"}, observed="electricity",
              unit="kWh"),
    )  # fmt: skip
    months = pd.date_range("2025-04-01", periods=13, freq="MS", tz="Asia/Seoul")
    shown = 5000.0 + 310.0 * np.arange(13)
    (stream,) = datastreams_of(obs, made)
    read(obs, stream, [int(t.timestamp()) for t in months], shown.tolist())
    found = meters(folder, timezone="Asia/Seoul")
    assert found.times.equals(months[:-1]) and not found.notes
    assert found.yearly(Commodity.ELECTRICITY) == pytest.approx([12 * 310.0])
