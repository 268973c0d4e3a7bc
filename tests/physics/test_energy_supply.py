"""Batteries, exchange and balances: energy is conserved in each interval, and rules match the best plans."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from analysis.energy.supply import (
    Battery,
    balance,
    by_tariff,
    dispatch,
    duration,
    exchange,
    lowest_peak,
    partners,
    peak,
)
from analysis.errors import AnalysisError

Float64 = npt.NDArray[np.float64]
FINE = settings(max_examples=60, deadline=None)


def days(seed: int, buildings: int = 3, hours: int = 72) -> tuple[Float64, Float64]:
    """Demand with an evening peak, and photovoltaics of clear and dull days [W]."""
    draw = np.random.default_rng(seed)
    hour = np.arange(hours) % 24
    demand = 300 + 900 * np.exp(-0.5 * ((hour - 19) / 3.0) ** 2) + 200 * draw.random((buildings, hours))
    sun = np.maximum(0.0, np.sin((hour - 6) / 12 * np.pi))
    clear = draw.random((buildings, hours // 24)).repeat(24, axis=1)
    return demand, 4000 * sun * clear


@given(
    seed=st.integers(0, 10_000),
    capacity=st.floats(0, 20),
    power=st.floats(0, 5000),
    round_trip=st.floats(0.3, 1.0),
    leak=st.floats(0, 0.9),
    start=st.floats(0, 1),
    step=st.sampled_from([900.0, 3600.0]),
    limit=st.floats(0, 2000),
)
@FINE
def test_a_battery_conserves_energy(
    seed: int,
    capacity: float,
    power: float,
    round_trip: float,
    leak: float,
    start: float,
    step: float,
    limit: float,
) -> None:
    demand, sun = days(seed)
    net = demand - sun
    battery = Battery(capacity=capacity, power=power, round_trip=round_trip, self_discharge=leak, start=start)
    done = dispatch(net, battery, step=step, keep=limit, fill=limit)
    hours, way = step / 3600, np.sqrt(round_trip)
    before = np.column_stack([np.full(3, start * capacity), done.level[:, :-1]])
    kept = before * battery.held(hours)
    change = (way * done.charge - done.discharge / way) * hours / 1000
    assert done.level == pytest.approx(kept + change, abs=1e-9 * max(1.0, capacity))
    assert done.grid == pytest.approx(net + done.charge - done.discharge, abs=1e-9)
    assert ((done.level >= 0) & (done.level <= capacity * (1 + 1e-12))).all()
    assert ((done.charge >= 0) & (done.charge <= power)).all()
    assert ((done.discharge >= 0) & (done.discharge <= power)).all()
    assert not ((done.charge > 0) & (done.discharge > 0)).any()
    assert (done.losses >= -1e-9).all()


def least(net: Float64, battery: Battery, *, peaks: bool) -> float:
    """By linear programme, knowing all hours: the least energy bought [Wh], or the least peak [W]."""
    n, way = len(net), float(np.sqrt(battery.round_trip))
    capacity, power = (float(v[0]) for v in battery.sizes(1))
    # charge, discharge, bought, level, peak
    eye, nothing = np.eye(n), np.zeros((n, n))
    one, none = np.ones((n, 1)), np.zeros((n, 1))
    later = eye - battery.held(1.0) * np.eye(n, k=-1)
    level = np.hstack([-way * eye / 1000, eye / way / 1000, nothing, later, none])
    bought = np.hstack([eye, -eye, -eye, nothing, none])
    below = np.hstack([nothing, nothing, eye, nothing, -one])
    cost = np.zeros(4 * n + 1)
    cost[-1 if peaks else slice(2 * n, 3 * n)] = 1.0
    start = np.zeros(n)
    start[0] = battery.held(1.0) * battery.start * capacity
    bounds = [(0, power)] * (2 * n) + [(0, None)] * n + [(0, capacity)] * n + [(0, None)]
    found = linprog(
        cost,
        A_ub=np.vstack([bought, below]),
        b_ub=np.concatenate([-net, np.zeros(n)]),
        A_eq=level,
        b_eq=start,
        bounds=bounds,
        method="highs",
    )
    assert found.success
    return float(found.fun)


@pytest.mark.parametrize("seed", range(5))
def test_own_use_is_as_good_as_a_plan_that_knows_the_future(seed: int) -> None:
    demand, sun = days(seed, 1, 48)
    battery = Battery(capacity=4.0, power=1200.0, self_discharge=0.0, start=0.3)
    bought = np.maximum(dispatch(demand - sun, battery).grid, 0.0).sum()
    assert bought == pytest.approx(least((demand - sun)[0], battery, peaks=False), rel=1e-7)
    leaking = Battery(capacity=4.0, power=1200.0, self_discharge=0.5)
    bought = np.maximum(dispatch(demand - sun, leaking).grid, 0.0).sum()
    assert bought >= least((demand - sun)[0], leaking, peaks=False) - 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_the_lowest_peak_is_that_of_a_plan_that_knows_the_future(seed: int) -> None:
    demand, sun = days(seed, 1, 48)
    battery = Battery(capacity=3.0, power=800.0, self_discharge=0.0, start=1.0)
    limit = lowest_peak(demand - sun, battery)
    assert limit[0] == pytest.approx(least((demand - sun)[0], battery, peaks=True), rel=1e-6)
    held = dispatch(demand - sun, battery, keep=limit[:, None], fill=limit[:, None]).grid
    assert held.max() <= limit[0] * (1 + 1e-8)
    assert limit[0] < demand.max()


def test_the_lowest_peak_by_hand() -> None:
    """2 kWh without losses, full, take 200 W off 1 kW during 10 h; a peak of one hour they take off whole."""
    full = Battery(capacity=2.0, power=1500.0, round_trip=1.0, self_discharge=0.0, start=1.0)
    assert lowest_peak(np.full(10, 1000.0), full)[0] == pytest.approx(800.0)
    assert lowest_peak([0.0, 1000.0, 0.0], full)[0] == pytest.approx(0.0, abs=1e-6)
    weak = Battery(capacity=2.0, power=300.0, round_trip=1.0, self_discharge=0.0, start=1.0)
    assert lowest_peak([0.0, 1000.0, 0.0], weak)[0] == pytest.approx(700.0)


@given(seed=st.integers(0, 1000), first=st.floats(0, 10), more=st.floats(0, 10), round_trip=st.floats(0.5, 1))
@FINE
def test_a_larger_battery_never_lowers_autarky(
    seed: int, first: float, more: float, round_trip: float
) -> None:
    demand, sun = days(seed)
    small, large = (
        balance(demand, sun, battery=Battery(capacity=c, power=1500.0, round_trip=round_trip))
        for c in (first, first + more)
    )
    assert (large.buildings["autarky"] >= small.buildings["autarky"] - 1e-12).all()
    assert large.district["imported"] <= balance(demand, sun).district["imported"] + 1e-9


def test_a_battery_by_hand() -> None:
    """2 kWh of surplus through 0.9 each way into 1.5 kWh: 1.5 / 0.9 taken, 1.5 · 0.9 given."""
    battery = Battery(capacity=1.5, power=5000.0, round_trip=0.81, self_discharge=0.0)
    done = dispatch([-2000.0, 0.0, 2000.0], battery)
    assert done.charge[0] == pytest.approx([1500 / 0.9, 0, 0])
    assert done.discharge[0] == pytest.approx([0, 0, 1350])
    assert done.grid[0] == pytest.approx([-2000 + 1500 / 0.9, 0, 650])
    assert done.losses[0] == pytest.approx(1.5 / 0.9 - 1.35)
    month = Battery(capacity=1.0, self_discharge=0.03, start=1.0)
    assert dispatch(np.zeros(720), month).level[0, -1] == pytest.approx(0.97)


def test_a_tariff_moves_what_is_bought() -> None:
    """Two cheap hours fill the battery to its 2 kWh through 0.9, the dear ones take 1.8 kWh from it."""
    battery = Battery(capacity=2.0, power=1500.0, round_trip=0.81, self_discharge=0.0)
    price = np.array([80.0, 80.0, 200.0, 200.0, 200.0])
    done = by_tariff(np.full(5, 1000.0), battery, price, cheap=80.0)
    assert done.charge[0].sum() == pytest.approx(2000 / 0.9)
    assert done.discharge[0] == pytest.approx([0, 0, 1000, 800, 0])
    limited = by_tariff(np.full(5, 1000.0), battery, price, cheap=80.0, limit=1200.0)
    assert limited.grid[0, :2] == pytest.approx([1200, 1200])
    with pytest.raises(AnalysisError, match="the price must have 5 values"):
        by_tariff(np.full(5, 1000.0), battery, price[:3], cheap=80.0)


@given(seed=st.integers(0, 1000), buildings=st.integers(1, 6), blocks=st.integers(1, 3))
@FINE
def test_exchange_is_fair_and_complete(seed: int, buildings: int, blocks: int) -> None:
    draw = np.random.default_rng(seed)
    grid = draw.normal(0, 1000, (buildings, 20)) * (draw.random((buildings, 20)) < 0.8)
    group = draw.integers(0, blocks, buildings)
    done = exchange(grid, group)
    assert done.imported + done.bought - done.exported - done.sold == pytest.approx(grid, abs=1e-9)
    for g in range(len(done.traded)):
        own = group == g
        assert done.sold[own].sum(axis=0) == pytest.approx(done.bought[own].sum(axis=0), abs=1e-9)
        left = np.minimum(done.imported[own].sum(axis=0), done.exported[own].sum(axis=0))
        assert left == pytest.approx(0.0, abs=1e-9)
    turned = draw.permutation(buildings)
    other = exchange(grid[turned], group[turned])
    assert other.sold == pytest.approx(done.sold[turned], abs=1e-9)
    mirrored = exchange(-grid, group)
    assert mirrored.bought == pytest.approx(done.sold, abs=1e-9)


def test_partners_add_up() -> None:
    """Two sellers of 3 and 1 kW, buyers of 1 and 1 kW: 2 kW are traded, three quarters from the first."""
    grid = np.array([[-3000.0], [-1000.0], [1000.0], [1000.0]])
    sold = partners(grid)
    assert sold[:2, 2:] == pytest.approx(np.array([[0.75, 0.75], [0.25, 0.25]]))
    assert sold.sum() == pytest.approx(2.0)
    draw = np.random.default_rng(3)
    grid = draw.normal(0, 1000, (5, 50))
    sold, done = partners(grid), exchange(grid)
    assert sold.sum(axis=1) == pytest.approx(done.sold.sum(axis=1) / 1000)
    assert sold.sum(axis=0) == pytest.approx(done.bought.sum(axis=1) / 1000)
    assert np.diag(sold) == pytest.approx(0.0)


@given(seed=st.integers(0, 1000), battery=st.floats(0, 8))
@FINE
def test_a_balance_adds_up_at_each_level(seed: int, battery: float) -> None:
    demand, sun = days(seed, 4)
    found = balance(
        demand, sun, battery=Battery(capacity=battery, start=0.5), groups=[0, 1, 1, 0], keep_hours=True
    )
    table, groups, district = found.buildings, found.groups, found.district
    stored = found.end_stored - found.start_stored
    for level in (table.sum(numeric_only=True), groups.sum(), district):
        for name in ("demand", "generation", "battery_losses"):
            assert level[name] == pytest.approx(table[name].sum(), rel=1e-9, abs=1e-9)
        into = level["generation"] + level["imported"]
        out = level["demand"] + level["exported"] + level["battery_losses"] + stored
        assert into == pytest.approx(out, rel=1e-9)
    assert found.net is not None
    assert found.net.sum(axis=0) == pytest.approx(found.district_grid, abs=1e-6)
    assert table["bought"].sum() == pytest.approx(groups["bought"].sum())
    assert table["sold"].sum() == pytest.approx(groups["sold"].sum())
    assert groups["imported"].sum() == pytest.approx(table["imported"].sum() - table["bought"].sum())
    assert district["imported"] <= groups["imported"].sum() + 1e-9 <= table["imported"].sum() + 2e-9


def test_batches_of_buildings_do_not_show() -> None:
    demand, sun = days(1, 300, 24)
    many = balance(demand, sun, battery=Battery(capacity=2.0), groups=np.arange(300) % 7)
    turned = balance(demand[::-1], sun[::-1], battery=Battery(capacity=2.0), groups=np.arange(300)[::-1] % 7)
    for name in ("imported", "bought", "sold", "autarky"):
        assert turned.buildings[name].to_numpy()[::-1] == pytest.approx(many.buildings[name].to_numpy())


def test_shares_by_hand() -> None:
    """1 kWh used and 2 made in the first hour, 3 used in the second: 1 of 2 used, 1 of 4 covered."""
    found = balance([1000.0, 3000.0], [2000.0, 0.0])
    row = found.buildings.iloc[0]
    assert (row["self_consumption"], row["autarky"]) == pytest.approx((0.5, 0.25))
    assert (row["peak_import"], row["peak_export"]) == pytest.approx((3.0, 1.0))
    dark = balance([1000.0], [0.0]).district
    assert np.isnan(dark["self_consumption"])
    assert dark["autarky"] == 0.0


def test_load_duration_and_peak() -> None:
    share, power = duration(np.arange(101.0))
    assert power == pytest.approx(np.arange(100.0, -1.0, -1.0))
    assert share[50] == 0.5
    found = peak([100.0, -900.0, 700.0], 600.0, step=1800.0)
    assert (found.power, found.at) == (-900.0, 1)
    assert found.over == pytest.approx(1.0)
    assert found.unserved == pytest.approx((300 + 100) * 0.5 / 1000)
    assert np.isnan(peak([1.0]).over)


def test_bad_series_are_refused() -> None:
    with pytest.raises(AnalysisError, match="not the same"):
        balance(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(AnalysisError, match="demand must not be negative; building 0 has -1 W"):
        balance([-1.0, 0.0], [0.0, 0.0])
    with pytest.raises(AnalysisError, match="generation has 1 values that are no numbers"):
        balance([1.0, 0.0], [np.nan, 0.0])
    with pytest.raises(AnalysisError, match="2 buildings need 2 numbers of groups"):
        balance(np.zeros((2, 3)), np.zeros((2, 3)), groups=[0, -1])
    with pytest.raises(AnalysisError, match="must not be filled above"):
        dispatch([1.0], Battery(capacity=1.0), keep=0.0, fill=1.0)
    with pytest.raises(AnalysisError, match="round trip must be above 0"):
        Battery(capacity=1.0, round_trip=0.0)
    with pytest.raises(AnalysisError, match="capacity of batteries must be at least 0"):
        dispatch([1.0], Battery(capacity=-1.0))
