"""The quick method on zones: what its kernel takes, and what it gives."""

from __future__ import annotations

import numpy as np

from analysis.energy.detailed import layout as at
from analysis.energy.detailed.pack import weeks_of
from analysis.energy.detailed.run import Found
from analysis.energy.irradiance import sunlit
from analysis.energy.problem import Climate
from analysis.energy.quick import kernel
from analysis.energy.quick.network import Network, Sunny
from analysis.energy.zones import Float64, Zones
from analysis.progress import Progress

_PART = 2048
"""Zones between two reports of progress."""
WARM = 20 * 86400.0
"""[s] The first days, which are repeated until the start is periodic with them."""


def quick(
    zones: Zones,
    climate: Climate,
    limit: float,
    hourly: bool,
    progress: Progress | None = None,
    *,
    network: Network | None = None,
    sunny: Sunny | None = None,
    warm: float = WARM,
) -> Found:
    """limit: operative temperature above which occupied hours count as overheated [°C]. network, sunny: of
    the zones, where they are not to be made of their constructions. warm: time at the beginning that is
    repeated until the start is periodic with it [s]; with 0 the mass starts at 20 °C."""
    z, n = len(zones), len(climate)
    network = Network.of(zones, climate) if network is None else network
    sunny = Sunny.of(zones) if sunny is None else sunny
    light = climate.light
    lit = np.flatnonzero(light.direct + light.isotropic + light.ground > 0)
    columns = (light.direct, light.isotropic, light.band, light.ground, light.elevation)
    lights = np.ascontiguousarray(np.vstack([light.sun[lit].T, *(values[lit] for values in columns)]))
    shares = [sunlit(zones.shades[shade], azimuth, light.sun[lit]) for shade, azimuth in sunny.pairs]
    sunlits = np.vstack([np.ones(len(lit)), *shares])
    horizon = zones.elements.horizon
    if horizon is None:
        horizon = np.zeros((len(zones.elements), 0), np.float32)
    steps = max(horizon.shape[1], 1)
    place = light.azimuth[lit] * steps / 360.0
    before = np.floor(place).astype(np.int64)
    tally = np.zeros((z, at.TALLY, at.MONTHS))
    series = np.zeros((4, z, n if hourly else 0), np.float32)
    figures, rows = _figures(zones), _rows(network)
    weeks = weeks_of(zones)
    sun_and_sky = np.vstack([climate.air, climate.sky])
    calendar = np.vstack([climate.hour_of_months, climate.month])
    for start in range(0, z, _PART):
        if progress is not None:
            progress(start / z, "")
        part = slice(start, min(start + _PART, z))
        kernel.run(
            figures[part], zones.use[part], rows[part], network.below[part], weeks,
            sunny.first[start : part.stop + 1], sunny.gain, sunny.what, sunny.normal, sunny.views,
            sunny.shaded, sunny.angles, sunny.blind, sunny.numbers, horizon, before % steps, place - before,
            lights, sunlits, lit, sun_and_sky, calendar, min(n, round(warm / climate.step)), climate.step,
            climate.density_heat, limit, tally[part], series[:, part],
        )  # fmt: skip
    return Found.of(tally, series, climate.step, zones.ids)


def _figures(zones: Zones) -> Float64:
    """(z, 12) as `kernel.run` takes them."""
    of_uses = [[use.heat_recovery, use.night_above, use.gains_radiant] for use in zones.uses]
    radiant = [system.emission_radiant for system in zones.systems]
    return np.column_stack(
        [
            zones.floor_area,
            zones.volume,
            zones.infiltration,
            zones.set_point_shift,
            zones.gain_factor,
            zones.ventilation_factor,
            zones.heating_capacity,
            zones.cooling_capacity,
            np.array(of_uses)[zones.use],
            np.array(radiant)[zones.system],
        ]
    )


def _rows(network: Network) -> Float64:
    """(z, 9) as `kernel.run` takes them."""
    return np.column_stack(
        [
            network.windows,
            network.opaque,
            network.ground,
            network.inside,
            network.mass,
            network.capacity,
            network.to_mass,
            network.to_surfaces,
            network.to_sky,
        ]
    )
