"""The flood schemes against published benchmarks and reference solutions, with real data where there is
some."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from analysis import flood
from analysis.flood import Boundary, Inflow
from tests.conftest import DATA
from tests.physics.reference import Float64

ANUGA = DATA / "flood/anuga/validation_tests/other_references"


@pytest.mark.parametrize(("bed", "outside"), [("wet", 1.0), ("dry", 0.0)])
@pytest.mark.parametrize(("scheme", "allowed"), [("hllc", 0.08), ("muscl", 0.03)])
def test_radial_dam_break(bed: str, outside: float, scheme: str, allowed: float) -> None:
    """A column of 10 m with radius 50 m, 2 s after it is let go; reference: ANUGA's, r and h of a fine radial
    solution. And the grid must not show: the same along both axes, near the same along the diagonal."""
    table = np.genfromtxt(ANUGA / f"radial_dam_break_{bed}/Ver_numerical_2.000000.csv", delimiter=",")
    n, size = 161, 200.0
    dx = size / n
    c = (np.arange(n) + 0.5) * dx - size / 2
    x, y = np.meshgrid(c, c)
    r = np.hypot(x, y)
    run = flood.simulate(
        np.zeros((n, n)), dx, 2.0, scheme=scheme, manning=0.0, initial_depth=np.where(r < 50, 10.0, outside)
    )  # fmt: skip
    assert np.abs(run.depth - run.depth.T).max() < 1e-9
    assert np.abs(run.depth - run.depth[::-1]).max() < 1e-9
    inside = r < 90
    exact = np.interp(r, table[:, 0], table[:, 1])
    assert np.abs(run.depth - exact)[inside].sum() / exact[inside].sum() < allowed
    axis, diagonal = run.depth[n // 2, n // 2 :], np.diag(run.depth)[n // 2 :]
    turned = np.interp(c[n // 2 :], np.sqrt(2) * c[n // 2 :], diagonal)
    assert np.abs(axis - turned)[: n // 3].max() < 0.8


def _grid(path: str, compressed: bool) -> tuple[Float64, float, float, float]:
    with gzip.open(DATA / path, "rt") if compressed else (DATA / path).open() as f:
        header = {k.lower(): float(v) for k, v in (f.readline().split() for _ in range(6))}
        return np.loadtxt(f), header["xllcorner"], header["yllcorner"], header["cellsize"]


@pytest.fixture(scope="module")
def valley() -> dict[str, object]:
    """Environment Agency test 5 (Néelz and Pender 2013, SC080035/R2): a dam fails above a valley. The data
    has the 10 m terrain, the inflow and the places of the gauges; the benchmark's own grid is of 50 m, to
    which the terrain is averaged here."""
    fine, west, south, _ = _grid("flood/ea-test-5/ea5-10m.dem.raw.gz", compressed=True)
    fine = np.where(fine == -9999, np.nan, fine)
    fine = fine[fine.shape[0] % 5 :]
    fine = np.pad(fine, ((0, 0), (0, -fine.shape[1] % 5)), constant_values=np.nan)
    blocks = (
        fine.reshape(fine.shape[0] // 5, 5, -1, 5).transpose(0, 2, 1, 3).reshape(fine.shape[0] // 5, -1, 25)
    )
    outside = np.isnan(blocks).mean(axis=-1) > 0.5
    held = np.isfinite(blocks).sum(axis=-1)
    ground = np.where(outside, np.nan, np.nansum(blocks, axis=-1) / np.maximum(held, 1))

    def cell(x: float, y: float) -> tuple[int, int]:
        return int(ground.shape[0] - 1 - (y - south) // 50), int((x - west) // 50)

    lines = (DATA / "flood/ea-test-5/ea5.stage").read_text().splitlines()
    gauges = [cell(*map(float, line.split())) for line in lines[1:8]]
    lines = [line for line in (DATA / "flood/ea-test-5/ea5-10m.bci").read_text().splitlines() if line.strip()]
    breach = sorted({cell(float(line.split()[1]), float(line.split()[2])) for line in lines})
    breach = [c for c in breach if not outside[c]]
    series = [
        line.split()
        for line in (DATA / "flood/ea-test-5/ea5.bdy").read_text().splitlines()[3:]
        if line.strip()
    ]
    time = [float(s[1]) for s in series]
    flow = [float(s[0]) * 10.0 * len(lines) for s in series]  # m²/s over 10 m for each point
    return {
        "elevation": ground, "cell_size": 50.0, "manning": 0.04, "buildings": outside, "gauges": gauges,
        "inflows": [Inflow([r for r, _ in breach], [c for _, c in breach], time, flow)],
    }  # fmt: skip


def test_valley_after_a_dam_failure(valley: dict[str, object]) -> None:
    """No published levels come with the data, so the bands are those between our three schemes; the volume
    and the level at which it comes to rest in the lowest part of the valley are exact."""
    hllc = flood.simulate(duration=15000.0, **valley)  # type: ignore[arg-type]
    inertial = flood.simulate(duration=108000.0, scheme="inertial", **valley)  # type: ignore[arg-type]
    # 3000 m³/s for 10 min, rising over 5 and falling over 80: the area under the hydrograph
    assert hllc.balance.inflow == pytest.approx(9.45e6, rel=1e-9)
    assert max(hllc.mass_error, inertial.mass_error) <= 1e-12
    for k, (a, b) in enumerate(zip(hllc.gauges, inertial.gauges, strict=True)):
        early = b.time <= 15000.0
        assert a.level.max() == pytest.approx(b.level[early].max(), abs=0.35), k
        assert a.speed.max() == pytest.approx(b.speed[early].max(), rel=0.35), k
        arrived = [g.time[np.argmax(g.depth > 0.05)] for g in (a, b)]
        assert arrived[0] == pytest.approx(arrived[1], rel=0.08), k
    # points 1, 2, 3 lie down the valley; 5 at its closed end fills up to the end
    assert np.all(np.diff([g.time[np.argmax(g.depth > 0.05)] for g in hllc.gauges[:5]]) > 0)
    ground, depth = np.asarray(valley["elevation"]), inertial.depth
    pool = np.zeros(depth.shape, dtype=bool)
    surface = np.where(depth > 0.01, ground + depth, np.nan)
    final = inertial.gauges[4].level[-1]
    pool[:, :] = np.abs(surface - final) < 0.02
    held = float(depth[pool].sum()) * 2500
    filled = float(np.maximum(final - ground[pool], 0).sum()) * 2500
    assert held == pytest.approx(filled, rel=0.01)
    assert held > 0.5 * 9.45e6
    assert final == inertial.gauges[4].level.max() == pytest.approx(148.63, abs=0.05)


@pytest.mark.parametrize("scheme", ["hllc", "inertial"])
def test_the_sea_comes_up_a_planar_beach(scheme: str) -> None:
    """LISFLOOD-FP's planar beach: 1 in 6000, n = 0.06, the sea rising at the seaward edge as a wave that
    keeps its shape, h = [7/3 n² u³ (u t - x)]^(3/7) on a flat bed; on the slope the shore lags behind and no
    water may be higher than the sea."""
    ground, _, _, dx = _grid("flood/planar-beach/planar_beach.dem.ascii", compressed=False)
    lines = (DATA / "flood/planar-beach/planar_beach.bdy").read_text().splitlines()[3:]
    rows = np.array([[float(v) for v in line.split()] for line in lines if line.strip()])
    sea = Boundary("north", "stage", (rows[:, 0] + ground[0, 0]).tolist(), rows[:, 1].tolist())
    r = flood.simulate(
        ground, dx, 5000.0, scheme=scheme, manning=0.06, boundaries=[sea], output_interval=500.0
    )
    level = np.where(r.depth > 0.001, r.depth + ground, np.nan)
    assert np.nanmax(level) <= rows[-1, 0] + 0.02
    shore = [np.flatnonzero((s.depth > 0.01).any(axis=1)).max(initial=-1) for s in r.snapshots]
    assert np.all(np.diff(shore) >= 0)
    assert 30 < shore[-1] < 121
    assert np.abs(r.depth - r.depth[:, :1]).max() < 1e-6
    assert r.mass_error <= 1e-12
