"""What can be done to a building: the table of measures, and what each makes of zones.

The table (`analysis/data/energy/measures.csv`, or a city's own in the same form) has a row for each measure:
`kind` says what it does, and which of the other columns it reads (`docs/energy-retrofit.md` lists them).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.energy.systems import Carrier, HeatSource, Plant, Sink
from analysis.errors import AnalysisError
from analysis.tables import Row, rows

_TABLE = "energy/measures.csv"
_PACKAGES = "energy/packages.csv"
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "insulation": ("thickness", "conductivity"),
    "windows": ("u_value", "g_value", "panes"),
    "airtightness": ("infiltration",),
    "blind": ("shade_factor", "shade_above"),
    "overhang": ("depth",),
    "heat_recovery": ("efficiency", "fan_power"),
    "lighting": ("factor",),
    "appliances": ("factor",),
    "system": (),
    "pv": ("efficiency", "share"),
}
"""Columns with numbers that a kind of measure must have."""
_LIMITS = {
    "thickness": (0.005, 1.0),
    "conductivity": (0.001, 1.0),
    "u_value": (0.1, 6.0),
    "g_value": (0.05, 0.95),
    "panes": (1, 4),
    "infiltration": (0.0, 5.0),
    "shade_factor": (0.0, 1.0),
    "shade_above": (0.0, 1500.0),
    "depth": (0.05, 5.0),
    "efficiency": (0.01, 1.0),
    "fan_power": (0.0, 5.0),
    "factor": (0.0, 1.0),
    "share": (0.0, 1.0),
}
_PARTS = ("wall", "roof", "floor")
_PLANTS = ("heating", "cooling", "hot_water")
_COLUMNS = ("id", "kind", "title_ko", "title_en", "part", *_LIMITS, *_PLANTS, "lifetime", "source")


@dataclass(frozen=True, kw_only=True, eq=False)
class Measure:
    """values: numbers by column. part: wall, roof or floor, of insulation. plants: what takes the place of
    the heating, cooling or hot water plant. lifetime: [a], NaN unknown. source: says what is assumed."""

    id: str
    kind: str
    title: Mapping[str, str]
    values: Mapping[str, float]
    part: str = ""
    plants: Mapping[str, Plant]
    lifetime: float
    source: str

    @property
    def slot(self) -> tuple[str, str]:
        """Of measures of one slot a building gets one at most."""
        return self.kind, self.part


def read_measures(path: Path | None = None) -> dict[str, Measure]:
    """All measures by id: those that come with CityTwin, and those of a city's own file over them.

    Raises AnalysisError, with file, row and column, for what is not of the form.
    """
    found = {measure.id: measure for measure in _read(None)}
    if path is not None:
        found |= {measure.id: measure for measure in _read(path)}
    return found


def chosen(measures: Mapping[str, Measure], ids: Iterable[str]) -> list[Measure]:
    """The measures of some ids, in their order. Raises AnalysisError for unknown ids, and for two of which a
    building can have one only."""
    found: list[Measure] = []
    taken: dict[tuple[str, str], str] = {}
    for id in ids:
        if id not in measures:
            raise AnalysisError(f"there is no retrofit measure {id!r}; known are {', '.join(measures)}")
        measure = measures[id]
        if taken.setdefault(measure.slot, id) != id:
            raise AnalysisError(f"{taken[measure.slot]} and {id} exclude one another; choose one of them")
        found.append(measure)
    return list(dict.fromkeys(found))


@dataclass(frozen=True, kw_only=True, eq=False)
class Package:
    """Measures that go together."""

    id: str
    title: Mapping[str, str]
    measures: tuple[Measure, ...]


def read_packages(measures: Mapping[str, Measure], path: Path | None = None) -> dict[str, Package]:
    """Packages by id (`analysis/data/energy/packages.csv`), those of a city's own file over them. Raises
    AnalysisError for unknown measures, and for those that exclude one another."""
    found: dict[str, Package] = {}
    for source in (None, path) if path is not None else (None,):
        for row in rows(source, _PACKAGES, ("id", "title_ko", "title_en", "measures")):
            try:
                together = chosen(measures, row.words("measures"))
            except AnalysisError as error:
                raise AnalysisError(f"{row.where}: {error}") from None
            title = {"ko": row.text("title_ko"), "en": row.text("title_en")}
            found[row.text("id")] = Package(id=row.text("id"), title=title, measures=tuple(together))
    return found


def _read(path: Path | None) -> Iterable[Measure]:
    known: set[str] = set()
    for row in rows(path, _TABLE, _COLUMNS):
        kind, part, id = row.text("kind"), row.text("part"), row.text("id")
        if not id:
            raise AnalysisError(f"{row.where}: a measure needs an id")
        if id in known:
            raise AnalysisError(f"{row.where}: id: {id!r} stands twice")
        known.add(id)
        if kind not in _NEEDED:
            raise AnalysisError(f"{row.where}: kind must be one of {', '.join(_NEEDED)}, not {kind!r}")
        if kind == "insulation" and part not in _PARTS:
            raise AnalysisError(f"{row.where}: part must be one of {', '.join(_PARTS)}, not {part!r}")
        plants = {name: _plant(row, name) for name in _PLANTS if row.text(name)}
        if kind == "system" and not plants:
            raise AnalysisError(f"{row.where}: a system needs at least one of {', '.join(_PLANTS)}")
        yield Measure(
            id=id,
            kind=kind,
            title={"ko": row.text("title_ko"), "en": row.text("title_en")},
            values={name: row.number(name, *_LIMITS[name]) for name in _NEEDED[kind]},
            part=part,
            plants=plants,
            lifetime=row.number("lifetime", 1.0, 200.0, default=float("nan")),
            source=row.text("source"),
        )


def _plant(row: Row, name: str) -> Plant:
    """`carrier:efficiency`, or of a heat pump `carrier:efficiency:source:sink`."""
    text = row.text(name)
    carrier, efficiency, source, sink = (*text.split(":"), "", "", "", "")[:4]
    try:
        where: dict[str, Any] = {}
        if source or sink:
            where = {"source": HeatSource(source), "sink": Sink(sink)}
        plant = Plant(Carrier(carrier), float(efficiency), **where)
    except ValueError:
        raise AnalysisError(
            f"{row.where}: {name} must be carrier:efficiency, or of a heat pump"
            f" carrier:efficiency:source:sink such as electricity:3.8:air:radiator, not {text!r}; carriers:"
            f" {', '.join(Carrier)}; sources: {', '.join(HeatSource)}; sinks: {', '.join(Sink)}"
        ) from None
    if not 0.05 <= plant.efficiency <= 20.0:
        raise AnalysisError(f"{row.where}: the efficiency in {name} must be from 0.05 to 20, not {text!r}")
    return plant
