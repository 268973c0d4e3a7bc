"""A street for tests of what AR apps ask for: a wall, a river, a bridge, hydrants, a bench.

In metres east and north of an origin in Busan, where the map's north is not true north, on level ground 3 m
above the sea, with a terrain model. The wall runs along x = 40 to 48 from y = -60 to 60; the river along
x = 100 to 110, with a bridge at y = 80 to 86.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

from tests.unit.models import BOX_FACES, BOX_SURFACES, box, write
from tests.unit.sensor_models import ORIGIN, add, datastreams_of, degrees, read, thing
from twin.ingest import add_files
from twin.link.things import link_things
from twin.observations.store import open_observations

GROUND = 3.0
WALL = (40.0, -60.0, 8.0, 120.0)
RIVER = (100.0, -200.0, 10.0, 400.0)
BRIDGE = (96.0, 80.0, 18.0, 6.0)
"""x, y, width, depth."""
HYDRANTS = {"h-behind": (60.0, 0.0), "h-open": (-75.0, 0.0), "h-island": (140.0, 0.0), "h-dead": (-20.0, 0.0)}
SURVEY = (10.0, 20.0)
PUMP = (115.0, -100.0)
"""On the far bank, a long way from the bridge and from the river's end."""
ACCURACY = 0.02


def street(folder: Path) -> Path:
    """The city. h-dead has a sensor that was never heard, h-open one that reads; a weather station at (0, 30)
    stands for itself."""
    vertices: list[list[float]] = []
    objects: dict[str, Any] = {}

    def solid(id: str, type: str, place: tuple[float, ...], height: float, **attributes: Any) -> None:
        x, y, width, depth = place
        first = len(vertices)
        vertices.extend(box(ORIGIN[0] + x, ORIGIN[1] + y, GROUND, width, depth, height))
        faces = [[[first + k for k in face]] for face in BOX_FACES]
        surfaces = {"surfaces": [{"type": name} for name in BOX_SURFACES], "values": [list(range(6))]}
        geometry = {"type": "Solid", "lod": "2", "boundaries": [faces], "semantics": surfaces}
        objects[id] = {"type": type, "attributes": attributes, "geometry": [geometry]}

    def flat(id: str, type: str, place: tuple[float, ...]) -> None:
        x, y, width, depth = place
        first = len(vertices)
        vertices.extend(box(ORIGIN[0] + x, ORIGIN[1] + y, GROUND, width, depth, 0.0)[:4])
        surface = {"type": "MultiSurface", "lod": "1", "boundaries": [[[first + k for k in range(4)]]]}
        objects[id] = {"type": type, "geometry": [surface]}

    def point(id: str, x: float, y: float, **attributes: Any) -> None:
        vertices.append([ORIGIN[0] + x, ORIGIN[1] + y, GROUND])
        geometry = {"type": "MultiPoint", "lod": "1", "boundaries": [len(vertices) - 1]}
        objects[id] = {"type": "CityFurniture", "attributes": attributes, "geometry": [geometry]}

    solid("wall", "Building", WALL, 10.0)
    solid("school", "Building", (-40.0, 90.0, 20.0, 20.0), 9.0, function="10000")
    flat("river", "WaterBody", RIVER)
    flat("bridge", "Bridge", BRIDGE)
    for id, (x, y) in HYDRANTS.items():
        point(id, x, y, function="hydrant")
    point("point-1", *SURVEY, function="survey point", positionAccuracy=ACCURACY)
    point("pump", *PUMP, function="pump")
    vertices.append([ORIGIN[0] + 5.0, ORIGIN[1] - 10.0, GROUND])
    quarter = [0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    instance = {
        "type": "GeometryInstance",
        "template": 0,
        "boundaries": [len(vertices) - 1],
        "transformationMatrix": quarter,
    }
    objects["bench 1"] = {
        "type": "CityFurniture",
        "attributes": {"function": "bench"},
        "geometry": [instance],
    }
    seat = {"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 2, 3]]]}
    document = {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001] * 3, "translate": [0, 0, 0]},
        "metadata": {"referenceSystem": "EPSG:5187+5193", "title": "A street"},
        "CityObjects": objects,
        "vertices": [[round(v * 1000) for v in vertex] for vertex in vertices],
        "geometry-templates": {
            "templates": [seat],
            "vertices-templates": [[-1, -0.2, 0.4], [1, -0.2, 0.4], [1, 0.2, 0.4], [-1, 0.2, 0.4]],
        },
    }
    city = folder / "x.twin"
    add_files(city, [write(folder / "source.json", document), terrain(folder / "terrain.tif")])
    _sensors(city)
    return city


def terrain(path: Path) -> Path:
    """Level ground, 5 m lower in the bed of the river."""
    heights = np.full((300, 300), GROUND, np.float32)
    west, north = ORIGIN[0] - 300.0, ORIGIN[1] + 300.0
    heights[:, int(300 + RIVER[0] + 2) // 2 : int(300 + RIVER[0] + RIVER[2] - 2) // 2] = GROUND - 5.0
    profile = {"driver": "GTiff", "count": 1, "width": 300, "height": 300, "dtype": "float32"}
    with rasterio.open(
        path, "w", **profile, crs="EPSG:5187", transform=from_origin(west, north, 2.0, 2.0)
    ) as file:
        file.write(heights, 1)
    return path


def _sensors(city: Path) -> None:
    with open_observations(city) as obs:
        for name, id in (("dead", "h-dead"), ("sound", "h-open")):
            made = add(obs, thing(name, degrees(city, *HYDRANTS[id]), {"objectId": id, "kind": "hydrant"}))
            if name == "sound":
                now = int(time.time())
                read(obs, datastreams_of(obs, made)[0], [now - 60, now - 30], [4.0, 4.1])
        lone = add(obs, thing("weather", degrees(city, 0.0, 30.0)[:2], {"kind": "weather"}, observed="rain"))
        read(obs, datastreams_of(obs, lone)[0], [int(time.time()) - 30], [0.0])
        link_things(city, obs)


def at(city: Path, x: float, y: float) -> dict[str, float]:
    """A position as the doors take it."""
    longitude, latitude, _ = degrees(city, x, y)
    return {"lon": longitude, "lat": latitude}
