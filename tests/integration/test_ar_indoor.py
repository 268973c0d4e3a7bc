"""Inside of a building: a floor of Pusan National University as IndoorGML, and rooms of a house."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import shapely
import shapely.geometry
from lxml import etree

from api.app import create_app
from api.settings import Settings
from tests.integration.ar_place import mesh_of
from tests.integration.live_server import serving
from tests.unit.models import city as city_of_boxes
from tests.unit.models import write
from tests.unit.sensor_models import ORIGIN
from twin import indoor
from twin.indoor import Indoor
from twin.ingest import AddOptions, add_files
from twin.place import georeference
from twin.store import open_city

FILE = "indoorgml/pnu-201/201.gml"
ANCHOR = (129.08, 35.23, 60.0)
CORE = "{http://www.opengis.net/indoorgml/1.0/core}"
HREF = "{http://www.w3.org/1999/xlink}href"
ID = "{http://www.opengis.net/gml/3.2}id"
ROOM = (119.0, 257.0)
"""In cell C6, on the first storey, in the file's coordinates."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    folder = tmp_path_factory.mktemp("indoor") / "x.twin"
    add_files(folder, [data / FILE], AddOptions(anchor=ANCHOR))
    return folder


@pytest.fixture(scope="module")
def client(city: Path) -> Iterator[httpx.Client]:
    settings = Settings(city=city, mqtt="off")
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


def asked(city: Path, x: float, y: float, z: float) -> dict[str, float]:
    """A place in the file's coordinates as the door takes it."""
    with open_city(city) as opened:
        place = georeference(opened).to_geographic(np.array([[x, y, z]]))[0]
    return dict(zip(("lon", "lat", "height"), place.tolist(), strict=True))


def targets(feature: etree._Element, name: str) -> list[str]:
    return [str(link.get(HREF)).removeprefix("#") for link in feature.findall(f"{CORE}{name}")]


def neighbours(path: Path, cell: str) -> set[str]:
    """By the file itself: cell -> state -> transitions -> states -> cells."""
    tree = etree.parse(path)
    states = {e.get(ID): e for e in tree.iter(f"{CORE}State")}
    cell_of = {id: targets(e, "duality")[0] for id, e in states.items()}
    found = set()
    for transition in tree.iter(f"{CORE}Transition"):
        ends = [cell_of[id] for id in targets(transition, "connects")]
        if cell in ends:
            found |= set(ends) - {cell}
    return found


def test_the_cell_its_storey_and_its_doors(client: httpx.Client, city: Path, data: Path) -> None:
    body = client.get("/ar/indoor", params=asked(city, *ROOM, 1.5)).json()
    assert body["inside"] is True
    assert (body["cell"]["id"], body["cell"]["name"], body["storey"]) == ("C6", "CR101", "1")
    assert body["storey_assumed"] is False
    assert {n["id"] for n in body["neighbours"]} == neighbours(data / FILE, "C6") == {"C80"}
    (door,) = body["neighbours"]
    assert door["boundary"] == "B63"
    with open_city(city) as opened:
        boundary = opened.object("B63")
        assert boundary is not None
        corners = georeference(opened).to_geographic(boundary.decode().geometries[0].vertices)
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    assert door["door"] == pytest.approx(middle.tolist(), abs=1e-3)
    assert client.get(door["object"]).json()["id"] == "C80"
    # floor and ceiling are 0 and 20 in the file, whose origin lies 60 m above the ellipsoid
    assert (body["cell"]["floor"], body["cell"]["ceiling"]) == pytest.approx((60, 80), abs=0.02)


def test_a_storey_has_the_cells_that_the_file_gives_it(client: httpx.Client, city: Path, data: Path) -> None:
    text = (data / FILE).read_text(encoding="utf-8")
    body = client.get("/ar/indoor", params=asked(city, *ROOM, 1.5)).json()
    counted = {s["storey"]: s["cells"] for s in body["storeys"]}
    assert list(counted) == ["1", "2", "3"]
    assert sum(counted.values()) == text.count("cellSpaceMember>") // 2
    cells = {feature["id"]: feature for feature in body["cells"]}
    assert len(cells) == counted["1"]
    room = shapely.geometry.shape(cells["C6"]["geometry"])
    here = asked(city, *ROOM, 1.5)
    assert shapely.contains(room, shapely.Point(here["lon"], here["lat"]))
    others = [shapely.geometry.shape(f["geometry"]) for id, f in cells.items() if id != "C6"]
    assert not any(shapely.contains(shape, shapely.Point(here["lon"], here["lat"])) for shape in others)


def test_the_height_decides_the_storey(client: httpx.Client, city: Path) -> None:
    with open_city(city) as opened:
        cells = Indoor(opened).near(opened, np.array(ROOM), 500.0, (1.0, 1.0))
    for storey, floor in (("2", 20.0), ("3", 40.0)):
        cell = next(c for c in cells if c.storey == storey and shapely.area(c.outline) > 10)
        x, y = shapely.get_coordinates(shapely.point_on_surface(cell.outline))[0]
        for above in (0.1, 1.7, 10.0, -0.3):
            body = client.get("/ar/indoor", params=asked(city, x, y, floor + above)).json()
            assert (body["storey"], body["cell"]["id"]) == (storey, cell.id)


def test_outside_is_said(client: httpx.Client, city: Path) -> None:
    for x, y, z in ((*ROOM, 300.0), (*ROOM, -5.0), (150.0, 250.0, 200.0)):
        body = client.get("/ar/indoor", params=asked(city, x, y, z)).json()
        assert body["inside"] is False
        assert body["cells"] == []
        assert "outside of all cells" in body["why"]


def test_the_scene_of_the_inside_is_where_the_cells_are(client: httpx.Client, city: Path) -> None:
    body = client.get("/ar/indoor", params=asked(city, *ROOM, 1.5)).json()
    glb = client.get(body["scene"])
    assert glb.status_code == 200
    mesh = mesh_of(glb.content)
    # the floor of the first storey, 1.5 m below the position that the frame stands at
    assert mesh.bounds[0][1] == pytest.approx(-1.5, abs=0.05)


def test_cells_are_anchors(client: httpx.Client, city: Path, data: Path) -> None:
    here = asked(city, *ROOM, 1.5)
    body = client.get("/ar/anchors", params={**here, "types": "indoor", "radius": 400}).json()
    assert body["count"] == 80
    found = {anchor["id"]: anchor for anchor in body["anchors"]}
    room = found["cell-C6"]
    assert (room["title"], room["storey"], room["object"]) == ("CR101", "1", "/objects/C6")
    state = next(e for e in etree.parse(data / FILE).iter(f"{CORE}State") if e.get(ID) == "S6")
    x, y, z = map(float, (state.findtext(".//{*}pos") or "").split())
    truth = asked(city, x, y, z)
    told = room["geopose"]["position"]
    assert (told["lon"], told["lat"], told["h"]) == pytest.approx(tuple(truth.values()), abs=1e-3)


def test_rooms_have_their_storeys_and_no_doors(tmp_path: Path) -> None:
    """Two rooms side by side and one above them, as CityGML 3.0 and IFC have them."""
    rooms = {"hall": (0.0, 0.0, 6.0), "kitchen": (10.0, 0.0, 6.0), "attic": (0.0, 0.0, 2.0)}
    document = city_of_boxes(rooms)
    objects = document["CityObjects"]
    for corner in document["vertices"][16:]:
        corner[2] += 6000
    storeys = {"ground": ["hall", "kitchen"], "roof": ["attic"]}
    objects["house"] = {"type": "Building", "children": list(storeys)}
    for storey, inside in storeys.items():
        named = {"name": f"{storey} floor"}
        objects[storey] = {
            "type": "BuildingStorey", "parents": ["house"], "children": inside, "attributes": named
        }  # fmt: skip
        for room in inside:
            objects[room] |= {"type": "BuildingRoom", "parents": [storey], "attributes": {"name": room}}
    add_files(tmp_path / "x.twin", [write(tmp_path / "house.json", document)])
    with open_city(tmp_path / "x.twin") as opened:
        known = Indoor(opened)
        for room, (x, z) in {"hall": (3.0, 4.0), "kitchen": (13.0, 4.0), "attic": (3.0, 10.0)}.items():
            found = known.at(opened, np.array([ORIGIN[0] + x, ORIGIN[1] + 3.0, z]), exact=True)
            assert found is not None
            inside_of, cell = found
            assert (cell.id, cell.doors) == (room, [])
            assert cell.storey == ("roof floor" if room == "attic" else "ground floor")
            assert inside_of.storeys() == {"ground floor": 2, "roof floor": 1}
            assert inside_of.refers == ("house",)
        assert known.at(opened, np.array([ORIGIN[0] + 13.0, ORIGIN[1] + 3.0, 10.0]), exact=True) is None


def test_a_building_is_read_once_also_for_a_room_without_an_area(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = city_of_boxes({"hall": (0.0, 0.0, 6.0), "line": (10.0, 0.0, 6.0)})
    objects = document["CityObjects"]
    objects["line"]["geometry"] = [{"type": "MultiLineString", "lod": "1", "boundaries": [[8, 9]]}]
    for room in ("hall", "line"):
        objects[room] |= {"type": "BuildingRoom", "parents": ["house"]}
    objects["house"] = {"type": "Building", "children": ["hall", "line"]}
    add_files(tmp_path / "x.twin", [write(tmp_path / "house.json", document)])
    read: list[str] = []
    of_rooms = indoor._of_rooms
    monkeypatch.setattr(indoor, "_of_rooms", lambda city, room: read.append(room) or of_rooms(city, room))
    with open_city(tmp_path / "x.twin") as opened:
        known = Indoor(opened)
        for _ in range(3):
            cells = known.near(opened, np.array([ORIGIN[0] + 19.0, ORIGIN[1]]), 4.0, (1.0, 1.0))
            assert [cell.id for cell in cells] == []
    assert read == ["line"]
