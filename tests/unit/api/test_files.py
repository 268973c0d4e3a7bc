"""Built files: ETag, ranges, compression, CORS, and nothing outside their folders."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import brotli
import pytest
from fastapi.testclient import TestClient

import api.files
import viewer
from api.app import create_app
from api.files import is_immutable, locate
from api.settings import Settings
from tests.unit.api.served import BOXES, is_problem
from twin import tokens

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


def test_a_file_that_a_build_removes_meanwhile_is_not_there(
    client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.files, "locate", lambda folder, name: folder / "gone.glb")
    assert is_problem(client.get("/tiles/gone.glb"), 404)


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


def test_tiles_of_readings_are_for_those_who_may_read_them(folder: Path) -> None:
    tileset = folder / "tiles" / "sensors" / "tileset.json"
    tileset.parent.mkdir(exist_ok=True)
    tileset.write_text("{}")
    paths = ("/tiles/sensors/tileset.json", "/tiles//sensors//tileset.json")
    token = tokens.create(folder, ["sta:read"], "reader", 1)
    with TestClient(create_app(Settings(city=folder, mqtt="off", public_read=False))) as closed:
        for path in paths:
            refused = closed.get(path)
            assert is_problem(refused, 401)
            assert refused.headers["www-authenticate"].startswith("Bearer")
            shown = closed.get(path, headers={"authorization": f"Bearer {token}"})
            assert (shown.status_code, shown.headers["cache-control"]) == (200, "private, no-cache")
            assert closed.get(path, headers={"if-none-match": "*"}).status_code == 401
        assert closed.get(TILESET).status_code == 200
    with TestClient(create_app(Settings(city=folder, mqtt="off"))) as public:
        assert public.get(paths[0]).status_code == 200
