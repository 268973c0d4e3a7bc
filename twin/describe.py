"""A city in a few lines: what `twin info` and the API say of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from citygml.errors import CityModelError
from twin.errors import TwinError
from twin.place import city_crs, city_heights, georeference
from twin.runs import list_runs
from twin.store import City


def describe(city: City) -> dict[str, Any]:
    """crs, heights, bbox (west, south, east, north), objects (class to count), layers, sources, findings and
    runs."""
    layers = city.layers()
    objects: dict[str, int] = {}
    for layer in layers:
        objects.update(layer.classes)
    crs = city_crs(city) if city.get("crs") else None
    heights = city_heights(city)
    return {
        "name": city.get("name") or city.folder.stem,
        "crs": crs.name if crs else None,
        "crs_title": crs.title if crs else None,
        "heights": heights.note if heights else None,
        "bbox": geographic_bounds(city),
        "objects": dict(sorted(objects.items())),
        "layers": [
            {"name": x.name, "objects": x.objects, "classes": x.classes, "lods": x.lods} for x in layers
        ],
        "sources": [
            {"name": s.name, "read_at": s.read_at, "digest": s.digest, **s.description}
            for s in city.sources()
        ],
        "rasters": [{"name": r.name, "kind": r.kind, **r.description} for r in city.rasters()],
        "findings": city.finding_counts(),
        "runs": [run.as_dict() for run in list_runs(city.folder)],
    }


def geographic_bounds(city: City) -> list[float] | None:
    """West, south, east, north [degrees] of the current objects; None when there are none, or no place."""
    bounds = city.bounds()
    if bounds is None:
        return None
    try:
        place = georeference(city)
    except (TwinError, CityModelError):
        return None
    x0, y0, z0, x1, y1, _ = bounds
    xs, ys = np.linspace(x0, x1, 5), np.linspace(y0, y1, 5)
    edge = [(x, y, z0) for x in xs for y in ys]
    longitudes, latitudes, _ = place.to_geographic(np.array(edge)).T
    return [float(v) for v in (longitudes.min(), latitudes.min(), longitudes.max(), latitudes.max())]
