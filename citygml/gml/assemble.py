"""From the polygons that each geometry of a batch names to its arrays, all geometries in one gathering."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from citygml.findings import Finding
from citygml.gml.rings import BAD_COORDINATES, DEFECTS, GOOD, NOT_CLOSED, TOO_FEW
from citygml.gml.rings import Int, IntArray, ParsedRings, RingTable, parse_numbers, parse_rings, ranges
from citygml.model import (
    SOLID_TYPES,
    CityObject,
    Float64,
    Geometry,
    GeometryType,
    Material,
    Template,
    Texture,
    Texturing,
)

MESSAGES = {
    BAD_COORDINATES: "its coordinates are missing, miscounted or not numbers",
    NOT_CLOSED: "its last position is not its first",
    TOO_FEW: "it has too few positions",
}


_Item = TypeVar("_Item", Material, Texture)


@dataclass(slots=True)
class GeometryDraft:
    """A geometry as references: 2 * polygon, plus 1 when the polygon is turned round.

    parts: per shell (or one for what has no shells) the references, or ids that are still to be resolved.
    solids: how many shells each solid has. owner: the number of its object in the batch; target: what gets
    the geometry. shells: after `Assembly.add`, where each part ends among the polygons of the batch.
    """

    owner: int
    target: CityObject | Template
    type: GeometryType
    lod: str
    role: str
    parts: list[list[int]]
    solids: list[int] = field(default_factory=list)
    shells: list[int] = field(default_factory=list)
    start: int = 0


@dataclass(slots=True)
class Paint:
    """What one theme puts on one polygon: a material, or a texture with texture coordinates per ring.

    uv: the texts of the texture coordinates by ring, in the polygon's order (None: that ring has none).
    world: (3, 4) float64, from homogeneous coordinates to (s, t, q), in place of uv.
    """

    theme: str
    material: Material | None = None
    texture: Texture | None = None
    uv: list[str | None] | None = None
    world: Float64 | None = None


class Assembly:
    """The geometries of one batch."""

    def __init__(self, swap_axes: bool, keep_ids: bool, planar: bool) -> None:
        self.rings = RingTable(planar=planar)
        self.paint: dict[int, list[Paint]] = {}
        self._swap = swap_axes
        self._keep_ids = keep_ids
        self._drafts: list[GeometryDraft] = []
        self._order: list[int] = []

    def add(self, draft: GeometryDraft) -> None:
        """Take a geometry whose references are all resolved."""
        draft.start = len(self._order)
        for part in draft.parts:
            self._order.extend(part)
            draft.shells.append(len(self._order))
        self._drafts.append(draft)

    def finish(self, objects: list[CityObject], findings: list[Finding]) -> None:
        """Make the arrays, hand every geometry to its object or template, and report defective rings."""
        table = self.rings
        parsed = parse_rings(table)
        first_ring = np.array([*table.first_ring, len(table.texts)], Int)
        order = np.array(self._order, Int)
        ends = np.array([e for d in self._drafts for e in (d.start, *d.shells)], Int)
        if parsed.defects.any():
            bad = self._report(parsed, first_ring, objects, findings)
            kept = ~bad[order >> 1]
            ends = np.concatenate(([0], np.cumsum(kept)))[ends]
            order = order[kept]
        gathered = self._gather(parsed, first_ring, order)
        at = 0
        for draft in self._drafts:
            shells = ends[at : at + len(draft.shells) + 1]
            at += len(draft.shells) + 1
            if shells[-1] > shells[0]:
                draft.target.geometries.append(self._geometry(draft, shells, gathered, parsed, findings))

    def _report(
        self, parsed: ParsedRings, first_ring: IntArray, objects: list[CityObject], findings: list[Finding]
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """A finding per defective ring that an object owns; returns the polygons to leave out."""
        table = self.rings
        defective = np.flatnonzero(parsed.defects != GOOD)
        polygons = np.searchsorted(first_ring, defective, side="right") - 1
        bad = np.zeros(len(table.first_ring), bool)
        bad[polygons] = True
        for ring, polygon in zip(defective.tolist(), polygons.tolist(), strict=True):
            defect = int(parsed.defects[ring])
            part = table.ring_ids[ring] or table.polygon_ids[polygon]
            start, count = parsed.starts[ring], parsed.counts[ring]
            place = None
            for xyz in self._swapped(parsed.coordinates[start : start + count]).tolist():
                if np.isfinite(xyz).all():
                    place = (xyz[0], xyz[1], xyz[2])
                    break
            message = f"ring {part or 'without gml:id'}: {MESSAGES[defect]}; its polygon is left out"
            owner = objects[table.owners[polygon]].id
            findings.append(Finding(DEFECTS[defect], message, owner, part, place))
        return bad

    def _swapped(self, coordinates: Float64) -> Float64:
        return coordinates[:, [1, 0, 2]] if self._swap else coordinates

    def _gather(self, parsed: ParsedRings, first_ring: IntArray, order: IntArray) -> _Gathered:
        polygons, reverse = order >> 1, (order & 1).astype(bool)
        ring_counts = np.diff(first_ring)[polygons]
        rings = ranges(first_ring[polygons], ring_counts)
        lengths = parsed.lengths[rings]
        at = ranges(parsed.starts[rings], lengths)
        turned = np.repeat(reverse, ring_counts)
        if turned.any():
            mirror = np.repeat(turned, lengths)
            both = np.repeat(2 * parsed.starts[rings] + lengths - 1, lengths)
            at = np.where(mirror, both - at, at)
        source = parsed.coordinates[at]
        vertices = source
        if self._swap:
            vertices = source[:, [1, 0, 2]]
            if self.rings.local:
                is_local = np.zeros(len(first_ring) - 1, bool)
                is_local[self.rings.local] = True
                keep = np.repeat(np.repeat(is_local[polygons], ring_counts), lengths)
                vertices[keep] = source[keep]
        return _Gathered(
            polygons=polygons,
            reverse=reverse,
            rings=rings,
            polygon_ends=np.concatenate(([0], np.cumsum(ring_counts))),
            ring_ends=np.concatenate(([0], np.cumsum(lengths))),
            vertices=vertices,
            semantics=np.array(self.rings.semantics, np.int32)[polygons],
            owners=np.array(self.rings.owners, Int)[polygons],
        )

    def _geometry(
        self,
        draft: GeometryDraft,
        ends: IntArray,
        gathered: _Gathered,
        parsed: ParsedRings,
        findings: list[Finding],
    ) -> Geometry:
        p0, p1 = int(ends[0]), int(ends[-1])
        polygon_ends = gathered.polygon_ends[p0 : p1 + 1]
        r0, r1 = int(polygon_ends[0]), int(polygon_ends[-1])
        ring_ends = gathered.ring_ends[r0 : r1 + 1]
        v0, v1 = int(ring_ends[0]), int(ring_ends[-1])
        geometry = Geometry(
            type=draft.type,
            lod=draft.lod,
            role=draft.role,
            vertices=gathered.vertices[v0:v1],
            rings=(ring_ends - v0).astype(np.int32),
            polygons=(polygon_ends - r0).astype(np.int32),
        )
        if draft.type in SOLID_TYPES:
            geometry.shells = (ends - p0).astype(np.int32)
            geometry.solids = np.cumsum([0, *draft.solids], dtype=np.int32)
        semantics = gathered.semantics[p0:p1]
        if semantics.max() >= 0:
            own = gathered.owners[p0:p1] == draft.owner
            semantics = np.where(own, semantics, np.int32(-1))
            if semantics.max() >= 0:
                geometry.semantics = semantics
        polygons = gathered.polygons[p0:p1]
        if self._keep_ids:
            ids = self.rings.polygon_ids
            geometry.polygon_ids = [ids[p] for p in polygons.tolist()]
        if self.paint:
            self._apply_paint(draft, geometry, polygons.tolist(), gathered, p0, findings)
        return geometry

    def _apply_paint(
        self,
        draft: GeometryDraft,
        geometry: Geometry,
        polygons: list[int],
        gathered: _Gathered,
        first: int,
        findings: list[Finding],
    ) -> None:
        """Fill `textures` and `materials` of a geometry, theme by theme."""
        target = draft.target
        for i, polygon in enumerate(polygons):
            for paint in self.paint.get(polygon, ()):
                if paint.material is not None:
                    indices = geometry.materials.setdefault(
                        paint.theme, np.full(len(polygons), -1, np.int32)
                    )
                    indices[i] = _index(target.materials, paint.material)
                if paint.texture is not None:
                    texturing = geometry.textures.get(paint.theme)
                    if texturing is None:
                        texturing = geometry.textures[paint.theme] = Texturing(
                            np.full(len(polygons), -1, np.int32),
                            np.full((len(geometry.vertices), 2), np.nan, np.float32),
                        )
                    if self._coordinates(paint, texturing, geometry, i, bool(gathered.reverse[first + i])):
                        texturing.images[i] = _index(target.textures, paint.texture)
                    else:
                        part = self.rings.polygon_ids[polygon]
                        message = f"polygon {part}: texture coordinates do not match its rings; left untextured"
                        findings.append(Finding("bad-texture-coordinates", message, target.id, part, None, "warning"))

    def _coordinates(
        self, paint: Paint, texturing: Texturing, geometry: Geometry, polygon: int, reverse: bool
    ) -> bool:
        """Write the texture coordinates of one polygon; False when they do not fit."""
        first, last = geometry.polygons[polygon : polygon + 2].tolist()
        if paint.world is not None:
            span = slice(int(geometry.rings[first]), int(geometry.rings[last]))
            xyz = self._swapped(geometry.vertices[span])
            texturing.uv[span] = _project(paint.world, xyz)
            return True
        for ring, text in zip(range(first, last), paint.uv or (), strict=False):
            if text is None:
                continue
            values, counts = parse_numbers([text])
            start, end = geometry.rings[ring : ring + 2].tolist()
            if counts[0] < 0 or counts[0] // 2 - 1 not in (end - start, end - start - 1):
                return False
            uv = values[: 2 * (end - start)].reshape(-1, 2)
            texturing.uv[start:end] = uv[::-1] if reverse else uv
        return True


@dataclass(slots=True)
class _Gathered:
    polygons: IntArray
    reverse: np.ndarray[tuple[int], np.dtype[np.bool_]]
    rings: IntArray
    polygon_ends: IntArray
    ring_ends: IntArray
    vertices: Float64
    semantics: np.ndarray[tuple[int], np.dtype[np.int32]]
    owners: IntArray


def _project(world: Float64, xyz: Float64) -> Float64:
    """(n, 2) texture coordinates s/q, t/q of (n, 3) positions by a (3, 4) matrix."""
    stq = np.column_stack([xyz, np.ones(len(xyz))]) @ world.T
    return np.asarray(stq[:, :2] / stq[:, 2:])


def _index(items: list[_Item], item: _Item) -> int:
    try:
        return items.index(item)
    except ValueError:
        items.append(item)
        return len(items) - 1
