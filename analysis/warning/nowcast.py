"""Radar rain in the next hours: the rain of now, carried on along its motion.

"translation" is our own and needs nothing more: one motion for the whole picture, from the correlation of
successive fields, and the last field moved along it. "pysteps" is the extra `nowcast`: a motion that varies
in space (Lucas-Kanade) and semi-Lagrangian extrapolation (S. Pulkkinen et al. 2019,
doi:10.5194/gmd-12-4185-2019). Neither lets rain begin, grow or die: beyond the first one or two hours over a
city an extrapolation tells little, and a weather service's numerical forecast (read as NetCDF) is the better
input.
"""

from __future__ import annotations

from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.warning.radar import RadarSequence

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Engine = Literal["translation", "pysteps"]
LONGEST_S = 6 * 3600.0
_DRY = 0.1
"""Weaker rain [mm/h] does not guide the motion."""
_OVERLAP = 0.3
"""Share of the picture that must still overlap for a displacement to count."""
_PAIRS = 4
"""So many of the latest steps speak for the motion."""


@dataclass(frozen=True)
class Skill:
    """The last field known, forecast from those before it over `lead_s` [s]: root mean square errors [mm/h]
    of the nowcast and of leaving the rain where it was (persistence), over cells that both know."""

    lead_s: float
    rmse: float
    persistence_rmse: float


@dataclass(frozen=True)
class Nowcast:
    """rain: from the last field known to the end of the forecast. motion: (2,) mean velocity, east and north
    [m/s, units of the radar's plane]. known: (n,) share of the cells whose rain has not come from beyond the
    radar's sight; the others are NaN. skill: None with fewer than three fields."""

    rain: RadarSequence
    motion: tuple[float, float]
    known: Float64
    engine: Engine
    skill: Skill | None


def nowcast(
    rain: RadarSequence,
    lead_s: float = LONGEST_S,
    step_s: float | None = None,
    engine: Engine = "translation",
) -> Nowcast:
    """Rain from the sequence's last time to `lead_s` [s] later, at most six hours.

    step_s: between the fields of the forecast [s]; None for that of the sequence. Raises AnalysisError for a
    lead beyond six hours, or when pysteps is asked for and not there.
    """
    if not 0 < lead_s <= LONGEST_S:
        raise AnalysisError(
            f"lead: {lead_s / 3600:g} h; rain is extrapolated for up to {LONGEST_S / 3600:g} h"
        )
    step = step_s or rain.step_s
    leads = np.arange(0, np.floor(lead_s / step + 1e-9) + 1) * step
    forecast, motion = _forecast(rain, leads, engine)
    times = rain.times[-1] + np.round(leads * 1e6).astype(np.int64)
    known = np.isfinite(forecast).reshape(len(leads), -1).mean(axis=1)
    ahead = RadarSequence(times, forecast, rain.transform, rain.crs)
    velocity = motion[1] * rain.transform.a / rain.step_s, motion[0] * rain.transform.e / rain.step_s
    return Nowcast(ahead, velocity, known, engine, _skill(rain, engine))


def _forecast(rain: RadarSequence, leads: Float64, engine: Engine) -> tuple[Float32, tuple[float, float]]:
    """(n, rows, columns) rates, and the mean motion in rows and columns a step."""
    if engine == "pysteps":
        return _by_pysteps(rain, leads)
    motion = displacement(rain.rates)
    steps = leads / rain.step_s
    return np.stack([translate(rain.rates[-1], (motion[0] * s, motion[1] * s)) for s in steps]), motion


def _skill(rain: RadarSequence, engine: Engine) -> Skill | None:
    n = len(rain.times)
    if n < 3:
        return None
    back = min(n - 2, max(1, n // 2))
    past = RadarSequence(rain.times[: n - back], rain.rates[: n - back], rain.transform, rain.crs)
    lead = back * rain.step_s
    told = _forecast(past, np.array([lead]), engine)[0][0]
    truth, stayed = rain.rates[-1], past.rates[-1]
    both = np.isfinite(told) & np.isfinite(truth) & np.isfinite(stayed)
    if not both.any():
        return None
    return Skill(lead, _rmse(told[both], truth[both]), _rmse(stayed[both], truth[both]))


def _rmse(a: Float32, b: Float32) -> float:
    return float(np.sqrt(np.mean((a.astype(np.float64) - b) ** 2)))


def displacement(rates: Float32) -> tuple[float, float]:
    """The motion between successive fields (n, rows, columns): rows and columns a step; (0, 0) without rain.

    The peak of the normalised cross-correlation of the rain's logarithm, in which cells that are not seen
    have no weight (D. Padfield 2012, doi:10.1109/TIP.2011.2181402), taken over the mean of the latest steps'
    correlations and refined between cells by a parabola.
    """
    fields = rates[-(_PAIRS + 1) :]
    surfaces = [_correlation(a, b) for a, b in pairwise(fields)]
    known = [s for s in surfaces if s is not None]
    if not known:
        return 0.0, 0.0
    mean = np.mean(known, axis=0)
    row, column = (int(i) for i in np.unravel_index(int(np.argmax(mean)), mean.shape))
    centre = rates.shape[1] - 1, rates.shape[2] - 1
    return (
        row - centre[0] + _between(mean[:, column], row),
        column - centre[1] + _between(mean[row], column),
    )


def _between(line: Float64, peak: int) -> float:
    """How far the vertex of the parabola through a peak and its neighbours lies from it."""
    if not 0 < peak < len(line) - 1:
        return 0.0
    before, at, after = line[peak - 1 : peak + 2]
    bend = before - 2 * at + after
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0


def _correlation(earlier: Float32, later: Float32) -> Float64 | None:
    """Correlation of the overlap at every displacement of `later`, (2 rows - 1, 2 columns - 1); None without
    rain."""
    from scipy.fft import irfft2, next_fast_len, rfft2

    masks = [np.isfinite(f).astype(np.float64) for f in (earlier, later)]
    signals = [
        np.log(np.maximum(np.where(m > 0, f, 0.0), _DRY) / _DRY)
        for f, m in zip((earlier, later), masks, strict=True)
    ]
    if not all(s.any() for s in signals):
        return None
    shape = tuple(2 * n - 1 for n in earlier.shape)
    size = [next_fast_len(n, real=True) for n in shape]

    def correlate(a: Float64, b: Float64) -> Float64:
        """Sum over cells of a(cell) b(cell + displacement), displacement from -(n - 1) on."""
        product = irfft2(np.conj(rfft2(a, size)) * rfft2(b, size), size)
        product = np.roll(product, [n - 1 for n in a.shape], axis=(0, 1))
        return np.asarray(product[: shape[0], : shape[1]])

    (a, b), (ma, mb) = signals, masks
    count = np.maximum(correlate(ma, mb), 1e-9)
    sum_a, sum_b = correlate(a, mb), correlate(ma, b)
    spread_a = np.maximum(correlate(a**2, mb) - sum_a**2 / count, 0.0)
    spread_b = np.maximum(correlate(ma, b**2) - sum_b**2 / count, 0.0)
    together = correlate(a, b) - sum_a * sum_b / count
    spread = np.sqrt(spread_a * spread_b)
    least = 1e-6 * spread.max()
    valid = (count >= _OVERLAP * min(ma.sum(), mb.sum())) & (spread > least)
    return np.where(valid, together / np.maximum(spread, least or 1.0), 0.0)


def translate(field: Float32, displacement: tuple[float, float]) -> Float32:
    """A field (rows, columns) moved by rows and columns, linear between cells; NaN where it comes from
    outside."""
    from scipy.ndimage import shift

    moved = shift(
        np.where(np.isfinite(field), field, 0.0), displacement, order=1, mode="constant", output=np.float64
    )
    seen = shift(np.isfinite(field).astype(np.float64), displacement, order=1, mode="constant")
    return np.where(seen > 0.999, np.maximum(moved, 0.0), np.nan).astype(np.float32)


def _by_pysteps(rain: RadarSequence, leads: Float64) -> tuple[Float32, tuple[float, float]]:
    motion_of, extrapolate = _pysteps()
    fields = rain.rates[-(_PAIRS + 1) :]
    signals = np.log(np.maximum(np.where(np.isfinite(fields), fields, 0.0), _DRY) / _DRY)
    masked: Any = np.ma
    signals = masked.masked_array(signals, ~np.isfinite(fields))
    velocity = motion_of(signals, verbose=False)
    last = rain.rates[-1]
    forecast = np.empty((len(leads), *last.shape), np.float32)
    forecast[leads == 0] = last
    later = leads > 0
    if later.any():
        steps = (leads[later] / rain.step_s).tolist()
        with redirect_stdout(StringIO()):  # it prints what it does
            told = np.asarray(extrapolate(last.astype(np.float64), velocity, steps), np.float32)
        forecast[later] = np.where(np.isnan(told), np.nan, np.maximum(told, 0.0))
    return forecast, (float(velocity[1].mean()), float(velocity[0].mean()))


def _pysteps() -> tuple[Any, Any]:
    try:
        with redirect_stdout(StringIO()):
            import cv2  # noqa: F401  what its Lucas-Kanade is made of
            from pysteps import motion, nowcasts
    except ImportError:
        raise AnalysisError(
            "the engine pysteps needs the extra `nowcast`: pip install 'citytwin[nowcast]', which compiles it"
            " and so needs a C compiler; the engine translation needs nothing more"
        ) from None
    return motion.get_method("LK"), nowcasts.get_method("extrapolation")
