"""Makes the elements of zones of the pieces of their envelopes: walls, windows, doors, and inner mass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from analysis.energy.archetypes.kinds import Era, Given, WindowShares
from analysis.energy.constructions import Construction, Glazing, Mass, Opaque
from analysis.energy.envelope import Envelopes, Pieces
from analysis.energy.zones import Boundary, Elements, Float64, Int8, Int32, Origin, Part

MOST_GLAZED = 0.95
"""[1] No more of a wall is window or door."""
LOW_WALL, SMALL_WALL = 1.8, 2.0
"""[m], [m²] Walls lower than a door, or smaller, have no windows: an assumption."""
PARTITIONS = 1.0
"""Surface of inner walls per floor area [1], both sides: an assumption."""
_INNER_U = 2.0
"""[W/(m²K)] Of inner walls and floors; nothing flows through them but into their mass."""
_INNER_MASS: dict[str, Mass] = {
    "very light": "very light",
    "light": "very light",
    "medium": "light",
    "heavy": "medium",
    "very heavy": "heavy",
}
"""Half of a floor slab or partition is a class lighter than the outer walls: an assumption."""
_SINGLE_ABOVE, _DOUBLE_ABOVE = 4.0, 1.1
"""[W/(m²K)] Windows with a greater U-value have one pane, or two; the others three: an assumption."""
_SIDES = 4
LARGEST_OPAQUE = 5.3
"""[W/(m²K)] A door of glass counts as one of this; surfaces alone let 5.88 through."""


@dataclass(frozen=True)
class Make:
    """By zone: what it is made of. masses: of `Mass`; floor_area: (z,) [m²]."""

    eras: Sequence[Era]
    shares: Sequence[WindowShares]
    masses: Sequence[str]
    given: Sequence[Given]
    floor_area: Float64


@dataclass
class _Constructions:
    """All constructions, each but once."""

    found: dict[tuple[object, ...], int] = field(default_factory=dict)
    all: list[Construction] = field(default_factory=list)

    def index(self, key: tuple[object, ...], make: Callable[[], Construction]) -> int:
        if key not in self.found:
            self.found[key] = len(self.all)
            self.all.append(make())
        return self.found[key]


@dataclass(frozen=True)
class _Group:
    """Elements to be: at: piece of each, -1 for inner ones; zone; part; made_of: `Part` whose construction
    it has; area [m²]; origin."""

    at: Int32
    zone: Int32
    part: Int32
    made_of: Int32
    area: Float64
    origin: Int32


def elements_of(envelopes: Envelopes, make: Make) -> tuple[Elements, Int32, list[Construction], Int8]:
    """(elements, first, constructions, origin of the windows by zone) of `Zones`."""
    z, pieces = len(envelopes), envelopes.pieces
    zone = np.repeat(np.arange(z), np.diff(envelopes.first)).astype(np.int32)
    known = _Constructions()
    table = np.array([_of_zone(known, make, k) for k in range(z)], np.int32).reshape(z, len(Part))
    windows, doors, modelled = _openings(pieces, zone, make)
    window_origin = _window_origin(zone, modelled, make)

    adiabatic, ground = (pieces.boundary == b for b in (Boundary.ADIABATIC, Boundary.GROUND))
    made_of = np.select([adiabatic, ground], [Part.INNER, Part.FLOOR], pieces.part)
    every = np.arange(len(pieces), dtype=np.int32)
    measured = np.full(len(pieces), Origin.MEASURED, np.int32)
    of_windows = np.where(modelled, measured, window_origin[zone])
    inner = _inner_area(envelopes, make)
    nowhere, own = np.full(z, -1, np.int32), np.arange(z, dtype=np.int32)
    groups = (
        _group(every, zone, pieces.part, made_of, pieces.area - windows - doors, measured),
        _group(every, zone, Part.WINDOW, Part.WINDOW, windows, of_windows),
        _group(every, zone, Part.DOOR, Part.DOOR, doors, measured),
        _group(nowhere, own, Part.INNER, Part.INNER, inner, np.full(z, Origin.ARCHETYPE, np.int32)),
    )
    elements, owner = _joined(pieces, groups, table)
    first = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=z))]).astype(np.int32)
    return elements, first, known.all, window_origin


def _group(at: Int32, zone: Int32, part: Any, made_of: Any, area: Float64, origin: Any) -> _Group:
    """Those with an area."""
    some = np.flatnonzero(area > 0)
    columns = (np.broadcast_to(values, area.shape)[some] for values in (part, made_of, area, origin))
    return _Group(at[some], zone[some], *columns)


def _joined(pieces: Pieces, groups: Sequence[_Group], table: Int32) -> tuple[Elements, Int32]:
    """The elements, those of a zone next to one another, and the zone of each."""
    at, zone, part, made_of, area, origin = (
        np.concatenate([getattr(group, name) for group in groups])
        for name in ("at", "zone", "part", "made_of", "area", "origin")
    )
    order = np.argsort(zone, kind="stable")
    at, zone, part, made_of, area, origin = (v[order] for v in (at, zone, part, made_of, area, origin))
    inner = at < 0

    def of_piece(values: Any, otherwise: float) -> Any:
        if not len(values):
            return np.full(len(at), otherwise)
        return np.where(inner, otherwise, values[at])

    horizon = pieces.horizon
    if horizon is not None:
        horizon = np.where(inner[:, None], np.float32(0.0), horizon[at]).astype(np.float32)
    elements = Elements(
        part=part.astype(np.int8),
        boundary=of_piece(pieces.boundary, Boundary.ADIABATIC).astype(np.int8),
        area=area.astype(np.float64),
        azimuth=of_piece(pieces.azimuth, 0.0),
        tilt=of_piece(pieces.tilt, 90.0),
        construction=table[zone, made_of].astype(np.int32),
        sky_view=of_piece(pieces.sky_view, 0.0),
        origin=origin.astype(np.int8),
        horizon=horizon,
    )
    return elements, zone


def _openings(pieces: Pieces, zone: Int32, make: Make) -> tuple[Float64, Float64, npt.NDArray[np.bool_]]:
    """Windows and doors of each piece [m²], and whether its windows are modelled.

    Where they are not, outer walls and roofs get the share of their orientation.
    """
    outside = pieces.boundary == Boundary.OUTSIDE
    shares = np.array([s.shares for s in make.shares]).reshape(-1, _SIDES)
    stated = np.array([np.nan if g.windows is None else g.windows for g in make.given])
    shares = np.where(np.isnan(stated)[:, None], shares, stated[:, None])
    side = np.round(pieces.azimuth / 90.0).astype(np.int64) % _SIDES
    small = (pieces.height < LOW_WALL) | (pieces.area < SMALL_WALL)
    wall = outside & (pieces.part == Part.WALL) & ~small
    roof = outside & (pieces.part == Part.ROOF)
    share = np.where(wall, shares[zone, side], 0.0)
    share = np.where(roof, np.array([s.roof for s in make.shares])[zone], share)
    modelled = ~np.isnan(pieces.windows)
    windows = np.where(modelled, np.nan_to_num(pieces.windows), share * pieces.area)
    doors = np.nan_to_num(pieces.doors)
    both = windows + doors
    fit = np.where(
        both > MOST_GLAZED * pieces.area, MOST_GLAZED * pieces.area / np.where(both > 0, both, 1.0), 1.0
    )
    return windows * fit, doors * fit, modelled & (pieces.part == Part.WALL)


def _window_origin(zone: Int32, modelled: npt.NDArray[np.bool_], make: Make) -> Int8:
    origin = np.array(
        [Origin.ARCHETYPE if g.windows is None else Origin.ATTRIBUTE for g in make.given], np.int8
    )
    origin[zone[modelled]] = Origin.MEASURED
    return origin


def _inner_area(envelopes: Envelopes, make: Make) -> Float64:
    """Surface of floors between storeys, both sides, and of partitions by zone [m²]."""
    slabs = 2.0 * np.maximum(0.0, make.floor_area - envelopes.footprint)
    partitions: Float64 = slabs + PARTITIONS * make.floor_area
    return partitions


def _of_zone(known: _Constructions, make: Make, k: int) -> list[int]:
    """Indices of the constructions of a zone, by `Part`."""
    era, given, shares = make.eras[k], make.given[k], make.shares[k]
    mass = cast(Mass, make.masses[k])

    def opaque(name: str, stated: float | None) -> int:
        u = getattr(era, name) + era.bridges if stated is None else stated
        source = era.source if stated is None else "stated by the city"
        key = (name, u, mass, era.insulation, source)
        return known.index(key, lambda: Opaque.of_u(_title(name, u), u, mass, era.insulation, source=source))

    def glazing() -> int:
        u = era.window + era.bridges if given.window is None else given.window
        g = era.g if given.g is None else given.g
        panes = 1 if u > _SINGLE_ABOVE else 2 if u > _DOUBLE_ABOVE else 3
        key = ("window", u, g, shares.frame, shares.shade_factor, shares.shade_above, era.source)
        return known.index(
            key,
            lambda: Glazing(
                name=_title("window", u),
                u_value=u,
                g_value=g,
                panes=panes,
                frame_share=shares.frame,
                shade_factor=shares.shade_factor,
                shade_above=shares.shade_above,
                source=era.source,
            ),
        )

    inside = _INNER_MASS[mass]
    inner = known.index(("inner", inside), lambda: Opaque.of_u(f"inner, {inside}", _INNER_U, inside, "even"))
    door = min(era.door + era.bridges, LARGEST_OPAQUE)
    return [
        opaque("wall", given.wall),
        opaque("roof", given.roof),
        opaque("floor", given.floor),
        glazing(),
        known.index(("door", door), lambda: Opaque.of_u(_title("door", door), door, "very light", "even")),
        inner,
    ]


def _title(name: str, u: float) -> str:
    return f"{name}, U {u:.2f}"
