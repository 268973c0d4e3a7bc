"""The hours of networks of five resistances and one capacity, zone by zone.

ISO 13790:2008, annex C.4, has the mass follow the mean of its temperatures at the start and the end of an
interval. With surfaces and mass eliminated, the air of an interval is that of

    (own + ventilation) T_air = given + ventilation T_outside + heating - cooling

with an `own` that never changes, so that the ventilation that brings a wanted temperature, and then the
heating or cooling, follow without iteration.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from analysis.compiled import Kernels
from analysis.energy.detailed import layout
from analysis.energy.detailed.glazing import DEGREE
from analysis.energy.detailed.layout import (
    BYPASS,
    COOLING,
    COOLING_PEAK,
    ERROR,
    HEATING,
    HEATING_PEAK,
    MISSED,
    OVERHEATING,
    UNMET,
)

_KERNELS = Kernels(__file__, layout.__file__)
_SETTLED = 0.01
"""[K] Change of the mass over the repeated start, from which on it is periodic."""
_REPEATS = 12
_AIR_SHARE = 0.3
"""Of the air in the operative temperature; the rest is the surfaces' (ISO 13790:2008, annex C.4)."""


@_KERNELS.kernel
def _onto(light: Any, normal: Any, views: Any, lit: Any, beam: Any, even: Any, cosine: Any) -> None:
    """Direct and even light [W/m²] on an element over the intervals with light."""
    for t in range(light.shape[1]):
        c = max(0.0, light[0, t] * normal[0] + light[1, t] * normal[1] + light[2, t] * normal[2])
        cosine[t] = c
        beam[t] = light[3, t] * c * lit[t]
        even[t] = light[4, t] * views[0] + light[5, t] * views[1] + light[6, t] * views[2]


@_KERNELS.kernel
def _through(gain: Any, angles: Any, blind: Any, beam: Any, even: Any, cosine: Any, sun: Any) -> None:
    """Add what a window lets in."""
    for t in range(len(sun)):
        c = cosine[t]
        share = angles[DEGREE]
        for k in range(DEGREE - 1, 0, -1):
            share = angles[k] + c * share
        got = beam[t] * c * share + even[t] * angles[0]
        sun[t] += gain * got * (blind[0] if beam[t] + even[t] > blind[1] else 1.0)


@_KERNELS.kernel
def _skyline(horizon: Any, elevation: Any, before: Any, share: Any, lit: Any) -> None:
    """Take the light where the sun stands below the skyline."""
    steps = len(horizon)
    for t in range(len(lit)):
        low = horizon[before[t]]
        high = horizon[(before[t] + 1) % steps]
        if elevation[t] <= low + share[t] * (high - low):
            lit[t] = 0.0


@_KERNELS.kernel
def _sunlight(
    first: Any,
    last: Any,
    gain: Any,
    what: Any,
    normal: Any,
    views: Any,
    shaded: Any,
    angles: Any,
    blind: Any,
    numbers: Any,
    horizon: Any,
    before: Any,
    share: Any,
    light: Any,
    sunlit: Any,
) -> Any:
    """(d,) heat by the sun in the intervals with light [W], of a zone's elements from first to last."""
    d = light.shape[1]
    sun, beam, even, cosine, lit = np.zeros(d), np.empty(d), np.empty(d), np.empty(d), np.empty(d)
    for s in range(first, last):
        lit[:] = sunlit[shaded[s]]
        if horizon.shape[1] > 0:
            _skyline(horizon[numbers[s]], light[7], before, share, lit)
        _onto(light, normal[s], views[s], lit, beam, even, cosine)
        if what[s] < 0:
            for t in range(d):
                sun[t] += gain[s] * (beam[t] + even[t])
        else:
            _through(gain[s], angles[what[s]], blind[s], beam, even, cosine, sun)
    return sun


@_KERNELS.inlined
def _ventilated(
    own: Any, given: Any, least: Any, most: Any, outside: Any, wanted: Any, high: Any, most_cold: Any
) -> Any:
    """Ventilation from least to most [W/K] that brings the air nearest to a wanted temperature from outside
    air that helps to get there: warmer air only where cooling leaves the zone warmer still."""
    still = (given + least * outside) / (own + least)
    cooled = max(min(still, high), still - most_cold / (own + least))
    if (still > wanted and wanted > outside and cooled > outside) or (still < wanted and wanted < outside):
        return min(max((given - own * wanted) / (wanted - outside), least), most)
    if cooled > outside and outside >= wanted:
        return most
    return least


@_KERNELS.kernel
def _hours(
    zone: Any, network: Any, below: Any, week: Any, climate: Any, calendar: Any, sun: Any, start: Any,
    count: Any, seconds: Any, density_heat: Any, limit: Any, tally: Any, series: Any, keep: Any,
) -> Any:  # fmt: skip
    """Run count intervals from a temperature of the mass; gives that at their end. keep: add up results."""
    windows, opaque, ground, inside, mass = network[0], network[1], network[2], network[3], network[4]
    capacity, to_mass, to_surfaces, to_sky = network[5], network[6], network[7], network[8]
    floor_area, volume, infiltration, shift = zone[0], zone[1], zone[2], zone[3]
    gain_factor, fresh_factor, most_heat, most_cold = zone[4], zone[5], zone[6], zone[7]
    recovery, night_above, gains_radiant, heating_radiant = zone[8], zone[9], zone[10], zone[11]
    to_out = 1.0 / (1.0 / opaque - 1.0 / mass) if opaque > 0 else 0.0
    held = 2.0 * capacity / seconds
    of_mass = 1.0 / (held + mass + to_out)
    through_mass = mass * of_mass
    of_surfaces = 1.0 / (inside + windows + mass - mass * through_mass)
    to_air = inside * of_surfaces
    own = inside - inside * to_air
    by_rays = to_surfaces + through_mass * to_mass
    warming = 1.0 - heating_radiant + heating_radiant * to_air * by_rays
    per_heat = 1.0 / warming
    air_heat = density_heat / 3600.0
    leak = infiltration * volume * air_heat
    fresh, purge = fresh_factor * floor_area * air_heat, volume * air_heat
    gain_area = gain_factor * floor_area
    hours = seconds / 3600.0
    per_hour = max(1, round(1.0 / hours))
    unmet, overheating, worst, heating_peak, cooling_peak = 0.0, 0.0, 0.0, 0.0, 0.0
    of_hour_heating, of_hour_cooling = 0.0, 0.0
    for t in range(count):
        outside, sky = climate[0, t], climate[1, t]
        hour, month = calendar[0, t], calendar[1, t]
        low, high = week[hour, 0] + shift, week[hour, 1] + shift
        gains = week[hour, 2] * gain_area
        air_flow, night = week[hour, 3] * fresh, week[hour, 4] * purge
        radiant = gains_radiant * gains + sun[t] - to_sky * (outside - sky)
        beyond = outside + ground * (below[month] - outside)
        on_mass = held * start + to_out * beyond + to_mass * radiant
        on_surfaces = windows * outside + to_surfaces * radiant + through_mass * on_mass
        given = (1.0 - gains_radiant) * gains + to_air * on_surfaces
        least = leak + air_flow * (1.0 - recovery)
        if recovery > 0.0 and air_flow > 0.0:
            still = (given + least * outside) / (own + least)
            wanted = min(high, max(BYPASS, low)) if still > outside else low
            least = _ventilated(own, given, least, leak + air_flow, outside, wanted, high, most_cold)
        flow = least
        if night > 0.0:
            still = (given + least * outside) / (own + least)
            aim = max(night_above, low)
            if still > aim:
                flow = _ventilated(own, given, least, least + night, outside, aim, high, most_cold)
        given += flow * outside
        lost = own + flow
        inverse = 1.0 / lost
        heating = min(max((low * lost - given) * per_heat, 0.0), most_heat)
        cooling = min(max(given - high * lost, 0.0), most_cold)
        air = (given + heating * warming - cooling) * inverse
        rays = heating * heating_radiant
        on_mass += to_mass * rays
        on_surfaces += by_rays * rays
        surfaces = (inside * air + on_surfaces) * of_surfaces
        middle = (on_mass + mass * surfaces) * of_mass
        end = 2.0 * middle - start
        if keep:
            kept = capacity * (end - start) / seconds
            out_windows, out_opaque = windows * (outside - surfaces), to_out * (beyond - middle)
            out_air = flow * (outside - air)
            into = (1.0 - gains_radiant) * gains + (to_mass + to_surfaces) * radiant
            into += heating * (1.0 - heating_radiant) + (to_mass + to_surfaces) * rays - cooling
            flows = abs(kept) + abs(out_windows) + abs(out_opaque) + abs(out_air) + abs(into)
            apart = abs(kept - out_windows - out_opaque - out_air - into)
            if apart > worst * max(flows, 1.0):
                worst = apart / max(flows, 1.0)
            operative = _AIR_SHARE * air + (1.0 - _AIR_SHARE) * surfaces
            tally[HEATING, month] += heating
            tally[COOLING, month] += cooling
            unmet += hours if air < low - MISSED or air > high + MISSED else 0.0
            overheating += hours * week[hour, 5] if operative > limit else 0.0
            of_hour_heating += heating
            of_hour_cooling += cooling
            if (t + 1) % per_hour == 0:
                heating_peak = max(heating_peak, of_hour_heating / per_hour)
                cooling_peak = max(cooling_peak, of_hour_cooling / per_hour)
                of_hour_heating, of_hour_cooling = 0.0, 0.0
            if series.shape[1] > 0:
                series[0, t], series[1, t], series[2, t], series[3, t] = heating, cooling, operative, air
        start = end
    if keep:
        tally[UNMET, 0], tally[OVERHEATING, 0], tally[ERROR, 0] = unmet, overheating, worst
        tally[HEATING_PEAK, 0], tally[COOLING_PEAK, 0] = heating_peak, cooling_peak
    return start


@_KERNELS.parallel
def run(
    zone: Any, use: Any, network: Any, below: Any, weeks: Any, first: Any, gain: Any, what: Any, normal: Any,
    views: Any, shaded: Any, angles: Any, blind: Any, numbers: Any, horizon: Any, before: Any, share: Any,
    light: Any, sunlit: Any, lit: Any, climate: Any, calendar: Any, warm: Any, seconds: Any,
    density_heat: Any, limit: Any, tally: Any, series: Any,
) -> None:  # fmt: skip
    """All intervals of z zones.

    zone: (z, 12) and use: (z,); network: (z, 9) and below: (z, 12), as in `Network`. weeks: (uses, 2016, 6).
    first to numbers: as in `Sunny`; horizon: (e, directions) float32. before, share: (d,) where the sun
    stands between two directions. light: (8, d) of the d intervals with light: sun east, north, up, direct,
    isotropic, band, ground [W/m²], elevation [degrees]; sunlit: (pairs, d); lit: (d,) their numbers.
    climate: (2, n) temperatures of air and sky [°C]; calendar: (2, n) hour in those, and month. warm:
    intervals that the start repeats. tally: (z, TALLY, 12) is filled, as by the detailed method, and
    series: (4, z, n) float32 unless n is 0 there.
    """
    n = climate.shape[1]
    for z in prange(len(use)):
        found = _sunlight(
            first[z], first[z + 1], gain, what, normal, views, shaded, angles, blind, numbers, horizon,
            before, share, light, sunlit,
        )  # fmt: skip
        sun = np.zeros(n)
        for k in range(len(lit)):
            sun[lit[k]] = found[k]
        start = 20.0
        for _ in range(_REPEATS):
            end = _hours(
                zone[z], network[z], below[z], weeks[use[z]], climate, calendar, sun, start, warm, seconds,
                density_heat, limit, tally[z], series[:, z], False,
            )  # fmt: skip
            settled = abs(end - start) < _SETTLED
            start = end
            if settled:
                break
        _hours(
            zone[z], network[z], below[z], weeks[use[z]], climate, calendar, sun, start, n, seconds,
            density_heat, limit, tally[z], series[:, z], True,
        )  # fmt: skip
