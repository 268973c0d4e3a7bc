"""Library geometries: low-poly trees and street furniture, with materials.

Trees are one metre high with a crown one metre wide; the matrix of each tree scales them. Furniture has
its true size. All stand on z = 0 at the origin; the front of furniture faces -y.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from citygml.model import Float64, Material, Template
from twin.synth.shapes import box, faces_geometry, prism, tube

THEME = "district"

BARK = Material("bark", diffuse=(0.40, 0.31, 0.24))
METAL = Material("metal", diffuse=(0.42, 0.45, 0.48))
LIGHT = Material("light", diffuse=(0.98, 0.95, 0.82), emissive=(0.35, 0.33, 0.25))
WOOD = Material("wood", diffuse=(0.62, 0.47, 0.33))
RED = Material("red", diffuse=(0.78, 0.16, 0.13))
WHITE = Material("white", diffuse=(0.92, 0.93, 0.94))
GLASS = Material("glass", diffuse=(0.62, 0.74, 0.80), transparency=0.5)
BLUE = Material("blue", diffuse=(0.16, 0.42, 0.70))
IRON = Material("iron", diffuse=(0.25, 0.26, 0.28))

Part = tuple[Float64, Material]  # polygons (n, k, 3), all of k corners, outward


def _lathe(profile: list[tuple[float, float]], sides: int, twist: float = 0.0) -> list[Float64]:
    """Faces of a body of revolution through (radius, z), from below; radius 0 is a tip."""
    t = np.arange(sides) * 2 * np.pi / sides + twist
    unit = np.stack([np.cos(t), np.sin(t)], axis=1)
    faces: list[Float64] = []
    for (r0, z0), (r1, z1) in pairwise(profile):
        low = np.column_stack([r0 * unit, np.full(sides, z0)])
        high = np.column_stack([r1 * unit, np.full(sides, z1)])
        low_next, high_next = np.roll(low, -1, axis=0), np.roll(high, -1, axis=0)
        if r0 == 0:
            faces.append(np.stack([low, high_next, high], axis=1))
        elif r1 == 0:
            faces.append(np.stack([low, low_next, high], axis=1))
        else:
            faces.append(np.stack([low, low_next, high_next, high], axis=1))
    return faces


def _box(centre: tuple[float, float], width: float, depth: float, low: float, high: float) -> Float64:
    corners = box(np.array(centre), width, depth, low, high)
    shape = prism(4)
    faces: Float64 = corners[shape.index].reshape(-1, 4, 3)
    return faces


def _pole(radius: float, low: float, high: float, sides: int = 6) -> Float64:
    faces: Float64 = tube(
        np.array([[0.0, 0.0, low]]), np.array([[0.0, 0.0, high]]), np.array([radius]), sides
    ).reshape(-1, 4, 3)
    return faces


def _template(name: str, parts: list[Part]) -> Template:
    materials: list[Material] = []
    vertices, sizes, of_polygon = [], [], []
    for faces, material in parts:
        if material not in materials:
            materials.append(material)
        vertices.append(np.round(faces, 4).reshape(-1, 3))
        sizes += [faces.shape[1]] * len(faces)
        of_polygon += [materials.index(material)] * len(faces)
    geometry = faces_geometry(np.concatenate(vertices), np.array(sizes, dtype=np.int32), "2")
    geometry.materials = {THEME: np.array(of_polygon, dtype=np.int32)}
    return Template(f"template-{name}", geometries=[geometry], materials=materials)


def _tree(
    name: str, trunk: float, radius: float, crown: list[list[tuple[float, float]]], colour: Material
) -> Template:
    parts: list[Part] = [(face, BARK) for face in _lathe([(radius, 0.0), (radius * 0.7, trunk)], 5)]
    for n, profile in enumerate(crown):
        parts += [(face, colour) for face in _lathe(profile, 7, 0.4 * n)]
    return _template(name, parts)


def _shelter() -> list[Part]:
    posts = [_box((x, 0.6), 0.1, 0.1, 0.0, 2.5) for x in (-2.0, 2.0)]
    return [
        *((p, METAL) for p in posts),
        (_box((0.0, 0.0), 4.6, 1.8, 2.5, 2.62), WHITE),
        (_box((0.0, 0.62), 3.9, 0.04, 0.4, 2.3), GLASS),
        (_box((0.0, 0.3), 3.2, 0.4, 0.4, 0.48), WOOD),
        (_box((2.9, -0.4), 0.5, 0.1, 0.0, 2.6), BLUE),
    ]


def _lamp() -> list[Part]:
    return [
        (_pole(0.08, 0.0, 7.6), METAL),
        (_box((0.0, -0.8), 0.1, 1.7, 7.5, 7.6), METAL),
        (_box((0.0, -1.7), 0.3, 0.7, 7.42, 7.54), LIGHT),
    ]


def _bench() -> list[Part]:
    legs = [_box((x, 0.0), 0.08, 0.42, 0.0, 0.42) for x in (-0.7, 0.7)]
    return [
        *((leg, IRON) for leg in legs),
        (_box((0.0, 0.0), 1.8, 0.45, 0.42, 0.48), WOOD),
        (_box((0.0, 0.22), 1.8, 0.05, 0.55, 0.9), WOOD),
    ]


def _signal() -> list[Part]:
    return [
        (_pole(0.1, 0.0, 6.2), METAL),
        (_box((0.0, -2.6), 0.12, 5.4, 6.0, 6.14), METAL),
        (_box((0.0, -4.6), 0.35, 1.2, 5.6, 6.0), IRON),
        (_box((0.0, -4.95), 0.36, 0.3, 5.64, 5.96), RED),
    ]


def _sensor() -> list[Part]:
    return [
        (_pole(0.07, 0.0, 4.2), METAL),
        (_box((0.0, -0.2), 0.42, 0.3, 2.9, 3.6), WHITE),
        (_box((0.0, 0.0), 0.9, 0.08, 4.2, 4.26), METAL),
        (_box((0.0, 0.25), 0.7, 0.04, 3.7, 4.15), BLUE),
    ]


def _gauge() -> list[Part]:
    return [
        (_pole(0.09, 0.0, 3.2), METAL),
        (_box((0.0, -0.6), 0.1, 1.2, 3.0, 3.1), METAL),
        (_box((0.0, -1.1), 0.3, 0.3, 2.75, 3.0), WHITE),
    ]


def _hydrant() -> list[Part]:
    body = _lathe([(0.16, 0.0), (0.13, 0.1), (0.13, 0.7), (0.0, 0.85)], 8)
    return [*((face, RED) for face in body), (_box((0.0, 0.0), 0.46, 0.12, 0.45, 0.57), RED)]


def make_templates() -> dict[str, Template]:
    """Every library geometry by its id."""
    leaf = Material("leaf", diffuse=(0.36, 0.52, 0.27))
    needle = Material("needle", diffuse=(0.22, 0.38, 0.26))
    blossom = Material("blossom", diffuse=(0.90, 0.72, 0.76))
    azalea = Material("azalea", diffuse=(0.44, 0.53, 0.33))
    larch = Material("larch", diffuse=(0.42, 0.55, 0.30))
    ball = [(0.0, 0.26), (0.34, 0.36), (0.5, 0.58), (0.36, 0.86), (0.0, 1.0)]
    flat_ball = [(0.0, 0.30), (0.36, 0.38), (0.5, 0.62), (0.30, 0.92), (0.0, 1.0)]
    cones = [
        [(0.0, a), (r, a + 0.02), (0.0, b)]
        for r, a, b in ((0.5, 0.2, 0.62), (0.4, 0.42, 0.82), (0.26, 0.64, 1.0))
    ]
    spire = [[(0.0, 0.12), (0.42, 0.16), (0.5, 0.28), (0.3, 0.65), (0.0, 1.0)]]
    low = [[(0.42, 0.0), (0.5, 0.45), (0.3, 0.9), (0.0, 1.0)]]
    made = [
        _tree("broadleaf", 0.34, 0.045, [ball], leaf),
        _tree("pine", 0.30, 0.05, cones, needle),
        _tree("cherry", 0.36, 0.04, [flat_ball], blossom),
        _tree("shrub", 0.1, 0.05, low, azalea),
        _tree("redwood", 0.16, 0.06, spire, larch),
        _template("lamp", _lamp()),
        _template("bench", _bench()),
        _template("bus-stop", _shelter()),
        _template("hydrant", _hydrant()),
        _template("signal", _signal()),
        _template("sensor", _sensor()),
        _template("gauge", _gauge()),
    ]
    return {t.id: t for t in made}
