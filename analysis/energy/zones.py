"""Thermal zones: what the simulation of energy knows of buildings, as arrays.

`analysis.scene.zones` makes them of a city, with `analysis.energy.archetypes`; a test or a notebook makes
them of arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.energy.constructions import Construction
from analysis.energy.systems import System
from analysis.energy.uses import Use
from analysis.sun.scene import Place

Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]
Int32: TypeAlias = npt.NDArray[np.int32]
Int8: TypeAlias = npt.NDArray[np.int8]


class Part(IntEnum):
    """What an element of an envelope is."""

    WALL = 0
    ROOF = 1
    FLOOR = 2
    WINDOW = 3
    DOOR = 4
    INNER = 5
    """Walls and floors within the zone, nothing but their mass: the area of all their faces, with layers up
    to their middle."""


class Boundary(IntEnum):
    """What is on the other side of an element."""

    OUTSIDE = 0
    GROUND = 1
    ADIABATIC = 2
    """A neighbour that is as warm, or the zone itself; nothing flows beyond the outermost layer."""


class Origin(IntEnum):
    """Where a figure comes from; the higher, the less is known."""

    MEASURED = 0
    """On the model's geometry, or by a meter."""
    ATTRIBUTE = 1
    ARCHETYPE = 2
    GUESS = 3
    """A default, for want of what would choose an archetype."""


@dataclass(frozen=True, kw_only=True)
class Elements:
    """e elements, those of a zone next to one another.

    part, boundary: (e,) int8. area: (e,) [m²], of a wall without its windows. azimuth: (e,) [degrees] of the
    outward normal, clockwise from true north; tilt: (e,) [degrees], 0 faces up, 90 is a wall, 180 faces down.
    construction: (e,) int32 index into `Zones.constructions`. sky_view: (e,) share of an even sky's light on
    the element's plane that gets there (0.5 on a free wall, 1 on a free flat roof). horizon: (e, directions)
    float32 elevation of the skyline [degrees] at equal steps clockwise from true north, the first at 0; None
    where nothing stands around. shade: (e,) int32 index into `Zones.shades`, -1 for none. origin: (e,) int8
    of `Origin`, of the area.
    """

    part: Int8
    boundary: Int8
    area: Float64
    azimuth: Float64
    tilt: Float64
    construction: Int32
    sky_view: Float64
    origin: Int8
    horizon: Float32 | None = None
    shade: Int32 | None = None

    def __len__(self) -> int:
        return len(self.part)


@dataclass(frozen=True)
class Shade:
    """Fixed shading of a window of width and height [m]: an overhang `gap` above its upper edge, `depth` out
    from the wall, as wide as the window and `beyond` on both sides; fins of `fin_depth` at `fin_gap` beside
    both edges, from the ground to the overhang."""

    width: float
    height: float
    depth: float = 0.0
    gap: float = 0.0
    beyond: float = 0.0
    fin_depth: float = 0.0
    fin_gap: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Zones:
    """z zones. A building is one zone, or one for each part or storey.

    ids: of zones, all different; building: of the whole building each belongs to. first: (z + 1,) int32, zone
    k's elements are first[k]:first[k + 1]. floor_area: (z,) conditioned [m²]; volume: (z,) of air [m³].
    heat_capacity: (z,) of air and furniture [J/K]. infiltration: (z,) air changes through cracks [1/h].
    use, system: (z,) int32 indices into uses and systems. heating_capacity, cooling_capacity: (z,) [W], inf
    for as much as is needed. set_point_shift: (z,) [K] added to the set points of heating (and to those of
    cooling); gain_factor, ventilation_factor: (z,) multiply the use's internal gains and its ventilation [1].
    outer_volume: (z,) with walls and floors [m³], by which the perimeter of slabs is found; None: that of the
    air. ground_temperature: (12,) monthly means under the buildings [°C]; None: found from the weather.
    origins: by the name of a figure ("volume", "floor_area", "storeys", "year", "use", "windows", "u_values",
    "infiltration", "system"), (z,) int8 of `Origin`. year: (z,) of construction, NaN unknown. storeys: (z,).
    notes: what a reader of results ought to know.
    """

    ids: list[str]
    building: list[str]
    first: Int32
    elements: Elements
    floor_area: Float64
    volume: Float64
    heat_capacity: Float64
    infiltration: Float64
    use: Int32
    system: Int32
    constructions: Sequence[Construction]
    uses: Sequence[Use]
    systems: Sequence[System]
    place: Place
    heating_capacity: Float64
    cooling_capacity: Float64
    set_point_shift: Float64
    gain_factor: Float64
    ventilation_factor: Float64
    year: Float64
    storeys: Float64
    shades: Sequence[Shade] = ()
    outer_volume: Float64 | None = None
    ground_temperature: Float64 | None = None
    origins: dict[str, Int8] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def some(self, numbers: npt.ArrayLike) -> Zones:
        """The zones with these numbers, in their order, with the constructions, uses and systems of all."""
        chosen = np.asarray(numbers, np.int64).reshape(-1)
        counts = np.diff(self.first)[chosen]
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        rows = np.repeat(self.first[chosen] - first[:-1], counts) + np.arange(first[-1])
        parts = {
            f.name: value[rows]
            for f in fields(Elements)
            if (value := getattr(self.elements, f.name)) is not None
        }
        return replace(
            self,
            ids=[self.ids[k] for k in chosen],
            building=[self.building[k] for k in chosen],
            first=first,
            elements=Elements(**parts),
            origins={name: origin[chosen] for name, origin in self.origins.items()},
            outer_volume=None if self.outer_volume is None else self.outer_volume[chosen],
            **{name: getattr(self, name)[chosen] for name in _OF_ZONES},
        )


_OF_ZONES = (
    *("floor_area", "volume", "heat_capacity", "infiltration", "use", "system", "heating_capacity"),
    *("cooling_capacity", "set_point_shift", "gain_factor", "ventilation_factor", "year", "storeys"),
)
"""Fields with a value for each zone."""
