"""From the polygons that each geometry of a batch names to its arrays, all geometries in one gathering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from citygml.findings import Finding, Severity
from citygml.gml.painting import Painting
from citygml.gml.rings import (
    BAD_COORDINATES,
    CLOSING,
    CLOSING_DEGREES,
    DEFECTS,
    GOOD,
    NEARLY_CLOSED,
    NOT_CLOSED,
    TOO_FEW,
    BoolArray,
    Int,
    IntArray,
    ParsedRings,
    RingTable,
    parse_rings,
    ranges,
)
from citygml.model import (
    SOLID_TYPES,
    CityObject,
    Float64,
    Geometry,
    GeometryType,
    Int32,
    Template,
)

MESSAGES = {
    BAD_COORDINATES: "its coordinates are missing, miscounted or not numbers",
    NOT_CLOSED: "its last position is not its first",
    TOO_FEW: "it has too few positions",
    NEARLY_CLOSED: "its last position is not quite its first",
}


@dataclass(slots=True)
class GeometryDraft:
    """A geometry as references to polygons: 2 * polygon, plus 1 when it is turned round.

    parts: the references, per shell of a solid, else one list. solids: how many shells each solid has.
    owner: the number of its object in the batch; target: what gets the geometry.
    """

    owner: int
    target: CityObject | Template
    type: GeometryType
    lod: str
    role: str
    parts: list[list[int]]
    solids: list[int]


class Assembly:
    """The geometries of one batch."""

    def __init__(self, swap_axes: bool, degrees: bool, keep_ids: bool, planar: bool) -> None:
        self.rings = RingTable(planar=planar)
        if degrees:
            self.rings.closing_tolerance = (CLOSING_DEGREES, CLOSING_DEGREES, CLOSING)
        self.painting = Painting(swap_axes)
        self._swap = swap_axes
        self._keep_ids = keep_ids
        self._drafts: list[GeometryDraft] = []
        self._order: list[int] = []
        self._ends: list[int] = [0]

    def add(self, draft: GeometryDraft) -> None:
        self._drafts.append(draft)
        for part in draft.parts:
            self._order.extend(part)
            self._ends.append(len(self._order))

    def finish(self, objects: list[CityObject], findings: list[Finding]) -> None:
        """Make the arrays, hand every geometry to its object or template, and report defective rings."""
        table = self.rings
        if not self._drafts and not table.texts:
            return
        parsed = parse_rings(table)
        first_ring = np.array([*table.first_ring, len(table.texts)], Int)
        order = np.array(self._order, Int)
        ends = np.array(self._ends, Int)
        if parsed.defects.any():
            kept = ~self._report(parsed, first_ring, objects, findings)[order >> 1]
            ends = np.concatenate(([0], np.cumsum(kept)))[ends]
            order = order[kept]
        gathered = self._gather(parsed, first_ring, order, ends)
        painted = bool(self.painting.polygons)
        if painted:
            self.painting.parse()
        part = 1
        for draft, p0, p1, r0, r1, v0, v1, meant in zip(self._drafts, *gathered.spans, strict=True):
            shells = ends[part - 1 : part + len(draft.parts)]
            part += len(draft.parts)
            if p1 == p0:
                continue
            geometry = Geometry(
                draft.type,
                draft.lod,
                gathered.vertices[v0:v1],
                gathered.ring_ends[r0 : r1 + 1] - v0,
                gathered.polygon_ends[p0 : p1 + 1] - r0,
            )
            geometry.role = draft.role
            if draft.type in SOLID_TYPES:
                geometry.shells = (shells - p0).astype(np.int32)
                geometry.solids = np.cumsum([0, *draft.solids], dtype=np.int32)
            if meant:
                geometry.semantics = gathered.semantics[p0:p1]
            draft.target.geometries.append(geometry)
            if self._keep_ids or painted:
                polygons = gathered.polygons[p0:p1].tolist()
                if self._keep_ids:
                    geometry.polygon_ids = [table.polygon_ids[p] for p in polygons]
                if painted:
                    reverse = gathered.reverse[p0:p1]
                    self.painting.apply(
                        draft.target, geometry, polygons, reverse, table.polygon_ids, findings
                    )

    def _report(
        self, parsed: ParsedRings, first_ring: IntArray, objects: list[CityObject], findings: list[Finding]
    ) -> BoolArray:
        """A finding per defective ring that an object owns; returns the polygons to leave out."""
        table = self.rings
        defective = np.flatnonzero(parsed.defects != GOOD)
        polygons = np.searchsorted(first_ring, defective, side="right") - 1
        bad = np.zeros(len(table.first_ring), bool)
        bad[polygons[parsed.defects[defective] != NEARLY_CLOSED]] = True
        for ring, polygon in zip(defective.tolist(), polygons.tolist(), strict=True):
            defect = int(parsed.defects[ring])
            part = table.ring_ids[ring] or table.polygon_ids[polygon]
            start, count = parsed.starts[ring], parsed.counts[ring]
            place = None
            for xyz in self._swapped(parsed.coordinates[start : start + count]).tolist():
                if np.isfinite(xyz).all():
                    place = (xyz[0], xyz[1], xyz[2])
                    break
            kept = defect == NEARLY_CLOSED
            consequence = "taken as closed" if kept else "its polygon is left out"
            message = f"ring {part or 'without gml:id'}: {MESSAGES[defect]}; {consequence}"
            owner = objects[table.owners[polygon]].id
            severity: Severity = "warning" if kept else "error"
            findings.append(Finding(DEFECTS[defect], message, owner, part, place, severity))
        return bad

    def _swapped(self, coordinates: Float64) -> Float64:
        return coordinates[:, [1, 0, 2]] if self._swap else coordinates

    def _gather(
        self, parsed: ParsedRings, first_ring: IntArray, order: IntArray, ends: IntArray
    ) -> _Gathered:
        polygons, reverse = order >> 1, (order & 1).astype(bool)
        ring_counts = np.diff(first_ring)[polygons]
        rings = ranges(first_ring[polygons], ring_counts)
        lengths = parsed.lengths[rings]
        at = ranges(parsed.starts[rings], lengths)
        turned = np.repeat(reverse, ring_counts)
        if turned.any():
            both = np.repeat(2 * parsed.starts[rings] + lengths - 1, lengths)
            at = np.where(np.repeat(turned, lengths), both - at, at)
        vertices = parsed.coordinates[at]
        if self._swap:
            source, vertices = vertices, vertices[:, [1, 0, 2]]
            if self.rings.local:
                is_local = np.zeros(len(first_ring) - 1, bool)
                is_local[self.rings.local] = True
                keep = np.repeat(np.repeat(is_local[polygons], ring_counts), lengths)
                vertices[keep] = source[keep]
        polygon_ends = np.concatenate(([0], np.cumsum(ring_counts)))
        ring_ends = np.concatenate(([0], np.cumsum(lengths)))

        parts = np.cumsum([0] + [len(d.parts) for d in self._drafts])
        bounds = ends[parts]
        owner = np.repeat(np.array([d.owner for d in self._drafts], Int), np.diff(bounds))
        semantics = np.array(self.rings.semantics, np.int32)[polygons]
        semantics[np.array(self.rings.owners, Int)[polygons] != owner] = -1
        meant = np.concatenate(([0], np.cumsum(semantics >= 0)))[bounds]
        ring_bounds = polygon_ends[bounds]
        vertex_bounds = ring_ends[ring_bounds].tolist()
        bound_list, ring_list = bounds.tolist(), ring_bounds.tolist()
        return _Gathered(
            polygons=polygons,
            reverse=reverse,
            polygon_ends=polygon_ends.astype(np.int32),
            ring_ends=ring_ends.astype(np.int32),
            vertices=vertices,
            semantics=semantics,
            spans=(
                bound_list[:-1],
                bound_list[1:],
                ring_list[:-1],
                ring_list[1:],
                vertex_bounds[:-1],
                vertex_bounds[1:],
                np.diff(meant).tolist(),
            ),
        )


@dataclass(slots=True)
class _Gathered:
    """polygons, reverse, semantics: per polygon of all geometries in turn. spans: per geometry the first
    and end polygon, ring and vertex, and how many of its polygons have a meaning."""

    polygons: IntArray
    reverse: BoolArray
    polygon_ends: Int32
    ring_ends: Int32
    vertices: Float64
    semantics: Int32
    spans: tuple[list[int], ...]
