"""City objects to the content of one tile: GLB bytes with features, metadata and bounds.

This is the door of the tile content; what is in a tile and where it goes is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from citygml.findings import Finding
from citygml.model import CityObject, Float64, Template
from tiles.drawing import ImageLoader, Painter
from tiles.encode import write_plain, write_table
from tiles.gltf import Glb, Json
from tiles.instances import Placed, place, placed_bounds, split, write_instances
from tiles.mesh import TRIANGLES, Primitive, ToLocal, joined, z_up
from tiles.metadata import Schema, encode_table
from tiles.surfaces import gather, gather_template

Compression = Literal["draco", "meshopt", "none"]
TextureFormat = Literal["webp", "jpeg", "none"]


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
    drawn = gather(objects, options.lod, options.textures != "none")
    if not drawn.objects:
        return None
    glb = Glb()
    painter = Painter(
        glb, image_loader, None if options.textures == "none" else options.textures, options.texture_size
    )
    primitives = painter.primitives(drawn, to_local)
    writer = _Writer(glb, options, len(drawn.objects))
    instanced: list[tuple[Placed, list[Primitive]]] = []
    for placed in place(drawn.implicit, to_local):
        template = (templates or {}).get(placed.template)
        if template is None:
            ids = ", ".join(drawn.objects[row].id for row in placed.rows[:3].tolist())
            message = f"the library geometry {placed.template} is not there; its {len(placed.rows)} objects stay bare"
            painter.findings.append(Finding("template-missing", f"{message} ({ids} ...)", severity="warning"))
            continue
        together, single = split(placed)
        model = gather_template(
            template, placed.lod, drawn.objects[placed.rows[0]].type, painter.load is not None
        )
        if together is not None:
            parts = painter.primitives(model, _same)
            if parts:
                instanced.append((together, parts))
        for row, matrix in single:
            parts = painter.primitives(model, _through(matrix))
            for part in parts:
                part.features[:] = row
            primitives += parts
    primitives = joined(primitives)
    if primitives:
        written = [writer.primitive(p, features=True) for p in primitives]
        glb.add("nodes", {"mesh": glb.add("meshes", {"primitives": written})})
    for placed, parts in instanced:
        writer.instances(placed, joined(parts))
    if not writer.bounds:
        return None
    write_table(glb, encode_table(schema, drawn.objects))
    corners = np.concatenate(writer.bounds)
    return Content(
        glb.to_bytes(),
        corners.min(axis=0),
        corners.max(axis=0),
        writer.triangles,
        writer.vertices,
        [item.id for item in drawn.objects],
        painter.findings,
    )


class _Writer:
    """Writes primitives and instances with the chosen compression, and keeps count."""

    def __init__(self, glb: Glb, options: ContentOptions, features: int) -> None:
        self.glb, self.options, self.features = glb, options, features
        self.bounds: list[Float64] = []
        self.triangles = self.vertices = 0

    def primitive(self, primitive: Primitive, features: bool) -> Json:
        """One primitive's JSON; `features`: with the ids of its vertices."""
        written, positions = self._encoded(primitive, features)
        self.bounds.append(np.array([positions.min(axis=0), positions.max(axis=0)]))
        self.vertices += len(positions)
        if primitive.mode == TRIANGLES:
            self.triangles += len(primitive.indices) // 3
        else:
            written["mode"] = primitive.mode
        written["material"] = primitive.material
        if features:
            self.glb.use("EXT_mesh_features")
            ids = [{"featureCount": self.features, "attribute": 0, "propertyTable": 0}]
            written.setdefault("extensions", {})["EXT_mesh_features"] = {"featureIds": ids}
        return written

    def _encoded(self, primitive: Primitive, features: bool) -> tuple[Json, Float64]:
        """JSON and positions as a viewer decodes them, east, north, up."""
        if self.options.compression == "draco" and primitive.mode == TRIANGLES:
            from tiles.draco import write_draco

            written, positions = write_draco(self.glb, primitive, self.options.texture_size, features)
        else:
            written, positions = write_plain(self.glb, primitive, features)
        return written, z_up(positions)

    def instances(self, placed: Placed, primitives: list[Primitive]) -> None:
        """One mesh drawn at all placements of its template."""
        before, triangles = len(self.bounds), self.triangles
        mesh = self.glb.add("meshes", {"primitives": [self.primitive(p, features=False) for p in primitives]})
        write_instances(self.glb, mesh, placed, self.features)
        del self.bounds[before:]
        points = np.concatenate([z_up(p.positions) for p in primitives])
        self.bounds.append(placed_bounds(points, placed.matrices))
        self.triangles += (self.triangles - triangles) * (len(placed.rows) - 1)


def _same(points: Float64) -> Float64:
    return points


def _through(matrix: Float64) -> ToLocal:
    return lambda points: np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])
