"""`twin run sun-views` on a small district."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio

from analysis.context import Context
from analysis.errors import AnalysisError
from analysis.inputs import check
from analysis.views.model import MODEL
from tests.integration.flood_city import result, run
from tests.unit.scene_models import district
from twin.errors import EntityNotFound
from twin.place import georeference
from twin.store import open_city


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return district(tmp_path_factory)


@pytest.fixture(scope="module")
def middle(folder: Path) -> list[float]:
    """Of the district [degrees]."""
    with open_city(folder) as city:
        bounds = np.array(city.bounds()).reshape(2, 3)
        return georeference(city).to_geographic(bounds.mean(axis=0)[None])[0, :2].tolist()


def place(middle: list[float]) -> str:
    return json.dumps({"type": "Point", "coordinates": middle})


def test_a_run_says_what_is_seen_from_where(folder: Path, middle: list[float]) -> None:
    with open_city(folder) as city:
        index = city.index("buildings")
        landmark = index.ids[int(np.argmax(index.bounds[:, 5] - index.bounds[:, 2]))]
        while (stored := city.object(landmark)) is not None and stored.parent:
            landmark = stored.parent
    done = run(
        "sun-views", folder, "--viewpoints", place(middle), "--landmark", landmark, "--sky", "--spacing", "8",
        "--antenna", place(middle), "--antenna-height", "30", "--beam-from", "90", "--beam-to", "180",
        "--cell-size", "4",
    )  # fmt: skip
    names = {"viewshed", "sights", "facades", "buildings", "beam", "beam_table", "summary"}
    assert set(done["results"]) == names
    at = Path(done["folder"])
    with rasterio.open(at / "viewshed.tif") as raster:
        seen = raster.read(1)
        assert raster.crs.to_epsg() == 5187
    assert set(np.unique(seen[np.isfinite(seen)])) == {0.0, 1.0}
    (line,) = result(done, "sights")["features"]
    assert line["geometry"]["coordinates"][0][:2] == pytest.approx(middle, abs=1e-6)
    assert line["properties"]["visible"] == (line["properties"]["clearance"] >= 0)
    points = pd.read_parquet(at / "facades.parquet")
    assert points["sky"].between(0, np.pi + 0.01).all()
    assert points["landmark_share"].dropna().between(0, 1).all()
    assert points["landmark_share"].max() > 0.5
    buildings = pd.read_parquet(at / "buildings.parquet").set_index("building")
    area = points.groupby("building")["area"].sum()
    assert buildings["area"].to_dict() == pytest.approx(area.to_dict())
    beam = pd.read_parquet(at / "beam_table.parquet")
    assert len(beam) == 90
    assert beam["azimuth"].between(90, 180).all()
    assert result(done, "summary")["viewpoints"][0]["cells_seen"] == int(np.nansum(seen))


def test_a_run_without_a_question_or_beside_the_city_says_so(
    folder: Path, middle: list[float], tmp_path: Path
) -> None:
    beside = {"type": "Point", "coordinates": [middle[0] + 1, middle[1]]}
    line = {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}
    asked: list[tuple[dict[str, Any], str]] = [
        ({}, "give viewpoints"),
        ({"landmark": "nix"}, "no building 'nix'"),
        ({"viewpoints": beside}, "outside"),
        ({"viewpoints": line}, "MultiPoint"),
        ({"sky": True, "scenario": 999}, "no scenario 999"),
    ]
    for given, message in asked:
        context = Context(MODEL, folder, tmp_path)
        with pytest.raises((AnalysisError, EntityNotFound), match=message):
            MODEL.call(context, check(MODEL, {"cell_size": 10.0, **given}))
