"""Small worlds of Things and Datastreams for the tests of the observation store."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twin.observations import model
from twin.observations.changes import Call as CallWith
from twin.observations.changes import Change, Create
from twin.observations.query import Call, Expression, Literal, Query, Route, Step
from twin.observations.query import Path as At
from twin.observations.store import Observations, open_observations

EPOCH = 1_700_000_000_000_000
SECOND = 1_000_000


def location(name: str = "here", x: float = 127.0, y: float = 37.0) -> dict[str, Any]:
    return {
        "name": name,
        "description": "",
        "encodingType": "application/geo+json",
        "location": {"type": "Point", "coordinates": [x, y]},
    }


def datastream(name: str = "stream", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": "",
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        "unitOfMeasurement": {"name": "metre", "symbol": "m", "definition": "ucum:m"},
        "Sensor": {"name": "gauge", "description": "", "encodingType": "text/html", "metadata": "none"},
        "ObservedProperty": {"name": "level", "description": "", "definition": "http://example.org/level"},
        **more,
    }


def thing(name: str = "thing", streams: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": "",
        "Locations": [location()],
        "Datastreams": [datastream(f"{name} {i}") for i in range(streams)],
        **more,
    }


@contextmanager
def world(folder: Path, things: int = 1, streams: int = 1) -> Iterator[Observations]:
    """A store with Things 1…, each with so many Datastreams."""
    with open_observations(folder) as observations:
        for i in range(things):
            make(observations, "Things", thing(f"thing {i}", streams))
        yield observations


def do(observations: Observations, change: Change) -> Any:
    return observations.writer.submit(change).result(timeout=30)


def make(observations: Observations, path: str, body: dict[str, Any]) -> int:
    return int(do(observations, Create(route(path), body)).id)


def route(path: str) -> Route:
    """`Things(1)/Datastreams` as a route."""
    first, *rest = path.split("/")
    name, id = _part(first)
    entity_type = model.ENTITY_SETS[name]
    return Route(entity_type, id, tuple(Step(*_part(part)) for part in rest))


def _part(text: str) -> tuple[str, int | None]:
    name, _, id = text.rstrip(")").partition("(")
    return name, int(id) if id else None


def path(text: str) -> At:
    return At(tuple(text.split("/")))


def call(function: str, *arguments: Any) -> Call:
    """A call; text beginning with / is a path, all else a literal."""
    return Call(function, tuple(map(_expression, arguments)))


def _expression(value: Any) -> Expression:
    if isinstance(value, (Call, At, Literal)):
        return value
    return path(value[1:]) if isinstance(value, str) and value.startswith("/") else Literal(value)


def count(observations: Observations, name: str = "Observations") -> int:
    page = observations.page(route(name), Query(count=True, top=0))
    assert page.count is not None
    return page.count


def held(observations: Observations) -> threading.Event:
    """Keep the writer busy until the event is set, so that what follows is one group."""
    release, begun = threading.Event(), threading.Event()

    def wait(connection: sqlite3.Connection) -> None:
        begun.set()
        release.wait(10)

    observations.writer.submit(CallWith(wait))
    assert begun.wait(10)
    return release
