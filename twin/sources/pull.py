"""Readings from another SensorThings server, asked for again and again; only what is new comes over.

Of its Datastreams and MultiDatastreams all, those of a filter, or a few by their ids, whose readings go into
the Datastreams that dynamizers of the city's model have made. Features of interest do not come over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import numpy as np
import orjson

from twin.errors import QueryError, TwinError
from twin.observations.query import Interval
from twin.observations.times import format_instant, parse_instant, parse_interval, parse_time
from twin.sources.readings import MEASUREMENT, Quantity, Series, Station
from twin.sources.sink import Sink, Written

_PAGE = 1000
_OVERLAP = 3_600_000_000
"""Readings may arrive late by as much, and are still found [µs]."""
_BODY = 64 << 20
_WITHOUT = (400, 404, 405, 501)
"""What servers answer that have no MultiDatastreams."""
_ASKED = "phenomenonTime,result,resultTime,validTime,resultQuality,parameters"


@dataclass(frozen=True)
class Pull:
    """url: the root of the server, `https://…/v1.1`. where: a `$filter` of its Datastreams and
    MultiDatastreams. token: sent as bearer. interval: how long to wait between rounds [s]. since: how far
    back the first round asks [µs]. into: only these Datastreams, by id as it stands in a URL, and the
    dynamizer into whose Datastream the readings of each go."""

    url: str
    where: str | None = None
    token: str | None = None
    interval: float = 60.0
    since: int = 0
    timeout: float = 30.0
    into: Mapping[str, str] = field(default_factory=dict)

    def run(self, sink: Sink, stop: Event) -> None:
        """Bring in readings until `stop` is set. Raises TwinError when the server does not answer rightly."""
        while not stop.is_set():
            self.once(sink, stop)
            stop.wait(self.interval)

    def once(self, sink: Sink, stop: Event | None = None) -> Written:
        """One round, until `stop` is set. What came before an error stays."""
        written = Written()
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            with httpx.Client(headers=headers, timeout=self.timeout) as client:
                for series in self._series(client, sink):
                    written.add(sink.write([series]))
                    if stop is not None and stop.is_set():
                        break
        except httpx.HTTPStatusError as error:
            asked = error.request.url.path
            raise TwinError(
                f"{self.url}: the server answers {error.response.status_code} for {asked}"
            ) from error
        except httpx.HTTPError as error:
            raise TwinError(f"{self.url}: {error or type(error).__name__}") from error
        return written

    def _series(self, client: httpx.Client, sink: Sink) -> Iterator[Series]:
        root = self.url.rstrip("/")
        for id, dynamizer in self.into.items():
            known = Station(dynamizer, dynamizer), Quantity(id, id, id)
            yield from self._new(client, sink, f"{root}/Datastreams({id})/Observations", *known, dynamizer)
        if self.into:
            return
        for name, observed in (
            ("Datastreams", "ObservedProperty"),
            ("MultiDatastreams", "ObservedProperties"),
        ):
            options = {"$expand": f"Thing($expand=Locations),{observed}", "$top": "100"}
            if self.where:
                options["$filter"] = self.where
            for stream in self._streams(client, f"{root}/{name}", options):
                with self._understood():
                    quantity = _quantity(stream) if name == "Datastreams" else _quantities(stream)
                    station = _station(stream["Thing"])
                    link = self._inside(stream["Observations@iot.navigationLink"])
                yield from self._new(client, sink, link, station, quantity)

    def _streams(self, client: httpx.Client, link: str, options: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Datastreams, or MultiDatastreams, if the server knows these."""
        try:
            for page in self._pages(client, link, options):
                yield from page
        except httpx.HTTPStatusError as error:
            if not (link.endswith("/MultiDatastreams") and error.response.status_code in _WITHOUT):
                raise

    def _new(
        self,
        client: httpx.Client,
        sink: Sink,
        link: str,
        station: Station,
        quantity: Quantity,
        into: str | None = None,
    ) -> Iterator[Series]:
        """What one Datastream has since the latest that came over, and somewhat before."""
        reached = sink.reached(station, quantity, into)
        after = self.since if reached is None else reached - _OVERLAP
        asked = {
            "$filter": f"phenomenonTime ge {format_instant(after)}",
            "$orderby": "phenomenonTime asc",
            "$select": _ASKED,
            "$top": str(_PAGE),
        }
        for found in self._pages(client, link, asked):
            with self._understood():
                series = _readings(station, quantity, found, into)
            if len(series):
                yield series

    def _pages(
        self, client: httpx.Client, link: str, options: dict[str, str]
    ) -> Iterator[list[dict[str, Any]]]:
        params: dict[str, str] | None = options
        while True:
            document = self._get(client, link, params)
            yield document["value"]
            if "@iot.nextLink" not in document:
                return
            before, link, params = link, self._inside(document["@iot.nextLink"]), None
            if link == before:
                raise TwinError(f"{self.url}: a page names itself as the next")

    def _get(self, client: httpx.Client, link: str, params: dict[str, str] | None) -> dict[str, Any]:
        with client.stream("GET", link, params=params) as response:
            response.raise_for_status()
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _BODY:
                    raise TwinError(f"{self.url}: an answer of more than {_BODY >> 20} MiB")
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict) or not isinstance(document.get("value"), list):
            raise TwinError(f"{link}: not an answer of SensorThings")
        return document

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError, QueryError) as error:
            raise TwinError(f"{self.url}: its answers are not those of SensorThings") from error

    def _inside(self, link: str) -> str:
        """A link that the server gave, if it leads to the server: the token goes nowhere else."""
        base = f"{self.url.rstrip('/')}/"
        target = urljoin(base, link)
        if urlsplit(target)[:2] != urlsplit(base)[:2]:
            elsewhere = "://".join(urlsplit(target)[:2])
            raise TwinError(f"{self.url}: the server's links lead elsewhere, to {elsewhere}")
        return target


def _readings(station: Station, quantity: Quantity, found: list[dict[str, Any]], into: str | None) -> Series:
    times = [parse_time(item["phenomenonTime"]) for item in found]
    starts = [time.start if isinstance(time, Interval) else time.micros for time in times]
    ends = [time.end if isinstance(time, Interval) else None for time in times]
    given = [item.get("resultTime") for item in found]
    valid = [item.get("validTime") for item in found]
    return Series(
        station,
        quantity,
        np.array(starts, np.int64),
        [item["result"] for item in found],
        ends,
        [None if time is None else parse_instant(time) for time in given],
        [None if time is None else parse_interval(time) for time in valid],
        [item.get("resultQuality") for item in found],
        [item.get("parameters") for item in found],
        into,
    )


def _station(thing: dict[str, Any]) -> Station:
    key, name = str(thing["@iot.id"]), str(thing["name"])
    properties = dict(thing.get("properties") or {})
    for location in thing.get("Locations") or ():
        shape = location.get("location") or {}
        point = shape.get("geometry", shape) if isinstance(shape, dict) else {}
        if isinstance(point, dict) and point.get("type") == "Point":
            lon, lat, *rest = map(float, point["coordinates"])
            height = rest[0] if rest else None
            return Station(key, name, str(thing.get("description", "")), lon, lat, height, properties)
    return Station(key, name, str(thing.get("description", "")), properties=properties)


def _quantity(stream: dict[str, Any]) -> Quantity:
    """Kept apart by the stream, so that two of one property at one Thing stay two."""
    return _of(
        str(stream["@iot.id"]),
        stream["ObservedProperty"],
        stream.get("unitOfMeasurement") or {},
        stream.get("observationType"),
    )


def _quantities(stream: dict[str, Any]) -> Quantity:
    """What a MultiDatastream observes. Its id may be that of a Datastream as well."""
    key, observed = f"multi {stream['@iot.id']}", stream["ObservedProperties"]
    units, types = stream["unitOfMeasurements"], stream["multiObservationDataTypes"]
    parts = tuple(
        _of(key, one, unit or {}, type) for one, unit, type in zip(observed, units, types, strict=True)
    )
    if not parts:
        raise ValueError
    name = str(stream.get("name") or ", ".join(part.name for part in parts))
    return Quantity(key, name, "", parts=parts)


def _of(key: str, observed: dict[str, Any], unit: dict[str, Any], type: Any) -> Quantity:
    return Quantity(
        key, str(observed["name"]), str(observed["definition"]),
        str(unit.get("name") or ""), str(unit.get("symbol") or ""), str(unit.get("definition") or ""),
        str(type or MEASUREMENT),
    )  # fmt: skip
