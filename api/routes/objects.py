"""One object: `/objects/{id}` and its history."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
from fastapi import APIRouter

from api.routes.shared import CurrentCity
from citygml.errors import CityModelError
from citygml.geometry import polygon_areas
from citygml.model import CityObject
from twin.errors import ObjectNotFound, TwinError
from twin.place import georeference, metres_per_unit
from twin.store import City
from twin.store.records import StoredObject

router = APIRouter(tags=["objects"])


@router.get("/objects/{id:path}/history")
def history(id: str, city: CurrentCity) -> dict[str, Any]:
    """All versions of an object, oldest first."""
    versions = city.history(id)
    if not versions:
        raise ObjectNotFound(f"no object {id!r}")
    return {
        "id": id,
        "versions": [
            {
                "valid_from": v.valid_from,
                "valid_to": v.valid_to,
                "class": v.class_name,
                "source": v.source,
                "attributes": orjson.loads(v.attributes_json),
            }
            for v in versions
        ],
    }


@router.get("/objects/{id:path}")
def one(id: str, city: CurrentCity) -> dict[str, Any]:
    """An object with its attributes (units and code names included), surfaces, parts, source and findings."""
    stored = city.object(id)
    if stored is None:
        raise ObjectNotFound(f"no object {id!r}")
    obj = stored.decode()
    return {
        "id": stored.id,
        "class": stored.class_name,
        "layer": stored.layer,
        "parent": stored.parent,
        "children": [{"id": child, "class": kind} for child, kind in city.children(id)],
        "attributes": orjson.loads(stored.attributes_json),
        "addresses": obj.addresses,
        "surfaces": surfaces(obj, metres_per_unit(city)),
        "relations": [{"type": kind, "id": other} for kind, other in obj.relations],
        "members": [{"id": member, "role": role} for member, role in obj.members],
        "lods": stored.lods.split(",") if stored.lods else [],
        **_where(city, stored),
        "valid_from": stored.valid_from,
        "valid_to": stored.valid_to,
        "source": {"name": stored.source},
        "findings": [
            {"code": f.code, "message": f.message, "severity": f.severity} for f in city.findings(id)
        ],
    }


def surfaces(obj: CityObject, scale: tuple[float, float]) -> dict[str, dict[str, float]]:
    """Number and area [m²] of the semantic surfaces of the most detailed geometry, by type."""
    found: dict[str, dict[str, float]] = {}
    best = max((g.lod for g in obj.geometries if g.semantics is not None), default=None)
    for g in obj.geometries:
        if g.semantics is None or g.lod != best:
            continue
        areas = polygon_areas(g, (*scale, 1.0))
        for code in np.unique(g.semantics[g.semantics >= 0]).tolist():
            entry = found.setdefault(obj.surfaces[code].type, {"count": 0, "area": 0.0})
            entry["count"] += 1
            entry["area"] += float(areas[g.semantics == code].sum())
    return found


def _where(city: City, stored: StoredObject) -> dict[str, Any]:
    """Its middle and its box, with its parts, in longitude, latitude and ellipsoidal height."""
    bounds = city.extent(stored.id)
    if bounds is None:
        return {"position": None, "bbox": None}
    try:
        place = georeference(city)
    except (TwinError, CityModelError):
        return {"position": None, "bbox": None}
    low, high = np.array(bounds[:3]), np.array(bounds[3:])
    points = place.to_geographic(np.array([(low + high) / 2, low, high]))
    return {"position": points[0].tolist(), "bbox": [*points[1].tolist(), *points[2].tolist()]}
