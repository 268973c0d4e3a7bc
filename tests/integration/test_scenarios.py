"""Scenarios by the command line and over HTTP, and the sun's answers to them on a small district."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from fastapi.testclient import TestClient
from shapely import LinearRing

from api import sun_desk
from api.app import create_app
from api.settings import Settings
from tests.gltf_validator import validate_bytes
from tests.integration.command_line import CRS, make_city, twin
from tests.unit.api.served import is_problem
from tests.unit.models import city, write
from tests.unit.scene_models import district
from twin import tokens
from twin.place import georeference
from twin.store import open_city

DAY = "2026-12-21"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return district(tmp_path_factory)


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    yield TestClient(create_app(Settings(city=folder, public_run=True)))


@pytest.fixture(scope="module")
def tall(folder: Path) -> tuple[str, list[float]]:
    """The tallest building: its id and its middle [degrees]."""
    with open_city(folder) as opened:
        index = opened.index("buildings")
        k = int(np.argmax(index.bounds[:, 5] - index.bounds[:, 2]))
        root = index.ids[k]
        while (stored := opened.object(root)) is not None and stored.parent:
            root = stored.parent
        x0, y0, z0, x1, y1, _ = index.bounds[k]
        middle = georeference(opened).to_geographic(np.array([[(x0 + x1) / 2, (y0 + y1) / 2, z0]]))[0]
    return root, middle.tolist()


def square(x: float, y: float, size: float = 20.0) -> dict[str, Any]:
    """A Polygon of about size [m], its south-western corner at longitude x, latitude y."""
    east, north = size / 91_000, size / 111_000
    ring = [[x, y], [x + east, y], [x + east, y + north], [x, y + north], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def south_of(middle: list[float], metres: float) -> dict[str, Any]:
    return square(middle[0] - 10 / 91_000, middle[1] - (metres + 20) / 111_000)


def test_the_command_line_edits_scenarios(tmp_path: Path) -> None:
    folder = make_city(tmp_path)
    done = json.loads(twin("scenario", "create", folder, "탑 하나", "--json").stdout)
    assert done["name"] == "탑 하나"
    assert "no scenario 'nix'" in twin("scenario", "show", folder, "nix").stderr
    model = write(tmp_path / "plan.json", city({"new": (15.0, 0.0, 30.0)}, CRS))
    assert twin("scenario", "add", folder, "탑 하나", model).stdout.strip() == "1 objects in 탑 하나"
    glb = tmp_path / "box.glb"
    glb.write_bytes(trimesh.Scene(trimesh.creation.box(extents=(5, 9, 5))).export(file_type="glb"))
    assert "--at" in twin("scenario", "add", folder, "1", glb).stderr
    with open_city(folder) as opened:
        lon, lat, _ = georeference(opened).to_geographic(np.array([[176_015.0, 282_004.0, 3.0]]))[0]
    added = twin("scenario", "add", folder, "1", glb, "--at", f"{lon},{lat}", "--id", "glb")
    assert added.returncode == 0, added.stderr
    shape = tmp_path / "shape.geojson"
    features = [{"type": "Feature", "geometry": square(lon, lat, 4), "properties": {"height": 8}}] * 2
    shape.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert twin("scenario", "add", folder, "1", shape).returncode == 0
    assert twin("scenario", "remove", folder, "1", "a", "b").returncode == 0
    assert twin("scenario", "remove", folder, "1", "b", "--restore").returncode == 0
    shown = json.loads(twin("scenario", "show", folder, "1", "--json").stdout)
    assert shown["objects"] == {
        "new": "added", "glb": "added", "planned-1": "added", "planned-2": "added", "a": "removed",
    }  # fmt: skip
    assert twin("scenario", "rename", folder, "1", "two").stdout.strip() == "scenario 1: two"
    assert "+4 ~0 -1" in twin("scenario", "list", folder).stdout
    assert twin("scenario", "delete", folder, "two").returncode == 0
    assert twin("scenario", "list", folder).stdout.strip() == "no scenarios"
    assert json.loads(twin("info", folder, "--json").stdout)["objects"] == {"Building": 3}


def test_scenarios_over_http(client: TestClient, tall: tuple[str, list[float]]) -> None:
    id, middle = tall
    made = client.post("/scenarios", json={"name": "http"})
    assert made.status_code == 201
    at = made.headers["location"]
    number = made.json()["id"]
    assert at.endswith(f"/scenarios/{number}")
    assert is_problem(client.post("/scenarios", json={"name": "http"}), 409)
    plan = {"footprint": south_of(middle, 60), "height": 30.0, "name": "새 건물"}
    for expected in ("planned", "planned-2"):
        answer = client.post(f"{at}/objects", json=plan)
        assert (answer.status_code, answer.json()) == (201, {"objects": [expected]})
    assert client.put(f"{at}/objects/planned", json={**plan, "height": 45.0}).status_code == 200
    assert client.delete(f"{at}/objects/{id}").status_code == 204
    box = trimesh.Scene(trimesh.creation.box(extents=(5, 9, 5))).export(file_type="glb")
    where = {"lon": middle[0], "lat": middle[1], "name": "glb"}
    headers = {"content-type": "model/gltf-binary"}
    assert client.post(f"{at}/objects", params=where, content=box, headers=headers).status_code == 201
    seen = client.get(at).json()
    assert (seen["added"], seen["removed"]) == (3, len(seen["removed_ids"]))
    assert id in seen["removed_ids"]
    one = client.get(f"{at}/objects/planned").json()
    assert (one["height"], one["name"], one["class"]) == (45.0, "새 건물", "Building")
    ring = np.array(one["footprint"]["coordinates"][0])
    assert ring.min(axis=0) == pytest.approx(
        np.array(plan["footprint"]["coordinates"][0]).min(axis=0), abs=1e-9
    )
    assert LinearRing(ring).is_ccw
    again = client.put(f"{at}/objects/planned", json={k: one[k] for k in ("footprint", "height", "base")})
    assert again.status_code == 200
    assert client.get(f"{at}/objects/planned").json()["base"] == pytest.approx(one["base"], abs=1e-3)
    assert client.delete(f"{at}/objects/{id}", params={"restore": True}).status_code == 204
    assert client.patch(at, json={"description": "better"}).json()["removed"] == 0
    assert client.get("/scenarios").json()["scenarios"][0]["description"] == "better"
    assert client.delete(at).status_code == 204
    assert is_problem(client.get(at), 404)


def test_bad_scenarios_are_refused(client: TestClient, tall: tuple[str, list[float]]) -> None:
    number = client.post("/scenarios", json={"name": "bad"}).json()["id"]
    at = f"/scenarios/{number}/objects"
    for body, status in (
        (b"{", 400),
        (b'{"footprint": {}, "height": 1}', 400),
        (json.dumps({"footprint": south_of(tall[1], 60), "height": -1}).encode(), 400),
        (json.dumps({"footprint": square(0, 0), "height": 5, "base": 1}).encode(), 400),
        (b"x" * (9 << 20), 413),
    ):
        assert is_problem(client.post(at, content=body, headers={"content-type": "application/json"}), status)
    wrong = {"content-type": "model/gltf-binary"}
    assert is_problem(client.post(at, content=b"glTF", headers=wrong), 400)
    assert is_problem(client.post(at, params={"lon": 1, "lat": 2}, content=b"glTF", headers=wrong), 400)
    gml = {"content-type": "application/gml+xml"}
    assert is_problem(client.post(at, content=b"<html/>", headers=gml), 400)
    assert is_problem(client.delete(f"{at}/nix"), 404)
    assert is_problem(client.get("/scenarios/999"), 404)
    assert client.get(f"/scenarios/{number}").json()["objects"] == []


def test_writing_needs_a_right(folder: Path) -> None:
    closed = TestClient(create_app(Settings(city=folder, public_run=False)))
    assert is_problem(closed.post("/scenarios", json={"name": "closed"}), 401)
    assert closed.get("/scenarios").status_code == 200
    reading = tokens.create(folder, ["sta:read"], "reader")
    assert is_problem(
        closed.post("/scenarios", json={"name": "x"}, headers={"Authorization": f"Bearer {reading}"}), 403
    )
    running = {"Authorization": f"Bearer {tokens.create(folder, ['run'], 'runner')}"}
    assert closed.post("/scenarios", json={"name": "open"}, headers=running).status_code == 201


def test_a_plan_takes_the_sun_of_its_neighbour(
    client: TestClient, tall: tuple[str, list[float]], tmp_path: Path
) -> None:
    id, middle = tall
    body = {"plan": {"footprint": south_of(middle, 25), "height": 90.0}, "date": DAY, "step": 30}
    answer = client.post("/sun/what-if", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    loss = {n["building"]: n["hours_before"] - n["hours_after"] for n in found["affected"]}
    assert loss[id] > 0.5
    assert 0 < found["points"]["computed"] < found["points"]["all"]
    assert [q["property"] for q in found["legend"]] == ["sun_hours", "sun_hours_change"]
    tileset = client.get(found["tileset"]).json()
    content = client.get(found["tileset"].replace("tileset.json", tileset["root"]["content"]["uri"]))
    assert content.headers["content-type"] == "model/gltf-binary"
    assert validate_bytes(content.content, tmp_path) == []
    moved = client.post(
        "/sun/what-if", json={**body, "plan": {**body["plan"], "footprint": south_of(middle, 60)}}
    ).json()
    farther = {n["building"]: n["hours_before"] - n["hours_after"] for n in moved["affected"]}
    assert farther.get(id, 0.0) < loss[id]
    ruled = client.post("/sun/what-if", json={**body, "rule": "korea"}).json()
    judged = {n["building"]: n for n in ruled["affected"]}[id]
    falls = [d for d in judged["dwellings"] if d["falls_because_of_plan"]]
    assert judged["falls"] == bool(falls)
    assert falls
    for dwelling in falls:
        assert dwelling["passes_before"] and not dwelling["passes_after"]
        assert dwelling["total_after"] < 4.0 and dwelling["spell_after"] < 2.0
        assert dwelling["position"][:2] == pytest.approx(middle[:2], abs=1e-3)
    assert is_problem(client.post("/sun/what-if", json={**body, "rule": "nix"}), 400)
    at = {"lon": middle[0], "lat": middle[1], "date": DAY, "azimuth": 180, "height": middle[2] + 3}
    ready = client.post("/sun/what-if", json={"at": middle[:2], "date": DAY, "step": 30}).json()
    assert (ready["affected"], ready["tileset"]) == ([], None)
    gone = client.post("/sun/what-if", json={"remove": [id], "date": DAY, "step": 30}).json()
    assert all(n["gain"] > 0 for n in gone["affected"])
    seen = client.get("/sun/path", params=at | {"answer": found["id"]}).json()
    assert len(seen["times"]) == len(seen["lit"]) == len(seen["elevation"])
    assert is_problem(client.get("/sun/path", params=at | {"answer": "nix"}), 404)


def test_the_path_at_a_point_with_a_scenario(client: TestClient, tall: tuple[str, list[float]]) -> None:
    _, middle = tall
    number = client.post("/scenarios", json={"name": "shade"}).json()["id"]
    place = {"lon": middle[0], "lat": middle[1] + 60 / 111_000, "date": DAY}
    free = client.get("/sun/path", params=place).json()
    assert free["timezone"] == "Asia/Seoul"
    assert free["sunrise"].startswith("2026-12-21T07:")
    assert free["longest_spell"] <= free["hours"]
    shade = {"footprint": square(middle[0] - 15 / 91_000, middle[1] + 20 / 111_000, 30.0), "height": 120.0}
    assert client.post(f"/scenarios/{number}/objects", json=shade).status_code == 201
    shaded = client.get("/sun/path", params=place | {"scenario": number}).json()
    assert shaded["hours"] < free["hours"]
    south = free["horizon"][90]
    assert south["azimuth"] == 180.0
    assert shaded["horizon"][90]["elevation"] > max(60.0, south["elevation"])
    assert client.get("/sun/path", params=place).json()["hours"] == free["hours"]
    assert is_problem(client.get("/sun/path", params=place | {"scenario": 999}), 404)


def test_a_large_city_is_looked_at_in_a_window(
    folder: Path, tall: tuple[str, list[float]], client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sun_desk, "WHOLE", 1_000)
    monkeypatch.setattr(sun_desk, "_TILE", 10.0)
    monkeypatch.setattr(sun_desk, "_AROUND", 30.0)
    id, middle = tall
    body = {"plan": {"footprint": south_of(middle, 25), "height": 90.0}, "date": DAY, "step": 30}
    part = TestClient(create_app(Settings(city=folder))).post("/sun/what-if", json=body).json()
    monkeypatch.undo()
    whole = client.post("/sun/what-if", json=body).json()
    assert any("farther" in note for note in part["notes"])
    assert part["points"]["all"] < whole["points"]["all"]
    loss = [
        next(n["hours_after"] for n in found["affected"] if n["building"] == id) for found in (part, whole)
    ]
    assert loss[0] == pytest.approx(loss[1], abs=0.5)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"date": DAY}, 400),
        ({"date": "yesterday", "at": [128.9, 35.1]}, 400),
        ({"date": "0001-01-01", "at": [128.9, 35.1]}, 400),
        ({"date": DAY, "remove": ["nix"]}, 404),
        ({"date": DAY, "plan": {"footprint": {"type": "Point"}, "height": 5}}, 400),
        ({"date": DAY, "plan": {"footprint": square(0, 0), "height": 5}}, 400),
        ({"date": DAY, "plan": {"footprint": square(128.9, 35.1), "height": 5e9}}, 400),
        ({"date": DAY, "at": [128.9, 35.1], "step": 7}, 400),
        ({"date": DAY, "at": [128.9, 35.1], "scenario": 999}, 404),
        ({"date": DAY, "at": [128.9, 35.1], "more": 1}, 400),
    ],
)
def test_what_cannot_be_answered_is_a_problem(client: TestClient, body: dict[str, Any], status: int) -> None:
    assert is_problem(client.post("/sun/what-if", json=body), status)
    assert is_problem(client.get("/sun/what-if/nix/tileset.json"), 404)


def test_a_city_of_before_gets_its_tables_at_the_first_scenario(tmp_path: Path) -> None:
    folder = make_city(tmp_path)
    opened = TestClient(create_app(Settings(city=folder, public_run=True)))
    assert opened.get("/scenarios").json() == {"scenarios": []}
    with sqlite3.connect(folder / "twin.db") as connection:
        names = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'scenario%' AND type = 'table'"
        assert connection.execute(names).fetchone() == (0,)
    assert opened.post("/scenarios", json={"name": "first"}).status_code == 201
