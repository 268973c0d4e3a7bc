"""What stands in the way of the water: each building's use, floors, floor area, people and block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from analysis.damage.uses import UseTable, use_table
from analysis.scene.blocks import SIZE, block_names
from analysis.scene.outlines import Outline, number
from citygml.model import Attributes, Value

if TYPE_CHECKING:
    import pandas as pd

_STOREYS = ("storeysAboveGround", "numberOfFloors", "storeys", "지상층수")
_HEIGHT = ("measuredHeight", "height", "buildingHeight")
_FLOOR_AREA = ("floor_area", "floorArea", "totalFloorArea", "grossFloorArea", "연면적")
_HOUSEHOLDS = ("households", "numberOfHouseholds", "세대수", "가구수")
_MOST_STOREYS = 200
_HIGHEST = 1000.0
"""[m] PLATEAU and others write 9999 for a height or number of storeys that is not known."""


@dataclass(frozen=True)
class Occupancy:
    """How many live in a building. persons: in a household; area: gross floor area of one person [m²], for
    homes that do not say how many households they have. storey_height [m]: where only a height is known.

    2.2 persons: Statistics Korea, Population and Housing Census 2023 (average household). 34.8 m²: Ministry
    of Land, Infrastructure and Transport, Korea Housing Survey 2022 (average per person). 3 m is an
    assumption. Other countries differ: give your own.
    """

    persons: float = 2.2
    area: float = 34.8
    storey_height: float = 3.0


def exposure(
    buildings: Sequence[Outline],
    *,
    uses: UseTable | None = None,
    default: str = "residential",
    occupancy: Occupancy | None = None,
    blocks: Sequence[Outline] = (),
    block_size: float = SIZE,
) -> pd.DataFrame:
    """A row for each building, in their order.

    id; name; sector, use and use_from (`code`, `word` or `default`); footprint_area [m²]; storeys and
    storeys_from (`attribute`, `parts`, `height` or `default`); floor_area [m²] and floor_area_from;
    households; people, who live there (0 for other sectors than residential: who works there is not known);
    block. blocks: areas (land use parcels) that a building's block is named after; a building in none of
    them is in the square of block_size [m] that its middle lies in.
    """
    import pandas as pd

    table, occupancy = uses or use_table(), occupancy or Occupancy()
    middles: Any = shapely.centroid([b.shape for b in buildings])
    named = block_names(shapely.get_coordinates(middles), blocks, block_size)
    rows = [
        _row(b, table, default, occupancy) | {"block": block}
        for b, block in zip(buildings, named, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


_COLUMNS = (
    *("id", "name", "sector", "use", "use_from", "footprint_area", "storeys", "storeys_from"),
    *("floor_area", "floor_area_from", "households", "people", "block"),
)


def _row(b: Outline, table: UseTable, default: str, occupancy: Occupancy) -> dict[str, Any]:
    attributes = flat(b.attributes)
    use = table.of(b.attributes, default)
    area = b.area
    storeys, told = _storeys(b, attributes, occupancy.storey_height)
    floor_area, area_told = number(attributes, _FLOOR_AREA), "attribute"
    if floor_area is None or floor_area <= 0:
        floor_area, area_told = area * storeys, "footprint x storeys"
    households = number(attributes, _HOUSEHOLDS)
    people = 0.0
    if use.sector == "residential":
        people = households * occupancy.persons if households else floor_area / occupancy.area
    name = b.attributes.get("name")
    return {
        "id": b.id,
        "name": name if isinstance(name, str) else "",
        "sector": use.sector,
        "use": use.name,
        "use_from": use.told,
        "footprint_area": area,
        "storeys": storeys,
        "storeys_from": told,
        "floor_area": floor_area,
        "floor_area_from": area_told,
        "households": households if households is not None else np.nan,
        "people": people,
    }


def _storeys(b: Outline, attributes: Attributes, height_of_one: float) -> tuple[float, str]:
    """Storeys above the ground, at least 1; of several parts the mean by their areas."""
    own = number(attributes, _STOREYS)
    if own is not None and 1 <= own <= _MOST_STOREYS:
        return own, "attribute"
    parts = [(number(flat(held), _STOREYS), area) for held, area in b.parts]
    known = [(s, area) for s, area in parts if s is not None and 1 <= s <= _MOST_STOREYS]
    if known and sum(area for _, area in known) > 0:
        return sum(s * area for s, area in known) / sum(area for _, area in known), "parts"
    height = number(attributes, _HEIGHT)
    if height is None or not 0 < height < _HIGHEST:
        height = b.high - b.low
    if 0 < height < _HIGHEST:
        return max(1.0, float(round(height / height_of_one))), "height"
    return 1.0, "default"


def flat(attributes: Attributes) -> Attributes:
    """The attributes with those inside of structured ones by their own names; outer ones go first."""
    found: Attributes = {}
    for name, value in attributes.items():
        for inner in _structures(value):
            for key, held in flat(inner).items():
                found.setdefault(key, held)
        if not isinstance(value, dict):
            found[name.rsplit(":", 1)[-1]] = value
    return found


def _structures(value: Value) -> list[Attributes]:
    if isinstance(value, dict):
        return [value]
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
