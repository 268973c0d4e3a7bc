"""The city as the sun sees it: surfaces, heights, trees, its place on the globe and the land beyond it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest

from analysis.errors import AnalysisError
from analysis.scene.storeys import storey_heights
from analysis.scene.sun import sun_scene
from analysis.sun.run.cost import sun_cost
from analysis.sun.scene import Kind, SunScene
from tests.unit.models import city, write
from tests.unit.scene_models import formula, terrain
from twin.ingest import AddOptions, add_files
from twin.store import open_city

ORIGIN = (176_000.0, 282_000.0)
CRS = "EPSG:5187+5193"


def scene_of(
    folder: Path, document: dict[str, Any], ground: bool = True, crs: str | None = None, **options: Any
) -> SunScene:
    """A scene of a document in CityJSON over level ground at 3 m, 200 m wide, from 50 m before the origin."""
    files = [write(folder / "x.city.json", document)]
    if ground:
        level = np.full((100, 100), 3.0)
        corner = ORIGIN[0] - 50, ORIGIN[1] + 150
        files.append(terrain(folder / "t.tif", level, west=corner[0], north=corner[1]))
    add_files(folder / "x.twin", files, AddOptions(crs=crs))
    with open_city(folder / "x.twin") as opened:
        return sun_scene(opened, options.pop("cell_size", 1.0), **options)


def at(scene: SunScene, x: float, y: float) -> tuple[int, int]:
    """The cell of a point [m from the origin]."""
    row = int((scene.north - ORIGIN[1] - y) // scene.cell_size)
    return row, int((ORIGIN[0] + x - scene.west) // scene.cell_size)


def outward(scene: SunScene) -> bool:
    """Whether the walls and roofs of one building look away from its middle."""
    surfaces = scene.surfaces
    assert surfaces is not None
    first = surfaces.vertices[surfaces.rings[surfaces.polygons[:-1]]]
    away = first - surfaces.vertices.mean(axis=0)
    return bool((np.einsum("ij,ij->i", surfaces.normals, away) > 0).all())


def mesh(document: dict[str, Any]) -> dict[str, Any]:
    """The geometry of the only object."""
    (held,) = document["CityObjects"].values()
    geometry: dict[str, Any] = held["geometry"][0]
    return geometry


def test_a_box_is_in_the_heights_and_in_the_surfaces(tmp_path: Path) -> None:
    scene = scene_of(tmp_path, city({"a": (20, 30, 12), "b": (60, 40, 5)}))
    raised = scene.heights - scene.terrain
    assert np.allclose(scene.terrain, 3.0)
    assert Counter(np.round(raised[raised > 0], 3).tolist()) == {12.0: 80, 5.0: 80}
    row, column = at(scene, 20.5, 37.5)
    assert raised[row, column] == 12 and raised[row - 1, column] == 0 and raised[row, column - 1] == 0
    surfaces = scene.surfaces
    assert surfaces is not None and surfaces.buildings == ["a", "b"]
    assert Counter(surfaces.kind.tolist()) == {Kind.FACADE: 8, Kind.ROOF: 2, Kind.GROUND: 2}
    assert surfaces.areas[surfaces.kind == Kind.FACADE].sum() == pytest.approx(36 * 17)
    assert len(set(surfaces.ids)) == len(surfaces) and len(surfaces.triangles) == 24
    assert scene.canopy is None and scene.horizon is None and scene.notes == []


def test_what_has_no_semantics_is_told_by_where_it_looks(tmp_path: Path) -> None:
    document = city({"a": (20, 30, 12)})
    del mesh(document)["semantics"]
    surfaces = scene_of(tmp_path, document).surfaces
    assert surfaces is not None
    assert Counter(surfaces.kind.tolist()) == {Kind.FACADE: 4, Kind.ROOF: 1, Kind.GROUND: 1}


def test_a_building_modelled_inside_out_is_turned_round(tmp_path: Path) -> None:
    right = scene_of(tmp_path / "right", city({"a": (20, 30, 12)}))
    document = city({"a": (20, 30, 12)})
    shell = mesh(document)["boundaries"][0]
    shell[:] = [[ring[::-1] for ring in face] for face in shell]
    turned = scene_of(tmp_path / "wrong", document)
    assert outward(right) and outward(turned)
    assert right.notes == [] and turned.notes == ["1 objects were modelled inside out and are turned round"]
    assert (right.heights == turned.heights).all()


def test_an_open_building_is_said_and_without_a_floor_still_turned(tmp_path: Path) -> None:
    document = city({"a": (20, 30, 12)})
    geometry = mesh(document)
    shell = geometry["boundaries"][0]
    names = [s["type"] for s in geometry["semantics"]["surfaces"]]
    keep = [k for k, name in enumerate(names) if name != "GroundSurface"]
    geometry |= {"type": "MultiSurface", "boundaries": [[ring[::-1] for ring in shell[k]] for k in keep]}
    geometry["semantics"]["values"] = keep
    scene = scene_of(tmp_path / "floor", document)
    assert outward(scene) and scene.notes == ["1 objects were modelled inside out and are turned round"]
    geometry["boundaries"] = geometry["boundaries"][:-1]
    geometry["semantics"]["values"] = keep[:-1]
    scene = scene_of(tmp_path / "wall", document)
    assert any("not closed" in note for note in scene.notes)


def test_the_finest_level_counts_and_the_same_surfaces_once(tmp_path: Path) -> None:
    document = city({"a": (20, 30, 12)})
    geometry = mesh(document)
    bare = {"type": "MultiSurface", "lod": "2", "boundaries": geometry["boundaries"][0]}
    lower = {"type": "MultiSurface", "lod": "1", "boundaries": geometry["boundaries"][0][:1]}
    document["CityObjects"]["a"]["geometry"] = [bare, geometry, lower]
    surfaces = scene_of(tmp_path, document).surfaces
    assert surfaces is not None and Counter(surfaces.kind.tolist())[Kind.FACADE] == 4 and len(surfaces) == 6
    coarse = scene_of(tmp_path / "coarse", document, lod="1").surfaces
    assert coarse is not None and len(coarse) == 1


def test_a_roof_slopes_in_the_heights(tmp_path: Path) -> None:
    document = city({"a": (20, 30, 10)})
    for corner in (5, 6):  # the eastern corners of the top
        document["vertices"][corner][2] -= 5000  # [mm]
    scene = scene_of(tmp_path, document)
    row, column = at(scene, 20.5, 33.5)
    slope = scene.heights[row, column : column + 10] - 3.0
    assert slope == pytest.approx(10 - 0.5 * (np.arange(10) + 0.5), abs=1e-4)


def test_below_a_bridge_it_is_open(tmp_path: Path) -> None:
    document = city({"a": (20, 30, 12)})
    document["CityObjects"]["a"]["type"] = "Bridge"
    scene = scene_of(tmp_path, document)
    assert (scene.heights == scene.terrain).all()
    assert scene.surfaces is not None and set(scene.surfaces.kind.tolist()) == {Kind.OTHER}
    assert scene.surfaces.buildings == [] and (scene.surfaces.building == -1).all()


def test_trees_are_crowns_with_a_trunk_below(tmp_path: Path) -> None:
    document = city({"a": (20, 30, 12), "b": (80, 85, 5), "tree": (60, 40, 8)})
    document["CityObjects"]["tree"] |= {
        "type": "SolitaryVegetationObject",
        "attributes": {"height": 8.0, "crownDiameter": 12.0},
    }
    del document["CityObjects"]["tree"]["geometry"][0]["semantics"]
    scene = scene_of(tmp_path, document, transmissivity=0.1)
    assert scene.canopy is not None and scene.trunk is not None and scene.transmissivity == 0.1
    assert np.isfinite(scene.canopy).sum() == pytest.approx(np.pi * 36, abs=4)
    row, column = at(scene, 65, 44)
    assert scene.canopy[row, column] == pytest.approx(11.0, abs=0.05)
    assert scene.trunk[row, column] == pytest.approx(5.0, abs=0.05)
    assert (scene.heights[np.isfinite(scene.canopy)] == 3.0).all()


def test_a_building_of_parts_is_one_and_rooms_are_not_seen(tmp_path: Path) -> None:
    document = city({"a": (20, 30, 12), "part": (30, 30, 6), "room": (22, 31, 3)})
    objects = document["CityObjects"]
    objects["a"]["children"] = ["part", "room"]
    objects["part"] |= {"type": "BuildingPart", "parents": ["a"]}
    objects["room"] |= {"type": "BuildingRoom", "parents": ["a"]}
    surfaces = scene_of(tmp_path, document).surfaces
    assert surfaces is not None and surfaces.buildings == ["a"] and len(surfaces) == 12


@pytest.mark.parametrize(("crs", "x"), [("EPSG:5187", 176_000.0), ("EPSG:5187", 260_000.0)])
def test_the_place_and_the_bearing_of_the_grid(tmp_path: Path, crs: str, x: float) -> None:
    document = city({"a": (20, 30, 12), "b": (60, 40, 5)}, crs=None)
    for vertex in document["vertices"]:
        vertex[0] += round(1000 * (x - ORIGIN[0]))
    scene = scene_of(tmp_path, document, ground=False, crs=crs)
    middle = scene.west + scene.shape[1] / 2, scene.north - scene.shape[0] / 2
    longitude, latitude = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(*middle)
    assert (scene.place.longitude, scene.place.latitude) == pytest.approx((longitude, latitude), abs=1e-7)
    theirs = pyproj.Proj(crs).get_factors(longitude, latitude).meridian_convergence
    assert scene.place.convergence == pytest.approx(theirs, abs=1e-5)
    assert (scene.place.convergence > 0) == (x > 200_000)
    assert scene.place.timezone == ("Etc/GMT-9" if x > 200_000 else "Asia/Seoul")  # the first lies at sea
    assert scene.notes == ["the ground is put together from objects"]


def test_a_city_in_degrees_is_studied_in_metres(tmp_path: Path, data: Path) -> None:
    path = data / "citygml" / "plateau-komatsu" / "1_R6CityGML" / "54363371_bldg_6697.gml"
    add_files(tmp_path / "x.twin", [path])
    with open_city(tmp_path / "x.twin") as opened:
        scene = sun_scene(opened, 2.0)
    surfaces = scene.surfaces
    assert scene.crs == "EPSG:32653" and scene.place.timezone == "Asia/Tokyo" and surfaces is not None
    assert len(surfaces.buildings) == 192
    # 31 buildings have LoD2, of which the file has 240 roofs, 384 walls; 161 have LoD1 boxes
    assert (surfaces.kind == Kind.ROOF).sum() == 240 + 161
    roofs = surfaces.areas[surfaces.kind == Kind.ROOF].sum()
    covered = (scene.heights > scene.terrain + 1).sum() * 4.0
    assert covered == pytest.approx(roofs, rel=0.03)


def test_the_land_beyond_makes_the_horizon(tmp_path: Path) -> None:
    cell, n, far, high = 100.0, 401, 10_000.0, 500.0
    centre = (n / 2 * cell, n / 2 * cell)
    heights = formula(lambda x, y: np.where((y - centre[1] > far) & (x > 0), high, 0.0), n, cell)
    corner = ORIGIN[0] + 45 - centre[0], ORIGIN[1] + 35 + centre[1]
    ground = terrain(tmp_path / "far.tif", heights, cell, west=corner[0], north=corner[1])
    files = [write(tmp_path / "x.city.json", city({"a": (20, 30, 12), "b": (60, 40, 5)})), ground]
    add_files(tmp_path / "x.twin", files)
    with open_city(tmp_path / "x.twin") as opened:
        scene = sun_scene(opened, 1.0)
    assert scene.horizon is not None
    fall = 0.87 * far**2 / (2 * 6_371_000)
    expected = np.degrees(np.arctan((high - fall) / far))
    found = scene.horizon.elevation
    assert found[0] == pytest.approx(expected, rel=0.02)
    assert found[60] == pytest.approx(np.degrees(np.arctan((high - 4 * fall) / (2 * far))), rel=0.03)
    assert found[90:271].max() < 0.05


def test_what_cannot_be_studied_is_said(tmp_path: Path) -> None:
    document = city({"a": (20, 30, 12)}, crs=None)
    with pytest.raises(AnalysisError, match=r"place on the globe.*--anchor"):
        scene_of(tmp_path / "local", document, ground=False, crs="local")
    with pytest.raises(AnalysisError, match="more than 100,000,000"):
        box = (*ORIGIN, ORIGIN[0] + 1000, ORIGIN[1] + 1000)
        scene_of(tmp_path / "fine", city({"a": (20, 30, 12)}), bounds=box, cell_size=0.01, margin=0.0)
    with pytest.raises(AnalysisError, match="no time zone 'Asia/Sejong'"):
        scene_of(tmp_path / "zone", city({"a": (20, 30, 12)}), timezone="Asia/Sejong")


def test_an_area_is_read_with_what_shades_it(tmp_path: Path) -> None:
    document = city({"a": (20, 30, 12), "b": (60, 40, 5), "far": (900, 30, 12)})
    box = (ORIGIN[0] + 15, ORIGIN[1] + 25, ORIGIN[0] + 35, ORIGIN[1] + 45)
    scene = scene_of(tmp_path, document, ground=False, bounds=box, margin=50.0)
    assert scene.surfaces is not None and scene.surfaces.buildings == ["a", "b"]
    west, north = scene.west - ORIGIN[0], scene.north - ORIGIN[1]
    assert (west, north) == (-10.0, 78.0)  # as far as the city goes with a strip around it, and no farther
    assert west + scene.shape[1] == 85.0


def test_a_storey_is_as_high_as_the_attributes_say(tmp_path: Path) -> None:
    attributes: dict[str, dict[str, Any]] = {
        "a": {"storeysAboveGround": 4},
        "b": {"storeysAboveGround": 9999},
        "hall": {"storeysAboveGround": 1},
    }
    document = city(
        {"a": (20, 30, 12), "b": (60, 40, 9), "hall": (40, 60, 12), "c": (0, 0, 6)}, CRS, attributes
    )
    scene = scene_of(tmp_path, document)
    with open_city(tmp_path / "x.twin") as opened:
        assert storey_heights(opened, scene) == {"a": pytest.approx(3.0)}


def test_more_points_and_more_cells_cost_more(tmp_path: Path) -> None:
    scene_of(tmp_path, city({"a": (20, 30, 12), "b": (60, 40, 9)}))
    inputs = {"area": None, "cell_size": 1.0, "spacing": 2.0, "energy": True, "rule": "korea", "glare": False}
    with open_city(tmp_path / "x.twin") as opened:
        costs = [
            sun_cost(opened, inputs | change)
            for change in (
                {},
                {"spacing": 1.0},
                {"cell_size": 0.1},
                {"glare": True},
                {"energy": False},
                {"rule": "none"},
            )
        ]
        with pytest.raises(AnalysisError, match="more than 100,000,000"):
            sun_cost(opened, inputs | {"cell_size": 0.001})
    usual, points, cells, dazzled, plain, bare = costs
    assert points.seconds > usual.seconds < cells.seconds
    assert dazzled.seconds > usual.seconds
    assert plain.seconds < usual.seconds > bare.seconds
    assert usual.memory is not None and cells.memory is not None and usual.memory < cells.memory
