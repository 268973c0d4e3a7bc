"""The outline of an object on the ground, as GeoJSON in longitude and latitude."""

from __future__ import annotations

from typing import Any

import numpy as np

from citygml.crs import Georeference
from citygml.geometry import ring_vectors
from citygml.model import CityObject, Float64, Geometry

_FLAT = ("FootPrint", "RoofEdge")


def footprint(obj: CityObject, place: Georeference) -> dict[str, Any] | None:
    """Ground surfaces, a footprint, lines or points, whichever the object has; None without geometry."""
    surfaces = [g for g in obj.geometries if g.type not in ("MultiCurve", "MultiPoint")]
    outlines = next((g for role in _FLAT for g in surfaces if g.role == role), None)
    if outlines is None and surfaces:
        outlines = max(surfaces, key=lambda g: g.lod)
    if outlines is not None:
        return _polygons(obj, outlines, place)
    lines = next((g for g in obj.geometries if len(g.vertices) and g.role != "TerrainIntersection"), None)
    if lines is not None:
        kind = "MultiPoint" if lines.type == "MultiPoint" else "MultiLineString"
        rings = _rings(lines, place, closed=False)
        return {"type": kind, "coordinates": [r[0] for r in rings] if kind == "MultiPoint" else rings}
    if obj.implicit:
        point = place.to_geographic(np.array([obj.implicit[0].anchor]))[0]
        return {"type": "Point", "coordinates": _rounded(point[None, :2])[0]}
    return None


def _polygons(obj: CityObject, g: Geometry, place: Georeference) -> dict[str, Any]:
    rings = _rings(g, place, closed=True)
    keep = _facing(obj, g)
    coordinates = [rings[g.polygons[p] : g.polygons[p + 1]] for p in keep]
    if len(coordinates) == 1:
        return {"type": "Polygon", "coordinates": coordinates[0]}
    return {"type": "MultiPolygon", "coordinates": coordinates}


def _facing(obj: CityObject, g: Geometry) -> list[int]:
    """The polygons that make the outline: ground surfaces, else those that face down, else up, else all."""
    if g.semantics is not None:
        ground = [k for k, s in enumerate(obj.surfaces) if s.type == "GroundSurface"]
        chosen = np.nonzero(np.isin(g.semantics, ground))[0]
        if len(chosen):
            return [int(p) for p in chosen]
    vectors = ring_vectors(g.vertices, g.rings)[g.polygons[:-1]]
    upward = vectors[:, 2] / np.maximum(np.linalg.norm(vectors, axis=1), 1e-300)
    for wanted in (upward < -0.5, upward > 0.5):
        if wanted.any():
            return [int(p) for p in np.nonzero(wanted)[0]]
    return list(range(g.polygon_count))


def _rings(g: Geometry, place: Georeference, closed: bool) -> list[list[list[float]]]:
    points = _rounded(place.to_geographic(g.vertices)[:, :2])
    rings = [points[a:b] for a, b in zip(g.rings[:-1].tolist(), g.rings[1:].tolist(), strict=True)]
    return [[*ring, ring[0]] for ring in rings] if closed else rings


def _rounded(points: Float64) -> list[list[float]]:
    """Degrees to eight digits: a millimetre."""
    rounded: list[list[float]] = np.round(points, 8).tolist()
    return rounded
