"""Whether zones can be simulated: one clear error for the first thing that cannot.

What can be computed but is hardly true is the business of `analysis.energy.plausible`.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from analysis.energy.constructions import Glazing
from analysis.energy.systems import System
from analysis.energy.uses import HOURS_OF_WEEK, MONTHS, Use, by_month
from analysis.energy.zones import Boundary, Elements, Zones
from analysis.errors import AnalysisError

_WEEKS = ("people", "appliances", "lighting", "ventilation", "hot_water", "night_ventilation", "occupied")


def check(zones: Zones) -> None:
    """Raises AnalysisError, naming the zone, construction or use, and what is wrong with it."""
    if not len(zones):
        raise AnalysisError("there are no zones to simulate; give at least one")
    _lengths(zones)
    _elements(zones)
    _figures(zones)
    _kinds(zones)
    for use in zones.uses:
        _use(use)
    for system in zones.systems:
        _system(system)


def _lengths(zones: Zones) -> None:
    z, e = len(zones), len(zones.elements)
    for name, values in ((f.name, getattr(zones, f.name)) for f in fields(zones)):
        wanted = z + 1 if name == "first" else z
        counted = isinstance(values, np.ndarray) or name == "building"
        if counted and name != "ground_temperature" and len(values) != wanted:
            raise AnalysisError(f"zones.{name} has {len(values)} values; {z} zones need {wanted}")
    for name, values in ((f.name, getattr(zones.elements, f.name)) for f in fields(Elements)):
        if values is not None and len(values) != e:
            raise AnalysisError(f"elements.{name} has {len(values)} values for {e} elements")
    horizon = zones.elements.horizon
    if horizon is not None and (horizon.ndim != 2 or not horizon.shape[1]):
        raise AnalysisError(
            f"elements.horizon has the shape {horizon.shape}; it needs an elevation for each element and"
            " direction, or must be None"
        )
    counts = np.diff(zones.first)
    if zones.first[0] != 0 or zones.first[-1] != e or (counts < 0).any():
        raise AnalysisError(f"zones.first must rise from 0 to the number of elements, {e}")
    if (counts == 0).any():
        raise AnalysisError(f"zone {zones.ids[int(np.argmin(counts))]} has no elements; leave it out")
    given = zones.ground_temperature
    if given is not None and (np.shape(given) != (12,) or not np.isfinite(given).all()):
        raise AnalysisError("ground_temperature needs twelve monthly means [°C], or None")


def _elements(zones: Zones) -> None:
    e = zones.elements
    owner = np.repeat(np.arange(len(zones)), np.diff(zones.first))
    glass = np.array([isinstance(c, Glazing) for c in zones.constructions], bool)
    shades = np.full(len(e), -1) if e.shade is None else e.shade
    wrong: dict[str, Any] = {
        "an area that is negative or no number": ~(np.isfinite(e.area) & (e.area >= 0)),
        "no direction (azimuth or tilt is no number)": ~(np.isfinite(e.azimuth) & np.isfinite(e.tilt)),
        "a sky_view that is not from 0 to 1": ~((e.sky_view >= 0) & (e.sky_view <= 1)),
        f"a construction that is none of the {len(glass)}": _outside(e.construction, len(glass)),
        "a shade that is none of the zones' own": (shades < -1) | (shades >= len(zones.shades)),
    }
    if e.horizon is not None:
        wrong["a skyline that is no number"] = ~np.isfinite(e.horizon).all(axis=1)
    for what, at in wrong.items():
        _raise(zones, owner, at, f"an element with {what}")
    inward = glass[e.construction] & (e.boundary != Boundary.OUTSIDE)
    _raise(zones, owner, inward, "glazing that does not face the outside; give it an opaque construction")
    bare = np.bincount(owner, e.area, len(zones)) <= 0
    if bare.any():
        raise AnalysisError(
            f"the elements of zone {zones.ids[int(np.argmax(bare))]} have no area; leave it out"
        )


def _figures(zones: Zones) -> None:
    outer = () if zones.outer_volume is None else ("outer_volume",)
    above = ("volume", "floor_area", "heat_capacity", *outer)
    not_below = ("infiltration", "heating_capacity", "cooling_capacity")
    for name in (*above, *not_below, "gain_factor", "ventilation_factor", "set_point_shift"):
        values = getattr(zones, name)
        good = ~np.isnan(values) if name in ("heating_capacity", "cooling_capacity") else np.isfinite(values)
        if name != "set_point_shift":
            good &= values > 0 if name in above else values >= 0
        if not good.all():
            at = int(np.argmin(good))
            least = "above 0" if name in above else "a number" if name == "set_point_shift" else "0 or more"
            raise AnalysisError(
                f"zone {zones.ids[at]} has a {name} of {values[at]:g}; it must be {least}: mend it or"
                " leave the zone out"
            )
    for name, kinds in (("use", zones.uses), ("system", zones.systems)):
        out = _outside(getattr(zones, name), len(kinds))
        if out.any():
            raise AnalysisError(
                f"zone {zones.ids[int(np.argmax(out))]} has a {name} that is none of {len(kinds)}"
            )


def _kinds(zones: Zones) -> None:
    for kind in zones.constructions:
        what = f"construction {kind.name!r}"
        if isinstance(kind, Glazing):
            good = kind.u_value > 0
            wanted = "a U-value above 0"
            _shares(what, kind, "g_value", "frame_share", "emissivity", "shade_factor")
        else:
            thick = all(layer.thickness > 0 and layer.conductivity > 0 for layer in kind.layers)
            heavy = all(layer.density >= 0 and layer.specific_heat >= 0 for layer in kind.layers)
            good = bool(kind.layers) and thick and heavy and np.isfinite(kind.resistance + kind.capacity)
            wanted = "layers with a thickness and a conductivity above 0, and no negative mass"
            _shares(what, kind, "solar_absorptance", "emissivity", "inside_absorptance")
        if not good:
            raise AnalysisError(f"{what} needs {wanted}")
    for shade in zones.shades:
        if not (shade.width > 0 and shade.height > 0):
            raise AnalysisError("fixed shading needs the width and the height of its window, both above 0")
        if not all(value >= 0 for value in vars(shade).values()):
            raise AnalysisError("fixed shading has lengths of 0 m or more, no negative ones")


def _use(use: Use) -> None:
    for name in ("heating_set", "cooling_set", *_WEEKS):
        week = getattr(use, name)
        if np.shape(week) not in ((HOURS_OF_WEEK,), (MONTHS, HOURS_OF_WEEK)):
            raise AnalysisError(
                f"use {use.id}: {name} has {np.size(week)} values; a week has 168 hours, and twelve"
                " months have 12 × 168"
            )
        if name in _WEEKS and not (np.isfinite(week) & (week >= 0)).all():
            raise AnalysisError(f"use {use.id}: {name} must be 0 or more in all hours")
    heating, cooling = by_month(use.heating_set), by_month(use.cooling_set)
    crossed = np.argwhere(heating > cooling)
    if len(crossed):
        month, hour = crossed[0]
        heated, cooled = heating[month, hour], cooling[month, hour]
        raise AnalysisError(
            f"use {use.id}: in hour {hour} of the week it would be heated to {heated:g} °C and cooled to"
            f" {cooled:g} °C; the first must not be higher"
        )

    _shares(f"use {use.id}", use, "heat_recovery", "gains_radiant")
    if not (use.fan_power >= 0 and np.isfinite(use.night_above)):
        raise AnalysisError(f"use {use.id}: fan_power must be 0 or more, and night_above a temperature")


def _system(system: System) -> None:
    _shares(f"system {system.id}", system, "emission_radiant")
    plants = [plant for plant in (system.heating, system.cooling, system.hot_water) if plant is not None]
    if not (system.auxiliary >= 0 and all(plant.efficiency > 0 for plant in plants)):
        raise AnalysisError(
            f"system {system.id}: efficiencies of plants must be above 0, and auxiliary 0 or more"
        )


def _shares(what: str, of: Any, *names: str) -> None:
    for name in names:
        value = getattr(of, name)
        if not 0 <= value <= 1:
            raise AnalysisError(f"{what}: {name} is {value:g}; it must be from 0 to 1")


def _outside(numbers: Any, count: int) -> Any:
    return (numbers < 0) | (numbers >= count)


def _raise(zones: Zones, owner: Any, wrong: Any, what: str) -> None:
    if wrong.any():
        raise AnalysisError(f"zone {zones.ids[int(owner[int(np.argmax(wrong))])]} has {what}")
