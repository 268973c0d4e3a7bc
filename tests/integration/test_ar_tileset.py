"""The bounded tileset: valid, nothing from afar, everything near, contents where it says they are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from api.app import create_app
from api.settings import Settings
from tests.integration.ar_place import here
from tests.integration.live_server import serving
from tiles.build import TileOptions, build
from tiles.check import check_tileset
from tiles.read import read_glb
from twin.ingest import add_files
from twin.place import georeference
from twin.store import open_city


@pytest.fixture(scope="module")
def folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ar") / "aachen.twin"
    add_files(folder, [data / "citygml/nrw-aachen/LoD2_32_280_5657_1_NW.gml"])
    return folder


def contents(tile: dict[str, Any]) -> list[str]:
    own = [tile["content"]["uri"]] if "content" in tile else []
    return own + [uri for child in tile.get("children", ()) for uri in contents(child)]


@pytest.mark.parametrize("implicit", [False, True])
def test_a_radius_of_the_citys_tiles(folder: Path, data: Path, tmp_path: Path, implicit: bool) -> None:
    build(folder, ["buildings"], TileOptions(workers=1, implicit=implicit, budget=400))
    longitude, latitude, _ = here(folder)
    with serving(create_app(Settings(city=folder, mqtt="off"))) as url, httpx.Client(base_url=url) as client:
        answer = client.get("/ar/tileset.json", params={"lon": longitude, "lat": latitude, "radius": 60})
        document = answer.json()
        assert document["extras"]["not_bounded"] == (["buildings"] if implicit else [])
        near = contents(document["root"])
        loaded = [client.get(f"/ar/{uri}") for uri in near]
    assert near
    assert all(one.status_code == 200 for one in loaded)
    if implicit:
        return
    shutil.copytree(folder / "tiles", tmp_path / "tiles")
    path = tmp_path / "tileset.json"
    path.write_text(answer.text.replace("../tiles/", "tiles/"))
    report = check_tileset(path, schemas=data / "schemas" / "3d-tiles-1.1")
    assert not report.errors, list(report.lines())
    drawn = {id for one in loaded for id in read_glb(one.content).table()["id"]}
    with open_city(folder) as city:
        index, place = city.index("buildings"), georeference(city)
        at = place.from_geographic(np.array([[longitude, latitude, 0.0]]))[0, :2]
        gap = np.maximum(np.maximum(index.bounds[:, :2] - at, at - index.bounds[:, 3:5]), 0)
        reach = {id for id, away in zip(index.ids, np.hypot(*gap.T), strict=True) if away <= 60}
    assert reach <= drawn
    assert len(drawn) < len(index.ids)


def test_nothing_near_is_an_empty_tileset(folder: Path) -> None:
    longitude, latitude, _ = here(folder)
    with serving(create_app(Settings(city=folder, mqtt="off"))) as url:
        asked = {"lon": longitude, "lat": latitude, "radius": 1, "height": 5000}
        document = httpx.get(f"{url}/ar/tileset.json", params=asked).json()
    assert document["extras"]["empty"] is True
    assert "children" not in document["root"]
