"""Round trips through CityJSON and CityJSONSeq: the real files, and everything that the model holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from citygml.errors import CityModelError
from citygml.model import (
    CityObject,
    Code,
    ImplicitGeometry,
    Material,
    Measure,
    Surface,
    Template,
    Texture,
    Texturing,
    Uri,
)
from tests.unit.cityjson_models import BOTH, Write, area, canonical, points, read, square, validate
from tools.counting import cityjson_files

# Whole documents of these sizes [bytes] are validated; jsonschema takes seconds for larger ones.
VALIDATED = 15_000


@BOTH
def test_every_real_file_survives_a_round_trip(data: Path, tmp_path: Path, write: Write) -> None:
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
            validate(data, target)
        compared += 1
    assert compared > 55


@BOTH
def test_everything_that_the_model_holds_comes_back(data: Path, tmp_path: Path, write: Write) -> None:
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
    validate(data, target)
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
