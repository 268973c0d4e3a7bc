"""Scenarios: what they add, change and remove; files and meshes from anyone; the city stays as it is."""

from __future__ import annotations

import json
import struct
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from citygml.errors import CityModelError
from tests.unit.models import city as document
from tests.unit.models import write
from twin.errors import CityBusy, Conflict, EntityNotFound, ObjectNotFound, TooLarge, TwinError
from twin.ingest import add_files
from twin.place import georeference
from twin.scenario import Scenarios, meshes, objects_of_file, overlay, placed_mesh, planned_building
from twin.store import City, open_city

BOXES = {"a": (0.0, 0.0, 5.0), "b": (30.0, 0.0, 9.0), "c": (60.0, 40.0, 20.0)}


@pytest.fixture
def city(tmp_path: Path) -> Any:
    add_files(tmp_path / "x.twin", [write(tmp_path / "source.json", document(BOXES))])
    with open_city(tmp_path / "x.twin") as opened:
        yield opened


def outline(city: City, x: float, y: float, width: float = 8.0, depth: float = 6.0) -> dict[str, Any]:
    """A Polygon [degrees] with its south-western corner at x, y [m] from the city's."""
    corners = np.array([[x, y], [x + width, y], [x + width, y + depth], [x, y + depth], [x, y]])
    flat = np.column_stack([corners + [176_000, 282_000], np.full(5, 3.0)])
    return {"type": "Polygon", "coordinates": [georeference(city).to_geographic(flat)[:, :2].tolist()]}


def rows(city: City) -> list[tuple[Any, ...]]:
    return city.connection.execute("SELECT * FROM object ORDER BY row").fetchall()


def test_a_scenario_overlays_the_city_and_leaves_it_as_it_is(city: City) -> None:
    before = rows(city)
    scenarios = Scenarios(city)
    assert scenarios.all() == []
    plan = scenarios.create("  new   tower ", "by the river")
    assert (plan.name, plan.added, plan.changed, plan.removed) == ("new tower", 0, 0, 0)
    tower = planned_building(city, outline(city, 15, 0), 40.0)
    higher = planned_building(city, outline(city, 30, 0), 30.0, id="b")
    scenarios.put(plan.id, [tower, higher])
    scenarios.remove(plan.id, ["a"])
    assert scenarios.actions(plan.id) == {"planned": "added", "b": "changed", "a": "removed"}
    assert [o.id for o in scenarios.all_objects(plan.id)] == ["c", "planned", "b"]
    assert scenarios.get(plan.id).changed == 1
    read = next(scenarios.objects(plan.id)).decode()
    assert read.attributes == tower.attributes
    assert (read.geometries[0].vertices == tower.geometries[0].vertices).all()
    scenarios.remove(plan.id, ["planned"])
    scenarios.restore(plan.id, ["a", "b"])
    assert scenarios.actions(plan.id) == {}
    assert [o.id for o in scenarios.all_objects(plan.id)] == [o.id for o in city.all_objects()]
    assert rows(city) == before


def test_scenarios_have_names_of_their_own(city: City) -> None:
    scenarios = Scenarios(city)
    first, second = scenarios.create("one"), scenarios.create("two")
    assert [s.id for s in scenarios.all()] == [second.id, first.id]
    with pytest.raises(Conflict, match="'one'"):
        scenarios.create("one")
    with pytest.raises(Conflict, match="'one'"):
        scenarios.update(second.id, "one")
    assert scenarios.update(second.id, "three", "better").description == "better"
    scenarios.delete(first.id)
    assert scenarios.create("four").id > second.id
    for bad in ("", "   ", "x" * 201):
        with pytest.raises(TwinError, match="name"):
            scenarios.create(bad)
    for missing in (scenarios.get, scenarios.actions, scenarios.delete):
        with pytest.raises(EntityNotFound):
            missing(first.id)


def test_either_all_objects_go_in_or_none(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    scenarios = Scenarios(city)
    id = scenarios.create("one").id
    good, orphan = (planned_building(city, outline(city, 15, 0), 5.0, id=name) for name in ("x", "y"))
    orphan.parent = "nobody"
    with pytest.raises(TwinError, match="parent 'nobody'"):
        scenarios.put(id, [good, orphan])
    monkeypatch.setattr(overlay, "MOST_OBJECTS", 1)
    orphan.parent = "x"
    with pytest.raises(TooLarge):
        scenarios.put(id, [good, orphan])
    assert scenarios.actions(id) == {}
    with pytest.raises(ObjectNotFound, match="nix"):
        scenarios.remove(id, ["a", "nix"])
    with pytest.raises(ObjectNotFound, match="does nothing"):
        scenarios.restore(id, ["a"])
    assert scenarios.actions(id) == {}


def test_parts_go_with_their_building(city: City) -> None:
    scenarios = Scenarios(city)
    id = scenarios.create("one").id
    whole, part = (planned_building(city, outline(city, 15, 0), 5.0, id=name) for name in ("x", "x-1"))
    part.parent, part.type = "x", "BuildingPart"
    scenarios.put(id, [whole, part])
    scenarios.remove(id, ["x"])
    assert scenarios.actions(id) == {}


def test_a_writer_waits_for_another_and_then_says_so(city: City) -> None:
    scenarios = Scenarios(city)
    city.connection.execute("PRAGMA busy_timeout=50")
    with open_city(city.folder) as other:
        other.connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(CityBusy):
            scenarios.create("one")
        other.connection.execute("ROLLBACK")
    made: list[int] = []

    def write_one(name: str) -> None:
        with open_city(city.folder) as mine:
            made.append(Scenarios(mine).create(name).id)

    threads = [threading.Thread(target=write_one, args=(f"s{k}",)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == len(scenarios.all()) == 6


def test_a_planned_building_stands_on_the_ground_below_it(city: City) -> None:
    obj = planned_building(city, outline(city, 2, 1), 25.0, name="탑")
    g = obj.geometries[0]
    low, high = g.vertices.min(axis=0), g.vertices.max(axis=0)
    assert low[:2] == pytest.approx([176_002, 282_001], abs=1e-3)
    assert high[2] - low[2] == pytest.approx(25.0)
    assert low[2] == pytest.approx(3.0, abs=0.01)
    assert [obj.surfaces[k].type for k in g.semantics[:3]] == [
        "GroundSurface",
        "RoofSurface",
        "WallSurface",
    ]
    base = georeference(city).to_geographic(np.array([[176_002.0, 282_001.0, 10.0]]))[0, 2]
    raised = planned_building(city, outline(city, 2, 1), 25.0, base=float(base)).geometries[0]
    assert raised.vertices[:, 2].min() == pytest.approx(10.0, abs=1e-3)


@pytest.mark.parametrize(
    ("footprint", "height", "said"),
    [
        ({"type": "Point", "coordinates": [1, 2]}, 5.0, "Polygon"),
        ({"type": "Polygon", "coordinates": []}, 5.0, "polygon"),
        ({"type": "Polygon", "coordinates": [[1, 2, 3]]}, 5.0, "polygon"),
        ({"type": "Polygon", "coordinates": [[[1, "x"], [2, 3], [4, 5]]]}, 5.0, "polygon"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, 5.0, "not whole"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [0, 1e-9], [1e-9, 0], [0, 0]]]}, 5.0, "m²"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]]]}, 5.0, "m²"),
        ({"type": "Polygon", "coordinates": [[[float("nan"), 0], [9, 0], [9, 9]]]}, 5.0, "polygon"),
        ({"type": "Polygon", "coordinates": [[[500, 0], [509, 0], [509, 9], [500, 0]]]}, 5.0, "globe"),
        ({"type": "Polygon", "coordinates": [[[k / 1e5, 0] for k in range(1100)]]}, 5.0, "corners"),
        (None, 0.0, "high"),
        (None, float("nan"), "high"),
        (None, 1e9, "high"),
    ],
)
def test_an_outline_that_is_none_is_refused(city: City, footprint: Any, height: float, said: str) -> None:
    with pytest.raises(TwinError, match=said):
        planned_building(city, footprint or outline(city, 0, 0), height)


def test_what_lies_outside_of_the_city_is_refused(city: City) -> None:
    scenarios = Scenarios(city)
    id = scenarios.create("one").id
    far = planned_building(city, outline(city, 50_000, 0), 5.0, base=30.0)
    with pytest.raises(TwinError, match="outside"):
        scenarios.put(id, [far])
    far.geometries[0].vertices[0, 2] = np.nan
    with pytest.raises(TwinError, match="no numbers"):
        scenarios.put(id, [far])


def test_objects_of_a_file_come_in_the_citys_coordinates(city: City, tmp_path: Path) -> None:
    other = document({"x": (12.0, 4.0, 30.0)}, crs="EPSG:5187+5193")
    same = objects_of_file(city, write(tmp_path / "plan.json", other))
    assert same[0].geometries[0].vertices.max(axis=0) == pytest.approx([176_022, 282_012, 33.0])
    place = georeference(city)
    degrees = place.to_geographic(np.array([[176_012.0, 282_004.0, 3.0]]))[0]
    moved = document({"x": (0.0, 0.0, 30.0)}, crs="EPSG:32652")
    from citygml.crs import Georeference, choose_heights, parse

    utm = parse("EPSG:32652")
    at = Georeference(utm, choose_heights(utm, np.zeros((2, 3)))).from_geographic(degrees[None])[0]
    moved["vertices"] = [
        [round((v[0] / 1000 - 176_000 + at[0]) * 1000), round((v[1] / 1000 - 282_000 + at[1]) * 1000), v[2]]
        for v in moved["vertices"]
    ]
    turned = objects_of_file(city, write(tmp_path / "utm.json", moved))[0].geometries[0].vertices
    assert turned.min(axis=0)[:2] == pytest.approx([176_012, 282_004], abs=0.5)
    assert np.ptp(turned[:, 2]) == pytest.approx(30.0, abs=0.01)
    with pytest.raises(CityModelError, match="coordinate system"):
        objects_of_file(city, write(tmp_path / "none.json", document({"x": (0, 0, 3)}, crs=None)))
    with pytest.raises(TwinError, match="no objects"):
        objects_of_file(city, write(tmp_path / "empty.json", document({})))


def test_a_glb_stands_where_it_is_put_and_looks_where_it_is_turned(city: City) -> None:
    box = trimesh.creation.box(
        extents=(10, 20, 6), transform=trimesh.transformations.translation_matrix([5, 10, -3])
    )
    data = trimesh.Scene(box).export(file_type="glb")
    lon, lat, height = georeference(city).to_geographic(np.array([[176_020.0, 282_010.0, 3.0]]))[0].tolist()
    for heading, low, high in (
        (0.0, [20, 10, 3], [30, 16, 23]),
        (90.0, [20, 0, 3], [26, 10, 23]),
    ):
        obj = placed_mesh(city, data, lon, lat, height=height, heading=heading, id="glb")
        v = obj.geometries[0].vertices - [176_000, 282_000, 0]
        assert v.min(axis=0) == pytest.approx(low, abs=0.04)
        assert v.max(axis=0) == pytest.approx(high, abs=0.04)
        assert obj.geometries[0].polygon_count == 6
        assert np.bincount(obj.geometries[0].semantics).tolist() == [1, 1, 4]
    on_ground = placed_mesh(city, data, lon, lat).geometries[0].vertices
    assert on_ground[:, 2].min() == pytest.approx(3.0, abs=0.05)
    scenarios = Scenarios(city)
    id = scenarios.create("glb").id
    scenarios.put(id, [obj])
    assert scenarios.get(id).added == 1


def glb(document: dict[str, Any]) -> bytes:
    text = json.dumps({"asset": {"version": "2.0"}, **document}).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sII", b"glTF", 2, 20 + len(text)) + struct.pack("<I4s", len(text), b"JSON") + text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no GLB"),
        (b"glTF" + b"\0" * 40, "no GLB"),
        (glb({"accessors": [{"count": 10**9, "componentType": 5126, "type": "VEC3"}]}), "too large"),
        (glb({"nodes": [{}] * 20_000}), "too large"),
        (glb({"buffers": [{"uri": "http://x.example/a.bin", "byteLength": 4}]}), "other files"),
        (glb({"extensionsRequired": ["KHR_draco_mesh_compression"]}), "compressed"),
        (glb({"accessors": [{"count": "many"}]}), "cannot be read"),
        (glb({"nodes": [{"children": [0]}], "scenes": [{"nodes": [0]}]}), "GLB"),
        (glb({"meshes": [{"primitives": [{"attributes": {"POSITION": 7}}]}], "nodes": [{"mesh": 0}]}), "GLB"),
        (glb({}), "GLB"),
    ],
)
def test_a_glb_that_is_none_or_too_much_is_refused(city: City, data: bytes, said: str) -> None:
    with pytest.raises(TwinError, match=said):
        placed_mesh(city, data, 128.9, 35.1)


def test_a_glb_whose_nodes_repeat_a_mesh_too_often_is_refused(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = trimesh.Scene()
    ball = trimesh.creation.icosphere(subdivisions=2)
    for k in range(9):
        scene.add_geometry(
            ball, geom_name="ball", transform=trimesh.transformations.translation_matrix([k * 3, 0, 0])
        )
    data = scene.export(file_type="glb")
    monkeypatch.setattr(meshes, "MOST_TRIANGLES", 9 * len(ball.faces) - 1)
    with pytest.raises(TooLarge, match="triangles"):
        placed_mesh(city, data, 128.9, 35.1)
    ball.vertices[0] = np.nan
    with pytest.raises(TwinError):
        placed_mesh(city, trimesh.Scene(ball).export(file_type="glb"), 128.9, 35.1, height=0)
    huge = trimesh.Scene(trimesh.creation.box(extents=(1e5, 1, 1))).export(file_type="glb")
    with pytest.raises(TwinError, match="unit"):
        placed_mesh(city, huge, 128.9, 35.1, height=0)
