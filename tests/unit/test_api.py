"""The HTTP door: the city, its objects and features, errors as problems, and files below their folders."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import brotli
import pytest
from fastapi.testclient import TestClient
from httpx import ASGITransport, AsyncClient

import viewer
from api.app import create_app
from api.files import is_immutable, locate
from api.settings import Settings
from tests.unit.models import city, write
from tiles.build import build
from twin.ingest import AddOptions, add_files
from twin.store import create_city

BOXES = {
    "a": (0.0, 0.0, 5.0),
    "b/with/slashes": (30.0, 0.0, 9.0),
    "with space": (60.0, 0.0, 20.0),
    "건물_1": (90.0, 0.0, 20.0),
    "100%": (120.0, 0.0, 7.0),
    'it\'s "quoted"': (150.0, 0.0, 7.0),
    "history": (180.0, 0.0, 7.0),
    "back\\slash": (210.0, 0.0, 7.0),
    "question?mark#hash": (240.0, 0.0, 7.0),
}
ATTRIBUTES = {
    "a": {"name": "부산시청", "note": 'he said "50% & more"', "year": 1998},
    "with space": {"name": "100 percent"},
    "건물_1": {"tags": ["x_y", "xzy"]},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("api")
    source = write(base / "source.json", city(BOXES, attributes=ATTRIBUTES))
    add_files(base / "x.twin", [source], AddOptions(at=datetime(2024, 1, 1, tzinfo=UTC)))
    write(source, city({**BOXES, "b/with/slashes": (30.0, 0.0, 12.0)}, attributes=ATTRIBUTES))
    add_files(base / "x.twin", [source], AddOptions(at=datetime(2025, 1, 1, tzinfo=UTC)))
    build(base / "x.twin")
    (base / "secret.txt").write_text("secret")
    (base / "x.twin" / "tiles" / "link.json").symlink_to(base / "secret.txt")
    (base / "x.twin" / "tiles" / ".hidden.json").write_text("{}")
    (base / "x.twin" / "tiles" / "large.bin").write_bytes(bytes(range(256)) * (9 << 12))
    return base / "x.twin"


@pytest.fixture
def client(folder: Path) -> TestClient:
    return TestClient(create_app(Settings(city=folder)), follow_redirects=False)


def is_problem(response, status: int) -> bool:
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code == body["status"] == status
    assert set(body) <= {"type", "title", "status", "detail"}
    return True


# The city


def test_health(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok", "objects": len(BOXES)}


def test_a_broken_city_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    client = TestClient(create_app(Settings(city=tmp_path / "nowhere")))
    for path in ("/health", "/city", "/objects/a", "/collections"):
        assert is_problem(client.get(path), 503)
    assert is_problem(client.get("/tiles/buildings/tileset.json"), 404)


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


def test_the_root_leads_people_to_the_viewer_and_programs_to_links(client: TestClient) -> None:
    page = client.get("/", headers={"accept": "text/html"})
    assert page.status_code in (302, 307)
    assert page.headers["location"] == "viewer/"
    links = client.get("/", headers={"accept": "application/json"}).json()["links"]
    for link in links:
        assert client.get(link["href"]).status_code == 200, link


# Objects


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


# Features


def test_following_next_gives_every_object_once(client: TestClient) -> None:
    seen: list[str] = []
    url = "/collections/buildings/items?limit=4"
    for _ in range(10):
        page = client.get(url).json()
        assert page["numberMatched"] == len(BOXES)
        assert page["numberReturned"] == len(page["features"]) <= 4
        seen += [feature["id"] for feature in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        (url,) = following
    assert sorted(seen) == sorted(BOXES)
    (before,) = [link["href"] for link in page["links"] if link["rel"] == "prev"]
    assert [f["id"] for f in client.get(before).json()["features"]] == seen[4:8]


def test_features_have_outlines_in_degrees(client: TestClient) -> None:
    response = client.get(f"/collections/buildings/items/{quote('b/with/slashes', safe='')}")
    assert response.headers["content-type"] == "application/geo+json"
    feature = response.json()
    assert feature["geometry"]["type"] == "Polygon"
    ring = feature["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    west, south, east, north = client.get("/city").json()["bbox"]
    assert all(west - 1e-6 <= x <= east + 1e-6 and south - 1e-6 <= y <= north + 1e-6 for x, y in ring)
    assert feature["properties"]["measuredHeight"] == 12.0


def test_a_box_chooses_features(client: TestClient) -> None:
    west, south, east, north = client.get("/city").json()["bbox"]
    third = west + (east - west) * 0.3

    def inside(*box: float) -> set[str]:
        text = ",".join(map(str, box))
        return {f["id"] for f in client.get(f"/collections/buildings/items?bbox={text}").json()["features"]}

    assert inside(west, south, east, north) == set(BOXES)
    assert inside(west, south, third, north) == {"a", "b/with/slashes", "with space"}
    assert inside(west, south, -100, third, north, 100) == {"a", "b/with/slashes", "with space"}
    assert inside(east + 1, south, east + 2, north) == set()


def test_paging_keeps_the_box(client: TestClient) -> None:
    west, south, east, north = client.get("/city").json()["bbox"]
    third = west + (east - west) * 0.3
    page = client.get(f"/collections/buildings/items?limit=2&bbox={west},{south},{third},{north}").json()
    (url,) = [link["href"] for link in page["links"] if link["rel"] == "next"]
    assert [f["id"] for f in client.get(url).json()["features"]] == ["with space"]


def test_collections_link_to_their_items(client: TestClient) -> None:
    (collection,) = client.get("/collections").json()["collections"]
    assert collection["id"] == "buildings"
    items = next(link["href"] for link in collection["links"] if link["rel"] == "items")
    assert client.get(items).json()["numberMatched"] == len(BOXES)
    assert client.get("/collections/buildings").json()["id"] == "buildings"
    assert any(c.endswith("/core") for c in client.get("/conformance").json()["conformsTo"])


# Files


TILESET = "/tiles/buildings/tileset.json"


def test_files_are_checked_by_their_etag(client: TestClient, folder: Path) -> None:
    whole = client.get(TILESET)
    assert whole.headers["content-type"] == "application/json"
    assert whole.headers["cache-control"] == "public, no-cache"
    etag = whole.headers["etag"]
    for tags in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        known = client.get(TILESET, headers={"if-none-match": tags})
        assert (known.status_code, known.content) == (304, b"")
        assert known.headers["etag"] == etag
    assert client.get(TILESET, headers={"if-none-match": '"other"'}).status_code == 200
    os.utime(folder / "tiles/buildings/tileset.json", (1, 1))
    assert client.get(TILESET, headers={"if-none-match": etag}).status_code == 200


def test_ranges(client: TestClient) -> None:
    whole = client.get(TILESET).content
    for asked, expected in (
        ("bytes=0-9", whole[:10]),
        ("bytes=10-", whole[10:]),
        ("bytes=-5", whole[-5:]),
        (f"bytes=5-{len(whole) + 100}", whole[5:]),
    ):
        part = client.get(TILESET, headers={"range": asked})
        assert (part.status_code, part.content) == (206, expected)
        assert part.headers["content-range"].endswith(f"/{len(whole)}")
        assert "content-encoding" not in part.headers
    beyond = client.get(TILESET, headers={"range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("br, gzip", "br"),
        ("gzip", "gzip"),
        ("gzip;q=0.5, br;q=0", "gzip"),
        ("br;q=0.1", "br"),
        ("identity", ""),
        ("br;q=0, gzip;q=0", ""),
        ("", ""),
    ],
)
def test_text_is_compressed_as_the_client_can_read_it(
    accepted: str, coding: str, client: TestClient, folder: Path
) -> None:
    plain = (folder / "tiles/buildings/tileset.json").read_bytes()
    with client.stream("GET", TILESET, headers={"accept-encoding": accepted}) as response:
        raw = b"".join(response.iter_raw())
    assert response.headers.get("content-encoding", "") == coding
    assert "accept-encoding" in response.headers["vary"].lower()
    assert int(response.headers["content-length"]) == len(raw)
    unpacked = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[coding](raw)
    assert unpacked == plain


def test_api_answers_are_compressed_too(client: TestClient) -> None:
    response = client.get("/collections/buildings/items", headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    assert response.json()["numberMatched"] == len(BOXES)


def test_contents_named_by_their_digest_never_change(client: TestClient, folder: Path) -> None:
    glb = next((folder / "tiles/buildings").glob("*.glb"))
    response = client.get(f"/tiles/buildings/{glb.name}")
    assert response.headers["content-type"] == "model/gltf-binary"
    assert "immutable" in response.headers["cache-control"]
    assert response.content == glb.read_bytes()
    assert "content-encoding" not in response.headers
    assert "immutable" not in client.get("/terrain/layer.json").headers["cache-control"]


def test_head_gives_the_headers_alone(client: TestClient) -> None:
    whole = client.get(TILESET, headers={"accept-encoding": "identity"})
    head = client.head(TILESET, headers={"accept-encoding": "identity"})
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "etag", "content-type", "cache-control"):
        assert head.headers[name] == whole.headers[name]
    assert client.head("/tiles/absent.json").content == b""


def test_any_site_may_read(client: TestClient, folder: Path) -> None:
    origin = {"origin": "https://elsewhere.example"}
    for path in (TILESET, "/city", "/objects/absent", "/tiles/absent.json", "/collections"):
        assert client.get(path, headers=origin).headers["access-control-allow-origin"] == "*"
    assert client.get(TILESET, headers={**origin, "range": "bytes=0-3"}).headers[
        "access-control-allow-origin"
    ] == "*"  # fmt: skip
    asked = {**origin, "access-control-request-method": "GET", "access-control-request-headers": "range"}
    for path in (TILESET, "/city"):
        answer = client.options(path, headers=asked)
        assert answer.status_code in (200, 204)
        assert answer.headers["access-control-allow-origin"] == "*"


def test_only_named_sites_may_read_when_sites_are_named(folder: Path) -> None:
    client = TestClient(create_app(Settings(city=folder, cors_origins=["https://mine.example"])))
    for path in (TILESET, "/city"):
        mine = client.get(path, headers={"origin": "https://mine.example"})
        other = client.get(path, headers={"origin": "https://other.example"})
        assert mine.headers["access-control-allow-origin"] == "https://mine.example"
        assert "access-control-allow-origin" not in other.headers
        assert "origin" in mine.headers["vary"].lower()


@pytest.mark.parametrize(
    "path",
    [
        "/tiles/../twin.db",
        "/tiles/%2e%2e/twin.db",
        "/tiles/..%2ftwin.db",
        "/tiles/%2e%2e%2ftwin.db",
        "/tiles/buildings/../../twin.db",
        "/tiles/buildings/%2e%2e/%2e%2e/twin.db",
        "/tiles/..\\twin.db",
        "/tiles/..%5ctwin.db",
        "/tiles//etc/passwd",
        "/tiles/%2fetc%2fpasswd",
        "/tiles/%00",
        "/tiles/a%00.json",
        "/tiles/.lock",
        "/tiles/.hidden.json",
        "/tiles/terrain/.made",
        "/terrain/.made",
        "/tiles/link.json",
        "/tiles/buildings",
        "/tiles/buildings/",
        "/tiles/" + "x" * 5000,
        "/viewer/../api.py",
        "/viewer/%2e%2e/__init__.py",
    ],
)
def test_nothing_outside_the_folders_is_served(path: str, client: TestClient) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert b"secret" not in response.content
    assert b"SQLite" not in response.content


def test_names_that_no_client_sends_but_an_attacker_may(folder: Path) -> None:
    tiles = (folder / "tiles").resolve()
    assert locate(tiles, "buildings/tileset.json") == tiles / "buildings/tileset.json"
    for name in ("../twin.db", "buildings/../../twin.db", "/etc/passwd", "..", ".", "a/..", "\0", "..\\x"):
        assert locate(tiles, name) is None


def test_a_large_file_is_streamed_and_not_kept(client: TestClient, folder: Path) -> None:
    whole = (folder / "tiles/large.bin").read_bytes()
    assert len(whole) > 8 << 20
    with client.stream("GET", "/tiles/large.bin") as response:
        assert b"".join(response.iter_raw()) == whole
    assert response.headers["content-length"] == str(len(whole))
    assert response.headers["access-control-allow-origin"] == "*"
    part = client.get("/tiles/large.bin", headers={"range": "bytes=9000000-9000009"})
    assert (part.status_code, part.content) == (206, whole[9_000_000:9_000_010])
    assert client.head("/tiles/large.bin").content == b""


def test_a_rebuilt_file_is_not_answered_from_memory(client: TestClient, folder: Path) -> None:
    path = folder / "tiles" / "changing.json"
    for number in (1, 2):
        path.write_text(json.dumps({"number": number}))
        os.utime(path, ns=(number, number))
        assert client.get("/tiles/changing.json").json() == {"number": number}


def test_the_viewer_is_at_its_folder(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>viewer</title>")
    (tmp_path / "assets" / "index-B1aC_d-9.js").write_text("1")
    monkeypatch.setattr(viewer, "STATIC", tmp_path)
    client = TestClient(create_app(Settings(city=folder)))
    page = client.get("/viewer")
    assert str(page.url).endswith("/viewer/")
    assert page.text == "<title>viewer</title>"
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "public, no-cache"
    assert "immutable" in client.get("/viewer/assets/index-B1aC_d-9.js").headers["cache-control"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("buildings/10-3-4-leaf.0123456789abcdef.glb", True),
        ("buildings/0123456789abcdef/content/2/1/3.glb", True),
        ("buildings/0123456789abcdef/subtrees/0/0/0.subtree", True),
        ("assets/index-B1aC_d-9.js", True),
        ("buildings/tileset.json", False),
        ("buildings/10-3-4-leaf.glb", False),
        ("buildings/10-3-4-leaf.0123456789abcde.glb", False),
        ("terrain/13/2/1.terrain", False),
        ("index.html", False),
        ("cesium/index-B1aC_d-9.js", False),
    ],
)
def test_only_what_a_digest_names_is_immutable(name: str, expected: bool) -> None:
    assert is_immutable(name) is expected


def test_many_requests_at_once_are_answered(folder: Path) -> None:
    """A request's city passes between the threads of the server's pool."""

    async def ask() -> list[int]:
        app = ASGITransport(app=create_app(Settings(city=folder)))
        async with AsyncClient(transport=app, base_url="http://city") as client:
            paths = ["/objects/a", "/search?q=a", "/city", "/collections/buildings/items"] * 20
            return [answer.status_code for answer in await asyncio.gather(*map(client.get, paths))]

    assert set(asyncio.run(ask())) == {200}


@pytest.mark.parametrize(
    ("period", "heights"),
    [
        ("2024-06-01T00:00:00Z", [9.0]),
        ("2025-06-01T00:00:00Z", [12.0]),
        ("2023-06-01T00:00:00Z", []),
        ("2024-06-01T00:00:00Z/2025-06-01T00:00:00Z", [9.0, 12.0]),
        ("../2024-06-01T00:00:00Z", [9.0]),
        ("2025-06-01T00:00:00Z/..", [12.0]),
    ],
)
def test_items_of_a_time(client: TestClient, period: str, heights: list[float]) -> None:
    answer = client.get("/collections/buildings/items", params={"datetime": period}).json()
    found = [f for f in answer["features"] if f["id"] == "b/with/slashes"]
    assert [f["properties"]["measuredHeight"] for f in found] == heights


@pytest.mark.parametrize("query", ["datetime=yesterday", "datetime=..", "datetime=1/2/3", "colour=red"])
def test_what_items_cannot_answer_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/collections/buildings/items?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


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


@pytest.mark.parametrize(
    ("kept", "told"),
    [("Sejong", "Sejong"), ('{"ko": "세종", "en": "Sejong"}', {"ko": "세종", "en": "Sejong"})],
)
def test_a_city_has_a_title_in_one_language_or_two(tmp_path: Path, kept: str, told: object) -> None:
    create_city(tmp_path / "x.twin", crs="EPSG:5186", title=kept).close()
    client = TestClient(create_app(Settings(city=tmp_path / "x.twin")))
    assert client.get("/city").json()["title"] == told
