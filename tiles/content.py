"""City objects to the content of one tile: GLB bytes with features, metadata and bounds.

This is the door of the tile content; what is in a tile and where it goes is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from citygml.findings import Finding
from citygml.model import CityObject, Float32, Float64, Template
from tiles.drawing import ImageLoader, Painter
from tiles.encode import write_plain, write_table
from tiles.gltf import Glb, Json
from tiles.instances import Placed, baked, box_corners, place, placed_bounds, split, write_instances
from tiles.mesh import POSITION_ERROR, TRIANGLES, Primitive, ToLocal, divided, fitting_error, joined, z_up
from tiles.metadata import Schema, encode_table
from tiles.surfaces import Drawn, gather, gather_template

if TYPE_CHECKING:
    from tiles.meshopt import Quantization

Compression = Literal["draco", "meshopt", "none"]
TextureFormat = Literal["webp", "jpeg", "none"]


@dataclass(slots=True)
class ContentOptions:
    """lod: draw this level of detail, or the nearest below it; None: the highest of each object.
    texture_size: largest edge of an atlas [pixel]. position_error: largest error of a coordinate by
    quantization [m]; up to the default it is less where triangles are small. instances: draw library geometry
    that stands several times as instances, which not all readers of glTF know; else each by itself.
    copyright: licences of the data and whom to name, which viewers show.
    """

    compression: Compression = "draco"
    textures: TextureFormat = "webp"
    texture_size: int = 2048
    lod: str | None = None
    position_error: float = POSITION_ERROR
    instances: bool = True
    copyright: str = ""


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
    extras: Json | None = None,
) -> Content | None:
    """The content of a tile that holds these objects, or None when none of them can be drawn.

    to_local takes (n, 3) float64 source coordinates to metres in the tile's east, north, up frame.
    image_loader gives the bytes of a texture's image, or None when there is none. extras: what is said of the
    asset.
    """
    options = options or ContentOptions()
    drawn = gather(objects, options.lod, options.textures != "none")
    if not drawn.objects:
        return None
    glb = Glb()
    glb.extras, glb.copyright = extras or {}, options.copyright
    painter = Painter(
        glb, image_loader, None if options.textures == "none" else options.textures, options.texture_size
    )
    primitives, instanced = primitives_of(painter, drawn, to_local, templates or {}, options.instances)
    writer = _Writer(glb, options, len(drawn.objects))
    writer.mesh(divided(joined(primitives)))
    for placed, parts in instanced:
        writer.instances(placed, divided(joined(parts)))
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


def primitives_of(
    painter: Painter, drawn: Drawn, to_local: ToLocal, templates: Mapping[str, Template], instances: bool
) -> tuple[list[Primitive], list[tuple[Placed, list[Primitive]]]]:
    """What is drawn where it stands, and what is drawn as instances: placements, and their primitives in the
    coordinates of the template."""
    primitives = painter.primitives(drawn, to_local)
    instanced: list[tuple[Placed, list[Primitive]]] = []
    for placed in place(drawn.implicit, to_local):
        together, single = _placed_primitives(painter, drawn, placed, templates, instances)
        instanced += together
        primitives += single
    return primitives, instanced


def _placed_primitives(
    painter: Painter, drawn: Drawn, placed: Placed, templates: Mapping[str, Template], instances: bool
) -> tuple[list[tuple[Placed, list[Primitive]]], list[Primitive]]:
    """A template's instances with its primitives, and the primitives of placements drawn by themselves."""
    template = templates.get(placed.template)
    first = drawn.objects[placed.rows[0]]
    if template is None or not template.geometries:
        lack = "is not there" if template is None else "is a model file, which tiles cannot draw yet"
        message = f"the library geometry {placed.template} {lack}; {len(placed.rows)} objects stay bare"
        painter.findings.append(Finding("template-missing", message, first.id, severity="warning"))
        return [], []
    model = gather_template(template, placed.lod, first.type, painter.load is not None)
    together, single = split(placed) if instances else (None, placed)
    parts = painter.primitives(model, _same)
    if not parts:
        return [], []
    instanced = [] if together is None else [(together, parts)]
    return instanced, [] if single is None else [baked(part, single) for part in parts]


class _Writer:
    """Writes meshes and instances with the chosen compression, and keeps count."""

    def __init__(self, glb: Glb, options: ContentOptions, features: int) -> None:
        self.glb, self.options, self.features = glb, options, features
        self.bounds: list[Float64] = []
        self.triangles = self.vertices = 0

    def mesh(self, primitives: list[Primitive]) -> None:
        """Everything that is drawn where it stands: triangles as one node, lines and points as another,
        since quantized positions need a node of their own."""
        solid = [p for p in primitives if p.mode == TRIANGLES]
        for group in (solid, [p for p in primitives if p.mode != TRIANGLES]):
            if group:
                node, written = self._group(group, features=True)
                self.glb.add("nodes", {"mesh": self.glb.add("meshes", {"primitives": written}), **node})

    def instances(self, placed: Placed, primitives: list[Primitive]) -> None:
        """One mesh drawn at all placements of its template."""
        before, triangles = len(self.bounds), self.triangles
        _, written = self._group(primitives, features=False)
        write_instances(self.glb, self.glb.add("meshes", {"primitives": written}), placed, self.features)
        points = np.concatenate(self.bounds[before:])
        self.bounds[before:] = [placed_bounds(points, placed.matrices)]
        self.triangles += (self.triangles - triangles) * (len(placed.rows) - 1)

    def _group(self, primitives: list[Primitive], features: bool) -> tuple[Json, list[Json]]:
        """The node's transform and the JSON of each primitive."""
        node: Json = {}
        quantization = None
        error = self.options.position_error
        if primitives[0].mode == TRIANGLES and error <= POSITION_ERROR:
            error = fitting_error(primitives, error)
        if self.options.compression == "meshopt" and primitives[0].mode == TRIANGLES:
            from tiles.meshopt import UNQUANTIZED, Quantization

            # the node of instances has no room for a transform of its own
            quantization = Quantization.of(primitives, error) if features else UNQUANTIZED
            node = quantization.node()
        return node, [self._primitive(p, features, quantization, error) for p in primitives]

    def _primitive(
        self, primitive: Primitive, features: bool, quantization: Quantization | None, error: float
    ) -> Json:
        positions: Float64 | Float32
        if quantization is not None:
            from tiles.meshopt import write_meshopt

            written, positions = write_meshopt(self.glb, primitive, quantization, features)
        elif self.options.compression == "draco" and primitive.mode == TRIANGLES:
            from tiles.draco import write_draco

            written, positions = write_draco(self.glb, primitive, error, self.options.texture_size, features)
        else:
            written, positions = write_plain(self.glb, primitive, features)
        low, high = positions.min(axis=0), positions.max(axis=0)
        self.bounds.append(z_up(box_corners(low, high)))
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


def _same(points: Float64) -> Float64:
    return points
