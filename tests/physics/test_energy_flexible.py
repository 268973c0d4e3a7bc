"""Loads that can wait, and a microgrid on its own: vehicles, demand response, outages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from analysis.energy.supply import Battery, Fleet, Sessions, charge, dispatch, island, respond, sessions_of
from analysis.errors import AnalysisError

FINE = settings(max_examples=50, deadline=None)
YEAR = pd.date_range("2023-01-01 00:30", periods=8760, freq="h", tz="Asia/Seoul")


def sessions(rows: list[tuple[int, int, int, float]]) -> Sessions:
    building, first, last, wanted = zip(*rows, strict=True)
    where = (np.array(v, np.int32) for v in (building, first, last))
    return Sessions(*where, np.array(wanted, float))


def test_vehicles_get_what_they_use() -> None:
    """A year of daily use, but for the days before the first and after the last time they plug in."""
    fleet = Fleet(vehicles=[3, 0, 5])
    found = sessions_of(fleet, YEAR, 3600.0)
    done = charge(found, (3, 8760), fleet.power)
    yearly = done.load.sum(axis=1) / 1000
    assert yearly[1] == 0.0
    assert yearly[[0, 2]] == pytest.approx(365 * fleet.daily * np.array([3, 5]), rel=0.02)
    assert done.delivered == pytest.approx(found.wanted)
    assert done.missing == pytest.approx(0.0)
    assert len(found) == pytest.approx(8 * 365 * 3 / 7, rel=0.1)
    hour = YEAR.hour.to_numpy()
    by_hour = np.bincount(hour, done.load.sum(axis=0), 24)
    assert by_hour.argmax() in (18, 19, 20)
    assert by_hour[8:11].sum() < 0.02 * by_hour.sum()
    again = sessions_of(fleet, YEAR, 3600.0)
    assert (again.first == found.first).all()
    assert len(sessions_of(replace(fleet, seed=1), YEAR, 3600.0)) != len(found)


def test_a_vehicle_leaves_before_it_comes_back() -> None:
    found = sessions_of(Fleet(vehicles=[1], plugs=7.0, stay=24.0, spread=3.0), YEAR, 3600.0)
    assert (found.first[1:] >= found.last[:-1]).all()


def test_charging_by_hand() -> None:
    """10 kWh at 3 kW from hour 2 on; controlled, surplus of hour 4 first and the rest as late as can be."""
    one = sessions([(0, 2, 8, 10.0)])
    at_once = charge(one, (1, 10), 3000.0)
    assert at_once.load[0] == pytest.approx([0, 0, 3000, 3000, 3000, 1000, 0, 0, 0, 0])
    surplus = np.zeros((1, 10))
    surplus[0, 4] = 2000.0
    later = charge(one, (1, 10), 3000.0, surplus=surplus)
    assert later.load[0] == pytest.approx([0, 0, 0, 0, 2000, 2000, 3000, 3000, 0, 0])
    short = charge(sessions([(0, 0, 2, 10.0)]), (1, 4), 3000.0)
    assert (short.delivered[0], short.missing[0]) == pytest.approx((6.0, 4.0))


def test_surplus_is_given_once() -> None:
    """Two vehicles, surplus for one: the one that came first takes it."""
    two = sessions([(0, 0, 6, 3.0), (0, 1, 6, 3.0)])
    surplus = np.array([[0.0, 2000.0, 2000.0, 0.0, 0.0, 0.0]])
    done = charge(two, (1, 6), 3000.0, surplus=surplus)
    assert done.load[0] == pytest.approx([0, 2000, 2000, 0, 0, 2000])
    assert done.missing == pytest.approx([0.0, 0.0])


@given(seed=st.integers(0, 1000), vehicles=st.integers(1, 4), power=st.floats(1000, 11_000))
@FINE
def test_control_never_misses_what_charging_at_once_reaches(seed: int, vehicles: int, power: float) -> None:
    fleet = Fleet(vehicles=[vehicles, vehicles], power=power, daily=20.0, seed=seed)
    found = sessions_of(fleet, YEAR[: 24 * 14], 3600.0)
    surplus = np.random.default_rng(seed).random((2, 24 * 14)) * 8000
    at_once = charge(found, (2, 24 * 14), power)
    later = charge(found, (2, 24 * 14), power, surplus=surplus)
    assert later.delivered == pytest.approx(at_once.delivered)
    assert later.delivered + later.missing == pytest.approx(found.wanted)
    assert later.load.sum() / 1000 == pytest.approx(later.delivered.sum())
    own = np.minimum(later.load, surplus).sum()
    assert own >= np.minimum(at_once.load, surplus).sum() - 1e-6


def test_fleets_that_cannot_be() -> None:
    with pytest.raises(AnalysisError, match="whole number of vehicles"):
        sessions_of(Fleet(vehicles=[1.5]), YEAR, 3600.0)
    with pytest.raises(AnalysisError, match="up to 7 plugs a week"):
        Fleet(vehicles=[1], plugs=8.0)
    with pytest.raises(AnalysisError, match="within the buildings"):
        charge(sessions([(1, 0, 2, 1.0)]), (1, 4), 3000.0)


@given(seed=st.integers(0, 1000), share=st.floats(0, 1), window=st.integers(1, 30))
@FINE
def test_response_keeps_the_energy_of_each_window(seed: int, share: float, window: int) -> None:
    draw = np.random.default_rng(seed)
    demand, own = draw.random((2, 2, 60)) * 2000
    found = respond(demand, own, share, window=window)
    for start in range(0, 60, window):
        part = slice(start, start + window)
        assert found.demand[:, part].sum(axis=1) == pytest.approx(demand[:, part].sum(axis=1), rel=1e-9)
    assert (found.demand >= (1 - share) * demand - 1e-6).all() and (found.demand >= 0).all()
    before, after = (np.abs(d - own).max(axis=1) for d in (demand, found.demand))
    assert (after <= before + 1e-6).all()
    bought = [np.maximum(d - own, 0).sum(axis=1) for d in (demand, found.demand)]
    assert (bought[1] <= bought[0] + 1e-6).all()


def test_response_is_the_least_sum_of_squares() -> None:
    """Against a general optimiser, with a limit that binds."""
    draw = np.random.default_rng(5)
    demand, own = draw.random((2, 1, 8)) * 1000
    share, limit = 0.4, 400.0
    found = respond(demand, own, share, window=8, limit=limit)
    rest = ((1 - share) * demand - own)[0]
    flexible = share * demand.sum()
    best = minimize(
        lambda x: ((rest + x) ** 2).sum() / 1e4,
        np.full(8, flexible / 8),
        bounds=[(0, limit)] * 8,
        constraints={"type": "eq", "fun": lambda x: x.sum() - flexible},
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert best.success
    assert found.demand[0] - own[0] == pytest.approx(rest + best.x, abs=2.0)
    assert (found.demand - (1 - share) * demand <= limit + 1e-9).all()
    unable = respond(demand, own, share, window=8, limit=flexible / 9)
    assert unable.moved == pytest.approx(0.0)


def test_response_that_cannot_be() -> None:
    with pytest.raises(AnalysisError, match="flexible share must be from 0 to 1"):
        respond([1.0], [0.0], 40)


def test_a_full_battery_bridges_its_capacity_over_the_load() -> None:
    """10 kWh through √0.81 against 1 kW: 9 h; without generation and from each hour alike."""
    battery = Battery(capacity=10.0, power=5000.0, round_trip=0.81, self_discharge=0.0, start=1.0)
    found = island(np.full(48, 1000.0), np.zeros(48), battery)
    assert found.bridged == pytest.approx(9.0)
    assert found.unserved == pytest.approx(168 - 9)
    assert (found.longest, found.shortest) == pytest.approx((9.0, 9.0))
    assert (found.survives(9.0), found.survives(9.5)) == (1.0, 0.0)
    assert found.missing == pytest.approx(48 - 9)
    assert found.covered == pytest.approx(9 / 48)
    half = island(np.full(48, 1000.0), np.zeros(48), battery, critical=0.4)
    assert half.bridged == pytest.approx(22.5)
    weak = island(np.full(48, 1000.0), np.zeros(48), Battery(capacity=10.0, power=900.0, start=1.0))
    assert weak.bridged == pytest.approx(0.9)
    firm = island(np.full(48, 1000.0), np.zeros(48), battery, firm=400.0)
    assert firm.unserved == pytest.approx(0.6 * (168 - 9.0), abs=0.6)


def test_an_outage_that_is_no_number_of_intervals_is_looked_at_to_its_end() -> None:
    """Of 2.5 h: three hours are looked at, and 2.2 kWh serve 2.2 of them."""
    battery = Battery(capacity=2.2, power=5000.0, round_trip=1.0, self_discharge=0.0, start=1.0)
    found = island(np.full(24, 1000.0), np.zeros(24), battery, horizon=2.5)
    assert found.horizon == 3.0
    assert (found.survives(2.0), found.survives(2.5)) == (1.0, 0.0)
    assert found.unserved == pytest.approx(0.8)


def test_the_sun_carries_through_the_day() -> None:
    """2 kW from 6 to 18 h against 1 kW: a lossless battery of 12 kWh is full at 18 h and empty at 6 h."""
    hours = np.arange(48) % 24
    sun = np.where((hours >= 6) & (hours < 18), 2000.0, 0.0)
    perfect = Battery(capacity=12.0, power=5000.0, round_trip=1.0, self_discharge=0.0)
    found = island(np.full(48, 1000.0), sun, perfect)
    assert found.bridged[6] == 168.0
    assert found.bridged[18] == 0.0
    assert found.bridged[17] == pytest.approx(2.0)
    assert found.bridged[12] == pytest.approx(12.0)
    lived = dispatch(1000.0 - sun, replace(perfect, start=0.5)).level[0]
    started = island(np.full(48, 1000.0), sun, perfect, level=np.append(6.0, lived[:-1]))
    assert started.bridged[6:] == pytest.approx(168.0)


def test_an_outage_is_served_as_well_as_by_a_plan_that_knows_it() -> None:
    """Unserved energy of 24 h against a linear programme that knows all hours."""
    draw = np.random.default_rng(8)
    need, own = draw.random((2, 24)) * np.array([[1000.0], [1500.0]])
    battery = Battery(capacity=2.0, power=700.0, round_trip=0.8, self_discharge=0.0, start=0.5)
    found = island(need, own, battery, horizon=24.0)
    n, way = 24, np.sqrt(0.8)
    eye, low = np.eye(n), np.tril(np.ones((n, n)))
    # charge, discharge, unserved: own + discharge + unserved − charge ≥ need; 0 ≤ level ≤ 2
    level = np.hstack([way * low, -low / way, np.zeros((n, n))]) / 1000
    serve = np.hstack([eye, -eye, -eye])
    plan = linprog(
        np.concatenate([np.zeros(2 * n), np.ones(n)]),
        A_ub=np.vstack([serve, level, -level]),
        b_ub=np.concatenate([own - need, np.full(n, 1.0), np.full(n, 1.0)]),
        bounds=[(0, 700)] * (2 * n) + [(0, None)] * n,
        method="highs",
    )
    assert found.unserved[0] == pytest.approx(plan.fun / 1000, rel=1e-7)


@given(seed=st.integers(0, 1000), capacity=st.floats(0, 10), more=st.floats(0, 10))
@FINE
def test_more_battery_never_bridges_less(seed: int, capacity: float, more: float) -> None:
    draw = np.random.default_rng(seed)
    need, own = draw.random((2, 48)) * 1500
    small, large = (
        island(need, own, Battery(capacity=c, power=1000.0, start=1.0), horizon=48.0)
        for c in (capacity, capacity + more)
    )
    assert (large.bridged >= small.bridged - 1e-9).all()
    assert (large.unserved <= small.unserved + 1e-9).all()
    assert large.missing <= small.missing + 1e-9


def test_islands_that_cannot_be() -> None:
    one = np.ones(3)
    with pytest.raises(AnalysisError, match="critical share"):
        island(one, one, Battery(capacity=1.0), critical=0.0)
    with pytest.raises(AnalysisError, match="needs 3 values from 0 to 1 kWh"):
        island(one, one, Battery(capacity=1.0), level=[2.0, 0.0, 0.0])
    with pytest.raises(AnalysisError, match="looked at for 168 h"):
        island(one, one, Battery(capacity=1.0)).survives(200.0)
