"""Attributes of the CityGML reader: types, addresses, ADEs, relations, 3.0's features."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from citygml.gml import GmlReader
from citygml.model import CityObject, Code, Measure, Uri
from tests.unit.gml_models import (
    building,
    codes,
    document,
    lod2,
    member,
    multi_surface,
    polygon,
    read,
    square,
)


def one(folder: Path, content: str, version: str = "2.0") -> CityObject:
    objects, _ = read(folder, document(member(building(content)), version))
    return objects[0]


def test_standard_attributes_have_types(tmp_path: Path) -> None:
    attributes = one(
        tmp_path,
        "<gml:description>a house</gml:description><gml:name>first</gml:name><gml:name>second</gml:name>"
        "<core:creationDate>2020-12-18</core:creationDate><bldg:function>1000</bldg:function>"
        "<bldg:function>1010</bldg:function><bldg:yearOfConstruction>1965</bldg:yearOfConstruction>"
        '<bldg:measuredHeight uom="m">9.5</bldg:measuredHeight>'
        "<bldg:storeysAboveGround>3</bldg:storeysAboveGround>"
        '<bldg:storeyHeightsAboveGround uom="m">2.5 2.75</bldg:storeyHeightsAboveGround>'
        "<bldg:usage></bldg:usage>",
    ).attributes
    assert attributes == {
        "description": "a house",
        "name": ["first", "second"],
        "creationDate": date(2020, 12, 18),
        "function": ["1000", "1010"],
        "yearOfConstruction": 1965,
        "measuredHeight": Measure(9.5, "m"),
        "storeysAboveGround": 3,
        "storeyHeightsAboveGround": [Measure(2.5, "m"), Measure(2.75, "m")],
    }
    assert type(attributes["yearOfConstruction"]) is int


def test_generic_attributes_have_types(tmp_path: Path) -> None:
    def generic(kind: str, name: str, value: str, more: str = "") -> str:
        return f'<gen:{kind} name="{name}"><gen:value{more}>{value}</gen:value></gen:{kind}>'

    attributes = one(
        tmp_path,
        generic("stringAttribute", "s", " 007 ")
        + generic("intAttribute", "i", "-7")
        + generic("doubleAttribute", "d", "1.5e3")
        + generic("dateAttribute", "when", "2021-02-03")
        + generic("uriAttribute", "u", "https://example.org/x")
        + generic("measureAttribute", "m", "4", ' uom="kWh/a"')
        + '<gen:genericAttributeSet name="set">'
        + generic("stringAttribute", "inner", "x")
        + '<gen:genericAttributeSet name="deep">'
        + generic("intAttribute", "n", "1")
        + "</gen:genericAttributeSet></gen:genericAttributeSet>",
    ).attributes
    assert attributes == {
        "s": " 007 ",
        "i": -7,
        "d": 1500.0,
        "when": date(2021, 2, 3),
        "u": "https://example.org/x",
        "m": Measure(4.0, "kWh/a"),
        "set": {"inner": "x", "deep": {"n": 1}},
    }
    assert isinstance(attributes["u"], Uri)


def test_generic_attributes_of_3_0(tmp_path: Path) -> None:
    def generic(kind: str, name: str, value: str) -> str:
        inside = f"<gen:name>{name}</gen:name><gen:value{value}</gen:value>"
        return f"<core:genericAttribute><gen:{kind}>{inside}</gen:{kind}></core:genericAttribute>"

    members = generic("IntAttribute", "a", ">3")
    content = (
        generic("DoubleAttribute", "d", ">1.25")
        + generic("CodeAttribute", "c", ' codeSpace="http://x.org/list">12')
        + generic("MeasureAttribute", "m", ' uom="m">2')
        + "<core:genericAttribute><gen:GenericAttributeSet><gen:name>set</gen:name>"
        + members
        + "</gen:GenericAttributeSet></core:genericAttribute>"
    )
    assert one(tmp_path, content, "3.0").attributes == {
        "d": 1.25,
        "c": Code("12", "http://x.org/list"),
        "m": Measure(2.0, "m"),
        "set": {"a": 3},
    }


def test_a_generic_attribute_does_not_mix_with_a_property_of_its_name(tmp_path: Path) -> None:
    attributes = one(
        tmp_path,
        '<gen:stringAttribute name="function"><gen:value>mine</gen:value></gen:stringAttribute>'
        "<bldg:function>1000</bldg:function>",
    ).attributes
    assert attributes == {"function": "1000", "gen:function": "mine"}


def test_a_value_that_is_no_number_is_kept_and_found(tmp_path: Path) -> None:
    content = '<gen:intAttribute name="i"><gen:value>many</gen:value></gen:intAttribute>'
    (city_object,), reader = read(tmp_path, document(member(building(content))))
    assert city_object.attributes == {"i": "many"}
    assert codes(reader) == ["bad-attribute"]


def test_addresses_of_both_versions_are_flat(tmp_path: Path) -> None:
    old = (
        "<bldg:address><core:Address><core:xalAddress><xAL:AddressDetails><xAL:Country>"
        '<xAL:CountryName>Korea</xAL:CountryName><xAL:Locality Type="City"><xAL:LocalityName>Busan'
        '</xAL:LocalityName><xAL:Thoroughfare Type="Street"><xAL:ThoroughfareName>Gangdong-ro'
        "</xAL:ThoroughfareName><xAL:ThoroughfareNumber>12</xAL:ThoroughfareNumber></xAL:Thoroughfare>"
        "<xAL:PostalCode><xAL:PostalCodeNumber>46700</xAL:PostalCodeNumber></xAL:PostalCode></xAL:Locality>"
        "</xAL:Country></xAL:AddressDetails></core:xalAddress></core:Address></bldg:address>"
    )
    new = (
        '<bldg:address><core:Address gml:id="ad"><core:xalAddress><xAL:Address><xAL:Country><xAL:NameElement>'
        "Korea</xAL:NameElement></xAL:Country><xAL:Locality><xAL:NameElement>Busan</xAL:NameElement>"
        "</xAL:Locality><xAL:Thoroughfare><xAL:NameElement>Gangdong-ro</xAL:NameElement><xAL:Number>12"
        "</xAL:Number></xAL:Thoroughfare><xAL:PostCode><xAL:Identifier>46700</xAL:Identifier></xAL:PostCode>"
        "</xAL:Address></core:xalAddress></core:Address></bldg:address>"
    )
    expected = {
        "country": "Korea",
        "locality": "Busan",
        "thoroughfare": "Gangdong-ro",
        "number": "12",
        "postal_code": "46700",
    }
    assert one(tmp_path, old).addresses == [expected]
    assert one(tmp_path, new, "3.0").addresses == [{"id": "ad", **expected}]


def test_external_references_are_kept(tmp_path: Path) -> None:
    reference = (
        "<core:externalReference><core:informationSystem>http://x.org</core:informationSystem>"
        "<core:externalObject><core:name>{}</core:name></core:externalObject></core:externalReference>"
    )
    attributes = one(tmp_path, reference.format("n1") + reference.format("n2")).attributes
    assert attributes["externalReferences"] == [
        {"informationSystem": "http://x.org", "name": "n1"},
        {"informationSystem": "http://x.org", "name": "n2"},
    ]


def test_ade_attributes_nest_and_ade_features_are_objects(tmp_path: Path) -> None:
    detail = (
        "<uro:buildingDetailAttribute><uro:BuildingDetailAttribute>"
        '<uro:totalFloorArea uom="m2">120.5</uro:totalFloorArea><uro:surveyYear>2016</uro:surveyYear>'
        "</uro:BuildingDetailAttribute></uro:buildingDetailAttribute>"
    )
    risk = (
        "<uro:riskAttribute><uro:{0}RiskAttribute><uro:rank>{1}</uro:rank></uro:{0}RiskAttribute>"
        "</uro:riskAttribute>"
    )
    ade_surface = (
        f'<uro:boundedBy><uro:WallSurface gml:id="w">{lod2(multi_surface(polygon(square())), "uro")}'
        "</uro:WallSurface></uro:boundedBy>"
    )
    shaft = (
        '<uro:shaft><uro:Shaft gml:id="shaft"><uro:depth>3</uro:depth><uro:lod0Geometry><gml:LineString>'
        "<gml:posList>0 0 0 0 0 -3</gml:posList></gml:LineString></uro:lod0Geometry></uro:Shaft></uro:shaft>"
    )
    plain = (
        "<uro:dm><uro:DmGeometricAttribute><uro:code>1</uro:code><uro:lod0Geometry><gml:LineString>"
        "<gml:posList>0 0 0 1 1 1</gml:posList></gml:LineString></uro:lod0Geometry>"
        "</uro:DmGeometricAttribute></uro:dm>"
    )
    pipe = f'<uro:Pipe gml:id="pipe"><uro:year>1999</uro:year>{plain}{ade_surface}</uro:Pipe>'
    content = detail + risk.format("River", 1) + risk.format("Tsunami", 2) + shaft
    (house, child, top), reader = read(tmp_path, document(member(building(content), pipe)))
    assert codes(reader) == []
    assert house.attributes == {
        "uro:buildingDetailAttribute": {"totalFloorArea": Measure(120.5, "m2"), "surveyYear": "2016"},
        "uro:riskAttribute": [
            {"@type": "RiverRiskAttribute", "rank": "1"},
            {"@type": "TsunamiRiskAttribute", "rank": "2"},
        ],
    }
    assert (child.id, child.type, child.parent, child.attributes) == (
        "shaft",
        "uro:Shaft",
        "b1",
        {"depth": "3"},
    )
    assert child.geometries[0].type == "MultiCurve"
    assert (top.type, top.attributes["year"]) == ("uro:Pipe", "1999")
    assert top.attributes["dm"] == {"@type": "DmGeometricAttribute", "code": "1"}
    assert [(g.type, g.lod, g.role) for g in top.geometries] == [
        ("MultiCurve", "0", "Geometry"),
        ("MultiSurface", "2", "MultiSurface"),
    ]
    assert [s.type for s in top.surfaces] == ["WallSurface"]


def test_groups_have_members_with_roles(tmp_path: Path) -> None:
    old = (
        '<grp:CityObjectGroup gml:id="g"><grp:groupMember role="main" xlink:href="#b1"/>'
        "<grp:groupMember><bldg:Building gml:id='inside'/></grp:groupMember></grp:CityObjectGroup>"
    )
    objects, reader = read(tmp_path, document(member(building(""), old)))
    assert [(o.id, o.parent) for o in objects] == [("b1", None), ("g", None), ("inside", None)]
    assert objects[1].members == [("b1", "main"), ("inside", None)]
    new = (
        '<grp:CityObjectGroup gml:id="g"><grp:groupMember><grp:Role><grp:role>main</grp:role>'
        '<grp:groupMember xlink:href="#b1"/></grp:Role></grp:groupMember></grp:CityObjectGroup>'
    )
    objects, reader = read(tmp_path, document(member(building(""), new), "3.0"))
    assert objects[1].members == [("b1", "main")]
    assert codes(reader) == []


def test_spaces_units_fillings_and_relations_of_3_0(tmp_path: Path) -> None:
    window = (
        '<con:fillingSurface><con:WindowSurface gml:id="win"><core:lod3MultiSurface>'
        f"{multi_surface(polygon(square()))}</core:lod3MultiSurface></con:WindowSurface></con:fillingSurface>"
    )
    content = (
        f'<core:boundary><con:WallSurface gml:id="wall">{window}</con:WallSurface></core:boundary>'
        '<core:relatedTo><core:CityObjectRelation><core:relatedTo xlink:href="#r"/>'
        "<core:relationType>equal</core:relationType></core:CityObjectRelation></core:relatedTo>"
        "<con:height><con:Height><con:highReference>highestRoofEdge</con:highReference>"
        '<con:value uom="m">7</con:value></con:Height></con:height>'
        '<bldg:buildingSubdivision><bldg:Storey gml:id="s"/></bldg:buildingSubdivision>'
        '<bldg:buildingSubdivision><bldg:BuildingUnit gml:id="u"/></bldg:buildingSubdivision>'
    )
    road = (
        '<tran:Road gml:id="r"><tran:section><tran:Section gml:id="sec"><tran:trafficSpace>'
        '<tran:TrafficSpace gml:id="ts"><core:boundary><tran:TrafficArea gml:id="ta">'
        f"{lod2(multi_surface(polygon(square())), 'core')}</tran:TrafficArea></core:boundary>"
        "</tran:TrafficSpace></tran:trafficSpace></tran:Section></tran:section></tran:Road>"
    )
    objects, reader = read(tmp_path, document(member(building(content), road), "3.0"))
    assert codes(reader) == []
    assert [(o.id, o.type, o.parent) for o in objects] == [
        ("b1", "Building", None),
        ("s", "BuildingStorey", "b1"),
        ("u", "BuildingUnit", "b1"),
        ("r", "Road", None),
        ("sec", "Section", "r"),
        ("ts", "TrafficSpace", "sec"),
    ]
    house, space = objects[0], objects[-1]
    assert [(s.type, s.parent) for s in house.surfaces] == [("WallSurface", -1), ("Window", 0)]
    assert house.relations == [("equal", "r")]
    assert house.attributes["height"] == {"highReference": "highestRoofEdge", "value": Measure(7.0, "m")}
    assert [s.type for s in space.surfaces] == ["TrafficArea"]
    assert space.geometries[0].semantics is not None


def test_point_clouds_and_ade_hooks_of_3_0(tmp_path: Path) -> None:
    content = (
        "<core:pointCloud><pcl:PointCloud><pcl:mimeType>application/vnd.las</pcl:mimeType>"
        "<pcl:pointFile>cloud.las</pcl:pointFile></pcl:PointCloud></core:pointCloud>"
        "<bldg:adeOfAbstractBuilding><uro:BuildingProperties><uro:owner>city</uro:owner>"
        "</uro:BuildingProperties></bldg:adeOfAbstractBuilding>"
    )
    assert one(tmp_path, content, "3.0").attributes == {
        "pointCloud": {"mimeType": "application/vnd.las", "pointFile": "cloud.las"},
        "uro:owner": "city",
    }


def test_a_real_dynamizer(data: Path) -> None:
    folder = data / "citygml/ogc-citygml-3.0/Examples/Dynamizer"
    path = folder / "Building_CityGML3.0_with_Dynamizer_and_inline_Timeseries.gml"
    objects = {o.type: o for batch in GmlReader(path).batches() for o in batch}
    dynamizer = objects["Dynamizer"]
    assert dynamizer.parent == objects["Building"].id
    series = dynamizer.attributes["dynamicData"]
    assert isinstance(series, dict)
    assert series["@type"] == "GenericTimeseries"
    pairs = series["timeValuePair"]
    assert isinstance(pairs, list) and len(pairs) == 12
    assert pairs[0] == {"timestamp": "2019-01", "doubleValue": 1454.63}


def test_real_versions(data: Path) -> None:
    name = "Examples/Versioning/Basic examples/historicalSuccession_CityGML_3.0_LOD2_Versioning.gml"
    objects = [o for b in GmlReader(data / "citygml/ogc-citygml-3.0" / name).batches() for o in b]
    versions = [o for o in objects if o.type == "Version"]
    assert versions[0].members == [("BU_69381AL47_2000-01-01", None), ("BU_69381AL49_2000-01-01", None)]
    (transition,) = [o for o in objects if o.type == "VersionTransition"]
    assert transition.relations == [("from", versions[0].id), ("to", versions[1].id)]
    transactions = transition.attributes["transaction"]
    assert isinstance(transactions, list)
    assert [t["type"] for t in transactions if isinstance(t, dict)] == ["delete", "replace", "insert"]


def test_relief_takes_its_level_of_detail_from_the_feature(tmp_path: Path) -> None:
    tin = (
        "<gml:TriangulatedSurface><gml:trianglePatches><gml:Triangle><gml:exterior><gml:LinearRing><gml:posList>"
        "0 0 0 1 0 0 0 1 0 0 0 0</gml:posList></gml:LinearRing></gml:exterior></gml:Triangle>"
        "</gml:trianglePatches></gml:TriangulatedSurface>"
    )
    relief = (
        '<dem:ReliefFeature gml:id="r"><dem:lod>3</dem:lod><dem:reliefComponent><dem:TINRelief gml:id="t">'
        f"<dem:lod>3</dem:lod><dem:tin>{tin}</dem:tin></dem:TINRelief></dem:reliefComponent></dem:ReliefFeature>"
    )
    (_, component), _ = read(tmp_path, document(member(relief)))
    (geometry,) = component.geometries
    assert (component.type, geometry.lod, geometry.role) == ("TINRelief", "3", "TIN")
    assert component.attributes["lod"] == 3


def test_times_of_day_stay(tmp_path: Path) -> None:
    content = (
        "<core:creationDate>2014-10-08T00:00:00</core:creationDate>"
        "<core:terminationDate>2015-01-01T12:30:00+09:00</core:terminationDate>"
        "<core:validFrom>sometime</core:validFrom>"
    )
    attributes = one(tmp_path, content, "3.0").attributes
    assert attributes["creationDate"] == date(2014, 10, 8)
    assert attributes["terminationDate"] == datetime.fromisoformat("2015-01-01T12:30:00+09:00")
    assert attributes["validFrom"] == "sometime"


@pytest.mark.parametrize("named", [False, True])
def test_ids_are_stable_and_made_where_missing(tmp_path: Path, named: bool) -> None:
    feature = building("", "x") if named else "<bldg:Building/>"
    first, _ = read(tmp_path, document(member(feature, "<tran:Road/>")))
    second, _ = read(tmp_path, document(member(feature, "<tran:Road/>")))
    assert [o.id for o in first] == [o.id for o in second]
    assert len({o.id for o in first}) == 2
    assert (first[0].id == "x") == named
