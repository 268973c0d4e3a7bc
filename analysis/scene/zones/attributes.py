"""What a building's attributes say of its storeys, floor area, year and use, under the names that are met."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from fnmatch import translate

from analysis.code_table import USE_ATTRIBUTES
from analysis.scene.outlines import codes, number
from citygml.model import Attributes, Code, Measure, Value

STOREYS = (
    "storeysAboveGround", "storeys", "floors", "number_of_storeys", "building:levels", "b3_bouwlagen",
    "AnzahlDerOberirdischenGeschosse", "grndFlrCnt", "지상층수",
)  # fmt: skip
STOREYS_BELOW = (
    "storeysBelowGround", "building:levels:underground", "AnzahlDerUnterirdischenGeschosse", "ugrndFlrCnt",
    "지하층수",
)  # fmt: skip
FLOOR_AREA = (
    "floor_area", "gross_floor_area", "grossFloorArea", "totalFloorArea", "total_floor_area", "totArea",
    "연면적",
)  # fmt: skip
YEAR = (
    "yearOfConstruction", "year_of_construction", "construction_year", "year_built", "start_date", "Baujahr",
    "bouwjaar", "oorspronkelijkbouwjaar", "oorspronkelijk_bouwjaar", "useAprDay", "사용승인일", "준공년도",
)  # fmt: skip
DETAILS = ("uro:buildingDetailAttribute", "uro:buildingDetails", "uro:BuildingDetailAttribute")
"""PLATEAU's further attributes of a building (i-UR, uro:BuildingDetailAttribute)."""
_KEPT = (
    *USE_ATTRIBUTES, "roofType", "yearOf*", "storeysBelowGround", "floor_area", "heating*", "cooling*",
    "hot_water*", "households", "energy_*", "photovoltaic*", "material*", "structure*", "buildingStructure*",
    "fireproofStructure*", "orgUsage*", "detailedUsage*", "totalFloorArea", "energy*", "bldg:*", "strctCdNm",
    "mainPurpsCdNm", "난방*", "구조*", "heat_source",
)  # fmt: skip
_TELLING = re.compile("|".join(translate(pattern) for pattern in _KEPT))
_MOST_STOREYS = 200
_MOST_BELOW = 20
_FIRST_YEAR = 1000
"""PLATEAU writes 0001 for a year, and 9999 for storeys, that are not known. The deepest cellars have a dozen
storeys."""
_LAST_YEAR = 2100
_NOTHING = frozenset({"", "Null", "null", "9999", "-9999", "unknown", "不明"})


def flattened(attributes: Attributes) -> Attributes:
    """With the entries of the detail attributes beside the others, which go first."""
    found: Attributes = {}
    for name in DETAILS:
        value = attributes.get(name)
        for details in value if isinstance(value, list) else [value]:
            if isinstance(details, dict):
                found.update({key: entry for key, entry in details.items() if _says(entry)})
    found.update({key: entry for key, entry in attributes.items() if _says(entry)})
    return found


def kept(attributes: Attributes) -> Attributes:
    """Those that tell use, year, structure, materials, roof and systems."""
    return {name: value for name, value in attributes.items() if _TELLING.fullmatch(name)}


def storeys(attributes: Attributes) -> float | None:
    """Storeys above the ground; None for none, for nonsense and for the sentinels of unknown ones."""
    value = number(attributes, STOREYS)
    return value if value is not None and 1 <= value <= _MOST_STOREYS else None


def storeys_below(attributes: Attributes) -> float:
    """Storeys below the ground; 0 for none and where nothing sensible is said."""
    value = number(attributes, STOREYS_BELOW)
    return value if value is not None and 0 < value <= _MOST_BELOW else 0.0


def floor_area(attributes: Attributes) -> float | None:
    """[m²]"""
    value = number(attributes, FLOOR_AREA)
    return value if value is not None and value > 0 else None


def year(attributes: Attributes) -> float | None:
    """Of construction; the date of a record's creation is another thing and is not looked at."""
    for name in YEAR:
        for value in _plain(attributes.get(name)):
            if isinstance(value, date):
                found = value.year
            else:
                digits = str(value).strip()[:4]
                if not digits.isdecimal() or len(digits) < 4:
                    continue
                found = int(digits)
            if _FIRST_YEAR < found < _LAST_YEAR:
                return float(found)
    return None


def has_use(attributes: Attributes) -> bool:
    """Whether anything is said of the use."""
    return any(True for name in USE_ATTRIBUTES for _ in codes(attributes.get(name)))


def _plain(value: Value) -> Iterator[object]:
    for one in value if isinstance(value, list) else [value]:
        yield one.value if isinstance(one, Measure) else one.code if isinstance(one, Code) else one


def _says(value: Value) -> bool:
    """Whether an attribute has a value that is one."""
    plain = value.code if isinstance(value, Code) else value
    return plain is not None and not (isinstance(plain, str) and plain.strip() in _NOTHING)
