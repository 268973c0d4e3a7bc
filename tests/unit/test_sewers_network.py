"""The network of an .inp in three dimensions, and its files for a viewer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from analysis.sewers.coupling import Sewers
from analysis.sewers.network import features, write_layer
from tests.unit.sewer_models import FOOT, model, pipes
from tests.unit.synth_models import small_ground
from twin.synth.drainage import make_network, swmm_input

GRID = {"transform": Affine(4, 0, 0, 0, -4, 20), "shape": (5, 25)}


@pytest.mark.parametrize("unit", [1.0, FOOT])
def test_nodes_and_pipes_stand_where_the_file_has_them(tmp_path: Path, unit: float) -> None:
    units = {} if unit == 1.0 else {"FLOW_UNITS": "CFS"}
    path = pipes(tmp_path / "a.inp", [(0, 0.0)], unit=unit, **units)
    with Sewers(path, duration=60, **GRID) as sewers:
        network = sewers.network
    assert network.node_names == ["A", "B", "O"]
    assert network.node_type == ["junction", "junction", "outfall"]
    assert np.allclose(network.node_xyz, [[10, 10, 1.0], [50, 10, 0.9], [90, 10, 0.7]])
    assert np.allclose(network.rim[:2], [3.0, 2.9])
    assert np.allclose(network.crown, [1.5, 1.4, 1.1])
    assert np.allclose(network.full_depth, [0.5, 0.4])
    first = network.line[network.offsets[0] : network.offsets[1]]
    assert np.allclose(first, [[10, 10, 1.0], [30, 14, 0.95], [50, 10, 0.9]])


def test_a_rising_pipe_keeps_the_direction_of_the_file(tmp_path: Path) -> None:
    sections = {
        "JUNCTIONS": ["A 1.0 2.0 0 0 0", "B 1.2 2.0 0 0 0"],
        "OUTFALLS": ["O 0.5 FREE NO"],
        "CONDUITS": ["UP A B 40 0.013 1.1 1.3", "OUT A O 40 0.013 1.0 0.5"],
        "XSECTIONS": ["UP RECT_CLOSED 0.5 0.8 0 0 2", "OUT CIRCULAR 0.5 0 0 0"],
        "INFLOWS": ["B FLOW q"],
        "TIMESERIES": ["q 0:00 0.02", "q 1:00 0.02"],
        "COORDINATES": ["A 10 10", "B 50 10", "O 90 10"],
    }
    with Sewers(model(tmp_path / "r.inp", sections), duration=600, **GRID) as sewers:
        for _ in range(600):
            sewers.exchange(np.zeros(2), 1.0)
        network = sewers.network
        result = sewers.finish()
    line = network.line[: network.offsets[1]]
    assert np.allclose(line, [[10, 10, 1.1], [50, 10, 1.3]])
    assert (network.width[0], network.barrels[0]) == (0.8, 2)
    assert float(result.series["flow"].sel(link="UP")[-1]) == pytest.approx(-0.02, rel=0.02)


def test_the_layer_can_be_read_back(tmp_path: Path) -> None:
    path = pipes(tmp_path / "a.inp", [(0, 0.0), (10, 0.1)])
    with Sewers(path, duration=900, output_interval=60, **GRID) as sewers:
        for _ in range(90):
            sewers.exchange(np.zeros(2), 10.0)
        network = sewers.network
        result = sewers.finish()
    about = json.loads(write_layer(tmp_path / "layer", network, result).read_text())
    raw = (tmp_path / "layer" / about["data"]).read_bytes()
    for name, variable in about["variables"].items():
        values = np.frombuffer(raw, "<f4", int(np.prod(variable["shape"])), variable["offset"])
        assert np.allclose(values.reshape(variable["shape"]), result.series[name].values, equal_nan=True)
        assert len(about["time"]) == variable["shape"][0]
    assert about["variables"]["fill"]["range"][1] > 0.5
    assert about["variables"]["fill"]["unit"] == "1" and about["variables"]["flow"]["unit"] == "m3/s"
    shapes = json.loads((tmp_path / "layer" / about["geometry"]).read_text())["features"]
    kinds = [(f["properties"]["kind"], f["properties"]["index"]) for f in shapes]
    assert kinds == [("node", 0), ("node", 1), ("node", 2), ("link", 0), ("link", 1)]
    axis = shapes[3]["geometry"]["coordinates"]
    assert axis[0] == [10, 10, 1.25]  # half of 0.5 m over the invert


def test_features_go_through_the_given_place_and_leave_out_what_has_none(tmp_path: Path) -> None:
    path = pipes(tmp_path / "a.inp", [(0, 0.0)])
    path.write_text(path.read_text().replace("\nO 90 10", ""))
    with Sewers(path, duration=60, **GRID) as sewers:
        made = features(sewers.network, lambda xyz: xyz + [100, 30, 20])["features"]
    assert [f["properties"]["id"] for f in made] == ["A", "B", "P1"]
    assert made[0]["geometry"]["coordinates"] == [110, 40, 23]


def test_the_sample_district_runs_dry_and_keeps_its_names(tmp_path: Path) -> None:
    ground = small_ground()
    path = tmp_path / "drainage.inp"
    path.write_text(swmm_input(make_network(ground), ground.plan), encoding="utf-8")
    west, south, east, north = ground.plan.world_bounds()
    shape = (int((north - south) // 4) + 1, int((east - west) // 4) + 1)
    grid = {"transform": Affine(4, 0, west, 0, -4, north), "shape": shape}
    with Sewers(path, duration=1800, crs="EPSG:5187", grid_crs="EPSG:5187", **grid) as sewers:
        while sewers._time < 1800:
            up = sewers.exchange(np.zeros(len(sewers.cells)), 5.0)
            assert not up.any()
        result = sewers.finish()
    drains = [
        n for n, t in zip(sewers.network.node_names, sewers.network.node_type, strict=True) if t != "outfall"
    ]
    assert len(sewers.cells) == len(drains) == len(result.node_exchange)
    assert result.series["fill"].values.max() > 0.05
    assert result.routing.inflow > 100.0
