"""Attributes whose type CityGML fixes, and that a reader could only keep as text."""

from __future__ import annotations

from collections.abc import Sequence

from citygml.findings import Finding
from citygml.model import CityObject

# From the building, bridge and core modules of CityGML 2.0 and 3.0.
NUMBERS = frozenset({"storeysAboveGround", "storeysBelowGround", "measuredHeight"})
YEARS_AND_DATES = frozenset(
    {
        "yearOfConstruction",
        "yearOfDemolition",
        "dateOfConstruction",
        "dateOfDemolition",
        "creationDate",
        "terminationDate",
        "validFrom",
        "validTo",
    }
)


def check_attributes(batch: Sequence[CityObject]) -> list[Finding]:
    """`bad-attribute`: text where the class asks for a number, a year or a date.

    A date and time kept as text in ISO form (starts with a digit) passes.
    """
    findings: list[Finding] = []
    for city_object in batch:
        for name, value in city_object.attributes.items():
            if not isinstance(value, str):
                continue
            is_bad = name in NUMBERS or (name in YEARS_AND_DATES and not value[:1].isdecimal())
            if is_bad:
                kind = "number" if name in NUMBERS else "year or date"
                message = f"{name} is {value[:40]!r}, and should be a {kind}"
                findings.append(Finding("bad-attribute", message, city_object.id, severity="warning"))
    return findings
