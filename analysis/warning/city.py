"""What a city has for its evacuation: roads to walk on, and buildings to walk to."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from analysis.scene.grid import Bounds, Float64, Plane
from analysis.scene.outlines import Outline, Shape, areas, codes
from twin.store import City

_NOT_WALKED = ("Railway", "Waterway")
SHELTER_USES = frozenset({"05000", "10000", "11000", "13000", "421", "422"})
"""Main use codes of the Korean building register for culture and assembly, education, community and care,
sports; and of PLATEAU's list Building_usage for public offices, and education and welfare."""


def roads(city: City, plane: Plane, bounds: Bounds | None = None) -> list[Shape]:
    """The areas of streets, squares and paths that touch bounds, in the grid's plane."""
    found = areas(city, plane, "roads", bounds)
    return [outline.shape for outline in found if outline.class_name not in _NOT_WALKED]


def bridges(city: City, plane: Plane, bounds: Bounds | None = None) -> list[Shape]:
    """The areas of bridges that touch bounds, in the grid's plane."""
    return [outline.shape for outline in areas(city, plane, "bridges", bounds)]


def shelters(buildings: Sequence[Outline], uses: Collection[str] = SHELTER_USES) -> list[Outline]:
    """The buildings whose function or usage has one of these codes (or names)."""
    return [b for b in buildings if _codes(b) & set(uses)]


def points(outlines: Sequence[Outline]) -> Float64:
    """(n, 2) a point in each outline, in the grid's plane [m]."""
    import shapely

    return shapely.get_coordinates(shapely.point_on_surface([o.shape for o in outlines]))


def _codes(building: Outline) -> set[str]:
    found = set()
    for attributes in (building.attributes, *(a for a, _ in building.parts)):
        for name in ("function", "usage"):
            for code in codes(attributes.get(name)):
                found |= {str(code.code), str(code.name)}
    return found
