"""The state of the readings that a run uses, as digests: a cached run is given back while it is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from analysis.scene.rain import AROUND, MEASURES, STEP_S
from analysis.scene.series import Stream, all_readings, streams
from analysis.scene.water import LEVEL
from twin.observations.connections import DATABASE
from twin.observations.store import Observations, open_observations

_MICRO = 1_000_000


def newest_reading(folder: Path) -> dict[str, str]:
    """The newest of all readings of a city; nothing when it has no store of them."""
    with _opened(folder) as observations:
        if observations is None:
            return {}
        with observations.connection() as connection:
            (newest,) = connection.execute("SELECT max(id) FROM observations").fetchone()
    return {"readings": str(newest)}


def flood_readings(folder: Path, rain_s: float | None) -> dict[str, str]:
    """The latest levels of the water gauges, and of the rain sensors the readings of the last `rain_s`
    seconds before the newest; None: no rain of sensors."""
    with _opened(folder) as observations:
        if observations is None:
            return {}
        used = {"levels": _digest(observations, streams(observations, LEVEL), 0.0)}
        if rain_s is not None:
            measured = [stream for name in MEASURES for stream in streams(observations, name)]
            used["rain"] = _digest(observations, measured, rain_s + AROUND * STEP_S)
    return used


def weather_readings(folder: Path, length_s: float) -> dict[str, str]:
    """The readings of irradiance and air of the last so many seconds before the newest."""
    from analysis.weather.sensors import weather_streams

    with _opened(folder) as observations:
        if observations is None:
            return {}
        return {"weather": _digest(observations, weather_streams(observations), length_s)}


def latest_readings(folder: Path, properties: Sequence[str]) -> str:
    """The datastreams of some observed properties, and the latest reading of each."""
    with _opened(folder) as observations:
        if observations is None:
            return ""
        return _digest(observations, [s for name in properties for s in streams(observations, name)], 0.0)


def _digest(observations: Observations, found: Sequence[Stream], length_s: float) -> str:
    """Of what some datastreams are, their latest readings, and those of so many seconds before the newest."""
    digest = hashlib.sha256()
    latest = observations.latest([stream.id for stream in found]) if found else []
    for reading in latest:
        digest.update(orjson.dumps([reading.datastream, reading.time, reading.result, reading.flags]))
    end = max((reading.time for reading in latest), default=0)
    for stream in found:
        about = (stream.id, stream.unit, stream.place, stream.properties)
        digest.update(orjson.dumps(about, default=str))
        if length_s:
            for column in all_readings(observations, stream.id, end - round(length_s * _MICRO), end):
                digest.update(column.tobytes())
    return digest.hexdigest()


@contextmanager
def _opened(folder: Path) -> Iterator[Observations | None]:
    if not (folder / DATABASE).exists():
        yield None
        return
    with open_observations(folder) as observations:
        yield observations
