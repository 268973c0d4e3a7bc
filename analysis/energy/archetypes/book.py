"""The book of archetypes: tables of regions, envelopes, windows, uses and systems, with a city's own.

Built in: `analysis/data/energy/archetypes`. A city's own book is a folder with any of these tables in the
same form, or one of them; its rows go before the built-in ones (docs/archetypes.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TypeVar

from analysis.code_table import CodeTable
from analysis.energy.archetypes import tables
from analysis.energy.archetypes.kinds import (
    Choice,
    Era,
    Given,
    Region,
    Site,
    UseKind,
    WindowShares,
)
from analysis.energy.archetypes.use_table import read_profiles, read_uses
from analysis.energy.systems import System
from analysis.errors import AnalysisError

__all__ = ["TABLES", "Book", "Era", "Given", "Region", "UseKind", "WindowShares", "read_book"]

TABLES = (
    "regions",
    "places",
    "envelopes",
    "windows",
    "profiles",
    "uses",
    "use_codes",
    "structures",
    "systems",
    "system_choice",
    "buildings",
)
"""Names of the tables. Of envelopes and windows there may be several, such as envelopes_tabula.csv."""
_SEVERAL = ("envelopes", "windows")
_DIGEST = re.compile(r"-[0-9a-f]{8}$")
"""What the server puts behind the name of a file that was handed in."""
_K = TypeVar("_K")
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Book:
    """All tables. eras, windows, choices, sites: what goes first stands first. uses: by id; regional: those
    of a region or country, by id and its name. words: by system, what its name is in attributes. given: by
    the id of a zone or building, what the city states of it. sources: the city's own tables that were read.
    """

    regions: Mapping[str, Region]
    sites: tuple[Site, ...]
    eras: tuple[Era, ...]
    windows: tuple[WindowShares, ...]
    uses: Mapping[str, UseKind]
    regional: Mapping[tuple[str, str], UseKind]
    use_codes: CodeTable
    structures: CodeTable
    systems: Mapping[str, System]
    words: Mapping[str, tuple[str, ...]]
    choices: tuple[Choice, ...]
    given: Mapping[str, Given] = field(default_factory=dict)
    sources: tuple[str, ...] = ()


def read_book(path: Path | str | Sequence[Path] | None = None) -> Book:
    """The built-in tables, with those of a folder, or one table, or several, before them.

    Raises AnalysisError, naming file, row and column, for what cannot be read or is no sensible figure, for a
    name that no table knows, and for a file whose name is none of `TABLES`.
    """
    if path is None:
        return _built_in()
    own = _own_tables([Path(path)] if isinstance(path, (Path, str)) else path)
    with as_file(files("analysis.data").joinpath("energy/archetypes")) as folder:
        return _read(_found(folder), own)


@lru_cache(maxsize=1)
def _built_in() -> Book:
    with as_file(files("analysis.data").joinpath("energy/archetypes")) as folder:
        return _read(_found(folder), {})


def _found(folder: Path) -> dict[str, list[Path]]:
    return {name: _files(folder, name) for name in TABLES}


def _files(folder: Path, name: str) -> list[Path]:
    several = sorted(folder.glob(f"{name}_*.csv")) if name in _SEVERAL else []
    return [p for p in (folder / f"{name}.csv", *several) if p.is_file()]


def _own_tables(given: Sequence[Path]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for file in _expanded(given):
        stem = _DIGEST.sub("", file.stem)
        name = next((n for n in TABLES if stem == n or _is_part(stem, n)), None)
        if name is None or file.suffix != ".csv":
            raise AnalysisError(f"{file}: no table of archetypes has this name; name it {_names()}")
        found.setdefault(name, []).append(file)
    return found


def _expanded(given: Sequence[Path]) -> Iterable[Path]:
    """The files, and those in the folders."""
    for path in given:
        if not path.exists():
            raise AnalysisError(f"{path}: there is no such folder or table of archetypes")
        inside = sorted(path.glob("*.csv")) if path.is_dir() else [path]
        if not inside:
            raise AnalysisError(f"{path}: there is no table of archetypes in it; put in {_names()}")
        yield from inside


def _is_part(stem: str, name: str) -> bool:
    return name in _SEVERAL and stem.startswith(f"{name}_")


def _names() -> str:
    return ", ".join(f"{name}.csv" for name in TABLES)


def _read(built_in: Mapping[str, list[Path]], own: Mapping[str, list[Path]]) -> Book:
    def both(name: str) -> list[Path]:
        return [*own.get(name, ()), *built_in[name]]

    def merged(name: str, reader: Callable[[Path], dict[_K, _T]]) -> dict[_K, _T]:
        known: dict[_K, _T] = {}
        for file in reversed(both(name)):
            known |= reader(file)
        return known

    profiles = merged("profiles", read_profiles)
    regions = merged("regions", tables.regions)
    areas = tables.areas(regions.values())
    uses, regional = _uses(
        [read_uses(file, profiles, areas) for file in built_in["uses"]],
        [read_uses(file, profiles, areas) for file in own.get("uses", ())],
    )
    systems = merged("systems", tables.systems)
    known = tables.Known(frozenset(uses), frozenset(systems), frozenset(regions), areas)
    return Book(
        regions=regions,
        sites=tuple(s for file in both("places") for s in tables.sites(file, known)),
        eras=tuple(e for file in both("envelopes") for e in tables.eras(file, known)),
        windows=tuple(w for file in both("windows") for w in tables.windows(file, known)),
        uses=uses,
        regional=regional,
        use_codes=tables.code_table(both("use_codes"), "use", (*uses, tables.DWELLING)),
        structures=tables.code_table(both("structures"), "mass", tables.MASSES),
        systems={name: system for name, (system, _) in systems.items()},
        words={name: words for name, (_, words) in systems.items()},
        choices=tuple(c for file in both("system_choice") for c in tables.choices(file, known)),
        given={k: g for file in both("buildings") for k, g in tables.buildings(file, known).items()},
        sources=tuple(str(file) for some in own.values() for file in some),
    )


Uses = dict[tuple[str, str], UseKind]


def _uses(built_in: Iterable[Uses], own: Iterable[Uses]) -> tuple[dict[str, UseKind], Uses]:
    """Uses by id, and those of regions; a city's own for everywhere goes before built-in ones of regions."""
    known: Uses = {}
    for table in built_in:
        known |= table
    for table in own:
        general = {use for use, region in table if not region}
        known = {key: kind for key, kind in known.items() if key[0] not in general} | table
    everywhere = {use: kind for (use, region), kind in known.items() if not region}
    return everywhere, {key: kind for key, kind in known.items() if key[1]}
