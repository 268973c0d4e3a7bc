"""Glare in a run: who at a window or on a road sees the sun in glass, when, how long and how strong.

The sky is clear on the 21st of each month, in steps of ten minutes; each of these days stands for its month.
The mirrors are the planned buildings, or without a plan all that stands in the area: their windows, and where
the model has none, their whole facades, which is more than any real building mirrors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from analysis.progress import part
from analysis.scene.outlines import areas
from analysis.sun.power.glare import DAY_LIMIT, YEAR_LIMIT, Glare, glare
from analysis.sun.scene import Float64, Int32, Kind
from analysis.sun.targets import Targets, facade_targets, joined
from analysis.weather import clear_sky

if TYPE_CHECKING:
    from analysis.progress import Progress
    from analysis.sun.run.study import CityStudy
    from analysis.weather import Weather

_DAY = 21
_STEP_S = 600.0
_ROADS = "roads"
_EYE = 1.5
"""Of drivers, over the road [m]."""
_APART = 10.0
"""Between points on roads [m]."""
_DAYS = 365.0 / 12.0
"""For which one of the days stands."""


@dataclass(frozen=True)
class Dazzled:
    """table: a row for each window or point of a road that sees the sun in glass, the worst first; units: of
    its columns. summary: counts. notes: for readers."""

    table: pd.DataFrame
    summary: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    units: ClassVar[dict[str, str]] = {
        "longitude": "deg", "latitude": "deg", "height": "m", "hours": "h", "longest": "h",
        "strongest": "W/m2",
    }  # fmt: skip


def glare_of(study: CityStudy, progress: Progress) -> Dazzled:
    """Reflections in the study's glass towards the windows of its neighbours and its roads.

    Columns: kind ("window" or "road"), id of the dwelling or road, building, hours in a year, days of the
    twelve on which there is any, longest: on the worst of them [h], from and to: its first and last moment,
    strongest [W/m²], mirror: the surface that it comes from, exceeds: more than `DAY_LIMIT` or `YEAR_LIMIT`
    at a window, for which the limits are.
    """
    scene = study.subject
    assert scene.surfaces is not None
    mirrors, notes = _mirrors(study)
    windows, dwellings = study.dwellings
    roads, names = _roads(study)
    receivers = joined(windows, roads)
    weather = _clear_days(study)
    progress(0.0, f"glare at {len(windows):,} windows and {len(roads):,} points of roads")
    found = glare(
        scene,
        weather,
        facade_targets(scene, study.spacing, mirrors),
        receivers,
        engine=study.sky_engine,
        progress=part(progress, 0.0, 1.0, "glare"),
    )
    seen = np.flatnonzero(found.hours > 0)
    places = study.globe.to_geographic(receivers.points[seen])
    hours, longest = found.hours[seen] * _DAYS, found.longest[seen]
    table = pd.DataFrame(
        {
            "kind": np.where(seen < len(windows), "window", "road"),
            "id": [dwellings[k].id if k < len(windows) else names[k - len(windows)] for k in seen],
            "building": [dwellings[k].building if k < len(windows) else None for k in seen],
            "longitude": places[:, 0],
            "latitude": places[:, 1],
            "height": places[:, 2],
            "hours": hours,
            "days": found.days[seen],
            "longest": longest,
            **_worst_days(found, weather, seen, scene.surfaces.ids),
            "strongest": found.strongest[seen],
            "exceeds": ((longest > DAY_LIMIT) | (hours > YEAR_LIMIT)) & (seen < len(windows)),
        }
    ).sort_values("hours", ascending=False, ignore_index=True)
    dazzled = table["kind"].value_counts()
    summary: dict[str, Any] = {
        "mirrors": len(mirrors),
        "windows": len(windows),
        "windows_dazzled": int(dazzled.get("window", 0)),
        "windows_that_exceed": int(table["exceeds"].sum()),
        "road_points": len(roads),
        "road_points_dazzled": int(dazzled.get("road", 0)),
    }
    return Dazzled(table, summary, notes)


def _mirrors(study: CityStudy) -> tuple[Int32, list[str]]:
    """(k,) the surfaces of glass, and what is to be said of them."""
    surfaces = study.subject.surfaces
    assert surfaces is not None
    if study.added:
        places = [k for k, id in enumerate(surfaces.buildings) if id in study.added]
        chosen = np.flatnonzero(np.isin(surfaces.building, places)).astype(np.int32)
    else:
        chosen = study.within
    glass = chosen[surfaces.kind[chosen] == Kind.WINDOW]
    if len(glass):
        return glass.astype(np.int32), []
    whole = chosen[surfaces.kind[chosen] == Kind.FACADE]
    note = "glare: the model has no windows there; whole facades were taken to be of glass"
    return whole.astype(np.int32), [note]


def _roads(study: CityStudy) -> tuple[Targets, list[str]]:
    """Points on the roads of the area at the height of drivers' eyes, and the id of each one's road."""
    points: list[Float64] = [np.zeros((0, 2))]
    names: list[str] = []
    if _ROADS in {layer.name for layer in study.city.layers()}:
        for outline in areas(study.city, study.plane, _ROADS, study.bounds):
            inside = _grid_within(outline.shape, study.bounds)
            points.append(inside)
            names += [outline.id] * len(inside)
    scene, xy = study.subject, np.concatenate(points)
    rows, columns = scene.shape
    row = np.clip((scene.north - xy[:, 1]) // scene.cell_size, 0, rows - 1).astype(int)
    column = np.clip((xy[:, 0] - scene.west) // scene.cell_size, 0, columns - 1).astype(int)
    n = len(xy)
    return Targets(
        np.column_stack([xy, scene.terrain[row, column] + _EYE]),
        np.tile([0.0, 0.0, 1.0], (n, 1)),
        np.zeros(n),
        np.full(n, -1, np.int32),
    ), names


def _grid_within(shape: Any, bounds: tuple[float, float, float, float]) -> Float64:
    """(n, 2) points of an even grid in a shape and in bounds."""
    import shapely

    west, south = (np.maximum(a, b) for a, b in zip(shape.bounds[:2], bounds[:2], strict=True))
    east, north = (np.minimum(a, b) for a, b in zip(shape.bounds[2:], bounds[2:], strict=True))
    x = np.arange(np.ceil(west / _APART), np.floor(east / _APART) + 1) * _APART
    y = np.arange(np.ceil(south / _APART), np.floor(north / _APART) + 1) * _APART
    at = np.column_stack([axis.ravel() for axis in np.meshgrid(x, y)])
    return np.asarray(at[shapely.contains_xy(shape, at[:, 0], at[:, 1])], np.float64)


def _clear_days(study: CityStudy) -> Weather:
    """The clear sky of the twelve days, by the clock of the place."""
    place = study.subject.place
    middles = [
        pd.date_range(
            pd.Timestamp(study.date.year, month, _DAY, tz=place.timezone) + pd.Timedelta(seconds=_STEP_S / 2),
            periods=round(86_400 / _STEP_S),
            freq=pd.Timedelta(seconds=_STEP_S),
        )
        for month in range(1, 13)
    ]
    times = pd.DatetimeIndex(middles[0].append(middles[1:]))
    return clear_sky(place, times, _STEP_S)


def _worst_days(found: Glare, weather: Weather, seen: Any, surfaces: list[str]) -> dict[str, list[str]]:
    """Of each receiver: when it begins and ends on its worst day, and the strongest mirror."""
    order = np.argsort(found.receiver, kind="stable")
    ends = np.searchsorted(found.receiver[order], [seen, seen + 1])
    half = pd.Timedelta(seconds=weather.step / 2)
    days = weather.times.normalize()
    columns: dict[str, list[str]] = {"from": [], "to": [], "mirror": []}
    for first, last in ends.T.tolist():
        own = order[first:last]
        moments = found.time[own]
        day = days[moments].value_counts().idxmax()
        worst = moments[days[moments] == day]
        columns["from"].append((weather.times[worst.min()] - half).isoformat())
        columns["to"].append((weather.times[worst.max()] + half).isoformat())
        columns["mirror"].append(surfaces[found.surface[own[np.argmax(found.strength[own])]]])
    return columns
