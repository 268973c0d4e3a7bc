"""One area's zones from the faces of its buildings, and areas put together as `Envelopes`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.energy.envelope import Envelopes, Pieces
from analysis.energy.zones import Float64, Int8, Int32
from analysis.scene.grid import Plane
from analysis.scene.zones import attributes as about
from analysis.scene.zones.build import Owners, Shape, enclosed, measured, missing_floors
from analysis.scene.zones.faces import Faces
from analysis.scene.zones.figures import Figures, Known, figures
from analysis.scene.zones.pieces import Patches
from analysis.scene.zones.points import Points, all_points, no_points, points_of
from analysis.sun.scene import Place
from citygml.model import Attributes


@dataclass(frozen=True)
class Area:
    """known, shape, figures: of z zones. points: where to look at the sky from."""

    known: list[Known]
    shape: Shape
    figures: Figures
    first: Int32
    pieces: Pieces
    footprint: Float64
    points: Points


@dataclass(frozen=True)
class Found:
    """points: of all pieces of the envelopes, by their number."""

    envelopes: Envelopes
    points: Points


def zones_of_area(
    faces: Faces, owners: Owners, known: list[Known], storeys: bool, convergence: float,
    counts: Counter[str], points: bool,
) -> Area:  # fmt: skip
    """The zones of the bodies of an area. storeys: divided by storeys. counts: gets those without a volume.
    points: whether the sky will be looked at."""
    shape, whole = measured(faces, owners)
    real = np.flatnonzero(shape.volume > 0)
    if len(real) < len(known):
        counts["empty"] += len(known) - len(real)
        owners = _without(owners, real)
        known = [known[k] for k in real.tolist()]
        shape, whole = measured(faces, owners)
    said = figures(known, shape)
    zone, extra = owners.zone[faces.body], missing_floors(owners, whole)
    if storeys and known:
        from analysis.scene.zones.storeys import divided

        cut = divided(faces, zone, extra, known, shape, said)
        faces, zone, extra, known, shape, said = (
            cut.faces, cut.zone, cut.extra, cut.known, cut.shape, cut.said,
        )  # fmt: skip
    building = owners.building[faces.body]
    found = enclosed(faces, zone, building, shape, convergence, extra)
    some = points_of(faces, found) if points else no_points()
    return Area(known, shape, said, found.first, found.pieces, _footprint(found.patches, len(known)), some)


def _footprint(patches: Patches, zones: int) -> Float64:
    """(zones,) the level area of what looks down [m²], or of what looks up where a floor is missing."""
    level = patches.normal[:, 2] * patches.area
    below = np.bincount(patches.zone, np.maximum(-level, 0.0), zones)
    above = np.bincount(patches.zone, np.maximum(level, 0.0), zones)
    return np.where(below > 0, below, above)


def _without(owners: Owners, real: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Owners:
    """Only real zones, numbered anew; bodies of the others are none."""
    number = np.full(owners.zones, -1, np.int32)
    number[real] = np.arange(len(real))
    own = (owners.zone >= 0) & (owners.zone < owners.zones)
    zone = np.where(own, number[np.where(own, owners.zone, 0)], owners.zone - owners.zones + len(real))
    return Owners(np.where(owners.zone < 0, -1, zone).astype(np.int32), owners.building, len(real))


def joined(
    areas: Sequence[Area], place: Place, crs: str, notes: list[str], plane: Plane | None = None
) -> Found:
    """Areas as one, their zones in the order of the areas. plane: the way back to the city's coordinates;
    None where centres are in them."""
    known = [zone for area in areas for zone in area.known]
    before = np.cumsum([0, *(len(area.known) for area in areas)])
    pieces_before = np.cumsum([0, *(len(area.pieces) for area in areas)])
    first = [area.first[:-1] + n for area, n in zip(areas, pieces_before[:-1], strict=True)]
    centre = np.concatenate([area.shape.centre for area in areas])
    problems = {
        k + int(n): said
        for area, n in zip(areas, before[:-1], strict=True)
        for k, said in area.figures.problems.items()
    }
    found = Envelopes(
        ids=[zone.id for zone in known],
        building=[zone.building for zone in known],
        first=np.append(np.concatenate(first), pieces_before[-1]).astype(np.int32),
        pieces=_all_pieces([area.pieces for area in areas]),
        volume=np.concatenate([area.shape.volume for area in areas]),
        footprint=np.concatenate([area.footprint for area in areas]),
        height=np.concatenate([area.shape.height for area in areas]),
        storeys=np.concatenate([area.figures.storeys for area in areas]),
        floor_area=np.concatenate([area.figures.floor_area for area in areas]),
        year=np.concatenate([area.figures.year for area in areas]),
        attributes=[about.kept(_merged(zone)) for zone in known],
        centre=centre if plane is None else plane.from_grid(centre),
        place=place,
        crs=crs,
        origins=_all_origins([area.figures.origins for area in areas]),
        problems=problems,
        notes=notes,
        levels=np.concatenate([area.figures.levels for area in areas]),
    )
    points = [
        replace(area.points, piece=area.points.piece + n)
        for area, n in zip(areas, pieces_before[:-1], strict=True)
    ]
    return Found(found, all_points(points))


def _merged(zone: Known) -> Attributes:
    """The attributes of a building, with those of its parts that it has none of itself."""
    merged: Attributes = {}
    for each in (*reversed(zone.own), zone.attributes):
        merged.update(each)
    return merged


def _all_pieces(parts: Sequence[Pieces]) -> Pieces:
    names = ("part", "boundary", "area", "azimuth", "tilt", "sky_view", "windows", "doors", "height")
    return Pieces(**{name: np.concatenate([getattr(each, name) for each in parts]) for name in names})


def _all_origins(parts: Sequence[dict[str, Int8]]) -> dict[str, Int8]:
    return {name: np.concatenate([each[name] for each in parts]) for name in parts[0]}
