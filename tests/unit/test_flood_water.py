"""The files by which a viewer draws a flood: what they hold, cell by cell."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.flood.hazard import CLASSES
from analysis.flood.result import FloodResult, MassBalance, Snapshot
from analysis.flood.water import write_water

DEPTH = np.array([[0.0, 0.004, 0.5], [1.0, 2.0, 70.0]])
NEVER = np.inf


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """The folder and the description of a flood of two by three cells."""
    still = np.zeros_like(DEPTH)
    result = FloodResult(
        scheme="hllc",
        time=1200.0,
        depth=DEPTH,
        u=still,
        v=still,
        max_depth=DEPTH,
        max_speed=DEPTH / 2,
        max_hazard=np.array([[0.0, 0.002, 0.7], [1.25, 2.0, 40.0]]),
        arrival=np.array([[NEVER, NEVER, 600.0], [0.0, 300.0, 900.0]]),
        duration=np.array([[0.0, 0.0, 60.0], [1200.0, 900.0, 300.0]]),
        gauges=[],
        balance=MassBalance(),
        snapshots=[Snapshot(0.0, still, still, still), Snapshot(1200.0, DEPTH, still, still)],
    )
    scene = SimpleNamespace(
        elevation=np.zeros_like(DEPTH), cell_size=2.0, plane=SimpleNamespace(target=None, source=None)
    )
    described: dict[str, Any] = {}
    context = SimpleNamespace(
        path=lambda name: tmp_path / name,
        json=lambda name, document, units: described.update(json.loads(json.dumps(document))),
    )
    write_water(context, scene, result)  # type: ignore[arg-type]
    return tmp_path, described


def cells(folder: Path, layer: dict[str, Any]) -> list[list[float]]:
    found: list[list[float]] = np.fromfile(folder / layer["href"], "<f4").reshape(DEPTH.shape).tolist()
    return found


def test_depths_are_millimetres_and_thin_sheets_are_dry(written: tuple[Path, dict[str, Any]]) -> None:
    folder, described = written
    frames = np.fromfile(folder / described["frames"]["href"], "<u2").reshape(2, *DEPTH.shape)
    assert frames[0].max() == 0
    assert frames[1].tolist() == [[0, 0, 500], [1000, 2000, 65_535]]


def test_figures_have_no_value_where_nothing_happened(written: tuple[Path, dict[str, Any]]) -> None:
    folder, described = written
    layers = {layer["name"]: layer for layer in described["layers"]}
    unknown = np.nan
    assert cells(folder, layers["arrival"]) == pytest.approx(
        np.array([[unknown, unknown, 600], [0, 300, 900]]), nan_ok=True
    )
    assert cells(folder, layers["duration"]) == pytest.approx(
        np.array([[unknown, unknown, 60], [1200, 900, 300]]), nan_ok=True
    )
    assert cells(folder, layers["speed"])[1] == [0.5, 1.0, 35.0]
    assert np.isnan(cells(folder, layers["hazard"])[0][0])


def test_legends_are_in_both_languages_with_units_and_limits(written: tuple[Path, dict[str, Any]]) -> None:
    _, described = written
    legends = {layer["name"]: layer["legend"] for layer in described["layers"]}
    assert [grade["from"] for grade in legends["hazard"]["classes"]] == [0.0, *CLASSES]
    assert legends["arrival"]["stops"] == [0, 300, 600, 900, 1200]
    assert {name: legend["unit"] for name, legend in legends.items()} == {
        "hazard": "m2/s", "arrival": "s", "duration": "s", "speed": "m/s"
    }  # fmt: skip
    titles = [legend["title"] for legend in legends.values()]
    titles += [grade["title"] for grade in legends["hazard"]["classes"]]
    assert all(title["ko"] != title["en"] and title["ko"] and title["en"] for title in titles)
