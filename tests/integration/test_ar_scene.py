"""Scenes for augmented reality: where things stand in them, how large they are, what is refused."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.responses import Response

from api.app import create_app
from api.routes.ar import told
from api.settings import Settings
from citygml.crs import Georeference, choose_heights, frame_matrix, geographic_to_ecef, parse
from citygml.geoid import undulation
from tests.gltf_validator import validate_bytes
from tests.integration.ar_place import here, mesh_of
from tests.integration.live_server import serving
from tests.unit.models import box, city, write
from tiles.ar.neighbourhood import Neighbourhood
from tiles.ar.origin import Origin, origin_at
from tiles.ar.scene import scene
from tiles.read import read_glb
from twin.ingest import add_files
from twin.store import open_city


def city_at(folder: Path, crs: str, x: float, y: float, z: float = 20.0) -> Path:
    """A city of three buildings around a place of some coordinate system."""
    document = city({"a": (0.0, 0.0, 5.0), "b": (30.0, 0.0, 9.0), "c d/한": (60.0, 0.0, 20.0)}, crs=crs)
    corners = [v for k in range(3) for v in box(x + 30.0 * k, y, z, 10, 8, (5.0, 9.0, 20.0)[k])]
    document["vertices"] = [[round(c * 1000) for c in corner] for corner in corners]
    add_files(folder / "x.twin", [write(folder / "source.json", document)])
    return folder / "x.twin"


PLACES = {
    "Busan": ("EPSG:5187+5193", 176_000.0, 282_000.0),
    "Sydney, south of the equator": ("EPSG:7856+5711", 334_000.0, 6_251_000.0),
    "at the edge of a UTM zone, 12° E": ("EPSG:25832+7837", 697_000.0, 5_400_000.0),
    "beyond the edge of a UTM zone": ("EPSG:25833+7837", 276_000.0, 5_400_000.0),
    "Seattle, feet above the sea": ("EPSG:32148+5703", 387_000.0, 68_000.0),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return city_at(tmp_path_factory.mktemp("ar"), *PLACES["Busan"])


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    settings = Settings(city=folder, mqtt="off")
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


def header(glb: bytes) -> dict[str, Any]:
    size = struct.unpack("<I", glb[12:16])[0]
    document: dict[str, Any] = json.loads(glb[20 : 20 + size])
    return document


def ecef_of(glb: bytes) -> np.ndarray[Any, Any]:
    """Positions of a scene in ECEF, by what its extras say of its frame."""
    told = header(glb)["asset"]["extras"]["origin"]
    frame = frame_matrix(np.array([told["longitude"], told["latitude"], told["height"]]))
    x, y, z = mesh_of(glb).vertices.T
    return np.column_stack([x, -z, y]) @ frame[:3, :3].T + frame[:3, 3]


def apart(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> float:
    """The greatest distance of a point of a from the nearest of b [m]."""
    return float(np.linalg.norm(a[:, None] - b[None], axis=2).min(axis=1).max())


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("compression", ["draco", "none"])
def test_positions_are_those_of_the_source(tmp_path: Path, where: str, compression: str) -> None:
    folder = city_at(tmp_path, *PLACES[where])
    longitude, latitude, source = here(folder)
    app = create_app(Settings(city=folder, mqtt="off"))
    with serving(app) as url:
        asked: dict[str, Any] = {"lon": longitude, "lat": latitude, "radius": 200, "compression": compression}
        glb = httpx.get(f"{url}/ar/scene", params=asked).content
    drawn = ecef_of(glb)
    print(f"{where}, {compression}: {apart(drawn, source) * 100:.2f} cm")
    assert apart(drawn, source) < 0.05
    assert apart(source, drawn) < 0.05


def test_features_lead_to_objects(client: httpx.Client, folder: Path, tmp_path: Path) -> None:
    longitude, latitude, _ = here(folder)
    answer = client.get("/ar/scene", params={"lon": longitude, "lat": latitude, "compression": "none"})
    assert answer.headers["content-type"] == "model/gltf-binary"
    assert not [line for line in validate_bytes(answer.content, tmp_path) if line.startswith("error")]
    ids = read_glb(answer.content).table()["id"]
    assert set(ids) == {"a", "b", "c d/한"}
    for id in ids:
        assert client.get(f"/objects/{id}").json()["id"] == id
    assert json.loads(answer.headers["ar-about"])["features"] == 3


def test_heights_above_the_ellipsoid_and_above_the_sea(client: httpx.Client, folder: Path) -> None:
    longitude, latitude, source = here(folder)
    geoid = float(undulation(longitude, latitude))

    def lowest(**height: Any) -> float:
        glb = client.get("/ar/scene", params={"lon": longitude, "lat": latitude, **height}).content
        return float(mesh_of(glb).vertices[:, 1].min())

    # the buildings stand at 20 m above the sea
    assert lowest(height=20.0, datum="orthometric") == pytest.approx(0.0, abs=0.02)
    assert lowest(height=20.0, datum="EPSG:5773") == pytest.approx(0.0, abs=0.02)
    assert lowest(height=20.0) == pytest.approx(geoid, abs=0.02)
    assert lowest() == pytest.approx(0.0, abs=0.02), "without a height the frame stands on the ground"
    answer = client.get("/ar/scene", params={"lon": longitude, "lat": latitude, "height": 55.5})
    told = header(answer.content)["asset"]["extras"]["origin"]
    assert told["height"] == 55.5
    assert told["geoid_offset"] == pytest.approx(geoid, abs=1e-3)
    assert told["orthometric_height"] == pytest.approx(55.5 - geoid, abs=1e-3)
    assert answer.headers["ar-origin"] == f"{latitude:.9f},{longitude:.9f},55.5000"
    assert answer.headers["ar-geoid-offset"] == f"{geoid:.4f} (EGM96)"
    ground = geographic_to_ecef(np.array([[longitude, latitude, 20.0 + geoid]]))
    assert np.linalg.norm(source.mean(axis=0) - ground) < 20


def test_no_more_bytes_than_asked_for(client: httpx.Client, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dense.twin"
    add_files(folder, [data / "citygml/nrw-aachen/LoD2_32_280_5657_1_NW.gml"])
    longitude, latitude, _ = here(folder)
    with serving(create_app(Settings(city=folder, mqtt="off"))) as url:

        def asked(**how: Any) -> tuple[int, dict[str, Any]]:
            answer = httpx.get(
                f"{url}/ar/scene",
                params={"lon": longitude, "lat": latitude, "radius": 1000, "compression": "none", **how},
            )
            return len(answer.content), json.loads(answer.headers["ar-about"])

        whole, about = asked()
        assert about["left_out"] == 0
        assert about["tolerance"] == 0
        for limit in (whole - 1, whole // 2, 10_000):
            size, about = asked(max_bytes=limit)
            assert size <= limit
            assert about["tolerance"] > 0
        assert about["left_out"] > 0


def test_what_does_not_fit_at_all_is_counted(folder: Path) -> None:
    longitude, latitude, _ = here(folder)
    with open_city(folder) as opened:
        around = Neighbourhood(opened)
        origin = origin_at(around.place, longitude, latitude, 50.0, "ellipsoid", lambda lon, lat: None)
        made = scene(opened, around, origin, 200.0, max_bytes=500)
    assert (made.features, made.about["left_out"], made.about["empty"]) == ([], 3, True)


HEIGHTS = {
    "ellipsoidal": ("EPSG:4979", None, 0.0, "WGS 84"),
    "local": ("LOCAL", (129.0, 35.1, 12.5), 12.5, "local"),
}


@pytest.mark.parametrize("kind", HEIGHTS)
def test_heights_of_the_city_s_own_need_be_above_no_sea(kind: str) -> None:
    crs, anchor, zero, name = HEIGHTS[kind]
    parsed = parse(crs)
    place = Georeference(parsed, choose_heights(parsed, [[129.0, 35.0], [129.1, 35.1]]), anchor)
    origin = origin_at(place, 129.0, 35.1, 20.0, "orthometric", lambda lon, lat: None)
    assert origin.geoid_model == name
    assert origin.geoid == pytest.approx(zero, abs=1e-6)
    assert origin.height == pytest.approx(20.0 + zero, abs=1e-6)


def test_headers_are_told_whatever_the_grid_is_called() -> None:
    origin = Origin(129.0, 35.0, 50.0, 29.1, "지오이드.tif")
    answer = Response(headers=told(origin, {"origin": {}, "layers": ["나무"]}))
    assert answer.headers["ar-geoid-offset"] == "29.1000 (????.tif)"
    assert json.loads(answer.headers["ar-about"]) == {"layers": ["나무"]}


def test_a_client_that_has_it_gets_no_bytes(client: httpx.Client, folder: Path) -> None:
    longitude, latitude, _ = here(folder)
    asked = {"lon": longitude, "lat": latitude}
    first = client.get("/ar/scene", params=asked)
    again = client.get("/ar/scene", params=asked, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    part = client.get("/ar/scene", params=asked, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"glTF")
    assert part.headers["content-range"] == f"bytes 0-3/{len(first.content)}"
    last = client.get("/ar/scene", params=asked, headers={"Range": "bytes=-5"})
    assert last.content == first.content[-5:]
    beyond = client.get("/ar/scene", params=asked, headers={"Range": "bytes=999999999-"})
    assert beyond.status_code == 416
    ignored = client.get("/ar/scene", params=asked, headers={"Range": f"bytes=0-{'9' * 5000}"})
    assert (ignored.status_code, ignored.content) == (200, first.content)
    crossed = client.get("/ar/scene", params=asked, headers={"Origin": "https://ar.example"})
    assert crossed.headers["access-control-allow-origin"] == "*"
    assert "AR-Origin" in crossed.headers["access-control-expose-headers"]


def test_an_empty_place_says_so(client: httpx.Client, folder: Path, tmp_path: Path) -> None:
    longitude, latitude, _ = here(folder)
    between = longitude - 15 / 111_320 / np.cos(np.radians(latitude))  # the gap is 20 m wide
    answer = client.get("/ar/scene", params={"lon": between, "lat": latitude, "radius": 5})
    assert answer.status_code == 200
    assert json.loads(answer.headers["ar-about"])["empty"] is True
    assert not [line for line in validate_bytes(answer.content, tmp_path) if line.startswith("error")]


@pytest.mark.parametrize(
    ("wrong", "status", "why"),
    [
        ({"lat": 0.0, "lon": 0.0}, 404, "outside of the city"),
        ({"radius": 50_000}, 400, "radius"),
        ({"radius": "nan"}, 400, "radius"),
        ({"lat": "nan"}, 400, "lat"),
        ({"lat": 91}, 400, "lat"),
        ({"height": "inf"}, 400, "height"),
        ({"datum": "EPSG:9999"}, 400, "no vertical datum"),
        ({"height": 3, "datum": "sea"}, 400, "'sea' is none of ellipsoid"),
        ({"height": 3, "datum": "EPSG:5193"}, 400, "PROJ lacks the grid"),
        ({"height": 3, "datum": "EPSG:4326"}, 400, "no vertical datum"),
        ({"layers": "buildings,castles"}, 404, "no layer 'castles'"),
        ({"max_bytes": 10}, 400, "max_bytes"),
    ],
)
def test_what_is_refused(
    client: httpx.Client, folder: Path, wrong: dict[str, Any], status: int, why: str
) -> None:
    longitude, latitude, _ = here(folder)
    answer = client.get("/ar/scene", params={"lon": longitude, "lat": latitude, **wrong})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert why in answer.text
