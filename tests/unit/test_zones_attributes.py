"""Storeys, floor areas and years under the names and with the sentinels that real models have."""

from __future__ import annotations

from datetime import date

import pytest

from analysis.scene.zones import attributes as about
from citygml.model import Attributes, Code, Measure

DETAILS = "uro:buildingDetailAttribute"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"yearOfConstruction": 1987}, 1987),
        ({"yearOfConstruction": "0001"}, None),  # PLATEAU's for unknown
        ({"yearOfConstruction": "1987-05"}, 1987),
        ({"yearOfConstruction": date(1999, 1, 2)}, 1999),
        ({"yearOfConstruction": "unknown", "Baujahr": "1912"}, 1912),
        ({"oorspronkelijkbouwjaar": 1934}, 1934),
        ({"useAprDay": "20190501"}, 2019),
        ({"사용승인일": "2021-03-04"}, 2021),
        ({"yearOfConstruction": "²⁰²⁰", "Baujahr": "２０２１"}, 2021),
        ({"creationDate": date(2020, 12, 18)}, None),
    ],
)
def test_years(attributes: Attributes, expected: float | None) -> None:
    assert about.year(attributes) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"storeysAboveGround": 3}, 3),
        ({"storeysAboveGround": "3"}, 3),
        ({"storeysAboveGround": 9999}, None),
        ({"storeysAboveGround": 0}, None),
        ({"building:levels": "4"}, 4),
        ({"지상층수": 12}, 12),
        ({"storeysBelowGround": 2}, None),
    ],
)
def test_storeys(attributes: Attributes, expected: float | None) -> None:
    assert about.storeys(attributes) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"storeysBelowGround": 2}, 2),
        ({"building:levels:underground": "1"}, 1),
        ({"지하층수": 3}, 3),
        ({"storeysBelowGround": 9999}, 0),  # PLATEAU's for unknown
        ({"storeysBelowGround": -1}, 0),
        ({"storeysAboveGround": 3}, 0),
    ],
)
def test_storeys_below_the_ground(attributes: Attributes, expected: float) -> None:
    assert about.storeys_below(attributes) == expected


def test_details_stand_beside_the_others_which_go_first() -> None:
    given: Attributes = {
        "usage": Code("411"),
        DETAILS: {
            "totalFloorArea": Measure(120.0, "m2"),
            "buildingStructureType": Code("601"),
            "buildingStructureOrgType": "Null",
            "usage": Code("999"),
        },
    }
    found = about.flattened(given)
    assert about.floor_area(found) == 120.0
    assert found["usage"] == Code("411") and "buildingStructureOrgType" not in found
    assert about.kept(found) == {
        "usage": Code("411"),
        "totalFloorArea": Measure(120.0, "m2"),
        "buildingStructureType": Code("601"),
    }
    assert about.has_use(found) and not about.has_use({"roofType": "1000"})
    assert about.floor_area({"floor_area": 0.0}) is None
