"""The city as a whole: `/city` (what the viewer opens with), `/search`, and `/`."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from api.processes import RELATIONS
from api.routes.shared import CurrentCity, CurrentSettings
from api.titles import UNDERGROUND, layer_title
from twin.describe import geographic_bounds
from twin.licences import licences_of
from twin.observations import query as asked
from twin.observations.model import THING
from twin.place import city_crs, city_heights, georeference
from twin.search import search
from twin.store import City
from twin.store.records import Layer
from twin.timezone import timezone_within

router = APIRouter(tags=["city"])
_NAMED = 4  # files of a layer that are named, before their number stands for them


@router.get("/", include_in_schema=False)
def root(request: Request) -> Response:
    """The viewer for people, the landing page of OGC API for programs."""
    vary = {"vary": "accept"}
    if "text/html" in request.headers.get("accept", "text/html"):
        return RedirectResponse("viewer/", headers=vary)
    base = str(request.base_url).rstrip("/")
    links = [
        {"rel": "self", "href": f"{base}/", "type": "application/json"},
        {"rel": "service-desc", "href": f"{base}/openapi.json", "type": "application/vnd.oai.openapi+json"},
        {"rel": "service-doc", "href": f"{base}/docs", "type": "text/html"},
        {"rel": "conformance", "href": f"{base}/conformance", "type": "application/json"},
        {"rel": "data", "href": f"{base}/collections", "type": "application/json"},
        {"rel": f"{RELATIONS}/processes", "href": f"{base}/processes", "type": "application/json"},
        {"rel": f"{RELATIONS}/job-list", "href": f"{base}/jobs", "type": "application/json"},
    ]
    return JSONResponse({"title": "CityTwin", "links": links}, headers=vary)


@router.get("/viewer", include_in_schema=False)
def viewer() -> Response:
    """The folder of the viewer, whose pages are relative to it."""
    return RedirectResponse("viewer/")


@router.get("/city")
def describe_city(city: CurrentCity, settings: CurrentSettings, request: Request) -> dict[str, Any]:
    """Everything that a viewer needs to open: place, terrain, imagery, layers."""
    crs = city_crs(city) if city.get("crs") else None
    heights = city_heights(city)
    built = settings.city / "tiles"
    bbox = geographic_bounds(city)
    return {
        "name": city.get("name") or city.folder.stem,
        "title": _title(city),
        "crs": crs.name if crs else None,
        "heights": None
        if heights is None
        else {"method": heights.method, "name": heights.name, "note": heights.note},
        "bbox": bbox,
        "home": _home(city, bbox),
        "terrain": _terrain(city, built / "terrain"),
        "imagery": _imagery(built / "imagery"),
        "layers": [_layer(city, layer, built) for layer in city.layers()],
        "sensors": {"count": _sensors(request)},
        "timezone": settings.timezone or timezone_within(bbox),
        "base_map_url": settings.base_map_url,
    }


def _sensors(request: Request) -> int:
    """How many Things the readings know."""
    live = getattr(request.app.state, "live", None)
    if live is None:
        return 0
    return live.observations.page(asked.Route(THING), asked.Query(top=0, count=True)).count or 0


@router.get("/search")
def find(
    city: CurrentCity,
    q: Annotated[str, Query(min_length=1, max_length=200, description="part of an id, name or attribute")],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """Objects by id, name or attribute value."""
    return {"results": search(city, q, limit)}


def _title(city: City) -> str | dict[str, str]:
    """The city's name for people: one text, or one for each language (kept as JSON)."""
    title = city.get("title") or city.get("name") or city.folder.stem
    if title.startswith("{"):
        with suppress(ValueError):
            translated: dict[str, str] = json.loads(title)
            return translated
    return title


def _home(city: City, bbox: list[float] | None) -> dict[str, float] | None:
    """An oblique view of the whole city from the south."""
    bounds = city.bounds()
    if bbox is None or bounds is None:
        return None
    west, south, east, north = bbox
    middle = georeference(city).to_geographic(
        np.array([[(bounds[0] + bounds[3]) / 2, (bounds[1] + bounds[4]) / 2, bounds[2]]])
    )[0]
    width = math.radians(east - west) * 6_371_000 * math.cos(math.radians(middle[1]))
    height = math.radians(north - south) * 6_371_000
    return {
        "lon": float(middle[0]),
        "lat": float(middle[1]),
        "height": float(middle[2]),
        "heading": 20.0,
        "pitch": -35.0,
        "range": float(np.clip(1.1 * math.hypot(width, height), 150, 40_000)),
        "tall": bounds[5] - bounds[2],
    }


def _terrain(city: City, folder: Path) -> dict[str, Any] | None:
    if not (folder / "layer.json").exists():
        return None
    return {"url": "/terrain", "licence": licences_of(city.rasters("dem")) or None}


def _imagery(folder: Path) -> dict[str, Any] | None:
    try:
        described: dict[str, Any] = json.loads((folder / "imagery.json").read_bytes())
    except (OSError, ValueError):
        return None
    return {"url": "/imagery", **described}


def _layer(city: City, layer: Layer, built: Path) -> dict[str, Any]:
    sources = city.sources_of(layer.name)
    names = [source.name for source in sources]
    return {
        "id": layer.name,
        "title": layer_title(layer.name),
        "kind": "3dtiles",
        "objects": layer.objects,
        "classes": layer.classes,
        "source": ", ".join(names[:_NAMED]) + (f" +{len(names) - _NAMED}" if len(names) > _NAMED else ""),
        "date": max((source.read_at for source in sources), default=None),
        "licence": licences_of(sources) or None,
        "underground": layer.name in UNDERGROUND,
        **_tiles(city, layer.name, built / layer.name / "tileset.json"),
    }


def _tiles(city: City, layer: str, path: Path) -> dict[str, Any]:
    """Where a layer's tiles are and what they carry, or why there are none."""
    state, reason, url, attributes = "ready", None, None, []
    try:
        attributes = json.loads(path.read_bytes())["extras"]["attributes"]
        url = f"/tiles/{layer}/tileset.json"
    except FileNotFoundError:
        if city.bounds(layer) is None:
            state, reason = "empty", "none of its objects has geometry"
        else:
            state, reason = "untiled", "not tiled yet; run `twin tile`"
    except (OSError, ValueError, KeyError, TypeError) as error:
        state, reason = "failed", f"tileset.json is broken: {error!r}"
    return {"url": url, "state": state, "attributes": attributes, "reason": reason}
