"""Nested CityJSON boundaries ↔ flat arrays with offsets.

CityJSON nests vertex indices by depth: MultiPoint 1, MultiLineString 2, MultiSurface and CompositeSurface
3 (surfaces, rings), Solid 4 (shells), MultiSolid and CompositeSolid 5 (solids).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from citygml.model import Float64, Geometry, GeometryType, Int32

MODEL_TYPES: dict[str, GeometryType] = {
    "MultiPoint": "MultiPoint",
    "MultiLineString": "MultiCurve",
    "MultiSurface": "MultiSurface",
    "CompositeSurface": "CompositeSurface",
    "Solid": "Solid",
    "MultiSolid": "MultiSolid",
    "CompositeSolid": "CompositeSolid",
}
CITYJSON_TYPES = {ours: theirs for theirs, ours in MODEL_TYPES.items()}
NEAREST: dict[GeometryType, GeometryType] = {
    "MultiSurface": "CompositeSurface",
    "MultiSolid": "CompositeSolid",
}
"""The type that a class may have in place of one that it may not."""
_LEVELS_ABOVE_SURFACES = {"Solid": 1, "MultiSolid": 2, "CompositeSolid": 2}


def levels(kind: GeometryType) -> int:
    """How many levels of arrays lie above the surfaces (or the points, or the line strings)."""
    return _LEVELS_ABOVE_SURFACES.get(kind, 0)


class BadNesting(ValueError):
    """The arrays of a geometry are not nested as its type demands."""


@dataclass(slots=True)
class Flat:
    """indices: (n,) int64 into the vertices. The offsets are those of `citygml.model.Geometry`.

    surfaces: the rings of each polygon as lists of indices, for surfaces and solids.
    """

    indices: npt.NDArray[np.int64]
    rings: Int32
    polygons: Int32
    shells: Int32 | None
    solids: Int32 | None
    surfaces: list[list[list[int]]]


def _offsets(lengths: Sequence[int]) -> Int32:
    return np.array(list(accumulate(lengths, initial=0)), dtype=np.int32)


def _indices(flat: list[Any]) -> npt.NDArray[np.int64]:
    if set(map(type, flat)) - {int}:
        raise BadNesting("the boundaries are not nested as the geometry type demands")
    return np.array(flat, dtype=np.int64)


def flatten(kind: GeometryType, boundaries: Any) -> Flat:
    """Flatten the boundaries of a geometry. Raises BadNesting when they have another depth."""
    try:
        return _flatten(kind, boundaries)
    except (TypeError, OverflowError) as error:
        raise BadNesting("the boundaries are not nested as the geometry type demands") from error


def _flatten(kind: GeometryType, boundaries: Any) -> Flat:
    if kind == "MultiPoint":
        each = np.arange(len(boundaries) + 1, dtype=np.int32)
        return Flat(_indices(list(boundaries)), each, each, None, None, [])
    if kind == "MultiCurve":
        lines = np.arange(len(boundaries) + 1, dtype=np.int32)
        lengths = list(map(len, boundaries))
        return Flat(_indices(list(chain.from_iterable(boundaries))), _offsets(lengths), lines, None, None, [])
    shells = solids = None
    surfaces = boundaries
    if kind not in ("MultiSurface", "CompositeSurface"):
        all_shells = boundaries
        counts = [len(boundaries)]
        if kind != "Solid":
            counts = list(map(len, boundaries))
            all_shells = list(chain.from_iterable(boundaries))
        solids = _offsets(counts)
        shells = _offsets(list(map(len, all_shells)))
        surfaces = chain.from_iterable(all_shells)
    surfaces = list(surfaces)
    rings = list(chain.from_iterable(surfaces))
    lengths = list(map(len, rings))
    if 0 in lengths or [] in surfaces:
        raise BadNesting("a surface has no ring, or a ring no vertices")
    polygons = _offsets(list(map(len, surfaces)))
    indices = _indices(list(chain.from_iterable(rings)))
    return Flat(indices, _offsets(lengths), polygons, shells, solids, surfaces)


def unrepeated(vertices: Float64, rings: Int32) -> npt.NDArray[np.bool_] | None:
    """(n,) bool, which vertices to keep so that no ring ends where it starts; None when none does."""
    first, last = rings[:-1], rings[1:] - 1
    keep: npt.NDArray[np.bool_] | None = None
    while (closed := (vertices[first] == vertices[last]).all(axis=1) & (first < last)).any():
        first, last = first[closed], last[closed]
        keep = np.ones(len(vertices), dtype=np.bool_) if keep is None else keep
        keep[last] = False
        last = last - 1
    return keep


def spread(values: Any, boundaries: Any, depth: int) -> list[Any]:
    """One value per polygon from nested `values`; a null at any level stands for all below it.

    Raises BadNesting when the values do not match the boundaries.
    """
    if values is None:
        values = [None] * len(boundaries)
    if not isinstance(values, list) or len(values) != len(boundaries):
        raise BadNesting("the values do not match the boundaries")
    if depth == 0:
        return values
    parts = (spread(v, b, depth - 1) for v, b in zip(values, boundaries, strict=True))
    return list(chain.from_iterable(parts))


def split(items: Sequence[Any], offsets: Int32) -> list[Any]:
    """`items` cut at the offsets: [[...], [...], ...]."""
    return [items[start:end] for start, end in pairwise(offsets.tolist())]


def nest(geometry: Geometry, per_polygon: Sequence[Any]) -> Any:
    """Values per polygon, nested by the shells and solids of the geometry as CityJSON nests them."""
    if geometry.shells is None or geometry.solids is None:
        return list(per_polygon)
    solids = split(split(per_polygon, geometry.shells), geometry.solids)
    return list(chain.from_iterable(solids)) if geometry.type == "Solid" else solids


def boundaries_of(geometry: Geometry, indices: list[int]) -> Any:
    """The nested boundaries of a geometry whose vertices have these indices in the document."""
    if geometry.type == "MultiPoint":
        return indices
    rings = split(indices, geometry.rings)
    if geometry.type == "MultiCurve":
        return rings
    return nest(geometry, split(rings, geometry.polygons))
