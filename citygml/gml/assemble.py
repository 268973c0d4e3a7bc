"""From the polygons that each geometry of a batch names to its arrays, all geometries in one gathering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from citygml.findings import Finding, Severity
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
    parse_numbers,
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
    Material,
    Template,
    Texture,
    Texturing,
)

MESSAGES = {
    BAD_COORDINATES: "its coordinates are missing, miscounted or not numbers",
    NOT_CLOSED: "its last position is not its first",
    TOO_FEW: "it has too few positions",
    NEARLY_CLOSED: "its last position is not quite its first",
}


_Item = TypeVar("_Item", Material, Texture)


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


@dataclass(slots=True)
class Paint:
    """What one theme puts on one polygon: a material, or a texture with texture coordinates per ring.

    uv: the texture coordinates by ring, in the polygon's order, as numbers into `Assembly.uv_texts` (-1: none).
    world: (3, 4) float64, from homogeneous coordinates to (s, t, q), in place of uv.
    """

    theme: str
    material: Material | None = None
    texture: Texture | None = None
    uv: list[int] | None = None
    world: Float64 | None = None


class Assembly:
    """The geometries of one batch."""

    def __init__(self, swap_axes: bool, degrees: bool, keep_ids: bool, planar: bool) -> None:
        self.rings = RingTable(planar=planar)
        if degrees:
            self.rings.closing_tolerance = (CLOSING_DEGREES, CLOSING_DEGREES, CLOSING)
        self.paint: dict[int, list[Paint]] = {}
        self.uv_texts: list[str] = []
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
            if self._keep_ids or self.paint:
                polygons = gathered.polygons[p0:p1].tolist()
                if self._keep_ids:
                    geometry.polygon_ids = [table.polygon_ids[p] for p in polygons]
                if self.paint:
                    self._apply_paint(draft.target, geometry, polygons, gathered.reverse[p0:p1], findings)

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

    def _apply_paint(
        self,
        target: CityObject | Template,
        geometry: Geometry,
        polygons: list[int],
        reverse: BoolArray,
        findings: list[Finding],
    ) -> None:
        """Fill `textures` and `materials` of a geometry, theme by theme."""
        for i, polygon in enumerate(polygons):
            for paint in self.paint.get(polygon, ()):
                if paint.material is not None:
                    indices = geometry.materials.setdefault(paint.theme, np.full(len(polygons), -1, np.int32))
                    indices[i] = _index(target.materials, paint.material)
                if paint.texture is not None:
                    texturing = geometry.textures.get(paint.theme)
                    if texturing is None:
                        texturing = geometry.textures[paint.theme] = Texturing(
                            np.full(len(polygons), -1, np.int32),
                            np.full((len(geometry.vertices), 2), np.nan, np.float32),
                        )
                    if self._coordinates(paint, texturing, geometry, i, bool(reverse[i])):
                        texturing.images[i] = _index(target.textures, paint.texture)
                    else:
                        part = self.rings.polygon_ids[polygon]
                        message = (
                            f"polygon {part}: texture coordinates do not match its rings; left untextured"
                        )
                        findings.append(
                            Finding("bad-texture-coordinates", message, target.id, part, None, "warning")
                        )

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
    """polygons, reverse, semantics: per polygon of all geometries in turn. spans: per geometry the first
    and end polygon, ring and vertex, and how many of its polygons have a meaning."""

    polygons: IntArray
    reverse: BoolArray
    polygon_ends: Int32
    ring_ends: Int32
    vertices: Float64
    semantics: Int32
    spans: tuple[list[int], ...]


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
