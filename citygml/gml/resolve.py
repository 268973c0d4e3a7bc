"""Finishing a feature: links between geometries, what semantic surfaces add to solids, appearances."""

from __future__ import annotations

from pathlib import Path

from lxml.etree import _Element as Element

from citygml.errors import UnknownCrs
from citygml.findings import Finding
from citygml.gml.appearance import Appearances
from citygml.gml.assemble import Assembly, GeometryDraft
from citygml.gml.drafts import Draft
from citygml.gml.features import FeatureReader
from citygml.gml.geometry import GeometryReader, Link, Part, Shape
from citygml.gml.implicit import ImplicitReader, read_local
from citygml.gml.stream import Head, appearances, has_global_appearances
from citygml.gml.xlinks import ElementIndex
from citygml.model import SOLID_TYPES, SURFACE_TYPES, CityObject, Template
from citygml.reading import Gathered, ReadOptions


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
        self._swap = swap
        self._global = Appearances(path, self._findings, self._images, swap)
        if has_global_appearances(path):
            self._global.read(appearances(path, head))
        self._expanded: dict[str, list[int]] = {}
        self._painted = 0
        self._srs_name = options.crs or head.srs_name
        self._srs_names = {self._srs_name or ""}
        self._assembly: Assembly | None = None

    def finish(self, drafts: list[Draft], features: FeatureReader, assembly: Assembly) -> None:
        """Resolve the feature that was just read and give its geometries to the assembly."""
        if assembly is not self._assembly:
            self._assembly, self._painted = assembly, 0
        self._expanded = {}
        for draft in drafts:
            placed = [
                self._place(draft, draft.object, lod or draft.lod or "0", role, shape)
                for lod, role, shape in draft.own
            ]
            if draft.boundary:
                self._add_boundary(draft, placed)
            for geometry in placed:
                if any(geometry.parts) and (self._lods is None or geometry.lod in self._lods):
                    assembly.add(geometry)
            for lod, role, element in draft.implicit:
                if self._lods is None or (lod or "0") in self._lods:
                    for template in self._read_implicit(draft, element, lod or "0", role):
                        assembly.add(template)
        if self._global or features.appearances:
            self._paint(drafts, features, assembly)
        self._painted = len(assembly.rings.first_ring)
        for owner, gml_id in self._geometry.duplicates:
            object_id = drafts[owner - drafts[0].number].object.id
            message = f"two polygons have the gml:id {gml_id}"
            self._findings.append(Finding("duplicate-id", message, object_id, gml_id))
        for name, owner in self._geometry.srs_names.items():
            self._check_crs(name, drafts[owner - drafts[0].number])
        self._geometry.srs_names = {}
        self._geometry.duplicates = []
        self._geometry.triangles.forget()
        self._geometry.polygons = {}
        self._geometry.aggregates = {}

    def _check_crs(self, name: str, draft: Draft) -> None:
        """A finding for the first geometry in another CRS than the file's; it is read as the file's."""
        from citygml import crs

        if name in self._srs_names:
            return
        self._srs_names.add(name)
        try:
            same = crs.parse(name).same_horizontal(crs.parse(self._srs_name or ""))
        except UnknownCrs:
            same = False
        if not same:
            message = f"geometry in {name!r} within a model in {self._srs_name!r}; read as the model's"
            self._findings.append(Finding("mixed-crs", message, draft.object.id))

    def _place(
        self, draft: Draft, target: CityObject | Template, lod: str, role: str, shape: Shape
    ) -> GeometryDraft:
        parts = [self._resolve(part, draft) for part in shape.parts]
        return GeometryDraft(draft.number, target, shape.type, lod, role, parts, shape.solids)

    def _resolve(self, part: Part, draft: Draft) -> list[int]:
        """The part with every link replaced by what it links to."""
        polygons = self._geometry.polygons
        resolved: list[int] = []
        for reference in part:
            if isinstance(reference, int):
                resolved.append(reference)
                continue
            polygon = polygons.get(reference.href.removeprefix("#"))
            if polygon is not None:
                resolved.append(polygon ^ reference.reverse)
            else:
                resolved.extend(self._linked(reference, draft))
        return resolved

    def _linked(self, link: Link, draft: Draft) -> list[int]:
        """The polygons of an aggregate or of geometry outside the feature; a finding when there are none."""
        key = link.href.removeprefix("#")
        if key not in self._expanded:
            self._expanded[key] = []
            part = self._geometry.aggregates.get(key)
            if part is None:
                part = self._outside(link.href, draft)
            if part is None:
                message = f"links to the geometry {link.href}, which is not there"
                self._findings.append(Finding("broken-xlink", message, draft.object.id, link.href))
            else:
                self._expanded[key] = self._resolve(part, draft)
        return [r ^ link.reverse for r in self._expanded[key]]

    def _outside(self, href: str, draft: Draft) -> Part | None:
        element = self._index.find(href)
        if element is None:
            return None
        geometry = self._geometry
        geometry.owner, geometry.surface = draft.number, -1
        known = len(geometry.duplicates)
        part = [r for shape in geometry.shapes(element) for shell in shape.parts for r in shell]
        del geometry.duplicates[known:]  # met again in another element that holds them, not given twice
        return part

    def _add_boundary(self, draft: Draft, placed: list[GeometryDraft]) -> None:
        """Per LoD one MultiSurface of the boundary's polygons that no other geometry of the object uses."""
        for link, surface in draft.boundary_links:
            self._claim(link, surface, draft)
        used: dict[str, set[int]] = {}
        for geometry in placed:
            if geometry.type in SURFACE_TYPES or geometry.type in SOLID_TYPES:
                polygons = used.setdefault(geometry.lod, set())
                for part in geometry.parts:
                    polygons.update([r >> 1 for r in part])
        for lod, boundary in draft.boundary.items():
            seen = used.setdefault(lod, set())
            rest: list[int] = []
            for reference in self._resolve(boundary, draft):
                if reference >> 1 not in seen:
                    seen.add(reference >> 1)
                    rest.append(reference)
            if rest:
                kind = "MultiSurface"
                placed.append(
                    GeometryDraft(draft.number, draft.object, "MultiSurface", lod, kind, [rest], [])
                )

    def _claim(self, link: Link, surface: int, draft: Draft) -> None:
        """Give polygons that a semantic surface only links to that surface as their meaning."""
        table = self._geometry.table
        for reference in self._resolve([link], draft):
            polygon = reference >> 1
            if table.semantics[polygon] < 0 and table.owners[polygon] == draft.number:
                table.semantics[polygon] = surface

    def _read_implicit(self, draft: Draft, element: Element, lod: str, role: str) -> list[GeometryDraft]:
        """Add an implicit geometry to its object; returns the geometries of templates met first here."""
        read = self._implicit.read(element, draft.object, draft.number, lod, role)
        for template in self._implicit.take_undefined():
            found = self._index.find(f"#{template.id}")
            if found is None:
                message = f"links to the template {template.id}, which is not there"
                self._findings.append(Finding("broken-xlink", message, draft.object.id, template.id))
            else:
                read.extend((template, s) for s in read_local(self._geometry, found, draft.number))
        return [self._place(draft, template, lod, role, shape) for template, shape in read]

    def _paint(self, drafts: list[Draft], features: FeatureReader, assembly: Assembly) -> None:
        sources = [self._global]
        if features.appearances:
            sources.append(Appearances(self._path, self._findings, self._images, self._swap))
            sources[1].read(features.appearances, drafts[0].object.id)
        aggregates = self._geometry.aggregates
        for source in sources:
            covered: dict[str, list[int]] = {}
            for gml_id in aggregates.keys() & source.targets.keys():
                covered[gml_id] = self._linked(Link(gml_id), drafts[0])
            source.paint(assembly.rings, self._painted, covered, assembly.painting)
