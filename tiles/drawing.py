"""Draws gathered objects into a GLB under construction: materials, textures, primitives.

The `Painter` numbers materials over a whole content, so that what looks the same is one primitive.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from citygml.findings import Finding
from citygml.model import Texture
from citygml.triangulate import triangulate
from tiles.encode import write_page
from tiles.gltf import Glb, Json
from tiles.materials import MOST, by_vertex, material_json, textured_json
from tiles.mesh import (
    Primitive,
    ToLocal,
    line_primitive,
    numbers_in,
    point_primitive,
    surface_primitives,
)
from tiles.surfaces import Drawn, Surfaces

ImageLoader = Callable[[Texture], bytes | None]


class Painter:
    """texture_format: `webp`, `jpeg`, or None to draw without textures. texture_size: largest edge of an
    atlas [pixel]."""

    def __init__(
        self, glb: Glb, load: ImageLoader | None, texture_format: str | None, texture_size: int
    ) -> None:
        self.glb, self.load = glb, load
        self.texture_format, self.texture_size = texture_format, texture_size
        self.findings: list[Finding] = []

    def primitives(self, drawn: Drawn, to_local: ToLocal) -> list[Primitive]:
        """All that is drawn where it stands, by material. Polygons whose coordinates are not finite in the
        tile's frame are left out, with a finding."""
        made: list[Primitive] = []
        if drawn.surfaces is not None and len(drawn.surfaces.feature):
            made += self._surfaces(drawn, drawn.surfaces, to_local)
        if drawn.lines is not None or drawn.points is not None:
            plain = self._look(material_json(drawn.objects[0].type))
            for curves, make in ((drawn.lines, line_primitive), (drawn.points, point_primitive)):
                if curves is not None:
                    local = to_local(curves.vertices)
                    if np.isfinite(local).all():
                        made.append(make(curves, local, plain))
        return [p for p in made if len(p.indices)]

    def _look(self, look: Json) -> int:
        known = self.glb.json["materials"]
        return known.index(look) if look in known else self.glb.add("materials", look)

    def _surfaces(self, drawn: Drawn, surfaces: Surfaces, to_local: ToLocal) -> list[Primitive]:
        local = to_local(surfaces.vertices)
        finite = np.isfinite(local).all(axis=1)
        if not finite.all():
            keep = np.logical_and.reduceat(finite, surfaces.rings[surfaces.polygons[:-1]])
            for row in np.unique(surfaces.feature[~keep]).tolist():
                message = "a polygon lies outside what its coordinate system can carry; check its coordinates"
                self.findings.append(Finding("coordinates-out-of-range", message, drawn.objects[row].id))
            if not keep.any():
                return []
            local = local[np.repeat(keep, _sizes(surfaces))]
            surfaces = surfaces.take(keep)
        cut = triangulate(local, surfaces.rings, surfaces.polygons)
        for polygon in cut.failed.tolist():
            place = surfaces.vertices[surfaces.rings[surfaces.polygons[polygon]]]
            self.findings.append(
                Finding(
                    "polygon-not-triangulated",
                    "its triangles do not add up to the area of a polygon; does it cross itself?",
                    drawn.objects[surfaces.feature[polygon]].id,
                    place=(float(place[0]), float(place[1]), float(place[2])),
                    severity="warning",
                )
            )
        looks = [material_json(p.kind, p.material) for p in drawn.paints]
        colours = None
        if len(looks) > MOST:
            looks, by_paint = by_vertex(looks)
            colours = by_paint[surfaces.paint]
        paint, uv = surfaces.paint, None
        page = np.full(len(paint), -1, np.int32)
        if self.texture_format is not None and self.load is not None and surfaces.uv is not None:
            from tiles.texture import pack_textures

            owners = [item.id for item in drawn.objects]
            textured = pack_textures(
                surfaces, drawn.textures, self.load, self.texture_format, self.texture_size, owners
            )
            self.findings += textured.findings
            page, uv = textured.page, textured.uv
            pages = [self._look(textured_json(write_page(self.glb, p), p.alpha)) for p in textured.pages]
        material = np.empty(len(paint), np.int32)
        for number in numbers_in(paint[page < 0]):
            material[paint == number] = self._look(looks[number])
        for number in numbers_in(page[page >= 0]):
            material[page == number] = pages[number]
        return surface_primitives(surfaces, local, cut, material, uv, colours)


def _sizes(surfaces: Surfaces) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return surfaces.rings[surfaces.polygons[1:]] - surfaces.rings[surfaces.polygons[:-1]]
