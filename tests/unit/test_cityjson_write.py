"""Writing CityJSON and CityJSONSeq: round trips of the real files, the schema, and what it does not allow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from citygml.cityjson import write_cityjson, write_cityjsonseq
from citygml.errors import CityModelError
from citygml.findings import Finding
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
from tests.unit.cityjson_models import area, canonical, read
from tools.counting import cityjson_files

Write = Callable[..., list[Finding]]
BOTH = pytest.mark.parametrize("write", [write_cityjson, write_cityjsonseq])
# Whole documents of these sizes [bytes] are validated; jsonschema takes seconds for larger ones.
VALIDATED = 15_000


@pytest.fixture(scope="module")
def validate(data: Path) -> Callable[[Path], None]:
    folder = data / "schemas" / "cityjson"
    whole, feature = (
        jsonschema.Draft7Validator(json.loads((folder / f"{name}.min.schema.json").read_text()))
        for name in ("cityjson", "cityjsonfeature")
    )

    def check(path: Path) -> None:
        first, *features = path.read_text(encoding="utf-8").splitlines()
        whole.validate(json.loads(first))
        for line in features:
            feature.validate(json.loads(line))

    return check


def square(z: float = 0.0, lod: str = "2", **more: Any) -> Geometry:
    """A square of 10 m with a square hole of 2 m, and a triangle."""
    outer = [[0, 0, z], [10, 0, z], [10, 10, z], [0, 10, z]]
    hole = [[2, 2, z], [2, 4, z], [4, 4, z], [4, 2, z]]
    triangle = [[0, 0, z], [10, 0, z], [5, 0, z + 5]]
    offset = np.array([500_000.1234, 4_000_000.5678, 0.0])
    members: dict[str, Any] = {
        "type": "MultiSurface",
        "lod": lod,
        "vertices": np.array(outer + hole + triangle) + offset,
        "rings": np.array([0, 4, 8, 11], dtype=np.int32),
        "polygons": np.array([0, 2, 3], dtype=np.int32),
        "role": "MultiSurface",
    }
    return Geometry(**(members | more))


def points(role: str = "MultiPoint") -> Geometry:
    each = np.arange(3, dtype=np.int32)
    return Geometry("MultiPoint", "1", np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), each, each, role=role)


@BOTH
def test_every_real_file_survives_a_round_trip(
    data: Path, tmp_path: Path, write: Write, validate: Callable[[Path], None]
) -> None:
    compared = 0
    for number, path in enumerate(cityjson_files(data)):
        try:
            reader, objects = read(path)
        except CityModelError:
            continue
        target = tmp_path / f"{number}.city.json"
        if reader.gathered.findings and any(f.code == "bad-geometry" for f in reader.gathered.findings):
            continue
        findings = write(
            objects,
            target,
            crs=reader.info.srs_name,
            templates=reader.gathered.templates,
            metadata=reader.info.metadata,
        )
        assert not findings, path
        again, same = read(target)
        assert {i.id: canonical(i, 3) for i in same} == {i.id: canonical(i, 3) for i in objects}, path
        before = sum(area(g) for o in objects for g in o.geometries)
        after = sum(area(g) for o in same for g in o.geometries)
        # Half a millimetre each way on each coordinate.
        assert after == pytest.approx(before, rel=1e-4, abs=1e-6), path
        for key, template in reader.gathered.templates.items():
            assert area(again.gathered.templates[key].geometries[0]) == area(template.geometries[0])
        own = {"geographicalExtent", "referenceSystem", "srsName", "crs", "bbox"}
        kept = {k: v for k, v in reader.info.metadata.items() if k not in own and k != "pointOfContact"}
        assert kept.items() <= again.info.metadata.items(), path
        if target.stat().st_size < VALIDATED:
            validate(target)
        compared += 1
    assert compared > 55


@BOTH
def test_everything_that_the_model_holds_comes_back(
    tmp_path: Path, write: Write, validate: Callable[[Path], None]
) -> None:
    surfaces = [
        Surface("RoofSurface", "roof", {"slope": Measure(30.0, "deg"), "built": date(2001, 2, 3)}),
        Surface("Window", None, {"glass": Code("2", None, None)}, parent=0),
        Surface("uro:SolarPanel", "panel", {}, parent=1),
        Surface("TrafficArea"),
    ]
    house = CityObject(
        "house",
        "Building",
        attributes={
            "measuredHeight": Measure(12.5, "m"),
            "heights": [Measure(1.0, "m"), Measure(2.0, "ft")],
            "usage": Code("401", "../usage.xml", "business"),
            "usages": [Code("1", "a.xml", None), Code("2", None, "two")],
            "function": Code("plain"),
            "creationDate": date(2020, 1, 2),
            "nested": {"rows": [{"flow": Measure(0.5, "m3/s")}, {"flow": None}], "ok": True},
            "website": Uri("https://example.org"),
            "empty": None,
            "name": "한글",
        },
        geometries=[
            square(
                semantics=np.array([0, 2], dtype=np.int32),
                materials={"winter": np.array([0, -1], np.int32), "": np.array([1, 1], np.int32)},
                textures={
                    "photo": Texturing(
                        np.array([-1, 0], np.int32),
                        np.vstack([np.full((8, 2), np.nan), [[0, 0], [1, 0], [0.5, 0.25]]]).astype(
                            np.float32
                        ),
                    )
                },
            ),
            square(5.0, "4", role="FootPrint"),
            square(
                6.0, "2.2", type="Solid", shells=np.array([0, 2], np.int32), solids=np.array([0, 1], np.int32)
            ),
            square(
                7.0,
                "1",
                type="MultiSolid",
                shells=np.array([0, 1, 2], np.int32),
                solids=np.array([0, 1, 2], np.int32),
            ),
            points("TerrainIntersection"),
        ],
        surfaces=surfaces,
        textures=[Texture("a/b.png", None, "wrap", (0.0, 0.5, 1.0, 1.0), "specific")],
        materials=[
            Material("red", (1.0, 0.0, 0.0), (0.1, 0.1, 0.1), (0.2, 0.2, 0.2), 0.3, 0.4, 0.5, True),
            Material(None, (0.0, 0.0, 1.0)),
        ],
        addresses=[
            {
                "country": "KR",
                "locality": "Busan",
                "thoroughfare": "Myeongji",
                "number": "1-2",
                "postal_code": "46726",
                "text": "free",
                "location": [[500_000.5, 4_000_000.25, 1.0]],
            }
        ],
        relations=[("sameAs", "other")],
    )
    part = CityObject("part", "BuildingPart", parent="house", geometries=[square(9.0)])
    underground = CityObject("ug", "uro:UnderGroundBuilding", parent="part", geometries=[points()])
    lonely = CityObject("lonely", "BuildingPart")
    track = CityObject("track", "Track", geometries=[square()])
    relief = CityObject("relief", "TINRelief", geometries=[square(role="TIN")])
    group = CityObject("group", "CityObjectGroup", members=[("house", "main"), ("track", None)])
    tree = CityObject(
        "tree",
        "SolitaryVegetationObject",
        implicit=[
            ImplicitGeometry(
                "oak", "3", np.diag([2.0, 2.0, 2.0, 1.0]), np.array([500_010.0, 4_000_010.0, 2.5])
            ),
            ImplicitGeometry("oak", "1", np.eye(4), np.array([500_011.0, 4_000_010.0, 2.5]), role="lod1"),
        ],
    )
    lamp = CityObject(
        "lamp",
        "Building",
        implicit=[ImplicitGeometry("oak", "3", np.eye(4), np.array([500_010.0, 4e6, 2.5]))],
    )
    oak = Template(
        "oak",
        [points(), square(0.1, "3", semantics=np.array([-1, 0], np.int32))],
        surfaces=[Surface("+Leaf")],
    )
    oak.geometries[0].lod = "3"
    objects = [house, part, underground, lonely, track, relief, group, tree, lamp]
    target = tmp_path / "all.city.json"
    findings = write(
        objects, target, crs="EPSG:5187+5193", templates={"oak": oak}, metadata={"title": "All", "+own": [1]}
    )
    assert findings == []
    validate(target)
    reader, same = read(target)
    assert {f.code for f in reader.gathered.findings} == {"missing-texture"}
    assert reader.info.srs_name == "EPSG:5187+5193"
    assert reader.info.name == "All"
    assert reader.info.metadata["+own"] == [1]
    assert reader.info.envelope is not None
    np.testing.assert_allclose(reader.info.envelope, [[1.0, 2.0, 0.0], [500_011.0, 4_000_010.568, 14.0]])
    back = {i.id: canonical(i, 2) for i in same}
    expected = {i.id: canonical(i, 2) for i in objects}
    for item in expected:
        # Those that the class may not have come last.
        for form in (back[item], expected[item]):
            form["geometries"].sort(key=lambda g: (g["role"], g["lod"], g["type"]))
        assert back[item] == expected[item], item
    assert list(back) == [item.id for item in objects]
    template = reader.gathered.templates["oak"]
    assert [(g.type, g.lod) for g in template.geometries] == [("MultiPoint", "3"), ("MultiSurface", "3")]
    np.testing.assert_array_equal(template.geometries[1].vertices, oak.geometries[1].vertices)
    assert template.surfaces == [Surface("+Leaf")]


def test_vertices_are_stored_once_and_on_the_grid(tmp_path: Path) -> None:
    target = tmp_path / "a.city.json"
    twice = [
        CityObject("a", "LandUse", geometries=[square()]),
        CityObject("b", "LandUse", geometries=[square()]),
    ]
    write_cityjson(twice, target, crs="EPSG:5187")
    raw = json.loads(target.read_text())
    assert len(raw["vertices"]) == 9
    assert raw["transform"] == {"scale": [0.001] * 3, "translate": [500_000.0, 4_000_000.0, 0.0]}
    assert raw["vertices"][0] == [123, 568, 0]
    assert raw["metadata"] == {
        "geographicalExtent": [500_000.123, 4_000_000.568, 0.0, 500_010.123, 4_000_010.568, 5.0],
        "referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/5187",
    }


@pytest.mark.parametrize(
    ("crs", "url", "scale"),
    [
        ("EPSG:6697", "https://www.opengis.net/def/crs/EPSG/0/6697", 1e-9),
        ("urn:ogc:def:crs:EPSG::25832", "https://www.opengis.net/def/crs/EPSG/0/25832", 1e-3),
        (
            "http://www.opengis.net/def/crs/EPSG/6.12/3068",
            "https://www.opengis.net/def/crs/EPSG/0/3068",
            1e-3,
        ),
        ("OGC:CRS84", "https://www.opengis.net/def/crs/OGC/1.3/CRS84", 1e-9),
        (
            "urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH*GCG2016",
            "https://www.opengis.net/def/crs/EPSG/0/25832",
            1e-3,
        ),
        ("local", None, 1e-3),
        ("nothing that PROJ knows", None, 1e-3),
        (None, None, 1e-3),
    ],
)
def test_crs_is_named_by_url(
    tmp_path: Path, crs: str | None, url: str | None, scale: float, validate: Callable[[Path], None]
) -> None:
    target = tmp_path / "a.city.json"
    longitude = np.array([[128.9123456789, 35.1234567891, 3.1416]])
    one = np.array([0, 1], dtype=np.int32)
    pole = CityObject("a", "CityFurniture", geometries=[Geometry("MultiPoint", "1", longitude, one, one)])
    write_cityjson([pole], target, crs=crs)
    validate(target)
    raw = json.loads(target.read_text())
    assert raw["metadata"].get("referenceSystem") == url
    assert raw["transform"]["scale"] == [scale, scale, 0.001]
    reader, (same,) = read(target)
    if crs in ("local", "nothing that PROJ knows", None):
        assert reader.info.srs_name == crs
    if crs == "urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH*GCG2016":
        assert reader.info.srs_name == "EPSG:25832+7837"
    np.testing.assert_allclose(same.geometries[0].vertices[0, :2], longitude[0, :2], atol=scale)


def test_version_1_1(tmp_path: Path) -> None:
    target = tmp_path / "a.city.json"
    write_cityjson([CityObject("a", "GenericCityObject")], target, crs=None, version="1.1")
    raw = json.loads(target.read_text())
    assert (raw["version"], raw["CityObjects"]["a"]["type"]) == ("1.1", "+GenericCityObject")
    assert read(target)[1][0].type == "GenericCityObject"
    with pytest.raises(CityModelError, match=r"1\.0 is not written"):
        write_cityjson([], target, crs=None, version="1.0")


@BOTH
def test_a_failure_leaves_the_old_file(tmp_path: Path, write: Write) -> None:
    def failing() -> Iterator[CityObject]:
        yield CityObject("a", "Building", geometries=[square()])
        raise RuntimeError("the source broke")

    target = tmp_path / "a.city.json"
    target.write_text("old")
    with pytest.raises(RuntimeError):
        write(failing(), target, crs=None)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.city.json"]


def test_a_sequence_holds_one_feature_at_a_time(tmp_path: Path) -> None:
    def objects() -> Iterator[CityObject]:
        for number in range(3):
            yield CityObject(f"b{number}", "Building", geometries=[square(number)])
            yield CityObject(f"p{number}", "BuildingPart", parent=f"b{number}", geometries=[square(number)])
        yield CityObject("late", "BuildingPart", parent="b0")

    target = tmp_path / "a.city.jsonl"
    findings = write_cityjsonseq(objects(), target, crs="EPSG:5187")
    assert [(f.code, f.object_id) for f in findings] == [("broken-reference", "late")]
    header, *features = map(json.loads, target.read_text().splitlines())
    assert header["metadata"]["geographicalExtent"][5] == 7.0
    assert [(f["id"], list(f["CityObjects"])) for f in features] == [
        ("b0", ["b0", "p0"]),
        ("b1", ["b1", "p1"]),
        ("b2", ["b2", "p2"]),
        ("late", ["late"]),
    ]
    assert all(len(f["vertices"]) == 9 for f in features[:3])


@BOTH
def test_what_cannot_be_written_is_a_finding(tmp_path: Path, write: Write) -> None:
    nan = square()
    nan.vertices[3, 2] = np.nan
    implicit = [ImplicitGeometry("car.glb", "2", np.eye(4), np.zeros(3))]
    objects = [
        CityObject("nan", "Building", geometries=[nan, square()]),
        CityObject("car", "CityFurniture", implicit=implicit),
        CityObject("bare", "Building", surfaces=[Surface("RoofSurface")]),
    ]
    template = Template("car.glb", uri="car.glb", mime="model/gltf-binary")
    target = tmp_path / "a.city.json"
    findings = write(objects, target, crs=None, templates={"car.glb": template})
    assert [(f.code, f.object_id) for f in findings] == [
        ("bad-geometry", "nan"),
        ("missing-template", "car"),
        ("bad-semantics", "bare"),
    ]
    _, same = read(target)
    assert [(o.id, len(o.geometries)) for o in same] == [("nan", 1), ("car", 0), ("bare", 0)]


def test_duplicate_ids_are_a_finding(tmp_path: Path) -> None:
    twice = [CityObject("a", "Building"), CityObject("a", "Road")]
    (finding,) = write_cityjson(twice, tmp_path / "a.city.json", crs=None)
    assert (finding.code, finding.object_id) == ("duplicate-id", "a")


@BOTH
def test_textures_are_copied_beside_the_document(tmp_path: Path, write: Write) -> None:
    textures = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "wall.png").write_bytes(folder.encode())
        textures.append(Texture(f"{folder}/wall.png", str(tmp_path / folder / "wall.png")))
    uv = np.zeros((11, 2), np.float32)
    textured = square(textures={"t": Texturing(np.array([0, 1], np.int32), uv)})
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "city.city.json"
    write(
        [CityObject("b", "Building", geometries=[textured], textures=textures)],
        target,
        crs=None,
        copy_textures=True,
    )
    reader, (item,) = read(target)
    assert not reader.gathered.findings
    read_back = [
        Path(item.textures[i].path or "").read_bytes() for i in item.geometries[0].textures["t"].images
    ]
    assert read_back == [b"one", b"two"]


def test_odd_values_are_written(tmp_path: Path) -> None:
    attributes: dict[str, Any] = {"huge": 2**70, "text": "line\nbreak \u2028 end"}
    target = tmp_path / "a.city.jsonl"
    write_cityjsonseq([CityObject("a", "Building", attributes=attributes)], target, crs=None)
    assert len(target.read_bytes().splitlines()) == 2
    _, (item,) = read(target)
    assert item.attributes["text"] == attributes["text"]
    assert float(item.attributes["huge"]) == float(2**70)  # type: ignore[arg-type]
