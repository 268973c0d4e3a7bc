"""The outer faces of buildings as one set of arrays, whatever they come from: the store, or a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from analysis.energy.zones import Boundary, Float64, Int8, Int32, Part
from analysis.scene.grid import Plane
from analysis.scene.polygons import gathered, outward
from analysis.scene.surfaces import chosen_geometries, level
from analysis.sun.scene import Kind, Surfaces
from citygml.model import CityObject, Geometry

Bool: TypeAlias = npt.NDArray[np.bool_]
Int64: TypeAlias = npt.NDArray[np.int64]

UPRIGHT = 0.17
"""Below this vertical part of its normal (10°) a face is a wall, whatever the model calls it."""
LEVEL = 0.98
"""Above it (within 10° of the level) a face is a roof or a floor, whatever the model calls it."""
NEAR_GROUND = 0.5
"""What looks down so near to the lowest point of its building, and has no name, lies on the ground [m]."""
PASSAGE = 2.2
"""A ground surface so high above the lowest point of its building is the ceiling of a passage or an open
ground floor [m]: the least height to walk through. A step of the ground within a building is lower."""
_INDOORS = frozenset({"InteriorWallSurface", "CeilingSurface", "FloorSurface"})


class Label(IntEnum):
    """What the model calls a face."""

    NONE = 0
    WALL = 1
    ROOF = 2
    GROUND = 3
    CEILING = 4
    """The underside of something, over open space."""
    WINDOW = 5
    DOOR = 6


_LABELS = {
    "WallSurface": Label.WALL,
    "RoofSurface": Label.ROOF,
    "OuterFloorSurface": Label.ROOF,
    "GroundSurface": Label.GROUND,
    "OuterCeilingSurface": Label.CEILING,
    "Window": Label.WINDOW,
    "WindowSurface": Label.WINDOW,
    "Door": Label.DOOR,
    "DoorSurface": Label.DOOR,
}
_OF_KIND = {
    Kind.ROOF: Label.ROOF,
    Kind.FACADE: Label.WALL,
    Kind.GROUND: Label.GROUND,
    Kind.WINDOW: Label.WINDOW,
}


@dataclass
class Faces:
    """p plane polygons of b bodies (a building's own geometry, or a part's).

    vertices: (n, 3) on the grid's plane [m]; rings, polygons: offsets as in `citygml.model.Geometry`.
    normals: (p, 3) outward; areas: (p,) [m²], holes taken out; low, high: (p,) [m]. label: (p,) int8 of
    `Label`. body: (p,) int32. opening: (p,) int32 number of the window or door that a face is of, -1 for
    none. turned: (b,) bodies that were modelled inside out. detailed: (b,) whether openings are modelled.
    """

    vertices: Float64
    rings: Int32
    polygons: Int32
    normals: Float64
    areas: Float64
    low: Float64
    high: Float64
    label: Int8
    body: Int32
    opening: Int32
    turned: Bool
    detailed: Bool

    def __len__(self) -> int:
        return len(self.polygons) - 1

    @property
    def bodies(self) -> int:
        return len(self.turned)

    def taken(self, chosen: npt.NDArray[np.integer]) -> Faces:
        """Only the faces with these numbers, in this order; bodies stay."""
        ring_counts = np.diff(self.polygons)[chosen]
        rings = ranges(self.polygons[:-1][chosen], ring_counts)
        sizes = np.diff(self.rings)[rings]
        return Faces(
            self.vertices[ranges(self.rings[:-1][rings], sizes)],
            offsets(sizes),
            offsets(ring_counts),
            self.normals[chosen],
            self.areas[chosen],
            self.low[chosen],
            self.high[chosen],
            self.label[chosen],
            self.body[chosen],
            self.opening[chosen],
            self.turned,
            self.detailed,
        )


def family_geometries(
    family: Sequence[CityObject], lod: str | None = None
) -> list[tuple[CityObject, list[Geometry]]]:
    """The bodies of a building and its parts, each at its level of detail. A building whose parts are finer
    is not counted itself: its own geometry is a coarser one of the same."""
    known = [(obj, geometries) for obj in family if (geometries := chosen_geometries(obj, lod))]
    finest = max((level(geometries[0].lod) for obj, geometries in known if obj.parent), default=0.0)
    return [(obj, g) for obj, g in known if obj.parent or level(g[0].lod) >= finest]


def faces_of_objects(bodies: list[tuple[CityObject, list[Geometry]]], plane: Plane) -> Faces:
    """The faces of geometries, turned outwards; what is inside of buildings is left out."""
    if not bodies:
        return _nothing(0)
    polygons = gathered(bodies, plane, _INDOORS)
    if not len(polygons):
        return _nothing(len(bodies))
    before = polygons.normals.copy()
    outward(polygons)
    turned = np.zeros(len(bodies), bool)
    turned[polygons.owner[(before != polygons.normals).any(axis=1)]] = True
    names = np.array([*(_LABELS.get(name, Label.NONE) for name in polygons.types), Label.NONE], np.int8)
    label, body = names[polygons.semantics], polygons.owner.astype(np.int32)
    return Faces(
        polygons.vertices,
        polygons.rings,
        polygons.polygons,
        polygons.normals,
        polygons.areas,
        polygons.low,
        _highest(polygons.vertices, polygons.rings, polygons.polygons),
        label,
        body,
        _openings(label, [(owner, id) for owner, id in zip(body.tolist(), polygons.ids, strict=True)]),
        turned,
        _detailed(label, body, len(bodies)),
    )


def faces_of_surfaces(surfaces: Surfaces) -> Faces:
    """The faces of the buildings of a scene; each building is one body, in the order of
    `Surfaces.buildings`."""
    label = np.array([_OF_KIND.get(Kind(kind), Label.NONE) for kind in surfaces.kind], np.int8)
    everything = Faces(
        surfaces.vertices,
        surfaces.rings,
        surfaces.polygons,
        surfaces.normals,
        surfaces.areas,
        np.minimum.reduceat(surfaces.vertices[:, 2], surfaces.rings[surfaces.polygons[:-1]]),
        _highest(surfaces.vertices, surfaces.rings, surfaces.polygons),
        label,
        surfaces.building,
        _openings(label, list(enumerate(surfaces.ids))),
        np.zeros(len(surfaces.buildings), bool),
        _detailed(label, surfaces.building, len(surfaces.buildings)),
    )
    return everything.taken(np.flatnonzero((surfaces.building >= 0) & (surfaces.areas > 0)))


def classified(faces: Faces, ground: Float64) -> tuple[Int8, Int8]:
    """(p,) `Part` and (p,) `Boundary` of each face as if it stood alone, by its name and its direction.
    ground: (p,) the lowest point of the building of each [m]."""
    up, label = faces.normals[:, 2], faces.label
    above = faces.low - ground
    part = np.where(np.abs(up) <= UPRIGHT, Part.WALL, np.where(up > 0, Part.ROOF, Part.FLOOR))
    part[(label == Label.ROOF) & (np.abs(up) > UPRIGHT) & (up > -LEVEL)] = Part.ROOF
    part[(label == Label.WALL) & (np.abs(up) < LEVEL)] = Part.WALL
    part[label == Label.WINDOW] = Part.WINDOW
    part[label == Label.DOOR] = Part.DOOR
    floor = part == Part.FLOOR
    named = floor & (label == Label.GROUND) & (above < PASSAGE)
    unnamed = floor & (label != Label.GROUND) & (label != Label.CEILING) & (above <= NEAR_GROUND)
    boundary = np.where(named | unnamed, Boundary.GROUND, Boundary.OUTSIDE)
    return part.astype(np.int8), boundary.astype(np.int8)


def offsets(lengths: npt.NDArray[np.integer]) -> Int32:
    """(k + 1,) where each of k consecutive runs of these lengths begins, and the end."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)


def ranges(starts: npt.NDArray[np.integer], lengths: npt.NDArray[np.integer]) -> Int64:
    """The numbers starts[k], starts[k] + 1, ... of each run, one run after the other."""
    ends = np.cumsum(lengths, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - lengths), lengths)


def _openings(label: Int8, names: Sequence[tuple[int, str]]) -> Int32:
    """(p,) which faces make up one window or door: those of one name."""
    found = np.full(len(label), -1, np.int32)
    numbers: dict[tuple[int, str], int] = {}
    for k in np.flatnonzero((label == Label.WINDOW) | (label == Label.DOOR)).tolist():
        found[k] = numbers.setdefault(names[k], len(numbers))
    return found


def _detailed(label: Int8, body: Int32, bodies: int) -> Bool:
    detailed = np.zeros(bodies, bool)
    detailed[body[(label == Label.WINDOW) | (label == Label.DOOR)]] = True
    return detailed


def _highest(vertices: Float64, rings: Int32, polygons: Int32) -> Float64:
    highest: Float64 = np.maximum.reduceat(vertices[:, 2], rings[polygons[:-1]])
    return highest


def _nothing(bodies: int) -> Faces:
    empty = np.zeros(0)
    return Faces(
        np.zeros((0, 3)), np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros((0, 3)), empty, empty, empty,
        np.zeros(0, np.int8), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(bodies, bool),
        np.zeros(bodies, bool),
    )  # fmt: skip
