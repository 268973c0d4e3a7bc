"""What of each object is drawn, gathered from many objects into a few long arrays.

An object is drawn at one level of detail: the highest that it has, or the highest up to a wanted one.
Outlines (terrain intersections, footprints, roof edges) are drawn only where there is nothing better.
Where the same surfaces come twice, as a solid and as semantic surfaces, they are drawn once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from citygml.model import (
    CityObject,
    Float32,
    Float64,
    Geometry,
    ImplicitGeometry,
    Int32,
    Material,
    Template,
    Texture,
    Texturing,
)

TEXTURE_THEME = "rgbTexture"  # the theme that is drawn when an object has several (PLATEAU's name for photos)
_NEVER = "TerrainIntersection"
_CURVES = frozenset({"MultiCurve", "MultiPoint"})
_SMOOTH = frozenset({"TINRelief", "ReliefFeature"})


@dataclass(slots=True)
class Paint:
    """How one kind of polygon looks: `kind` names the surface or object class that gives its plain colour."""

    kind: str
    material: Material | None = None


@dataclass(slots=True)
class Surfaces:
    """Polygons of many objects; vertices, rings and polygons as in `citygml.model.Geometry`.

    feature: (p,) int32 row of the object. paint, image: (p,) int32 into `paints` and `textures`, image
    -1 for none. uv: (n, 2) float32, NaN without texture. smooth: (p,) bool, normals shared by place.
    """

    vertices: Float64
    rings: Int32
    polygons: Int32
    feature: Int32
    paint: Int32
    image: Int32
    uv: Float32 | None
    smooth: npt.NDArray[np.bool_]

    def take(self, keep: npt.NDArray[np.bool_]) -> Surfaces:
        """The polygons where `keep` (p,) holds."""
        vertices, rings, polygons = pick_polygons(self.rings, self.polygons, keep)
        uv = None if self.uv is None else self.uv[vertices]
        return Surfaces(
            self.vertices[vertices],
            rings,
            polygons,
            self.feature[keep],
            self.paint[keep],
            self.image[keep],
            uv,
            self.smooth[keep],
        )


@dataclass(slots=True)
class Curves:
    """Line strings (or points, each a ring of its own) of many objects: offsets (r + 1,), feature (r,)."""

    vertices: Float64
    rings: Int32
    feature: Int32


@dataclass(slots=True)
class Drawn:
    """Everything that is drawn of a sequence of objects; `objects` are those with a row, in order."""

    objects: list[CityObject] = field(default_factory=list)
    surfaces: Surfaces | None = None
    lines: Curves | None = None
    points: Curves | None = None
    implicit: list[tuple[int, ImplicitGeometry]] = field(default_factory=list)
    paints: list[Paint] = field(default_factory=list)
    textures: list[Texture] = field(default_factory=list)


def level(lod: str) -> float:
    """A level of detail as a number, `2.2` for CityJSON's refined ones."""
    try:
        return float(lod)
    except ValueError:
        return 0.0


def choose(
    source: CityObject | Template, lod: str | None = None
) -> tuple[list[Geometry], list[ImplicitGeometry]]:
    """The geometries of an object (or template) to draw: surfaces before curves and points."""
    geometries = [g for g in source.geometries if g.role != _NEVER and len(g.vertices)]
    implicit = source.implicit if isinstance(source, CityObject) else []
    solid = [g for g in geometries if g.type not in _CURVES]
    pool = solid or ([] if implicit else geometries)
    if len(pool) == 1 and not implicit:
        return pool, []
    levels = {level(g.lod) for g in pool} | {level(i.lod) for i in implicit}
    if not levels:
        return [], []
    wanted = max(levels) if lod is None else _nearest(levels, lod)
    return [g for g in pool if level(g.lod) == wanted], [i for i in implicit if level(i.lod) == wanted]


def _nearest(levels: set[float], lod: str) -> float:
    """The highest level up to the wanted one (2 takes 2.2 too), else the lowest above it."""
    limit = float(lod) if "." in lod else float(lod) + 0.9999
    below = [x for x in levels if x <= limit]
    return max(below) if below else min(levels)


def gather(objects: Sequence[CityObject], lod: str | None = None, textures: bool = True) -> Drawn:
    """Choose and concatenate. Coordinates stay those of the source."""
    drawn = Drawn()
    collector = _Collector(drawn, textures)
    lines: list[tuple[Geometry, int]] = []
    points: list[tuple[Geometry, int]] = []
    seen: set[str] = set()
    for item in objects:
        if item.id in seen or not (item.geometries or item.implicit):
            continue
        geometries, implicit = choose(item, lod)
        if not geometries and not implicit:
            continue
        seen.add(item.id)
        row = len(drawn.objects)
        drawn.objects.append(item)
        drawn.implicit += [(row, i) for i in implicit]
        if len(geometries) > 1:
            geometries = once(geometries)
        for geometry in geometries:
            if geometry.type == "MultiCurve":
                lines.append((geometry, row))
            elif geometry.type == "MultiPoint":
                points.append((geometry, row))
            else:
                collector.add(item, geometry, row)
    drawn.surfaces = collector.finish()
    drawn.lines = _curves(lines)
    drawn.points = _curves(points)
    return drawn


def gather_template(template: Template, lod: str, kind: str, textures: bool = True) -> Drawn:
    """The drawn surfaces, lines and points of one library geometry, in its own coordinates."""
    stand_in = CityObject(
        template.id,
        kind,
        geometries=[g for g in template.geometries if g.lod == lod] or template.geometries,
        surfaces=template.surfaces,
        textures=template.textures,
        materials=template.materials,
    )
    return gather([stand_in], None, textures)


def once(geometries: list[Geometry]) -> list[Geometry]:
    """The same geometries without the polygons that an earlier one has too; those with semantics go
    first, then solids."""
    if any(g.type in _CURVES for g in geometries):
        return geometries
    ranked = sorted(geometries, key=lambda g: (g.semantics is None, "Solid" not in g.type))
    low = np.min([g.vertices.min(axis=0) for g in ranked], axis=0)
    high = np.max([g.vertices.max(axis=0) for g in ranked], axis=0)
    grid = max(float((high - low).max()), 1e-9) * 1e-6
    kept: list[Geometry] = []
    known: set[bytes] = set()
    for geometry in ranked:
        keys = _fingerprints(geometry, low, grid)
        fresh = np.array([key not in known for key in keys], bool)
        known.update(keys)
        if fresh.all():
            kept.append(geometry)
        elif fresh.any():
            kept.append(_part(geometry, fresh))
    return kept


def _fingerprints(geometry: Geometry, low: Float64, grid: float) -> list[bytes]:
    """Per polygon, bytes that agree for the same polygon whichever way it turns and wherever it starts."""
    starts = geometry.rings[geometry.polygons[:-1]]
    counts = geometry.rings[geometry.polygons[1:]] - starts
    if not counts.all():
        return [bytes([0, *str(k).encode()]) for k in range(geometry.polygon_count)]
    local = geometry.vertices - low
    columns = (
        np.minimum.reduceat(local, starts, axis=0),
        np.maximum.reduceat(local, starts, axis=0),
        np.round(np.add.reduceat(local, starts, axis=0) / grid),
        counts[:, None].astype(np.float64),
    )
    rows = np.ascontiguousarray(np.concatenate(columns, axis=1))
    return [row.tobytes() for row in rows]


def pick_polygons(
    rings: Int32, polygons: Int32, keep: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], Int32, Int32]:
    """(mask of vertices, rings, polygons) of the kept polygons alone."""
    kept_rings = np.repeat(keep, np.diff(polygons))
    lengths = np.diff(rings)
    vertices = np.repeat(kept_rings, lengths)
    return vertices, _offsets(lengths[kept_rings]), _offsets(np.diff(polygons)[keep])


def _part(geometry: Geometry, keep: npt.NDArray[np.bool_]) -> Geometry:
    vertices, rings, polygons = pick_polygons(geometry.rings, geometry.polygons, keep)
    return Geometry(
        "MultiSurface",
        geometry.lod,
        geometry.vertices[vertices],
        rings,
        polygons,
        semantics=None if geometry.semantics is None else geometry.semantics[keep],
        role=geometry.role,
        textures={t: Texturing(x.images[keep], x.uv[vertices]) for t, x in geometry.textures.items()},
        materials={t: m[keep] for t, m in geometry.materials.items()},
    )


def _offsets(lengths: npt.NDArray[np.integer]) -> Int32:
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _chain(offsets: list[Int32]) -> Int32:
    """Offset arrays of consecutive parts, joined into one."""
    chained, end = [np.zeros(1, np.int32)], np.int32(0)
    for part in offsets:
        chained.append(part[1:] + end)
        end = chained[-1][-1] if len(part) > 1 else end
    return np.concatenate(chained)


def _curves(found: list[tuple[Geometry, int]]) -> Curves | None:
    if not found:
        return None
    vertices = np.concatenate([g.vertices for g, _ in found])
    counts = [len(g.rings) - 1 for g, _ in found]
    feature = np.repeat(np.array([row for _, row in found], np.int32), counts)
    return Curves(vertices, _chain([g.rings for g, _ in found]), feature)


class _Collector:
    """Gathers surfaces; paints and textures are numbered over the whole batch."""

    def __init__(self, drawn: Drawn, textures: bool) -> None:
        self.drawn, self.with_textures = drawn, textures
        self.geometries: list[Geometry] = []
        self.rows: list[int] = []
        self.paint: list[Int32] = []
        self.image: list[Int32] = []
        self.uv: list[Float32 | None] = []
        self.smooth: list[bool] = []
        self.paints: dict[tuple[str, Material | None], int] = {}
        self.images: dict[Texture, int] = {}

    def add(self, item: CityObject, geometry: Geometry, row: int) -> None:
        self.geometries.append(geometry)
        self.rows.append(row)
        self.smooth.append(item.type in _SMOOTH or geometry.role == "TIN")
        self.paint.append(self._paints(item, geometry))
        images, uv = (
            self._images(item, geometry) if self.with_textures and geometry.textures else (None, None)
        )
        self.image.append(np.full(geometry.polygon_count, -1, np.int32) if images is None else images)
        self.uv.append(uv)

    def _paints(self, item: CityObject, geometry: Geometry) -> Int32:
        plain = self._paint(item.type, None)
        if geometry.semantics is None and not geometry.materials:
            return np.full(geometry.polygon_count, plain, np.int32)
        if geometry.semantics is None or not item.surfaces:
            paints = np.full(geometry.polygon_count, plain, np.int32)
        else:
            kinds = dict.fromkeys(s.type for s in item.surfaces)
            paint_of = {kind: self._paint(kind_of(kind, item.type), None) for kind in kinds}
            table = np.array([paint_of[s.type] for s in item.surfaces] + [plain], np.int32)
            paints = table[geometry.semantics]
        theme = _theme(geometry.materials)
        if theme is not None and item.materials:
            chosen = geometry.materials[theme]
            for index in np.unique(chosen[chosen >= 0]).tolist():
                kind = item.type
                paints[chosen == index] = self._paint(kind, item.materials[index])
        return paints

    def _paint(self, kind: str, material: Material | None) -> int:
        number = self.paints.setdefault((kind, material), len(self.paints))
        if number == len(self.drawn.paints):
            self.drawn.paints.append(Paint(kind, material))
        return number

    def _images(self, item: CityObject, geometry: Geometry) -> tuple[Int32, Float32] | tuple[None, None]:
        theme = _theme(geometry.textures)
        if theme is None or not item.textures:
            return None, None
        texturing = geometry.textures[theme]
        table = np.array([self._image(t) for t in item.textures] + [-1], np.int32)
        return table[texturing.images], texturing.uv

    def _image(self, texture: Texture) -> int:
        number = self.images.setdefault(texture, len(self.images))
        if number == len(self.drawn.textures):
            self.drawn.textures.append(texture)
        return number

    def finish(self) -> Surfaces | None:
        if not self.geometries:
            return None
        counts = [g.polygon_count for g in self.geometries]
        uv: Float32 | None = None
        if any(part is not None for part in self.uv):
            uv = np.concatenate(
                [
                    np.full((len(g.vertices), 2), np.nan, np.float32) if part is None else part
                    for g, part in zip(self.geometries, self.uv, strict=True)
                ]
            )
        surfaces = Surfaces(
            np.concatenate([g.vertices for g in self.geometries]),
            _chain([g.rings for g in self.geometries]),
            _chain([g.polygons for g in self.geometries]),
            np.repeat(np.array(self.rows, np.int32), counts),
            np.concatenate(self.paint),
            np.concatenate(self.image),
            uv,
            np.repeat(np.array(self.smooth, bool), counts),
        )
        lengths = np.diff(surfaces.rings)
        if not lengths.all():
            empty = np.repeat(np.arange(len(surfaces.feature)), np.diff(surfaces.polygons))[lengths == 0]
            keep = np.ones(len(surfaces.feature), bool)
            keep[empty] = False
            surfaces = surfaces.take(keep)
        bare = np.diff(surfaces.polygons) == 0
        return surfaces.take(~bare) if bare.any() else surfaces


def kind_of(surface: str, owner: str) -> str:
    """The class that gives a semantic surface its colour: its own for openings, water and traffic
    areas, else its owner's."""
    return surface if surface in _COLOURED else owner


_COLOURED = frozenset(
    {"Window", "Door", "WaterSurface", "TrafficArea", "AuxiliaryTrafficArea", "TransportationMarking"}
)


def _theme(by_theme: dict[str, Texturing] | dict[str, Int32]) -> str | None:
    if not by_theme:
        return None
    return TEXTURE_THEME if TEXTURE_THEME in by_theme else next(iter(by_theme))
