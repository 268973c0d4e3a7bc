"""Where one stands inside of a building: the cell, its storey and its doors (`/ar/indoor`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import numpy as np
import orjson
import shapely
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.ar_things import on_map
from api.auth import READ, require
from api.reply import reply
from api.routes.ar import At
from api.routes.ar_anchors import CurrentThings, as_json
from twin.areas import area
from twin.indoor import LAYER, Cell, Door, Inside
from twin.store import City

if TYPE_CHECKING:
    from tiles.ar.neighbourhood import Neighbourhood

router = APIRouter(prefix="/ar", tags=["augmented reality"], dependencies=[Depends(require(READ))])

_BUILDINGS = "buildings"


@router.get("/indoor")
def indoor(request: Request, at: At, kept: CurrentThings) -> Response:
    """The cell that a position is in, its neighbours with the doors to them, and the cells of its storey as
    polygons. Without a height the floor nearest to the ground is taken, and `storey_assumed` says so. Outside
    of all cells `inside` is false; `building` then names a building without cells that one is in, if any."""
    city = at.city
    here, origin = at.around(0.0)
    things = kept.things(city, here)
    point = on_map(here, origin)
    found = things.indoor.at(city, point, exact=not origin.on_ground)
    body: dict[str, Any] = {"origin": origin.describe()}
    if found is None:
        why = "the position is outside of all cells that the city knows"
        outside = {"inside": False, "why": why, "building": _building(city, here, point, ()), "cells": []}
        return reply(request, as_json(body | outside))
    inside, cell = found
    storey = [c for c in inside.cells.values() if c.storey == cell.storey]
    query = {
        "lat": at.lat,
        "lon": at.lon,
        "layers": LAYER if LAYER in here.layers else _BUILDINGS,
        "radius": 100,
    }
    body |= {
        "inside": True,
        "building": _building(city, here, point, inside.refers),
        "storey": cell.storey,
        "storey_assumed": origin.on_ground,
        "storeys": [{"storey": name, "cells": count} for name, count in inside.storeys().items()],
        "cell": _cell(here, cell),
        "neighbours": [_neighbour(here, inside, door) for door in cell.doors],
        "cells": [_feature(here, c) for c in storey],
        "scene": f"/ar/scene?{urlencode(query | ({} if at.height is None else {'height': origin.height}))}",
    }
    return reply(request, as_json(body))


def _cell(here: Neighbourhood, cell: Cell) -> dict[str, Any]:
    x, y, _ = cell.marker
    floor, ceiling = here.place.to_geographic(np.array([[x, y, cell.low], [x, y, cell.high]]))[:, 2].tolist()
    return {
        "id": cell.id,
        "name": cell.name,
        "class": cell.class_name,
        "function": cell.function,
        "storey": cell.storey,
        "floor": round(floor, 3),
        "ceiling": round(ceiling, 3),
        "position": _position(here, cell.marker),
        "object": f"/objects/{quote(cell.id)}",
    }


def _position(here: Neighbourhood, at: tuple[float, float, float]) -> list[float]:
    longitude, latitude, height = here.place.to_geographic(np.array([at]))[0].tolist()
    return [round(longitude, 9), round(latitude, 9), round(height, 3)]


def _neighbour(here: Neighbourhood, inside: Inside, door: Door) -> dict[str, Any]:
    """With where the door is, or null where the model has only the connection."""
    cell = inside.cells[door.to]
    return {
        "id": cell.id,
        "name": cell.name,
        "storey": cell.storey,
        "transition": door.transition,
        "boundary": door.boundary,
        "door": None if door.at is None else _position(here, door.at),
        "object": f"/objects/{quote(cell.id)}",
    }


def _feature(here: Neighbourhood, cell: Cell) -> dict[str, Any]:
    """A cell as a GeoJSON Feature in longitude and latitude, with its floor's height above the ellipsoid."""

    def placed(xy: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.round(here.place.to_geographic(np.column_stack([xy, np.full(len(xy), cell.low)])), 8)

    shape = shapely.transform(shapely.force_2d(cell.outline), lambda xy: placed(xy)[:, :2])
    return {
        "type": "Feature",
        "id": cell.id,
        "geometry": orjson.loads(shapely.to_geojson(shape)),
        "properties": {k: v for k, v in _cell(here, cell).items() if k not in ("id", "position")},
    }


def _building(
    city: City, here: Neighbourhood, at: np.ndarray[Any, np.dtype[np.float64]], refers: tuple[str, ...]
) -> dict[str, Any] | None:
    """What the cells say they are of, else the building whose outline holds the position (3,)."""
    for id in refers:
        if (stored := city.object(id)) is not None:
            return _whole(city, stored.id)
    if _BUILDINGS not in here.layers:
        return None
    rows, boxes = here.objects(city, _BUILDINGS)
    over = (boxes[:, :2] <= at[:2]).all(axis=1) & (boxes[:, 3:5] >= at[:2]).all(axis=1)
    point = shapely.Point(at[:2])
    for stored in city.fetch(rows[over]):
        outline = area(stored.decode(surface_attributes=False), lambda p: p[:, :2])
        if outline is not None and shapely.intersects(outline, point):
            return _whole(city, stored.id)
    return None


def _whole(city: City, id: str) -> dict[str, Any]:
    stored = city.object(id)
    assert stored is not None
    while stored.parent is not None and (above := city.object(stored.parent)) is not None:
        stored = above
    return {"id": stored.id, "object": f"/objects/{quote(stored.id)}"}
