"""Objects of a file compared in plan: areas and solids that overlap, building parts that stand apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

from citygml.classes import BY_NAME
from citygml.findings import Finding
from citygml.model import SOLID_TYPES, SURFACE_TYPES, CityObject, Float64, Geometry
from citygml.validate.edges import components
from citygml.validate.faces import MAX_COORDINATE, Tolerances, checked_offsets, metres_per_degree

_AREA_MODULES = frozenset({"transportation", "landuse"})
# Areas and parts this far apart in height [m] do not meet: a road on a bridge and the one below.
_APART = 0.5
# Parts of a building hang together when they are this near to each other [m].
_JOINED = 0.1
_WORDS = {
    "footprints-overlap": "its ground plan or roof edge overlaps that of",
    "areas-overlap": "its area overlaps that of",
    "solids-overlap": "its solid reaches into that of",
}


@dataclass(slots=True)
class Plan:
    """One object's outline [m, scaled at the first object of the file], and its lowest and highest point."""

    object_id: str
    shape: shapely.Geometry
    low: float
    high: float
    place: tuple[float, float, float]


@dataclass(slots=True)
class Scale:
    """Degrees to metres for a whole file, fixed at its first object."""

    geographic: bool
    factors: Float64 | None = None

    def apply(self, vertices: Float64) -> Float64:
        if self.factors is None:
            self.factors = np.ones(2)
            if self.geographic:
                self.factors = np.array(metres_per_degree(float(np.clip(vertices[0, 1], -90, 90))))
        return vertices[:, :2] * self.factors


def plan_of(city_object: CityObject, geometries: Iterable[Geometry], scale: Scale) -> Plan | None:
    """The union of the faces of some geometries of one object seen from above; None without area."""
    shapes: list[npt.NDArray[np.object_]] = []
    heights: list[Float64] = []
    place: Float64 | None = None
    for geometry in geometries:
        vertices = np.asarray(geometry.vertices, dtype=np.float64)
        if not len(vertices) or not np.isfinite(vertices).all() or np.abs(vertices).max() > MAX_COORDINATE:
            continue
        rings = checked_offsets(geometry.rings, len(vertices))
        polygons = checked_offsets(geometry.polygons, len(rings) - 1) if rings is not None else None
        if rings is None or polygons is None:
            continue
        flat = scale.apply(vertices)
        size = np.diff(rings)
        whole = np.add.reduceat(size < 3, polygons[:-1]) == 0 if (np.diff(polygons) > 0).all() else None
        if whole is None:
            continue
        keep = np.repeat(whole, np.diff(polygons))
        if not keep.any():
            continue
        index = np.repeat(np.cumsum(keep) - 1, np.where(keep, size, 0))
        lines = shapely.linearrings(flat[np.repeat(keep, size)], indices=index)
        owner = np.repeat(np.cumsum(whole) - 1, np.where(whole, np.diff(polygons), 0))
        shapes.append(np.asarray(shapely.polygons(lines, indices=owner), dtype=object))
        heights.append(vertices[:, 2])
        place = vertices[0] if place is None else place
    if place is None:
        return None
    faces = np.concatenate(shapes)
    faces = faces[shapely.area(faces) > 0]
    faces = np.where(shapely.is_valid(faces), faces, shapely.make_valid(faces))
    try:
        shape = shapely.union_all(faces)
    except shapely.GEOSException:
        return None
    if shapely.area(shape) <= 0:
        return None
    z = np.concatenate(heights)
    x, y, low = (float(c) for c in place)
    return Plan(city_object.id, shape, float(z.min()), float(z.max()), (x, y, low))


@dataclass(slots=True)
class Overlaps:
    """`footprints-overlap` (LoD0 of buildings), `areas-overlap` (roads, railways, land use of one class
    and LoD) and `solids-overlap` (LoD1 solids of buildings), between different objects of a file.

    Holds one outline per object and kind, for at most `limit` of each kind, so that memory stays bounded.
    """

    geographic: bool
    tolerances: Tolerances = field(default_factory=Tolerances)
    limit: int = 50_000
    _plans: dict[tuple[str, str], list[Plan]] = field(default_factory=lambda: defaultdict(list))
    _scale: Scale | None = None

    def add(self, batch: Sequence[CityObject]) -> None:
        self._scale = self._scale or Scale(self.geographic)
        for city_object in batch:
            kinds: dict[tuple[str, str], list[Geometry]] = defaultdict(list)
            for geometry in city_object.geometries:
                key = _kind(city_object, geometry)
                if key is not None:
                    kinds[key].append(geometry)
            for key, geometries in kinds.items():
                if len(self._plans[key]) <= self.limit:
                    plan = plan_of(city_object, geometries, self._scale)
                    if plan is not None:
                        self._plans[key].append(plan)

    def finish(self) -> list[Finding]:
        findings: list[Finding] = []
        for (code, group), plans in self._plans.items():
            if len(plans) > self.limit:
                message = f"{group}: more than {self.limit} objects: not compared with one another"
                findings.append(Finding("not-checked", message, severity="info"))
            elif len(plans) > 1:
                findings += self._compare(code, group, plans)
        self._plans.clear()
        return findings

    def _compare(self, code: str, group: str, plans: list[Plan]) -> list[Finding]:
        shapes = np.array([p.shape for p in plans], dtype=object)
        low, high = np.array([p.low for p in plans]), np.array([p.high for p in plans])
        a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        if code == "solids-overlap":
            meet = np.minimum(high[a], high[b]) - np.maximum(low[a], low[b]) > self.tolerances.overlap
        else:
            meet = np.maximum(low[a], low[b]) - np.minimum(high[a], high[b]) < _APART
        chosen = (a < b) & meet
        a, b = a[chosen], b[chosen]
        common = shapely.intersection(shapes[a], shapes[b])
        deep = shapely.area(shapely.buffer(common, -self.tolerances.overlap)) > 0
        findings = []
        for i, j, area in zip(a[deep], b[deep], shapely.area(common[deep]), strict=True):
            one, two = plans[i], plans[j]
            message = f"{group}: {_WORDS[code]} {two.object_id} ({area:.2f} m2)"
            findings.append(Finding(code, message, one.object_id, two.object_id, one.place, "warning"))
        return findings


def _kind(city_object: CityObject, geometry: Geometry) -> tuple[str, str] | None:
    known = BY_NAME.get(city_object.type)
    if known is None:
        return None
    label = f"{known.name} LoD{geometry.lod}"
    if geometry.type in SURFACE_TYPES:
        if known.module == "building" and geometry.lod == "0":
            return "footprints-overlap", f"{label} {geometry.role}"
        if known.module in _AREA_MODULES:
            return "areas-overlap", label
    elif geometry.type in SOLID_TYPES and known.name == "Building" and geometry.lod == "1":
        return "solids-overlap", label
    return None


@dataclass(slots=True)
class _Family:
    """A building while its parts arrive: how many there are, whether it has geometry of its own, and per
    LoD (is a part, plan) of the solids."""

    parts: int = 0
    has_own: bool = False
    lods: dict[str, list[tuple[bool, Plan]]] = field(default_factory=lambda: defaultdict(list))


@dataclass(slots=True)
class Parts:
    """`parts-not-connected`: the parts of a building, at LoD2 or more, that do not all touch, and
    `part-alone`: a building without geometry of its own that has one part only, which CityGML 2.0
    (10.3.2) represents by the building itself.

    The building's own solid counts as one of its parts. Parts come after their building, and in most files
    right after it; the last `held` buildings are kept open for those that come later.
    """

    geographic: bool
    held: int = 5000
    _open: dict[str, _Family] = field(default_factory=dict)
    _scale: Scale | None = None

    def add(self, batch: Sequence[CityObject]) -> list[Finding]:
        self._scale = self._scale or Scale(self.geographic)
        for city_object in batch:
            if city_object.type == "Building":
                building, is_part = city_object.id, False
            elif city_object.type == "BuildingPart" and city_object.parent is not None:
                building, is_part = city_object.parent, True
            else:
                continue
            family = self._open.setdefault(building, _Family())
            family.parts += is_part
            family.has_own |= not is_part and bool(city_object.geometries)
            own: dict[str, list[Geometry]] = defaultdict(list)
            for geometry in city_object.geometries:
                if geometry.type in SOLID_TYPES and geometry.lod[:1] in ("2", "3", "4"):
                    own[geometry.lod[:1]].append(geometry)
            for lod, geometries in own.items():
                plan = plan_of(city_object, geometries, self._scale)
                if plan is not None:
                    family.lods[lod].append((is_part, plan))
        return self._close(list(self._open)[: -self.held])

    def finish(self) -> list[Finding]:
        return self._close(list(self._open))

    def _close(self, buildings: list[str]) -> list[Finding]:
        findings: list[Finding] = []
        for building in buildings:
            family = self._open.pop(building)
            for lod, members in family.lods.items():
                if len(members) > 1 and any(is_part for is_part, _ in members):
                    findings += _apart(building, lod, members)
                elif family.parts == 1 and not family.has_own:
                    plan = members[0][1]
                    message = f"LoD{lod}: the only part of {building}, which has no geometry of its own"
                    findings.append(
                        Finding("part-alone", message, plan.object_id, building, plan.place, "warning")
                    )
        return findings


def _apart(building: str, lod: str, members: list[tuple[bool, Plan]]) -> list[Finding]:
    plans = [plan for _, plan in members]
    shapes = np.array([p.shape for p in plans], dtype=object)
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_JOINED)
    low, high = np.array([p.low for p in plans]), np.array([p.high for p in plans])
    meet = np.maximum(low[a], low[b]) - np.minimum(high[a], high[b]) < _JOINED
    label = components(len(plans), a[meet], b[meet])
    if (label == 0).all():
        return []
    size = np.bincount(label, minlength=len(plans))
    return [
        Finding(
            "parts-not-connected",
            f"LoD{lod}: of the {len(plans)} parts of {building} this one touches {size[label[i]] - 1}",
            plan.object_id,
            building,
            plan.place,
            "warning",
        )
        for i, (is_part, plan) in enumerate(members)
        if is_part
    ]
