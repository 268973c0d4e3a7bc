"""CityGML out: structure, envelope, ids and order, and never half a file."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lxml import etree

from citygml.gml import GmlReader
from citygml.gml_writer import write_citygml
from citygml.model import CityObject, Code, Measure, Texture, Texturing
from citygml.reading import ReadOptions
from tests.unit.gml_writer_models import NAMESPACES, UTM, VERSIONS, Version, cube, house, read


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


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("swap_axes", [False, True])
def test_the_location_of_an_address_is_written_in_the_order_of_the_axes(
    tmp_path: Path, version: Version, swap_axes: bool
) -> None:
    building = CityObject("b", "Building")
    building.addresses = [
        {"locality": "Busan", "location": [[500_000.5, 5_400_000.25, 3.0]]},
        {"locality": "Sejong", "position": ["<a/>", 1, 2], "position_crs": "EPSG:4326"},
    ]
    path = tmp_path / "out.gml"
    write_citygml([building], path, version=version, srs_name=UTM, swap_axes=swap_axes)
    positions = [e.text for e in etree.parse(path).iter("{*}pos")]
    place = "5400000.25 500000.5 3.0" if swap_axes else "500000.5 5400000.25 3.0"
    assert positions == [place, "<a/> 1 2"]
    (after,) = read(path)[1]
    assert [a["locality"] for a in after.addresses] == ["Busan", "Sejong"]


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
        for number in range(20):
            building = house(f"b{number}")
            probe = Probe()
            building.attributes["probe"] = probe  # type: ignore[assignment]
            probes.append(weakref.ref(probe))
            yield building
            del building, probe
            gc.collect()
            most = max(most, sum(p() is not None for p in probes))

    gc.collect()
    gc.freeze()  # what is there already need not be looked at again
    try:
        write_citygml(streamed(), tmp_path / "out.gml", version="3.0", srs_name=UTM)
    finally:
        gc.unfreeze()
    assert len(probes) == 20
    assert most <= 3
