"""`$resultFormat` GeoJSON and CSV: entities with what was expanded in them as features or as lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from api.sensorthings.exchange import dumps
from api.sensorthings.options import Options
from api.sensorthings.render import plain
from twin.observations.model import Kind
from twin.observations.query import Entity, Page

GEOJSON = "application/geo+json"
CSV = "text/csv; charset=utf-8; header=present"
_GEOMETRIES = frozenset(
    (
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    )
)


def feature_collection(page: Page, options: Options, next_link: str | None) -> dict[str, Any]:
    """A page as a GeoJSON FeatureCollection."""
    shown: dict[str, Any] = {"type": "FeatureCollection"}
    if page.count is not None:
        shown["@iot.count"] = page.count
    if next_link is not None:
        shown["@iot.nextLink"] = next_link
    shown["features"] = [feature(entity, options) for entity in page.entities]
    return shown


def feature(entity: Entity, options: Options) -> dict[str, Any]:
    """Its own geometry or the nearest one among what was expanded; null when there is none."""
    return {
        "type": "Feature",
        "id": entity.id,
        "geometry": _geometry(entity),
        "properties": dict(_flat(entity, options, without_geometry=True)),
    }


def _geometry(entity: Entity) -> dict[str, Any] | None:
    level = [entity]
    while level:
        for candidate in level:
            found = _own_geometry(candidate)
            if found is not None:
                return found
        level = [
            inner
            for outer in level
            for target in outer.links.values()
            for inner in (target.entities if isinstance(target, Page) else [target])
            if inner is not None
        ]
    return None


def _own_geometry(entity: Entity) -> dict[str, Any] | None:
    for property in entity.type.properties:
        value = entity.values.get(property.name)
        if property.kind is Kind.geometry and isinstance(value, dict):
            geometry = value.get("geometry") if value.get("type") == "Feature" else value
            if isinstance(geometry, dict) and geometry.get("type") in _GEOMETRIES:
                return geometry
    return None


def lines(page: Page, options: Options) -> bytes:
    """A page as CSV; what is nested becomes columns such as `Datastream/unitOfMeasurement/name`."""
    rows = [dict(_flat(entity, options, without_geometry=False)) for entity in page.entities]
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dumps(value).decode()


def _flat(
    entity: Entity, options: Options, without_geometry: bool, prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    select = options.select
    if select is None or "id" in select:
        yield f"{prefix}id", entity.id
    for property in entity.type.properties:
        if select is not None and property.name not in select:
            continue
        if without_geometry and property.kind is Kind.geometry:
            continue
        value = plain(entity.values.get(property.name))
        if isinstance(value, dict) and property.kind is not Kind.geometry:
            yield from ((f"{prefix}{property.name}/{key}", inner) for key, inner in value.items())
        elif value is not None or property.required:
            yield f"{prefix}{property.name}", value
    for link, inner in options.expand.items():
        target = entity.links.get(link)
        if isinstance(target, Entity):
            yield from _flat(target, inner, without_geometry, f"{prefix}{link}/")
        elif isinstance(target, Page):
            for place, one in enumerate(target.entities):
                yield from _flat(one, inner, without_geometry, f"{prefix}{link}/{place}/")
