"""Small bodies as surfaces for the tests of thermal zones, and how to ask for their pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from analysis.energy.envelope import Envelopes
from analysis.energy.zones import Boundary, Part
from analysis.scene.zones import envelopes_of_surfaces
from analysis.sun.scene import Kind, Place
from tests.sun_scenes import Polygon, surfaces_of

PLACE = Place(37.5, 127.0, timezone="Asia/Seoul")
Outline = Sequence[tuple[float, float]]


def rectangle(x: float, y: float, width: float, depth: float) -> Outline:
    """Anticlockwise."""
    return [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)]


def prism(
    n: int,
    outline: Outline,
    low: float,
    high: float,
    holes: Sequence[Outline] = (),
    without: Iterable[str] = (),
) -> list[Polygon]:
    """Roof, walls and ground over an outline with courtyards (both anticlockwise) of building n. without:
    "roof", "ground", or the numbers of walls as text."""
    left_out = set(without)
    walls: list[Polygon] = []
    for ring in [list(outline), *(list(reversed(hole)) for hole in holes)]:
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
            if str(len(walls)) not in left_out:
                walls.append((Kind.FACADE, n, [[(*a, low), (*b, low), (*b, high), (*a, high)]]))
            else:
                left_out.discard(str(len(walls)))
    roof = [[(*c, high) for c in outline], *([(*c, high) for c in reversed(hole)] for hole in holes)]
    ground = [[(*c, low) for c in reversed(outline)], *([(*c, low) for c in hole] for hole in holes)]
    parts = list(walls)
    if "roof" not in left_out:
        parts.append((Kind.ROOF, n, roof))
    if "ground" not in left_out:
        parts.append((Kind.GROUND, n, ground))
    return parts


def box(
    n: int, x: float, y: float, width: float, depth: float, high: float, low: float = 0.0
) -> list[Polygon]:
    """A prism over a rectangle."""
    return prism(n, rectangle(x, y, width, depth), low, high)


def gable(n: int, width: float, depth: float, eaves: float, ridge: float) -> list[Polygon]:
    """A house whose ridge runs from south to north, at the origin."""
    middle = width / 2
    sw, se, ne, nw = rectangle(0, 0, width, depth)
    south, north = (middle, 0.0, ridge), (middle, depth, ridge)
    return [
        (Kind.ROOF, n, [[(*nw, eaves), (*sw, eaves), south, north]]),
        (Kind.ROOF, n, [[(*se, eaves), (*ne, eaves), north, south]]),
        (Kind.FACADE, n, [[(*nw, 0.0), (*sw, 0.0), (*sw, eaves), (*nw, eaves)]]),
        (Kind.FACADE, n, [[(*se, 0.0), (*ne, 0.0), (*ne, eaves), (*se, eaves)]]),
        (Kind.FACADE, n, [[(*sw, 0.0), (*se, 0.0), (*se, eaves), south, (*sw, eaves)]]),
        (Kind.FACADE, n, [[(*ne, 0.0), (*nw, 0.0), (*nw, eaves), north, (*ne, eaves)]]),
        (Kind.GROUND, n, [[(*nw, 0.0), (*ne, 0.0), (*se, 0.0), (*sw, 0.0)]]),
    ]


def turned(polygons: Sequence[Polygon], angle: float = 0.0, shift: Any = (0.0, 0.0, 0.0)) -> list[Polygon]:
    """The same turned anticlockwise [degrees] about the origin and moved [m]."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    return [(kind, n, [np.asarray(ring) @ turn + shift for ring in rings]) for kind, n, rings in polygons]


def zones(*bodies: Sequence[Polygon], **options: Any) -> Envelopes:
    """The envelopes of buildings b0, b1, ..."""
    return envelopes_of_surfaces(surfaces_of([p for body in bodies for p in body]), PLACE, **options)


def area(found: Envelopes, zone: int, part: Part, boundary: Boundary) -> float:
    """Of a zone's pieces of one kind [m²]."""
    of = slice(found.first[zone], found.first[zone + 1])
    pieces = found.pieces
    chosen = (pieces.part[of] == part) & (pieces.boundary[of] == boundary)
    return float(pieces.area[of][chosen].sum())


def by_azimuth(
    found: Envelopes, zone: int, part: Part, boundary: Boundary = Boundary.OUTSIDE
) -> dict[int, float]:
    """Areas of a zone's pieces by their azimuth, rounded [degrees]."""
    pieces = found.pieces
    return {
        round(pieces.azimuth[k]) % 360: float(pieces.area[k])
        for k in range(found.first[zone], found.first[zone + 1])
        if pieces.part[k] == part and pieces.boundary[k] == boundary
    }


def vectors(found: Envelopes, zone: int) -> Any:
    """(pieces, 3) area vectors of a zone [m²]."""
    of = slice(found.first[zone], found.first[zone + 1])
    pieces = found.pieces
    azimuth, tilt = np.radians(pieces.azimuth[of]), np.radians(pieces.tilt[of])
    flat = np.sin(tilt)
    unit = np.column_stack([np.sin(azimuth) * flat, np.cos(azimuth) * flat, np.cos(tilt)])
    return unit * pieces.area[of][:, None]
