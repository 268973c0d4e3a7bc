"""Reads the other tables of the book of archetypes: regions, envelopes, windows, systems, buildings."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any, cast, get_args

from analysis.code_table import CodeRow, CodeTable
from analysis.energy.archetypes.kinds import Choice, Era, Given, Region, Site, WindowShares
from analysis.energy.constructions import Insulation, Mass
from analysis.energy.systems import Carrier, HeatSource, Plant, Sink, System
from analysis.errors import AnalysisError
from analysis.tables import Row, rows

CLASSES = ("sfh", "th", "mfh", "ab", "other")
"""Detached houses, terraced houses, apartment houses, apartment blocks (TABULA's names), and all others."""
STATES = ("existing", "usual", "advanced")
DWELLING = "dwelling"
"""A use that turns into `house` or `apartment` by the size of the building."""
SHED = "unheated"
"""The use of sheds."""
MASSES: tuple[str, ...] = get_args(Mass)
_OPAQUE, _GLAZED = 5.0, 7.0  # greatest U-value [W/(m²K)]
_U = (("wall", _OPAQUE), ("roof", _OPAQUE), ("floor", _OPAQUE), ("window", _GLAZED), ("door", _GLAZED))


@dataclass(frozen=True)
class Known:
    """Names that tables may refer to. areas: regions, what they look in, and countries."""

    uses: frozenset[str]
    systems: frozenset[str]
    regions: frozenset[str]
    areas: frozenset[str]


def once(row: Row, name: str, found: Container[Any], key: Any = None) -> str:
    """A cell that names its row. Raises AnalysisError where it is empty or has been found in the table
    before. key: what the row is kept by, where that is more than its name."""
    text = row.text(name)
    if not text:
        raise AnalysisError(f"{row.where}: {name}: the {name} is missing")
    if (text if key is None else key) in found:
        raise AnalysisError(f"{row.where}: {name}: {text!r} stands twice")
    return text


def areas(regions: Iterable[Region]) -> frozenset[str]:
    """Names of regions, of what is in their chains, and of countries."""
    return frozenset(name for r in regions for name in (r.id, *r.chain, r.country))


def filled(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a table that are not blank."""
    return (row for row in rows(path, path.name, columns) if any(v for v in row.cells.values() if v))


def one_of(row: Row, name: str, known: Sequence[str] | frozenset[str]) -> str:
    """A cell that is one of some words. Raises AnalysisError for another one."""
    text = row.text(name)
    if text not in known:
        raise AnalysisError(f"{row.where}: {name} must be one of {', '.join(sorted(known))}, not {text!r}")
    return text


def _each_of(row: Row, name: str, known: Sequence[str] | frozenset[str]) -> tuple[str, ...]:
    found = row.words(name)
    wrong = [word for word in found if word not in known]
    if wrong or not found:
        shown = repr(wrong[0]) if wrong else "nothing"
        raise AnalysisError(f"{row.where}: {name} must be some of {', '.join(sorted(known))}, not {shown}")
    return found


def assumed(row: Row, columns: Sequence[str], name: str = "assumed") -> tuple[str, ...]:
    """Columns of the row that are assumptions; `*` is all. Raises AnalysisError for an unknown column."""
    return _each_of(row, name, (*columns, *row.cells, "*")) if row.text(name) else ()


def _date(row: Row, name: str, default: float) -> float:
    """A year or a month such as 1979-09 as a number of years."""
    text = row.text(name)
    if not text:
        return default
    year, _, month = text.partition("-")
    if year.isdecimal() and (not month or (month.isdecimal() and 1 <= int(month) <= 12)):
        return int(year) + (int(month or 1) - 1) / 12
    raise AnalysisError(f"{row.where}: {name} must be a year or a month such as 1979-09, not {text!r}")


def _period(row: Row) -> tuple[float, float]:
    start, end = _date(row, "from", -inf), _date(row, "until", inf)
    if not start < end:
        raise AnalysisError(f"{row.where}: until must be later than from")
    return start, end


def regions(path: Path) -> dict[str, Region]:
    """Regions by id."""
    found: dict[str, Region] = {}
    for row in filled(
        path, ("region", "title_ko", "title_en", "chain", "country", "default_year", "default_use")
    ):
        name = once(row, "region", found)
        found[name] = Region(
            id=name,
            title={"ko": row.text("title_ko"), "en": row.text("title_en")},
            chain=row.words("chain") or (name,),
            country=row.text("country"),
            default_year=row.number("default_year", 1000, 2100),
            years_from_permit=row.number("years_from_permit", 0, 10, default=0.0),
            default_use=row.text("default_use"),
            source=row.text("source"),
        )
    return found


def sites(path: Path, known: Known) -> Iterator[Site]:
    """Boxes that belong to regions, the first that holds a place counts."""
    for row in filled(path, ("region", "time_zone", "south", "north", "west", "east")):
        south, north = row.number("south", -90, 90), row.number("north", -90, 90)
        west, east = row.number("west", -180, 180), row.number("east", -180, 180)
        if south >= north or west >= east:
            raise AnalysisError(f"{row.where}: north must be above south, and east above west")
        yield Site(one_of(row, "region", known.regions), row.text("time_zone"), south, north, west, east)


def eras(path: Path, known: Known) -> list[Era]:
    """Envelopes; those of one region, class and state must not overlap in time."""
    columns = ("region", "classes", "from", "until", "wall", "roof", "floor", "window", "g", "infiltration")
    found: list[tuple[Era, str]] = []
    for row in filled(path, columns):
        start, end = _period(row)
        u = {name: row.number(name, 0.05, most) for name, most in _U if name != "door" or row.text("door")}
        era = Era(
            region=one_of(row, "region", known.areas),
            classes=_each_of(row, "classes", CLASSES),
            start=start,
            end=end,
            state=one_of(row, "state", STATES) if row.text("state") else STATES[0],
            **{"door": u["window"], **u},
            g=row.number("g", 0.05, 0.95),
            bridges=row.number("bridges", 0.0, 0.3, default=0.0),
            infiltration=row.number("infiltration", 0.0, 5.0),
            mass=cast(Mass, one_of(row, "mass", MASSES) if row.text("mass") else "medium"),
            insulation=cast(
                Insulation,
                one_of(row, "insulation", get_args(Insulation)) if row.text("insulation") else "outside",
            ),
            source=row.text("source"),
            assumed=assumed(row, columns),
            verify=assumed(row, columns, "verify"),
        )
        found.append((era, row.where))
    _no_overlap(found)
    return [era for era, _ in found]


def _no_overlap(found: Sequence[tuple[Era, str]]) -> None:
    groups: dict[tuple[str, str, str], list[tuple[Era, str]]] = {}
    for era, where in found:
        for size in era.classes:
            groups.setdefault((era.region, size, era.state), []).append((era, where))
    for (region, size, _), group in groups.items():
        for (before, _), (after, where) in pairwise(sorted(group, key=lambda pair: pair[0].start)):
            if after.start < before.end:
                raise AnalysisError(
                    f"{where}: from: the period overlaps that of another row of {region}, class {size}"
                )


def windows(path: Path, known: Known) -> Iterator[WindowShares]:
    """Shares of windows, the first row that fits counts, rows of a use or class before those of `*`."""
    for row in filled(path, ("region", "kinds", "north", "east", "south", "west")):
        start, end = _period(row)
        yield WindowShares(
            region=one_of(row, "region", known.areas | {"*"}),
            kinds=_each_of(row, "kinds", (*known.uses, *CLASSES, "*")),
            start=start,
            end=end,
            shares=cast(
                "tuple[float, float, float, float]",
                tuple(row.number(side, 0.0, 0.95) for side in ("north", "east", "south", "west")),
            ),
            roof=row.number("roof", 0.0, 0.95, default=0.0),
            frame=row.number("frame", 0.0, 0.9, default=0.3),
            shade_factor=row.number("shade_factor", 0.0, 1.0, default=1.0),
            shade_above=row.number("shade_above", 0.0, 1500.0, default=inf),
            source=row.text("source"),
        )


def code_table(paths: Sequence[Path], column: str, known: Sequence[str]) -> CodeTable:
    """Codes and words by kind; what a city's own table (the first) knows goes before the rest."""
    found = []
    for path in paths:
        for row in filled(path, (column, "words", "codes")):
            words = tuple(word.casefold() for word in row.words("words"))
            found.append(CodeRow(one_of(row, column, known), words, row.words("codes")))
    return CodeTable(tuple(found))


def systems(path: Path) -> dict[str, tuple[System, tuple[str, ...]]]:
    """Systems by id, each with the words that name it in attributes."""
    found: dict[str, tuple[System, tuple[str, ...]]] = {}
    columns = ("system", "title_ko", "title_en", "heating_carrier", "cooling_carrier", "hot_water_carrier")
    for row in filled(path, columns):
        name = once(row, "system", found)
        system = System(
            id=name,
            title={"ko": row.text("title_ko"), "en": row.text("title_en")},
            heating=_plant(row, "heating", Sink.FLOOR),
            cooling=_plant(row, "cooling", Sink.FAN_COIL),
            hot_water=_plant(row, "hot_water", Sink.WATER),
            emission_radiant=row.number("emission_radiant", 0.0, 1.0, default=0.0),
            auxiliary=row.number("auxiliary", 0.0, 10.0, default=0.0),
            source=row.text("source"),
        )
        found[name] = (system, tuple(word.casefold() for word in row.words("words")))
    return found


def _plant(row: Row, need: str, sink: Sink) -> Plant | None:
    if not row.text(f"{need}_carrier"):
        return None
    source, given = row.text(f"{need}_source"), row.text(f"{need}_sink")
    return Plant(
        Carrier(one_of(row, f"{need}_carrier", [c.value for c in Carrier])),
        row.number(f"{need}_efficiency", 0.1, 10.0),
        HeatSource(one_of(row, f"{need}_source", [s.value for s in HeatSource])) if source else None,
        Sink(one_of(row, f"{need}_sink", [s.value for s in Sink])) if given else sink,
    )


def choices(path: Path, known: Known) -> Iterator[Choice]:
    """Systems by region and use, the first row that fits counts."""
    for row in filled(path, ("region", "uses", "system")):
        start, end = _period(row)
        uses = _each_of(row, "uses", (*known.uses, "*"))
        region = one_of(row, "region", known.areas | {"*"})
        yield Choice(region, uses, start, end, one_of(row, "system", known.systems))


_LIMITS = {
    "year": (1000.0, 2100.0),
    "storeys": (1.0, 200.0),
    "floor_area": (1.0, 5e6),
    "windows": (0.0, 0.95),
    "g": (0.05, 0.95),
    "infiltration": (0.0, 5.0),
} | {name: (0.05, most) for name, most in _U if name != "door"}


def buildings(path: Path, known: Known) -> dict[str, Given]:
    """What is stated of buildings, by their id in the column `id`."""
    found: dict[str, Given] = {}
    for row in filled(path, ("id",)):
        name = once(row, "id", found)
        words = {"use": (*known.uses, DWELLING), "state": STATES, "system": tuple(known.systems)}
        values: dict[str, str | float] = {}
        for column in (f.name for f in fields(Given)):
            if not row.text(column):
                continue
            known_words = words.get(column)
            values[column] = (
                one_of(row, column, known_words) if known_words else row.number(column, *_LIMITS[column])
            )
        found[name] = Given(**values)  # type: ignore[arg-type]
    return found
