"""Small cities with sensors for tests: Things in an observations database beside a city of boxes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import errors
from api.routes import fields, objects, sensors, values
from api.settings import Settings
from tests.unit.models import city, write
from twin.ingest import add_files
from twin.observations import model
from twin.observations.changes import Append, Create
from twin.observations.query import Route
from twin.observations.store import Observations
from twin.place import georeference
from twin.store import open_city

BOXES = {"a": (0.0, 0.0, 5.0), "b": (60.0, 0.0, 9.0), "c": (0.0, 200.0, 20.0)}
"""10 x 8 m buildings by their south-western corner [m from the origin] and height."""
ORIGIN = (176_000.0, 282_000.0)


def box_city(folder: Path, boxes: dict[str, tuple[float, float, float]] | None = None, **more: Any) -> Path:
    """A city of boxes in Busan; attributes: of the buildings by id."""
    source = write(folder / "source.json", city(boxes or BOXES, **more))
    add_files(folder / "x.twin", [source])
    return folder / "x.twin"


def degrees(folder: Path, x: float, y: float, z: float = 3.0) -> list[float]:
    """Longitude, latitude, ellipsoidal height of a place in metres from the origin."""
    with open_city(folder) as opened:
        place = georeference(opened).to_geographic(np.array([[ORIGIN[0] + x, ORIGIN[1] + y, z]]))
    return [float(v) for v in place[0]]


def thing(
    name: str = "station",
    position: list[float] | None = None,
    properties: dict[str, Any] | None = None,
    observed: str = "PM10",
    unit: str = "µg/m³",
    datastreams: int = 1,
) -> dict[str, Any]:
    """The body of a Thing with datastreams of one observed property."""
    body: dict[str, Any] = {
        "name": name,
        "description": name,
        "properties": properties or {},
        "Datastreams": [
            {
                "name": f"{name} {observed} {number + 1}" if number else f"{name} {observed}",
                "description": observed,
                "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                "unitOfMeasurement": {"name": unit, "symbol": unit, "definition": unit},
                "ObservedProperty": {
                    "name": observed,
                    "definition": f"urn:test:{observed}",
                    "description": "",
                },
                "Sensor": {
                    "name": "s",
                    "description": "s",
                    "encodingType": "text/html",
                    "metadata": "none",
                },
            }
            for number in range(datastreams)
        ],
    }
    if position is not None:
        body["Locations"] = [
            {
                "name": name,
                "description": name,
                "encodingType": "application/geo+json",
                "location": {"type": "Point", "coordinates": position},
            }
        ]
    return body


def add(obs: Observations, body: dict[str, Any]) -> int:
    """Create a Thing; its id."""
    made = obs.writer.submit(Create(Route(model.THING), body)).result()
    return int(made.id)


def datastreams_of(obs: Observations, thing: int) -> list[int]:
    with obs.connection() as connection:
        rows = connection.execute("SELECT id FROM datastreams WHERE thing = ? ORDER BY id", (thing,))
        return [r[0] for r in rows]


def read(obs: Observations, datastream: int, times: list[int], results: list[Any]) -> None:
    """Readings at times [s since 1970]."""
    obs.writer.submit(Append(datastream, [t * 1_000_000 for t in times], results)).result()


def client_of(folder: Path, obs: Observations, **settings: Any) -> TestClient:
    """A client of the routes that read sensors."""
    app = FastAPI()
    app.state.settings = Settings(city=folder, **settings)
    app.state.live = SimpleNamespace(observations=obs)
    for module in (sensors, values, fields, objects):
        app.include_router(module.router)
    errors.install(app)
    return TestClient(app)
