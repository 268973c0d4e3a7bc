"""CityGML out: what is written reads back the same, in both versions, and never half."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from citygml.gml import GmlReader
from citygml.gml_writer import write_citygml
from citygml.model import (
    CityObject,
    Code,
    Geometry,
    ImplicitGeometry,
    Material,
    Measure,
    Surface,
    Template,
    Texture,
    Texturing,
    Uri,
)
from citygml.reading import ReadOptions

Version = Literal["2.0", "3.0"]
VERSIONS: tuple[Version, ...] = ("2.0", "3.0")
UTM = "urn:ogc:def:crs:EPSG::25832"
NAMESPACES = {
    "2.0": {
        "core": "http://www.opengis.net/citygml/2.0",
        "bldg": "http://www.opengis.net/citygml/building/2.0",
        "gen": "http://www.opengis.net/citygml/generics/2.0",
        "gml": "http://www.opengis.net/gml",
        "xlink": "http://www.w3.org/1999/xlink",
    },
    "3.0": {
        "core": "http://www.opengis.net/citygml/3.0",
        "bldg": "http://www.opengis.net/citygml/building/3.0",
        "con": "http://www.opengis.net/citygml/construction/3.0",
        "gen": "http://www.opengis.net/citygml/generics/3.0",
        "gml": "http://www.opengis.net/gml/3.2",
        "xlink": "http://www.w3.org/1999/xlink",
    },
}


def cube(lod: str = "2", *, semantics: list[int] | None = None) -> Geometry:
    """A closed box of 10 m by 8 m by 6 m: floor, roof, four walls."""
    corners = np.array(
        [[0, 0, 0], [10, 0, 0], [10, 8, 0], [0, 8, 0], [0, 0, 6], [10, 0, 6], [10, 8, 6], [0, 8, 6]], float
    )
    faces = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    return Geometry(
        "Solid",
        lod,
        corners[np.array(faces).ravel()] + [500_000.0, 5_400_000.0, 100.0],
        np.arange(0, 25, 4, dtype=np.int32),
        np.arange(7, dtype=np.int32),
        np.array([0, 6], np.int32),
        np.array([0, 1], np.int32),
        None if semantics is None else np.array(semantics, np.int32),
        "Solid",
    )


def house(id: str = "house") -> CityObject:
    return CityObject(
        id,
        "Building",
        attributes={"class": Code("1000", "class.xml"), "roofType": Code("1000", "roof.xml")},
        geometries=[cube(semantics=[0, 1, 2, 3, 2, 2])],
        surfaces=[
            Surface("GroundSurface", f"{id}-g"),
            Surface("RoofSurface", f"{id}-r", {"slope": Measure(3.5, "deg")}),
            Surface("WallSurface", f"{id}-w"),
            Surface("WallSurface", f"{id}-v"),
        ],
    )


def read(path: Path) -> tuple[GmlReader, list[CityObject]]:
    reader = GmlReader(path, ReadOptions())
    return reader, [o for batch in reader.batches() for o in batch]


def write_and_read(
    objects: list[CityObject], path: Path, version: Version, **options: Any
) -> list[CityObject]:
    write_citygml(objects, path, version=version, srs_name=UTM, **options)
    return read(path)[1]


def area(geometry: Geometry) -> float:
    """Newell's area over all polygons, holes off; the summed coordinates of curves and points."""
    if geometry.type in {"MultiCurve", "MultiPoint"}:
        return float(np.abs(geometry.vertices).sum())
    total = 0.0
    for p in range(geometry.polygon_count):
        for ring in range(geometry.polygons[p], geometry.polygons[p + 1]):
            points = geometry.vertices[geometry.rings[ring] : geometry.rings[ring + 1]]
            points = points - points[0]
            size = np.linalg.norm(np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)) / 2
            total += float(size if ring == geometry.polygons[p] else -size)
    return total


def named(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes under the names of CityGML 3.0 where the versions differ; Codes by code."""
    found = dict(attributes)
    for name in ("yearOfConstruction", "yearOfDemolition"):
        if name in found:
            found[f"date{name[4:]}"] = date(found.pop(name), 1, 1)
    if "measuredHeight" in found:
        found["height"] = {
            "highReference": "highestRoofEdge",
            "lowReference": "lowestGroundPoint",
            "status": "measured",
            "value": found.pop("measuredHeight"),
        }
    for reference in found.get("externalReferences", []):
        if "name" in reference or "uri" in reference:
            reference["targetResource"] = reference.pop("name", None) or reference.pop("uri")
    return found


def bare(value: Any) -> Any:
    """Code lists by code alone: 2.0 has no generic attribute for a code."""
    if isinstance(value, Code):
        return value.code
    if isinstance(value, dict):
        return {k: bare(v) for k, v in value.items()}
    return [bare(v) for v in value] if isinstance(value, list) else value


def summary(obj: CityObject, version: Version, source: Version) -> dict[str, Any]:
    """What must survive. From 2.0 to 3.0 LoD 4 becomes 3 and the role of a geometry may change."""
    moved = source != version
    geometries = sorted(
        (
            g.type,
            min(g.lod, "3") if moved else g.lod,
            "" if moved else g.role,
            g.polygon_count,
            round(area(g), 6),
            [] if g.semantics is None else g.semantics.tolist(),
        )
        for g in obj.geometries
    )
    attributes = named(obj.attributes)
    return {
        "type": obj.type,
        "parent": obj.parent,
        "attributes": attributes if version == "3.0" else bare(attributes),
        "geometries": geometries,
        "surfaces": [(s.type, s.id, bare(s.attributes), s.parent) for s in obj.surfaces],
        "implicit": [(i.template, i.lod, i.matrix.tolist(), i.anchor.tolist()) for i in obj.implicit],
        "addresses": obj.addresses,
        "members": obj.members,
        "relations": obj.relations,
        "textures": [(t.wrap, t.type) for t in obj.textures],
        "materials": obj.materials,
        "themes": [sorted({**g.textures, **g.materials}) for g in obj.geometries],
    }


ETS = "ets-citygml-2.0/main/resources/org/opengis/cite/citygml20/xsd/opengis/citygml/examples/2.0"
CITYGML4J = "citygml4j/input/datasets"
SAME: list[tuple[str, Version]] = [
    ("nrw-aachen/LoD2_32_280_5657_1_NW.gml", "2.0"),
    (f"{CITYGML4J}/lod2_buildings_v3.gml", "3.0"),
    (f"{CITYGML4J}/lod3_building_v2.gml", "2.0"),
    (f"{CITYGML4J}/lod4_building_v2.gml", "2.0"),
    ("plateau-textured/data/53392633_bldg_6697_2_op.gml", "2.0"),
    (f"{ETS}/building/Building_LOD0-EPSG25832.gml", "2.0"),
    (f"{ETS}/building/Building_LOD1-EPSG25832.gml", "2.0"),
    (f"{ETS}/building/Building_LOD3-EPSG25832.gml", "2.0"),
    (f"{ETS}/building/Building_LOD4-EPSG25832.gml", "2.0"),
    (f"{ETS}/appearance/Appearance_TexCoord-Example.gml", "2.0"),
    ("ogc-citygml-3.0/Examples/Building/Building_CityGML3.0_LOD2_with_several_attributes.gml", "3.0"),
    ("ogc-citygml-3.0/Examples/Building/BuildingUnits_Storeys_xlink.gml", "3.0"),
]


def round_trip(source: Path, path: Path, version: Version) -> tuple[GmlReader, list[Any], list[Any]]:
    reader, before = read(source)
    findings = write_citygml(
        before,
        path,
        version=version,
        srs_name=reader.info.srs_name or "local",
        templates=reader.gathered.templates,
        swap_axes="6697" in (reader.info.srs_name or ""),
    )
    assert not [f for f in findings if f.code == "geometry-not-written"]
    return reader, before, read(path)[1]


@pytest.mark.parametrize(("file", "version"), SAME, ids=[Path(f).stem for f, _ in SAME])
def test_round_trip_in_the_same_version(data: Path, tmp_path: Path, file: str, version: Version) -> None:
    _, before, after = round_trip(data / "citygml" / file, tmp_path / "out.gml", version)
    assert [o.id for o in after] == [o.id for o in before]
    for old, new in zip(before, after, strict=True):
        assert summary(new, version, version) == summary(old, version, version), old.id


@pytest.mark.parametrize(
    "file",
    [f for f, v in SAME if v == "2.0" and "LOD0" not in f and "plateau" not in f and "TexCoord" not in f],
    ids=lambda f: Path(f).stem,
)
def test_the_same_objects_in_the_next_version(data: Path, tmp_path: Path, file: str) -> None:
    _, before, after = round_trip(data / "citygml" / file, tmp_path / "out.gml", "3.0")
    for old, new in zip(before, after, strict=True):
        assert summary(new, "3.0", "2.0") == summary(old, "3.0", "2.0"), old.id


@pytest.mark.parametrize("name", ["4018106", "4018207"])
def test_ingolstadt_keeps_textures_and_openings(data: Path, tmp_path: Path, name: str) -> None:
    source = data / f"citygml/ingolstadt-lod3/{name}/{name}.xml"
    for version in VERSIONS:
        path = tmp_path / version / "out.gml"
        path.parent.mkdir()
        _, before, after = round_trip(source, path, version)
        for old, new in zip(before, after, strict=True):
            assert [g.type for g in new.geometries] == [g.type for g in old.geometries]
            assert [s.parent for s in new.surfaces] == [s.parent for s in old.surfaces]
            assert sum(area(g) for g in new.geometries) == pytest.approx(
                sum(area(g) for g in old.geometries), abs=1e-6
            )
            assert all(t.path and Path(t.path).is_relative_to(path.parent) for t in new.textures if t.path)
            assert any(t.path for t in new.textures) or not old.textures
            assert [bool(t.path) for t in new.textures] == [bool(t.path) for t in old.textures]


@pytest.mark.parametrize("version", VERSIONS)
def test_shell_points_to_the_polygons_of_the_surfaces(tmp_path: Path, version: Version) -> None:
    write_citygml([house()], tmp_path / "out.gml", version=version, srs_name=UTM)
    tree = etree.parse(tmp_path / "out.gml")
    spaces = NAMESPACES[version]
    links = tree.xpath("//gml:Solid//gml:surfaceMember/@xlink:href", namespaces=spaces)
    ids = tree.xpath("//gml:MultiSurface//gml:Polygon/@gml:id", namespaces=spaces)
    assert sorted(links) == sorted(f"#{i}" for i in ids)
    assert len(set(ids)) == 6
    assert not tree.xpath("//gml:Solid//gml:Polygon", namespaces=spaces)


@pytest.mark.parametrize("version", VERSIONS)
def test_envelope_spans_all_objects(tmp_path: Path, version: Version) -> None:
    path = tmp_path / "out.gml"
    write_citygml([house("a"), house("b")], path, version=version, srs_name=UTM, name="Two & one")
    info = GmlReader(path, ReadOptions()).info
    assert (info.srs_name, info.version, info.name) == (UTM, version, "Two & one")
    np.testing.assert_array_equal(info.envelope, house().bounds())


@pytest.mark.parametrize("version", VERSIONS)
def test_swapped_axes_read_back_as_east_north_up(tmp_path: Path, version: Version) -> None:
    korean = "urn:ogc:def:crs,crs:EPSG::5187,crs:EPSG::5193"
    building = house()
    building.geometries[0].vertices -= [300_000.0, 5_010_000.0, 0.0]
    write_citygml([building], tmp_path / "out.gml", version=version, srs_name=korean, swap_axes=True)
    text = (tmp_path / "out.gml").read_text()
    assert "<gml:lowerCorner>390000.0 200000.0 100.0" in text
    reader, (after,) = read(tmp_path / "out.gml")
    np.testing.assert_array_equal(after.bounds(), building.bounds())
    np.testing.assert_array_equal(reader.info.envelope, building.bounds())


@pytest.mark.parametrize("version", VERSIONS)
def test_textures_and_materials_come_back_on_their_polygons(tmp_path: Path, version: Version) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere/wall.png").write_bytes(b"image")
    building = house()
    uv = np.full((24, 2), np.nan, np.float32)
    uv[8:12] = [[0.125, 0], [1, 0], [1, 0.5], [0.125, 0.5]]
    images = np.array([-1, -1, 0, -1, -1, -1], np.int32)
    building.geometries[0].textures["summer"] = Texturing(images, uv)
    building.geometries[0].materials["plain"] = np.array([-1, 0, 1, 1, 1, 1], np.int32)
    building.textures = [Texture("x.png", str(tmp_path / "elsewhere/wall.png"), "wrap", None, "specific")]
    building.materials = [
        Material("roof", (1.0, 0.25, 0.0), transparency=0.5),
        Material("wall", (0.5, 0.5, 0.5), shininess=0.25, smooth=True),
    ]
    (after,) = write_and_read([building], tmp_path / "out/city.gml", version)
    # the solid comes back in the order of its shell, which is that of the source
    texturing = after.geometries[0].textures["summer"]
    np.testing.assert_array_equal(texturing.images, images)
    np.testing.assert_array_equal(texturing.uv, uv)
    materials = after.geometries[0].materials["plain"].tolist()
    assert [after.materials[i].name if i >= 0 else None for i in materials] == [None, "roof", *["wall"] * 4]
    assert {m.name: m for m in after.materials} == {m.name: m for m in building.materials}
    assert after.textures[0].path == str(tmp_path / "out/city_appearance/wall.png")
    assert (tmp_path / "out/city_appearance/wall.png").read_bytes() == b"image"


@pytest.mark.parametrize("version", VERSIONS)
def test_template_is_written_once_and_then_pointed_to(tmp_path: Path, version: Version) -> None:
    (tmp_path / "tree.glb").write_bytes(b"glTF")
    matrix = np.diag([2.0, 2.0, 3.0, 1.0])

    def tree(id: str, template: str) -> CityObject:
        anchor = np.array([500_000.0, 5_400_000.5, 100.25])
        implicit = [ImplicitGeometry(template, "2", matrix, anchor)]
        return CityObject(id, "SolitaryVegetationObject", implicit=implicit)

    templates = {
        "crown": Template("crown", [cube()]),
        "model": Template("model", uri="x", path=str(tmp_path / "tree.glb"), mime="model/gltf-binary"),
    }
    path = tmp_path / "out.gml"
    objects = [tree("t1", "crown"), tree("t2", "crown"), tree("t3", "model")]
    write_citygml(objects, path, version=version, srs_name=UTM, templates=templates)
    text = path.read_text()
    assert text.count("<gml:Solid") == 1
    assert text.count('xlink:href="#crown"') == 1
    reader, after = read(path)
    for obj in after:
        np.testing.assert_array_equal(obj.implicit[0].matrix, matrix)
        assert obj.implicit[0].anchor.tolist() == [500_000.0, 5_400_000.5, 100.25]
    assert after[0].implicit[0].template == after[1].implicit[0].template
    library = reader.gathered.templates[after[0].implicit[0].template]
    assert sum(area(g) for g in library.geometries) == pytest.approx(376.0)
    model = reader.gathered.templates[after[2].implicit[0].template]
    assert (model.path, model.mime) == (str(tmp_path / "tree.glb"), "model/gltf-binary")


@pytest.mark.parametrize("version", VERSIONS)
def test_template_keeps_its_materials(tmp_path: Path, version: Version) -> None:
    crown = cube()
    crown.materials["summer"] = np.array([-1, 0, 0, 0, 0, 0], np.int32)
    template = Template("t", [crown], materials=[Material("leaf", (0.25, 0.5, 0.125))])
    tree = CityObject(
        "tree", "SolitaryVegetationObject", implicit=[ImplicitGeometry("t", "2", np.eye(4), np.zeros(3))]
    )
    path = tmp_path / "out.gml"
    write_citygml([tree], path, version=version, srs_name=UTM, templates={"t": template})
    reader, _ = read(path)
    (after,) = reader.gathered.templates.values()
    assert after.geometries[0].materials["summer"].tolist() == [-1, 0, 0, 0, 0, 0]
    assert after.materials == template.materials


def test_template_stands_in_full_before_it_is_pointed_to(tmp_path: Path) -> None:
    """In a file the lower LoD comes first, and an object before its parts, whatever the order given."""
    place = (np.eye(4), np.zeros(3))
    implicit = [ImplicitGeometry("t", "3", *place), ImplicitGeometry("t", "2", *place)]
    element = CityObject("e", "BridgeConstructiveElement", "bridge", implicit=implicit)
    bridge = [CityObject("bridge", "Bridge"), element]
    path = tmp_path / "out.gml"
    write_citygml(bridge, path, version="2.0", srs_name=UTM, templates={"t": Template("t", [cube()])})
    text = path.read_text()
    assert 0 < text.index('gml:id="t"') < text.index('xlink:href="#t"')
    reader, _ = read(path)
    assert reader.gathered.findings == []


def test_properties_stand_in_the_order_of_the_schema(tmp_path: Path) -> None:
    building = house()
    building.attributes = {
        "storeysAboveGround": 2,
        "measuredHeight": Measure(6.0, "m"),
        "note": "x",
        "yearOfConstruction": 1999,
        "function": [Code("1"), Code("2")],
        "class": Code("1000"),
        "creationDate": date(2020, 1, 2),
        "name": "n",
    }
    building.geometries.insert(0, cube("1"))
    building.addresses = [{"country": "KR", "locality": "Busan", "thoroughfare": "Main", "number": "3"}]
    part = CityObject("part", "BuildingPart", "house")
    for version, expected in (
        (
            "2.0",
            "name creationDate stringAttribute class function function yearOfConstruction measuredHeight "
            "storeysAboveGround lod1Solid lod2Solid boundedBy boundedBy boundedBy boundedBy "
            "consistsOfBuildingPart address",
        ),
        (
            "3.0",
            "name creationDate genericAttribute boundary boundary boundary boundary lod1Solid lod2Solid "
            "dateOfConstruction height class function function storeysAboveGround address buildingPart",
        ),
    ):
        path = tmp_path / f"{version}.gml"
        write_citygml([building, part], path, version=version, srs_name=UTM)  # type: ignore[arg-type]
        element = etree.parse(path).find(".//bldg:Building", NAMESPACES[version])
        assert [etree.QName(child).localname for child in element] == expected.split()


def test_class_that_a_version_lacks_becomes_a_generic_object(tmp_path: Path) -> None:
    storey = CityObject("s", "BuildingStorey", "house", {"class": "old"}, geometries=[cube()])
    room = CityObject("r", "BuildingRoom", "s")
    pipe = CityObject("p", "uro:Pipe", attributes={"depth": Measure(1.2, "m")})
    path = tmp_path / "out.gml"
    findings = write_citygml([house(), storey, room, pipe], path, version="2.0", srs_name=UTM)
    after = {o.id: o for o in read(path)[1]}
    assert after["s"].type == after["p"].type == "GenericCityObject"
    assert after["s"].attributes == {"class": "BuildingStorey", "objectClass": "old", "parent": "house"}
    assert after["p"].attributes == {"class": "uro:Pipe", "depth": Measure(1.2, "m")}
    assert after["r"].type == "BuildingRoom"
    assert after["r"].attributes["parent"] == "s"
    assert {(f.object_id, f.code) for f in findings} == {
        ("s", "class-not-in-version"),
        ("p", "class-not-in-version"),
    }
    write_citygml([house(), storey, room], path, version="3.0", srs_name=UTM)
    assert [(o.type, o.parent) for o in read(path)[1]] == [
        ("Building", None),
        ("BuildingStorey", "house"),
        ("BuildingRoom", "s"),
    ]


def test_what_cannot_be_written_is_found(tmp_path: Path) -> None:
    building = house()
    building.geometries[0].lod = "1"
    building.geometries.append(cube("1.3"))
    findings = write_citygml([building], tmp_path / "out.gml", version="2.0", srs_name=UTM)
    assert [f.code for f in findings] == ["lod-not-written"]
    (after,) = read(tmp_path / "out.gml")[1]
    assert [(g.type, g.lod) for g in after.geometries] == [("Solid", "1")]


@pytest.mark.parametrize("id", ["0123-abc", "a b#c", "{7C605DB2}"])
def test_ids_survive_or_stay_distinct(tmp_path: Path, id: str) -> None:
    findings = write_citygml([house(id), house("other")], tmp_path / "o.gml", version="2.0", srs_name=UTM)
    after = read(tmp_path / "o.gml")[1]
    expected = id.replace(" ", "_x0020_").replace("#", "_x0023_")
    assert [o.id for o in after] == [expected, "other"]
    assert all((g.semantics >= 0).all() for o in after for g in o.geometries if g.semantics is not None)
    assert [f.code for f in findings] == ["id-not-ncname"]


def test_failure_leaves_nothing_and_keeps_the_file_before(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/wall.png").write_bytes(b"image")
    out = tmp_path / "out"
    out.mkdir()
    (out / "city.gml").write_text("before")

    def objects() -> Iterator[CityObject]:
        building = house()
        images = np.zeros(6, np.int32)
        building.geometries[0].textures["t"] = Texturing(images, np.zeros((24, 2), np.float32))
        building.textures = [Texture("x", str(tmp_path / "elsewhere/wall.png"))]
        yield building
        yield house("b")
        raise RuntimeError("source broke")

    with pytest.raises(RuntimeError, match="source broke"):
        write_citygml(objects(), out / "city.gml", version="2.0", srs_name=UTM)
    assert [p.name for p in out.iterdir()] == ["city.gml"]
    assert (out / "city.gml").read_text() == "before"


def test_objects_are_let_go_as_they_are_written(tmp_path: Path) -> None:
    most = 0

    class Probe:
        pass

    probes: list[weakref.ref[Any]] = []

    def streamed() -> Iterator[CityObject]:
        nonlocal most
        for number in range(50):
            building = house(f"b{number}")
            probe = Probe()
            building.attributes["probe"] = probe  # type: ignore[assignment]
            probes.append(weakref.ref(probe))
            yield building
            del building, probe
            gc.collect()
            most = max(most, sum(p() is not None for p in probes))

    write_citygml(streamed(), tmp_path / "out.gml", version="3.0", srs_name=UTM)
    assert len(probes) == 50
    assert most <= 3


_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=20)
_SCALAR = (
    _TEXT
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.dates()
    | st.builds(Measure, st.floats(allow_nan=False), st.sampled_from(["m", "kWh/a", "°C"]))
    | st.builds(Uri, st.just("http://example.org/?a=1&b=2"))
)
_NAME = st.text("abcdefgXYZ_한글", min_size=1, max_size=8).map(lambda s: f"x{s}")
_VALUE = st.recursive(
    _SCALAR, lambda inner: st.dictionaries(_NAME, inner, min_size=1, max_size=3), max_leaves=6
)


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(attributes=st.dictionaries(_NAME, _VALUE | st.lists(_SCALAR, min_size=2, max_size=3), max_size=5))
def test_generic_attributes_keep_type_and_unit(
    tmp_path: Path, version: Version, attributes: dict[str, Any]
) -> None:
    obj = CityObject("o", "CityFurniture", attributes=attributes)
    (after,) = write_and_read([obj], tmp_path / "out.gml", version)
    assert after.attributes == attributes
    assert str(after.attributes) == str(attributes)
