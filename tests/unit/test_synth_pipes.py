"""Underground pipes and the drainage network of the sample district."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.sewers.swmm import Engine
from citygml.model import Measure
from tests.unit.synth_models import layers, small_ground
from twin.synth import make_ground
from twin.synth.drainage import (
    DESIGN_RAIN,
    DIAMETERS,
    ROUGHNESS,
    STORM,
    _diameter,
    make_network,
    old_node,
    swmm_input,
)
from twin.synth.shapes import tube
from twin.synth.terrain import WATER_LEVEL


def sections() -> dict[str, list[list[str]]]:
    """The SWMM file as section → rows of fields."""
    found: dict[str, list[list[str]]] = {}
    ground = small_ground()
    for line in swmm_input(make_network(ground), ground.plan).splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = rows = []
        elif line and not line.startswith(";"):
            rows.append(line.split())
    return found


def test_the_swmm_file_has_its_sections_and_no_dangling_names() -> None:
    s = sections()
    nodes = {r[0] for r in s["JUNCTIONS"]} | {r[0] for r in s["OUTFALLS"]}
    assert len(nodes) == len(s["JUNCTIONS"]) + len(s["OUTFALLS"])
    assert {r[0] for r in s["COORDINATES"]} == nodes
    assert all({r[1], r[2]} <= nodes for r in s["CONDUITS"])
    assert {r[0] for r in s["CONDUITS"]} == {r[0] for r in s["XSECTIONS"]}
    assert {r[2] for r in s["SUBCATCHMENTS"]} <= nodes
    for name in ("SUBAREAS", "INFILTRATION", "POLYGONS"):
        assert {r[0] for r in s[name]} == {r[0] for r in s["SUBCATCHMENTS"]}
    assert {r[1] for r in s["SUBCATCHMENTS"]} == {r[0] for r in s["RAINGAGES"]}
    assert {r[-1] for r in s["RAINGAGES"]} == {r[0] for r in s["TIMESERIES"]}


def test_water_runs_downhill_to_an_outfall() -> None:
    s = sections()
    invert = {r[0]: float(r[1]) for r in [*s["JUNCTIONS"], *s["OUTFALLS"]]}
    outlet = {r[1]: r[2] for r in s["CONDUITS"]}
    outfalls = {r[0] for r in s["OUTFALLS"]}
    assert len(outlet) == len(s["CONDUITS"]), "each junction has one way out"
    for row in s["CONDUITS"]:
        slope = (float(row[5]) - float(row[6])) / float(row[3])
        assert 0.001 < slope < 0.01
        assert float(row[5]) == invert[row[1]]
        assert float(row[6]) >= invert[row[2]]
    for junction in (r[0] for r in s["JUNCTIONS"]):
        steps = 0
        while junction not in outfalls:
            junction, steps = outlet[junction], steps + 1
            assert steps < 100
    assert all(float(r[1]) > WATER_LEVEL - 0.6 for r in s["OUTFALLS"])


def test_drains_are_as_deep_as_they_say_and_grow_downstream() -> None:
    ground = small_ground()
    network, old = make_network(ground), old_node(ground.plan)
    arriving: dict[str, float] = {}
    for conduit in network.conduits:
        assert conduit.start.ground - conduit.start.invert - conduit.diameter > 1.19
        grows = conduit.diameter >= arriving.get(conduit.start.name, 0.0)
        assert grows != (conduit.start.name == old)
        name = conduit.end.name
        arriving[name] = max(arriving.get(name, 0.0), conduit.diameter)


def test_the_street_of_the_old_pipe_overflows_and_no_other(tmp_path: Path) -> None:
    ground = make_ground(60, 7)
    network = make_network(ground)
    path = tmp_path / "drainage.inp"
    path.write_text(swmm_input(network, ground.plan), encoding="utf-8")
    engine = Engine(path, tmp_path)
    spilled = np.zeros(len(engine.node_names))
    try:
        engine.start()
        before = 0.0
        while engine.step():
            spilled += engine.node_flooding() * (engine.time - before)
            before = engine.time
    finally:
        engine.close()
    over = {name: v for name, v in zip(engine.node_names, spilled.tolist(), strict=True) if v > 0.5}
    assert 100 < sum(over.values()) < 1000  # [m³]
    assert all(name.endswith("-0") for name in over)


def test_the_diameter_carries_the_design_rain() -> None:
    """Manning's formula for a full pipe, Q = A R^(2/3) S^(1/2) / n with A = π D²/4 and R = D/4."""
    for area, slope in ((3e3, 0.0025), (2e4, 0.0013), (6e4, 0.0013)):
        flow = area * DESIGN_RAIN / 3.6e6

        def full(d: float, slope: float = slope) -> float:
            return float(np.pi * d**2 / 4 * (d / 4) ** (2 / 3) * slope**0.5 / ROUGHNESS)

        diameter = _diameter(area, slope)
        assert full(diameter) >= 0.99 * flow
        smaller = DIAMETERS[diameter > DIAMETERS]
        assert len(smaller) == 0 or full(float(smaller[-1])) < 1.01 * flow


def test_subcatchments_share_the_district_and_the_storm_has_its_depth() -> None:
    ground = small_ground()
    plan = ground.plan
    total = sum(c.area for c in make_network(ground).subcatchments)
    y = np.linspace(plan.row_y[0], plan.row_y[-1], 400)
    width = plan.street_x(0, plan.columns, y) - plan.street_x(0, 0, y)
    assert total == pytest.approx(np.trapezoid(width, y), rel=2e-3)
    assert sum(STORM) / 6 == 98.0


def test_pipes_lie_under_the_ground() -> None:
    ground = small_ground()
    sorts = set()
    for pipe in layers()["utilities"]:
        sorts.add(pipe.id.split("-")[1])
        diameter, cover = pipe.attributes["exteriorDiameter"], pipe.attributes["cover_depth"]
        assert isinstance(diameter, Measure) and isinstance(cover, Measure)
        line, body = pipe.geometries
        terrain = ground.terrain.at(ground.plan.frame.to_local(line.vertices[:, :2]))
        least = (terrain - line.vertices[:, 2]).min() - diameter.value / 2
        # near its outfall a drain comes out of the bank
        if "pipe-storm-CJ" not in pipe.id:
            assert least > 0.9, pipe.id
        assert least == pytest.approx(cover.value, abs=0.02), pipe.id
        assert (line.type, body.type) == ("MultiCurve", "MultiSurface")
    assert sorts == {"water", "sewer", "storm", "heat", "power"}


def test_gravity_pipes_fall_and_pumped_ones_follow_the_street() -> None:
    for pipe in layers()["utilities"]:
        if pipe.id.startswith(("pipe-storm", "pipe-sewer")):
            assert np.all(np.diff(pipe.geometries[0].vertices[:, 2]) < 0), pipe.id


def test_drains_and_manholes_carry_the_names_of_the_swmm_model() -> None:
    s = sections()
    links = {p.attributes["swmm_link"] for p in layers()["utilities"] if "swmm_link" in p.attributes}
    nodes = {m.attributes["swmm_node"] for m in layers()["furniture"] if "swmm_node" in m.attributes}
    assert links == {r[0] for r in s["CONDUITS"]}
    assert nodes == {r[0] for r in s["JUNCTIONS"]}


def test_a_tube_has_the_volume_of_its_prism() -> None:
    start, end = np.array([[1.0, 2.0, 3.0]]), np.array([[5.0, -2.0, 2.0]])
    quads = tube(start, end, np.array([0.5]), 8)[0]
    octagon = 8 / 2 * 0.5**2 * np.sin(np.pi / 4)
    length = float(np.linalg.norm(end - start))
    radius = np.linalg.norm(np.cross(quads.reshape(-1, 3) - start, (end - start) / length), axis=1)
    np.testing.assert_allclose(radius, 0.5, atol=1e-9)
    # without end caps: the flux through the side about a point of the axis is 2/3 of the surface's
    flux = sum(
        float(np.einsum("j,ij->", q[0] - start[0], np.cross(q[1:-1] - start[0], q[2:] - start[0])) / 6)
        for q in quads
    )
    assert flux == pytest.approx(2 / 3 * octagon * length, rel=1e-9)
