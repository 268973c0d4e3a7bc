"""What the tests of the sample district share: small districts, edges and volumes of solids."""

from __future__ import annotations

from functools import cache

import numpy as np

from citygml.model import CityObject, Float64, Geometry
from twin.synth import district_objects, make_ground
from twin.synth.drape import Ground


@cache
def small_ground(buildings: int = 160, seed: int = 7) -> Ground:
    return make_ground(buildings, seed)


@cache
def layers(buildings: int = 160, seed: int = 7) -> dict[str, list[CityObject]]:
    return {name: list(objects) for name, objects in district_objects(small_ground(buildings, seed)).items()}


def rings_of(geometry: Geometry) -> list[Float64]:
    return [geometry.vertices[a:b] for a, b in zip(geometry.rings[:-1], geometry.rings[1:], strict=True)]


def open_edges(geometry: Geometry) -> int:
    """How many edges are not run exactly once in each direction."""
    edges: dict[tuple[tuple[float, ...], tuple[float, ...]], int] = {}
    for ring in rings_of(geometry):
        points = [tuple(p) for p in ring.tolist()]
        for a, b in zip(points, points[1:] + points[:1], strict=True):
            edges[a, b] = edges.get((a, b), 0) + 1
    return sum(n != 1 or edges.get((b, a)) != 1 for (a, b), n in edges.items())


def volume(geometry: Geometry) -> float:
    """Signed volume, positive when the faces look outwards (divergence theorem; holes run backwards)."""
    origin = geometry.vertices[0]
    total = 0.0
    for ring in rings_of(geometry):
        p = ring - origin
        total += float(np.einsum("j,ij->", p[0], np.cross(p[1:-1], p[2:])) / 6)
    return total
