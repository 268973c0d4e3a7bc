"""What a flood run takes, keeps and refuses: volumes, edges, structures, ground, drains, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis import flood
from analysis.errors import AnalysisError, SimulationFailed
from analysis.flood import Boundary, Buildings, Culvert, Inflow, Options, Rainfall, Structures, Wall

SCHEMES = ["hllc", "muscl", "inertial"]
RAIN = 100 / flood.MM_PER_HOUR


def _town(n: int = 96) -> tuple[Any, Any]:
    y, x = np.mgrid[:n, :n].astype(float)
    ground = 30 + 0.01 * (n - x) + 0.2 * np.sin(x / 9) * np.cos(y / 7)
    return ground, (x % 24 > 8) & (x % 24 < 18) & (y % 20 > 6) & (y % 20 < 16)


@pytest.mark.parametrize("method", ["blocked", "raised", "porous"])
@pytest.mark.parametrize(("dtype", "allowed"), [("float64", 1e-12), ("float32", 1e-6)])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_water_is_made_or_lost_in_a_town(scheme: str, dtype: str, allowed: float, method: Any) -> None:
    ground, built = _town()
    cover = 0.6 * built if method == "porous" else built
    r = flood.simulate(
        ground, 2.0, 600.0, scheme=scheme, dtype=dtype, rainfall=RAIN, buildings=Buildings(cover, method, 8.0)
    )
    taking = (~built).sum() if method == "blocked" else built.size
    assert r.balance.rain == pytest.approx(RAIN * 600 * taking * 4)
    assert r.mass_error <= allowed
    assert r.depth.min() >= 0
    assert np.isfinite(r.max_speed).all() and r.max_speed.max() < 10
    assert r.max_depth.dtype == np.dtype(dtype)
    if method == "blocked":
        assert not r.max_depth[built].any()
    if method == "raised":
        assert r.depth[built].mean() < 0.01 < r.max_depth[~built].max()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_column_of_water_spreads_alike_in_all_directions_and_never_goes_below_zero(scheme: str) -> None:
    depth = np.zeros((41, 41))
    depth[20, 20] = 5.0
    r = flood.simulate(
        np.zeros((41, 41)),
        1.0,
        20.0,
        scheme=scheme,
        manning=0.02,
        initial_depth=depth,
        options=Options(track_every=1),
    )
    assert r.depth.min() >= 0
    assert r.mass_error <= 1e-12
    assert np.abs(r.depth - r.depth.T).max() < 1e-9
    assert np.abs(r.depth - r.depth[::-1, ::-1]).max() < 1e-9


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_run_turned_by_a_quarter_gives_the_same_turned(scheme: str) -> None:
    ground, built = _town(48)
    inflow = [Inflow(5, 40, [0, 60, 120], [0.0, 2.0, 0.5])]
    edges = {"east": "free", "south": Boundary("south", "stage", 30.4)}
    a = flood.simulate(ground, 2.0, 200.0, scheme=scheme, inflows=inflow, boundaries=edges, buildings=built)
    # transposed: rows become columns, north becomes west
    inflow = [Inflow(40, 5, [0, 60, 120], [0.0, 2.0, 0.5])]
    edges = {"south": "free", "east": Boundary("east", "stage", 30.4)}
    b = flood.simulate(
        ground.T, 2.0, 200.0, scheme=scheme, inflows=inflow, boundaries=edges, buildings=built.T
    )
    assert a.balance.boundary == pytest.approx(b.balance.boundary, rel=1e-6)
    assert np.abs(a.depth - b.depth.T).max() < 1e-6
    assert np.abs(a.u - b.v.T).max() < 1e-5
    assert max(a.mass_error, b.mass_error) <= 1e-12


@pytest.mark.parametrize("scheme", SCHEMES)
def test_inflow_at_a_cell_and_along_a_line_brings_the_volume_of_its_hydrograph(scheme: str) -> None:
    time, flow = [10.0, 40.0, 100.0], [0.0, 3.0, 0.0]
    inflows = [Inflow(10, 10, time, flow), Inflow.line((20, 5), (28, 13), time, flow)]
    assert len(list(inflows[1].row)) == 9  # type: ignore[arg-type]
    r = flood.simulate(np.zeros((40, 40)), 2.0, 150.0, scheme=scheme, inflows=inflows)
    assert r.balance.inflow == pytest.approx(2 * 3.0 * 90 / 2, rel=1e-12)
    assert float(r.depth.sum()) * 4 == pytest.approx(r.balance.inflow, rel=1e-12)
    assert r.mass_error <= 1e-12


@pytest.mark.parametrize("scheme", SCHEMES)
def test_edges(scheme: str) -> None:
    ground = np.tile(np.linspace(1.0, 0.0, 60), (6, 1))
    closed = flood.simulate(ground, 5.0, 300.0, scheme=scheme, rainfall=RAIN)
    assert closed.balance.boundary == 0
    part = Boundary("west", "discharge", [0.0, 1.5], [0.0, 100.0], start=2, stop=4)
    fed = flood.simulate(ground, 5.0, 300.0, scheme=scheme, boundaries=[part])
    assert fed.balance.boundary == pytest.approx(1.5 * 100 / 2 + 1.5 * 200, rel=1e-9)
    assert fed.mass_error <= 1e-12
    for kind in ("free", "critical"):
        drained = flood.simulate(
            ground, 5.0, 6000.0, scheme=scheme, boundaries={"east": kind}, initial_depth=0.3
        )
        assert drained.balance.boundary < -0.9 * drained.balance.initial
        assert drained.mass_error <= 1e-12
    sea = flood.simulate(
        ground, 5.0, 4000.0, scheme=scheme, boundaries=[Boundary("east", "stage", 0.6)], manning=0.1
    )
    level = np.where(sea.depth > 0.01, ground + sea.depth, np.nan)
    assert np.nanmax(level) == pytest.approx(0.6, abs=0.01)
    assert np.nanmin(level) == pytest.approx(0.6, abs=0.02)


def test_critical_depth_at_an_overfall() -> None:
    q = 0.5
    edges = [Boundary("west", "discharge", q * 3), Boundary("east", "critical")]
    r = flood.simulate(np.zeros((3, 100)), 1.0, 1500.0, manning=0.02, boundaries=edges)
    assert (r.depth * r.u)[1, -1] == pytest.approx(q, rel=0.01)
    assert r.depth[1, -1] == pytest.approx((q * q / 9.81) ** (1 / 3), rel=0.15)  # mean of the last cell


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_wall_holds_water_to_its_crest(scheme: str) -> None:
    depth = np.zeros((20, 20))
    depth[:, :10] = 1.0
    wall = Structures(walls=[Wall([(0, 10), (20, 10)], 2.0)])
    held = flood.simulate(np.zeros((20, 20)), 1.0, 60.0, scheme=scheme, initial_depth=depth, structures=wall)
    assert not held.max_depth[:, 10:].any()
    low = Structures(walls=[Wall([(0, 10), (20, 10)], 0.6)])
    over = flood.simulate(np.zeros((20, 20)), 1.0, 600.0, scheme=scheme, initial_depth=depth, structures=low)
    # waves that the inertial scheme hardly damps spill some more
    assert over.depth[:, :9].mean() == pytest.approx(0.6, abs=0.1 if scheme == "inertial" else 0.02)
    assert over.mass_error <= 1e-12
    gap = Structures(walls=[Wall([(0, 10), (15, 10)], 2.0)])
    through = flood.simulate(
        np.zeros((20, 20)), 1.0, 300.0, scheme=scheme, initial_depth=depth, structures=gap
    )
    assert through.depth[:, 11:].mean() == pytest.approx(0.5, abs=0.05)


def test_flow_over_a_wall_is_that_of_a_broad_crest() -> None:
    """Q = 1.705 b H^1.5 (broad-crested weir, critical flow over the crest)."""
    edges = [Boundary("west", "stage", 1.0), Boundary("east", "free")]
    wall = Structures(walls=[Wall([(0, 50), (3, 50)], 0.7)])
    ground = np.tile(np.where(np.arange(100) < 50, 0.0, -1.0), (3, 1))
    r = flood.simulate(ground, 1.0, 600.0, manning=0.0, boundaries=edges, structures=wall)
    head = float(r.depth[1, 45]) + float(r.u[1, 45]) ** 2 / (2 * 9.81) - 0.7
    assert (r.depth * r.u)[1, 45] == pytest.approx(1.705 * head**1.5, rel=0.1)


def test_a_culvert_brings_levels_together_through_a_bank() -> None:
    ground = np.zeros((10, 41))
    ground[:, 20] = 3.0
    depth = np.where(np.arange(41) < 20, 1.0, 0.0) * np.ones((10, 1))
    pipe = Culvert((5, 18), (5, 22), 0.0, 0.0, 10.0, diameter=0.8)
    run = {"manning": 0.03, "initial_depth": depth}
    r = flood.simulate(ground, 1.0, 900.0, structures=Structures(culverts=[pipe]), **run)  # type: ignore[arg-type]
    assert r.depth[:, :20].mean() == pytest.approx(r.depth[:, 21:].mean(), abs=0.05)
    assert r.mass_error <= 1e-12
    flap = Culvert((5, 22), (5, 18), 0.0, 0.0, 10.0, diameter=0.8, flap=True)
    shut = flood.simulate(ground, 1.0, 60.0, structures=Structures(culverts=[flap]), **run)  # type: ignore[arg-type]
    assert not shut.depth[:, 21:].any()


def test_green_and_ampt_against_the_implicit_solution() -> None:
    """F - ψΔθ ln(1 + F / ψΔθ) = K t under ponded water (Green and Ampt 1911)."""
    k, suction, deficit = 1e-5, 0.11, 0.3
    r = flood.simulate(
        np.zeros((8, 8)), 5.0, 3600.0, initial_depth=0.5, infiltration=flood.GreenAmpt(k, suction, deficit),
        options=Options(max_step=2.0),
    )  # fmt: skip
    head, f = suction * deficit, 0.05
    for _ in range(60):
        f = k * 3600 + head * np.log1p(f / head)
    assert r.balance.infiltration / (64 * 25) == pytest.approx(f, rel=0.01)
    assert r.mass_error <= 1e-12


@pytest.mark.parametrize("number", [60.0, 85.0])
def test_curve_number_runoff(number: float) -> None:
    """Q = (P - 0.2 S)² / (P + 0.8 S), S = 25400 / CN - 254 mm (NEH 630, chapter 10)."""
    rain = Rainfall([0, 1800, 3600], [30 / flood.MM_PER_HOUR, 110 / flood.MM_PER_HOUR])
    p, s = 0.07, 25.4 / number - 0.254
    r = flood.simulate(np.zeros((8, 8)), 5.0, 3600.0, rainfall=rain, infiltration=flood.CurveNumber(number))
    assert float(r.depth.mean()) == pytest.approx((p - 0.2 * s) ** 2 / (p + 0.8 * s), rel=1e-6)
    assert r.balance.rain == pytest.approx(p * 64 * 25)
    assert r.mass_error <= 1e-12


def test_rain_on_a_part_of_the_grid_for_a_part_of_the_time() -> None:
    grids = np.zeros((2, 20, 30))
    grids[0, :, :10] = RAIN
    grids[1, 5:10] = 2 * RAIN
    r = flood.simulate(np.zeros((20, 30)), 1.0, 500.0, rainfall=Rainfall([100, 200, 350], grids))
    assert r.balance.rain == pytest.approx(RAIN * 100 * 200 + 2 * RAIN * 150 * 150)
    assert float(r.depth.sum()) == pytest.approx(r.balance.rain, rel=1e-12)


class _Drain:
    """Takes at most 5 l/s at its first cell and gives what it took at its second."""

    cells = np.array([[2, 2], [17, 17]])

    def __init__(self) -> None:
        self.time = 0.0

    def exchange(self, depth: Any, dt: float) -> Any:
        self.time += dt
        taken = min(0.005 * dt, float(depth[0]))
        return np.array([-taken, taken])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_drain_moves_water_and_keeps_time(scheme: str) -> None:
    drain = _Drain()
    ground = np.zeros((20, 20))
    ground[:10] += 1.0
    depth = np.zeros((20, 20))
    depth[:9] = 0.1
    wall = Structures(walls=[Wall([(10, 0), (10, 20)], 3.0)])
    r = flood.simulate(
        ground, 1.0, 300.0, scheme=scheme, initial_depth=depth, drainage=drain, structures=wall, manning=0.01
    )
    assert drain.time == pytest.approx(300.0)
    assert float(r.depth[10:].sum()) == pytest.approx(0.005 * 300, rel=1e-6)
    assert abs(r.balance.drainage) < 1e-9
    assert r.mass_error <= 1e-12


def test_gauges_snapshots_and_maxima() -> None:
    x = np.arange(60)
    depth = np.tile(np.where(x < 20, 1.0, 0.0), (5, 1))
    r = flood.simulate(
        np.zeros((5, 60)) + 7.0, 1.0, 20.0, initial_depth=depth, gauges=[(2, 5), (2, 40)],
        output_interval=2.5,
        options=Options(track_every=1),
    )  # fmt: skip
    assert [s.time for s in r.snapshots] == pytest.approx(list(np.arange(0, 20.1, 2.5)))
    upper, lower = r.gauges
    assert (upper.row, upper.col) == (2, 5)
    assert upper.time[0] == 0 and upper.time[-1] == 20 and (np.diff(upper.time) > 0).all()
    assert upper.level == pytest.approx(upper.depth + 7.0)
    assert r.max_depth[2, 40] == pytest.approx(lower.depth.max(), abs=1e-12)
    assert r.max_speed[2, 40] == pytest.approx(lower.speed.max(), abs=1e-12)
    hazards = flood.hazard(lower.depth, lower.speed)
    assert r.max_hazard[2, 40] == pytest.approx(hazards.max(), abs=1e-12)
    arrived = lower.time[np.argmax(lower.depth > 0.05)]
    assert r.arrival[2, 40] == pytest.approx(arrived)
    assert r.arrival[2, 5] == 0
    held = np.diff(lower.time, prepend=0.0)[lower.depth > 0.3].sum()
    assert r.duration[2, 40] == pytest.approx(held)
    assert np.isinf(r.arrival[r.max_depth < 0.04]).all()
    assert r.snapshots[-1].depth == pytest.approx(r.depth)


def test_the_hazard_rating_of_the_report() -> None:
    """FD2321/TR1: HR = d (v + 0.5) + DF, DF 0 to 0.25 m, then 1 in towns; 0.5 and 1 in woodland."""
    d, v = np.array([0.0, 0.2, 0.5, 1.0, 0.5]), np.array([3.0, 1.0, 1.0, 2.0, 2.5])
    assert flood.hazard(d, v) == pytest.approx([0, 0.3, 1.75, 3.5, 2.5])
    assert flood.hazard(d, v, "woodland") == pytest.approx([0, 0.3, 1.25, 3.5, 2.5])
    assert flood.hazard(d, v, "pasture") == pytest.approx([0, 0.3, 0.75, 3.0, 2.0])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_dry_ground_is_not_computed(scheme: str) -> None:
    n = 320
    depth = np.zeros((n, n))
    depth[140:190, 140:190] = 0.5
    wall = Structures(walls=[Wall([(140, 140), (140, 190), (190, 190), (190, 140), (140, 140)], 9.0)])
    r = flood.simulate(np.zeros((n, n)), 1.0, 20.0, scheme=scheme, initial_depth=depth, structures=wall)
    assert r.cell_updates < 0.15 * r.steps * n * n
    assert not r.max_depth[:140].any()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_following_the_water_changes_nothing(scheme: str) -> None:
    """A flood that runs into dry tiles, against the same with every tile held active by a trace of rain."""
    ground, _ = _town(128)
    inflow = [Inflow(10, 10, [0, 100], [4.0, 4.0])]
    a = flood.simulate(ground, 2.0, 150.0, scheme=scheme, inflows=inflow)
    b = flood.simulate(ground, 2.0, 150.0, scheme=scheme, inflows=inflow, rainfall=1e-18)
    assert np.abs(a.depth - b.depth).max() < 1e-9
    assert a.cell_updates < 0.8 * b.cell_updates
    assert a.mass_error <= 1e-12


def test_progress_counts_up_and_can_end_the_run() -> None:
    class Stop(Exception):
        pass

    seen: list[float] = []

    def progress(done: float, message: str) -> None:
        seen.append(done)
        if done > 0:
            raise Stop(message)

    ground, built = _town(200)
    with pytest.raises(Stop):
        flood.simulate(ground, 1.0, 1e6, rainfall=RAIN, buildings=built, progress=progress)
    assert seen[0] == 0 and 0 < seen[-1] < 0.5


def test_a_run_that_breaks_says_when_and_where_and_keeps_the_last_good_state() -> None:
    class Broken(_Drain):
        def exchange(self, depth: Any, dt: float) -> Any:
            self.time += dt
            return np.array([0.0, 1e200 if self.time > 5 else 0.0])

    with pytest.raises(
        SimulationFailed, match=r"stopped after [\d.]+ s of 60 s.*row \d+, column \d+"
    ) as failure:
        flood.simulate(np.zeros((20, 20)), 1.0, 60.0, initial_depth=0.2, drainage=Broken())
    result = failure.value.result
    assert 4 < result.time < 7
    assert np.isfinite(result.depth).all()


FLAT = np.zeros((6, 8))
HOLE = np.where(np.eye(6, 8) > 0, np.nan, 0.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"elevation": HOLE}, "elevation has 6 cells without a value, first at row 0, column 0"),
        ({"elevation": np.zeros(5)}, "elevation must be"),
        ({"elevation": np.where(np.eye(6, 8) > 0, -9999.0, 200.0)}, "no-data value"),
        ({"cell_size": 0.0}, "cell_size must be a number above 0"),
        ({"duration": np.nan}, "duration must be"),
        ({"scheme": "magic"}, "scheme 'magic' is not one of hllc, muscl, inertial"),
        ({"dtype": "int8"}, "dtype"),
        ({"manning": -0.03}, r"manning is -0.03 at row 0, column 0"),
        ({"manning": np.full((6, 9), 0.03)}, r"manning has shape \(6, 9\)"),
        ({"initial_depth": np.where(FLAT == 0, np.nan, 0)}, "initial_depth is not a number at row 0"),
        ({"inflows": [Inflow(6, 0, [0], [1])]}, "inflow 0: row 6, column 0 is outside the grid of 6 rows"),
        ({"inflows": [Inflow(1, 1, [0, 0], [1, 2])]}, "inflow 0: times must be finite and increase"),
        ({"inflows": [Inflow(1, 1, [0, 9], [1])]}, "inflow 0: 2 times but values"),
        ({"inflows": [Inflow(1, 1, [0, 9], [1, np.nan])]}, "inflow 0: value 1 is not a number"),
        ({"inflows": [Inflow(1, 1, [0], [1])], "buildings": np.ones((6, 8)) - np.eye(6, 8)[::-1]}, "blocked"),
        ({"rainfall": 100.0}, "intensities are in m/s"),
        ({"rainfall": Rainfall([0, 60, 50], [1e-5, 1e-5])}, "rainfall: times must be finite and increase"),
        ({"rainfall": Rainfall([0, 60, 120], [1e-5, np.nan])}, "rainfall: intensity .* is missing"),
        ({"rainfall": Rainfall([0, 60], [1e-5, 1e-5])}, "2 times need 1 intensities"),
        ({"rainfall": Rainfall([0, 60], np.zeros((1, 5, 5)))}, "rainfall has grids of shape"),
        ({"boundaries": {"up": "free"}}, "an edge is one of"),
        ({"boundaries": {"east": "leaky"}}, "kind 'leaky' is not one of"),
        ({"boundaries": {"east": "stage"}}, "a stage boundary needs a value"),
        ({"boundaries": [Boundary("east", "free", start=3, stop=9)]}, "not within its 6 cells"),
        ({"gauges": [(0, 8)]}, "gauge 0: row 0, column 8 is outside"),
        ({"gauges": [(0.5, 1)]}, "whole numbers"),
        ({"buildings": np.ones((6, 8))}, "block every cell"),
        ({"buildings": Buildings(np.full((6, 8), 1.5))}, "share of the cell"),
        ({"output_interval": -1}, "output_interval"),
        ({"infiltration": flood.CurveNumber(120)}, "at most 100"),
        ({"infiltration": flood.GreenAmpt(-1, 0.1, 0.3)}, "infiltration.conductivity is -1"),
        ({"structures": Structures(walls=[Wall([(0, 0), (2, 2)], 1.0)])}, "does not run along"),
        ({"structures": Structures(culverts=[Culvert((0, 0), (5, 5), 0, 0, 5)])}, "needs a diameter"),
    ],
)
def test_bad_input_gives_one_clear_error_before_the_run(changes: dict[str, Any], message: str) -> None:
    told: list[float] = []
    asked: dict[str, Any] = {"elevation": FLAT, "cell_size": 1.0, "duration": 60.0} | changes
    with pytest.raises(AnalysisError, match=message) as error:
        flood.simulate(**asked, progress=lambda done, text: told.append(done))
    assert "\n" not in str(error.value)
    assert not told


def test_design_storms() -> None:
    table = flood.IntensityDuration(
        [600, 1800, 3600, 7200], [m / flood.MM_PER_HOUR for m in (120, 75, 50, 32)]
    )
    storm = flood.alternating_block(table, 7200, 600)
    depth = np.asarray(storm.intensity) * 600
    assert depth.sum() == pytest.approx(0.064)  # 32 mm/h for 2 h
    assert np.argmax(depth) in (5, 6)
    for blocks in (1, 3, 6):
        most = max(depth[k : k + blocks].sum() for k in range(13 - blocks))
        assert most == pytest.approx(float(table.depth(600 * blocks)))
    for quartile in (1, 2, 3, 4):
        huff = flood.huff(0.1, 4 * 3600, 900, quartile)  # type: ignore[arg-type]
        quarters = np.asarray(huff.intensity).reshape(4, -1).sum(axis=1)
        assert np.argmax(quarters) == quartile - 1
        assert np.asarray(huff.intensity).sum() * 900 == pytest.approx(0.1)
    with pytest.raises(AnalysisError, match="table goes from 600 to 7200 s"):
        flood.alternating_block(table, 14400, 600)
    with pytest.raises(AnalysisError, match="less rain falls in 3600 s"):
        flood.IntensityDuration([600, 3600], [1e-4, 1e-5])
