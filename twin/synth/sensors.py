"""Sensors of the sample district: where they stand, and two recorded days of what they read.

Stations stand at the street furniture (poles, gauges, hydrants) and in buildings. Written as anybody's
files: a table of stations and one of readings, which a replay plays.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from citygml.crs import Georeference, choose_heights, parse
from citygml.model import Float64, Value
from twin.synth.buildings import place
from twin.synth.drape import Ground
from twin.synth.furniture import SORTS, furniture_objects
from twin.synth.readings import AIR, GAUGE, HYDRANT, METER, WEATHER, Weather, record
from twin.synth.terrain import CRS

HYDRANTS = 24
METERS = 60
"""At most so many have sensors: enough to see, few enough to read in at once."""
_STATIONS = ("station", "longitude", "latitude", "height", "kind", "objectId", "description")
_MOUNT = {"sensor": 3.0, "gauge": 1.2, "hydrant": 0.5, "meter": 1.5}
"""How high above its foot a sensor sits [m]."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place with a sensor. kind: as in `Thing.properties`; xyz: the city's coordinates [m]."""

    name: str
    kind: str
    object_id: str
    xyz: tuple[float, float, float]
    about: str
    size: float = 1.0


def write_sensors(ground: Ground, folder: Path) -> list[Path]:
    """`stations.csv` and `readings.csv` in the folder, the same for the same district."""
    folder.mkdir(parents=True, exist_ok=True)
    sites = [*_furniture(ground), *_meters(ground)]
    return [
        _write_stations(sites, folder / "stations.csv"),
        _write_readings(ground, sites, folder / "readings.csv"),
    ]


def _furniture(ground: Ground) -> Iterator[Site]:
    sorts = {pair: sort for sort, pair in SORTS.items()}
    hydrants = 0
    for object_ in furniture_objects(ground):
        attributes = object_.attributes
        sort = sorts[_code(attributes["class"]), _code(attributes["function"])]
        if sort not in ("sensor", "gauge", "hydrant"):
            continue
        name = str(attributes.get("name", ""))
        if sort == "hydrant":
            hydrants += 1
            if hydrants > HYDRANTS:
                continue
            name = f"소화전 {hydrants:02d}"
        kind = {"gauge": "stream-level", "hydrant": "hydrant"}.get(sort) or _pole(name)
        x, y, z = object_.implicit[0].anchor.tolist()
        about = str(attributes.get("name_en", f"Hydrant {hydrants:02d}"))
        yield Site(name, kind, object_.id, (x, y, z + _MOUNT[sort]), about)


def _pole(name: str) -> str:
    return "air" if name.startswith("대기질") else "weather" if name.startswith("기상") else "other"


def _meters(ground: Ground) -> Iterator[Site]:
    everything = place(ground)
    for placed in everything[:: max(1, len(everything) // METERS)][:METERS]:
        ring = ground.plan.frame.to_world(placed.spec.masses[0].footprint)
        x, y = ring.mean(axis=0).tolist()
        size = max(1.0, placed.spec.storeys * len(placed.spec.masses)) * (1 + placed.spec.households)
        yield Site(
            f"전력계 {placed.number:04d}", "meter", placed.id, (x, y, placed.ground + _MOUNT["meter"]),
            f"Electricity meter of {placed.spec.name_en}", float(np.sqrt(size)),
        )  # fmt: skip


def _code(value: Value) -> str:
    return str(getattr(value, "code", value))


def _write_stations(sites: list[Site], path: Path) -> Path:
    points = np.array([site.xyz for site in sites])
    crs = parse(CRS)
    places: Float64 = Georeference(
        crs, choose_heights(crs, np.stack([points.min(axis=0), points.max(axis=0)]))
    ).to_geographic(points)
    rows = [
        (site.name, f"{lon:.7f}", f"{lat:.7f}", f"{height:.2f}", site.kind, site.object_id, site.about)
        for site, (lon, lat, height) in zip(sites, places.tolist(), strict=True)
    ]
    return _write(path, [_STATIONS, *rows])


def _write_readings(ground: Ground, sites: list[Site], path: Path) -> Path:
    kinds = {"air": AIR, "weather": WEATHER, "stream-level": GAUGE, "hydrant": HYDRANT, "meter": METER}
    weather = Weather(ground.plan.rng(90))
    rows: list[tuple[str, ...]] = [("time", "station", "quantity", "unit", "value")]
    for n, site in enumerate(sites):
        if site.kind in kinds:
            series = record(kinds[site.kind], weather, ground.plan.rng(91, n), site.size, n)
            rows += [(time, site.name, name, unit, value) for name, unit, time, value in series]
    return _write(path, rows)


def _write(path: Path, rows: list[tuple[str, ...]]) -> Path:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="\n")
    return path
