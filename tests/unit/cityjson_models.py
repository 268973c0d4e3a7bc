"""What the CityJSON tests share: small models, a form in which two compare, and areas."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from citygml.cityjson import open_cityjson, write_cityjson, write_cityjsonseq
from citygml.findings import Finding
from citygml.model import CityObject, Geometry, Surface
from citygml.reading import Reader

Write = Callable[..., list[Finding]]
BOTH = pytest.mark.parametrize("write", [write_cityjson, write_cityjsonseq])
DEPTH_OF_SURFACES = {
    "MultiSurface": 0,
    "CompositeSurface": 0,
    "Solid": 1,
    "MultiSolid": 2,
    "CompositeSolid": 2,
}
CUBE = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]
SIDES = [[[0, 3, 2, 1]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]


def document(objects: dict[str, Any], vertices: Any = CUBE, **members: Any) -> dict[str, Any]:
    return {"type": "CityJSON", "version": "2.0", "CityObjects": objects, "vertices": vertices} | members


def building(**geometry: Any) -> dict[str, Any]:
    return {
        "type": "Building",
        "geometry": [{"type": "MultiSurface", "lod": "2", "boundaries": SIDES} | geometry],
    }


def save(folder: Path, content: Any, name: str = "model.city.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def square(z: float = 0.0, lod: str = "2", **more: Any) -> Geometry:
    """A square of 10 m with a square hole of 2 m, and a triangle."""
    outer = [[0, 0, z], [10, 0, z], [10, 10, z], [0, 10, z]]
    hole = [[2, 2, z], [2, 4, z], [4, 4, z], [4, 2, z]]
    triangle = [[0, 0, z], [10, 0, z], [5, 0, z + 5]]
    offset = np.array([500_000.1234, 4_000_000.5678, 0.0])
    members: dict[str, Any] = {
        "type": "MultiSurface",
        "lod": lod,
        "vertices": np.array(outer + hole + triangle) + offset,
        "rings": np.array([0, 4, 8, 11], dtype=np.int32),
        "polygons": np.array([0, 2, 3], dtype=np.int32),
        "role": "MultiSurface",
    }
    return Geometry(**(members | more))


def points(role: str = "MultiPoint") -> Geometry:
    each = np.arange(3, dtype=np.int32)
    return Geometry("MultiPoint", "1", np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), each, each, role=role)


@lru_cache
def _validators(schemas: Path) -> list[jsonschema.Draft7Validator]:
    names = ("cityjson", "cityjsonfeature")
    texts = [(schemas / f"{name}.min.schema.json").read_text(encoding="utf-8") for name in names]
    return [jsonschema.Draft7Validator(json.loads(text)) for text in texts]


def validate(data: Path, path: Path) -> None:
    """A CityJSON document or CityJSONSeq against the schemas of 2.0."""
    whole, feature = _validators(data / "schemas" / "cityjson")
    first, *features = path.read_text(encoding="utf-8").splitlines()
    whole.validate(json.loads(first))
    for line in features:
        feature.validate(json.loads(line))


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
