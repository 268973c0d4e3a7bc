"""A field over an area from readings at stations: inverse distance weighting and ordinary kriging.

Arrays in, arrays out. Both give a value and a standard deviation anywhere; both give a station's own value
at the station, with deviation 0. How good a field is, its leave-one-out errors say: each station is
estimated from the others and compared with what it read. Kriging takes the variogram whose error is the
least of three, so that this error is a little too good.

Limits: positions are plane and in metres, so that areas of hundreds of kilometres are out; the field is
taken to have no drift and the same structure in every direction. Kriging's deviation rests on the fitted
variogram; that of inverse distance is the weighted spread of the stations around the estimate, a measure
of disagreement and not of a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from twin.errors import TwinError

Float64: TypeAlias = npt.NDArray[np.float64]
Method = Literal["kriging", "idw"]

FEWEST = {"kriging": 5, "idw": 3}
"""Stations that a method needs: five give the ten pairs that the least variogram is fitted to."""
MOST = 400
"""With more stations than this, neighbours are taken together: the work grows with the cube."""
_POWER = 2.0
"""Shepard, D. (1968), doi:10.1145/800186.810616: the power of the inverse distance."""
_LAGS = 6
_BLOCK = 4_000_000


@dataclass(frozen=True)
class Errors:
    """Leave-one-out errors, in the unit of the values. bias: estimate less reading, mean. baseline: the
    root mean square error of the plain mean of the other stations, which a field ought to beat."""

    rmse: float
    mae: float
    bias: float
    baseline: float


@dataclass(frozen=True)
class Variogram:
    """The model that kriging uses. sill: without the nugget [unit²], range: practical range [m]."""

    model: Literal["spherical", "exponential"]
    sill: float
    range: float
    nugget: float

    @property
    def parameters(self) -> list[float]:
        """As PyKrige's variogram functions order them."""
        return [self.sill, self.range, self.nugget]

    @property
    def with_full_sill(self) -> list[float]:
        """As PyKrige's kriging takes them: the sill with the nugget in it."""
        return [self.sill + self.nugget, self.range, self.nugget]

    def divided(self, unit: float) -> Variogram:
        """The same with semivariances in a larger unit."""
        return Variogram(self.model, self.sill / unit, self.range, self.nugget / unit)

    def __call__(self, distance: Float64) -> Float64:
        """Semivariance [unit²] at distances [m]; 0 at 0."""
        from pykrige import variogram_models

        function = getattr(variogram_models, f"{self.model}_variogram_model")
        values: Float64 = function(self.parameters, distance)
        return np.where(distance > 0, values, 0.0)


@dataclass(frozen=True)
class Surface:
    """A field that can be asked anywhere. points: (n, 2) [m], values: (n,)."""

    method: Method
    points: Float64
    values: Float64
    errors: Errors
    variogram: Variogram | None = None

    def at(self, points: npt.ArrayLike) -> tuple[Float64, Float64]:
        """(m,) values and (m,) standard deviations, in the unit of the values, at points (m, 2) [m]."""
        wanted = np.asarray(points, np.float64)
        values, deviations = np.empty(len(wanted)), np.empty(len(wanted))
        step = max(_BLOCK // max(len(self.points), 1), 1)
        for start in range(0, len(wanted), step):
            part = slice(start, start + step)
            values[part], deviations[part] = (
                self._weighted(wanted[part]) if self.variogram is None else self._kriged(wanted[part])
            )
        return values, deviations

    def _weighted(self, wanted: Float64) -> tuple[Float64, Float64]:
        weights = _inverse(_distances(wanted, self.points))
        values = weights @ self.values
        variance = weights @ self.values**2 - values**2
        at_station = weights.max(axis=1) == 1.0
        return values, np.where(at_station, 0.0, np.sqrt(np.maximum(variance, 0.0)))

    def _kriged(self, wanted: Float64) -> tuple[Float64, Float64]:
        assert self.variogram is not None
        if self.variogram.sill == 0.0:
            return np.full(len(wanted), self.values[0]), np.zeros(len(wanted))
        # in units of the readings' spread, so that the system is well conditioned
        scale = float(self.values.std())
        values, variance = _kriging(
            self.points, self.values / scale, self.variogram.divided(scale**2)
        ).execute("points", wanted[:, 0] - self.points[0, 0], wanted[:, 1] - self.points[0, 1])
        return np.asarray(values) * scale, np.sqrt(np.maximum(np.asarray(variance), 0.0)) * scale


def surface(points: npt.ArrayLike, values: npt.ArrayLike, method: Method = "kriging") -> Surface:
    """The field through readings.

    points: (n, 2) plane positions [m]; values: (n,), NaN being left out. Stations on one spot count as
    one, with their mean. Raises TwinError with too few of them.
    """
    places, readings = np.asarray(points, np.float64), np.asarray(values, np.float64)
    known = np.isfinite(readings) & np.isfinite(places).all(axis=1)
    places, readings = merged(places[known], readings[known])
    if len(places) < FEWEST[method]:
        raise TwinError(
            f"a field by {method} needs readings at {FEWEST[method]} places at least; there are {len(places)}"
        )
    if method == "idw":
        estimates = _inverse(_distances(places, places), own=False) @ readings
        return Surface("idw", places, readings, _errors(estimates, readings))
    if np.ptp(readings) == 0.0:
        flat = Variogram("exponential", 0.0, 1.0, 0.0)
        return Surface("kriging", places, readings, _errors(readings, readings), flat)
    distances = _distances(places, places)
    scale = float(readings.std())
    scaled = readings / scale
    tried = [(v, _left_out(v, distances, scaled)) for v in _variograms(places, scaled, distances)]
    variogram, estimates = min(tried, key=lambda t: float(np.mean((t[1] - scaled) ** 2)))
    return Surface(
        "kriging", places, readings, _errors(estimates * scale, readings), variogram.divided(scale**-2)
    )


def merged(points: Float64, values: Float64, most: int = MOST) -> tuple[Float64, Float64]:
    """Points and values with those within a metre of each other (more, until there are `most`) as one."""
    cell = 1.0
    while True:
        keys = np.floor(points / cell).astype(np.int64)
        _, group = np.unique(keys, axis=0, return_inverse=True)
        group = group.reshape(-1)
        count = np.bincount(group)
        if len(count) <= most:
            break
        cell *= 2.0
    if len(count) == len(points):
        return points, values
    columns = [np.bincount(group, weights=column) / count for column in (*points.T, values)]
    return np.column_stack(columns[:2]), columns[2]


def _distances(a: Float64, b: Float64) -> Float64:
    return np.asarray(np.hypot(a[:, None, 0] - b[None, :, 0], a[:, None, 1] - b[None, :, 1]))


def _inverse(distances: Float64, own: bool = True) -> Float64:
    """(m, n) weights that add up to 1; all of it on a station at distance 0, none with own=False."""
    here = distances <= 1e-9
    with np.errstate(divide="ignore"):
        weights = np.where(here, 0.0, distances**-_POWER)
    if own and here.any():
        rows = here.any(axis=1)
        weights[rows] = here[rows]
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _kriging(points: Float64, values: Float64, variogram: Variogram | None, model: str = "") -> Any:
    """PyKrige's ordinary kriging; without a variogram it fits one of `model`."""
    from pykrige.ok import OrdinaryKriging

    return OrdinaryKriging(
        points[:, 0] - points[0, 0],
        points[:, 1] - points[0, 1],
        values,
        variogram_model=variogram.model if variogram else model,
        variogram_parameters=variogram.with_full_sill if variogram else None,
        nlags=_LAGS,
        weight=True,
        exact_values=True,
    )


def _variograms(points: Float64, values: Float64, distances: Float64) -> list[Variogram]:
    """Candidates: those fitted to the semivariances, and one that depends on no fit."""
    far = float(distances.max())
    found = [Variogram("exponential", float(values.var()), far / 2, 0.0)]
    for model in ("spherical", "exponential"):
        try:
            with np.errstate(all="ignore"):
                fitted = _kriging(points, values, None, model).variogram_model_parameters
        except (ValueError, np.linalg.LinAlgError):
            continue
        sill, reach, nugget = (float(v) for v in fitted)
        if np.isfinite(fitted).all() and sill > 0 and reach > far * 1e-3:
            found.append(Variogram(model, sill, reach, nugget))
    return found


def _left_out(variogram: Variogram, distances: Float64, values: Float64) -> Float64:
    """(n,) each value estimated by ordinary kriging from the others, all from one inverse matrix.

    O. Dubrule (1983), Cross validation of kriging in a unique neighborhood, doi:10.1007/BF01033232.
    """
    n = len(values)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = -variogram(distances)
    system[n, n] = 0.0
    try:
        inverse = np.linalg.inv(system)
    except np.linalg.LinAlgError:
        inverse = np.linalg.pinv(system)
    return np.asarray(values - (inverse @ np.append(values, 0.0))[:n] / np.diag(inverse)[:n])


def _errors(estimates: Float64, values: Float64) -> Errors:
    wrong = estimates - values
    others = (values.sum() - values) / (len(values) - 1) - values
    return Errors(
        float(np.sqrt(np.mean(wrong**2))),
        float(np.abs(wrong).mean()),
        float(wrong.mean()),
        float(np.sqrt(np.mean(others**2))),
    )
