"""The need of zones over a series of weather, element by element: chunks of zones through the kernel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.energy.detailed import layout as at
from analysis.energy.detailed.pack import Packer, weeks_of
from analysis.energy.problem import Climate
from analysis.energy.zones import Float32, Float64, Zones
from analysis.errors import SimulationFailed
from analysis.progress import Progress

_CHUNK_HOURS = 2_000_000
"""Zones times intervals of a chunk: less than a second, after which progress is told."""
_WARM, _START = 7 * 86400.0, 28 * 86400.0
"""[s] The first days, which are gone through again and again for the second time: a heavy building's air
settles to 0.01 K."""

_NATURAL = 2.2
"""[W/(m²K)] Convection outside without wind, at 5 K: 1.31 |ΔT|^(1/3) (Walton 1983, NBSSIR 83-2655)."""
_WINDWARD, _LEEWARD = (3.26, 0.89), (3.55, 0.617)
"""a, b of a V^b on smooth surfaces: Yazdanian, Klems 1994, "Measurement of the exterior convective film
coefficient for windows in low-rise buildings", ASHRAE Transactions 100(1)."""
_ROUGH = 1.67
"""Rough surfaces against smooth ones, such as brick and render (Walton 1981, NBSIR 80-2212; the two together
as in DOE-2, LBL-11353)."""
_NEAR = 0.75
"""Wind at a facade against that of the weather station, which stands 10 m above open ground: at half the
height of one storey in the open, or at 12 m in a suburb (ASHRAE Handbook Fundamentals 2017, chapter 24)."""


@dataclass(frozen=True)
class Found:
    """heating, cooling: (z, 12) [kWh]; peaks (z,) [W]; unmet, overheating (z,) [h]; error (z,) [1]; series:
    (4, z, n) float32 heating, cooling [W], operative and air temperature [°C], n = 0 if they are not kept."""

    heating: Float64
    cooling: Float64
    heating_peak: Float64
    cooling_peak: Float64
    unmet: Float64
    overheating: Float64
    error: Float64
    series: Float32

    @classmethod
    def of(cls, tally: Float64, series: Float32, step: float, ids: Sequence[str]) -> Found:
        """tally: (z, at.TALLY, at.MONTHS) of a kernel, powers summed up. step: of an interval [s]. Raises
        SimulationFailed, naming the zone by ids, where something is no number."""
        lost = ~np.isfinite(tally).all(axis=(1, 2))
        if lost.any():
            raise SimulationFailed(
                f"zone {ids[int(np.argmax(lost))]} came to temperatures that are no numbers; look at its"
                " constructions and areas, or leave it out"
            )
        energy = step / 3.6e6
        return cls(
            heating=tally[:, at.HEATING] * energy,
            cooling=tally[:, at.COOLING] * energy,
            heating_peak=tally[:, at.HEATING_PEAK, 0],
            cooling_peak=tally[:, at.COOLING_PEAK, 0],
            unmet=tally[:, at.UNMET, 0],
            overheating=tally[:, at.OVERHEATING, 0],
            error=tally[:, at.ERROR, 0],
            series=series,
        )


def detailed(
    zones: Zones, climate: Climate, limit: float, hourly: bool, progress: Progress | None = None
) -> Found:
    """limit: operative temperature above which occupied hours count as overheated [°C]."""
    from analysis.energy.detailed.march import run

    packer = Packer(zones, climate)
    horizon = zones.elements.horizon
    directions = 1 if horizon is None else horizon.shape[1]
    columns, calendar = columns_of(climate, directions), calendar_of(climate, directions)
    sunlit, weeks = packer.sunlit(), weeks_of(zones)
    n, z = len(climate), len(zones)
    series = np.zeros((4, z, n if hourly else 0), np.float32)
    tally = np.zeros((z, at.TALLY, at.MONTHS))
    hours = climate.step / 3600.0
    warm = min(n, max(1, round(_WARM / climate.step)))
    rounds = math.ceil(_START / (warm * climate.step))
    chunk = max(at.LANES, _CHUNK_HOURS // n // at.LANES * at.LANES)
    for start in range(0, z, chunk):
        if progress is not None:
            progress(start / z, "")
        rows = packer.rows(np.arange(start, min(start + chunk, z)))
        run(
            *(rows.blocks, rows.first, rows.counts, rows.lanes, rows.skyline, rows.rows),
            *(columns, calendar, sunlit, weeks, warm, rounds, hours, limit, tally, series),
        )
    return Found.of(tally, series, climate.step, zones.ids)


def columns_of(climate: Climate, directions: int) -> Float64:
    """(n, at.CLIMATE) for the kernel. directions: of skylines."""
    light = climate.light
    wind = _NEAR * climate.wind
    forced = sum(a * wind**b for a, b in (_WINDWARD, _LEEWARD)) / 2.0
    smooth = np.hypot(_NATURAL, forced)
    rough = _NATURAL + _ROUGH * (smooth - _NATURAL)
    between = light.azimuth * directions / 360.0 % 1.0
    return np.ascontiguousarray(
        np.column_stack(
            [
                *(climate.air, climate.sky, rough, smooth, light.sun, light.direct, light.isotropic),
                *(light.band, light.ground, light.elevation, between),
            ]
        )
    )


def calendar_of(climate: Climate, directions: int) -> npt.NDArray[np.int64]:
    """(n, 4): `hour_of_months`, month, and the two directions of a skyline that the sun is between."""
    before = np.floor(climate.light.azimuth * directions / 360.0).astype(np.int64) % directions
    return np.column_stack([climate.hour_of_months, climate.month, before, (before + 1) % directions])
