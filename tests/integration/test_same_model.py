"""The same model by CityGML 2.0, CityGML 3.0 and CityJSON gives the same objects, attributes and areas.

Each pair of files says what is not the same in it, and why; everything else must agree.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from citygml.model import Code, Measure
from citygml.reading import open_model
from tests.integration.comparison import Likeness, differences, likenesses

G4J = "citygml4j/input/datasets"
OGC = "ogc-citygml-3.0/Examples/Examples-from-CityGML-2.0/building"
URBAN = "ogc-citygml-3.0/Examples/ADE-examples/Urban-Planning-ADE/53394517_bldg_6697_2_op_CityGML"
DEGREES = (91_000.0, 111_000.0, 1.0)


@dataclass(frozen=True)
class Pair:
    """Two files of one model; differs: what differs, to why."""

    first: str
    second: str
    objects: int
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    differs: dict[str, str] = field(default_factory=dict)


def ogc(name: str, objects: int = 3, **differs: str) -> Pair:
    return Pair(f"{OGC}/CityGMLv2/{name}.gml", f"{OGC}/CityGMLv3/{name}.gml", objects, differs=differs)


UNITS = "CityJSON has no units, and its heights of storeys are a list even when there is one"
YEARS = "the CityJSON has the first of January of the year"
ROOF = "the 3.0 file says generalRoof, which is not the top, and another unit"
LISTS = "the code lists of the 3.0 file are in another folder"
PAIRS = [
    Pair(f"{G4J}/lod2_buildings_v2.json", f"{G4J}/lod2_buildings_as_CityJSON_features.jsonl", 100),
    Pair(
        f"{G4J}/lod2_buildings_v2.json",
        f"{G4J}/lod2_buildings_v3.gml",
        100,
        differs={
            "attributes.measuredHeight": UNITS,
            "attributes.storeyHeightsAboveGround": UNITS,
            "attributes.storeyHeightsBelowGround": UNITS,
            "attributes.dateOfConstruction": YEARS,
            "attributes.dateOfDemolition": YEARS,
            "attributes.yearOfConstruction": YEARS,
            "attributes.yearOfDemolition": YEARS,
        },
    ),
    ogc(
        "Building_LOD0-EPSG25832",
        **{
            "surfaces": "3.0 has no roof edge: it is a RoofSurface",
            "areas.0": "3.0 has no roof edge: it is a RoofSurface",
        },
    ),
    ogc("Building_LOD1-EPSG25832"),
    ogc("Building_LOD1-LocalEngineeringCRS"),
    ogc("Building_LOD2-EPSG25832"),
    ogc("Building_and_garage_LOD2-EPSG25832", 4),
    Pair(
        f"{URBAN}2.gml",
        f"{URBAN}3.gml",
        1,
        DEGREES,
        {
            "attributes.height": ROOF,
            "attributes.measuredHeight": ROOF,
            "attributes.uro:buildingDetails": LISTS,
            "attributes.uro:extendedAttribute": LISTS,
        },
    ),
]


def model(path: Path, scale: tuple[float, float, float]) -> dict[str, Likeness]:
    reader = open_model(path)
    objects = likenesses((item for batch in reader.batches() for item in batch), scale)
    assert reader.info.format in ("CityGML", "CityJSON", "CityJSONSeq")
    return objects


@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: p.second.rsplit("/", 1)[-1])
def test_same_model(pair: Pair, data: Path) -> None:
    first, second = (model(data / "citygml" / p, pair.scale) for p in (pair.first, pair.second))
    assert len(first) == pair.objects
    met: Counter[str] = Counter()

    def explained(id: str, what: str) -> bool:
        met[what] += 1
        return what in pair.differs

    assert differences(first, second, explained) == []
    assert met.keys() == pair.differs.keys(), "a difference that is named and not there"


def numbers(value: object) -> list[float]:
    """One number or several, with or without a unit."""
    values = value if isinstance(value, list) else [value]
    return [v.value if isinstance(v, Measure) else v for v in values]


def without_folders(value: object) -> object:
    """Nested attributes with the code lists by their file names alone."""
    if isinstance(value, dict):
        return {k: without_folders(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_folders(v) for v in value]
    if isinstance(value, Code):
        return value.code, (value.codeSpace or "").rsplit("/", 1)[-1]
    return value


def test_the_named_differences_are_of_form_alone(data: Path) -> None:
    json = model(data / "citygml" / G4J / "lod2_buildings_v2.json", (1, 1, 1))
    gml = model(data / "citygml" / G4J / "lod2_buildings_v3.gml", (1, 1, 1))
    for id, other in gml.items():
        a, b = json[id].attributes, other.attributes
        for name in ("measuredHeight", "storeyHeightsAboveGround", "storeyHeightsBelowGround"):
            assert numbers(a[name]) == numbers(b[name])
        for what in ("Construction", "Demolition"):
            assert a[f"dateOf{what}"] == date(int(str(b[f"yearOf{what}"])), 1, 1)
    two = model(data / "citygml" / f"{URBAN}2.gml", DEGREES)
    three = model(data / "citygml" / f"{URBAN}3.gml", DEGREES)
    for id, other in three.items():
        a, b = two[id].attributes, other.attributes
        record = b["height"]
        assert isinstance(record, dict)
        assert numbers(a["measuredHeight"]) == numbers(record["value"])
        for name in ("uro:buildingDetails", "uro:extendedAttribute"):
            assert without_folders(a[name]) == without_folders(b[name])


def test_roof_edges_of_2_are_the_roof_surfaces_of_3(data: Path) -> None:
    name = "Building_LOD0-EPSG25832.gml"
    two = model(data / "citygml" / OGC / "CityGMLv2" / name, (1, 1, 1))
    three = model(data / "citygml" / OGC / "CityGMLv3" / name, (1, 1, 1))
    for id, other in three.items():
        assert sum(other.areas.values()) == pytest.approx(sum(two[id].areas.values()))
