"""A city's buildings made ready for a run: zones with all that they are made of, weather, blocks, doubts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from analysis.energy.archetypes import Given, Region, read_book, zones_of
from analysis.energy.archetypes.choose import region_of
from analysis.energy.envelope import Envelopes
from analysis.energy.factors import Factors, factors_of, read_factors
from analysis.energy.run.blocks import blocks_of, numbered
from analysis.energy.zones import Int32, Zones
from analysis.errors import AnalysisError
from analysis.progress import Progress, part
from analysis.scene.grid import degree_bounds, plane_of
from analysis.scene.scenario import touched_buildings
from twin.scenario import Scenario, Scenarios
from twin.store import City

if TYPE_CHECKING:
    from analysis.energy.plausible import Doubt
    from analysis.energy.result import EnergyResult
    from analysis.energy.retrofit.measures import Measure
    from analysis.energy.run.metered import Metered
    from analysis.scene.zones import By
    from analysis.weather import Weather

_HOMES = ("house", "apartment")
_LEAST_HOME = 14.0
"""Least floor area of a household [m²]: minimum standard of housing for one person (Korea, Ministry of Land,
Transport and Maritime Affairs, notice 2011-490). Attributes that say more households are not believed."""
_HOUSEHOLD = 2.2 * 34.8
"""Gross floor area of a household [m²] where it is not known how many there are: persons of an average one
(Statistics Korea, Population and Housing Census 2023) by the area of each (Ministry of Land, Infrastructure
and Transport, Korea Housing Survey 2022)."""


@dataclass(kw_only=True)
class EnergyStudy:
    """zones: to simulate, without measures until `meet`; building: (z,) the number of each one's among
    `buildings`. made_up: whether the weather is. factors: of carriers. block: (b,) of each building among
    `blocks`. vehicles: (b,) electric ones. doubts: what looks wrong, for JSON. scenario: whose buildings they
    are, None for the city's own; touched: ids of what it adds, changes or removes. measures: for all
    buildings. left_out: buildings that cannot be computed. public: electricity of the year by public load
    [kWh]. notes: for readers. metered: once they were looked at."""

    zones: Zones
    weather: Weather
    made_up: bool
    region: Region
    factors: Factors
    buildings: list[str]
    building: Int32
    blocks: list[str]
    block: Int32
    vehicles: Int32
    doubts: list[dict[str, Any]]
    scenario: Scenario | None = None
    touched: frozenset[str] = frozenset()
    measures: list[Measure] = field(default_factory=list)
    left_out: int = 0
    public: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    metered: Metered | None = None

    def meet(self, metered: Metered) -> None:
        """The meters of the buildings; the zones as they are calibrated by them, and then with the measures,
        since meters have read nothing of these."""
        from analysis.energy.retrofit.apply import applied

        self.metered, self.zones = metered, applied(metered.zones, self.measures)[0]
        self.doubts += metered.doubts
        self.notes += metered.notes

    def told(self, result: EnergyResult, numbers: Int32) -> list[dict[str, Any]]:
        """What looks wrong in a result of the zones with these numbers."""
        from analysis.energy.plausible import doubts_of_result

        return [_told(self.zones, d, int(numbers[d.zone])) for d in doubts_of_result(result)]


def study_of(
    city: City,
    *,
    area: Sequence[float] | None,
    by: str,
    shading: bool,
    region: str | None,
    state: str,
    archetypes: Sequence[Path] | None,
    default_year: int | None,
    default_use: str | None,
    system: str | None,
    measures: str | None,
    vehicles: float,
    scenario: int | None,
    factors: Path | None,
    weather_source: str,
    weather: Path | None,
    progress: Progress,
) -> EnergyStudy:
    """Raises AnalysisError for what cannot be computed: no buildings, no weather, unknown names, bad tables;
    EntityNotFound for a scenario that is not there. All of that but zones without volume is found before any
    building is read."""
    from analysis.energy.plausible import doubts as doubts_of
    from analysis.energy.run.weather import weather_of
    from analysis.scene.zones import envelopes
    from analysis.scene.zones.city import built_place

    book = read_book(archetypes or None)
    _check(book.systems, system, "system")
    _check(book.uses, default_use, "default_use")
    _check(book.regions, region, "region")
    wanted = _measures(measures)
    planned = None if scenario is None else Scenarios(city).get(scenario)
    progress(0.0, "weather")
    plane = plane_of(city)
    bounds = None if area is None else degree_bounds(plane, area)
    place = built_place(city, plane)
    chosen = region_of(place, book, region)
    country = chosen.country
    weighed = factors_of(country) if factors is None else read_factors(country, factors)
    year, made_up = weather_of(city.folder, place, weather_source, weather)
    progress(0.03, "reading buildings")
    found = envelopes(
        city,
        area=bounds,
        by=cast("By", by),
        shading=shading,
        scenario=scenario,
        progress=part(progress, 0.03, 0.93),
    )
    progress(0.93, "archetypes")
    given = {} if system is None else {id: Given(system=system) for id in found.building}
    zones = zones_of(
        found, book, region=region, year=default_year, use=default_use, state=state, replace=given
    )
    buildings, building = numbered(zones.building)
    names, block = numbered(blocks_of(city, plane, _centres(found, building, len(buildings))))
    progress(0.97, "looking for what cannot be")
    found_doubts = doubts_of(zones)
    study = EnergyStudy(
        zones=zones,
        weather=year,
        made_up=made_up,
        region=chosen,
        factors=weighed,
        buildings=buildings,
        building=building,
        blocks=names,
        block=block,
        vehicles=_vehicles(found, zones, building, vehicles),
        doubts=[_told(zones, d, d.zone) for d in found_doubts],
        scenario=planned,
        touched=frozenset() if scenario is None else frozenset(touched_buildings(city, scenario)),
        measures=wanted,
        notes=list(dict.fromkeys([*zones.notes, *year.notes])),
    )
    return _without_refused(study, found_doubts)


def _check(known: Mapping[str, Any], name: str | None, what: str) -> None:
    if name is not None and name not in known:
        raise AnalysisError(f"{what}: there is no {name!r}; there are {', '.join(known)}")


def _measures(ids: str | None) -> list[Measure]:
    """Those of a list that is separated by commas."""
    from analysis.energy.retrofit.measures import chosen, read_measures

    return chosen(read_measures(), [id.strip() for id in (ids or "").split(",") if id.strip()])


def _centres(found: Envelopes, building: Int32, count: int) -> Any:
    """(b, 2) middles of buildings: the mean of their zones' [m]."""
    zones = np.maximum(np.bincount(building, minlength=count), 1)
    return np.column_stack([np.bincount(building, found.centre[:, k], count) / zones for k in (0, 1)])


def _vehicles(found: Envelopes, zones: Zones, building: Int32, of_household: float) -> Int32:
    """(b,) electric vehicles: of each home's households, as its attributes say or by its floor area."""
    count = int(building.max(initial=-1)) + 1
    home = np.array([zones.uses[k].id in _HOMES for k in zones.use], bool)
    area = np.bincount(building, zones.floor_area * home, count)
    stated = np.full(count, np.nan)
    for number, attributes in zip(building.tolist(), found.attributes, strict=True):
        value = attributes.get("households")
        if isinstance(value, (int, float)) and 0 <= value <= area[number] / _LEAST_HOME:
            stated[number] = value
    households = np.where(np.isnan(stated), area / _HOUSEHOLD, stated) * (area > 0)
    return np.round(of_household * households).astype(np.int32)


def _without_refused(study: EnergyStudy, found: Sequence[Doubt]) -> EnergyStudy:
    """Buildings with a zone that cannot be computed are left out, and counted. Raises AnalysisError if that
    is all of them."""
    refused = [d for d in found if d.severity == "refuse"]
    bad = np.unique(study.building[[d.zone for d in refused]])
    if not len(bad):
        return study
    left = np.setdiff1d(np.arange(len(study.buildings)), bad)
    if not len(left):
        worst = refused[0]
        raise AnalysisError(f"no building can be computed: {study.zones.ids[worst.zone]}: {worst.text['en']}")
    keep = np.flatnonzero(~np.isin(study.building, bad))
    blocks, block = numbered([study.blocks[k] for k in study.block[left]])
    return replace(
        study,
        zones=study.zones.some(keep),
        buildings=[study.buildings[b] for b in left],
        building=np.searchsorted(left, study.building[keep]).astype(np.int32),
        blocks=blocks,
        block=block,
        vehicles=study.vehicles[left],
        left_out=len(bad),
        notes=[*study.notes, f"{len(bad)} buildings cannot be computed and are left out; the doubts say why"],
    )


def _told(zones: Zones, doubt: Doubt, zone: int) -> dict[str, Any]:
    return {
        "building": zones.building[zone],
        "zone": zones.ids[zone],
        "figure": doubt.figure,
        "value": doubt.value if np.isfinite(doubt.value) else None,
        "severity": doubt.severity,
        "text": dict(doubt.text),
    }
