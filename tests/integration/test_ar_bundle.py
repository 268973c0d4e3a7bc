"""The offline package: what is in it, that it agrees with the doors, and that its bytes stay the same."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from api.app import create_app
from api.routes import ar_bundle
from api.settings import Settings
from tests.gltf_validator import validate_bytes
from tests.integration.ar_place import mesh_of
from tests.integration.live_server import serving
from tests.unit.ar_models import at, street
from tests.unit.sensor_models import datastreams_of, read
from tiles.read import read_glb
from twin.observations.store import open_observations

TIME = (datetime.now(UTC) - timedelta(minutes=10)).isoformat(timespec="seconds")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return street(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def client(city: Path) -> Iterator[httpx.Client]:
    settings = Settings(city=city, mqtt="off")
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


def fetched(client: httpx.Client, city: Path, **more: Any) -> tuple[httpx.Response, dict[str, bytes]]:
    answer = client.get("/ar/bundle", params={**at(city, 0, 0), "radius": 100, "height": 35, **more})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        return answer, {name: archive.read(name) for name in archive.namelist()}


def test_the_manifest_says_what_is_in_it(client: httpx.Client, city: Path) -> None:
    answer, files = fetched(client, city)
    manifest = json.loads(files.pop("manifest.json"))
    assert (manifest["format"], manifest["version"]) == ("citytwin-ar-bundle", 1)
    assert list(files) == ["scene.glb", "occlusion.glb", "anchors.json", "attributes.json", "values.json"]
    assert [f["path"] for f in manifest["files"]] == list(files)
    for told in manifest["files"]:
        body = files[told["path"]]
        assert (told["bytes"], told["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
    assert manifest["origin"]["height"] == 35.0
    assert manifest["origin"]["axes"].startswith("glTF: +X east, +Y up, +Z south")
    assert manifest["left_out"] == {"objects": 0, "anchors": 0}
    sources = {s["name"]: s["title"] for s in manifest["sources"]}
    assert sources == {"source.json": "A street", "terrain.tif": None}
    assert abs(datetime.fromisoformat(manifest["time"]).timestamp() - time.time()) < 3600
    assert answer.headers["ar-origin"].endswith("35.0000")


def test_it_agrees_with_the_doors(client: httpx.Client, city: Path, tmp_path: Path) -> None:
    _, files = fetched(client, city)
    asked: dict[str, Any] = {**at(city, 0, 0), "radius": 100, "height": 35}
    for name in ("scene", "occlusion"):
        glb = files[f"{name}.glb"]
        assert not [line for line in validate_bytes(glb, tmp_path) if line.startswith("error")]
        door = client.get(f"/ar/{name}", params=asked).content
        assert np.allclose(mesh_of(glb).bounds, mesh_of(door).bounds)
    anchors = client.get("/ar/anchors", params=asked).json()
    packed = json.loads(files["anchors.json"])
    assert [a["id"] for a in packed["anchors"]] == [a["id"] for a in anchors["anchors"]]
    assert packed["anchors"][0]["geopose"] == anchors["anchors"][0]["geopose"]
    attributes = json.loads(files["attributes.json"])
    assert set(read_glb(files["scene.glb"]).table()["id"]) <= set(attributes)
    for id, told in attributes.items():
        one = client.get(f"/objects/{id}").json()
        assert (one["class"], one["attributes"]) == (told["class"], told["attributes"])
    values = json.loads(files["values.json"])
    sound = next(s for s in values["sensors"] if s["name"] == "sound")
    assert sound["datastreams"][0]["value"] == 4.1


def test_same_questions_bring_the_same_bytes_and_new_readings_others(
    client: httpx.Client, city: Path, tmp_path: Path
) -> None:
    asked = {"time": TIME}
    first, files = fetched(client, city, **asked)
    again, _ = fetched(client, city, **asked)
    assert again.content == first.content
    params: dict[str, Any] = {**at(city, 0, 0), "radius": 100, "height": 35, **asked}
    known = client.get("/ar/bundle", params=params, headers={"If-None-Match": first.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    part = client.get("/ar/bundle", params=params, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, first.content[10:20])
    # another server makes the same bytes of the same city
    with serving(create_app(Settings(city=city, mqtt="off"))) as url:
        assert httpx.get(f"{url}/ar/bundle", params=params, timeout=60).content == first.content
    assert json.loads(files["values.json"])["time"] == datetime.fromisoformat(TIME).isoformat().replace(
        "+00:00", "Z"
    )
    with open_observations(city) as obs:
        with obs.connection() as connection:
            (thing,) = connection.execute("SELECT id FROM things WHERE name = 'sound'").fetchone()
        earlier = int(datetime.fromisoformat(TIME).timestamp()) - 60
        read(obs, datastreams_of(obs, thing)[0], [earlier], [3.3])
    changed, files = fetched(client, city, **asked)
    assert changed.headers["etag"] != first.headers["etag"]
    sound = next(s for s in json.loads(files["values.json"])["sensors"] if s["name"] == "sound")
    assert sound["datastreams"][0]["value"] == 3.3, "readings after the time asked for do not count"


def test_an_empty_place_is_a_bundle_that_says_so(client: httpx.Client, city: Path) -> None:
    answer = client.get("/ar/bundle", params={**at(city, 70, -150), "radius": 5, "height": 35})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert json.loads(archive.read("attributes.json")) == {}
        assert json.loads(archive.read("anchors.json"))["anchors"] == []
    assert manifest["scene"]["empty"] is True


def test_one_that_is_too_large_is_refused(
    client: httpx.Client, city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ar_bundle, "LARGEST_BUNDLE", 1000)
    answer = client.get("/ar/bundle", params={**at(city, 1, 1), "radius": 100})
    assert answer.status_code == 413
    assert "smaller radius" in answer.json()["detail"]


def test_a_bad_time_is_refused(client: httpx.Client, city: Path) -> None:
    answer = client.get("/ar/bundle", params={**at(city, 0, 0), "time": "yesterday"})
    assert (answer.status_code, "time" in answer.text) == (400, True)
