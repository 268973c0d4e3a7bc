"""The outline of an object on the ground, and layers of outlines as a GeoPackage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from citygml.crs import Crs
from citygml.geometry import ring_vectors
from citygml.model import Attributes, CityObject, Code, Float64, Geometry, Measure, Value
from twin.store import City

_FLAT = ("FootPrint", "RoofEdge")
_CURVES = ("MultiCurve", "MultiPoint")
_OWN_COLUMNS = frozenset({"id", "class", "parent", "fid", "geom", "geometry"})
"""Columns that a table has whatever its attributes; `fid` and `geom` are GeoPackage's."""

Flatten = Callable[[Float64], Float64]
"""(n, 3) positions in the city's CRS -> (n, 2) as they are written."""


def footprint(obj: CityObject, flatten: Flatten) -> dict[str, Any] | None:
    """Ground surfaces, a footprint, lines or points, whichever the object has, as the geometry of GeoJSON;
    None without geometry."""
    surfaces = [g for g in obj.geometries if g.type not in _CURVES and g.polygon_count]
    outlines = next((g for role in _FLAT for g in surfaces if g.role == role), None)
    if outlines is None and surfaces:
        outlines = max(surfaces, key=lambda g: g.lod)
    if outlines is not None:
        return _polygons(obj, outlines, flatten)
    lines = next((g for g in obj.geometries if len(g.vertices) and g.role != "TerrainIntersection"), None)
    if lines is not None:
        kind = "MultiPoint" if lines.type == "MultiPoint" else "MultiLineString"
        rings = _rings(lines, flatten, closed=False)
        return {"type": kind, "coordinates": [r[0] for r in rings] if kind == "MultiPoint" else rings}
    if obj.implicit:
        return {"type": "Point", "coordinates": flatten(obj.implicit[0].anchor[None])[0].tolist()}
    return None


def _polygons(obj: CityObject, g: Geometry, flatten: Flatten) -> dict[str, Any]:
    rings = _rings(g, flatten, closed=True)
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


def _rings(g: Geometry, flatten: Flatten, closed: bool) -> list[list[list[float]]]:
    points = flatten(g.vertices).tolist()
    rings = [points[a:b] for a, b in zip(g.rings[:-1].tolist(), g.rings[1:].tolist(), strict=True)]
    return [[*ring, ring[0]] for ring in rings] if closed else rings


def write_geopackage(city: City, path: Path, crs: Crs, layers: Sequence[str] = ()) -> int:
    """One layer of outlines, in the city's CRS, per layer of the city; the number of objects.

    Nested attributes become columns `outer.inner`, numbers lose their unit to the name (`height [m]`),
    codes become their names, and lists JSON. An attribute of the name of another column gets a number
    (`class_2`). Objects without geometry of their own are rows without one.
    """
    import geopandas
    import shapely

    known = crs.horizontal
    count = 0
    for layer in layers or [layer.name for layer in city.layers()]:
        objects: list[dict[str, Any]] = []
        attributes: list[dict[str, Any]] = []
        shapes: list[shapely.Geometry | None] = []
        for stored in city.all_objects([layer]):
            obj = stored.decode()
            outline = footprint(obj, _drop_height)
            shapes.append(None if outline is None else shapely.geometry.shape(outline))
            objects.append({"id": obj.id, "class": obj.type, "parent": obj.parent})
            attributes.append(_columns(obj.attributes))
        names = _column_names(dict.fromkeys(name for row in attributes for name in row))
        rows = [
            own | {names[name]: value for name, value in row.items()}
            for own, row in zip(objects, _uniform(attributes), strict=True)
        ]
        frame = geopandas.GeoDataFrame(rows, geometry=shapes, crs=known)
        frame.to_file(path, layer=layer, driver="GPKG", engine="pyogrio")
        count += len(rows)
    return count


def _drop_height(points: Float64) -> Float64:
    return points[:, :2]


def _columns(attributes: Attributes, prefix: str = "") -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, value in attributes.items():
        if isinstance(value, dict):
            columns |= _columns(value, f"{prefix}{name}.")
        elif isinstance(value, Measure):
            columns[f"{prefix}{name} [{value.unit}]"] = value.value
        else:
            columns[prefix + name] = _cell(value)
    return columns


def _cell(value: Value) -> str | float | bool | None:
    if isinstance(value, Code):
        return value.name or value.code
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return orjson.dumps(value, default=str).decode()
    assert not isinstance(value, (dict, Measure))
    return value


def _column_names(attributes: Iterable[str]) -> dict[str, str]:
    """The column of each attribute, unlike all others when case does not count."""
    taken = set(_OWN_COLUMNS)
    columns = {}
    for name in attributes:
        column, number = name, 1
        while column.casefold() in taken:
            number += 1
            column = f"{name}_{number}"
        taken.add(column.casefold())
        columns[name] = column
    return columns


def _uniform(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with text in the columns whose values are not all of one kind."""
    kinds: dict[str, set[type]] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None:
                kinds.setdefault(name, set()).add(float if type(value) is int else type(value))
    mixed = [name for name, types in kinds.items() if len(types) > 1]
    for row in rows:
        row.update({name: str(row[name]) for name in mixed if row.get(name) is not None})
    return rows
