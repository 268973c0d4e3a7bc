"""Reading the semantic surfaces of a geometry, and those that several geometries of an object share."""

from __future__ import annotations

from typing import Any

import numpy as np

from citygml.cityjson.attributes import read_attributes
from citygml.cityjson.boundaries import BadNesting
from citygml.cityjson.names import surface_name
from citygml.model import Geometry, Surface

_SURFACE_MEMBERS = frozenset({"type", "parent", "children"})


def read_surfaces(listed: list[dict[str, Any]], start: int) -> list[Surface]:
    """The surfaces of one geometry, the first of which takes the place `start` in the object's list.

    Raises BadNesting when one holds itself, and KeyError, TypeError or AttributeError when they are none.
    """
    surfaces = [_surface(s, start, len(listed)) for s in listed]
    for number, item in enumerate(listed):
        for child in item.get("children") or ():
            if 0 <= child < len(surfaces) and child != number and surfaces[child].parent < 0:
                surfaces[child].parent = start + number
    if _in_circles(surfaces, start):
        raise BadNesting("a surface holds itself")
    return surfaces


def _surface(raw: dict[str, Any], start: int, count: int) -> Surface:
    out = Surface(type=surface_name(str(raw["type"])))
    if len(raw) == 1:
        return out
    attributes = {k: v for k, v in raw.items() if k not in _SURFACE_MEMBERS}
    if isinstance(raw.get("id"), str):
        out.id = attributes.pop("id")
    if attributes:
        out.attributes = read_attributes(attributes)
    parent = raw.get("parent")
    if isinstance(parent, int) and 0 <= parent < count:
        out.parent = start + parent
    return out


def _in_circles(surfaces: list[Surface], start: int) -> bool:
    """Whether any of the surfaces is held by itself; `start` is the place of the first among the object's."""
    settled: set[int] = set()
    for number in range(len(surfaces)):
        path: set[int] = set()
        at = number
        while at >= 0 and at not in settled:
            if at in path:
                return True
            path.add(at)
            at = surfaces[at].parent - start
        settled |= path
    return False


def share(
    surfaces: list[Surface], geometry: Geometry, start: int, numbers: Any, known: dict[int, int]
) -> None:
    """Put the surfaces of earlier geometries in the place of those that the geometry shares with them.

    surfaces: of the object; those from `start` on are the geometry's. numbers: what the file numbers
    these over the object, None where geometries share none. known: number -> place in `surfaces`.
    """
    own = surfaces[start:]
    if not isinstance(numbers, list) or set(map(type, numbers)) - {int}:
        return
    if not len(numbers) == len(own) == len(set(numbers)):
        return
    del surfaces[start:]
    fresh = [number not in known for number in numbers]
    for number, surface in zip(numbers, own, strict=True):
        if number not in known:
            known[number] = len(surfaces)
            surfaces.append(surface)
    places = np.array([known[number] for number in numbers], dtype=np.int32)
    for surface, new in zip(own, fresh, strict=True):
        if new and surface.parent >= 0:
            surface.parent = int(places[surface.parent - start])
    if geometry.semantics is not None:
        own_places = places[np.maximum(geometry.semantics - start, 0)]
        geometry.semantics = np.where(geometry.semantics >= 0, own_places, -1).astype(np.int32)
