"""The geometry of buildings as heat sees it, before anything is known of what they are made of.

`analysis.scene.zones` makes it of a city; `analysis.energy.archetypes` makes `Zones` of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from analysis.energy.zones import Float32, Float64, Int8, Int32
from analysis.sun.scene import Place

Attributes: TypeAlias = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """p plane pieces of envelopes, those of a zone next to one another; coplanar ones may be put together.

    part, boundary: (p,) int8 of `Part`, `Boundary`. area: (p,) [m²], gross: a wall with its windows. azimuth,
    tilt, sky_view, horizon: as in `Elements`. windows, doors: (p,) area of modelled openings in the piece
    [m²]; NaN where openings are not modelled (LoD below 3). height: (p,) of a wall [m].
    """

    part: Int8
    boundary: Int8
    area: Float64
    azimuth: Float64
    tilt: Float64
    sky_view: Float64
    windows: Float64
    doors: Float64
    height: Float64
    horizon: Float32 | None = None

    def __len__(self) -> int:
        return len(self.part)


@dataclass(frozen=True, kw_only=True)
class Envelopes:
    """z zones of buildings of a city.

    ids, building: as in `Zones`. first: (z + 1,) into pieces. volume: (z,) outer [m³]; footprint: (z,) [m²];
    height: (z,) from the ground to the eaves or, on a pitched roof, the mean roof height [m]. storeys,
    floor_area, year: (z,) by attributes or, where modelled, by geometry; NaN unknown. attributes: of each
    zone's building, as far as they tell use, year, structure, materials, roof, systems. centre: (z, 2) in the
    city's coordinate system. origins: as in `Zones`. problems: by zone number, what is wrong with its
    geometry, in words (an open solid, a volume of zero). levels: (z,) storeys of the building or part that a
    zone is, or is a storey of, by its height where they are not known.
    """

    ids: list[str]
    building: list[str]
    first: Int32
    pieces: Pieces
    volume: Float64
    footprint: Float64
    height: Float64
    storeys: Float64
    floor_area: Float64
    year: Float64
    attributes: list[Attributes]
    centre: Float64
    place: Place
    crs: str = ""
    origins: dict[str, Int8] = field(default_factory=dict)
    problems: dict[int, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    levels: Float64 | None = None

    def __len__(self) -> int:
        return len(self.ids)
