"""Writing CityJSON and CityJSONSeq: vertices, CRS, versions, textures, and what the schema does not allow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citygml.cityjson import write_cityjson, write_cityjsonseq
from citygml.errors import CityModelError
from citygml.model import CityObject, Geometry, ImplicitGeometry, Surface, Template, Texture, Texturing
from tests.unit.cityjson_models import BOTH, Write, read, square, validate


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
    data: Path, tmp_path: Path, crs: str | None, url: str | None, scale: float
) -> None:
    target = tmp_path / "a.city.json"
    longitude = np.array([[128.9123456789, 35.1234567891, 3.1416]])
    one = np.array([0, 1], dtype=np.int32)
    pole = CityObject("a", "CityFurniture", geometries=[Geometry("MultiPoint", "1", longitude, one, one)])
    write_cityjson([pole], target, crs=crs)
    validate(data, target)
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
    for name in ("one/2_wall.png", "two/wall.png", "three/wall.png", "four/wall.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(name.encode())
        textures.append(Texture(name, str(tmp_path / name)))
    uv = np.zeros((11, 2), np.float32)
    textured = [
        square(textures={"t": Texturing(np.array(images, np.int32), uv)}) for images in ([0, 1], [2, 3])
    ]
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "city.city.json"
    write(
        [CityObject("b", "Building", geometries=textured, textures=textures)],
        target,
        crs=None,
        copy_textures=True,
    )
    reader, (item,) = read(target)
    assert not reader.gathered.findings
    images = [i for g in item.geometries for i in g.textures["t"].images]
    read_back = [Path(item.textures[i].path or "").read_bytes() for i in images]
    assert read_back == [b"one/2_wall.png", b"two/wall.png", b"three/wall.png", b"four/wall.png"]


def test_odd_values_are_written(tmp_path: Path) -> None:
    attributes: dict[str, Any] = {"huge": 2**70, "text": "line\nbreak \u2028 end"}
    target = tmp_path / "a.city.jsonl"
    write_cityjsonseq([CityObject("a", "Building", attributes=attributes)], target, crs=None)
    assert len(target.read_bytes().splitlines()) == 2
    _, (item,) = read(target)
    assert item.attributes["text"] == attributes["text"]
    assert float(item.attributes["huge"]) == float(2**70)  # type: ignore[arg-type]
