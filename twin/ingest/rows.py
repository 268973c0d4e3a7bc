"""From a file to rows of the store, in the process that reads the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from citygml.classes import layer_of
from citygml.crs import parse
from citygml.errors import CityModelError, UnknownCrs
from citygml.findings import Finding
from citygml.model import SOLID_TYPES, SURFACE_TYPES, CityObject, Float64, ModelInfo, Template, Texture
from citygml.reading import ReadOptions, open_model
from twin.raster import METRES_PER_DEGREE
from twin.store.codec import encode_attributes, encode_body, encode_template
from twin.store.records import ObjectRow

_MIME = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "BMP": "image/bmp",
}
_CORNERS = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
_MESH_TYPES = SURFACE_TYPES | SOLID_TYPES


@dataclass(slots=True)
class Opened:
    """First message of a file: what it is."""

    info: ModelInfo


@dataclass(slots=True)
class Image:
    digest: str
    mime: str
    data: bytes


@dataclass(slots=True)
class Library:
    """A template as it is stored."""

    key: str
    digest: bytes
    uri: str | None
    mime: str | None
    data: bytes


@dataclass(slots=True)
class Rest:
    """Last message of a file: its findings."""

    findings: list[Finding] = field(default_factory=list)


Message = Opened | Image | Library | Rest | list[ObjectRow]


def file_digest(path: Path, options: str) -> str:
    """Digest of a file's bytes together with the options that it is read with."""
    digest = hashlib.sha256(options.encode())
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_rows(path: Path, options: ReadOptions) -> Iterator[Message]:
    """Everything of one file in the order in which the store needs it."""
    reader = open_model(path, options)
    yield Opened(reader.info)
    shared = _Shared(_is_geographic(options.crs or reader.info.srs_name))
    late: list[CityObject] = []
    for batch in reader.batches():
        yield from shared.take(batch, reader.gathered.templates)
        ready = [o for o in batch if not o.implicit or shared.place(o)]
        late += (o for o in batch if o.implicit and not _placed(o))
        yield [object_row(o, shared.bounds(o)) for o in ready]
    if late:
        yield from shared.take(late, reader.gathered.templates)
        for obj in late:
            if not shared.place(obj):
                message = "a library geometry that it refers to is nowhere in the file"
                reader.gathered.findings.append(Finding("broken-xlink", message, obj.id))
                obj.implicit = [i for i in obj.implicit if i.template.startswith(_KEY)]
        yield [object_row(o, shared.bounds(o)) for o in late]
    yield Rest(reader.gathered.findings)


_KEY = "template:"


def _placed(obj: CityObject) -> bool:
    return all(i.template.startswith(_KEY) for i in obj.implicit)


class _Shared:
    """What the objects of one file share: images and library geometries, each sent once, by digest."""

    def __init__(self, geographic: bool) -> None:
        self._geographic = geographic
        self._images: dict[str, str] = {}
        self._templates: dict[str, str] = {}
        self._corners: dict[str, Float64] = {}

    def take(self, batch: list[CityObject], templates: dict[str, Template]) -> Iterator[Message]:
        for obj in batch:
            if obj.textures:
                yield from self._new_images(obj.textures)
                obj.textures = self._keyed(obj.textures)
        for id in templates.keys() - self._templates.keys():
            yield from self._library(templates[id])

    def place(self, obj: CityObject) -> bool:
        """Point an object's placed geometries to stored templates; false when one is not known yet."""
        for placed in obj.implicit:
            placed.template = self._templates.get(placed.template, placed.template)
        return _placed(obj)

    def bounds(self, obj: CityObject) -> Float64 | None:
        """`CityObject.bounds`, with library geometry in its full size where it is known."""
        own = obj.bounds()
        placed = [i for i in obj.implicit if i.template in self._corners]
        if own is None or not placed:
            return own
        points = [own]
        for i in placed:
            offsets = (self._corners[i.template] @ i.matrix[:3, :3].T) + i.matrix[:3, 3]
            if self._geographic:
                latitude = np.radians(i.anchor[1])
                offsets = offsets / [
                    METRES_PER_DEGREE * max(np.cos(latitude), 1e-6),
                    METRES_PER_DEGREE,
                    1.0,
                ]
            points.append(i.anchor + offsets)
        everything = np.concatenate(points)
        return np.array([everything.min(axis=0), everything.max(axis=0)])

    def _new_images(self, textures: list[Texture]) -> Iterator[Image]:
        for texture in textures:
            if texture.path is None or texture.path in self._images:
                continue
            path = Path(texture.path)
            data = path.read_bytes()
            self._images[texture.path] = digest = _short_digest(data)
            yield Image(digest, _image_type(path), data)

    def _keyed(self, textures: list[Texture]) -> list[Texture]:
        return [replace(t, path=self._images[t.path]) if t.path is not None else t for t in textures]

    def _library(self, template: Template) -> Iterator[Message]:
        yield from self._new_images(template.textures)
        data = encode_template(replace(template, textures=self._keyed(template.textures)))
        uri, mime = template.uri, template.mime
        if template.path is not None:
            model = Path(template.path).read_bytes()
            uri, mime = _short_digest(model), mime or "application/octet-stream"
            yield Image(uri, mime, model)
        digest = hashlib.blake2b(data + (uri or "").encode(), digest_size=16).digest()
        self._templates[template.id] = key = _KEY + digest.hex()
        if any(len(g.vertices) for g in template.geometries):
            vertices = np.concatenate([g.vertices for g in template.geometries])
            ends = np.array([vertices.min(axis=0), vertices.max(axis=0)])
            self._corners[key] = ends[_CORNERS, [0, 1, 2]]
        yield Library(key, digest, uri, mime, data)


def _short_digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _image_type(path: Path) -> str:
    from PIL import Image as Pictures
    from PIL import UnidentifiedImageError

    try:
        with Pictures.open(path, formats=list(_MIME)) as picture:
            return _MIME[picture.format or ""]
    except (UnidentifiedImageError, OSError, Pictures.DecompressionBombError) as error:
        raise CityModelError(f"{path}: the texture is not an image that can be read") from error


def _is_geographic(srs_name: str | None) -> bool:
    try:
        return srs_name is not None and parse(srs_name).is_geographic
    except UnknownCrs:
        return False


def object_row(obj: CityObject, bounds: Float64 | None) -> ObjectRow:
    """An object as it is written; bounds: (2, 3), None without geometry."""
    attributes = encode_attributes(obj.attributes)
    body = encode_body(obj)
    head = f"{obj.type}\0{obj.parent or ''}\0".encode()
    digest = hashlib.blake2b(head + attributes + b"\0" + body, digest_size=16).digest()
    lods = {g.lod for g in obj.geometries} | {i.lod for i in obj.implicit}
    return ObjectRow(
        obj.id,
        obj.type,
        layer_of(obj.type),
        obj.parent,
        digest,
        _triangles(obj),
        len(obj.implicit),
        ",".join(sorted(lods)),
        None if bounds is None else tuple(bounds.ravel().tolist()),
        attributes,
        body,
    )


def _triangles(obj: CityObject) -> int:
    """Triangles of the most detailed geometry: two less than points for a ring, two more for a hole."""
    surfaces = [g for g in obj.geometries if g.type in _MESH_TYPES]
    best = max((g.lod for g in surfaces), default="")
    return sum(
        len(g.vertices) + 2 * (len(g.rings) - 1) - 4 * (len(g.polygons) - 1)
        for g in surfaces
        if g.lod == best
    )
