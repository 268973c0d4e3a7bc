"""Zones, results and meters that lie about themselves: found and told, not computed silently.

A doubt of severity "refuse" is about what cannot be (no volume, a negative area); one of "doubt" about what
is hardly ever so (windows on 97 % of the walls), and may be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from analysis.energy.constructions import Glazing
from analysis.energy.result import NEEDS, EnergyResult
from analysis.energy.zones import Boundary, Float64, Part, Zones

Severity = Literal["refuse", "doubt"]
Range = tuple[float, float]

WINDOW_SHARE = (0.01, 0.95)
"""Of outer walls with their windows [1]."""
STOREY_HEIGHT = (1.5, 8.0)
"""Volume of air over floor area [m]: storeys of 2 m, of which three quarters are air, to those of 10 m."""
U_VALUE = (0.05, 7.0)
"""[W/(m²K)]: more than half a metre of insulation, and a sheet between two surfaces (ISO 6946)."""
OPENNESS = (0.0, 0.05)
"""Length of the sum of area vectors over the sum of areas [1]: 0 of a closed surface, 0.39 of a flat box
without a roof."""
OPEN = 0.5
"""From which there is hardly a solid."""
COMPACTNESS = (4.836, 100.0)
"""Surface over volume to the power of 2/3 [1]: that of a sphere, which nothing closed is below, and a slab a
hundred times as wide as it is thick."""
LEAST_COMPACTNESS = 3.0
"""Below this, more than a party wall or a roof is missing, or the volume is another building's."""
INFILTRATION = (0.01, 5.0)
"""[1/h]: a tight passive house has about 0.04 (n50 of 0.6 after ISO 13789 by 0.07), a barn some."""
GAINS = (0.0, 200.0)
"""[W/m²] of floor, in the hour with the most: a full disco; server rooms have more."""
LEAST_VOLUME = 10.0
"""[m³] Of a garden shed."""
LEAST_FLOOR = 4.0
"""[m²] Of the same."""
_SHEET = 1e-9

TYPICAL = {
    "apartment": 159.0,
    "culture": 350.0,
    "hospital": 748.0,
    "hotel": 397.0,
    "house": 159.0,
    "kindergarten": 246.0,
    "office": 300.0,
    "public_office": 300.0,
    "research": 527.0,
    "restaurant": 763.0,
    "retail": 233.0,
    "school": 246.0,
    "sports": 350.0,
    "warehouse": 117.0,
    "welfare": 397.0,
}
"""[kWh/(m² a)] of energy at the site, by id of a use. Homes: 13.7 kgoe/m² in Korea in 2012 (Jeong, Jung 2015,
Journal of the Architectural Institute of Korea 31(8), 35-42). Others: means of the United States in 1995 (EIA
2004, "Commercial Buildings Energy Intensities", table 6b): education, food service, health care, lodging (of
which nursing homes are a part), mercantile, office, public assembly, warehouse, other."""
FARTHEST = (1 / 8, 4.0)
"""How many times less or more than that is still believed: a passive house, and the worst of a use."""
HEAT_PEAK, COLD_PEAK = (0.0, 500.0), (0.0, 500.0)
"""[W/m²] of floor: a leaking hall that is heated up in the morning, and a glasshouse."""
UNMET = (0.0, 2000.0)
"""[h/a]"""
BALANCE = (0.0, 1e-6)
"""Share of an interval's heat that may be unaccounted for."""
UNITS: dict[float, Mapping[str, str]] = {
    1e3: {"ko": "Wh를 kWh로, 또는 kWh를 MWh로 읽음", "en": "Wh read as kWh, or kWh as MWh"},
    1e-3: {"ko": "kWh를 Wh로, 또는 MWh를 kWh로 읽음", "en": "kWh read as Wh, or MWh as kWh"},
    1e6: {"ko": "Wh를 MWh로 읽음", "en": "Wh read as MWh"},
    1e-6: {"ko": "MWh를 Wh로 읽음", "en": "MWh read as Wh"},
}
_NEAR = 4.0
"""Within this factor of a power of a thousand the unit is to blame; buildings of a use differ as much."""
METER = (1 / 20, 20.0)
"""Metered over expected energy [1]."""


@dataclass(frozen=True)
class Doubt:
    """zone: number of it, or of the building of a meter. value: what was found, expected: (low, high) of what
    is believed. text: by language."""

    zone: int
    figure: str
    value: float
    expected: Range
    severity: Severity
    text: Mapping[str, str]


@dataclass(frozen=True)
class _Figure:
    """A figure to look at: its name, titles, unit and what is believed."""

    name: str
    ko: str
    en: str
    unit: str
    expected: Range

    def of(self, values: Any, wrong: Any, severity: Severity) -> Iterator[Doubt]:
        """A doubt of each zone where wrong holds."""
        low, high = self.expected
        unit = f" {self.unit}" if self.unit else ""
        for zone in np.flatnonzero(wrong):
            value = float(values[zone])
            shown = f"{value:.4g}{unit}"
            yield Doubt(
                int(zone),
                self.name,
                value,
                self.expected,
                severity,
                {
                    "ko": f"{self.ko} {shown}: {_between('ko', low, high)}{unit} 범위여야 합니다",
                    "en": f"{self.en} is {shown}; expected {_between('en', low, high)}{unit}",
                },
            )

    def outside(self, values: Float64, asked: Any = True) -> Iterator[Doubt]:
        """A doubt of each zone whose value is outside of what is believed."""
        low, high = self.expected
        with np.errstate(invalid="ignore"):
            yield from self.of(values, asked & ((values < low) | (values > high)), "doubt")


def _between(language: str, low: float, high: float) -> str:
    if not np.isfinite(high):
        return f"{low:.4g} 이상" if language == "ko" else f"at least {low:.4g}"
    return f"{low:.4g}~{high:.4g}" if language == "ko" else f"{low:.4g} to {high:.4g}"


def doubts(zones: Zones) -> list[Doubt]:
    """What looks wrong in zones, those of a zone next to one another."""
    found = [*_sizes(zones), *_shape(zones), *_elements(zones), *_inside(zones)]
    return sorted(found, key=lambda doubt: doubt.zone)


def _sizes(zones: Zones) -> Iterator[Doubt]:
    volume, area = zones.volume, zones.floor_area
    for name, ko, en, unit, values, least in (
        ("volume", "체적", "the volume", "m³", volume, LEAST_VOLUME),
        ("floor_area", "바닥면적", "the floor area", "m²", area, LEAST_FLOOR),
    ):
        figure = _Figure(name, ko, en, unit, (least, np.inf))
        nothing = ~(np.isfinite(values) & (values > 0))
        yield from figure.of(values, nothing, "refuse")
        yield from figure.of(values, ~nothing & (values < least), "doubt")
    both = (volume > 0) & (area > 0)
    height = np.divide(volume, area, where=both, out=np.full(len(zones), np.nan))
    storey = _Figure("storey_height", "층고(체적/바닥면적)", "volume over floor area", "m", STOREY_HEIGHT)
    yield from storey.outside(height)


def _shape(zones: Zones) -> Iterator[Doubt]:
    """Whether the elements close around the volume."""
    from analysis.sun.position import unit_vectors

    e, z = zones.elements, len(zones)
    owner = np.repeat(np.arange(z), np.diff(zones.first))
    lost = np.zeros(z, bool)
    lost[owner[~(np.isfinite(e.area) & (e.area >= 0))]] = True
    least = np.full(z, np.inf)
    with np.errstate(invalid="ignore"):
        np.minimum.at(least, owner, e.area)
    areas = _Figure("area", "부위 면적", "an element's area", "m²", (0.0, np.inf))
    yield from areas.of(least, lost, "refuse")
    shell = np.where(e.part == Part.INNER, 0.0, e.area)
    vectors = unit_vectors(e.azimuth, 90.0 - e.tilt) * shell[:, None]
    total = np.bincount(owner, shell, z)
    sums = np.column_stack([np.bincount(owner, vectors[:, k], z) for k in range(3)])
    openness = np.linalg.norm(sums, axis=1) / np.maximum(total, _SHEET)
    closed = _Figure("openness", "열린 외피(면적 벡터 합)", "the envelope's openness", "", OPENNESS)
    yield from closed.of(openness, ~lost & (total > 0) & (openness > OPEN), "refuse")
    yield from closed.outside(np.where(openness > OPEN, 0.0, openness), ~lost)
    bare = _Figure("envelope", "외피 면적", "the envelope's area", "m²", (_SHEET, np.inf))
    yield from bare.of(total, ~lost & ~(total > 0), "refuse")
    compactness = total / np.maximum(zones.volume, _SHEET) ** (2 / 3)
    known = ~lost & (total > 0) & (zones.volume > 0)
    compact = _Figure("compactness", "외피/체적^(2/3)", "envelope over volume^(2/3)", "", COMPACTNESS)
    yield from compact.of(compactness, known & (compactness < LEAST_COMPACTNESS), "refuse")
    yield from compact.outside(compactness, known & (compactness >= LEAST_COMPACTNESS))


def _elements(zones: Zones) -> Iterator[Doubt]:
    e, z = zones.elements, len(zones)
    owner = np.repeat(np.arange(z), np.diff(zones.first))
    outside = e.boundary == Boundary.OUTSIDE
    glass = np.array([isinstance(c, Glazing) for c in zones.constructions], bool)[e.construction]
    upright = outside & (np.abs(e.tilt - 90.0) < 30.0)
    walls = np.bincount(owner, e.area * upright, z)
    windows = np.bincount(owner, e.area * (upright & glass), z)
    some = walls > 0
    share = np.divide(windows, walls, where=some, out=np.zeros(z))
    figure = _Figure("window_share", "창면적비", "the share of windows in the outer walls", "", WINDOW_SHARE)
    yield from figure.outside(share, some)
    u_value = np.array([c.u_value for c in zones.constructions])[e.construction]
    asked = (e.boundary != Boundary.ADIABATIC) & (e.area > 0)
    u_figure = _Figure("u_value", "열관류율", "a U-value", "W/(m²K)", U_VALUE)
    for worst, of in ((np.minimum, np.inf), (np.maximum, -np.inf)):
        values = np.full(z, of)
        worst.at(values, owner[asked], u_value[asked])
        impossible = np.isnan(values) | (np.isfinite(values) & (values <= 0))
        if worst is np.minimum:
            yield from u_figure.of(values, impossible, "refuse")
        yield from u_figure.outside(values, np.isfinite(values) & ~impossible)


def _inside(zones: Zones) -> Iterator[Doubt]:
    air = _Figure("infiltration", "침기 환기횟수", "infiltration", "1/h", INFILTRATION)
    wrong = ~(np.isfinite(zones.infiltration) & (zones.infiltration >= 0))
    yield from air.of(zones.infiltration, wrong, "refuse")
    yield from air.outside(zones.infiltration, ~wrong)
    weeks = [use.people + use.appliances + use.lighting for use in zones.uses]
    least, most = (
        np.array([float(of(week)) for week in weeks])[zones.use] * zones.gain_factor
        for of in (np.min, np.max)
    )
    figure = _Figure("gains", "내부발열", "an internal gain", "W/m²", GAINS)
    negative = ~(least >= 0) | ~(most >= 0)
    yield from figure.of(least, negative, "refuse")
    yield from figure.outside(most, ~negative)
    held = _Figure(
        "heat_capacity", "실내 열용량", "the heat capacity of air and furniture", "J/K", (1.0, np.inf)
    )
    yield from held.of(zones.heat_capacity, ~(zones.heat_capacity > 0), "refuse")
    for name, ko, en, values, set_points in (
        ("heating_capacity", "난방 설비 용량", "heating power", zones.heating_capacity, "heating_set"),
        ("cooling_capacity", "냉방 설비 용량", "cooling power", zones.cooling_capacity, "cooling_set"),
    ):
        on = np.array([bool(np.isfinite(getattr(u, set_points)).any()) for u in zones.uses])[zones.use]
        plant = _Figure(name, ko, en, "W", (1.0, np.inf))
        yield from plant.of(values, np.isnan(values) | (values < 0), "refuse")
        yield from plant.of(values, (values == 0) & on, "doubt")


def doubts_of_result(result: EnergyResult) -> list[Doubt]:
    """What looks wrong in a year's result: needs that no building of the use has, peaks, hours unmet."""
    zones = result.zones
    area = np.maximum(zones.floor_area, _SHEET)
    total = sum(result.yearly(need) for need in NEEDS) / area
    found: list[Doubt] = []
    lost = ~np.isfinite(total)
    for zone in np.flatnonzero(lost):
        text = {"ko": "결과가 숫자가 아닙니다", "en": "the result is not a number"}
        found.append(Doubt(int(zone), "need", float(total[zone]), (0.0, np.inf), "refuse", text))
    for number, use in enumerate(zones.uses):
        usual = TYPICAL.get(use.id)
        if usual is None or not _is_year(result):
            continue
        title = use.title
        figure = _Figure(
            "need",
            f"{title.get('ko', use.id)}의 단위면적당 요구량",
            f"the need of a building of the use '{title.get('en', use.id)}'",
            "kWh/(m² a)",
            (usual * FARTHEST[0], usual * FARTHEST[1]),
        )
        found += figure.outside(np.asarray(total), ~lost & (zones.use == number))
    for name, ko, en, values, expected in (
        ("heating_peak", "최대 난방부하", "the heating peak", result.heating_peak, HEAT_PEAK),
        ("cooling_peak", "최대 냉방부하", "the cooling peak", result.cooling_peak, COLD_PEAK),
    ):
        found += _Figure(name, ko, en, "W/m²", expected).outside(values / area)
    found += _Figure("unmet", "설정온도 미달 시간", "time off the set points", "h", UNMET).outside(
        result.unmet
    )
    balance = _Figure("balance_error", "열수지 오차", "heat unaccounted for", "", BALANCE)
    found += balance.outside(result.balance_error)
    return sorted(found, key=lambda doubt: doubt.zone)


def _is_year(result: EnergyResult) -> bool:
    return len(result.times) * result.step >= 360 * 86400


def doubts_of_meters(measured: Float64, expected: Float64) -> list[Doubt]:
    """What looks wrong in the energy of b buildings' meters [kWh/a], beside what their simulation or their
    peers (`typical`) say; (b,) each, NaN where one is not known.

    A power of a thousand off is a unit's fault and refused; other great differences are told.
    """
    known = np.isfinite(measured) & np.isfinite(expected) & (expected > 0)
    ratio = np.divide(measured, expected, where=known, out=np.ones(len(measured)))
    found: list[Doubt] = []
    negative = known & (measured < 0)
    figure = _Figure("meter", "계량값/예상값", "metered energy over expected energy", "", METER)
    found += figure.of(ratio, negative, "refuse")
    for building in np.flatnonzero(known & ~negative):
        value = float(ratio[building])
        near = [f for f in UNITS if value > 0 and abs(np.log(value / f)) < np.log(_NEAR)]
        if near:
            blamed = UNITS[near[0]]
            text = {
                "ko": f"계량값이 예상의 {value:,.4g}배입니다. 단위를 확인하세요: {blamed['ko']}",
                "en": f"the meter has {value:,.4g} times what is expected; see to its unit: {blamed['en']}",
            }
            found.append(Doubt(int(building), "meter_unit", value, METER, "refuse", text))
    named = {doubt.zone for doubt in found}
    rest = known & ~np.isin(np.arange(len(ratio)), list(named))
    found += figure.outside(ratio, rest)
    return sorted(found, key=lambda doubt: doubt.zone)


def typical(uses: Sequence[str], floor_area: Float64) -> Float64:
    """(b,) [kWh/a] of usual buildings by each use's id; NaN for a use that `TYPICAL` does not have."""
    return np.asarray(np.array([TYPICAL.get(use, np.nan) for use in uses], float) * floor_area)
