"""How much of an antenna's or a weather radar's beam the city blocks, by azimuth and range.

The beam is a disc as wide as the beamwidth, seen from the antenna, with even power all over it, as in the
partial beam blocking of J. Bech et al., "The sensitivity of single polarization weather radar beam blockage
correction to variability in the vertical refractivity gradient", J. Atmos. Oceanic Technol. 20 (2003),
doi:10.1175/1520-0426(2003)020<0845:TSOSPW>2.0.CO;2. It is cut into upright strips; in each, all below the
highest elevation angle of what has been passed is blocked, so that blockage never falls with range. Rays
bend with the earth taken 4/3 as large (R. J. Doviak and D. S. Zrnić, Doppler Radar and Weather Observations,
2nd ed. 1993, eq. 2.28).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from analysis.errors import AnalysisError
from analysis.scene.globe import EARTH_RADIUS
from analysis.sun.scene import Float32, Float64, SunScene

FOUR_THIRDS = 4.0 / 3.0
"""Of the earth's radius, for radio waves in a standard atmosphere."""
_STRIPS = 15
"""Of the disc."""
_MOST = 50_000_000
"""Azimuths times ranges times strips."""


@dataclass(frozen=True)
class Beam:
    """An antenna's beam as it turns. tilt: elevation of its axis, width: the full one at half power
    [degrees]. start, end: the sector of azimuths, clockwise from true north [degrees]; step: between the
    azimuths looked at. reach: the greatest range, gate: between the ranges [m]."""

    tilt: float = 0.5
    width: float = 1.0
    start: float = 0.0
    end: float = 360.0
    step: float = 1.0
    reach: float = 2_000.0
    gate: float = 10.0


@dataclass(frozen=True)
class Blockage:
    """blocked: (a, r) float32 share of the beam, 0 to 1, that does not get as far as each range. azimuths:
    (a,) [degrees]. ranges: (r,) along the ground [m]. heights: (r,) of the beam's axis [m]. NaN where the
    range lies outside of the scene."""

    blocked: Float32
    azimuths: Float64
    ranges: Float64
    heights: Float64


def beam_blockage(
    scene: SunScene, antenna: npt.ArrayLike, beam: Beam, factor: float = FOUR_THIRDS
) -> Blockage:
    """What the scene blocks of a beam.

    antenna: (3,) east, north, height [m] in the scene's coordinates. factor: of the earth's radius. Raises
    AnalysisError for a beam that is none, an antenna outside of the scene or below what stands there.
    """
    _check(beam)
    x, y, z = (float(v) for v in np.asarray(antenna, np.float64))
    rows, columns = scene.shape
    column, row = (x - scene.west) / scene.cell_size - 0.5, (scene.north - y) / scene.cell_size - 0.5
    if not (0 <= round(column) < columns and 0 <= round(row) < rows and np.isfinite(z)):
        raise AnalysisError("the antenna stands outside of the area that is looked at")
    if z < float(scene.heights[round(row), round(column)]):
        raise AnalysisError(f"the antenna, at {z:.1f} m, is below what stands there")
    sweep = (beam.end - beam.start) % 360.0 or 360.0
    azimuths = (beam.start + np.arange(0.0, sweep, beam.step, np.float64)) % 360.0
    ranges = np.arange(1, int(beam.reach // beam.gate) + 1, dtype=np.float64) * beam.gate
    if len(azimuths) * len(ranges) * _STRIPS > _MOST:
        raise AnalysisError("the beam has too many azimuths and ranges; take wider steps or gates")
    blocked = np.empty((len(azimuths), len(ranges)), np.float32)
    _block(
        scene.heights, column, row, z, np.radians(azimuths - scene.place.convergence), ranges,
        scene.cell_size, np.radians(beam.tilt), np.radians(beam.width / 2),
        2.0 * factor * EARTH_RADIUS, _STRIPS, blocked,
    )  # fmt: skip
    return Blockage(blocked, azimuths, ranges, axis_height(ranges, z, beam.tilt, factor))


def axis_height(ranges: Float64, antenna: float, tilt: float, factor: float = FOUR_THIRDS) -> Float64:
    """(r,) height [m] of the beam's axis over ranges along the ground [m], for small ranges: s tan(tilt) +
    s² / (2 k R) above the antenna."""
    return np.asarray(antenna + ranges * np.tan(np.radians(tilt)) + ranges**2 / (2 * factor * EARTH_RADIUS))


def on_grid(scene: SunScene, antenna: npt.ArrayLike, blockage: Blockage, step: float) -> Float32:
    """(rows, columns) share of the beam that is blocked where it passes over each cell; NaN outside of the
    sector and beyond the range. step: of the azimuths [degrees]."""
    x, y = np.asarray(antenna, np.float64)[:2]
    rows, columns = scene.shape
    east = scene.west + (np.arange(columns) + 0.5) * scene.cell_size - x
    north = scene.north - (np.arange(rows)[:, None] + 0.5) * scene.cell_size - y
    azimuth = np.degrees(np.arctan2(east, north)) + scene.place.convergence
    gate = blockage.ranges[0]
    k = np.round(((azimuth - blockage.azimuths[0]) % 360.0) / step).astype(int)
    k = np.where(k == round(360.0 / step), 0, k)
    g = np.ceil(np.hypot(east, north) / gate).astype(int) - 1
    known = (k < len(blockage.azimuths)) & (g < len(blockage.ranges))
    values = np.full(scene.shape, np.nan, np.float32)
    values[known] = blockage.blocked[k[known], np.maximum(g[known], 0)]
    return values


def _check(beam: Beam) -> None:
    if not (0 < beam.width <= 60 and -30 <= beam.tilt <= 89):
        raise AnalysisError("a beam is above 0 and up to 60 degrees wide and tilted by -30 to 89 degrees")
    if not (0 < beam.step <= 90 and beam.gate > 0 and beam.gate <= beam.reach <= 200_000):
        raise AnalysisError("a beam needs steps above 0 and up to 90 degrees, and gates within its range")


@njit(parallel=True, cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _block(
    z: Any, column: float, row: float, antenna: float, azimuths: Any, ranges: Any, cell: float, tilt: float,
    half: float, bend: float, strips: int, blocked: Any,
) -> None:  # fmt: skip
    """bend: twice the radius by which the earth curves away [m]."""
    rows, columns = z.shape
    for a in prange(len(azimuths)):
        highest = np.full(strips, -np.inf)
        inside = True
        step = 1
        for r in range(len(ranges)):
            while inside and step * cell <= ranges[r] + 1e-9:
                away = step * cell
                for strip in range(strips):
                    off = half * ((2 * strip + 1) / strips - 1.0)
                    way = azimuths[a] + off / np.cos(tilt)
                    j = int(np.floor(column + np.sin(way) * step + 0.5))
                    i = int(np.floor(row - np.cos(way) * step + 0.5))
                    if i < 0 or i >= rows or j < 0 or j >= columns:
                        inside = False
                        break
                    angle = np.arctan((z[i, j] - antenna - away * away / bend) / away)
                    highest[strip] = max(highest[strip], angle)
                step += 1
            if not inside:
                blocked[a, r] = np.nan
                continue
            lost = 0.0
            whole = 0.0
            for strip in range(strips):
                off = half * ((2 * strip + 1) / strips - 1.0)
                tall = np.sqrt(half * half - off * off)
                lost += min(max(highest[strip] - (tilt - tall), 0.0), 2 * tall)
                whole += 2 * tall
            blocked[a, r] = lost / whole
