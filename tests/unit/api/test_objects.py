"""Objects by any id, their history, and problems for what is not there."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from tests.unit.api.served import BOXES, is_problem
from tests.unit.models import city, write
from twin.ingest import add_files


@pytest.mark.parametrize("id", BOXES)
def test_objects_by_any_id(id: str, client: TestClient) -> None:
    found = client.get(f"/objects/{quote(id, safe='')}").json()
    assert (found["id"], found["class"], found["layer"]) == (id, "Building", "buildings")
    assert found["attributes"]["measuredHeight"] in (12.0, BOXES[id][2])
    assert found["source"] == {"name": "source.json"}
    assert found["surfaces"]["RoofSurface"] == {"count": 1, "area": pytest.approx(80.0)}


def test_the_history_of_an_object(client: TestClient) -> None:
    found = client.get(f"/objects/{quote('b/with/slashes')}/history").json()
    old, new = found["versions"]
    assert (old["valid_from"][:4], old["valid_to"][:4], new["valid_to"]) == ("2024", "2025", None)
    assert [v["attributes"]["measuredHeight"] for v in (old, new)] == [9.0, 12.0]
    assert len(client.get("/objects/a/history").json()["versions"]) == 1
    assert len(client.get("/objects/history/history").json()["versions"]) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/objects/absent",
        "/objects/absent/history",
        "/objects/a%00b",
        "/collections/castles",
        "/collections/castles/items",
        "/collections/buildings/items/absent",
        "/collections/roads/items/a",
        "/nothing/here",
        "/tiles/buildings/absent.glb",
        "/terrain/99/0/0.terrain",
    ],
)
def test_what_is_not_there_is_a_problem(path: str, client: TestClient) -> None:
    assert is_problem(client.get(path), 404)


def test_wrong_methods_and_parameters_are_problems(client: TestClient) -> None:
    assert is_problem(client.post("/health"), 405)
    assert is_problem(client.delete("/tiles/buildings/tileset.json"), 405)
    for path in (
        "/search",
        "/search?q=",
        "/search?q=a&limit=0",
        "/search?q=a&limit=x",
        "/collections/buildings/items?limit=0",
        "/collections/buildings/items?offset=-1",
        "/collections/buildings/items?offset=99999999999999999999999",
        "/collections/buildings/items?bbox=1,2,3",
        "/collections/buildings/items?bbox=a,b,c,d",
        "/collections/buildings/items?bbox=nan,1,2,3",
    ):
        assert is_problem(client.get(path), 400)


def test_a_building_lies_where_its_parts_lie(tmp_path: Path) -> None:
    document = city({"whole": (0.0, 0.0, 5.0), "part": (40.0, 0.0, 9.0)})
    whole, part = document["CityObjects"]["whole"], document["CityObjects"]["part"]
    del whole["geometry"]
    whole["children"], part["parents"], part["type"] = ["part"], ["whole"], "BuildingPart"
    add_files(tmp_path / "x.twin", [write(tmp_path / "x.json", document)])
    client = TestClient(create_app(Settings(city=tmp_path / "x.twin")))
    assert client.get("/objects/whole").json()["bbox"] == client.get("/objects/part").json()["bbox"]
    (found,) = client.get("/search?q=whole").json()["results"]
    assert found["position"] == pytest.approx(client.get("/objects/part").json()["position"])
