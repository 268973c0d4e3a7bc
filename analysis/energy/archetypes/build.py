"""Makes thermal zones of the envelopes of buildings: what they are made of and used for, by archetype."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from analysis.energy.archetypes.book import Book, read_book
from analysis.energy.archetypes.choose import (
    SHED_AREA,
    STRUCTURE_ATTRIBUTES,
    Chooser,
    region_of,
    size_class,
)
from analysis.energy.archetypes.elements import Make, elements_of
from analysis.energy.archetypes.kinds import Era, Given, Region, UseKind, WindowShares
from analysis.energy.archetypes.tables import SHED
from analysis.energy.envelope import Envelopes
from analysis.energy.systems import System
from analysis.energy.uses import Use
from analysis.energy.zones import Boundary, Float64, Int8, Int32, Origin, Part, Zones
from analysis.sun.daylight.dwellings import STOREY_HEIGHT

FURNITURE = 10_000.0
"""[J/(m²K)] Air and furniture per floor area (ISO 52016-1:2017, table B.17)."""
AIR_SHARE_LOW, AIR_SHARE_HIGH = 0.76, 0.80
"""[1] Air in the outer volume of buildings of up to three storeys, and of taller ones (German energy saving
ordinance EnEV 2007, annex 1)."""
EARLIEST, LATEST = 1000.0, 2100.0
"""Years beyond these, such as PLATEAU's 0001, are placeholders."""
_NOTHING = Given()


@dataclass
class _Chosen:
    """What was chosen for each zone."""

    uses: list[UseKind] = field(default_factory=list)
    eras: list[Era] = field(default_factory=list)
    shares: list[WindowShares] = field(default_factory=list)
    systems: list[System] = field(default_factory=list)
    masses: list[str] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    use_origin: list[Origin] = field(default_factory=list)
    system_origin: list[Origin] = field(default_factory=list)


def zones_of(
    envelopes: Envelopes,
    book: Book | None = None,
    *,
    region: str | None = None,
    year: float | None = None,
    use: str | None = None,
    state: str = "existing",
    replace: Mapping[str, Given] | None = None,
) -> Zones:
    """The zones of buildings, each figure with where it comes from in `origins`.

    book: None for the built-in one. region: id of one of the book's; None for that of the place. year, use:
    of buildings that do not say; None for the region's. state: of refurbishment, where the region has it.
    replace: by the id of a zone or building, what goes before everything else, the book's own `given`
    included. Of what is stated of a building in several zones the floor area is shared out among them by
    volume, and storeys do not count. Raises AnalysisError for names that the book lacks.
    """
    book = book or read_book()
    chooser = Chooser(book, region_of(envelopes.place, book, region), state)
    given = _given(envelopes, book.given, replace or {})
    notes = list(envelopes.notes)
    years, year_origin = _years(envelopes, given, year or chooser.region.default_year)
    chosen = _choose(envelopes, chooser, given, years, use)
    storeys, storeys_origin = _storeys(envelopes, chosen)
    floor_area, area_origin = _floor_area(envelopes, chosen, storeys)
    use_index, uses = _uses(chosen)
    system_index, systems = _systems(chosen)
    use_origin = np.array(chosen.use_origin, np.int8)
    unsure = np.maximum(year_origin, use_origin) == Origin.GUESS
    u_origin = np.where(unsure, Origin.GUESS, Origin.ARCHETYPE).astype(np.int8)
    make = Make(chosen.eras, chosen.shares, chosen.masses, chosen.given, floor_area)
    elements, first, constructions, window_origin = elements_of(envelopes, make)
    z = len(envelopes)
    air = np.where(_storeys_in_all(envelopes, storeys) <= 3, AIR_SHARE_LOW, AIR_SHARE_HIGH)
    guessed = {
        "year of construction": (year_origin, f"{year or chooser.region.default_year:.0f}"),
        "use": (use_origin, f"{use or chooser.region.default_use}, below {SHED_AREA:g} m² as {SHED}"),
        "number of storeys": (storeys_origin, "their height by that of typical storeys"),
    }
    _tell(notes, chooser.region, guessed, chosen.eras)
    strays = book.given.keys() - set(envelopes.ids) - set(envelopes.building)
    if strays:
        notes.append(f"{len(strays)} of {len(book.given)} ids in buildings.csv are of no building here")
    return Zones(
        ids=list(envelopes.ids),
        building=list(envelopes.building),
        first=first,
        elements=elements,
        floor_area=floor_area,
        volume=air * envelopes.volume,
        outer_volume=envelopes.volume,
        heat_capacity=FURNITURE * floor_area,
        infiltration=np.array(
            [
                era.infiltration if g.infiltration is None else g.infiltration
                for era, g in zip(chosen.eras, chosen.given, strict=True)
            ]
        ),
        use=use_index,
        system=system_index,
        constructions=constructions,
        uses=uses,
        systems=systems,
        place=envelopes.place,
        heating_capacity=np.full(z, np.inf),
        cooling_capacity=np.full(z, np.inf),
        set_point_shift=np.zeros(z),
        gain_factor=np.ones(z),
        ventilation_factor=np.ones(z),
        year=years,
        storeys=storeys,
        origins={
            **envelopes.origins,
            "floor_area": area_origin,
            "storeys": storeys_origin,
            "year": year_origin,
            "use": use_origin,
            "windows": window_origin,
            "u_values": _stated(u_origin, chosen.given, ("wall", "roof", "floor", "window")),
            "infiltration": _stated(u_origin, chosen.given, ("infiltration",)),
            "system": np.array(chosen.system_origin, np.int8),
        },
        notes=notes,
    )


def _given(envelopes: Envelopes, *layers: Mapping[str, Given]) -> list[Given]:
    """Of each zone: what is stated of it, before what is stated of its building; by layers, of which the last
    goes first."""
    zones = Counter(envelopes.building)
    whole: dict[str, float] = {}
    for building, volume in zip(envelopes.building, envelopes.volume.tolist(), strict=True):
        whole[building] = whole.get(building, 0.0) + volume
    found = []
    for k, (zone, building) in enumerate(zip(envelopes.ids, envelopes.building, strict=True)):
        stated: dict[str, Any] = {}
        for known in layers:
            for id in dict.fromkeys((building, zone)):
                said = {n: v for n, v in vars(known.get(id, _NOTHING)).items() if v is not None}
                if id == building and zones[building] > 1:
                    said.pop("storeys", None)
                    if "floor_area" in said:
                        said["floor_area"] *= envelopes.volume[k] / whole[building]
                stated |= said
        found.append(Given(**stated))
    return found


def _years(envelopes: Envelopes, given: list[Given], default: float) -> tuple[Float64, Int8]:
    stated = np.array([np.nan if g.year is None else g.year for g in given])
    known: Float64 = np.where(np.isnan(stated), envelopes.year, stated)
    known = np.where((known >= EARLIEST) & (known <= LATEST), known, np.nan)
    origin = np.where(np.isnan(known), Origin.GUESS, Origin.ATTRIBUTE).astype(np.int8)
    return np.where(np.isnan(known), default, known), origin


def _choose(
    envelopes: Envelopes, chooser: Chooser, given: list[Given], years: Float64, default_use: str | None
) -> _Chosen:
    """Use, size class, envelope, windows and system of each zone."""
    chosen = _Chosen(given=given)
    whole_area, whole_storeys, shared = _of_buildings(envelopes)
    structures = chooser.book.structures
    for k, attributes in enumerate(envelopes.attributes):
        stated, built = given[k], float(years[k])
        found, origin = chooser.use(attributes, float(whole_area[k]), default_use)
        if stated.use is not None:
            found, origin = stated.use, Origin.ATTRIBUTE
        kind = chooser.kind(found, whole_area[k], whole_storeys[k])
        size = size_class(kind.building, whole_area[k], whole_storeys[k], shared[k])
        era = chooser.era(size, built, stated.state)
        system, told = chooser.system(attributes, kind.use.id, built)
        if stated.system is not None:
            system, told = chooser.book.systems[stated.system], Origin.ATTRIBUTE
        chosen.uses.append(kind)
        chosen.eras.append(era)
        chosen.shares.append(chooser.windows(kind.use.id, size, built))
        chosen.systems.append(system)
        chosen.masses.append(structures.of(attributes, era.mass, STRUCTURE_ATTRIBUTES).kind)
        chosen.use_origin.append(origin)
        guessed = told == Origin.ARCHETYPE and origin == Origin.GUESS
        chosen.system_origin.append(Origin.GUESS if guessed else told)
    return chosen


def _of_buildings(envelopes: Envelopes) -> tuple[Float64, Float64, Float64]:
    """Of each zone's whole building: floor area [m²], storeys, and share of the walls that are shared [1];
    storeys of `STOREY_HEIGHT` where nothing is known."""
    typical = np.maximum(1.0, np.round(envelopes.height / STOREY_HEIGHT))
    storeys = np.where(np.isnan(envelopes.storeys), typical, envelopes.storeys)
    area = np.where(np.isnan(envelopes.floor_area), storeys * _plate(envelopes), envelopes.floor_area)
    if envelopes.levels is not None:
        storeys = np.where(np.isnan(envelopes.levels), storeys, envelopes.levels)
    _, owner = np.unique(np.array(envelopes.building), return_inverse=True)
    pieces = envelopes.pieces
    zone = np.repeat(np.arange(len(envelopes)), np.diff(envelopes.first))
    wall = pieces.area * (pieces.part == Part.WALL)
    both = wall * (pieces.boundary == Boundary.ADIABATIC)
    total, beside = (np.bincount(owner[zone], values, owner.max(initial=0) + 1) for values in (wall, both))
    shared = beside / np.where(total > 0, total, 1.0)
    most = np.zeros(owner.max(initial=0) + 1)
    np.maximum.at(most, owner, np.nan_to_num(storeys))
    whole = np.bincount(owner, np.nan_to_num(area).astype(np.float64), len(most)).astype(np.float64)
    return whole[owner], most[owner], shared[owner]


def _storeys(envelopes: Envelopes, chosen: _Chosen) -> tuple[Float64, Int8]:
    stated = np.array([np.nan if g.storeys is None else g.storeys for g in chosen.given])
    usual = np.array([kind.storey_height for kind in chosen.uses])
    found = np.maximum(1.0, np.round(envelopes.height / usual)) if len(usual) else stated
    origin = envelopes.origins.get("storeys", np.full(len(envelopes), Origin.ATTRIBUTE, np.int8))
    origin = np.where(np.isnan(envelopes.storeys), Origin.GUESS, origin)
    origin = np.where(np.isnan(stated), origin, Origin.ATTRIBUTE).astype(np.int8)
    known = np.where(np.isnan(stated), envelopes.storeys, stated)
    return np.where(np.isnan(known), np.nan_to_num(found, nan=1.0), known), origin


def _storeys_in_all(envelopes: Envelopes, storeys: Float64) -> Float64:
    """Of the building or part that each zone is, or is a storey of. storeys: of the zones alone."""
    if envelopes.levels is None:
        return storeys
    return np.where(envelopes.levels > envelopes.storeys, envelopes.levels, storeys)


def _floor_area(envelopes: Envelopes, chosen: _Chosen, storeys: Float64) -> tuple[Float64, Int8]:
    stated = np.array([np.nan if g.floor_area is None else g.floor_area for g in chosen.given])
    origin = envelopes.origins.get("floor_area", np.full(len(envelopes), Origin.ATTRIBUTE, np.int8))
    origin = np.where(np.isnan(envelopes.floor_area), Origin.GUESS, origin)
    origin = np.where(np.isnan(stated), origin, Origin.ATTRIBUTE).astype(np.int8)
    known = np.where(np.isnan(stated), envelopes.floor_area, stated)
    return np.where(np.isnan(known), storeys * _plate(envelopes), known), origin


def _plate(envelopes: Envelopes) -> Float64:
    """The mean section of each zone [m²]: less than the footprint where upper storeys step back."""
    tall = (envelopes.height > 0) & (envelopes.volume > 0)
    return np.where(tall, envelopes.volume / np.where(tall, envelopes.height, 1.0), envelopes.footprint)


def _uses(chosen: _Chosen) -> tuple[Int32, list[Use]]:
    """Uses with the set points that the systems can hold: none where nothing heats or cools.

    A use may stand twice, once without its set points of cooling, both with the same id.
    """
    found: dict[tuple[str, bool, bool], int] = {}
    uses: list[Use] = []
    index = np.zeros(len(chosen.uses), np.int32)
    for k, (kind, system) in enumerate(zip(chosen.uses, chosen.systems, strict=True)):
        heats, cools = system.heating is not None, system.cooling is not None
        key = (kind.use.id, heats, cools)
        if key not in found:
            found[key] = len(uses)
            uses.append(conditioned(kind.use, heats=heats, cools=cools))
        index[k] = found[key]
    return index, uses


def conditioned(use: Use, *, heats: bool, cools: bool) -> Use:
    """A use without the set points of what is not there."""
    heating = use.heating_set if heats else np.full_like(use.heating_set, np.nan)
    cooling = use.cooling_set if cools else np.full_like(use.cooling_set, np.nan)
    return use if heats and cools else replace(use, heating_set=heating, cooling_set=cooling)


def _systems(chosen: _Chosen) -> tuple[Int32, list[System]]:
    found: dict[str, int] = {}
    systems: list[System] = []
    index = np.zeros(len(chosen.systems), np.int32)
    for k, system in enumerate(chosen.systems):
        if system.id not in found:
            found[system.id] = len(systems)
            systems.append(system)
        index[k] = found[system.id]
    return index, systems


def _stated(origin: Int8, given: list[Given], names: tuple[str, ...]) -> Int8:
    """The origin of figures of which the city states some."""
    stated = np.array([any(getattr(g, name) is not None for name in names) for g in given], bool)
    return np.where(stated, Origin.ATTRIBUTE, origin).astype(np.int8)


def _tell(notes: list[str], region: Region, guessed: Mapping[str, tuple[Int8, str]], eras: list[Era]) -> None:
    """Adds what rests on guesses to the notes. guessed: by what is unknown, origins and what is taken."""
    total = len(eras)
    for what, (origins, taken) in guessed.items():
        count = int(np.count_nonzero(origins == Origin.GUESS))
        if count:
            notes.append(f"{count} of {total} zones have no {what}: taken as {taken}")
    verify = sum(bool(era.verify) for era in eras)
    if verify:
        notes.append(f"{verify} of {total} zones have U-values whose source is yet to be verified")
    assumed = sum("*" in era.assumed for era in eras)
    if assumed:
        notes.append(f"{assumed} of {total} zones have U-values that are assumptions, without a source")
    strangers = sum(era.region not in region.chain[:-1] for era in eras) if region.id == "world" else 0
    if strangers:
        notes.append(
            f"{strangers} of {total} zones lie where no envelopes are known: those of {eras[0].region}"
        )
