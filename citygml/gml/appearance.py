"""Appearances: textures and materials by theme, gathered by the id of what they cover.

A texture with coordinates is kept by the ring that the coordinates belong to; materials, georeferenced
textures and projected ones (TexCoordGen) by the surface that they target.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lxml.etree import _Element as Element

from citygml.codelists import dataset_root, resolve_beside
from citygml.findings import Finding
from citygml.gml.names import LOCAL, XLINK_HREF, gml_id
from citygml.gml.painting import Paint, Painting
from citygml.gml.rings import RingTable
from citygml.model import Float64, Material, Texture

DEFAULT_THEME = ""


class RingPaint(NamedTuple):
    theme: str
    texture: Texture
    uv: str


class Target(NamedTuple):
    """What covers a whole surface. world: (3, 4) from positions to (s, t, q), for textures."""

    theme: str
    material: Material | None
    texture: Texture | None
    world: Float64 | None


@dataclass(slots=True)
class _SurfaceData:
    material: Material | None = None
    texture: Texture | None = None
    rings: list[tuple[str, str]] = field(default_factory=list)
    targets: list[tuple[str, Float64 | None]] = field(default_factory=list)


class Appearances:
    """The appearances of a file (the global ones) or of one feature. swap: the file has north first."""

    def __init__(
        self, path: Path, findings: list[Finding], images: dict[str, str | None], swap: bool
    ) -> None:
        self.rings: dict[str, list[RingPaint]] = {}
        self.targets: dict[str, list[Target]] = {}
        self._path = path
        self._root = dataset_root(path)
        self._findings = findings
        self._images = images
        self._swap = swap
        self._data: dict[str, _SurfaceData] = {}
        self._coordinates: dict[str, list[tuple[str, str]]] = {}
        self._matrices: dict[str, Float64 | None] = {}

    def __bool__(self) -> bool:
        return bool(self.rings or self.targets)

    def read(self, appearances: Iterable[Element], object_id: str | None = None) -> None:
        """Take Appearance elements; links to surface data may point forwards within the same call."""
        later: list[tuple[str, str]] = []
        for appearance in appearances:
            theme = DEFAULT_THEME
            for part in appearance:
                local = LOCAL[part.tag]
                if local == "theme":
                    theme = (part.text or "").strip()
                elif local in ("surfaceDataMember", "surfaceData"):
                    href = part.get(XLINK_HREF)
                    if href is not None:
                        later.append((theme, href))
                    for child in part:
                        self._keep(theme, self._surface_data(child, object_id))
        for theme, href in later:
            data = self._data.get(href.removeprefix("#"))
            if data is not None:
                self._keep(theme, data)
            else:
                message = f"an appearance links to {href}, which is not there"
                self._findings.append(Finding("broken-xlink", message, object_id, href))

    def _keep(self, theme: str, data: _SurfaceData) -> None:
        if data.texture is not None:
            for ring, uv in data.rings:
                self.rings.setdefault(ring, []).append(RingPaint(theme, data.texture, uv))
        for target, world in data.targets:
            if data.material is not None or world is not None:
                found = Target(theme, data.material, data.texture if world is not None else None, world)
                self.targets.setdefault(target, []).append(found)

    def _surface_data(self, element: Element, object_id: str | None) -> _SurfaceData:
        kind = LOCAL[element.tag]
        texts: dict[str, str] = {}
        links: list[Element] = []
        reference: Float64 | None = None
        for part in element:
            local = LOCAL[part.tag]
            if local in ("target", "textureParameterization"):
                links.append(part)
            elif local == "referencePoint":
                position = next((e for e in part.iter() if LOCAL[e.tag] in ("pos", "coordinates")), None)
                if position is not None:
                    reference = _floats((position.text or "").replace(",", " "))
            elif part.text and part.text.strip():
                texts[local] = part.text.strip()
        data = _SurfaceData()
        if texts.get("isFront") in ("false", "0"):
            return data
        world: Float64 | None = None
        if kind == "X3DMaterial":
            data.material = _material(texts)
        elif "imageURI" in texts:
            data.texture = self._texture(texts, object_id)
            if kind == "GeoreferencedTexture":
                world = self._georeference(data.texture, texts, reference)
        for link in links:
            self._target(link, data, world)
        data_id = gml_id(element)
        if data_id is not None:
            self._data[data_id] = data
        return data

    def _target(self, link: Element, data: _SurfaceData, world: Float64 | None) -> None:
        """One target: `<target>#id</target>`, `<target uri>` with coordinates, or 3.0's association."""
        uri = link.get("uri")
        holder = link
        if not len(link) and uri is None:
            data.targets.append(((link.text or link.get(XLINK_HREF) or "").strip().removeprefix("#"), world))
            return
        if LOCAL[link.tag] == "textureParameterization":
            for association in link:
                for part in association:
                    if LOCAL[part.tag] == "target":
                        uri = (part.text or part.get(XLINK_HREF) or "").strip()
                    else:
                        holder = part
        target = (uri or "").removeprefix("#")
        href = holder.get(XLINK_HREF)
        if href is not None:
            key = href.removeprefix("#")
            data.rings.extend(self._coordinates.get(key, ()))
            if key in self._matrices:
                data.targets.append((target, self._matrices[key]))
        for parameters in holder:
            rings: list[str] = []
            texts: list[str] = []
            matrix: Float64 | None = None
            for part in parameters:
                local = LOCAL[part.tag]
                text = (part.text or "").strip()
                if local == "textureCoordinates":
                    texts.append(text)
                    if part.get("ring"):
                        rings.append(part.get("ring", ""))
                elif local == "ring":
                    rings.append(text or part.get(XLINK_HREF) or "")
                elif local == "worldToTexture":
                    values = _floats(text)
                    matrix = values.reshape(3, 4) if values is not None and len(values) == 12 else None
            pairs = [(r.removeprefix("#"), t) for r, t in zip(rings, texts, strict=False)]
            data.rings.extend(pairs)
            if matrix is not None:
                data.targets.append((target, matrix))
            parameters_id = gml_id(parameters)
            if parameters_id is not None:
                self._coordinates[parameters_id] = pairs
                if matrix is not None:
                    self._matrices[parameters_id] = matrix

    def _texture(self, texts: dict[str, str], object_id: str | None) -> Texture:
        uri = texts["imageURI"]
        if uri not in self._images:
            found = resolve_beside(self._path, uri, self._root)
            self._images[uri] = str(found) if found else None
            if found is None:
                message = f"the texture {uri} is not in the data set's folder"
                self._findings.append(Finding("missing-texture", message, object_id, uri, None, "warning"))
        border = _floats(texts.get("borderColor"))
        return Texture(
            uri,
            self._images[uri],
            texts.get("wrapMode"),
            tuple(border.tolist()) if border is not None else None,
            texts.get("textureType"),
        )

    def _georeference(
        self, texture: Texture, texts: dict[str, str], reference: Float64 | None
    ) -> Float64 | None:
        """(3, 4) from positions to texture space, by a world file or by referencePoint and orientation.

        Both give the centre of the upper left pixel and the steps of one pixel to the right and down, the
        world file always with east first.
        """
        if texture.path is None:
            return None
        steps = _floats(texts.get("orientation"))
        corner = reference
        east_first = False
        if texts.get("preferWorldFile") not in ("false", "0") or steps is None or corner is None:
            values = _world_file(Path(texture.path))
            if values is not None:
                steps, corner, east_first = values[[0, 2, 1, 3]], values[4:6], True
        if steps is None or corner is None or len(steps) != 4:
            return None
        from PIL import Image

        try:
            with Image.open(texture.path) as image:
                width, height = image.size
            pixel = np.linalg.inv(steps.reshape(2, 2))
        except (OSError, np.linalg.LinAlgError, Image.DecompressionBombError):
            return None
        world = np.zeros((3, 4))
        offset = pixel @ corner[:2]
        world[0] = [*(pixel[0] / width), 0, (0.5 - offset[0]) / width]
        world[1] = [*(-pixel[1] / height), 0, 1 - (0.5 - offset[1]) / height]
        world[2, 3] = 1
        return world[:, [1, 0, 2, 3]] if east_first and self._swap else world

    def paint(
        self,
        table: RingTable,
        first: int,
        aggregates: dict[str, list[int]],
        painting: Painting,
    ) -> None:
        """Say what covers the polygons from `first` on. aggregates: the polygons of targeted aggregates."""
        for aggregate, references in aggregates.items():
            for reference in references:
                self._cover(reference >> 1, self.targets[aggregate], painting)
        starts = [*table.first_ring[first:], len(table.texts)]
        for polygon, (start, end) in enumerate(pairwise(starts), first):
            polygon_id = table.polygon_ids[polygon]
            if polygon_id is not None and polygon_id in self.targets:
                self._cover(polygon, self.targets[polygon_id], painting)
            rings = table.ring_ids[start:end]
            found: dict[str, Paint] = {}
            for i, ring in enumerate(rings):
                for entry in self.rings.get(ring, ()) if ring is not None else ():
                    one = found.setdefault(entry.theme, Paint(entry.theme, texture=entry.texture))
                    if one.uv is None:
                        one.uv = [-1] * len(rings)
                    one.uv[i] = len(painting.texts)
                    painting.texts.append(entry.uv)
            if found:
                painting.polygons.setdefault(polygon, []).extend(found.values())

    @staticmethod
    def _cover(polygon: int, targets: list[Target], painting: Painting) -> None:
        covers = painting.polygons.setdefault(polygon, [])
        covers.extend(Paint(t.theme, t.material, t.texture, None, t.world) for t in targets)


def _material(texts: dict[str, str]) -> Material:
    def colour(name: str) -> tuple[float, float, float] | None:
        values = _floats(texts.get(name))
        if values is None or len(values) != 3:
            return None
        return float(values[0]), float(values[1]), float(values[2])

    def number(name: str) -> float | None:
        values = _floats(texts.get(name))
        return float(values[0]) if values is not None and len(values) == 1 else None

    smooth = texts.get("isSmooth")
    return Material(
        texts.get("name"),
        colour("diffuseColor"),
        colour("emissiveColor"),
        colour("specularColor"),
        number("ambientIntensity"),
        number("shininess"),
        number("transparency"),
        None if smooth is None else smooth in ("true", "1"),
    )


def _world_file(image: Path) -> Float64 | None:
    """The six numbers of the world file beside an image (`.tfw`, `.tifw`, `.wld` ...), or None."""
    suffix = image.suffix
    candidates = [f"{suffix[:2]}{suffix[-1:]}w", f"{suffix}w", ".wld"]
    for extension in [*candidates, *(c.upper() for c in candidates)]:
        file = image.with_suffix(extension)
        if file.is_file():
            values = _floats(file.read_text(encoding="ascii", errors="replace"))
            if values is not None and len(values) == 6:
                return values
    return None


def _floats(text: str | None) -> Float64 | None:
    try:
        values = np.array((text or "").split(), np.float64)
    except ValueError:
        return None
    return values if len(values) and np.isfinite(values).all() else None
