"""Small city objects made by hand for the tests of citygml.validate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from citygml.model import CityObject, Geometry, GeometryType

Point = tuple[float, float, float]
Ring = Sequence[Point]


def geometry(
    polygons: Sequence[Sequence[Ring]],
    type_: GeometryType = "MultiSurface",
    lod: str = "2",
    role: str = "MultiSurface",
    shells: Sequence[int] | None = None,
    solids: Sequence[int] | None = None,
) -> Geometry:
    """A geometry of polygons, each a list of rings. shells: polygons per shell; solids: shells per solid."""
    rings = [ring for polygon in polygons for ring in polygon]
    vertices = np.array([point for ring in rings for point in ring], dtype=np.float64).reshape(-1, 3)

    def offsets(sizes: Sequence[int]) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)

    is_solid = type_ in ("Solid", "MultiSolid", "CompositeSolid")
    if is_solid:
        shells = [len(polygons)] if shells is None else shells
        solids = [len(shells)] if solids is None else solids
    return Geometry(
        type=type_,
        lod=lod,
        vertices=vertices,
        rings=offsets([len(r) for r in rings]),
        polygons=offsets([len(p) for p in polygons]),
        shells=offsets(shells) if shells is not None else None,
        solids=offsets(solids) if solids is not None else None,
        role=role,
        polygon_ids=[f"p{i}" for i in range(len(polygons))],
    )


def city_object(*geometries: Geometry, type_: str = "Building", id_: str = "b1") -> CityObject:
    return CityObject(id=id_, type=type_, geometries=list(geometries))


def box(size: float = 10.0, at: Point = (0.0, 0.0, 0.0), scale: Point = (1.0, 1.0, 1.0)) -> list[list[Ring]]:
    """Six faces of a box, all looking outwards: bottom, top, south, east, north, west."""
    corners = [
        tuple(float(at[i] + scale[i] * size * c[i]) for i in range(3))
        for c in [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
    ]
    faces = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    return [[[corners[i] for i in face]] for face in faces]  # type: ignore[misc]


def square(size: float = 10.0, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Ring:
    """Counter-clockwise seen from above."""
    return [(x, y, z), (x + size, y, z), (x + size, y + size, z), (x, y + size, z)]
