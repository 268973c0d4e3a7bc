"""Entities for the tests of SensorThings: bodies to send, and a small world of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.integration.sensorthings_server import Server

MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
COMPLEX = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"
POINT = {"type": "Point", "coordinates": [128.93, 35.13]}
CELSIUS = {"name": "degree Celsius", "symbol": "°C", "definition": "http://qudt.org/vocab/unit/DEG_C"}
PERCENT = {"name": "percent", "symbol": "%", "definition": "http://qudt.org/vocab/unit/PERCENT"}
Body = dict[str, Any]


def link(id: int) -> Body:
    return {"@iot.id": id}


def thing(name: str = "Station", **more: Any) -> Body:
    return {"name": name, "description": f"{name}, a thing", "properties": {"owner": "city"}, **more}


def location(name: str = "Roof", geometry: Body = POINT, **more: Any) -> Body:
    encoding = "application/vnd.geo+json"
    return {
        "name": name,
        "description": "where it is",
        "encodingType": encoding,
        "location": geometry,
        **more,
    }


def sensor(name: str = "DHT22") -> Body:
    metadata = "https://example.org/dht22.pdf"
    return {
        "name": name,
        "description": "a sensor",
        "encodingType": "application/pdf",
        "metadata": metadata,
        "properties": {"serial": 7},
    }


def observed_property(name: str = "Temperature") -> Body:
    return {"name": name, "description": "of the air", "definition": "https://example.org/temperature"}


def feature(name: str = "Air", geometry: Body = POINT) -> Body:
    return {
        "name": name,
        "description": "what is measured",
        "encodingType": "application/geo+json",
        "feature": geometry,
    }


def datastream(name: str = "Air temperature", **more: Any) -> Body:
    return {
        "name": name,
        "description": "degrees over time",
        "observationType": MEASUREMENT,
        "unitOfMeasurement": CELSIUS,
        **more,
    }


def whole_datastream(name: str = "Air temperature", **more: Any) -> Body:
    """With sensor and observed property inline."""
    return datastream(name, **{"Sensor": sensor(), "ObservedProperty": observed_property(), **more})


def multi_datastream(name: str = "Weather", **more: Any) -> Body:
    return {
        "name": name,
        "description": "temperature and humidity at once",
        "observationType": COMPLEX,
        "multiObservationDataTypes": [MEASUREMENT, MEASUREMENT],
        "unitOfMeasurements": [CELSIUS, PERCENT],
        **more,
    }


def observation(result: Any, time: str = "2024-05-01T00:00:00Z", **more: Any) -> Body:
    return {"phenomenonTime": time, "result": result, **more}


@dataclass
class World:
    """Ids of what was created. observations: by the hour of 2024-05-01, results 0 to 9."""

    thing: int
    location: int
    sensor: int
    observed_property: int
    feature: int
    datastream: int
    observations: list[int] = field(default_factory=list)


def make_world(server: Server) -> World:
    """One of each, created one by one, with ten observations."""
    place = server.create("/Locations", location())
    station = server.create("/Things", thing(Locations=[link(place)]))
    device = server.create("/Sensors", sensor())
    kind = server.create("/ObservedProperties", observed_property())
    air = server.create("/FeaturesOfInterest", feature())
    links = {"Thing": link(station), "Sensor": link(device), "ObservedProperty": link(kind)}
    stream = server.create("/Datastreams", datastream(**links))
    world = World(station, place, device, kind, air, stream)
    for hour in range(10):
        time = f"2024-05-01T{hour:02}:00:00Z"
        body = observation(hour, time, Datastream=link(stream), FeatureOfInterest=link(air))
        world.observations.append(server.create("/Observations", body))
    return world
