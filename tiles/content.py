"""City objects to the content of one tile: GLB bytes with features, metadata and bounds.

This is the door of the tile content; what is in a tile and where it goes is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from citygml.findings import Finding
from citygml.model import CityObject, Float64, Template, Texture
from tiles.encode import write_page, write_plain, write_table
from tiles.gltf import Glb, Json
from tiles.materials import material_json, textured_json
from tiles.mesh import (
    TRIANGLES,
    Primitive,
    ToLocal,
    line_primitive,
    point_primitive,
    surface_primitives,
    z_up,
)
from tiles.metadata import Schema, encode_table
from tiles.surfaces import Drawn, Surfaces, gather
from tiles.triangulate import triangulate

Compression = Literal["draco", "meshopt", "none"]
TextureFormat = Literal["webp", "jpeg", "none"]
ImageLoader = Callable[[Texture], bytes | None]


@dataclass(slots=True)
class ContentOptions:
    """lod: draw this level of detail, or the nearest below it; None: the highest of each object.
    texture_size: largest edge of an atlas [pixel]."""

    compression: Compression = "draco"
    textures: TextureFormat = "webp"
    texture_size: int = 2048
    lod: str | None = None


@dataclass(slots=True)
class Content:
    """One tile's content. low, high: (3,) float64, bounds [m] of what a viewer decodes, in the tile's local
    east, north, up frame. features: ids of the objects, in the order of their rows."""

    glb: bytes
    low: Float64
    high: Float64
    triangles: int
    vertices: int
    features: list[str]
    findings: list[Finding] = field(default_factory=list)


def build_content(
    objects: Sequence[CityObject],
    to_local: ToLocal,
    schema: Schema,
    options: ContentOptions | None = None,
    *,
    templates: Mapping[str, Template] | None = None,
    image_loader: ImageLoader | None = None,
) -> Content | None:
    """The content of a tile that holds these objects, or None when none of them can be drawn.

    to_local takes (n, 3) float64 source coordinates to metres in the tile's east, north, up frame.
    image_loader gives the bytes of a texture's image, or None when there is none.
    """
    options = options or ContentOptions()
    findings: list[Finding] = []
    drawn = gather(objects, options.lod, options.textures != "none")
    if not drawn.objects:
        return None
    glb, looks = Glb(), _Looks()
    primitives = _primitives(glb, drawn, to_local, looks, options, image_loader, findings)
    for look in looks.entries:
        glb.add("materials", look)
    bounds: list[Float64] = []
    written = [_write(glb, primitive, options, len(drawn.objects), bounds) for primitive in primitives]
    if not written:
        return None
    mesh = glb.add("meshes", {"primitives": written})
    glb.add("nodes", {"mesh": mesh})
    write_table(glb, encode_table(schema, drawn.objects))
    corners = np.concatenate(bounds)
    return Content(
        glb.to_bytes(),
        corners.min(axis=0),
        corners.max(axis=0),
        sum(len(p.indices) // 3 for p in primitives if p.mode == TRIANGLES),
        sum(len(p.positions) for p in primitives),
        [item.id for item in drawn.objects],
        findings,
    )


class _Looks:
    """The content's materials, numbered as they are first asked for."""

    def __init__(self) -> None:
        self.entries: list[Json] = []

    def number(self, look: Json) -> int:
        if look not in self.entries:
            self.entries.append(look)
        return self.entries.index(look)


def _primitives(
    glb: Glb,
    drawn: Drawn,
    to_local: ToLocal,
    looks: _Looks,
    options: ContentOptions,
    load: ImageLoader | None,
    findings: list[Finding],
) -> list[Primitive]:
    """All that is drawn where it stands, by material. Polygons with coordinates that are not finite in
    the tile's frame are left out, with a finding."""
    primitives: list[Primitive] = []
    if drawn.surfaces is not None and len(drawn.surfaces.feature):
        primitives += _surfaces(glb, drawn, drawn.surfaces, to_local, looks, options, load, findings)
    if drawn.lines is not None or drawn.points is not None:
        plain = looks.number(material_json(drawn.objects[0].type))
        for curves, make in ((drawn.lines, line_primitive), (drawn.points, point_primitive)):
            if curves is not None:
                local = to_local(curves.vertices)
                if np.isfinite(local).all():
                    primitives.append(make(curves, local, plain))
    return [p for p in primitives if len(p.indices)]


def _surfaces(
    glb: Glb,
    drawn: Drawn,
    surfaces: Surfaces,
    to_local: ToLocal,
    looks: _Looks,
    options: ContentOptions,
    load: ImageLoader | None,
    findings: list[Finding],
) -> list[Primitive]:
    local = to_local(surfaces.vertices)
    finite = np.isfinite(local).all(axis=1)
    if not finite.all():
        starts = surfaces.rings[surfaces.polygons[:-1]]
        keep = np.logical_and.reduceat(finite, starts)
        for row in np.unique(surfaces.feature[~keep]).tolist():
            message = "a polygon lies outside what its coordinate system can carry; check its coordinates"
            findings.append(Finding("coordinates-out-of-range", message, drawn.objects[row].id))
        surfaces = surfaces.take(keep)
        if not keep.any():
            return []
        local = to_local(surfaces.vertices)
    cut = triangulate(local, surfaces.rings, surfaces.polygons)
    for polygon in cut.failed.tolist():
        place = surfaces.vertices[surfaces.rings[surfaces.polygons[polygon]]]
        findings.append(
            Finding(
                "polygon-not-triangulated",
                "its triangles do not add up to the area of a polygon; does it cross itself?",
                drawn.objects[surfaces.feature[polygon]].id,
                place=(float(place[0]), float(place[1]), float(place[2])),
                severity="warning",
            )
        )
    table = np.array([looks.number(material_json(p.kind, p.material)) for p in drawn.paints], np.int32)
    material, uv = table[surfaces.paint], None
    if options.textures != "none" and load is not None and surfaces.uv is not None:
        from tiles.texture import pack_textures

        owners = [item.id for item in drawn.objects]
        textured = pack_textures(
            surfaces, drawn.textures, load, options.textures, options.texture_size, owners
        )
        findings += textured.findings
        pages = [looks.number(textured_json(write_page(glb, p), p.alpha)) for p in textured.pages]
        shown = textured.page >= 0
        material[shown] = np.array([*pages, 0], np.int32)[textured.page[shown]]
        uv = textured.uv
    return surface_primitives(surfaces, local, cut, material, uv)


def _write(
    glb: Glb, primitive: Primitive, options: ContentOptions, features: int, bounds: list[Float64]
) -> Json:
    if options.compression == "draco" and primitive.mode == TRIANGLES:
        from tiles.draco import write_draco

        written, positions = write_draco(glb, primitive, options.texture_size)
    else:
        written, positions = write_plain(glb, primitive)
    bounds.append(z_up(positions))
    written["material"] = primitive.material
    if primitive.mode != TRIANGLES:
        written["mode"] = primitive.mode
    glb.use("EXT_mesh_features")
    ids = [{"featureCount": features, "attribute": 0, "propertyTable": 0}]
    written.setdefault("extensions", {})["EXT_mesh_features"] = {"featureIds": ids}
    return written
