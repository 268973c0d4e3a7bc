"""The city as the viewer opens it, the landing page, search, and cities that are broken or empty."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import ASGITransport, AsyncClient

from api.app import create_app
from api.settings import Settings
from tests.unit.api.served import BOXES, is_problem
from tests.unit.models import city, write
from twin.ingest import add_files
from twin.store import create_city


def test_health(client: TestClient) -> None:
    found = client.get("/health").json()
    assert found["objects"] == len(BOXES)
    assert found["status"] == "degraded" and list(found["faults"]) == ["readings"]  # it has not been started


def test_a_broken_city_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    client = TestClient(create_app(Settings(city=tmp_path / "nowhere")))
    for path in ("/health", "/city", "/objects/a", "/collections"):
        assert is_problem(client.get(path), 503)
    assert is_problem(client.get("/tiles/buildings/tileset.json"), 404)


def test_a_file_that_is_no_database_is_the_same_problem(tmp_path: Path) -> None:
    (tmp_path / "twin.db").write_text("this is no database, but long enough to be looked at" * 40)
    client = TestClient(create_app(Settings(city=tmp_path)))
    for path in ("/health", "/city", "/objects/a", "/collections"):
        assert is_problem(client.get(path), 503)


def test_an_empty_city_says_so(tmp_path: Path) -> None:
    create_city(tmp_path / "x.twin").close()
    client = TestClient(create_app(Settings(city=tmp_path / "x.twin")))
    described = client.get("/city").json()
    assert described["layers"] == []
    assert described["bbox"] is described["crs"] is described["home"] is None
    assert client.get("/health").json()["objects"] == 0
    assert client.get("/search", params={"q": "a"}).json() == {"results": []}


def test_the_city_describes_what_a_viewer_needs(client: TestClient) -> None:
    described = client.get("/city").json()
    (layer,) = described["layers"]
    assert (layer["id"], layer["objects"], layer["state"]) == ("buildings", len(BOXES), "ready")
    assert layer["title"] == {"ko": "건물", "en": "Buildings"}
    assert client.get(layer["url"]).status_code == 200
    assert {a["id"] for a in layer["attributes"]} >= {"name", "year", "measuredHeight"}
    west, south, east, north = described["bbox"]
    assert west < described["home"]["lon"] < east
    assert south < described["home"]["lat"] < north
    assert client.get(f"{described['terrain']['url']}/layer.json").status_code == 200


def test_a_layer_says_why_it_has_no_tiles(tmp_path: Path) -> None:
    document = city({"a": (0.0, 0.0, 5.0), "b": (30.0, 0.0, 5.0)})
    document["CityObjects"]["b"] = {"type": "Road"}
    add_files(tmp_path / "x.twin", [write(tmp_path / "x.json", document)])
    client = TestClient(create_app(Settings(city=tmp_path / "x.twin")))
    states = {layer["id"]: layer["state"] for layer in client.get("/city").json()["layers"]}
    assert states == {"buildings": "untiled", "roads": "empty"}


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '"x"', '{"extras": 1}', '{"extras": {}}'])
def test_a_broken_tileset_is_told_and_harms_no_other_layer(content: str, tmp_path: Path) -> None:
    add_files(tmp_path / "x.twin", [write(tmp_path / "x.json", city({"a": (0.0, 0.0, 5.0)}))])
    (tmp_path / "x.twin" / "tiles" / "buildings").mkdir(parents=True)
    (tmp_path / "x.twin" / "tiles" / "buildings" / "tileset.json").write_text(content)
    client = TestClient(create_app(Settings(city=tmp_path / "x.twin")))
    (layer,) = client.get("/city").json()["layers"]
    assert (layer["state"], layer["url"], layer["attributes"]) == ("failed", None, [])
    assert "tileset.json" in layer["reason"]


def test_the_description_of_the_api_needs_no_other_host(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "://" not in page
    assert "<script" not in page
    assert all(path in page for path in client.get("/openapi.json").json()["paths"])
    assert client.get("/redoc").status_code == 404


def test_the_root_leads_people_to_the_viewer_and_programs_to_links(client: TestClient) -> None:
    page = client.get("/", headers={"accept": "text/html"})
    assert page.status_code in (302, 307)
    assert page.headers["location"] == "viewer/"
    assert "accept" in page.headers["vary"]
    links = client.get("/", headers={"accept": "application/json"}).json()["links"]
    for link in links:
        assert client.get(link["href"]).status_code == 200, link


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("Sejong", "Sejong"),
        ("{draft} Sejong", "{draft} Sejong"),
        ('{"ko": "세종", "en": "Sejong"}', {"ko": "세종", "en": "Sejong"}),
    ],
)
def test_a_city_has_a_title_in_one_language_or_two(tmp_path: Path, kept: str, told: object) -> None:
    create_city(tmp_path / "x.twin", crs="EPSG:5186", title=kept).close()
    client = TestClient(create_app(Settings(city=tmp_path / "x.twin")))
    assert client.get("/city").json()["title"] == told


def test_many_requests_at_once_are_answered(folder: Path) -> None:
    """A request's city passes between the threads of the server's pool."""

    async def ask() -> list[int]:
        app = ASGITransport(app=create_app(Settings(city=folder)))
        async with AsyncClient(transport=app, base_url="http://city") as client:
            paths = ["/objects/a", "/search?q=a", "/city", "/collections/buildings/items"] * 20
            return [answer.status_code for answer in await asyncio.gather(*map(client.get, paths))]

    assert set(asyncio.run(ask())) == {200}


# Search


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "a"),
        ("B/WITH", "b/with/slashes"),
        ("with space", "with space"),
        ("건물", "건물_1"),
        ("시청", "a"),
        ("100%", "100%"),
        ("50% &", "a"),
        ('said "50', "a"),
        ("it's \"q", 'it\'s "quoted"'),
        ("back\\s", "back\\slash"),
        ("1998", "a"),
    ],
)
def test_search_finds(text: str, expected: str, client: TestClient) -> None:
    results = client.get("/search", params={"q": text}).json()["results"]
    assert results[0]["id"] == expected
    assert len(results[0]["position"]) == 3
    assert text.casefold() in results[0]["matched"]["value"].casefold()


def test_search_takes_wildcards_as_they_are(client: TestClient) -> None:
    assert [r["id"] for r in client.get("/search", params={"q": "%"}).json()["results"]] == ["100%", "a"]
    assert [r["id"] for r in client.get("/search", params={"q": "x_y"}).json()["results"]] == ["건물_1"]
    assert client.get("/search", params={"q": "'; DROP TABLE object; --"}).json()["results"] == []
    assert len(client.get("/search", params={"q": "e", "limit": 2}).json()["results"]) == 2
