"""Things with a place of their own as anchors: each with an OGC GeoPose, and its place in a scene's frame."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from api.ar_things import Things, of_objects, on_map, sensor_json
from citygml.crs import frame_matrix, geographic_to_ecef
from citygml.model import CityObject, Float64
from twin.assets import KINDS, Asset
from twin.errors import EntityNotFound
from twin.geopose import basic_quaternion, grid_angles, turn_of
from twin.link.stations import Station
from twin.store import City

if TYPE_CHECKING:
    from tiles.ar.neighbourhood import Neighbourhood
    from tiles.ar.origin import Origin

FURNITURE, SENSOR, INDOOR = "furniture", "sensor", "indoor"
TYPES = (*KINDS, FURNITURE, SENSOR, INDOOR)
GEOPOSE = "OGC GeoPose 1.0 Basic-Quaternion"
AXES = "geopose: x east, y north, z up there; local: x east, y up, z south of the origin [m]"


@dataclass(frozen=True)
class Anchors:
    """Nearest first. left_out: how many more there were."""

    anchors: list[dict[str, Any]]
    left_out: int

    def enveloped(self, origin: Origin, radius: float, types: Collection[str]) -> dict[str, Any]:
        """With what is to be known of them."""
        return {
            "geopose": GEOPOSE,
            "axes": AXES,
            "origin": origin.describe(),
            "radius": radius,
            "types": list(types),
            "count": len(self.anchors),
            "left_out": self.left_out,
            "anchors": self.anchors,
        }


@dataclass(frozen=True)
class _Place:
    """at: (3,) longitude, latitude [degrees], height above the ellipsoid [m]. placed: what tells where."""

    at: Float64
    placed: str
    turn: Float64 | None = None


def chosen_types(text: str | None) -> tuple[str, ...]:
    """Raises EntityNotFound for a type that there is not."""
    if text is None:
        return TYPES
    asked = tuple(dict.fromkeys(name.strip().casefold() for name in text.split(",") if name.strip()))
    unknown = [name for name in asked if name not in TYPES]
    if unknown:
        raise EntityNotFound(f"there are no anchors of type {unknown[0]!r}; there are {', '.join(TYPES)}")
    return asked


def anchors_around(
    city: City,
    here: Neighbourhood,
    things: Things,
    origin: Origin,
    radius: float,
    types: Collection[str],
    stations: list[Station],
    limit: int,
) -> Anchors:
    """The anchors of some types whose place is at most radius [m] from the origin on the map.

    stations: at least those in reach. Sensors that belong to an object are told with it as well.
    """
    watching = of_objects(stations)
    found = [
        *_assets(city, here, things, origin, radius, types, watching),
        *(_stations(city, here, stations) if SENSOR in types else ()),
        *(_cells(city, here, things, origin, radius) if INDOOR in types else ()),
    ]
    local = _in_frame(origin, np.array([place.at for _, place in found]).reshape(-1, 3))
    away = np.hypot(local[:, 0], local[:, 2]).tolist()
    placed = list(zip((entry for entry, _ in found), np.round(local, 3).tolist(), away, strict=True))
    near = sorted((p for p in placed if p[2] <= radius), key=lambda p: (p[2], p[0]["type"], p[0]["id"]))
    anchors = [
        entry | {"local": local, "distance": round(distance, 2)} for entry, local, distance in near[:limit]
    ]
    return Anchors(anchors, len(near) - len(anchors))


def _in_frame(origin: Origin, at: Float64) -> Float64:
    """(n, 3) x east, y up, z south of the origin [m], as in a scene, of (n, 3) places on the globe."""
    frame = frame_matrix(np.array([origin.longitude, origin.latitude, origin.height]))
    local = (geographic_to_ecef(at) - frame[:3, 3]) @ frame[:3, :3]
    return local[:, [0, 2, 1]] * [1.0, 1.0, -1.0] + 0.0


def _entry(
    id: str, type: str, title: str, place: _Place, object_id: str | None, accuracy: float | None = None
) -> dict[str, Any]:
    longitude, latitude, height = place.at.tolist()
    return {
        "id": id,
        "type": type,
        "title": title,
        "geopose": basic_quaternion(longitude, latitude, height, place.turn),
        "oriented": place.turn is not None,
        "placed": place.placed,
        "object": None if object_id is None else f"/objects/{quote(object_id)}",
        "accuracy": accuracy,
    }


def _assets(
    city: City,
    here: Neighbourhood,
    things: Things,
    origin: Origin,
    radius: float,
    types: Collection[str],
    watching: dict[str, list[Station]],
) -> Iterator[tuple[dict[str, Any], _Place]]:
    """Buildings are left out: they have an extent, and no one place."""
    at = on_map(here, origin)[:2]
    away = np.hypot(*((things.assets.feet[:, :2] - at) * np.array(here.scale)).T)
    near = [things.assets.all[n] for n in np.flatnonzero(away <= radius * 1.01 + 5).tolist()]
    chosen = [a for a in near if a.layer != "buildings" and type_of(a) in types]
    objects = [stored.decode(surface_attributes=False) for stored in city.fetch([a.row for a in chosen])]
    points, sources, matrices = [], [], []
    for asset, obj in zip(chosen, objects, strict=True):
        point, source, matrix = _placed(asset, obj)
        points.append(point)
        sources.append(source)
        matrices.append(matrix)
    every = np.array(points, float).reshape(-1, 3)
    places, angles = here.place.to_geographic(every), grid_angles(here.place, every)
    for asset, at3, source, matrix, angle in zip(chosen, places, sources, matrices, angles, strict=True):
        where = _Place(at3, source, None if matrix is None else turn_of(matrix, float(angle)))
        title = asset.name or (asset.words[0] if asset.words else asset.id)
        entry = _entry(asset.id, type_of(asset), title, where, asset.id, asset.accuracy)
        yield entry | {"sensors": [sensor_json(s) for s in watching.get(asset.id, ())]}, where


def _placed(asset: Asset, obj: CityObject) -> tuple[Float64, str, Float64 | None]:
    """Where it is (3,) in the city's coordinates, what tells so, and how it is turned (4, 4), if known."""
    if obj.implicit:
        return obj.implicit[0].anchor, "reference point", obj.implicit[0].matrix
    if obj.geometries and obj.geometries[0].type == "MultiPoint":
        return obj.geometries[0].vertices[0], "point", None
    return np.array(asset.foot), "foot of its box", None


def type_of(asset: Asset) -> str:
    return next((kind for kind in KINDS if kind in asset.kinds), FURNITURE)


def _stations(
    city: City, here: Neighbourhood, stations: list[Station]
) -> Iterator[tuple[dict[str, Any], _Place]]:
    for station in stations:
        if station.longitude is None or station.latitude is None:
            continue
        height, placed = station.height, "location"
        if height is None:
            height, placed = here.ground(city, station.longitude, station.latitude), "location, on the ground"
        if height is None:
            continue
        where = _Place(np.array([station.longitude, station.latitude, height]), placed)
        entry = _entry(f"thing-{station.id}", SENSOR, station.name, where, station.object_id)
        yield entry | {"sensors": [sensor_json(station)]}, where


def _cells(
    city: City, here: Neighbourhood, things: Things, origin: Origin, radius: float
) -> Iterator[tuple[dict[str, Any], _Place]]:
    at = on_map(here, origin)[:2]
    cells = things.indoor.near(city, at, radius * 1.01 + 5, here.scale)
    places = here.place.to_geographic(np.array([cell.marker for cell in cells], float).reshape(-1, 3))
    for cell, at3 in zip(cells, places, strict=True):
        where = _Place(at3, "marker of a cell")
        entry = _entry(f"cell-{cell.id}", INDOOR, cell.name, where, cell.id)
        yield entry | {"storey": cell.storey, "sensors": []}, where
