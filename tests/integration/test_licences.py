"""Licences and attributions: given with the files, kept with them, told wherever their data goes."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from tests.integration.command_line import twin
from tests.unit.ar_models import at, street
from tiles.read import read_glb

MODELS, HEIGHTS = "© 2026 도시 모형, CC BY 4.0", "Heights: survey of 2026, ODbL"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("licences")
    city = street(folder)
    for file, licence in (("source.json", f"  {MODELS} "), ("terrain.tif", HEIGHTS)):
        assert twin("add", city, folder / file, "--licence", licence).returncode == 0
    assert twin("tile", city).returncode == 0
    return city


@pytest.fixture
def client(city: Path) -> TestClient:
    return TestClient(create_app(Settings(city=city, mqtt="off")))


def asset(glb: bytes) -> dict[str, Any]:
    found: dict[str, Any] = read_glb(glb).json["asset"]
    return found


def contents(city: Path) -> dict[str, dict[str, Any]]:
    return {path.name: asset(path.read_bytes()) for path in (city / "tiles" / "buildings").glob("*.glb")}


def test_the_city_tells_it_to_viewers_and_on_the_command_line(city: Path, client: TestClient) -> None:
    told = client.get("/city").json()
    assert {layer["licence"] for layer in told["layers"]} == {MODELS}
    assert told["terrain"] == {"url": "/terrain", "licence": HEIGHTS}
    told = json.loads(twin("info", city, "--json").stdout)
    assert [source["licence"] for source in told["sources"]] == [MODELS]
    assert [raster["licence"] for raster in told["rasters"]] == [HEIGHTS]
    assert MODELS in twin("info", city).stdout and HEIGHTS in twin("info", city).stdout


def test_tiles_scenes_and_terrain_carry_it(city: Path, client: TestClient) -> None:
    made = contents(city)
    assert made and all(asset["copyright"] == MODELS for asset in made.values())
    layer = json.loads((city / "tiles" / "terrain" / "layer.json").read_bytes())
    assert layer["attribution"] == HEIGHTS
    asked: dict[str, Any] = {**at(city, 0, 0), "radius": 100}
    assert asset(client.get("/ar/scene", params=asked).content)["copyright"] == MODELS
    hidden = client.get("/ar/occlusion", params=asked).content
    assert asset(hidden)["copyright"] == f"{HEIGHTS}; {MODELS}"
    bare = client.get("/ar/occlusion", params={**asked, "ground": False}).content
    assert asset(bare)["copyright"] == MODELS
    bundle = client.get("/ar/bundle", params=asked).content
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        sources = json.loads(archive.read("manifest.json"))["sources"]
    assert {source["name"]: source["licence"] for source in sources} == {
        "source.json": MODELS,
        "terrain.tif": HEIGHTS,
    }


def test_it_stays_with_a_file_until_another_is_given(city: Path, client: TestClient) -> None:
    folder = city.parent
    before = contents(city)
    model = json.loads((folder / "source.json").read_bytes())
    model["metadata"]["title"] = "The same street"
    (folder / "source.json").write_text(json.dumps(model), encoding="utf-8")
    twin("add", city, folder / "source.json", folder / "terrain.tif")
    told = json.loads(twin("info", city, "--json").stdout)
    assert [(source["title"], source["licence"]) for source in told["sources"]] == [
        ("The same street", MODELS)
    ]
    assert [raster["licence"] for raster in told["rasters"]] == [HEIGHTS]
    twin("tile", city)
    assert contents(city) == before
    twin("add", city, folder / "source.json", folder / "terrain.tif", "--licence", "")
    told = json.loads(twin("info", city, "--json").stdout)
    assert not [entry for entry in told["sources"] + told["rasters"] if "licence" in entry]
    twin("tile", city)
    now = contents(city)
    assert now and not before.keys() & now.keys()
    assert not [asset for asset in now.values() if "copyright" in asset]
    assert "attribution" not in json.loads((city / "tiles" / "terrain" / "layer.json").read_bytes())
    assert client.get("/city").json()["layers"][0]["licence"] is None
