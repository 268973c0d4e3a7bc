"""OGC API Features: `/collections` and their items as GeoJSON, in longitude and latitude."""

from __future__ import annotations

import math
from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.processes import CONFORMANCE as PROCESSES
from api.routes.shared import CurrentCity, CurrentSettings, period
from api.titles import layer_title
from citygml.crs import Georeference
from citygml.model import Float64
from twin.describe import geographic_bounds
from twin.errors import ObjectNotFound, TwinError
from twin.footprints import footprint
from twin.place import georeference
from twin.store import City
from twin.store.records import Layer, StoredObject

router = APIRouter(tags=["features"])
_DIGITS = 8  # of a degree: a millimetre
CONFORMANCE = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
]
_PARAMETERS = {"limit", "offset", "bbox", "datetime"}
_NEAR = 1.0  # degrees around the city: where its coordinate system still serves, and what has ended may lie
_NOWHERE = (math.inf, math.inf, -math.inf, -math.inf)


class GeoJson(Response):
    media_type = "application/geo+json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


@router.get("/conformance")
def conformance() -> dict[str, Any]:
    """The conformance classes that this service implements."""
    return {"conformsTo": [*CONFORMANCE, *PROCESSES]}


@router.get("/collections")
def collections(request: Request, city: CurrentCity) -> dict[str, Any]:
    """The layers of the city."""
    base = str(request.base_url).rstrip("/")
    bbox = geographic_bounds(city)
    return {
        "links": [{"rel": "self", "href": f"{base}/collections", "type": "application/json"}],
        "collections": [_collection(base, layer, bbox) for layer in city.layers()],
    }


@router.get("/collections/{layer}")
def collection(layer: str, request: Request, city: CurrentCity) -> dict[str, Any]:
    """One layer."""
    return _collection(str(request.base_url).rstrip("/"), _layer(city, layer), geographic_bounds(city))


@router.get("/collections/{layer}/items", response_class=GeoJson)
def items(
    layer: str,
    request: Request,
    city: CurrentCity,
    settings: CurrentSettings,
    limit: Annotated[int, Query(ge=1)] = 100,
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
    bbox: Annotated[str | None, Query(description="west,south,east,north in degrees")] = None,
    datetime: Annotated[str | None, Query(description="a moment, or START/END with .. for open")] = None,
) -> GeoJson:
    """A page of a layer's objects as GeoJSON features with their footprints."""
    _layer(city, layer)
    unknown = request.query_params.keys() - _PARAMETERS
    if unknown:
        raise TwinError(f"unknown parameter {min(unknown)!r}; there are {', '.join(sorted(_PARAMETERS))}")
    limit = min(limit, settings.page_limit)
    place = georeference(city)
    box = None if bbox is None else _to_city(city, place, bbox)
    during = None if datetime is None else period(datetime)
    matched, page = city.page(layer, limit, offset, box, during)
    links = [{"rel": "self", "href": str(request.url), "type": "application/geo+json"}]
    starts = {"next": offset + limit} if offset + limit < matched else {}
    if offset > 0:
        starts["prev"] = max(0, offset - limit)
    for rel, start in starts.items():
        query = urlencode({**dict(request.query_params), "limit": limit, "offset": start})
        links.append({"rel": rel, "href": str(request.url.replace(query=query)), "type": GeoJson.media_type})
    return GeoJson(
        {
            "type": "FeatureCollection",
            "features": [_feature(stored, place) for stored in page],
            "numberMatched": matched,
            "numberReturned": len(page),
            "links": links,
        }
    )


@router.get("/collections/{layer}/items/{id:path}", response_class=GeoJson)
def item(layer: str, id: str, request: Request, city: CurrentCity) -> GeoJson:
    """One object as a GeoJSON feature."""
    stored = city.object(id)
    if stored is None or stored.layer != layer:
        raise ObjectNotFound(f"no object {id!r} in {layer!r}")
    collection = f"{str(request.base_url).rstrip('/')}/collections/{layer}"
    links = [
        {"rel": "self", "href": str(request.url), "type": GeoJson.media_type},
        {"rel": "collection", "href": collection, "type": "application/json"},
    ]
    return GeoJson({**_feature(stored, georeference(city)), "links": links})


def _layer(city: City, name: str) -> Layer:
    for layer in city.layers():
        if layer.name == name:
            return layer
    raise ObjectNotFound(f"no layer {name!r}")


def _collection(base: str, layer: Layer, bbox: list[float] | None) -> dict[str, Any]:
    href = f"{base}/collections/{layer.name}"
    return {
        "id": layer.name,
        "title": layer_title(layer.name)["en"],
        "itemType": "feature",
        **({"extent": {"spatial": {"bbox": [bbox]}}} if bbox else {}),
        "crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
        "links": [
            {"rel": "self", "href": href, "type": "application/json"},
            {"rel": "items", "href": f"{href}/items", "type": "application/geo+json"},
        ],
    }


def _feature(stored: StoredObject, place: Georeference) -> dict[str, Any]:
    def degrees(points: Float64) -> Float64:
        return np.round(place.to_geographic(points)[:, :2], _DIGITS)

    return {
        "type": "Feature",
        "id": stored.id,
        "geometry": footprint(stored.decode(), degrees),
        "properties": {
            "class": stored.class_name,
            "parent": stored.parent,
            **orjson.loads(stored.attributes_json),
        },
    }


def _to_city(city: City, place: Georeference, text: str) -> tuple[float, float, float, float]:
    """A box in degrees as a box in the city's coordinates that holds what of it lies near the city."""
    try:
        values = [float(v) for v in text.split(",")]
    except ValueError:
        values = []
    if len(values) == 6:
        values = [values[0], values[1], values[3], values[4]]
    if len(values) != 4 or not np.isfinite(values).all() or values[1] > values[3]:
        raise TwinError(f"bbox: {text!r} is not west,south,east,north")
    west, south, east, north = values
    around = geographic_bounds(city)
    if around is not None:
        if west > east:  # across the antimeridian: the half on the city's side
            west, east = (west, 180.0) if around[2] >= west else (-180.0, east)
        west, south = max(west, around[0] - _NEAR), max(south, around[1] - _NEAR)
        east, north = min(east, around[2] + _NEAR), min(north, around[3] + _NEAR)
        if west > east or south > north:
            return _NOWHERE
    edge = [(lon, lat, 0.0) for lon in np.linspace(west, east, 5) for lat in np.linspace(south, north, 5)]
    points = place.from_geographic(np.array(edge))
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
