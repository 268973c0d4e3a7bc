"""Implicit geometries: a library geometry, by arrays or a model file, placed by a matrix about an anchor."""

from __future__ import annotations

import mimetypes
from pathlib import Path

import numpy as np
from lxml.etree import _Element as Element

from citygml.codelists import resolve_beside
from citygml.findings import Finding
from citygml.gml.geometry import GeometryReader, Shape
from citygml.gml.names import LOCAL, XLINK_HREF, gml_id
from citygml.model import CityObject, Float64, ImplicitGeometry, Template

_SWAP = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], np.float64)


class ImplicitReader:
    """Reads implicit geometries of one file into `templates`."""

    def __init__(
        self,
        path: Path,
        geometry: GeometryReader,
        templates: dict[str, Template],
        findings: list[Finding],
        swap: bool,
    ) -> None:
        self._path = path
        self._geometry = geometry
        self._templates = templates
        self._findings = findings
        self._swap = swap
        self._count = 0
        self._defined: set[str] = set()
        self._undefined: list[Template] = []

    def read(
        self, element: Element, city_object: CityObject, number: int, lod: str, role: str
    ) -> list[tuple[Template, Shape]]:
        """Add an implicit geometry to its object; returns the shapes of a template that is met here first.

        A template that a link names before it was read waits in `take_undefined`.
        """
        shapes: list[tuple[Template, Shape]] = []
        matrix: Float64 | None = np.eye(4)
        anchor: Float64 | None = None
        template: Template | None = None
        uri = mime = None
        for part in element:
            local = LOCAL[part.tag]
            if local == "transformationMatrix":
                matrix = _floats(part.text, 16)
            elif local == "mimeType":
                mime = (part.text or "").strip() or None
            elif local == "libraryObject":
                uri = (part.text or part.get(XLINK_HREF) or "").strip() or None
            elif local == "referencePoint":
                positions = [e for e in part.iter() if LOCAL[e.tag] in ("pos", "coordinates")]
                if positions:
                    anchor = _floats((positions[0].text or "").replace(",", " "), 3)
            elif local in ("relativeGMLGeometry", "relativeGeometry"):
                href = part.get(XLINK_HREF)
                if href is not None:
                    template = self._template(href.removeprefix("#"))
                    if template.id not in self._defined:
                        self._defined.add(template.id)
                        self._undefined.append(template)
                for child in part:
                    template = self._inline(child, number, shapes)
        if uri is not None:
            template = self._library(uri, mime, city_object)
        if template is None or matrix is None or anchor is None:
            message = "implicit geometry without a usable template, matrix or reference point; left out"
            self._findings.append(Finding("bad-implicit-geometry", message, city_object.id))
            return shapes
        matrix = matrix.reshape(4, 4)
        if self._swap:
            anchor, matrix = anchor[[1, 0, 2]], _SWAP @ matrix
        city_object.implicit.append(ImplicitGeometry(template.id, lod, matrix, anchor, role))
        return shapes

    def take_undefined(self) -> list[Template]:
        """The templates linked to since the last call whose geometry is still to be found."""
        waiting, self._undefined = self._undefined, []
        return waiting

    def _template(self, key: str) -> Template:
        template = self._templates.get(key)
        if template is None:
            template = self._templates[key] = Template(key)
        return template

    def _inline(self, element: Element, number: int, shapes: list[tuple[Template, Shape]]) -> Template:
        key = gml_id(element)
        if key is None:
            self._count += 1
            key = f"{self._path.stem}-template-{self._count}"
        template = self._template(key)
        if key not in self._defined:
            self._defined.add(key)
            shapes.extend((template, shape) for shape in read_local(self._geometry, element, number))
        return template

    def _library(self, uri: str, mime: str | None, city_object: CityObject) -> Template:
        template = self._templates.get(uri)
        if template is None:
            target = resolve_beside(self._path, uri)
            if target is None:
                message = f"the library object {uri} is not beside the file"
                self._findings.append(Finding("missing-library-object", message, city_object.id, uri))
            template = Template(uri, uri=uri, path=str(target) if target else None)
            template.mime = mime or mimetypes.guess_type(uri)[0]
            self._templates[uri] = template
        return template


def read_local(geometry: GeometryReader, element: Element, number: int) -> list[Shape]:
    """The shapes of a template, whose coordinates belong to no CRS."""
    geometry.owner, geometry.surface, geometry.local = number, -1, True
    try:
        return geometry.shapes(element)
    finally:
        geometry.local = False


def _floats(text: str | None, count: int) -> Float64 | None:
    try:
        values = np.array((text or "").split(), np.float64)
    except ValueError:
        return None
    return values if len(values) == count and np.isfinite(values).all() else None
