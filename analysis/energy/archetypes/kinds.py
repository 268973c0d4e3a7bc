"""The rows of the book of archetypes, once read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.energy.constructions import Insulation, Mass
from analysis.energy.uses import Use


@dataclass(frozen=True, kw_only=True)
class Region:
    """chain: regions whose envelopes, windows and systems count, the nearest first. country: whose factors
    of carriers. default_year, default_use: of a building that does not say. years_from_permit: by how much
    its year is later than the rules it was built by [a]."""

    id: str
    title: Mapping[str, str]
    chain: tuple[str, ...]
    country: str
    default_year: float
    years_from_permit: float
    default_use: str
    source: str


@dataclass(frozen=True)
class Site:
    """A box of latitude and longitude [degrees] in a time zone that belongs to a region."""

    region: str
    time_zone: str
    south: float
    north: float
    west: float
    east: float

    def holds(self, latitude: float, longitude: float, time_zone: str) -> bool:
        """Whether a place lies in it."""
        inside = self.south <= latitude <= self.north and self.west <= longitude <= self.east
        return inside and time_zone == self.time_zone


@dataclass(frozen=True, kw_only=True)
class Era:
    """What envelopes of a region and some size classes were made of, from start until end [year], in a state
    (`existing`, `usual` or `advanced` refurbishment). wall, roof, floor, window, door: U-values [W/(m²K)];
    bridges: thermal bridges, added to all of them [W/(m²K)]; g: of the glass [1]; infiltration [1/h]."""

    region: str
    classes: tuple[str, ...]
    start: float
    end: float
    state: str
    wall: float
    roof: float
    floor: float
    window: float
    door: float
    g: float
    bridges: float
    infiltration: float
    mass: Mass
    insulation: Insulation
    source: str
    assumed: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WindowShares:
    """Windows per area of outer wall by orientation [1] (north, east, south, west) and of roofs, for kinds:
    uses or size classes, `*` for all. frame: share of the window's area; shade_factor, shade_above: of
    movable blinds, as in `Glazing`."""

    region: str
    kinds: tuple[str, ...]
    start: float
    end: float
    shares: tuple[float, float, float, float]
    roof: float
    frame: float
    shade_factor: float
    shade_above: float
    source: str


@dataclass(frozen=True, kw_only=True)
class UseKind:
    """use: for the simulation; building: `house`, `flats` or `other`, which decides the size class;
    storey_height [m] where storeys are unknown; assumed: figures without a source."""

    use: Use
    building: str
    storey_height: float
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """The system of buildings of some uses (`*` for all) in a region, built from start until end [year]."""

    region: str
    uses: tuple[str, ...]
    start: float
    end: float
    system: str


@dataclass(frozen=True, kw_only=True)
class Given:
    """What is known of one building or zone and goes before its attributes and archetype; None: unknown.

    windows: share of outer walls [1]; wall, roof, floor, window: U-values [W/(m²K)], thermal bridges
    included; g [1]; infiltration [1/h]; floor_area [m²].
    """

    use: str | None = None
    year: float | None = None
    state: str | None = None
    system: str | None = None
    storeys: float | None = None
    floor_area: float | None = None
    windows: float | None = None
    wall: float | None = None
    roof: float | None = None
    floor: float | None = None
    window: float | None = None
    g: float | None = None
    infiltration: float | None = None
