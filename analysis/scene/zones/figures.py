"""Storeys, floor area, year and use of zones, where each comes from, and what is wrong with them, in
words."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analysis.energy.zones import Float64, Int8, Origin
from analysis.scene.zones import attributes as about
from analysis.scene.zones.build import Shape
from analysis.sun.daylight.dwellings import STOREY_HEIGHT
from citygml.model import Attributes

TINY = 10.0
"""A building of less volume is an error, or no room for anybody [m³]."""
LOW_STOREY, HIGH_STOREY = 2.0, 8.0
"""Several storeys that would be lower or higher than this on the mean mean that their number or the height is
wrong [m]. A single storey, such as a hall, may be of any height."""
LOW_ROOM, HIGH_ROOM = 1.8, 25.0
"""A floor area is wrong, or in another unit, where the volume over it is less or more than this [m]."""


@dataclass(frozen=True)
class Known:
    """What is said of a zone. attributes: of its building, with the details beside the others; own: of the
    part that the zone is, or of all parts. whole: whether the zone is all of its building."""

    id: str
    building: str
    attributes: Attributes
    own: list[Attributes] = field(default_factory=list)
    whole: bool = True


@dataclass(frozen=True)
class Figures:
    """(z,) as in `Envelopes`. levels: storeys, or where they are unknown, by the height."""

    storeys: Float64
    levels: Float64
    floor_area: Float64
    year: Float64
    origins: dict[str, Int8]
    problems: dict[int, list[str]]


def figures(known: list[Known], shape: Shape) -> Figures:
    """The figures of zones by their attributes, as far as these fit the geometry; NaN where nothing is known.
    A floor area that is not said is the volume over the height of a storey."""
    count = len(known)
    storeys, levels, floor_area, year = (np.full(count, np.nan) for _ in range(4))
    names = ("volume", "floor_area", "storeys", "year", "use")
    origins = {name: np.full(count, Origin.GUESS, np.int8) for name in names}
    problems: dict[int, list[str]] = {}
    shares = _shares(known, shape)
    for k, zone in enumerate(known):
        said = _geometry(shape, k)
        if shape.closed[k] or shape.sideless[k]:
            origins["volume"][k] = Origin.MEASURED
        volume, height = float(shape.volume[k]), float(shape.height[k])
        count_of = _storeys(zone, height, said)
        levels[k] = count_of or max(1, round(height / STOREY_HEIGHT))
        if count_of is not None:
            storeys[k], origins["storeys"][k] = count_of, Origin.ATTRIBUTE
        modelled = volume * levels[k] / height if height > 0 else np.nan
        area = _floor_area(zone, volume, shares[k], (levels[k], modelled), said)
        if area is None and count_of is not None and height > 0:
            area = modelled
        if area is not None:
            floor_area[k], origins["floor_area"][k] = area, Origin.ATTRIBUTE
        years = (about.year(each) for each in (zone.attributes, *zone.own))
        built = next((value for value in years if value is not None), None)
        if built is None:
            said.append("no year of construction")
        else:
            year[k], origins["year"][k] = built, Origin.ATTRIBUTE
        if any(about.has_use(each) for each in (zone.attributes, *zone.own)):
            origins["use"][k] = Origin.ATTRIBUTE
        else:
            said.append("no use")
        if said:
            problems[k] = said
    return Figures(storeys, levels, floor_area, year, origins, problems)


def _geometry(shape: Shape, k: int) -> list[str]:
    """What is wrong with a zone's surfaces."""
    said = []
    if not (shape.closed[k] or shape.sideless[k]):
        said.append("an open solid: its volume is a guess, by its roofs or else by its floors")
    elif not shape.closed[k]:
        said.append("walls are missing; its volume is that between roof and floor")
    if shape.floorless[k]:
        said.append("no ground surface: one is put in at its lowest point")
    if shape.turned[k]:
        said.append("modelled inside out: it is turned round")
    if shape.volume[k] < TINY:
        said.append(f"tiny: {shape.volume[k]:.1f} m³")
    return said


def _storeys(zone: Known, height: float, said: list[str]) -> float | None:
    by_part = [n for each in zone.own if (n := about.storeys(each)) is not None]
    whole = about.storeys(zone.attributes) if zone.whole else None
    given = whole if whole is not None else max(by_part, default=None)
    if given is None:
        said.append("no number of storeys")
        return None
    for count in dict.fromkeys((given, given - _below(zone))):
        if count == 1 or (count > 1 and LOW_STOREY <= height / count <= HIGH_STOREY):
            return count
    said.append(f"{given:g} storeys do not go with a height of {height:.1f} m")
    return None


def _below(zone: Known) -> float:
    """Storeys below the ground of the building, or the most of its parts."""
    return max(about.storeys_below(each) for each in (zone.attributes, *zone.own))


def _floor_area(
    zone: Known, volume: float, share: float, above: tuple[float, float], said: list[str]
) -> float | None:
    """As attributes say, if it goes with the volume, without what lies below the ground.

    share: of the building's volume that is the zone's. above: storeys above the ground, and their floor area
    by the model [m²]; of a building with storeys below, what is said counts them where it is nearer to the
    model without them.
    """
    by_part = about.floor_area(zone.own[0]) if len(zone.own) == 1 and not zone.whole else None
    given = about.floor_area(zone.attributes)
    area = by_part if by_part is not None else None if given is None else given * share
    if area is None:
        return None
    below, (levels, modelled) = _below(zone), above
    without = area * levels / (levels + below)
    if modelled > 0 and abs(np.log(without / modelled)) < abs(np.log(area / modelled)):
        said.append(
            f"a floor area of {area:,.0f} m² counts {below:g} storeys below the ground; {without:,.0f} m² are"
            " above it"
        )
        area = without
    if LOW_ROOM <= volume / area <= HIGH_ROOM:
        return area
    said.append(f"a floor area of {area:,.0f} m² does not go with a volume of {volume:,.0f} m³")
    return None


def _shares(known: list[Known], shape: Shape) -> list[float]:
    """Each zone's share of its building's volume."""
    whole: dict[str, float] = {}
    for zone, volume in zip(known, shape.volume.tolist(), strict=True):
        whole[zone.building] = whole.get(zone.building, 0.0) + volume
    return [
        volume / whole[zone.building] if whole[zone.building] > 0 else 0.0
        for zone, volume in zip(known, shape.volume.tolist(), strict=True)
    ]
