"""Facades at LoD3: windows and doors as openings in the walls, balconies as installations.

The solid of LoD2 is taken over; each of its outer walls gets a grid of openings, every one of them a hole
in the wall's polygon closed by a Window or Door polygon, so that the solid stays watertight.
"""

from __future__ import annotations

import numpy as np

from citygml.model import CityObject, Float64, Geometry, Material, Surface
from twin.synth.codes import code
from twin.synth.design import Spec
from twin.synth.plan import Frame
from twin.synth.shapes import WALL, prism

THEME = "district"
MATERIALS = [
    Material("wall", diffuse=(0.93, 0.91, 0.87)),
    Material("roof", diffuse=(0.55, 0.56, 0.58)),
    Material("glass", diffuse=(0.36, 0.52, 0.62), specular=(0.9, 0.9, 0.9), shininess=0.8, transparency=0.25),
    Material("door", diffuse=(0.36, 0.27, 0.20)),
    Material("balcony", diffuse=(0.85, 0.86, 0.86)),
]
MATERIAL_OF = {"RoofSurface": 1, "Window": 2, "Door": 3}
BAY = 3.4  # width of a bay of windows [m]
DOOR_WALL, BALCONY_WALL = 5.0, 20.0  # least width of a wall with a door, with balconies [m]


def _openings(
    width: float, height: float, storey: float, storeys: int, door: bool
) -> list[tuple[str, Float64]]:
    """(type, (4, 2)) rectangles along and up the wall, counter-clockwise seen from outside."""
    bays = int(width // BAY)
    if bays == 0 or height < 2.6:
        return []
    pitch, found = width / bays, []
    for floor in range(storeys):
        sill = 0.5 + floor * storey + 0.85
        head = min(sill + min(1.5, storey - 1.3), height - 0.3)
        if head - sill < 0.6:
            continue
        for bay in range(bays):
            middle = (bay + 0.5) * pitch
            if door and floor == 0 and bay == bays // 2:
                found.append(("Door", _rect(middle - 0.6, middle + 0.6, 0.12, min(2.35, height - 0.4))))
            else:
                found.append(("Window", _rect(middle - pitch * 0.3, middle + pitch * 0.3, sill, head)))
    return found


def _rect(a: float, b: float, low: float, high: float) -> Float64:
    return np.array([[a, low], [b, low], [b, high], [a, high]])


def _wall_axes(ring: Float64) -> tuple[Float64, Float64, float, float] | None:
    """Origin, unit vector along, width and height of an upright four-cornered wall, or None."""
    if len(ring) != 4 or abs(ring[0, 2] - ring[1, 2]) > 1e-6:
        return None
    along = ring[1] - ring[0]
    width = float(np.linalg.norm(along))
    return ring[0], along / width, width, float(min(ring[2, 2], ring[3, 2]) - ring[0, 2])


def suits_facade(spec: Spec) -> bool:
    """Whether the building is of one mass whose walls can take openings; of apartments only slabs, which
    have balconies."""
    if len(spec.masses) > 1 or spec.masses[0].kind not in ("flat", "gabled"):
        return False
    footprint = spec.masses[0].footprint
    longest = np.linalg.norm(np.roll(footprint, -1, axis=0) - footprint, axis=1).max()
    return spec.use != "apartment" or bool(longest > BALCONY_WALL)


def facade_objects(building: CityObject, spec: Spec, ground: float, frame: Frame) -> list[CityObject]:
    """Add an LoD3 solid to a building that has an LoD2 one; returns its balconies."""
    base = next(g for g in building.geometries if g.lod == "2")
    lines = np.split(base.vertices, base.rings[1:-1])
    rings: list[Float64] = []
    sizes: list[int] = []
    surfaces: list[Surface] = []
    balconies: list[Float64] = []
    door = True
    for p, first in enumerate(base.polygons[:-1].tolist()):
        own = lines[first : base.polygons[p + 1]]
        kind = building.surfaces[p].type
        found: list[tuple[str, Float64]] = []
        axes = _wall_axes(own[0]) if kind == WALL else None
        if axes is not None and abs(axes[0][2] - ground) < 1e-6:
            origin, along, width, height = axes
            found = [
                (opening, np.round(origin + r[:, :1] * along + r[:, 1:] * [0.0, 0.0, 1.0], 3))
                for opening, r in _openings(
                    width, height, spec.storey_height, spec.storeys, door and width > DOOR_WALL
                )
            ]
            door = door and width <= DOOR_WALL
            east = frame.to_local(np.array([frame.east, frame.north]) + along[:2])[0]
            if spec.use == "apartment" and width > BALCONY_WALL and east > 0.95:
                balconies += [points for opening, points in found if opening == "Window"]
        wall = len(surfaces)
        surfaces += [Surface(kind), *(Surface(opening, parent=wall) for opening, _ in found)]
        rings += [*own, *(points[::-1] for _, points in found), *(points for _, points in found)]
        sizes += [len(own) + len(found), *(1 for _ in found)]
    _add_solid(building, rings, sizes, surfaces)
    return [_balcony(building.id, k, points) for k, points in enumerate(balconies)]


def _add_solid(building: CityObject, rings: list[Float64], sizes: list[int], surfaces: list[Surface]) -> None:
    """Append the LoD3 geometry, one polygon per surface; its surfaces follow those of LoD2."""
    shift = len(building.surfaces)
    for surface in surfaces:
        if surface.parent >= 0:
            surface.parent += shift
    building.surfaces = building.surfaces + surfaces
    count = len(sizes)
    building.materials = MATERIALS[:4]
    building.geometries.append(
        Geometry(
            type="Solid",
            lod="3",
            vertices=np.concatenate(rings),
            rings=np.concatenate([[0], np.cumsum([len(r) for r in rings])]).astype(np.int32),
            polygons=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
            shells=np.array([0, count], dtype=np.int32),
            solids=np.array([0, 1], dtype=np.int32),
            semantics=np.arange(shift, shift + count, dtype=np.int32),
            role="Solid",
            materials={THEME: np.array([MATERIAL_OF.get(s.type, 0) for s in surfaces], dtype=np.int32)},
        )
    )


def _balcony(parent: str, number: int, window: Float64) -> CityObject:
    """A balcony below a window: a slab 1.3 m deep with a solid railing."""
    along = (window[1] - window[0])[:2]
    along = along / np.linalg.norm(along)
    out = np.array([along[1], -along[0]])
    a, b = window[0, :2] - 0.35 * along, window[1, :2] + 0.35 * along
    low = window[0, 2] - 0.95
    corners = []
    for depth, bottom, top in ((1.3, low, low + 0.15), (1.3, low + 0.15, low + 1.15)):
        inner = depth - 0.08 if bottom > low else 0.02
        base = np.array([a + inner * out, a + depth * out, b + depth * out, b + inner * out])
        corners.append(np.concatenate([np.c_[base, np.full(4, bottom)], np.c_[base, np.full(4, top)]]))
    topology = prism(4, WALL, WALL)
    parts = [topology.geometry(np.round(c, 3), "3", solid=False, semantic=False) for c in corners]
    vertices = np.concatenate([g.vertices for g in parts])
    rings = np.concatenate([parts[0].rings, parts[1].rings[1:] + len(parts[0].vertices)]).astype(np.int32)
    count = len(rings) - 1
    return CityObject(
        f"{parent}-balcony-{number + 1}",
        "BuildingInstallation",
        parent=parent,
        attributes={"function": code("BuildingInstallation_function", "1000")},
        geometries=[
            Geometry(
                type="MultiSurface",
                lod="3",
                vertices=vertices,
                rings=rings,
                polygons=np.arange(count + 1, dtype=np.int32),
                role="MultiSurface",
                materials={THEME: np.zeros(count, dtype=np.int32)},
            )
        ],
        materials=[MATERIALS[4]],
    )
