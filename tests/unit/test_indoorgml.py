"""IndoorGML in: cells, boundaries and the dual graph, counted and measured independently."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from citygml.errors import NotACityModel, UnsafeInput
from citygml.gml import GmlReader
from citygml.indoorgml import IndoorGmlReader
from citygml.model import CityObject, Code
from citygml.reading import ReadOptions, open_model

FOLDER = "indoorgml/pnu-201"
FJK = "FJK-Haus_IndoorGML_withEXR-corrected_1_0_3.gml"
FILES = ["v103-PNU-bldg201_3d.gml", "201.gml", FJK]
CORE = "http://www.opengis.net/indoorgml/1.0/core"
MEMBERS = "cellSpaceMember cellSpaceBoundaryMember stateMember transitionMember"
GML = "{http://www.opengis.net/gml/3.2}"

TEMPLATE = """<?xml version="1.0"?>
<IndoorFeatures xmlns="http://www.opengis.net/indoorgml/1.0/core" xmlns:gml="http://www.opengis.net/gml/3.2"
 xmlns:xlink="http://www.w3.org/1999/xlink" gml:id="i">%s</IndoorFeatures>"""
CELL = """<primalSpaceFeatures><PrimalSpaceFeatures><cellSpaceMember><CellSpace gml:id="c">
 <cellSpaceGeometry><Geometry2D><gml:Polygon gml:id="p" %s><gml:exterior><gml:LinearRing>
 <gml:posList srsDimension="%s">%s</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></Geometry2D>
 </cellSpaceGeometry></CellSpace></cellSpaceMember></PrimalSpaceFeatures></primalSpaceFeatures>"""


def objects(reader: IndoorGmlReader) -> list[CityObject]:
    return [o for batch in reader.batches() for o in batch]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x.gml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", FILES)
def test_every_feature_and_link_is_read(data: Path, name: str) -> None:
    path = data / FOLDER / name
    reader = open_model(path)
    assert isinstance(reader, IndoorGmlReader)
    found = objects(reader)
    tree = etree.parse(path)
    features = [e for m in MEMBERS.split() for e in tree.iterfind(f".//{{{CORE}}}{m}/*")]
    assert Counter(o.type for o in found) == Counter(f"indoor:{etree.QName(e).localname}" for e in features)
    assert [o.id for o in found] == [e.get(f"{GML}id") for e in features]
    links = Counter(
        (f.get(f"{GML}id"), c.get("{http://www.w3.org/1999/xlink}href"))
        for f in features
        for c in f
        if c.get("{http://www.w3.org/1999/xlink}href")
    )
    assert Counter((o.id, f"#{target}") for o in found for _, target in o.relations) == links
    assert reader.info.srs_name is None


def test_the_three_files_hold_the_93_plain_cells(data: Path) -> None:
    cells = [o for n in (FILES[0], FJK) for o in objects(IndoorGmlReader(data / FOLDER / n, ReadOptions()))]
    assert sum(o.type == "indoor:CellSpace" for o in cells) == 93


def test_dual_graph_joins_states_of_cells(data: Path) -> None:
    by_id = {o.id: o for o in objects(IndoorGmlReader(data / FOLDER / FILES[0], ReadOptions()))}
    transitions = [o for o in by_id.values() if o.type == "indoor:Transition"]
    for transition in transitions:
        ends = [by_id[i] for kind, i in transition.relations if kind == "connects"]
        assert [e.type for e in ends] == ["indoor:State", "indoor:State"]
        curve = transition.geometries[0].vertices
        points = np.array([e.geometries[0].vertices[0] for e in ends])
        tips = curve[[0, -1]]
        assert np.allclose(tips, points, atol=1e-6) or np.allclose(tips, points[::-1], atol=1e-6)
    assert transitions[0].attributes["weight"] == 0.0


def test_first_cell_is_a_prism_of_its_height(data: Path) -> None:
    """The floor polygon's area by the shoelace formula times the height is the volume of the solid."""
    cell = objects(IndoorGmlReader(data / FOLDER / FILES[0], ReadOptions()))[0]
    solid = cell.geometries[0]
    assert (solid.type, solid.lod) == ("Solid", "2")
    assert cell.attributes["storey"] == "1"
    floor = solid.vertices[: solid.rings[1]]
    x, y = floor[:, 0] - floor[0, 0], floor[:, 1] - floor[0, 1]
    shoelace = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    walls = 0.0
    for p in range(solid.polygon_count):
        ring = solid.vertices[solid.rings[solid.polygons[p]] : solid.rings[solid.polygons[p] + 1]]
        ring = ring - ring[0]
        normal = np.cross(ring, np.roll(ring, -1, axis=0)).sum(axis=0) / 2
        if abs(normal[2]) < 1e-9 * np.linalg.norm(normal):
            walls += float(np.linalg.norm(normal))
    edges = np.linalg.norm(np.diff(np.vstack([floor, floor[:1]])[:, :2], axis=0), axis=1)
    height = float(np.ptp(solid.vertices[:, 2]))
    assert height == 20.0
    assert walls == pytest.approx(edges.sum() * height, rel=1e-9)
    assert shoelace > 100


def test_navigation_module_has_codes_and_boundaries(data: Path) -> None:
    found = {o.id: o for o in objects(IndoorGmlReader(data / FOLDER / "201.gml", ReadOptions()))}
    cell = next(o for o in found.values() if o.type == "indoor:GeneralSpace")
    assert cell.attributes["class"] == Code("1020")
    boundary = next(i for kind, i in cell.relations if kind == "partialboundedBy")
    assert found[boundary].type in {"indoor:ConnectionBoundary", "indoor:AnchorBoundary"}
    assert found[boundary].geometries[0].type == "MultiSurface"


def test_open_rings_are_findings(data: Path) -> None:
    path = data / FOLDER / FJK
    rings = [[p.text.split() for p in r] for r in etree.parse(path).iter(f"{GML}LinearRing")]
    unclosed = sum([float(x) for x in r[0]] != [float(x) for x in r[-1]] for r in rings)
    reader = IndoorGmlReader(path, ReadOptions())
    found = objects(reader)
    assert [f.code for f in reader.gathered.findings] == ["ring-not-closed"] * unclosed
    assert (
        sum(g.polygon_count for o in found for g in o.geometries if g.type == "Solid")
        == len(rings) - unclosed
    )
    assert reader.gathered.findings[0].part == "poly002_114"


def test_flat_geometry_lies_at_zero_and_axes_are_put_in_order(tmp_path: Path) -> None:
    square = "37.5 127.0 37.5 127.1 37.6 127.1 37.5 127.0"
    srs_name = 'srsName="urn:ogc:def:crs:EPSG::4326"'
    reader = IndoorGmlReader(written(tmp_path, TEMPLATE % CELL % (srs_name, 2, square)), ReadOptions())
    (cell,) = objects(reader)
    assert reader.info.srs_name == "urn:ogc:def:crs:EPSG::4326"
    assert cell.geometries[0].vertices.tolist() == [[127.0, 37.5, 0], [127.1, 37.5, 0], [127.1, 37.6, 0]]


@pytest.mark.parametrize(
    ("positions", "code"),
    [
        ("0 0 0 1 0 0 1 1 0 0 0", "bad-coordinates"),
        ("0 0 0 1 0 0 1 1 nan 0 0 0", "bad-coordinates"),
        ("0 0 0 1 0 0 here 0 0 0 0 0", "bad-coordinates"),
        ("", "bad-coordinates"),
        ("0 0 0 1 0 0 0 0 0", "too-few-points"),
        ("0 0 0 1 0 0 1 1 0 0 1 0", "ring-not-closed"),
    ],
)
def test_bad_ring_is_a_finding_of_its_cell(tmp_path: Path, positions: str, code: str) -> None:
    reader = IndoorGmlReader(written(tmp_path, TEMPLATE % CELL % ("", 3, positions)), ReadOptions())
    (cell,) = objects(reader)
    assert cell.geometries == []
    assert [(f.code, f.object_id, f.part) for f in reader.gathered.findings] == [(code, "c", "p")]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>"
            + TEMPLATE[21:] % "&e;",
            UnsafeInput,
        ),
        ("<a>", NotACityModel),
        ("<CityModel xmlns='http://www.opengis.net/citygml/2.0'/>", NotACityModel),
        (TEMPLATE[:-10] % CELL % ("", 3, "0"), NotACityModel),
        (
            TEMPLATE.replace("?>", "?><!DOCTYPE a [<!ENTITY e 'x'>]>").replace('"i"', '"&e;"') % "",
            UnsafeInput,
        ),
    ],
    ids=["doctype", "cut", "other root", "truncated", "doctype in an attribute"],
)
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, text: str, error: type[Exception]) -> None:
    path = written(tmp_path, text)
    with pytest.raises(error, match=r"x\.gml"):
        objects(IndoorGmlReader(path, ReadOptions()))


def test_batches_are_bounded_and_lods_can_be_chosen(data: Path) -> None:
    reader = IndoorGmlReader(data / FOLDER / FJK, ReadOptions(batch=10, lods=frozenset("1")))
    batches = list(reader.batches())
    assert [len(b) for b in batches] == [10, 10, 10, 10, 10, 8]
    assert not any(o.geometries for b in batches for o in b)


@pytest.mark.parametrize("dimension", ["three", "0", "-1", ""])
def test_an_odd_dimension_counts_as_three(tmp_path: Path, dimension: str) -> None:
    positions = "0 0 0 1 0 0 1 1 0 0 0 0"
    reader = IndoorGmlReader(written(tmp_path, TEMPLATE % CELL % ("", dimension, positions)), ReadOptions())
    (cell,) = objects(reader)
    assert cell.geometries[0].vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0]]


def test_a_city_model_that_only_declares_the_namespace_is_a_city_model(tmp_path: Path) -> None:
    text = f'<CityModel xmlns="http://www.opengis.net/citygml/2.0" xmlns:core="{CORE}"/>'
    assert isinstance(open_model(written(tmp_path, text)), GmlReader)
