"""Small cities of arrays for the tests of the sun: boxes, a gable, a bridge, a courtyard, a street canyon.

The origin is the south-west corner of the height field, x runs east and y north. Building outlines lie on
the lines of the grid when their measures are multiples of the cell size, so that a height field and the real
surfaces say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.sun.scene import Kind, Place, SunScene, Surfaces
from citygml.triangulate import triangulate

SEOUL = Place(37.5665, 126.978, altitude=30.0, timezone="Asia/Seoul")
Array = npt.NDArray[Any]
Polygon = tuple[Kind, int, Sequence[Any]]
"""kind, index of the building, rings (exterior first, anticlockwise as seen from outside)."""


def boxes(
    count_x: int = 32,
    count_y: int = 32,
    *,
    spacing: float = 30.0,
    width: float = 16.0,
    depth: float = 14.0,
    lowest: float = 6.0,
    highest: float = 45.0,
    seed: int = 1,
    **site: Any,
) -> SunScene:
    """Box buildings, one in the middle of each square of a chess board; heights from lowest to highest [m] at
    random. By default 1,024 of them on 960 by 960 m. site: see `scene_of`."""
    random = np.random.default_rng(seed)
    tall = np.round(random.uniform(lowest, highest, (count_y, count_x)), 2)
    corners = [
        (i * spacing + (spacing - width) // 2, j * spacing + (spacing - depth) // 2)
        for j in range(count_y)
        for i in range(count_x)
    ]
    blocks = [(x, y, width, depth, h) for (x, y), h in zip(corners, tall.ravel(), strict=True)]
    return box_scene(blocks, (count_x * spacing, count_y * spacing), **site)


def box_scene(
    blocks: Sequence[tuple[float, float, float, float, float]],
    extent: tuple[float, float],
    **site: Any,
) -> SunScene:
    """Boxes (x, y, width, depth, height over the ground at the middle) on a field of extent [m]."""
    polygons: list[Polygon] = []
    roofs = []
    for n, (x, y, width, depth, height) in enumerate(blocks):
        top = site_ground(x + width / 2, y + depth / 2, **site) + height
        polygons += _block(n, x, y, width, depth, _lowest(x, y, width, depth, **site), top)
        roofs.append((x, y, x + width, y + depth, top))
    return scene_of(polygons, extent, roofs=roofs, **site)


def box(
    width: float = 10.0, depth: float = 10.0, height: float = 10.0, margin: float = 60.0, **site: Any
) -> SunScene:
    """One box with so much open ground on all sides [m]."""
    return box_scene(
        [(margin, margin, width, depth, height)], (width + 2 * margin, depth + 2 * margin), **site
    )


def open_field(size: float = 60.0, **site: Any) -> SunScene:
    """Ground alone."""
    return scene_of([], (size, size), **site)


def gable(
    width: float = 12.0,
    depth: float = 20.0,
    eaves: float = 6.0,
    ridge: float = 10.0,
    margin: float = 50.0,
    **site: Any,
) -> SunScene:
    """A house whose ridge runs from south to north, eaves on the west and east."""
    west, south = margin, margin
    east, north, middle = west + width, south + depth, west + width / 2
    z = _lowest(west, south, width, depth, **site)
    ground = site_ground(middle, south + depth / 2, **site)
    low, high = ground + eaves, ground + ridge
    sw, se, ne, nw = (west, south), (east, south), (east, north), (west, north)
    ridge_south, ridge_north = (middle, south, high), (middle, north, high)
    polygons: list[Polygon] = [
        (Kind.ROOF, 0, [[(*nw, low), (*sw, low), ridge_south, ridge_north]]),
        (Kind.ROOF, 0, [[(*se, low), (*ne, low), ridge_north, ridge_south]]),
        (Kind.FACADE, 0, [[(*nw, z), (*sw, z), (*sw, low), (*nw, low)]]),
        (Kind.FACADE, 0, [[(*se, z), (*ne, z), (*ne, low), (*se, low)]]),
        (Kind.FACADE, 0, [[(*sw, z), (*se, z), (*se, low), ridge_south, (*sw, low)]]),
        (Kind.FACADE, 0, [[(*ne, z), (*nw, z), (*nw, low), ridge_north, (*ne, low)]]),
    ]

    def top(x: Array, y: Array) -> Array:
        inside = (x > west) & (x < east) & (y > south) & (y < north)
        return np.where(inside, high - (ridge - eaves) * np.abs(x - middle) / (width / 2), -np.inf)

    return scene_of(polygons, (width + 2 * margin, depth + 2 * margin), top=top, **site)


def overhang(
    width: float = 20.0,
    depth: float = 4.0,
    below: float = 5.0,
    thickness: float = 0.5,
    height: float = 12.0,
    margin: float = 40.0,
    **site: Any,
) -> SunScene:
    """A box 10 m deep whose south wall carries a slab (a balcony, a bridge) so deep, its underside `below`
    metres over the ground. The slab is in the surfaces alone: a height field has no hollow below a top."""
    x, y = margin, margin + depth
    ground = site_ground(x + width / 2, y + 5, **site)
    slab = ground + below
    polygons = [
        *_block(0, x, y, width, 10.0, _lowest(x, y, width, 10.0, **site), ground + height),
        *_block(0, x, margin, width, depth, slab, slab + thickness, closed=True),
    ]
    roofs = [(x, y, x + width, y + 10.0, ground + height)]
    return scene_of(polygons, (width + 2 * margin, depth + 10 + 2 * margin), roofs=roofs, **site)


def courtyard(
    inner: float = 20.0, wings: float = 10.0, height: float = 10.0, margin: float = 20.0, **site: Any
) -> SunScene:
    """A square court, open above, with a building of four wings all round it."""
    outer = inner + 2 * wings
    a, b, c, d = margin, margin + wings, margin + wings + inner, margin + outer
    z = _lowest(margin, margin, outer, outer, **site)
    top = site_ground(margin + outer / 2, margin + outer / 2, **site) + height
    roof = [
        [(a, a, top), (d, a, top), (d, d, top), (a, d, top)],
        [(b, b, top), (b, c, top), (c, c, top), (c, b, top)],
    ]
    polygons: list[Polygon] = [(Kind.ROOF, 0, roof)]
    for low, high, outwards in ((a, d, True), (b, c, False)):
        corners = [(low, low), (high, low), (high, high), (low, high)]
        if not outwards:
            corners.reverse()
        polygons += _walls(0, corners, z, top)
    roofs = [(a, a, d, d, top), (b, b, c, c, -np.inf)]
    return scene_of(polygons, (outer + 2 * margin, outer + 2 * margin), roofs=roofs, **site)


def canyon(
    street: float = 20.0,
    height: float = 20.0,
    length: float = 1000.0,
    wings: float = 10.0,
    margin: float = 10.0,
    **site: Any,
) -> SunScene:
    """A street from south to north between two blocks of the same height, as long as the field."""
    west, east = margin, margin + wings + street
    blocks = [(west, 0.0, wings, length, height), (east, 0.0, wings, length, height)]
    return box_scene(blocks, (2 * margin + 2 * wings + street, length), **site)


def site_ground(
    x: Any, y: Any, ground: float = 0.0, slope: tuple[float, float] = (0.0, 0.0), **others: Any
) -> Any:
    """Height of the ground [m] at x, y [m]; slope: how much it rises to the east and to the north [m/m]."""
    return ground + slope[0] * x + slope[1] * y


def scene_of(
    polygons: Sequence[Polygon],
    extent: tuple[float, float],
    *,
    roofs: Sequence[tuple[float, float, float, float, float]] = (),
    top: Callable[[Array, Array], Array] | None = None,
    place: Place = SEOUL,
    cell_size: float = 1.0,
    ground: float = 0.0,
    slope: tuple[float, float] = (0.0, 0.0),
    **others: Any,
) -> SunScene:
    """A scene of polygons on a field of extent [m].

    roofs: (west, south, east, north, height) flat tops in the height field, later ones over earlier ones,
    -inf for the ground again. top: height of what stands at points, -inf where nothing does. place,
    cell_size; ground, slope: see `site_ground`. others: fields of `SunScene` (canopy, trunk,
    transmissivity, horizon).
    """
    columns, rows = round(extent[0] / cell_size), round(extent[1] / cell_size)
    x = (np.arange(columns) + 0.5) * cell_size
    y = (np.arange(rows)[::-1] + 0.5)[:, None] * cell_size
    terrain = np.broadcast_to(site_ground(x, y, ground, slope), (rows, columns)).astype(np.float32)
    heights = terrain.copy()
    for west, south, east, north, z in roofs:
        part = (
            slice(rows - round(north / cell_size), rows - round(south / cell_size)),
            slice(round(west / cell_size), round(east / cell_size)),
        )
        heights[part] = terrain[part] if z == -np.inf else z
    if top is not None:
        heights = np.maximum(heights, top(x, y)).astype(np.float32)
    return SunScene(
        heights,
        terrain,
        cell_size,
        west=0.0,
        north=rows * cell_size,
        place=place,
        surfaces=surfaces_of(polygons) if polygons else None,
        **others,
    )


def surfaces_of(polygons: Sequence[Polygon]) -> Surfaces:
    """`Surfaces` of polygons; buildings are called b0, b1, ..., surfaces b0-0, b0-1, ..."""
    rings = [ring for _, _, each in polygons for ring in each]
    vertices = np.array([point for ring in rings for point in ring], float).reshape(-1, 3)
    ring_ends = np.cumsum([0, *map(len, rings)]).astype(np.int32)
    polygon_ends = np.cumsum([0, *(len(each) for _, _, each in polygons)]).astype(np.int32)
    cut = triangulate(vertices, ring_ends, polygon_ends)
    building = np.array([n for _, n, _ in polygons], np.int32)
    numbers: dict[int, int] = {}
    ids = []
    for n in building.tolist():
        ids.append(f"b{n}-{numbers.get(n, 0)}")
        numbers[n] = numbers.get(n, 0) + 1
    return Surfaces(
        vertices,
        ring_ends,
        polygon_ends,
        np.array([kind for kind, _, _ in polygons], np.int8),
        building,
        ids,
        [f"b{n}" for n in range(int(building.max()) + 1)],
        cut.normals,
        cut.areas,
        cut.corners,
        cut.polygon,
    )


def _lowest(x: float, y: float, width: float, depth: float, **site: Any) -> float:
    """Height of the ground at the lowest corner of an outline."""
    return min(float(site_ground(a, b, **site)) for a in (x, x + width) for b in (y, y + depth))


def _block(
    n: int, x: float, y: float, width: float, depth: float, z: float, top: float, *, closed: bool = False
) -> list[Polygon]:
    """Roof and walls of a box from z up to top, with its underside if closed."""
    corners = [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)]
    parts: list[Polygon] = [
        (Kind.ROOF, n, [[(*c, top) for c in corners]]),
        *_walls(n, corners, z, top),
    ]
    if closed:
        parts.append((Kind.OTHER, n, [[(*c, z) for c in reversed(corners)]]))
    return parts


def _walls(n: int, corners: Sequence[tuple[float, float]], z: float, top: float) -> list[Polygon]:
    """A wall on each side of an outline, facing to the right of its direction."""
    return [
        (Kind.FACADE, n, [[(*a, z), (*b, z), (*b, top), (*a, top)]])
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)
    ]
