"""The CityGML reader against an independent count of elements, for every CityGML file of the real data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from citygml.classes import CITY_OBJECTS, SURFACES
from citygml.errors import NotACityModel
from citygml.gml import GmlReader
from tests.conftest import DATA

CORE = "http://www.opengis.net/citygml"
MALFORMED = {"51357441_bldg_Issue138-B.gml", "01-01-common/L01/udx/bldg/54377074_bldg_6697_op.gml"}
DATA_TYPES_OF_THE_READER = {"CityObjectRelation"}


def files() -> list[Path]:
    root = DATA / "citygml"
    found = [*root.rglob("*.gml"), *root.glob("ingolstadt-lod3/*/*.xml")]
    return sorted(found)


def name_of(path: Path) -> str:
    return path.relative_to(DATA / "citygml").as_posix()


def is_malformed(path: Path) -> bool:
    return any(name_of(path).endswith(name) for name in MALFORMED)


def counted(path: Path) -> tuple[Counter[str], Counter[str]]:
    """Objects and surfaces per class, by XPath on the whole tree."""
    root = etree.parse(str(path), etree.XMLParser(huge_tree=True)).getroot()
    objects: Counter[str] = Counter()
    surfaces: Counter[str] = Counter()

    tags: Counter[tuple[str, str]] = Counter()
    for element in root.xpath(f"//*[starts-with(namespace-uri(), '{CORE}')]"):
        name = etree.QName(element)
        tags[name.namespace.rsplit("/", 1)[1], name.localname] += 1
    for version in ("1.0", "2.0", "3.0"):
        for table, counter in ((CITY_OBJECTS, objects), (SURFACES, surfaces)):
            for city_class in table:
                if city_class.name not in DATA_TYPES_OF_THE_READER:
                    names = [city_class.gml3] if version == "3.0" else city_class.gml2
                    counter[city_class.name] += sum(tags[version, name] for name in names)

    ade = "//*[not(starts-with(namespace-uri(), 'http://www.opengis.net/'))]"
    members = "parent::*[local-name()='cityObjectMember'] or @*[local-name()='id']"
    for element in root.xpath(f"{ade}[{members}]"):
        local = etree.QName(element).localname
        known = [c.name for c in SURFACES if local in (*c.gml2, c.gml3)]
        if known:
            surfaces[known[0]] += 1
        elif local.endswith("Surface"):
            surfaces[f"{element.prefix}:{local}"] += 1
        else:
            objects[f"{element.prefix}:{local}"] += 1
    return +objects, +surfaces


@pytest.mark.parametrize("path", [p for p in files() if not is_malformed(p)], ids=name_of)
def test_objects_and_surfaces_per_class(path: Path) -> None:
    expected_objects, expected_surfaces = counted(path)
    objects: Counter[str] = Counter()
    surfaces: Counter[str] = Counter()
    ids: set[str] = set()
    for batch in GmlReader(path).batches():
        for city_object in batch:
            assert city_object.parent is None or city_object.parent in ids, "a parent comes first"
            assert city_object.id not in ids
            ids.add(city_object.id)
            objects[city_object.type] += 1
            surfaces.update(surface.type for surface in city_object.surfaces)
    assert objects == expected_objects
    assert surfaces == expected_surfaces


@pytest.mark.parametrize("path", [p for p in files() if is_malformed(p)], ids=name_of)
def test_a_malformed_file_is_refused_in_one_line(path: Path) -> None:
    with pytest.raises(NotACityModel) as refused:
        for _ in GmlReader(path).batches():
            pass
    message = str(refused.value)
    assert path.name in message
    assert "line" in message
    assert "\n" not in message


def test_the_data_are_there_and_not_empty(data: Path) -> None:
    assert len(files()) > 230
    empty = [p for p in files() if not is_malformed(p) and not sum(counted(p)[0].values())]
    assert len(empty) == 5, "the cases that have a city model without objects"
    assert sum(is_malformed(p) for p in files()) == len(MALFORMED)
