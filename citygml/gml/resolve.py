"""Finishing a feature: links between geometries, what the semantic surfaces add to the solids, appearances."""

from __future__ import annotations

from pathlib import Path

from lxml.etree import _Element as Element

from citygml.findings import Finding
from citygml.gml.appearance import Appearances
from citygml.gml.assemble import Assembly, GeometryDraft
from citygml.gml.features import Draft, FeatureReader
from citygml.gml.geometry import GeometryReader, Link, Part, Shape
from citygml.gml.implicit import ImplicitReader, read_local
from citygml.gml.stream import Head, has_global_appearances, members
from citygml.gml.xlinks import ElementIndex
from citygml.model import SOLID_TYPES, SURFACE_TYPES, CityObject, Template
from citygml.reading import Gathered, ReadOptions

_DEPTH = 8


class Resolver:
    """Turns the drafts of a feature into geometries of an `Assembly`."""

    def __init__(
        self,
        path: Path,
        head: Head,
        geometry: GeometryReader,
        options: ReadOptions,
        gathered: Gathered,
        swap: bool,
    ) -> None:
        self._path = path
        self._geometry = geometry
        self._lods = options.lods
        self._gathered = gathered
        self._findings = gathered.findings
        self._index = ElementIndex(path, head)
        self._images: dict[str, str | None] = {}
        self._implicit = ImplicitReader(path, geometry, gathered.templates, self._findings, swap)
        self._global = Appearances(path, self._findings, self._images)
        if has_global_appearances(path):
            found = (child for m in members(path, head, "appearanceMember") for child in m)
            self._global.read(found)
        self._expanded: dict[str, list[int]] = {}
        self._first = 0

    def finish(self, drafts: list[Draft], features: FeatureReader, assembly: Assembly) -> None:
        """Resolve the feature that was just read and give its geometries to the assembly."""
        table = assembly.rings
        self._expanded = {}
        shapes: list[tuple[Draft, CityObject | Template, str, str, Shape]] = []
        for draft in drafts:
            for lod, role, shape in draft.own:
                shapes.append((draft, draft.object, lod or draft.lod or "0", role, shape))
            for lod, role, element in draft.implicit:
                if self._wanted(lod or "0"):
                    shapes.extend(self._read_implicit(draft, element, lod or "0", role))
        for draft, target, lod, role, shape in shapes:
            for i, part in enumerate(shape.parts):
                shape.parts[i] = self._resolve(part, draft)
        for draft in drafts:
            self._boundary(draft, shapes)
        for draft, target, lod, role, shape in shapes:
            if self._wanted(lod) or isinstance(target, Template):
                parts = [[r for r in part if isinstance(r, int)] for part in shape.parts]
                if any(parts):
                    assembly.add(
                        GeometryDraft(draft.number, target, shape.type, lod, role, parts, shape.solids)
                    )
        self._paint(drafts, features, assembly)
        self._geometry.polygons = {}
        self._geometry.aggregates = {}
        self._first = len(table.first_ring)
