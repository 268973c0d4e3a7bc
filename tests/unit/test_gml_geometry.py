"""Geometry of the CityGML reader: every kind of GML geometry as arrays, links, semantics, axis order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from citygml.gml import GmlReader
from citygml.model import CityObject, Geometry
from citygml.reading import ReadOptions
from tests.unit.gml_models import (
    building,
    codes,
    document,
    links,
    lod2,
    member,
    multi_surface,
    polygon,
    read,
    solid,
    square,
)


def one(folder: Path, content: str, version: str = "2.0", **more: str) -> CityObject:
    objects, reader = read(folder, document(member(building(content)), version, **more))
    assert codes(reader) == []
    return objects[0]


def ring_of(geometry: Geometry, number: int) -> list[list[float]]:
    first, last = geometry.rings[number : number + 2]
    rows: list[list[float]] = geometry.vertices[first:last].tolist()
    return rows


def area(geometry: Geometry) -> float:
    """Half the length of the summed cross products, ring by ring; holes run the other way [m2]."""
    total = 0.0
    for p in range(geometry.polygon_count):
        normal = np.zeros(3)
        for r in range(*geometry.polygons[p : p + 2].tolist()):
            v = geometry.vertices[slice(*geometry.rings[r : r + 2].tolist())]
            v = v - v[0]
            normal += np.cross(v, np.roll(v, -1, axis=0)).sum(axis=0) / 2
        total += float(np.linalg.norm(normal))
    return total


def test_a_polygon_with_a_hole(tmp_path: Path) -> None:
    hole = "1 1 0 1 2 0 2 2 0 2 1 0 1 1 0"
    geometry = one(tmp_path, lod2(multi_surface(polygon(square(size=4), hole)))).geometries[0]
    assert (geometry.type, geometry.lod, geometry.role) == ("MultiSurface", "2", "MultiSurface")
    assert geometry.vertices.dtype == np.float64
    assert geometry.rings.tolist() == [0, 4, 8]
    assert geometry.polygons.tolist() == [0, 2]
    assert geometry.rings.dtype == geometry.polygons.dtype == np.int32
    assert geometry.shells is None
    assert ring_of(geometry, 1) == [[1, 1, 0], [1, 2, 0], [2, 2, 0], [2, 1, 0]]
    assert area(geometry) == 15.0


@pytest.mark.parametrize(
    "ring",
    [
        "<gml:pos>0 0 1</gml:pos><gml:pos>1 0 1</gml:pos><gml:pos>1 1 1</gml:pos><gml:pos>0 0 1</gml:pos>",
        "<gml:posList>\n 0 0 1\n 1  0 1\t1 1 1\n0 0 1 </gml:posList>",
        "<gml:posList>0.0 0 1 1 0 1.00 +1 1. 1e0 0 0 1</gml:posList>",
        "<gml:coordinates>0,0,1 1,0,1 1,1,1 0,0,1</gml:coordinates>",
        '<gml:coordinates cs=" " ts=";" decimal=",">0,0 0 1,0;1 0 1;1 1 1;0 0 1</gml:coordinates>',
        "<gml:posList>0 0 1 1 0 1<!-- a remark --> 1 1 1 0 0 1</gml:posList>",
        "<gml:posList><![CDATA[0 0 1 1 0 1 1 1 1 0 0 1]]></gml:posList>",
        "<gml:pointProperty><gml:Point><gml:pos>0 0 1</gml:pos></gml:Point></gml:pointProperty>"
        "<gml:pos>1 0 1</gml:pos><gml:pos>1 1 1</gml:pos><gml:pos>0 0 1</gml:pos>",
    ],
)
def test_every_way_to_write_positions(tmp_path: Path, ring: str) -> None:
    text = f"<gml:Polygon><gml:exterior><gml:LinearRing>{ring}</gml:LinearRing></gml:exterior></gml:Polygon>"
    geometry = one(tmp_path, lod2(multi_surface(text))).geometries[0]
    assert geometry.vertices.tolist() == [[0, 0, 1], [1, 0, 1], [1, 1, 1]]


def test_two_dimensions_lie_at_height_zero(tmp_path: Path) -> None:
    flat = (
        '<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList srsDimension="2">'
        "0 0 3 0 3 3 0 3 0 0 0 0</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
    )
    geometry = one(tmp_path, lod2(multi_surface(flat, polygon(square(5, 5, 5))))).geometries[0]
    assert geometry.vertices[:3].tolist() == [[0, 0, 0], [3, 0, 0], [3, 3, 0]]
    assert geometry.vertices[-1].tolist() == [5, 6, 5]


def test_surfaces_of_every_kind_flatten_to_polygons(tmp_path: Path) -> None:
    def patches(kind: str, property_name: str, patch: str, z: int) -> str:
        inside = f"<gml:exterior><gml:LinearRing><gml:posList>{square(z=z)}</gml:posList></gml:LinearRing>"
        return (
            f"<gml:{kind}><gml:{property_name}><gml:{patch}>{inside}</gml:exterior></gml:{patch}>"
            f"</gml:{property_name}></gml:{kind}>"
        )

    surfaces = [
        polygon(square(z=0)),
        patches("Surface", "patches", "PolygonPatch", 1),
        patches("TriangulatedSurface", "trianglePatches", "Triangle", 2),
        patches("PolyhedralSurface", "polygonPatches", "PolygonPatch", 3),
        patches("Surface", "patches", "Rectangle", 4),
        f"<gml:CompositeSurface><gml:surfaceMember>{polygon(square(z=5))}</gml:surfaceMember>"
        f"<gml:surfaceMembers>{polygon(square(z=6))}{polygon(square(z=7))}</gml:surfaceMembers>"
        "</gml:CompositeSurface>",
    ]
    geometry = one(tmp_path, lod2(multi_surface(*surfaces))).geometries[0]
    assert geometry.polygon_count == 8
    assert geometry.vertices[::4, 2].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]


def test_triangles_taken_out_while_parsing_are_those_of_the_file(tmp_path: Path) -> None:
    def triangle(positions: str, ring: str = "<gml:LinearRing>", flat: bool = False) -> str:
        dimension = ' srsDimension="2"' if flat else ""
        inside = f"{ring}<gml:posList{dimension}>{positions}</gml:posList></gml:LinearRing>"
        return f"<gml:Triangle><gml:exterior>{inside}</gml:exterior></gml:Triangle>"

    def tin(*triangles: str) -> str:
        patches = f"<gml:trianglePatches>{''.join(triangles)}</gml:trianglePatches>"
        tin = f"<dem:tin><gml:TriangulatedSurface>{patches}</gml:TriangulatedSurface></dem:tin>"
        component = f"<dem:TINRelief><dem:lod>1</dem:lod>{tin}</dem:TINRelief>"
        return f"<dem:reliefComponent>{component}</dem:reliefComponent>"

    first = tin(
        triangle("0 0 1 1 0 1 0 1 1 0 0 1"),
        triangle("0 0 1 0 0 1 1", '<gml:LinearRing gml:id="bad">'),
        triangle("5 0 6 0 5 1 5 0", flat=True),
    )
    second = tin(triangle("7 0 1 8 0 1 7 1 1 7 0 1"), "<gml:Triangle/>")
    relief = f"<dem:ReliefFeature><dem:lod>1</dem:lod>{first}{second}</dem:ReliefFeature>"
    (_, a, b), reader = read(tmp_path, document(member(relief)))
    assert a.geometries[0].vertices.tolist() == [
        [0, 0, 1], [1, 0, 1], [0, 1, 1], [5, 0, 0], [6, 0, 0], [5, 1, 0]
    ]  # fmt: skip
    assert b.geometries[0].vertices.tolist() == [[7, 0, 1], [8, 0, 1], [7, 1, 1]]
    findings = [(f.code, f.object_id, f.part) for f in reader.gathered.findings]
    assert findings == [("bad-coordinates", a.id, "bad"), ("bad-coordinates", b.id, None)]


def test_an_orientable_surface_turns_its_polygons_round(tmp_path: Path) -> None:
    turned = (
        '<gml:OrientableSurface orientation="-"><gml:baseSurface>'
        f"{polygon(square())}</gml:baseSurface></gml:OrientableSurface>"
    )
    again = (
        '<gml:OrientableSurface orientation="-"><gml:baseSurface xlink:href="#base"/></gml:OrientableSurface>'
    )
    base = polygon(square(5), gml_id="base")
    geometry = one(tmp_path, lod2(multi_surface(turned, base, again))).geometries[0]
    assert ring_of(geometry, 0) == [[0, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert ring_of(geometry, 1) == ring_of(geometry, 2)[::-1]


def test_solids_keep_their_shells(tmp_path: Path) -> None:
    def shell(side: str, z: int, count: int) -> str:
        inside = "".join(
            f"<gml:surfaceMember>{polygon(square(z=z))}</gml:surfaceMember>" for _ in range(count)
        )
        return f"<gml:{side}><gml:Shell>{inside}</gml:Shell></gml:{side}>"

    hollow = f"<gml:Solid>{shell('exterior', 0, 6)}{shell('interior', 1, 4)}</gml:Solid>"
    plain = f"<gml:Solid>{shell('exterior', 2, 5)}</gml:Solid>"
    content = f"<bldg:lod1Solid>{hollow}</bldg:lod1Solid><bldg:lod2Solid><gml:CompositeSolid>"
    content += f"<gml:solidMember>{hollow}</gml:solidMember><gml:solidMember>{plain}</gml:solidMember>"
    content += "</gml:CompositeSolid></bldg:lod2Solid>"
    single, composite = one(tmp_path, content).geometries
    assert single.type == "Solid" and single.shells is not None and single.solids is not None
    assert single.shells.tolist() == [0, 6, 10]
    assert single.solids.tolist() == [0, 2]
    assert (
        composite.type == "CompositeSolid" and composite.shells is not None and composite.solids is not None
    )
    assert composite.shells.tolist() == [0, 6, 10, 15]
    assert composite.solids.tolist() == [0, 2, 3]


def test_curves_and_points(tmp_path: Path) -> None:
    content = (
        "<bldg:lod2TerrainIntersection><gml:MultiCurve><gml:curveMember><gml:LineString>"
        "<gml:posList>0 0 0 1 0 0 1 1 0</gml:posList></gml:LineString></gml:curveMember>"
        "<gml:curveMember><gml:Curve><gml:segments><gml:LineStringSegment>"
        "<gml:posList>5 5 5 6 6 6</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve>"
        "</gml:curveMember></gml:MultiCurve>"
        "</bldg:lod2TerrainIntersection>"
        "<bldg:lod1MultiPoint><gml:MultiPoint><gml:pointMember>"
        "<gml:Point><gml:pos>7 8 9</gml:pos></gml:Point></gml:pointMember></gml:MultiPoint>"
        "</bldg:lod1MultiPoint>"
    )
    curve, point = one(tmp_path, content).geometries
    assert (curve.type, curve.role, curve.lod) == ("MultiCurve", "TerrainIntersection", "2")
    assert curve.rings.tolist() == [0, 3, 5]
    assert curve.polygons.tolist() == [0, 1, 2]
    assert (point.type, point.vertices.tolist()) == ("MultiPoint", [[7, 8, 9]])


def test_a_multi_geometry_falls_into_one_geometry_of_each_kind(tmp_path: Path) -> None:
    content = (
        "<bldg:lod3Geometry><gml:MultiGeometry>"
        f"<gml:geometryMember>{polygon(square())}</gml:geometryMember>"
        f"<gml:geometryMember>{polygon(square(z=1))}</gml:geometryMember>"
        "<gml:geometryMember><gml:Point><gml:pos>1 2 3</gml:pos></gml:Point></gml:geometryMember>"
        "</gml:MultiGeometry></bldg:lod3Geometry>"
    )
    geometries = one(tmp_path, content).geometries
    assert [(g.type, g.polygon_count) for g in geometries] == [("MultiSurface", 2), ("MultiPoint", 1)]


WALLS = "".join(
    f'<bldg:boundedBy><bldg:{kind} gml:id="{kind}{i}">'
    + lod2(multi_surface(polygon(square(z=i), gml_id=f"p{i}")))
    + f"</bldg:{kind}></bldg:boundedBy>"
    for i, kind in enumerate(["GroundSurface", "WallSurface", "RoofSurface"])
)


def test_a_solid_of_links_is_the_one_geometry_and_has_the_semantics(tmp_path: Path) -> None:
    content = f"<bldg:lod2Solid>{solid(links('#p2', '#p0', '#p1'))}</bldg:lod2Solid>{WALLS}"
    city_object = one(tmp_path, content)
    (geometry,) = city_object.geometries
    assert geometry.type == "Solid"
    assert geometry.vertices[::4, 2].tolist() == [2, 0, 1]
    assert geometry.semantics is not None
    types = [city_object.surfaces[i].type for i in geometry.semantics.tolist()]
    assert types == ["RoofSurface", "GroundSurface", "WallSurface"]


def test_boundary_polygons_outside_the_solid_are_a_geometry_of_their_own(tmp_path: Path) -> None:
    content = f"<bldg:lod2Solid>{solid(links('#p0', '#p1'))}</bldg:lod2Solid>{WALLS}"
    body, rest = one(tmp_path, content).geometries
    assert (body.type, body.polygon_count) == ("Solid", 2)
    assert (rest.type, rest.lod, rest.polygon_count) == ("MultiSurface", "2", 1)
    assert rest.semantics is not None and rest.semantics.tolist() == [2]


def test_a_solid_that_links_to_whole_composites(tmp_path: Path) -> None:
    composite = f'<gml:CompositeSurface gml:id="c">{links("#p1", "#p2")}</gml:CompositeSurface>'
    content = f"<bldg:lod2Solid>{solid(links('#c', '#p0'))}</bldg:lod2Solid>{WALLS}"
    content += f"<bldg:lod3MultiSurface>{multi_surface(composite)}</bldg:lod3MultiSurface>"
    body, again = one(tmp_path, content).geometries
    assert body.vertices[::4, 2].tolist() == [1, 2, 0]
    assert again.vertices[::4, 2].tolist() == [1, 2]


def test_a_surface_that_links_into_the_solid_gives_it_its_meaning(tmp_path: Path) -> None:
    inline = "".join(
        f"<gml:surfaceMember>{polygon(square(z=i), gml_id=f's{i}')}</gml:surfaceMember>" for i in range(2)
    )
    surface = (
        "<bldg:boundedBy><bldg:RoofSurface><bldg:lod2MultiSurface><gml:MultiSurface>"
        f"{links('#s1')}</gml:MultiSurface></bldg:lod2MultiSurface></bldg:RoofSurface></bldg:boundedBy>"
    )
    (geometry,) = one(tmp_path, f"<bldg:lod2Solid>{solid(inline)}</bldg:lod2Solid>{surface}").geometries
    assert geometry.semantics is not None
    assert geometry.semantics.tolist() == [-1, 0]


def test_openings_hang_on_their_wall(tmp_path: Path) -> None:
    content = (
        '<bldg:boundedBy><bldg:WallSurface gml:id="w"><bldg:lod3MultiSurface>'
        f"{multi_surface(polygon(square(size=9)))}</bldg:lod3MultiSurface><bldg:opening>"
        f'<bldg:Window gml:id="win"><bldg:lod3MultiSurface>{multi_surface(polygon(square(1, 1)))}'
        "</bldg:lod3MultiSurface></bldg:Window></bldg:opening></bldg:WallSurface></bldg:boundedBy>"
    )
    city_object = one(tmp_path, content)
    assert [(s.type, s.parent) for s in city_object.surfaces] == [("WallSurface", -1), ("Window", 0)]
    (geometry,) = city_object.geometries
    assert geometry.semantics is not None and geometry.semantics.tolist() == [0, 1]


def test_links_between_features_forwards_backwards_and_into_another_file(tmp_path: Path) -> None:
    def wall(gml_id: str, x: int) -> str:
        return building(lod2(multi_surface(polygon(square(x), gml_id=f"p-{gml_id}"))), gml_id)

    other = document(member(wall("far", 300)))
    (tmp_path / "far.gml").write_text(other)
    user = building(
        lod2(f"<gml:MultiSurface>{links('#p-a', '#p-c', 'far.gml#p-far')}</gml:MultiSurface>"), "b"
    )
    objects, reader = read(tmp_path, document(member(wall("a", 100), user, wall("c", 200))))
    assert codes(reader) == []
    assert objects[1].geometries[0].vertices[::4, 0].tolist() == [100, 200, 300]


def test_broken_links_are_findings_and_the_rest_goes_in(tmp_path: Path) -> None:
    (tmp_path.parent / "secret.gml").write_text(
        document(member(building(lod2(multi_surface(polygon(square(), gml_id="s"))))))
    )
    content = lod2(
        f"<gml:MultiSurface>{links('#nowhere', '../secret.gml#s', 'http://example.org/x.gml#s', '#b1')}"
        f"<gml:surfaceMember>{polygon(square())}</gml:surfaceMember></gml:MultiSurface>"
    )
    objects, reader = read(tmp_path, document(member(building(content))))
    assert objects[0].geometries[0].polygon_count == 1
    findings = reader.gathered.findings
    assert codes(reader) == ["broken-xlink"] * 4
    assert {f.object_id for f in findings} == {"b1"}
    assert findings[0].part == "#nowhere"


def test_a_link_names_its_polygon_with_or_without_the_mark(tmp_path: Path) -> None:
    def linked(href: str) -> str:
        shell = f"<bldg:lod2Solid>{solid(links(href))}</bldg:lod2Solid>"
        return document(member(building(lod2(multi_surface(polygon(square(), gml_id="p"))) + shell)))

    for href in ("#p", "p"):
        (city_object,), reader = read(tmp_path, linked(href))
        assert codes(reader) == []
        assert {g.type for g in city_object.geometries} == {"Solid", "MultiSurface"}
    _, reader = read(tmp_path, linked("Xp"))
    assert codes(reader) == ["broken-xlink"]


def test_a_polygon_met_again_inside_another_linked_geometry_is_no_duplicate(tmp_path: Path) -> None:
    owner = building(lod2(multi_surface(polygon(square(), gml_id="p"), gml_id="m")), "owner")
    user = building(lod2(f"<gml:MultiSurface>{links('#p', '#m')}</gml:MultiSurface>"), "user")
    objects, reader = read(tmp_path, document(member(owner, user)))
    assert codes(reader) == []
    assert objects[1].geometries[0].polygon_count == 2


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    circle = f'<gml:CompositeSurface gml:id="c">{links("#d")}</gml:CompositeSurface>'
    back = f'<gml:CompositeSurface gml:id="d">{links("#c")}</gml:CompositeSurface>'
    objects, _ = read(tmp_path, document(member(building(lod2(multi_surface(circle, back))))))
    assert objects[0].geometries == []


def test_latitude_first_becomes_longitude_first(tmp_path: Path) -> None:
    text = document(
        member(building(lod2(multi_surface(polygon("35 129 1 35 130 2 36 130 3 35 129 1"))))),
        srs="http://www.opengis.net/def/crs/EPSG/0/6697",
    )
    text = text.replace("175000 281000 0", "35 129 0").replace("177000 283000 50", "36 130 5")
    (city_object,), reader = read(tmp_path, text)
    assert city_object.geometries[0].vertices.tolist() == [[129, 35, 1], [130, 35, 2], [130, 36, 3]]
    assert reader.info.envelope is not None
    assert reader.info.envelope.tolist() == [[129, 35, 0], [130, 36, 5]]


def test_only_the_wanted_levels_of_detail(tmp_path: Path) -> None:
    content = f"<bldg:lod1MultiSurface>{multi_surface(polygon(square()))}</bldg:lod1MultiSurface>"
    content += lod2(multi_surface(polygon(square())))
    text = document(member(building(content)))
    (city_object,), _ = read(tmp_path, text, ReadOptions(lods=frozenset({"1"})))
    assert [g.lod for g in city_object.geometries] == ["1"]


def test_polygon_ids_on_request(tmp_path: Path) -> None:
    content = lod2(multi_surface(polygon(square(), gml_id="x"), polygon(square())))
    (kept,), _ = read(tmp_path, document(member(building(content))), ReadOptions(keep_ids=True))
    assert kept.geometries[0].polygon_ids == ["x", None]
    assert one(tmp_path, content).geometries[0].polygon_ids is None


def naive_area(path: Path, polygons: str) -> float:
    """Of every polygon of a file, once, by a reading of its own [m2]."""
    total = 0.0
    gml = {"g": "http://www.opengis.net/gml"}
    for element in etree.parse(str(path)).iterfind(f".//{polygons}", gml):
        normal = np.zeros(3)
        for positions in element.iterfind(".//g:posList", gml):
            v = np.array((positions.text or "").split(), float).reshape(-1, 3)
            v = v - v[0]
            normal += np.cross(v[:-1], v[1:]).sum(axis=0) / 2
        total += float(np.linalg.norm(normal))
    return total


def test_real_solids_by_link_have_each_polygon_once(data: Path) -> None:
    path = data / "citygml/nrw-aachen/LoD2_32_280_5657_1_NW.gml"
    objects = [o for batch in GmlReader(path).batches() for o in batch]
    solids = [g for o in objects for g in o.geometries if g.type == "Solid"]
    assert {g.type for o in objects for g in o.geometries} == {"Solid", "MultiCurve"}
    assert all(g.semantics is not None and g.semantics.min() >= 0 for g in solids)
    assert sum(map(area, solids)) == pytest.approx(naive_area(path, "g:Polygon"), rel=1e-9)


def test_the_batch_size_changes_nothing(data: Path) -> None:
    path = data / "citygml/plateau-textured/data/53392633_bldg_6697_2_op.gml"
    one_by_one = [o for b in GmlReader(path, ReadOptions(batch=1)).batches() for o in b]
    at_once = [o for b in GmlReader(path).batches() for o in b]
    assert [o.id for o in one_by_one] == [o.id for o in at_once]
    for a, b in zip(one_by_one, at_once, strict=True):
        assert a.attributes == b.attributes
        for g, h in zip(a.geometries, b.geometries, strict=True):
            np.testing.assert_array_equal(g.vertices, h.vertices)
            np.testing.assert_array_equal(g.rings, h.rings)
            for theme, texturing in g.textures.items():
                np.testing.assert_array_equal(texturing.uv, h.textures[theme].uv)
