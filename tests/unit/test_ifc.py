"""IFC in: products as city objects, measured against what the files say of themselves."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import ifcopenshell
import numpy as np
import pytest

from citygml.errors import NotACityModel, UnsupportedFormat
from citygml.ifc import IfcReader
from citygml.model import CityObject, Geometry, Measure
from citygml.reading import ReadOptions, open_model


def objects(reader: IfcReader) -> list[CityObject]:
    return [o for batch in reader.batches() for o in batch]


def volume(geometry: Geometry) -> float:
    """Of closed triangles, by the divergence theorem [m3]."""
    triangles = geometry.vertices.reshape(-1, 3, 3) - geometry.vertices[0]
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


@pytest.fixture(scope="module")
def house(data: Path) -> tuple[IfcReader, list[CityObject]]:
    reader = open_model(data / "ifc/Ifc4_SampleHouse.ifc")
    assert isinstance(reader, IfcReader)
    return reader, objects(reader)


def test_every_product_is_read_once_parents_first(
    data: Path, house: tuple[IfcReader, list[CityObject]]
) -> None:
    reader, found = house
    file = ifcopenshell.open(str(data / "ifc/Ifc4_SampleHouse.ifc"))
    expected = {
        p.GlobalId: p.is_a()
        for p in [*file.by_type("IfcElement"), *file.by_type("IfcSpatialStructureElement")]
        if not p.is_a("IfcOpeningElement") and not p.is_a("IfcSite")
    }
    assert {o.id: o.attributes["ifcClass"] for o in found} == expected
    assert len(found) == len(expected)
    seen: set[str] = set()
    for obj in found:
        assert obj.parent is None or obj.parent in seen, obj.id
        seen.add(obj.id)
    assert Counter(o.type for o in found) == {
        "Building": 1,
        "BuildingStorey": 2,
        "BuildingRoom": 4,
        "BuildingFurniture": 14,
        "BuildingConstructiveElement": 46,
    }
    assert reader.gathered.findings == []


def test_rooms_have_the_volume_that_the_file_states(house: tuple[IfcReader, list[CityObject]]) -> None:
    rooms = [o for o in house[1] if o.type == "BuildingRoom"]
    for room in rooms:
        stated = room.attributes["BaseQuantities"]
        assert isinstance(stated, dict)
        assert stated["GrossVolume"] == Measure(pytest.approx(volume(room.geometries[0]), rel=1e-9), "m3")
    assert sorted(str(o.attributes["longName"]) for o in rooms) == [
        "Bedroom",
        "Entrance hall",
        "Living room",
        "Roof",
    ]


def test_spatial_structure_and_fillings(house: tuple[IfcReader, list[CityObject]]) -> None:
    by_id = {o.id: o for o in house[1]}
    storeys = [o for o in by_id.values() if o.type == "BuildingStorey"]
    assert {by_id[o.parent or ""].type for o in storeys} == {"Building"}
    doors = [o for o in by_id.values() if o.attributes["ifcClass"] in {"IfcDoor", "IfcWindow"}]
    assert len(doors) == 7
    for door in doors:
        (wall,) = [by_id[i] for kind, i in door.relations if kind == "fills"]
        assert str(wall.attributes["ifcClass"]).startswith("IfcWall")
        assert by_id[door.parent or ""].type == "BuildingStorey"


def test_property_sets_carry_units(house: tuple[IfcReader, list[CityObject]]) -> None:
    wall = next(o for o in house[1] if o.attributes.get("tag") == "285395")
    common = wall.attributes["Pset_WallCommon"]
    assert isinstance(common, dict)
    assert common["IsExternal"] is True
    assert common["ThermalTransmittance"] == Measure(0.235926059936681, "kg/K.s3")
    construction = wall.attributes["Construction"]
    assert isinstance(construction, dict)
    assert construction["Width"] == Measure(290.0, "mm")
    storeys = [o for o in house[1] if o.type == "BuildingStorey"]
    assert all(isinstance(o.attributes["elevation"], Measure) for o in storeys)


def test_surface_colours_become_materials(house: tuple[IfcReader, list[CityObject]]) -> None:
    window = next(o for o in house[1] if o.attributes["ifcClass"] == "IfcWindow")
    geometry = window.geometries[0]
    indices = geometry.materials["ifc"]
    assert indices.shape == (geometry.polygon_count,)
    assert set(indices.tolist()) == set(range(len(window.materials)))
    assert any((m.transparency or 0) > 0 for m in window.materials)
    assert all(m.diffuse and all(0 <= c <= 1 for c in m.diffuse) for m in window.materials)


def test_site_position_is_reported(house: tuple[IfcReader, list[CityObject]]) -> None:
    """51° 30' 0.549316", 0° 7' 34.450321" W: what IfcSite writes."""
    info = house[0].info
    assert info.srs_name is None
    assert info.metadata["georeferenced"] is False
    assert info.metadata["siteLatitude"] == pytest.approx(51 + 30 / 60 + 0.549316 / 3600, abs=1e-12)
    assert info.metadata["siteLongitude"] == pytest.approx(-(7 / 60 + 34.450321 / 3600), abs=1e-12)


def test_map_conversion_places_the_model(data: Path, tmp_path: Path) -> None:
    """A turn by 30 degrees and a shift, in millimetres of the project to metres of the map."""
    source = data / "ifc/Ifc4_SampleHouse_1_Roof.ifc"
    file = ifcopenshell.open(str(source))
    context = next(c for c in file.by_type("IfcGeometricRepresentationContext") if c.ContextType == "Model")
    unit = file.create_entity("IfcSIUnit", None, "LENGTHUNIT", None, "METRE")
    crs = file.create_entity("IfcProjectedCRS", "EPSG:25832", MapUnit=unit)
    cos, sin = np.cos(np.pi / 6), np.sin(np.pi / 6)
    conversion = (context, crs, 691_000.0, 5_334_000.0, 512.5, float(cos), float(sin), 0.001)
    file.create_entity("IfcMapConversion", *conversion)
    placed = tmp_path / "placed.ifc"
    file.write(str(placed))
    reader = IfcReader(placed, ReadOptions())
    assert reader.info.srs_name == "EPSG:25832"
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    local = {o.id: o for o in objects(IfcReader(source, ReadOptions()))}
    shapes = 0
    for obj in objects(reader):
        for old, new in zip(local[obj.id].geometries, obj.geometries, strict=True):
            expected = old.vertices @ turn.T + [691_000.0, 5_334_000.0, 512.5]
            np.testing.assert_allclose(new.vertices, expected, rtol=0, atol=1e-6)
            shapes += 1
    assert shapes == 2


def test_products_of_one_global_id_are_both_read(data: Path, tmp_path: Path) -> None:
    file = ifcopenshell.open(str(data / "ifc/Ifc4_SampleHouse_1_Roof.ifc"))
    (roof,), (slab,) = file.by_type("IfcRoof"), file.by_type("IfcSlab")
    slab.GlobalId = roof.GlobalId
    file.write(str(tmp_path / "twice.ifc"))
    reader = IfcReader(tmp_path / "twice.ifc", ReadOptions())
    found = {o.id: o for o in objects(reader)}
    assert len(found) == 4
    assert sum(id.startswith(roof.GlobalId) and len(o.geometries) == 1 for id, o in found.items()) == 2
    assert [(f.code, f.object_id) for f in reader.gathered.findings] == [("duplicate-id", roof.GlobalId)]


def test_geometry_that_cannot_be_made_is_a_finding_for_storeys_too(data: Path, tmp_path: Path) -> None:
    file = ifcopenshell.open(str(data / "ifc/Ifc4_SampleHouse_1_Roof.ifc"))
    (storey,) = file.by_type("IfcBuildingStorey")
    context = file.by_type("IfcShapeRepresentation")[0].ContextOfItems
    point = file.create_entity("IfcCartesianPoint", (0.0, 0.0, 0.0))
    shape = file.create_entity("IfcShapeRepresentation", context, "Body", "Brep", [point])
    storey.Representation = file.create_entity("IfcProductDefinitionShape", None, None, [shape])
    file.write(str(tmp_path / "pointless.ifc"))
    reader = IfcReader(tmp_path / "pointless.ifc", ReadOptions())
    assert not {o.id: o for o in objects(reader)}[storey.GlobalId].geometries
    assert [(f.code, f.object_id) for f in reader.gathered.findings] == [
        ("geometry-not-read", storey.GlobalId)
    ]


def test_lods_can_be_chosen_and_a_crs_given(data: Path) -> None:
    path = data / "ifc/Ifc4_SampleHouse_1_Roof.ifc"
    reader = IfcReader(path, ReadOptions(crs="EPSG:5186", lods=frozenset("2"), batch=1))
    batches = list(reader.batches())
    assert reader.info.srs_name == "EPSG:5186"
    assert [len(b) for b in batches] == [1, 1, 1, 1]
    assert not any(o.geometries for b in batches for o in b)


def test_without_ifcopenshell_the_message_says_what_to_install(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ifcopenshell", None)
    with pytest.raises(UnsupportedFormat, match=r'pip install "citytwin\[ifc\]"'):
        open_model(data / "ifc/Ifc4_SampleHouse_1_Roof.ifc")


@pytest.mark.parametrize("keep", [0.5, 0.02])
def test_a_cut_file_is_refused(data: Path, tmp_path: Path, keep: float) -> None:
    whole = (data / "ifc/Ifc4_SampleHouse_1_Roof.ifc").read_bytes()
    path = tmp_path / "cut.ifc"
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(NotACityModel, match=r"cut\.ifc"):
        open_model(path)


def test_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "note.ifc"
    path.write_text("hello\nEND-ISO-10303-21;\n")
    with pytest.raises(NotACityModel, match=r"note\.ifc"):
        open_model(path)
