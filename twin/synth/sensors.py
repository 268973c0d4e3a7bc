"""Sensors of the sample district: where they stand, and two recorded days of what they read.

Stations stand at the street furniture (poles, lamps, gauges, hydrants) and in buildings. Written as anybody's
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
from citygml.model import CityObject, Float64, Value
from twin.synth.buildings import place
from twin.synth.drainage import make_network
from twin.synth.drape import Ground
from twin.synth.furniture import SORTS, furniture_objects
from twin.synth.readings import AIR, GAUGE, HYDRANT, METER, NOISE, WEATHER, Quantity, Weather, drain, record
from twin.synth.terrain import CRS

HYDRANTS = 24
METERS = 60
LAMPS = 14
"""At most so many have sensors: enough to see, few enough to read in at once."""
_STATIONS = ("station", "longitude", "latitude", "height", "kind", "objectId", "description")
_MOUNT = {"sensor": 3.0, "gauge": 1.2, "hydrant": 0.5, "meter": 1.5, "lamp": 3.5}
"""How high above its foot a sensor sits [m]."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place with a sensor. kind: as in `Thing.properties`; xyz: the city's coordinates [m]. size: of what
    it measures, such as a household's share or how dusty the street is; 1 for the usual. quantities: what it
    reads, if that is not what all of its kind do."""

    name: str
    kind: str
    object_id: str
    xyz: tuple[float, float, float]
    about: str
    size: float = 1.0
    quantities: tuple[Quantity, ...] = ()


def write_sensors(ground: Ground, folder: Path) -> list[Path]:
    """`stations.csv` and `readings.csv` in the folder, the same for the same district."""
    folder.mkdir(parents=True, exist_ok=True)
    sites = [*_furniture(ground), *_meters(ground), _drain_gauge(ground)]
    return [
        write_stations(sites, folder / "stations.csv"),
        _write_readings(ground, sites, folder / "readings.csv"),
    ]


def _furniture(ground: Ground) -> Iterator[Site]:
    sorts = {pair: sort for sort, pair in SORTS.items()}
    items: dict[str, list[CityObject]] = {sort: [] for sort in SORTS}
    for object_ in furniture_objects(ground):
        attributes = object_.attributes
        items[sorts[_code(attributes["class"]), _code(attributes["function"])]].append(object_)
    for number, hydrant in enumerate(items["hydrant"][:HYDRANTS], 1):
        yield _site(hydrant, "hydrant", "hydrant", f"소화전 {number:02d}", f"Hydrant {number:02d}")
    bounds = ground.plan.world_bounds()
    for number, lamp in enumerate(items["lamp"][:: max(1, len(items["lamp"]) // LAMPS)][:LAMPS], 1):
        name, about = f"미세먼지 {number:02d}", f"Fine dust sensor {number:02d} on a street lamp"
        yield _site(lamp, "lamp", "air", name, about, _dustiness(lamp, bounds))
    for sort in ("sensor", "gauge"):
        for item in items[sort]:
            name = str(item.attributes["name"])
            kind = "stream-level" if sort == "gauge" else _pole(name)
            size = _dustiness(item, bounds) if kind == "air" else 1.0
            yield _site(item, sort, kind, name, str(item.attributes["name_en"]), size)


def _dustiness(object_: CityObject, bounds: tuple[float, float, float, float]) -> float:
    """More dust towards the south-east of the district, where its busiest roads are taken to be."""
    west, south, east, north = bounds
    x, y = map(float, object_.implicit[0].anchor[:2])
    return 0.7 + 0.4 * (x - west) / (east - west) + 0.4 * (north - y) / (north - south)


def _site(object_: CityObject, sort: str, kind: str, name: str, about: str, size: float = 1.0) -> Site:
    x, y, z = object_.implicit[0].anchor.tolist()
    return Site(name, kind, object_.id, (x, y, z + _MOUNT[sort]), about, size)


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


def _drain_gauge(ground: Ground) -> Site:
    """In the last manhole before the first stream, in the street in the middle."""
    network = make_network(ground)
    name = f"J0-0-{ground.plan.rows // 2}"
    conduit = next(c for c in network.conduits if c.start.name == name)
    node, slope = conduit.start, (conduit.start.invert - conduit.low) / conduit.length
    x, y = ground.plan.frame.to_world(node.xy[None])[0].tolist()
    return Site(
        f"우수관 수위계 {name}", "other", f"manhole-{name}", (x, y, node.ground),
        f"Level gauge in the storm drain at manhole {name}",
        quantities=drain(node.area, conduit.diameter, slope),
    )  # fmt: skip


def _code(value: Value) -> str:
    return str(getattr(value, "code", value))


def write_stations(sites: list[Site], path: Path, interval: int | None = None) -> Path:
    """A table of where sensors are. interval: how often they are heard of [s], where that is not how often
    they read."""
    points = np.array([site.xyz for site in sites])
    crs = parse(CRS)
    places: Float64 = Georeference(
        crs, choose_heights(crs, np.stack([points.min(axis=0), points.max(axis=0)]))
    ).to_geographic(points)
    rows = [
        (site.name, f"{lon:.7f}", f"{lat:.7f}", f"{height:.2f}", site.kind, site.object_id, site.about)
        for site, (lon, lat, height) in zip(sites, places.tolist(), strict=True)
    ]
    if interval is None:
        return _write(path, [_STATIONS, *rows])
    return _write(path, [(*_STATIONS, "expectedInterval"), *((*row, str(interval)) for row in rows)])


def _write_readings(ground: Ground, sites: list[Site], path: Path) -> Path:
    kinds = {
        "air": AIR, "weather": WEATHER, "stream-level": GAUGE, "hydrant": HYDRANT, "meter": METER,
        "other": NOISE,
    }  # fmt: skip
    weather = Weather(ground.plan.rng(90))
    rows: list[tuple[str, ...]] = [("time", "station", "quantity", "unit", "value")]
    for n, site in enumerate(sites):
        quantities = site.quantities or kinds[site.kind]
        series = record(quantities, weather, ground.plan.rng(91, n), site.size, n)
        rows += [(time, site.name, name, unit, value) for name, unit, time, value in series]
    return _write(path, rows)


def _write(path: Path, rows: list[tuple[str, ...]]) -> Path:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="\n")
    return path
