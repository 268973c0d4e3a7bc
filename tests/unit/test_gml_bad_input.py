"""Bad input of the CityGML reader: files that are refused in one line, and defects that are findings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citygml.errors import CityModelError, NotACityModel, UnsafeInput
from citygml.gml import GmlReader
from citygml.gml.rings import parse_numbers
from citygml.reading import ReadOptions
from tests.unit.gml_models import (
    building,
    codes,
    document,
    lod2,
    member,
    multi_surface,
    namespaces,
    polygon,
    read,
    square,
)

GOOD = document(member(building(lod2(multi_surface(polygon(square()))))))


def refused(folder: Path, content: str | bytes, error: type[CityModelError]) -> str:
    with pytest.raises(error) as caught:
        read(folder, content)
    message = str(caught.value)
    assert "\n" not in message
    assert "city.gml" in message
    return message


@pytest.mark.parametrize(
    "content",
    [
        "this is no XML",
        "{}",
        "<",
        "   ",
        "<!-- only a remark -->",
        "<html><body/></html>",
        f"<core:Building {namespaces()}/>",
        '<CityModel xmlns="http://www.opengis.net/citygml/9.0"/>',
        '<CityModel xmlns="http://example.org/other"/>',
        "<CityModel/>",
        '<FeatureCollection xmlns="http://www.opengis.net/wfs/2.0"/>',
        b"\x00\x01\x02\x03",
        b"PK\x03\x04 a zip",
        GOOD.replace("<core:CityModel", "<core:CityModel broken=").encode(),
    ],
)
def test_what_is_no_city_model_is_refused(tmp_path: Path, content: str | bytes) -> None:
    refused(tmp_path, content, NotACityModel)


def test_a_truncated_file_says_where(tmp_path: Path) -> None:
    many = document(member(*(building(lod2(multi_surface(polygon(square()))), f"b{i}") for i in range(50))))
    assert "line" in refused(tmp_path, many[: len(many) // 2], NotACityModel)


BOMB = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE x>",
        f'<!DOCTYPE lolz [<!ENTITY l0 "lol">{BOMB}]>',
        '<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://example.org/x.dtd">',
        "<!-- a remark --><?pi x?>\n<!DOCTYPE x>",
    ],
)
def test_a_document_type_is_refused_before_it_is_parsed(tmp_path: Path, doctype: str, encoding: str) -> None:
    body = GOOD.split("?>", 1)[1].replace("<core:CityModel", '<core:CityModel x="&l9;"', 1)
    declaration = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    assert "document type" in refused(tmp_path, (declaration + doctype + body).encode(encoding), UnsafeInput)


@pytest.mark.parametrize(
    ("encoding", "hidden"),
    [
        # In UTF-7 the comment ends at +AC0ALQA+-, and what ASCII reads as its rest is markup.
        ("UTF-7", "<!-- +AC0ALQA+- <!DOCTYPE x [<!ENTITY l9 'lol'>]> <!-- -->"),
        ("ISO-2022-JP", "<!-- \x1b$B!!-->--> \x1b(B --><!DOCTYPE x [<!ENTITY l9 'lol'>]>"),
        ("utf-32", ""),
        ("IBM037", ""),
    ],
)
def test_an_encoding_that_could_hide_a_document_type_is_refused(
    tmp_path: Path, encoding: str, hidden: str
) -> None:
    body = GOOD.split("?>", 1)[1]
    declaration = f"<?xml version='1.0'  encoding = '{encoding}' ?>"
    message = refused(tmp_path, (declaration + hidden + body).encode(), UnsafeInput)
    assert encoding in message and "UTF-8" in message


def test_an_entity_without_a_declaration_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, GOOD.replace("</core:CityModel>", "&secret;</core:CityModel>"), NotACityModel)


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    deep = "<gml:surfaceMember><gml:CompositeSurface>" * 990
    deep += "</gml:CompositeSurface></gml:surfaceMember>" * 990
    text = document(member(building(lod2(f"<gml:MultiSurface>{deep}</gml:MultiSurface>"))))
    refused(tmp_path, text, UnsafeInput)
    refused(tmp_path, document("<a>" * 5000 + "</a>" * 5000), NotACityModel)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "euc-kr", "cp949", "gb18030", "iso-8859-1"])
def test_any_declared_encoding(tmp_path: Path, encoding: str) -> None:
    name = "한글" if encoding != "iso-8859-1" else "Straße"
    text = document(member(building(f"<gml:name>{name}</gml:name>"))).replace("UTF-8", encoding)
    (city_object,), _ = read(tmp_path, text.encode(encoding))
    assert city_object.attributes["name"] == name


def test_a_text_of_more_than_ten_megabytes(tmp_path: Path) -> None:
    count = 500_000
    positions = " ".join(["176000.123 282000.123 5.123"] * count)
    line = f"<gml:LineString><gml:posList>{positions}</gml:posList></gml:LineString>"
    text = document(member(building(f"<bldg:lod2MultiCurve>{line}</bldg:lod2MultiCurve>")))
    assert len(text) > 10_000_000
    (city_object,), _ = read(tmp_path, text)
    assert len(city_object.geometries[0].vertices) == count


RINGS = {
    "0 0 0 1 0 0 1 1 0": "ring-not-closed",
    "0 0 0 1 0 0 1 1 0 0 1 0": "ring-not-closed",
    "0 0 0 1 0 0 0 0 0": "too-few-points",
    "0 0 0": "too-few-points",
    "": "bad-coordinates",
    "0 0 0 1 0 0 1 1 0 0 0": "bad-coordinates",
    "0 0 0 1 NaN 0 1 1 0 0 0 0": "bad-coordinates",
    "0 0 0 1 inf 0 1 1 0 0 0 0": "bad-coordinates",
    "0 0 0 1 x 0 1 1 0 0 0 0": "bad-coordinates",
    "0,0,0 1,0,0 1,1,0 0,0,0": "bad-coordinates",
    "0 0 0 1 null 0 1 1 0 0 0 0": "bad-coordinates",
    "[0 0 0 1 0 0 1 1 0 0 0 0]": "bad-coordinates",
}


@pytest.mark.parametrize("points", RINGS)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_defective_ring_is_a_finding_and_the_rest_goes_in(
    tmp_path: Path, points: str, position: int
) -> None:
    polygons = [polygon(square(i), gml_id=f"p{i}") for i in range(2)]
    polygons.insert(position, polygon(points, gml_id="bad", ring_id="bad-ring"))
    text = document(member(building(lod2(multi_surface(*polygons))), building("", "b2")))
    objects, reader = read(tmp_path, text, ReadOptions(keep_ids=True))
    (finding,) = reader.gathered.findings
    assert (finding.code, finding.object_id, finding.part) == (RINGS[points], "b1", "bad-ring")
    (geometry,) = objects[0].geometries
    assert geometry.polygon_ids == ["p0", "p1"]
    assert geometry.vertices[:, 0].tolist() == [0, 1, 1, 0, 1, 2, 2, 1]
    assert geometry.rings.tolist() == [0, 4, 8]


def test_a_gap_of_a_rounding_error_is_a_warning_and_the_polygon_stays(tmp_path: Path) -> None:
    nearly = "0 0 0 1 0 0 1 1 0 0 1 0 0.00008 0 0"
    (city_object,), reader = read(tmp_path, document(member(building(lod2(multi_surface(polygon(nearly)))))))
    assert [(f.code, f.severity) for f in reader.gathered.findings] == [("ring-not-closed", "warning")]
    assert city_object.geometries[0].vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]


def test_a_finding_tells_the_place_in_the_order_of_the_vertices(tmp_path: Path) -> None:
    text = document(
        member(building(lod2(multi_surface(polygon("35 129 1 35 130 1 36 130 1"))))), srs="EPSG:6697"
    )
    text = text.replace("175000 281000 0", "35 129 0").replace("177000 283000 50", "36 130 5")
    text = text.replace("EPSG:6697", "urn:ogc:def:crs:EPSG::6697")
    _, reader = read(tmp_path, text)
    assert reader.gathered.findings[0].place == (129, 35, 1)


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<gml:exterior/>",
        "<gml:exterior><gml:LinearRing/></gml:exterior>",
        f"<gml:interior><gml:LinearRing><gml:posList>{square()}</gml:posList></gml:LinearRing></gml:interior>",
    ],
)
def test_a_polygon_without_an_exterior_is_a_finding(tmp_path: Path, inside: str) -> None:
    text = document(
        member(building(lod2(multi_surface(f"<gml:Polygon>{inside}</gml:Polygon>", polygon(square())))))
    )
    (city_object,), reader = read(tmp_path, text)
    assert codes(reader) == ["bad-coordinates"]
    assert city_object.geometries[0].polygon_count == 1


def test_a_bad_hole_takes_its_polygon_and_a_bad_solid_keeps_its_shells(tmp_path: Path) -> None:
    def shell(side: str, *polygons: str) -> str:
        inside = "".join(f"<gml:surfaceMember>{p}</gml:surfaceMember>" for p in polygons)
        return f"<gml:{side}><gml:CompositeSurface>{inside}</gml:CompositeSurface></gml:{side}>"

    bad = polygon(square(), "0 0 0 1 0 0")
    text = (
        f"<bldg:lod1Solid><gml:Solid>{shell('exterior', bad, polygon(square(1)))}"
        f"{shell('interior', polygon(square(2)), bad)}</gml:Solid></bldg:lod1Solid>"
    )
    (city_object,), reader = read(tmp_path, document(member(building(text))))
    assert codes(reader) == ["too-few-points"] * 2
    (geometry,) = city_object.geometries
    assert geometry.shells is not None
    assert geometry.shells.tolist() == [0, 1, 2]
    assert geometry.vertices[::4, 0].tolist() == [1, 2]


def test_an_object_whose_every_polygon_is_bad_stays_without_geometry(tmp_path: Path) -> None:
    (city_object,), reader = read(tmp_path, document(member(building(lod2(multi_surface(polygon("1 2 x")))))))
    assert city_object.geometries == []
    assert codes(reader) == ["bad-coordinates"]


def test_duplicate_ids(tmp_path: Path) -> None:
    twice = multi_surface(polygon(square(), gml_id="p"), polygon(square(1), gml_id="p"))
    text = document(member(building(lod2(twice), "same"), building("", "same"), building("", "other")))
    objects, reader = read(tmp_path, text)
    assert objects[0].id == "same"
    assert len({o.id for o in objects}) == 3
    assert [(f.code, f.object_id, f.part) for f in reader.gathered.findings] == [
        ("duplicate-id", "same", "p"),
        ("duplicate-id", "same", None),
    ]


def test_links_to_objects_that_are_not_there(tmp_path: Path) -> None:
    group = (
        '<grp:CityObjectGroup gml:id="g"><grp:groupMember xlink:href="#b1"/>'
        '<grp:groupMember xlink:href="#gone"/><grp:groupMember xlink:href="http://example.org#x"/>'
        '<grp:groupMember xlink:href="#없음"/><grp:groupMember xlink:href="#wall"/></grp:CityObjectGroup>'
    )
    text = document(
        member(group, building('<bldg:boundedBy><bldg:WallSurface gml:id="wall"/></bldg:boundedBy>'))
    )
    for content in (text.encode(), text.replace("UTF-8", "UTF-16").encode("utf-16")):
        _, reader = read(tmp_path, content)
        assert [(f.code, f.object_id, f.part) for f in reader.gathered.findings] == [
            ("broken-xlink", "g", "#gone"),
            ("broken-xlink", "g", "#없음"),
        ]


@pytest.mark.parametrize(
    "wrap",
    [
        "<gml:featureMember>{}</gml:featureMember><gml:featureMember>{}</gml:featureMember>",
        "<gml:featureMembers>{}{}</gml:featureMembers>",
        "<core:cityObjectMember>{}</core:cityObjectMember><core:cityObjectMember>{}</core:cityObjectMember>",
        "{}{}",
    ],
)
def test_members_of_every_form(tmp_path: Path, wrap: str) -> None:
    surfaces = lod2(multi_surface(polygon(square())))
    objects, reader = read(tmp_path, document(wrap.format(building(surfaces, "a"), building(surfaces, "b"))))
    assert [o.id for o in objects] == ["a", "b"]
    assert all(o.geometries[0].polygon_count == 1 for o in objects)
    assert reader.info.srs_name == "EPSG:5187"


def test_a_feature_collection_of_a_web_feature_service(tmp_path: Path) -> None:
    text = (
        f'<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" {namespaces()}>'
        f"<wfs:member>{building('')}</wfs:member></wfs:FeatureCollection>"
    )
    (city_object,), reader = read(tmp_path, text)
    assert city_object.id == "b1"
    assert reader.info.version == "2.0"


def test_the_name_of_the_crs_is_found_where_it_stands(tmp_path: Path) -> None:
    inner = multi_surface(polygon(square())).replace(
        "<gml:MultiSurface", '<gml:MultiSurface srsName="EPSG:5186"'
    )
    _, reader = read(tmp_path, document(member(building(lod2(inner))), srs=None))
    assert reader.info.srs_name == "EPSG:5186"
    _, reader = read(tmp_path, document(member(building("")), srs=None))
    assert reader.info.srs_name is None
    (city_object,), reader = read(tmp_path, GOOD.replace("EPSG:5187", "something unknown"))
    assert reader.info.srs_name == "something unknown"
    assert city_object.geometries[0].vertices[1].tolist() == [1, 0, 0]


def test_the_given_crs_replaces_that_of_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("EPSG:5187", "EPSG:5186").replace(square(), "35 129 1 35 130 1 36 130 1 35 129 1")
    text = text.replace("175000 281000 0", "35 129 0").replace("177000 283000 50", "36 130 5")
    (city_object,), reader = read(tmp_path, text, ReadOptions(crs="urn:ogc:def:crs:EPSG::6697"))
    assert city_object.geometries[0].vertices[0].tolist() == [129, 35, 1]
    assert reader.info.srs_name == "EPSG:5186"


def test_geometry_in_another_crs_is_a_finding(tmp_path: Path) -> None:
    inner = multi_surface(polygon(square())).replace("<gml:MultiSurface", '<gml:MultiSurface srsName="{}"')
    same = building(lod2(inner.format("urn:ogc:def:crs:EPSG::5187")), "same")
    other = building(lod2(inner.format("EPSG:5186")), "other")
    again = building(lod2(inner.format("EPSG:5186")), "again")
    _, reader = read(tmp_path, document(member(same, other, again)))
    assert [(f.code, f.object_id) for f in reader.gathered.findings] == [("mixed-crs", "other")]


def test_a_local_crs_tells_its_anchor(data: Path) -> None:
    reader = GmlReader(data / "citygml/ogc-citygml-3.0/Examples/Core/LocalCRS_CityGML3.gml")
    assert reader.info.srs_name == "#local-CRS-1"
    assert reader.info.metadata["engineering_crs"] == {
        "anchor": "458868.0 5438343.0 112.0",
        "anchor_crs": "urn:ogc:def:crs,crs:EPSG::25832,crs:EPSG::5783",
    }


NUMBER = st.floats(allow_nan=False, allow_infinity=False).map(repr)
BLANK = st.sampled_from([" ", "  ", "\n", "\t "])


@given(st.lists(st.tuples(BLANK, st.lists(NUMBER, max_size=6)), max_size=8))
@settings(max_examples=150, deadline=None)
def test_numbers_are_parsed_as_float_does(texts: list[tuple[str, list[str]]]) -> None:
    values, counts = parse_numbers([blank.join(numbers) for blank, numbers in texts])
    assert values.tolist() == [float(n) for _, numbers in texts for n in numbers]
    assert counts.tolist() == [len(numbers) for _, numbers in texts]


def test_a_text_that_is_no_number_does_not_spoil_the_others() -> None:
    values, counts = parse_numbers(["1 2", "x", "", "3"])
    assert counts.tolist() == [2, -1, 0, 1]
    np.testing.assert_array_equal(values, [1, 2, 3])
