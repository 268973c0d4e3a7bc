"""Which archetype a building gets: its region, use, size class, envelope, windows and system, and how sure
that is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from analysis.energy.archetypes.book import Book
from analysis.energy.archetypes.kinds import Era, Region, UseKind, WindowShares
from analysis.energy.archetypes.tables import DWELLING, SHED, STATES
from analysis.energy.systems import System
from analysis.energy.zones import Origin
from analysis.errors import AnalysisError
from analysis.scene.outlines import codes
from analysis.sun.scene import Place
from citygml.model import Attributes

HEATING_ATTRIBUTES = ("heating", "heatingSystem", "heating_system", "heat_source", "난방방식", "난방")
STRUCTURE_ATTRIBUTES = ("buildingStructureType", "structure", "structure_type", "구조")
ELSEWHERE = "world"
"""The region of what lies in none."""

HOUSE_AREA, HOUSE_STOREYS = 400.0, 3
"""Dwellings of which no more is known are houses up to so much floor area [m²] and so many storeys, then
apartments: an assumption (two flats of two storeys fit in)."""
BLOCK_AREA, BLOCK_STOREYS = 1200.0, 6
"""Apartment houses are TABULA's blocks beyond: it draws the line at twelve flats (100 m² each: an
assumption)."""
SHED_AREA = 20.0
"""[m²] What is smaller and does not say what it is for is a shed, unheated: an assumption."""
TERRACED_SHARE = 0.15
"""A house is terraced where at least so much of its wall is a neighbour's [1]: an assumption."""
_LIKE = {
    "sfh": ("sfh", "th", "mfh"),
    "th": ("th", "sfh", "mfh"),
    "mfh": ("mfh", "ab", "th"),
    "ab": ("ab", "mfh"),
    "other": ("other", "mfh", "ab", "sfh"),
}
"""Size classes to look for, the nearest first, where a table has none of the first."""


def region_of(place: Place, book: Book, named: str | None = None) -> Region:
    """The region of a place, or that of a name. Raises AnalysisError for a name that the book lacks."""
    if named is not None:
        if named not in book.regions:
            raise AnalysisError(f"there is no region {named!r}; there are {', '.join(book.regions)}")
        return book.regions[named]
    at = (place.latitude, place.longitude, place.timezone)
    return book.regions[next((s.region for s in book.sites if s.holds(*at)), ELSEWHERE)]


def size_class(building: str, floor_area: float, storeys: float, shared: float) -> str:
    """One of `tables.CLASSES`. building: of the use; floor_area [m²] and storeys of the whole building;
    shared: share of its walls that are neighbours' [1]."""
    if building == "house":
        return "th" if shared >= TERRACED_SHARE else "sfh"
    if building == "flats":
        return "ab" if floor_area > BLOCK_AREA or storeys > BLOCK_STOREYS else "mfh"
    return "other"


def text_of(attributes: Attributes, names: Sequence[str]) -> str:
    """What the first attribute of some names says, in lower case; empty where there is none."""
    found = (code.name or code.code for name in names for code in codes(attributes.get(name)))
    return next(found, "").strip().casefold()


class Chooser:
    """Chooses for buildings of one region; what was chosen is remembered by its key."""

    def __init__(self, book: Book, region: Region, state: str) -> None:
        if state not in STATES:
            raise AnalysisError(
                f"there is no state {state!r} of refurbishment; there are {', '.join(STATES)}"
            )
        self.book, self.region, self.state = book, region, state
        self._eras: dict[tuple[str, float, str], Era] = {}
        self._windows: dict[tuple[str, str, float], WindowShares] = {}

    def use(self, attributes: Attributes, floor_area: float, default: str | None) -> tuple[str, Origin]:
        """The use (or `dwelling`) by codes and names of a building's attributes, else the default one;
        floor_area of the whole building [m²]."""
        told = self.book.use_codes.of(attributes, "")
        if told.kind:
            return told.kind, Origin.ATTRIBUTE
        usual = SHED if floor_area < SHED_AREA else default or self.region.default_use
        return usual, Origin.GUESS

    def kind(self, use: str, floor_area: float, storeys: float) -> UseKind:
        """The use of that id, as in the region where that has its own; a dwelling by its size. Raises
        AnalysisError for one that the book lacks."""
        if use == DWELLING:
            house = floor_area <= HOUSE_AREA and storeys <= HOUSE_STOREYS
            use = "house" if house else "apartment"
        if use not in self.book.uses:
            known = ", ".join((*self.book.uses, DWELLING))
            raise AnalysisError(f"there is no use {use!r} in the book of archetypes; there are {known}")
        own = (self.book.regional.get((use, region)) for region in self._regions)
        return next((kind for kind in own if kind is not None), self.book.uses[use])

    def era(self, size: str, year: float, state: str | None = None) -> Era:
        """The envelope of a size class and year of construction, refurbished to a state.

        A state of which the region has nothing is the existing one. Raises AnalysisError where the region
        has no envelope at all.
        """
        built = year - self.region.years_from_permit + 0.5  # in the middle of the year
        key = (size, built, state or self.state)
        if key not in self._eras:
            self._eras[key] = self._find_era(*key)
        return self._eras[key]

    def _find_era(self, size: str, built: float, state: str) -> Era:
        for wanted in dict.fromkeys((state, STATES[0])):
            for region in self.region.chain:
                for like in _LIKE[size]:
                    for era in self.book.eras:
                        if era.region != region or era.state != wanted or like not in era.classes:
                            continue
                        if era.start <= built < era.end:
                            return era
        raise AnalysisError(
            f"the book of archetypes has no envelope for {self.region.id}, class {size}, year {built:.0f};"
            " add one to envelopes.csv"
        )

    def windows(self, use: str, size: str, year: float) -> WindowShares:
        """Shares of windows: rows of the use first, of the size class next, of all last; in each, the
        region's own before those of all regions."""
        key = (use, size, year)
        if key not in self._windows:
            self._windows[key] = self._find_windows(use, size, year)
        return self._windows[key]

    def _find_windows(self, use: str, size: str, year: float) -> WindowShares:
        for kind in (use, size, "*"):
            for region in (*self._regions, "*"):
                for row in self.book.windows:
                    if row.region == region and kind in row.kinds and row.start <= year + 0.5 < row.end:
                        return row
        raise AnalysisError(f"windows.csv has no row for {use}, class {size}, year {year:.0f}; add one for *")

    @cached_property
    def _regions(self) -> tuple[str, ...]:
        return (*self.region.chain, self.region.country)

    def system(self, attributes: Attributes, use: str, year: float) -> tuple[System, Origin]:
        """The system that attributes name, else the usual one of the use.

        An attribute tells how a building is heated; where such a system cools nothing, the cooling is that
        of the usual one.
        """
        usual = self.usual_system(use, year)
        text = text_of(attributes, HEATING_ATTRIBUTES)
        named = _named(text, self.book.words) if text else None
        if named is None:
            return usual, Origin.ARCHETYPE
        system = self.book.systems[named]
        if system.heating is None or system.cooling is not None or usual.cooling is None:
            return system, Origin.ATTRIBUTE
        return self._with_cooling(system, usual), Origin.ATTRIBUTE

    def _with_cooling(self, system: System, other: System) -> System:
        """A system with the cooling of another one: one of the book's, or a new one."""
        plants = (system.heating, other.cooling, system.hot_water)
        for known in self.book.systems.values():
            if (known.heating, known.cooling, known.hot_water) == plants:
                return known
        return with_cooling_of(system, other)

    def usual_system(self, use: str, year: float) -> System:
        """The system of a use in the region. Raises AnalysisError where the book has none."""
        for region in (*self._regions, "*"):
            for choice in self.book.choices:
                fits = choice.region == region and (use in choice.uses or "*" in choice.uses)
                if fits and choice.start <= year + 0.5 < choice.end:
                    return self.book.systems[choice.system]
        raise AnalysisError(f"system_choice.csv has no row for {use}, year {year:.0f}; add one for *")


def with_cooling_of(system: System, other: System) -> System:
    """A system with the cooling of another one."""
    cooling = {"ko": "냉방", "en": "cooling"}
    return replace(
        system,
        id=f"{system.id}+{other.id}",
        title={
            language: f"{title} ({cooling.get(language, cooling['en'])}: {other.title[language]})"
            for language, title in system.title.items()
            if language in other.title
        },
        cooling=other.cooling,
        source=f"{system.source}; cooling: {other.source}",
    )


def _named(text: str, words: Mapping[str, Sequence[str]]) -> str | None:
    """The system whose longest word stands in a text; Latin words as whole words ("boiler" is no oil)."""
    best: tuple[int, str] | None = None
    for system, names in words.items():
        for word in names:
            whole = rf"(?<![a-zäöüß]){re.escape(word)}(?![a-zäöüß])"
            if re.search(whole, text) and (best is None or len(word) > best[0]):
                best = (len(word), system)
    return best[1] if best else None
