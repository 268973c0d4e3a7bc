"""What the CityJSON tests share: the real files, a form in which two models compare, and areas."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from citygml.cityjson import open_cityjson
from citygml.model import CityObject, Geometry, Surface
from citygml.reading import Reader

DEPTH_OF_SURFACES = {
    "MultiSurface": 0,
    "CompositeSurface": 0,
    "Solid": 1,
    "MultiSolid": 2,
    "CompositeSolid": 2,
}


def read(path: Path, **options: Any) -> tuple[Reader, list[CityObject]]:
    from citygml.reading import ReadOptions

    reader = open_cityjson(path, ReadOptions(**options))
    return reader, [item for batch in reader.batches() for item in batch]


def raw_area(document: dict[str, Any]) -> float:
    """The area of all surfaces of a document, vertex by vertex in plain Python."""
    transform = document.get("transform") or {"scale": [1, 1, 1], "translate": [0, 0, 0]}
    points = [
        [c * s + t for c, s, t in zip(v, transform["scale"], transform["translate"], strict=True)]
        for v in document["vertices"]
    ]
    total = 0.0
    for item in document["CityObjects"].values():
        for geometry in item.get("geometry") or []:
            surfaces = geometry["boundaries"]
            if geometry["type"] not in DEPTH_OF_SURFACES:
                continue
            for _ in range(DEPTH_OF_SURFACES[geometry["type"]]):
                surfaces = [inner for outer in surfaces for inner in outer]
            for surface in surfaces:
                areas = [_newell([points[i] for i in ring]) for ring in surface]
                total += areas[0] - sum(areas[1:])
    return total


def _newell(ring: list[list[float]]) -> float:
    """Newell's method (Sutherland, Sproull and Schumacker 1974), relative to the first vertex."""
    moved = [[c - o for c, o in zip(point, ring[0], strict=True)] for point in ring]
    x = y = z = 0.0
    for a, b in pairwise([*moved, moved[0]]):
        x += a[1] * b[2] - a[2] * b[1]
        y += a[2] * b[0] - a[0] * b[2]
        z += a[0] * b[1] - a[1] * b[0]
    return 0.5 * (x * x + y * y + z * z) ** 0.5


def area(geometry: Geometry) -> float:
    """The area of the surfaces of a geometry of the model, 0 for points and curves."""
    if geometry.type in ("MultiPoint", "MultiCurve"):
        return 0.0
    starts, ends = geometry.rings[:-1], geometry.rings[1:]
    following = np.arange(1, len(geometry.vertices) + 1)
    following[ends - 1] = starts
    moved = geometry.vertices - np.repeat(geometry.vertices[starts], ends - starts, axis=0)
    normals = np.add.reduceat(np.cross(moved, moved[following]), starts, axis=0)
    rings = np.linalg.norm(normals, axis=1) / 2
    exterior = geometry.polygons[:-1]
    return float(2 * rings[exterior].sum() - rings.sum())


def canonical(item: CityObject, digits: int = 6) -> dict[str, Any]:
    """An object in a form that does not depend on how its surfaces, textures and materials are numbered."""
    return {
        "id": item.id,
        "type": item.type,
        "parent": item.parent,
        "attributes": item.attributes,
        "addresses": item.addresses,
        "members": item.members,
        "relations": item.relations,
        "geometries": [_geometry(item, g, digits) for g in item.geometries],
        "implicit": [
            (i.template, i.lod, i.role, i.matrix.tolist(), np.round(i.anchor, digits).tolist())
            for i in item.implicit
        ],
    }


def _geometry(item: CityObject, geometry: Geometry, digits: int) -> dict[str, Any]:
    semantics = geometry.semantics
    return {
        "type": geometry.type,
        "lod": geometry.lod,
        "role": geometry.role,
        "vertices": (np.round(geometry.vertices, digits) + 0.0).tolist(),
        "rings": geometry.rings.tolist(),
        "polygons": geometry.polygons.tolist(),
        "shells": None if geometry.shells is None else geometry.shells.tolist(),
        "solids": None if geometry.solids is None else geometry.solids.tolist(),
        "semantics": None
        if semantics is None
        else [_surface(item.surfaces, int(number)) for number in semantics],
        "materials": {
            theme: [None if n < 0 else item.materials[n] for n in numbers]
            for theme, numbers in geometry.materials.items()
        },
        "textures": {
            theme: (
                [None if n < 0 else item.textures[n].uri for n in texturing.images],
                np.where(np.isnan(texturing.uv), -9, np.round(texturing.uv, 5)).tolist(),
            )
            for theme, texturing in geometry.textures.items()
        },
    }


def _surface(surfaces: list[Surface], number: int) -> Any:
    if number < 0:
        return None
    surface = surfaces[number]
    return surface.type, surface.id, surface.attributes, _surface(surfaces, surface.parent)
