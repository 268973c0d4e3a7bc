"""SWMM under the flood: the same water on both sides, and the levels that the equations ask."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from affine import Affine

from analysis.flood import simulate
from analysis.sewers.coupling import Sewers
from analysis.sewers.exchange import Opening
from analysis.sewers.result import SewerResult
from tests.unit.sewer_models import FOOT, model, pipes, tanks

solver = pytest.importorskip("swmm.toolkit.solver")
STREET = {"transform": Affine(4, 0, 0, 0, -4, 20), "shape": (5, 25)}
YARD = {"transform": Affine(4, 0, 0, 0, -4, 12), "shape": (3, 3)}
STORM = [(0, 0.0), (6, 0.3), (16, 0.3), (20, 0.0)]


def alone(path: Path) -> npt.NDArray[np.float64]:
    """Time [s] and flow of every link at each routing step, by SWMM with nothing of ours around it."""
    enum = pytest.importorskip("swmm.toolkit.shared_enum")
    solver.swmm_open(str(path), str(path.with_suffix(".rpt")), str(path.with_suffix(".out")))
    solver.swmm_start(0)
    rows = []
    links = solver.project_get_count(enum.ObjectType.LINK)
    while (day := solver.swmm_step()) > 0:
        flow = [solver.link_get_result(i, enum.LinkResult.FLOW) for i in range(links)]
        rows.append([day * 86400, *flow])
    solver.swmm_end()
    solver.swmm_close()
    return np.array(rows)


def flooded(
    path: Path, minutes: float, *, grid: dict = STREET, interval: float = 10.0, slope: float = 0.0, **asked
) -> tuple:
    flood = {k: asked.pop(k) for k in ("boundaries", "initial_depth", "scheme", "dtype") if k in asked}
    elevation = np.full(grid["shape"], 3.0) - slope * np.arange(grid["shape"][1])
    with Sewers(path, duration=minutes * 60, output_interval=interval, **grid, **asked) as sewers:
        surface = simulate(elevation, 4.0, minutes * 60.0, drainage=sewers, output_interval=60.0, **flood)
        return surface, sewers.finish()


def test_without_surcharge_the_hydrograph_is_that_of_swmm_alone(tmp_path: Path) -> None:
    path = pipes(tmp_path / "a.inp", [(0, 0.0), (10, 0.05), (30, 0.0)])
    truth = alone(path)
    surface, sewers = flooded(path, 50, interval=0.01)
    flow, time = sewers.series["flow"].values[1:], sewers.series["time"].values[1:]
    both = np.flatnonzero(np.isin(np.round(truth[:, 0], 6), np.round(time, 6)))
    assert len(both) > 2000 and flow.max() > 0.045
    mine = flow[np.isin(np.round(time, 6), np.round(truth[:, 0], 6))]
    assert np.abs(mine - truth[both, 1:]).max() / truth[:, 1:].max() < 1e-6
    assert sewers.exchange.up == sewers.exchange.down == surface.balance.drainage == 0.0


def test_what_overflows_is_on_the_surface_and_goes_back(tmp_path: Path) -> None:
    path = pipes(tmp_path / "a.inp", STORM)
    surface, sewers = flooded(path, 55, slope=0.0)
    exchange = sewers.exchange
    stored = [float(s.depth.sum()) * 16.0 for s in surface.snapshots]
    assert max(stored) > 25.0 and exchange.down > 0.4 * exchange.up
    assert stored[-1] < 0.6 * max(stored)
    # the surface holds what it got less what it gave, at each moment that both were written
    net = np.cumsum(sewers.series["exchange"].sum("node").values[1:] * np.diff(sewers.series["time"].values))
    for snapshot, volume in zip(surface.snapshots[1:-1], stored[1:-1], strict=True):
        k = int(np.searchsorted(sewers.series["time"].values[1:], snapshot.time))
        assert volume == pytest.approx(net[k], abs=0.11)  # a second of the flow
    assert surface.balance.drainage == pytest.approx(exchange.up - exchange.down, rel=1e-12)
    assert sum(sewers.node_exchange.values()) == pytest.approx(surface.balance.drainage, rel=1e-12)
    assert abs(exchange.error) < 1e-12 * exchange.up
    assert abs(exchange.waiting) < 0.01
    # SWMM lost nothing to "flooding", and its own error stays that of SWMM alone, under half a percent here
    assert sewers.routing.flooding == 0.0
    assert abs(sewers.routing.error) < 0.01 * sewers.routing.inflow


@pytest.mark.parametrize(
    ("scheme", "step", "swmm"), [("hllc", "0.5", 1e-6), ("inertial", "0.5", 1e-6), ("hllc", "5", 1e-3)]
)
def test_mass_of_the_coupled_system_closes(tmp_path: Path, scheme: str, step: str, swmm: float) -> None:
    """swmm: the part of its water that SWMM's own iterations lose at that step; ours is exact at any."""
    storm = [(0, 0.0), (2, 0.3), (4, 0.3), (5, 0.0)]
    path = tanks(tmp_path / "t.inp", storm, gate=0.08, ROUTING_STEP=step)
    asked = {"nodes": ["S"], "openings": Opening(diameter=1.5, shaft=4.0), "scheme": scheme}
    surface, sewers = flooded(path, 45, grid=YARD, **asked)
    stored = [float(s.depth.sum()) * 16.0 for s in surface.snapshots]
    assert max(stored) > 15.0 and stored[-1] < 0.02 * max(stored)
    assert sewers.exchange.down > 0.98 * sewers.exchange.up > 15.0
    assert surface.mass_error < 1e-12
    assert abs(sewers.exchange.error) < 1e-12 * sewers.exchange.up
    assert sewers.mass_error(surface.balance.error) < swmm
    # every litre: what was put in stands in the tanks, in the yard, or waits between the two
    net = sewers.routing.inflow - sewers.routing.outflow - (sewers.exchange.given - sewers.exchange.taken)
    total = sewers.routing.final - sewers.routing.initial + stored[-1] + sewers.exchange.waiting
    assert total - sewers.routing.error == pytest.approx(net, rel=1e-9)
    assert net == pytest.approx(60 * 0.3 * (1 + 2 + 0.5), rel=2e-3)


def test_a_steady_overflow_stands_as_high_as_the_orifice_asks(tmp_path: Path) -> None:
    path = tanks(tmp_path / "t.inp", [(0, 0.1), (50, 0.1)], gate=1e-9)
    asked = {"nodes": ["S"], "openings": Opening(diameter=0.8, shaft=4.0), "boundaries": {"east": "critical"}}
    surface, sewers = flooded(path, 25, grid=YARD, interval=60.0, **asked)
    series = sewers.series.sel(node="S")
    assert float(series["exchange"][-1]) == pytest.approx(0.1, rel=1e-5)
    pond = float(surface.snapshots[-1].depth[1, 1])
    # Q = Co A sqrt(2 g (H - h)), Co = 0.167 (Rubinato et al. 2017)
    drive = (0.1 / (0.167 * math.pi / 4 * 0.8**2)) ** 2 / (2 * 9.81)
    assert drive > 0.05
    assert float(series["above_rim"][-1]) - pond == pytest.approx(drive, rel=3e-3)


def test_a_pond_drains_into_an_empty_shaft_as_the_free_weir_asks(tmp_path: Path) -> None:
    path = tanks(tmp_path / "t.inp", [(0, 0.0), (50, 0.0)], gate=5.0)
    grid = {"transform": Affine(4, 0, 4, 0, -4, 8), "shape": (1, 1)}
    opening = Opening(diameter=0.8, shaft=4.0)
    start = 0.1  # less than A / P = 0.2 m: a weir and not an orifice
    surface, sewers = flooded(path, 5, grid=grid, nodes=["S"], openings=opening, initial_depth=start)
    # A dh/dt = -k h^1.5 from h0: h = (h0^-1/2 + k t / 2 A)^-2, k = 2/3 Cw P sqrt(2 g), Cw = 0.54 (Rubinato)
    k = 2 / 3 * 0.54 * math.pi * 0.8 * math.sqrt(2 * 9.81)
    for snapshot in surface.snapshots[1:]:
        depth = (start**-0.5 + k * snapshot.time / 32) ** -2
        assert float(snapshot.depth[0, 0]) == pytest.approx(depth, rel=0.04)
    assert sewers.exchange.up == 0.0
    assert float(sewers.series["above_rim"].sel(node="S").max()) < -1.0


def test_levels_come_together_where_nothing_drains(tmp_path: Path) -> None:
    path = tanks(tmp_path / "t.inp", [(0, 0.0), (1, 0.2), (4, 0.2), (5, 0.0), (6, 0.0)], gate=1e-9)
    surface, sewers = flooded(path, 30, grid=YARD, nodes=["S"], openings=Opening(diameter=1.2, shaft=4.0))
    level = sewers.series["above_rim"].sel(node="S").values
    assert level[-1] == pytest.approx(float(surface.depth[1, 1]), abs=1e-3)
    assert level[-1] == pytest.approx((48.0 - 8.0) / (144.0 + 4.0), rel=0.01)
    late = level[len(level) // 2 :]
    assert np.abs(np.diff(late)).max() < 1e-3  # no sloshing through the opening


def test_a_model_in_feet_gives_the_same(tmp_path: Path) -> None:
    metric = pipes(tmp_path / "m.inp", STORM, HEAD_TOLERANCE="0.001524", MIN_SURFAREA="1.167")
    feet = pipes(
        tmp_path / "f.inp", STORM, unit=FOOT, flow_unit=FOOT**3,
        FLOW_UNITS="CFS", HEAD_TOLERANCE="0.005", MIN_SURFAREA=repr(1.167 / FOOT**2),
    )  # fmt: skip
    results: list[SewerResult] = [flooded(path, 25)[1] for path in (metric, feet)]
    one, other = results
    assert one.exchange.up > 50.0
    assert other.exchange.up == pytest.approx(one.exchange.up, rel=0.01)
    assert other.routing.inflow == pytest.approx(one.routing.inflow, rel=0.01)
    assert other.routing.initial == pytest.approx(one.routing.initial, rel=0.01)
    assert other.routing.final == pytest.approx(one.routing.final, rel=0.01)
    difference = np.abs(other.series["head"].values[-1] - one.series["head"].values[-1])
    assert difference.max() < 0.02
    assert other.series["fill"].values[60, 0] == pytest.approx(one.series["fill"].values[60, 0], abs=0.01)


def test_two_manholes_of_one_cell_share_its_water(tmp_path: Path) -> None:
    path = model(
        tmp_path / "two.inp",
        {
            "JUNCTIONS": ["A 1.0 2.0 0 0 0", "B 1.0 2.0 0 0 0"],
            "OUTFALLS": ["O 0.0 FREE NO"],
            "CONDUITS": ["P1 A O 50 0.013 1 0", "P2 B A 50 0.013 1 1"],
            "XSECTIONS": ["P1 CIRCULAR 1 0 0 0", "P2 CIRCULAR 1 0 0 0"],
            "COORDINATES": ["A 5 6", "B 7 6", "O 20 6"],
        },
    )
    grid = {"transform": Affine(4, 0, 4, 0, -4, 8), "shape": (1, 1)}
    surface, sewers = flooded(path, 10, grid=grid, openings=Opening(diameter=3.0), initial_depth=0.5)
    assert surface.mass_error < 1e-12
    assert float(surface.depth.min()) >= 0.0
    assert sewers.exchange.down == pytest.approx(8.0, rel=0.02)
    assert abs(sewers.exchange.error) < 1e-12


def test_a_rising_cell_shortens_the_step_of_the_flood(tmp_path: Path) -> None:
    path = tanks(tmp_path / "t.inp", [(0, 0.3), (50, 0.3)], gate=1e-9, ROUTING_STEP="5")
    grid = {"transform": Affine(1, 0, 5, 0, -1, 7), "shape": (2, 2)}
    with Sewers(path, duration=300, nodes=["S"], openings=Opening(diameter=1.5), **grid) as sewers:
        assert sewers.longest_step == 5.0
        up = [sewers.exchange(np.zeros(1), 1.0)[0] for _ in range(200)]
        assert up[0] == 0.0 and up[-1] == pytest.approx(0.3, rel=0.01)
        # dt sqrt(g r dt) = dx / 2 where 0.3 m³/s rise on a cell of 1 m²
        assert sewers.longest_step == pytest.approx((0.25 / (9.81 * 0.3)) ** (1 / 3), rel=0.01)


def test_single_precision_on_the_surface_keeps_the_books(tmp_path: Path) -> None:
    path = pipes(tmp_path / "a.inp", STORM)
    surface, sewers = flooded(path, 30, dtype="float32")
    assert sewers.exchange.up > 50.0
    assert surface.balance.drainage == pytest.approx(sewers.exchange.up - sewers.exchange.down, rel=1e-9)
    assert surface.mass_error < 1e-6
