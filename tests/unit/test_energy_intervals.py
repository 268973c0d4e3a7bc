"""From readings of meters to the amounts of intervals, and what the units are."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.energy.measured.intervals import Stamp, amounts, told
from analysis.energy.measured.units import UNITS, Commodity, Unit, unit

HOUR = 3600.0
DAY = np.arange(25) * HOUR


@pytest.mark.parametrize(
    ("symbol", "amount", "kwh"),
    [("kWh", 7, 7), ("Wh", 7000, 7), ("MWh", 0.007, 7), ("GJ", 0.0252, 7), ("MJ", 25.2, 7), ("J", 2.52e7, 7),
     ("Gcal", 1, 4.184e9 / 3.6e6)],
)  # fmt: skip
def test_units_of_energy_agree(symbol: str, amount: float, kwh: float) -> None:
    found = unit(symbol, Commodity.HEAT)
    assert isinstance(found, Unit) and found.kind == "energy"
    assert amount * found.factor == pytest.approx(kwh, rel=1e-12)


def test_each_spelling_is_of_one_unit() -> None:
    for spelling, known in UNITS.items():
        assert UNITS[known.symbol] == known, spelling
    assert UNITS["㎥"] == UNITS["m³"] and UNITS["kW.h"].factor == 1.0


@pytest.mark.parametrize(
    ("symbol", "commodity", "told"),
    [("MW·d", Commodity.HEAT, "'MW·d' does not fit heat; use kWh"),
     ("m³", Commodity.ELECTRICITY, "does not fit electricity"),
     ("kWh", Commodity.WATER, "does not fit water; use m³, L"),
     ("", Commodity.GAS, "no unit does not fit gas")],
)  # fmt: skip
def test_a_unit_that_does_not_fit_is_told(symbol: str, commodity: Commodity, told: str) -> None:
    found = unit(symbol, commodity)
    assert isinstance(found, str) and told in found


def test_interval_amounts_add_up() -> None:
    quarters = np.arange(96) * 900.0
    found = amounts(quarters, np.full(96, 0.25), DAY, "interval")
    assert found.amount == pytest.approx(1.0) and found.known == pytest.approx(1.0)
    late = amounts(quarters + 900.0, np.full(96, 0.25), DAY, "interval", "end")
    assert late.amount == pytest.approx(1.0) and late.known == pytest.approx(1.0)


def test_a_power_is_held_until_the_next_reading() -> None:
    found = amounts(np.arange(48) * 1800.0, np.tile([1.0, 3.0], 24), DAY, "power")
    assert found.amount == pytest.approx(2.0)


def test_a_gap_is_left_unknown_and_nothing_is_scaled_up() -> None:
    times = np.delete(np.arange(96) * 900.0, np.arange(20, 30))
    found = amounts(times, np.full(86, 0.25), DAY, "interval")
    assert np.nansum(found.amount) == pytest.approx(86 * 0.25)
    assert found.known[5:8] == pytest.approx([0.0, 0.0, 0.5])
    assert np.isnan(found.amount[5:7]).all() and found.amount[7] == pytest.approx(0.5)


def test_a_register_counts_on() -> None:
    rng = np.random.default_rng(1)
    hourly = rng.uniform(0.5, 2.0, 24)
    register = 4000.0 + np.concatenate([[0.0], np.cumsum(hourly)])
    found = amounts(DAY, register, DAY, "register")
    assert found.amount == pytest.approx(hourly, abs=1e-9)
    assert told(register) == "register" and told(hourly) == "interval"


def test_a_register_tells_a_days_amount_over_a_gap_within_it_but_not_its_hours() -> None:
    register = 1000.0 + np.arange(73.0)
    times = np.arange(73) * HOUR
    kept = np.delete(np.arange(73), np.arange(30, 40))
    days = np.arange(4) * 24 * HOUR
    daily = amounts(times[kept], register[kept], days, "register")
    assert daily.amount == pytest.approx(24.0) and daily.known == pytest.approx(1.0)
    hourly = amounts(times[kept], register[kept], np.arange(73) * HOUR, "register")
    assert hourly.known[29:40] == pytest.approx(0.0) and np.nansum(hourly.amount) == pytest.approx(72 - 11)


def test_a_register_that_begins_anew_loses_what_ran_before_and_says_so() -> None:
    register = np.concatenate([5000.0 + np.arange(12), np.arange(13) * 1.0])
    found = amounts(DAY, register, DAY, "register")
    assert found.resets.tolist() == [12 * HOUR] and found.turned == 0
    assert np.isnan(found.amount[11]) and np.nansum(found.amount) == pytest.approx(23.0)
    assert told(register) == "register"


def test_a_register_that_turns_over_loses_nothing() -> None:
    register = (99_990.0 + np.arange(25)) % 100_000
    found = amounts(DAY, register, DAY, "register")
    assert found.turned == 1 and not len(found.resets)
    assert found.amount == pytest.approx(1.0)


def test_a_monthly_meter_does_not_tell_hours() -> None:
    months = np.arange(4) * 30 * 24 * HOUR
    found = amounts(months, np.array([0.0, 90.0, 180.0, 270.0]), DAY, "register")
    assert np.isnan(found.amount).all() and not found.known.any()


def test_readings_below_zero_are_left_out() -> None:
    values = np.ones(24)
    values[5] = -3.0
    found = amounts(DAY[:-1], values, DAY, "interval")
    assert (
        found.negative == 1 and np.isnan(found.amount[5]) and np.nansum(found.amount) == pytest.approx(23.0)
    )


@pytest.mark.parametrize(
    ("values", "reading"),
    [([4000, 4100, 4190, 4320], "register"), ([10, 20, 30, 40], "interval"), ([300, 250, 120], "interval"),
     ([4000, 4100], None), ([5, 5, 5, 5, 5], None), ([7], None), ([], None)],
)  # fmt: skip
def test_few_readings_that_rise_and_still_ones_do_not_tell_what_they_are(
    values: list[float], reading: str | None
) -> None:
    assert told(np.array(values, float)) == reading


@pytest.mark.parametrize("stamp", ["start", "end"])
def test_months_are_of_their_own_days_to_the_first_and_last(stamp: Stamp) -> None:
    day = 24 * HOUR
    lengths = np.array([28, 31, 30, 31, 28]) * day
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    found = amounts(
        edges[:-1] if stamp == "start" else edges[1:], np.full(5, 310.0), edges, "interval", stamp
    )
    assert found.amount == pytest.approx(310.0) and found.known == pytest.approx(1.0)


def test_an_edge_that_is_not_near_does_not_end_an_interval() -> None:
    found = amounts(np.array([0.0, 30.0, 60.0]) * 60, np.ones(3), np.array([0.0, 80.0]) * 60, "interval")
    assert found.amount == pytest.approx(2 + 20 / 30) and found.known == pytest.approx(1.0)
