"""One area's buildings as zones: their volumes, what stands against what, and the envelope that is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.energy.envelope import Pieces
from analysis.energy.zones import Boundary, Float64, Int32, Part
from analysis.scene.zones.contacts import Contacts, contacts
from analysis.scene.zones.faces import UPRIGHT, Faces, classified
from analysis.scene.zones.openings import face_weights, is_window, openings
from analysis.scene.zones.pieces import Patches, patches, pieces_of, together
from analysis.scene.zones.solids import Solids, solids

TOP_SHARE = 0.1
"""A zone's height is taken from its highest roofs, of at least this share of the area of all of them."""
_SLIVER = 0.002
"""What is left of a face is nothing below this share of it."""
_DOWN = np.array([[0.0, 0.0, -1.0]])


@dataclass(frozen=True)
class Owners:
    """Whose bodies are. zone: (b,) number, -1 for bodies that are none and stand in nobody's way. building:
    (b,) number. zones: how many are asked for, numbered from 0; the others are neighbours."""

    zone: Int32
    building: Int32
    zones: int


@dataclass(frozen=True)
class Shape:
    """The geometry of z zones. volume [m³], height, low [m]: (z,). centre: (z, 2) [m]. closed, sideless: (z,)
    whether all their bodies are, or are but for walls. floorless, turned: (z,) whether some are. detailed:
    (z,) whether windows and doors are modelled."""

    volume: Float64
    height: Float64
    low: Float64
    centre: Float64
    closed: npt.NDArray[np.bool_]
    sideless: npt.NDArray[np.bool_]
    floorless: npt.NDArray[np.bool_]
    turned: npt.NDArray[np.bool_]
    detailed: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Envelope:
    """first, pieces: as in `Envelopes`. patches, and the piece (m,) that each belongs to. touching: what
    takes parts of faces away."""

    first: Int32
    pieces: Pieces
    patches: Patches
    piece: Int32
    touching: Contacts


@dataclass(frozen=True)
class Split:
    """What contacts leave of faces: (p,) areas shared with other zones, and left over [m²]."""

    shared: Float64
    rest: Float64


def measured(faces: Faces, owners: Owners) -> tuple[Shape, Solids]:
    """The volumes, heights and places of zones, each body by itself, and what is known of bodies."""
    found = openings(faces)
    whole = solids(faces, face_weights(faces, found))
    zone, count = owners.zone, owners.zones
    own = np.flatnonzero((zone >= 0) & (zone < count) & np.isfinite(whole.low))
    of_face = zone[faces.body]
    mine = np.flatnonzero((of_face >= 0) & (of_face < count))

    def total(values: npt.NDArray[np.generic]) -> Float64:
        return np.bincount(zone[own], values[own], count).astype(np.float64)

    bodies = total(np.ones(len(zone)))
    low = np.full(count, np.inf)
    high = np.full(count, -np.inf)
    np.minimum.at(low, zone[own], whole.low[own])
    np.maximum.at(high, of_face[mine], faces.high[mine])
    up = faces.areas * faces.normals[:, 2]
    roofs = mine[faces.normals[mine, 2] > UPRIGHT]
    top = _top(of_face[roofs], up[roofs], whole.level[roofs], count)
    return Shape(
        volume=total(whole.volume),
        height=np.where(top > low, top, high) - np.where(np.isfinite(low), low, 0.0),
        low=low,
        centre=_middles(faces, zone, count),
        closed=(bodies > 0) & (total(whole.closed) == bodies),
        sideless=(bodies > 0) & (total(whole.closed | whole.sideless) == bodies),
        floorless=total(whole.missing_floor) > 0,
        turned=total(faces.turned) > 0,
        detailed=total(faces.detailed) > 0,
    ), whole


def _middles(faces: Faces, zone: Int32, count: int) -> Float64:
    """(count, 2) the middle of the box around each zone, seen from above [m]."""
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    sizes = faces.rings[faces.polygons[1:]] - faces.rings[faces.polygons[:-1]]
    of_vertex = zone[np.repeat(faces.body, sizes)]
    mine = np.flatnonzero((of_vertex >= 0) & (of_vertex < count))
    np.minimum.at(low, of_vertex[mine], faces.vertices[mine, :2])
    np.maximum.at(high, of_vertex[mine], faces.vertices[mine, :2])
    middles: Float64 = np.where(np.isfinite(low), (low + high) / 2, 0.0)
    return middles


def enclosed(
    faces: Faces, zone: Int32, building: Int32, shape: Shape, convergence: float, extra: Patches
) -> Envelope:
    """The envelopes of zones. zone, building: (p,) of each face. extra: patches besides those of faces."""
    zones = len(shape.volume)
    foot = np.full(int(building.max(initial=0)) + 1, np.inf)
    np.minimum.at(foot, building, faces.low)
    part, boundary = classified(faces, foot[building])
    touching = contacts(faces, (faces.opening < 0) & (zone >= 0) & (faces.areas > 0))
    split = _split(faces, zone, touching)
    own = np.flatnonzero((zone >= 0) & (zone < zones) & (faces.opening < 0))
    height = faces.high[own] - faces.low[own]
    of_walls = np.where(part[own] == Part.WALL, height, 0.0)
    parts = [
        patches(zone[own], part[own], boundary[own], split.rest[own], faces.normals[own], of_walls, face=own),
        patches(
            zone[own],
            part[own],
            Boundary.ADIABATIC,
            split.shared[own],
            faces.normals[own],
            of_walls,
            face=own,
        ),
        _holes(faces, zone, zones),
        extra,
    ]
    found = together(parts)
    first, pieces, piece = pieces_of(found, zones, shape.detailed, convergence)
    return Envelope(first, pieces, found, piece, touching)


def missing_floors(owners: Owners, whole: Solids) -> Patches:
    """Floors on the ground, of bodies that are modelled without."""
    own = np.flatnonzero((owners.zone >= 0) & (owners.zone < owners.zones) & (whole.missing_floor > 0))
    down = np.repeat(_DOWN, len(own), axis=0)
    return patches(owners.zone[own], Part.FLOOR, Boundary.GROUND, whole.missing_floor[own], down)


def _split(faces: Faces, zone: Int32, touching: Contacts) -> Split:
    same = zone[touching.a] == zone[touching.b]

    def taken(which: npt.NDArray[np.bool_]) -> Float64:
        area = touching.area[which]
        count = len(faces)
        both = np.bincount(touching.a[which], area, count) + np.bincount(touching.b[which], area, count)
        return both.astype(np.float64)

    inner = np.minimum(taken(same), faces.areas)
    shared = np.minimum(taken(~same), faces.areas - inner)
    rest = faces.areas - inner - shared
    rest[rest < _SLIVER * faces.areas] = 0.0
    return Split(shared, rest)


def _holes(faces: Faces, zone: Int32, zones: int) -> Patches:
    """Windows and doors, as parts of the walls or roofs that they are in."""
    found = openings(faces)
    of_opening = np.full(len(found.area), -1, np.int32)
    some = np.flatnonzero(faces.opening >= 0)
    of_opening[faces.opening[some]] = zone[some]
    own = np.flatnonzero((of_opening >= 0) & (of_opening < zones))
    window = is_window(found)[own]
    area = found.area[own]
    return patches(
        of_opening[own],
        np.where(np.abs(found.normal[own, 2]) <= 0.5, Part.WALL, Part.ROOF),
        Boundary.OUTSIDE,
        np.where(found.cut[own], area, 0.0),
        found.normal[own],
        window=np.where(window, area, 0.0),
        door=np.where(window, 0.0, area),
    )


def _top(zone: Int32, area: Float64, level: Float64, zones: int) -> Float64:
    """(zones,) the mean height of each zone's highest roofs that make up `TOP_SHARE` of their area; NaN for a
    zone without roofs."""
    order = np.lexsort((-level, zone))
    zone, area, level = zone[order], area[order], level[order]
    whole = np.bincount(zone, area, zones)
    before = np.cumsum(area) - area
    begin = np.searchsorted(zone, np.arange(zones))
    start = np.append(before, 0.0)[begin]
    counted = before - start[zone] < TOP_SHARE * whole[zone] * (1 - 1e-9)
    weight = np.bincount(zone[counted], area[counted], zones)
    total = np.bincount(zone[counted], area[counted] * level[counted], zones)
    return np.where(weight > 0, total / np.maximum(weight, 1e-12), np.nan)
