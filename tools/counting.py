"""Counts what a city model holds without our readers: by XPath on the whole tree, and by the json module.

Only the names of classes are shared with the readers (`citygml.classes`).
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from lxml import etree

from citygml.classes import CITY_OBJECTS, SURFACES

_CORE = "http://www.opengis.net/citygml"
_DATA_TYPES = {"CityObjectRelation"}
_NOT_MODELS = {"case.json", "invariants.json", "profile.json", "acquisition.json"}
UPGRADED = {"+GenericCityObject": "GenericCityObject", "BuildingZ": "+BuildingZ"}
"""Types of CityJSON files that stand for another, and the name that they are read under."""


def citygml_files(data: Path) -> list[Path]:
    """Every CityGML file of the data, broken ones included."""
    root = data / "citygml"
    return sorted([*root.rglob("*.gml"), *root.glob("ingolstadt-lod3/*/*.xml")])


def cityjson_files(data: Path) -> list[Path]:
    """Every CityJSON and CityJSONSeq of the data, broken ones included."""
    paths = (p for f in ("cityjson", "citygml/citygml4j") for p in (data / f).rglob("*.json*"))
    return sorted(p for p in paths if p.name not in _NOT_MODELS and "schemas" not in p.parts)


def citygml_counts(path: Path) -> tuple[Counter[str], Counter[str]]:
    """Objects and semantic surfaces per class of a CityGML file."""
    root = etree.parse(str(path), etree.XMLParser(huge_tree=True)).getroot()
    objects: Counter[str] = Counter()
    surfaces: Counter[str] = Counter()

    tags: Counter[tuple[str, str]] = Counter()
    for element in root.xpath(f"//*[starts-with(namespace-uri(), '{_CORE}')]"):
        name = etree.QName(element)
        tags[name.namespace.rsplit("/", 1)[1], name.localname] += 1
    for version in ("1.0", "2.0", "3.0"):
        for table, counter in ((CITY_OBJECTS, objects), (SURFACES, surfaces)):
            for city_class in table:
                if city_class.name not in _DATA_TYPES:
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


def json_documents(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, each feature with the transform of its sequence."""
    text = path.read_text(encoding="utf-8")
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        documents = [json.loads(line) for line in text.splitlines() if line.strip()]
    for feature in documents[1:]:
        feature["transform"] = documents[0].get("transform")
    return documents


def cityjson_counts(documents: list[dict[str, Any]]) -> Counter[str]:
    """Objects per class of a CityJSON file."""
    return Counter(
        UPGRADED.get(raw["type"], raw["type"]) for d in documents for raw in d["CityObjects"].values()
    )
